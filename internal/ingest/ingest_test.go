package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// rig is a service on real stores, with a clock that stands still until it is moved.
type rig struct {
	*Service
	t       *testing.T
	now     time.Time
	project errata.Project
	metrics *prometheus.Registry
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, now: start, metrics: prometheus.NewRegistry()}
	log := slog.New(slog.DiscardHandler)
	q, err := queue.Open(t.Context(), queue.Options{DataDir: t.TempDir(), MaxBytes: 64 << 20, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	o.Store, o.Queue, o.Clock, o.Log, o.Metrics = storetest.SQLite(t), q, func() time.Time { return r.now }, log, r.metrics
	o.Secret, o.DataDir = []byte("0123456789abcdef0123456789abcdef"), t.TempDir()
	r.Service = New(o)
	r.change(func(tx *store.Tx) (err error) {
		r.project, err = tx.CreateProject(context.Background(), errata.Project{Slug: "checkout", Name: "Checkout", CreatedAt: 1})
		return err
	})
	return r
}

func (r *rig) change(do func(tx *store.Tx) error) {
	r.t.Helper()
	err := r.store.InTx(context.Background(), func(tx *store.Tx) error {
		tx.System("test")
		return do(tx)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) key(key string, perMinute int64) {
	r.t.Helper()
	r.change(func(tx *store.Tx) error {
		return tx.CreateKey(context.Background(), errata.IngestKey{Key: key, ProjectID: r.project.ID, Kind: errata.KeyPublic, PerMinute: perMinute, CreatedAt: 1})
	})
}

// ask asks for a key and returns the reason of a refusal.
func (r *rig) ask(key, project string) string {
	r.t.Helper()
	_, err := r.Project(r.t.Context(), key, project, "192.0.2.7")
	return errata.ReasonOf(err)
}

// away gives the service a database that does not answer.
func (r *rig) away() {
	r.t.Helper()
	st, err := store.Open(r.t.Context(), store.Options{Path: filepath.Join(r.t.TempDir(), "away.db"), Clock: r.clock, Decide: storetest.Decide, Log: r.log})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.store = st
}

// refusedCount is the metric of requests without a project.
func (r *rig) refusedCount(reason string) (n float64) {
	r.t.Helper()
	all, err := r.metrics.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, family := range all {
		for _, m := range family.GetMetric() {
			if family.GetName() == "errata_intake_refused_total" && m.GetLabel()[0].GetValue() == reason {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

func (r *rig) counted() map[string]int64 {
	out := map[string]int64{}
	for k, c := range r.refusals.counts {
		out[string(k.Outcome)+"/"+k.Reason] += c.Items
	}
	return out
}

func TestKeysAreRemembered(t *testing.T) {
	r := newRig(t, Options{})
	r.key("known", 0)
	id := r.project.ID
	for _, c := range []struct{ key, project, want string }{
		{"known", id, ""}, {"known", "", ""}, {"known", "999", "key"}, {"unknown", id, "key"}, {"", id, "missing_key"},
	} {
		if got := r.ask(c.key, c.project); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.key, c.project, got, c.want)
		}
	}
	r.change(func(tx *store.Tx) error { return tx.DisableKey(context.Background(), "known", 1) })
	r.key("unknown", 0)
	r.now = r.now.Add(59 * time.Second)
	if r.ask("known", id) != "" || r.ask("unknown", id) != "key" {
		t.Error("asked again within a minute")
	}
	r.now = r.now.Add(time.Second)
	if r.ask("known", id) != "key" || r.ask("unknown", id) != "" {
		t.Error("not asked again after a minute")
	}
}

func TestKeysWhileTheDatabaseIsAway(t *testing.T) {
	r := newRig(t, Options{})
	r.key("known", 0)
	if r.ask("known", "") != "" || r.ask("guessed", "") != "key" {
		t.Fatal("before")
	}
	r.away()
	a, err := r.Project(t.Context(), "known", "", "192.0.2.7")
	if err != nil || a.Remembered {
		t.Errorf("fresh: %v %v", a.Remembered, err)
	}
	for _, step := range []struct {
		after        time.Duration
		known, other string
	}{{time.Minute, "", "unavailable"}, {58 * time.Minute, "", "unavailable"}, {time.Minute, "unavailable", "unavailable"}} {
		r.now = r.now.Add(step.after)
		a, err := r.Project(t.Context(), "known", "", "192.0.2.7")
		if errata.ReasonOf(err) != step.known || err == nil && !a.Remembered {
			t.Errorf("after %s: %v, remembered %v", r.now.Sub(start), err, a.Remembered)
		}
		for _, key := range []string{"guessed", "never seen"} {
			_, err := r.Project(t.Context(), key, "", "192.0.2.7")
			if errata.CodeOf(err) != errata.SlowDown || errata.ReasonOf(err) != step.other {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
}

// Refused keys alone empty an address's bucket; then even a query is saved.
func TestAddressBucket(t *testing.T) {
	r := newRig(t, Options{})
	r.key("known", 0)
	for range 200 {
		if got := r.ask("known", ""); got != "" {
			t.Fatal(got)
		}
	}
	for i := range 60 {
		if got := r.ask(fmt.Sprint("guess", i), ""); got != "key" {
			t.Fatalf("guess %d: %s", i, got)
		}
	}
	if got := r.ask("guess", ""); got != "ip" {
		t.Errorf("guess 61: %s", got)
	}
	if _, asked := r.keys.GetIfPresent("guess"); asked {
		t.Error("a guess beyond the limit was looked up")
	}
	if got := r.ask("guess1", ""); got != "ip" {
		t.Errorf("an old guess: %s", got)
	}
	if got := r.ask("known", ""); got != "" {
		t.Errorf("a good key of the same address: %s", got)
	}
	if _, err := r.Project(t.Context(), "elsewhere", "", "198.51.100.1"); errata.ReasonOf(err) != "key" {
		t.Errorf("another address: %v", err)
	}
	if a, b := r.refusedCount("unknown_key"), r.refusedCount("ip"); a != 61 || b != 2 {
		t.Errorf("%v unknown keys and %v refused addresses", a, b)
	}
	r.now = r.now.Add(time.Second)
	if got := r.ask("guess", ""); got != "key" {
		t.Errorf("a second later: %s", got)
	}
}

func TestLimitOfAKey(t *testing.T) {
	r := newRig(t, Options{})
	r.key("limited", 3)
	r.settle(0, false)
	var wg sync.WaitGroup
	for range 8 { // who asks first must not make the bucket of who asks second
		wg.Go(func() {
			if _, err := r.Project(t.Context(), "limited", "", "192.0.2.7"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	admitted := 0
	for range 5 {
		a, err := r.Project(t.Context(), "limited", "", "192.0.2.7")
		if err != nil {
			t.Fatal(err)
		}
		if release, err := r.admit(t.Context(), a, &errata.Event{}, 10); err == nil {
			release()
			admitted++
		} else if errata.ReasonOf(err) != "key" {
			t.Error(err)
		}
		r.keys.Invalidate("nobody") // others may come and go
	}
	if admitted != 3 {
		t.Errorf("%d of 5 admitted, want 3", admitted)
	}
	r.now = r.now.Add(time.Minute) // the answer is asked for anew; its bucket stays
	r.settle(0, false)
	a, err := r.Project(t.Context(), "limited", "", "192.0.2.7")
	if err != nil || a.rate.Tokens() > 3 {
		t.Errorf("%v tokens, %v", a.rate.Tokens(), err)
	}
}

// settle tells the door how full queue and disk are.
func (r *rig) settle(share float64, diskFull bool) {
	r.door.mu.Lock()
	defer r.door.mu.Unlock()
	r.door.asked, r.door.share, r.door.disk = r.now, share, diskFull
}

func TestDoor(t *testing.T) {
	r := newRig(t, Options{})
	tests := []struct {
		name  string
		share float64
		full  bool
		level errata.Level
		want  string
	}{
		{"room", 0.79, false, errata.LevelDebug, ""},
		{"pressure, debug", 0.8, false, errata.LevelDebug, "shed_level"},
		{"pressure, info", 0.95, false, errata.LevelInfo, "shed_level"},
		{"pressure, warning", 0.99, false, errata.LevelWarning, ""},
		{"pressure, error", 1, false, errata.LevelError, ""},
		{"disk full", 0, true, errata.LevelFatal, "disk_full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.settle(tt.share, tt.full)
			if tt.want == "" {
				if _, err := r.admit(t.Context(), Access{}, &errata.Event{Level: tt.level}, 1); err != nil {
					t.Error(err)
				}
				return
			}
			err := r.Accept(t.Context(), Access{Project: r.project}, &errata.Event{Level: tt.level}, 100)
			if errata.ReasonOf(err) != tt.want || errata.CodeOf(err) != errata.SlowDown {
				t.Error(err)
			}
		})
	}
	if diff := cmp.Diff(map[string]int64{"rate_limited/shed_level": 2, "rate_limited/disk_full": 1}, r.counted()); diff != "" {
		t.Error(diff)
	}
}

// The memory of events that wait for the disk is bounded; who finds no room
// within two seconds is refused and counted.
func TestMemoryBudget(t *testing.T) {
	r := newRig(t, Options{MaxInFlight: 1000})
	r.settle(0, false)
	synctest.Test(t, func(t *testing.T) {
		a := Access{Project: r.project}
		first, err := r.admit(t.Context(), a, &errata.Event{}, 700)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := r.Accept(t.Context(), a, &errata.Event{}, 400); errata.ReasonOf(err) != "queue_full" {
			t.Error(err)
		}
		if waited := time.Since(began); waited != inFlightWait {
			t.Errorf("waited %s", waited)
		}
		left, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Accept(left, a, &errata.Event{}, 400); errata.ReasonOf(err) != "queue_full" {
			t.Errorf("a client that left: %v", err)
		}
		first()
		all, err := r.admit(t.Context(), a, &errata.Event{}, 5000) // larger than all there is
		if err != nil {
			t.Fatal(err)
		}
		all()
	})
	if diff := cmp.Diff(map[string]int64{"rate_limited/queue_full": 2}, r.counted()); diff != "" {
		t.Error(diff)
	}
}

func TestOlderThanItsRetention(t *testing.T) {
	r := newRig(t, Options{})
	r.key("known", 0)
	r.settle(0, false)
	a, err := r.Project(t.Context(), "known", "", "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	ev := &errata.Event{
		ID: "e", ProjectID: r.project.ID, Level: errata.LevelError, ReceivedAt: start.UnixMicro(),
		Timestamp: start.Add(-30*24*time.Hour - time.Second).UnixMicro(),
	}
	if err := r.Accept(t.Context(), a, ev, 100); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int64{"filtered/expired": 1}, r.counted()); diff != "" {
		t.Error(diff)
	}
}

// Refusals are written once; what could not be written is written later.
func TestRefusalsAreWritten(t *testing.T) {
	r := newRig(t, Options{})
	a := Access{Project: r.project}
	written := func() map[string]int64 {
		out := map[string]int64{}
		err := r.store.View(t.Context(), func(tx *store.Tx) error {
			all, err := tx.Outcomes(t.Context(), store.OutcomeSum{Scope: store.Scope{All: true}, From: 0, To: start.Add(48 * time.Hour).UnixMicro()})
			for k, c := range all {
				out[string(k.Category)+"/"+string(k.Outcome)+"/"+k.Reason] = c.Items*1000 + c.Bytes
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	r.Count(a, errata.CategoryError, errata.Rejected, "bad_json", 2, 20)
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("away"))
	r.refusals.flush(stopped)
	if diff := cmp.Diff(map[string]int64{}, written()); diff != "" {
		t.Error(diff)
	}
	r.Count(a, errata.CategoryError, errata.Rejected, "bad_json", 1, 5)
	r.ClientReport(a, "made up", "nonsense", 7)
	r.ClientReport(a, "queue_overflow", "error", 4)
	r.refusals.flush(t.Context())
	r.refusals.flush(t.Context())
	want := map[string]int64{"error/rejected/bad_json": 3025, "other/client_lost/other": 7000, "error/client_lost/queue_overflow": 4000}
	if diff := cmp.Diff(want, written()); diff != "" {
		t.Error(diff)
	}
	if len(r.refusals.counts) != 0 {
		t.Error("counted still")
	}
}

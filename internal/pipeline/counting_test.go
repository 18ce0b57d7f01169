package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/pipeline"
	"errata/internal/queue"
	"errata/internal/search"
	"errata/internal/store"
)

// intercepted lets a test stand before the engine's Index. Set on before use.
type intercepted struct {
	search.Engine
	on func(ctx context.Context, docs []search.Doc, next func() ([]search.ItemResult, error)) ([]search.ItemResult, error)
}

func (e *intercepted) Index(ctx context.Context, docs []search.Doc) ([]search.ItemResult, error) {
	next := func() ([]search.ItemResult, error) { return e.Engine.Index(ctx, docs) }
	if e.on == nil {
		return next()
	}
	return e.on(ctx, docs, next)
}

func intercept(e *intercepted) func(search.Engine) search.Engine {
	return func(inner search.Engine) search.Engine { e.Engine = inner; return e }
}

// figures are everything that is counted of one project, and what the engine has.
type figures struct {
	Issues                        map[string]int64 // events by type
	Users                         map[string]int64
	Numbers                       []int64
	Events, Hours, Envs, Quarters int64
	Outcomes                      map[string]int64
	Letters                       map[string]int64 // by reason
	Stored                        []string         // event ids in the engine
	Strays                        int              // documents of an issue that does not exist, or not of theirs in the ledger
}

func read(t *testing.T, p *parts.Parts, project errata.Project) figures {
	t.Helper()
	f := figures{Outcomes: p.Outcomes(project.ID)}
	scope := store.Scope{Projects: []string{project.ID}}
	far := p.Clock().Add(time.Hour)
	var issues []errata.Issue
	p.Read(func(tx *store.Tx) (err error) {
		ctx := t.Context()
		f.Issues, f.Users, f.Letters = map[string]int64{}, map[string]int64{}, map[string]int64{}
		f.Numbers, f.Events, f.Hours, f.Envs, f.Quarters = nil, 0, 0, 0, 0
		if issues, err = tx.Issues(ctx, store.IssueFilter{Scope: scope}, store.IssuePage{Sort: store.SortLastSeen, Size: 1000}); err != nil {
			return err
		}
		for _, is := range issues {
			f.Issues[is.Type] += is.Events
			f.Users[is.Type] += is.Users
			f.Events += is.Events
			f.Numbers = append(f.Numbers, is.Number)
			hours, err := tx.IssueHours(ctx, []string{is.ID}, 0, far.UnixMicro(), "")
			if err != nil {
				return err
			}
			for _, h := range hours[is.ID] {
				f.Hours += h.Events
			}
			envs, err := tx.EnvironmentsOf(ctx, is.ID)
			if err != nil {
				return err
			}
			for _, e := range envs {
				f.Envs += e.Events
			}
		}
		slices.Sort(f.Numbers)
		quarters, err := tx.Volume(ctx, store.VolumeFilter{Scope: scope, To: far.UnixMicro()}, store.ByNothing)
		for _, q := range quarters {
			f.Quarters += q.Events
		}
		if err != nil {
			return err
		}
		letters, err := tx.Letters(ctx, store.LetterFilter{ProjectID: project.ID, Size: 100})
		for _, l := range letters {
			f.Letters[fmt.Sprintf("%s counted=%t", l.Reason, l.SQLApplied)]++
		}
		return err
	})
	res, err := p.Engine.Search(t.Context(), search.Request{
		Scope: search.Scope{Projects: []string{project.ID}},
		From:  far.AddDate(0, -3, 0), To: far, Size: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Read(func(tx *store.Tx) error {
		f.Stored, f.Strays = nil, 0
		for _, h := range res.Hits {
			f.Stored = append(f.Stored, h.EventID)
			a, known, err := tx.AppliedEvent(t.Context(), project.ID, h.EventID)
			if err != nil {
				return err
			}
			if !known || a.IssueID != h.Issue || !slices.ContainsFunc(issues, func(is errata.Issue) bool { return is.ID == h.Issue }) {
				f.Strays++
			}
		}
		return nil
	})
	slices.Sort(f.Stored)
	return f
}

// plain is what n stored events of one type and user in one project look like.
func plain(kind string, ids ...string) figures {
	n := int64(len(ids))
	return figures{
		Issues: map[string]int64{kind: n}, Users: map[string]int64{kind: 1}, Numbers: []int64{1}, Events: n, Hours: n, Envs: n,
		Quarters: n, Outcomes: map[string]int64{"stored/full": n}, Letters: map[string]int64{}, Stored: ids,
	}
}

func id(n int) string { return parts.EventID(n) }

func event(n int) parts.Event { return parts.Event{ID: id(n), Type: "KeyError", User: "u-1"} }

func same(t *testing.T, what string, got, want figures) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestBatchesCountOnce(t *testing.T) {
	parts.Each(t, parts.Options{}, func(t *testing.T, p *parts.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		one := p.Batch(p.Entry(shop, event(1)), p.Entry(shop, event(2)), p.Entry(shop, event(1)))
		want := plain("KeyError", id(1), id(2))
		want.Outcomes["deduplicated/event_id"] = 1
		p.Publish(one)
		p.Drained()
		same(t, "an event twice in one batch", read(t, p, shop), want)

		p.Publish(one)
		p.Drained()
		same(t, "the batch delivered again", read(t, p, shop), want)

		p.Publish(p.Batch(p.Entry(shop, event(2)), p.Entry(shop, event(3))))
		p.Drained()
		want = plain("KeyError", id(1), id(2), id(3))
		want.Outcomes["deduplicated/event_id"] = 2
		same(t, "an event of an earlier batch", read(t, p, shop), want)
	})
}

func TestPoisonIsADeadLetterAlone(t *testing.T) {
	parts.Each(t, parts.Options{}, func(t *testing.T, p *parts.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		bad := p.Entry(shop, event(2))
		bad.Payload = []byte(`{"id":`)
		b := p.Batch(p.Entry(shop, event(1)), bad, p.Entry(shop, event(3)))
		want := plain("KeyError", id(1), id(3))
		want.Outcomes["dead_lettered/poison"], want.Letters["poison counted=false"] = 1, 1
		for _, what := range []string{"poison between two", "delivered again"} {
			p.Publish(b)
			p.Drained()
			same(t, what, read(t, p, shop), want)
		}
	})
}

func TestRefusedByTheEngine(t *testing.T) {
	e := &intercepted{}
	parts.Each(t, parts.Options{Wrap: intercept(e)}, func(t *testing.T, p *parts.Parts) {
		e.on = func(_ context.Context, docs []search.Doc, _ func() ([]search.ItemResult, error)) ([]search.ItemResult, error) {
			return refusing(e, id(2), docs)
		}
		shop := p.NewProject("shop", errata.ProjectSettings{})
		b := p.Batch(p.Entry(shop, event(1)), p.Entry(shop, event(2)), p.Entry(shop, event(3)))
		want := plain("KeyError", id(1), id(3))
		want.Issues["KeyError"], want.Events, want.Hours, want.Envs, want.Quarters = 3, 3, 3, 3, 3
		want.Outcomes = map[string]int64{"stored/full": 2, "dead_lettered/mapping": 1}
		want.Letters["mapping counted=true"] = 1
		for _, what := range []string{"refused for good", "delivered again"} {
			p.Publish(b)
			p.Drained()
			same(t, what, read(t, p, shop), want)
		}
	})
}

// refusing stores all documents but one, which it rejects.
func refusing(e *intercepted, bad string, docs []search.Doc) ([]search.ItemResult, error) {
	out := make([]search.ItemResult, len(docs))
	for i, d := range docs {
		if d.EventID == bad {
			out[i] = search.ItemResult{Status: search.Rejected, Reason: "mapping"}
			continue
		}
		r, err := e.Engine.Index(context.Background(), docs[i:i+1])
		if err != nil {
			return nil, err
		}
		out[i] = r[0]
	}
	return out, nil
}

func TestWhatFailsAlwaysIsTakenApart(t *testing.T) {
	e := &intercepted{}
	p := parts.Open(t, parts.Options{Wrap: intercept(e), Idle: true})
	p.Worker.Hasten()
	e.on = func(_ context.Context, docs []search.Doc, next func() ([]search.ItemResult, error)) ([]search.ItemResult, error) {
		for _, d := range docs {
			if d.EventID == id(2) {
				return nil, errata.E(errata.Internal, "a fault of ours", nil)
			}
		}
		return next()
	}
	p.Start()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, event(1)), p.Entry(shop, event(2)), p.Entry(shop, event(3))))
	p.Drained()
	want := plain("KeyError", id(1), id(3))
	want.Issues["KeyError"], want.Events, want.Hours, want.Envs, want.Quarters = 3, 3, 3, 3, 3
	want.Outcomes = map[string]int64{"stored/full": 2, "dead_lettered/attempts": 1}
	want.Letters["attempts counted=true"] = 1
	same(t, "counted, and one never written", read(t, p, shop), want)
}

// A batch that was never counted as a whole is counted part by part; an
// interruption in the middle makes nothing count twice.
func TestTakenApartInTwoSittings(t *testing.T) {
	var calls atomic.Int64
	fail := func(point string) error {
		if point != "sql.before" {
			return nil
		}
		switch n := calls.Add(1); {
		case n <= pipeline.MaxTries, n == pipeline.MaxTries+2: // the whole; then the second part
			return errata.E(errata.Internal, "a fault of ours", nil)
		case n == pipeline.MaxTries+3: // the third: the database goes away
			return errata.E(errata.Unavailable, "away", errors.New("on purpose"))
		}
		return nil
	}
	p := parts.Open(t, parts.Options{Fail: fail, Idle: true})
	p.Worker.Hasten()
	p.Start()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, event(1)), p.Entry(shop, event(2)), p.Entry(shop, event(3))))
	p.Drained()
	want := plain("KeyError", id(1), id(3))
	want.Outcomes["dead_lettered/attempts"], want.Letters["attempts counted=false"] = 1, 1
	same(t, "part by part", read(t, p, shop), want)
}

func TestDamagedMessageIsPutAside(t *testing.T) {
	p := parts.Open(t, parts.Options{})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	damaged := queue.Encode(p.Batch(p.Entry(shop, event(1))))
	damaged[len(damaged)-1] ^= 0xff
	p.PublishRaw(damaged, 1)
	p.Publish(p.Batch(p.Entry(shop, event(2))))
	p.Drained()
	same(t, "the other message", read(t, p, shop), plain("KeyError", id(2)))
	files, err := filepath.Glob(filepath.Join(p.Dir, "quarantine", "*"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], ".batch") {
		t.Fatalf("put aside: %v %v", files, err)
	}
	if kept, err := os.ReadFile(files[0]); err != nil || !slices.Equal(kept, damaged) {
		t.Errorf("kept %d bytes of %d: %v", len(kept), len(damaged), err)
	}
}

// A damaged message that cannot be put aside is not acknowledged.
func TestDamagedMessageIsNotLost(t *testing.T) {
	p := parts.Open(t, parts.Options{})
	p.Worker.Hasten()
	blocked := filepath.Join(p.Dir, "quarantine")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.PublishRaw([]byte("nonsense"), 1)
	p.Publish(p.Batch(p.Entry(shop, event(1))))
	p.Until(10*time.Second, "the other event stored", func() bool { return p.Outcomes(shop.ID)["stored/full"] == 1 })
	if st, err := p.Queue.State(t.Context(), queue.Events); err != nil || st.Messages == 0 {
		t.Fatalf("acknowledged without being kept: %+v %v", st, err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	p.Drained()
	if files, err := filepath.Glob(filepath.Join(blocked, "*.batch")); err != nil || len(files) != 1 {
		t.Errorf("put aside: %v %v", files, err)
	}
}

func TestKeyRevokedMeanwhile(t *testing.T) {
	parts.Each(t, parts.Options{}, func(t *testing.T, p *parts.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		good, off := strings.Repeat("a", 32), strings.Repeat("b", 32)
		p.Write(func(tx *store.Tx) error {
			for _, k := range []string{good, off} {
				if err := tx.CreateKey(t.Context(), errata.IngestKey{Key: k, ProjectID: shop.ID, Kind: errata.KeyPublic, CreatedAt: 1, CreatedBy: "1"}); err != nil {
					return err
				}
			}
			return tx.DisableKey(t.Context(), off, 2)
		})
		var entries []queue.Entry
		for i, key := range []string{good, off, strings.Repeat("c", 32)} {
			e := p.Entry(shop, event(i+1))
			e.Key, e.Unchecked = key, true
			entries = append(entries, e)
		}
		checked := p.Entry(shop, event(4)) // accepted by the database: a later change of the key does not matter
		checked.Key = off
		p.Publish(p.Batch(append(entries, checked)...))
		p.Drained()
		want := plain("KeyError", id(1), id(4))
		want.Outcomes["filtered/key_revoked"] = 2
		same(t, "two keys revoked", read(t, p, shop), want)
	})
}

// An event that was counted is written, even if its key is revoked before the
// engine takes it.
func TestKeyRevokedAfterCounting(t *testing.T) {
	e := &intercepted{}
	p := parts.Open(t, parts.Options{Wrap: intercept(e), Idle: true})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	key := strings.Repeat("a", 32)
	p.Write(func(tx *store.Tx) error {
		return tx.CreateKey(t.Context(), errata.IngestKey{Key: key, ProjectID: shop.ID, Kind: errata.KeyPublic, CreatedAt: 1, CreatedBy: "1"})
	})
	var once sync.Once
	e.on = func(_ context.Context, _ []search.Doc, next func() ([]search.ItemResult, error)) (out []search.ItemResult, err error) {
		once.Do(func() {
			p.Write(func(tx *store.Tx) error { return tx.DisableKey(context.Background(), key, 2) })
			err = errata.E(errata.Internal, "a fault of ours", nil)
		})
		if err != nil {
			return nil, err
		}
		return next()
	}
	p.Worker.Hasten()
	p.Start()
	entry := p.Entry(shop, event(1))
	entry.Key, entry.Unchecked = key, true
	p.Publish(p.Batch(entry))
	p.Drained()
	same(t, "counted, then revoked", read(t, p, shop), plain("KeyError", id(1)))
}

func TestUsersAreToldApartUpToALimit(t *testing.T) {
	p := parts.Open(t, parts.Options{})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	send := func(n int, user string) int64 {
		e := event(n)
		e.User = user
		p.Publish(p.Batch(p.Entry(shop, e)))
		p.Drained()
		return read(t, p, shop).Users["KeyError"]
	}
	send(1, "u-1")
	p.Write(func(tx *store.Tx) error {
		all, err := tx.Issues(t.Context(), store.IssueFilter{Scope: store.Scope{All: true}}, store.IssuePage{Size: 1})
		if err != nil {
			return err
		}
		after := all[0]
		after.Users = store.MaxIssueUsers - 1
		_, err = tx.UpdateIssues(t.Context(), []store.IssueChange{{Before: all[0], After: after}})
		return err
	})
	if n := send(2, "u-2"); n != store.MaxIssueUsers {
		t.Errorf("the last user that is told apart: %d, want %d", n, store.MaxIssueUsers)
	}
	if n := send(3, "u-3"); n != store.MaxIssueUsers {
		t.Errorf("one user more: %d, want %d", n, store.MaxIssueUsers)
	}
}

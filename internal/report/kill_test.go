//go:build unix

package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/search"
	"errata/internal/search/elastic"
	"errata/internal/search/embedded"
	"errata/internal/stats"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// Names of what a killed process is told.
const (
	killPlace = "ERRATA_TEST_KILL_PLACE" // JSON of a place
	killPoint = "ERRATA_TEST_KILL_POINT"
	killNth   = "ERRATA_TEST_KILL_NTH"
)

// place is where issues and events of a test are: in a folder, or in servers
// with the files of exports in a folder.
type place struct {
	Dir string
	At  partstest.Address
}

// TestMain prepares a file and dies when it is asked to: SIGKILL, at a
// failpoint.
func TestMain(m *testing.M) {
	if at := os.Getenv(killPlace); at != "" {
		if err := diePreparing(at, os.Getenv(killPoint), os.Getenv(killNth)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stores opens both stores of a place.
func (p place) stores(ctx context.Context) (*store.Store, search.Engine, error) {
	o := store.Options{Path: filepath.Join(p.Dir, "errata.db"), Clock: time.Now, Decide: storetest.Decide}
	if p.At.Postgres != "" {
		o.Path, o.URL = "", p.At.Postgres
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	if p.At.Elastic != "" {
		e, err := elastic.Open(ctx, elastic.Options{URLs: []string{p.At.Elastic}, Prefix: p.At.Prefix, Clock: time.Now})
		return s, e, err
	}
	e, err := embedded.Open(ctx, embedded.Options{Dir: filepath.Join(p.Dir, "events"), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	return s, e, err
}

// preparing opens what a process needs to prepare files.
func (p place) preparing(ctx context.Context, fail func(string) error) (*report.Service, *jobs.Runner, func(), error) {
	s, e, err := p.stores(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	log := slog.New(slog.DiscardHandler)
	f := find.New(find.Options{Store: s, Engine: e, Clock: time.Now, Decide: storetest.Decide, Log: log, UserSecret: partstest.Secret})
	r := jobs.New(jobs.Options{Store: s, Clock: time.Now, Log: log, Node: strconv.Itoa(os.Getpid()), Fail: fail, Lease: time.Second, Poll: 20 * time.Millisecond})
	o := report.Options{Store: s, Find: f, Jobs: r, Clock: time.Now, Decide: storetest.Decide, Log: log, Folder: filepath.Join(p.Dir, "exports"), PerHour: 1000, Fail: fail}
	return report.New(o), r, func() { _, _ = e.Close(), s.Close() }, nil
}

func diePreparing(at, point, nth string) error {
	var p place
	if err := json.Unmarshal([]byte(at), &p); err != nil {
		return err
	}
	left, err := strconv.Atoi(nth)
	if err != nil {
		return err
	}
	_, r, _, err := p.preparing(context.Background(), func(here string) error {
		if here == point {
			left--
		}
		if left == 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Run(context.Background())
}

// A process that is killed while it prepares files is followed by one that goes
// on where it was, and with episodes begins again: every row is there once, in
// its order.
func TestKilledWhilePreparing(t *testing.T) {
	for _, stores := range []string{partstest.Embedded, partstest.Scaled} {
		t.Run(stores, func(t *testing.T) {
			at, want := history(t, stores)
			for _, what := range []report.What{report.Issues, report.Events, report.Episodes} {
				s, _, shut, err := at.preparing(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				id, err := s.Ask(t.Context(), partstest.Reader, whole(what))
				if err != nil {
					t.Fatal(err)
				}
				shut()
				for _, p := range []struct {
					point string
					nth   int
				}{{"jobs.saved", 2}, {"jobs.saved", 2}, {"export.filled", 1}} {
					at.killed(t, p.point, p.nth)
				}
				at.goesOn(t, id, want)
			}
		})
	}
}

// whole asks for everything, as it is now.
func whole(what report.What) report.Export {
	e := report.Export{What: what, Format: encode.CSV, Range: find.Range{From: time.Now().Add(-100 * 24 * time.Hour), To: time.Now()}, AsOf: time.Now().UnixMicro(), Zone: "Europe/Berlin", Sort: "last_seen"}
	if what == report.Episodes {
		e.Sort, e.Episodes = "", &report.EpisodesOf{Rules: stats.Rules{Metric: stats.TTA}, Show: find.ShowOpen}
	}
	return e
}

// goesOn ends the job, and looks at its file.
func (p place) goesOn(t *testing.T, id string, want []string) {
	t.Helper()
	s, r, shut, err := p.preparing(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer shut()
	got := run(t, r, s, id)
	if got.Job.State != errata.JobDone || got.Job.Attempts != 4 {
		t.Errorf("%s after %d attempts: %s", got.Job.State, got.Job.Attempts, got.Job.Error)
	}
	rows, manifest := unpacked(t, s, id)
	name := map[string]string{"issues": "id", "events": "issue", "episodes": "issue"}[fmt.Sprint(manifest["what"])]
	file := column(rows, name)
	if manifest["what"] == "episodes" { // in the order in which they opened
		file, want = slices.Sorted(slices.Values(file)), slices.Sorted(slices.Values(want))
	}
	if d := cmp.Diff(want, file); d != "" {
		t.Errorf("%v (-all +file):\n%.2000s", manifest["what"], d)
	}
}

// rowsOfHistory are more than three steps of a job.
const rowsOfHistory = 3600

// history makes issues of one event each, and returns where they are and their
// ids, the last seen first. An embedded pair is copied, since it belongs to one
// process.
func history(t *testing.T, stores string) (at place, ids []string) {
	t.Helper()
	at.Dir = t.TempDir()
	fill := func(t *testing.T) *partstest.Parts {
		p := partstest.Open(t, partstest.Options{Stores: stores})
		account(t, p)
		ids = fillIn(t, p)
		return p
	}
	if stores == partstest.Scaled {
		at.At = fill(t).At
		return at, ids
	}
	t.Run("history", func(t *testing.T) {
		_ = t.TempDir() // so that what was made is copied before it is removed
		var p *partstest.Parts
		t.Cleanup(func() {
			if err := os.CopyFS(at.Dir, os.DirFS(p.Dir)); err != nil {
				t.Error(err)
			}
		})
		p = fill(t)
	})
	return at, ids
}

func fillIn(t *testing.T, p *partstest.Parts) (ids []string) {
	t.Helper()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	from := time.Now().Add(-2 * time.Hour)
	for at := 0; at < rowsOfHistory; {
		b := p.Batch()
		for range 300 {
			at++
			e := partstest.Event{ID: partstest.EventID(at), Type: fmt.Sprintf("Kind%dError", at), Time: from.Add(-time.Duration(at) * time.Second)}
			b.Entries = append(b.Entries, p.Entry(shop, e))
		}
		p.Publish(b)
	}
	p.Drained()
	p.Read(func(tx *store.Tx) error {
		rows, err := tx.Issues(t.Context(), store.IssueFilter{Scope: store.Scope{All: true}}, store.IssuePage{Sort: store.SortLastSeen, Size: rowsOfHistory})
		for _, r := range rows {
			ids = append(ids, errata.ShortID(shop.Prefix, r.Number))
		}
		return err
	})
	if len(ids) != rowsOfHistory {
		t.Fatalf("%d issues", len(ids))
	}
	return ids
}

// killed runs this program until it kills itself at a point.
func (p place) killed(t *testing.T, point string, nth int) {
	t.Helper()
	at, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), os.Args[0])
	run.Env = append(os.Environ(), killPlace+"="+string(at), killPoint+"="+point, killNth+"="+strconv.Itoa(nth))
	out, err := run.CombinedOutput()
	if status, ok := run.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%s %d: %v %s", point, nth, err, out)
	}
}

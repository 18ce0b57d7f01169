//go:build unix

package report_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
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
	"errata/internal/search/embedded"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// Names of what a killed process is told.
const (
	killDir   = "ERRATA_TEST_KILL_DIR"
	killPoint = "ERRATA_TEST_KILL_POINT"
	killNth   = "ERRATA_TEST_KILL_NTH"
)

// TestMain prepares a file and dies when it is asked to: SIGKILL, at a
// failpoint.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := diePreparing(dir, os.Getenv(killPoint), os.Getenv(killNth)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// preparing opens what a process needs to prepare files.
func preparing(ctx context.Context, dir string, fail func(string) error) (*report.Service, *jobs.Runner, func(), error) {
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "errata.db"), Clock: time.Now, Decide: storetest.Decide})
	if err != nil {
		return nil, nil, nil, err
	}
	log := slog.New(slog.DiscardHandler)
	e, err := embedded.Open(ctx, embedded.Options{Dir: filepath.Join(dir, "events"), Clock: time.Now, Log: log})
	if err != nil {
		return nil, nil, nil, err
	}
	f := find.New(find.Options{Store: s, Engine: e, Clock: time.Now, Decide: storetest.Decide, Log: log, UserSecret: partstest.Secret})
	r := jobs.New(jobs.Options{Store: s, Clock: time.Now, Log: log, Node: strconv.Itoa(os.Getpid()), Fail: fail, Lease: time.Second, Poll: 20 * time.Millisecond})
	o := report.Options{Store: s, Find: f, Jobs: r, Clock: time.Now, Decide: storetest.Decide, Log: log, Folder: filepath.Join(dir, "exports"), PerHour: 1000, Fail: fail}
	return report.New(o), r, func() { _, _ = e.Close(), s.Close() }, nil
}

func diePreparing(dir, point, nth string) error {
	left, err := strconv.Atoi(nth)
	if err != nil {
		return err
	}
	_, r, _, err := preparing(context.Background(), dir, func(here string) error {
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
// on where it was: every row is there once, in its order.
func TestKilledWhilePreparing(t *testing.T) {
	dir := t.TempDir()
	want := history(t, dir)
	for _, what := range []report.What{report.Issues, report.Events} {
		s, _, shut, err := preparing(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		e := report.Export{What: what, Format: encode.CSV, Range: find.Range{From: time.Now().Add(-100 * 24 * time.Hour), To: time.Now()}, AsOf: time.Now().UnixMicro(), Zone: "Europe/Berlin", Sort: "last_seen"}
		id, err := s.Ask(t.Context(), partstest.Reader, e)
		if err != nil {
			t.Fatal(err)
		}
		shut()
		for _, p := range []struct {
			point string
			nth   int
		}{{"jobs.saved", 2}, {"jobs.saved", 2}, {"export.filled", 1}} {
			killed(t, dir, p.point, p.nth)
		}
		goesOn(t, dir, id, want)
	}
}

// goesOn ends the job, and looks at its file.
func goesOn(t *testing.T, dir, id string, want []string) {
	t.Helper()
	s, r, shut, err := preparing(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer shut()
	got := run(t, r, s, id)
	if got.Job.State != errata.JobDone || got.Job.Attempts != 4 {
		t.Errorf("%s after %d attempts: %s", got.Job.State, got.Job.Attempts, got.Job.Error)
	}
	rows, manifest := unpacked(t, s, id)
	name := "id"
	if manifest["what"] == "events" {
		name = "issue"
	}
	if d := cmp.Diff(want, column(rows, name)); d != "" {
		t.Errorf("%v (-all +file):\n%.2000s", manifest["what"], d)
	}
}

// rowsOfHistory are more than three steps of a job.
const rowsOfHistory = 3600

// history fills a data directory with issues of one event each, and returns
// their ids, the last seen first.
func history(t *testing.T, dir string) (ids []string) {
	t.Helper()
	t.Run("history", func(t *testing.T) {
		_ = t.TempDir() // so that what was made is copied before it is removed
		var p *partstest.Parts
		t.Cleanup(func() {
			if err := os.CopyFS(dir, os.DirFS(p.Dir)); err != nil {
				t.Error(err)
			}
		})
		p = partstest.Open(t, partstest.Options{})
		account(t, p)
		ids = fillIn(t, p)
	})
	return ids
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
func killed(t *testing.T, dir, point string, nth int) {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0])
	run.Env = append(os.Environ(), killDir+"="+dir, killPoint+"="+point, killNth+"="+strconv.Itoa(nth))
	out, err := run.CombinedOutput()
	if status, ok := run.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%s %d: %v %s", point, nth, err, out)
	}
}

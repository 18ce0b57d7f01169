//go:build unix

package triage_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
	"errata/internal/triage"
)

// Names of what a killed process is told.
const (
	killStore = "ERRATA_TEST_KILL_STORE"
	killPoint = "ERRATA_TEST_KILL_POINT"
	killNth   = "ERRATA_TEST_KILL_NTH"
	killBulk  = "ERRATA_TEST_KILL_BULK"
)

// storeAt names a database: the address of PostgreSQL, or a file.
func storeAt(at string) store.Options {
	if strings.HasPrefix(at, "postgres") {
		return store.Options{URL: at, Clock: time.Now, Decide: storetest.Decide}
	}
	return store.Options{Path: at, Clock: time.Now, Decide: storetest.Decide}
}

// TestMain acts and dies when it is asked to: SIGKILL, at a failpoint.
func TestMain(m *testing.M) {
	if at := os.Getenv(killStore); at != "" {
		if err := dieActing(at, os.Getenv(killPoint), os.Getenv(killNth)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func dieActing(at, point, nth string) error {
	left, err := strconv.Atoi(nth)
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), storeAt(at))
	if err != nil {
		return err
	}
	fail := func(here string) error {
		if here == point {
			left--
		}
		if left == 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	if os.Getenv(killBulk) != "" {
		_, r := bulkParts(s, fail)
		return r.Run(context.Background())
	}
	service := triage.New(triage.Options{Store: s, Clock: time.Now, Decide: storetest.Decide, Fail: fail})
	_, err = service.Resolve(context.Background(), ada, "SHO-1", triage.ResolveForm{Form: triage.Form{Note: "restarted"}, Cause: errata.CauseFixed})
	return err
}

// A process that is killed in the middle of an act leaves all of it or nothing.
func TestKilledWhileActing(t *testing.T) {
	for name, at := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "errata.db") },
		"postgres": func(t *testing.T) string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			where := at(t)
			s := storetest.Open(t, storeAt(where))
			issue := oneIssue(t, s)
			for _, p := range []struct {
				point string
				nth   int
				saved bool
			}{{"triage.before", 1, false}, {"triage.inside", 1, false}, {"triage.inside", 3, false}, {"triage.inside", 5, false}, {"triage.after", 1, true}} {
				killed(t, where, p.point, p.nth)
				wholeAct(t, s, issue, p.saved)
			}
		})
	}
}

// killed runs this program until it kills itself at a point.
func killed(t *testing.T, where, point string, nth int, more ...string) {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0])
	run.Env = append(append(os.Environ(), killStore+"="+where, killPoint+"="+point, killNth+"="+strconv.Itoa(nth)), more...)
	out, err := run.CombinedOutput()
	if status, ok := run.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%s %d: %v %s", point, nth, err, out)
	}
}

// oneIssue is an open issue with its episode and its first row.
func oneIssue(t *testing.T, s *store.Store) (issue string) {
	t.Helper()
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		tx.System("test")
		p, err := tx.CreateProject(t.Context(), errata.Project{Slug: "shop", Name: "shop", CreatedBy: "1"})
		if err != nil {
			return err
		}
		i := errata.Issue{ID: "i1", ProjectID: p.ID, Number: 1}
		at := time.Now().Add(-time.Hour).UnixMicro()
		e := errata.Sighting{Timestamp: at, ReceivedAt: at, Severity: errata.P2, Ref: errata.Ref{EventID: "e1"}}
		i.Witness(e)
		step := errata.Opening(i, e)
		var ids store.IDs
		step.Name(ids.Next)
		if err := tx.CreateIssue(t.Context(), step.Issue, store.IssueKeys{}); err != nil {
			return err
		}
		if err := tx.CreateEpisode(t.Context(), step.Episode); err != nil {
			return err
		}
		return tx.CreateTransition(t.Context(), step.Rows[0])
	})
	if err != nil {
		t.Fatal(err)
	}
	return "i1"
}

func wholeAct(t *testing.T, s *store.Store, issue string, saved bool) {
	t.Helper()
	var now state
	var notes []errata.IssueNote
	var audited []errata.AuditRow
	err := s.View(t.Context(), func(tx *store.Tx) (err error) {
		if now.issue, err = tx.IssueByID(t.Context(), issue); err != nil {
			return err
		}
		if now.rows, err = tx.TransitionsOf(t.Context(), issue); err != nil {
			return err
		}
		if now.episodes, err = tx.EpisodesOf(t.Context(), issue); err != nil {
			return err
		}
		if notes, err = tx.NotesOf(t.Context(), issue); err != nil {
			return err
		}
		audited, err = tx.Audit(t.Context(), store.AuditQuery{Stream: errata.StreamChange, Action: errata.IssueResolve, Scope: store.Scope{All: true}, Size: 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	now.consistent(t)
	want := map[bool][4]int{false: {1, 0, 0, 0}, true: {2, 1, 1, 1}}[saved]
	closed := 0
	if now.episodes[0].ClosedAt != 0 {
		closed = 1
	}
	if got := [4]int{len(now.rows), len(notes), len(audited), closed}; got != want {
		t.Errorf("rows, notes, lines of the audit, closed episodes: %v, want %v", got, want)
	}
	if v, err := s.VerifyAudit(t.Context()); err != nil || v.Why != "" {
		t.Errorf("the audit: %+v %v", v, err)
	}
}

package report_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/report"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// unpacked opens the file of a job and checks its manifest.
func unpacked(t *testing.T, s *report.Service, id string) (rows []map[string]string, manifest map[string]any) {
	t.Helper()
	f, file, err := s.Open(t.Context(), partstest.Reader, id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != file.SHA256 || int64(len(b)) != file.Bytes {
		t.Error("the file is not the one of the job")
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) != 2 {
		t.Fatalf("%v, %d parts", err, len(z.File))
	}
	parts := map[string][]byte{}
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		if parts[e.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(parts["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	inside := parts[manifest["file"].(string)]
	sum := sha256.Sum256(inside)
	rows = table(t, inside)
	if manifest["sha256"] != hex.EncodeToString(sum[:]) || manifest["rows"] != float64(len(rows)) || manifest["zone"] != "Europe/Berlin" {
		t.Errorf("manifest %v, %d rows", manifest, len(rows))
	}
	return rows, manifest
}

// run runs the runner until the export is over.
func run(t *testing.T, r *jobs.Runner, s *report.Service, id string) report.Taken {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var got report.Taken
	limit, tick := time.NewTimer(time.Minute), time.NewTicker(20*time.Millisecond)
	defer limit.Stop()
	defer tick.Stop()
	for !got.Job.State.Over() {
		select {
		case <-limit.C:
			t.Fatalf("not over within a minute: %+v", got.Job)
		case <-tick.C:
		}
		var err error
		if got, err = s.One(t.Context(), partstest.Reader, id); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return got
}

// account makes the account of partstest.Reader.
func account(t *testing.T, p *partstest.Parts) {
	t.Helper()
	p.Write(func(tx *store.Tx) error {
		_, err := tx.CreateAccount(t.Context(), errata.Account{ID: partstest.Reader.ID, Email: "ada@example.org", Name: "Ada", State: errata.UserActive, Zone: "UTC", CreatedAt: 1})
		return err
	})
}

// A file that is prepared holds what the answer at once would, in every format.
func TestPreparedFiles(t *testing.T) {
	partstest.Each(t, partstest.Options{}, func(t *testing.T, p *partstest.Parts) {
		b, shop := p.Batch(), p.NewProject("shop", errata.ProjectSettings{})
		for i := range 12 {
			b.Entries = append(b.Entries, p.Entry(shop, partstest.Event{ID: partstest.EventID(i + 1), Type: fmt.Sprintf("Kind%dError", i), Time: time.Now().Add(-time.Duration(i+1) * time.Minute)}))
		}
		p.Publish(b)
		p.Drained()
		account(t, p)
		s := report.New(options(p))
		for _, what := range []report.What{report.Issues, report.Events, report.Episodes} {
			e := asked(what, "kind*")
			if what == report.Episodes {
				e.Q, e.Episodes = "", &report.EpisodesOf{Show: find.ShowOpen}
				e.Episodes.Rules.Metric = "tta"
			}
			e.Range = find.Range{From: time.Now().Add(-time.Hour), To: time.Now()}
			e.AsOf = time.Now().UnixMicro()
			_, want := sent(t, s, partstest.Reader, e)
			id, err := s.Ask(t.Context(), partstest.Reader, e)
			if err != nil {
				t.Fatal(what, err)
			}
			got := run(t, p.Jobs, s, id)
			if got.Job.State != errata.JobDone || got.Job.Done != 12 {
				t.Fatalf("%s: %+v", what, got.Job)
			}
			rows, _ := unpacked(t, s, id)
			if d := cmp.Diff(want, rows); d != "" || len(rows) != 12 {
				t.Errorf("%s (-at once +prepared):\n%s", what, d)
			}
			left, err := os.ReadDir(filepath.Join(p.Dir, "exports"))
			if err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return !strings.HasSuffix(e.Name(), ".zip") }) {
				t.Errorf("left on disk: %v, %v", left, err)
			}
		}
	})
}

// Files go after seven days, to nobody but who asked, and only as long as they
// may see what is in it.
func TestFilesOfOthers(t *testing.T) {
	var later atomic.Int64
	c := func() time.Time { return now.Add(time.Duration(later.Load())) }
	p := partstest.Open(t, partstest.Options{Clock: c})
	many(t, p, 3)
	account(t, p)
	o := options(p)
	may := true
	o.Decide = func(who errata.Actor, what errata.Action, project string) error {
		if what == errata.IssueExport && !may {
			return errata.E(errata.Forbidden, "Not any more.", nil)
		}
		return storetest.Decide(who, what, project)
	}
	s := report.New(o)
	id, err := s.Ask(t.Context(), partstest.Reader, asked(report.Issues, ""))
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, p.Jobs, s, id); got.Job.State != errata.JobDone {
		t.Fatalf("%+v", got.Job)
	}
	unpacked(t, s, id)
	other := partstest.Reader
	other.ID = "2"
	if _, _, err := s.Open(t.Context(), other, id); errata.CodeOf(err) != errata.NotFound {
		t.Errorf("somebody else: %v", err)
	}
	may = false
	if _, _, err := s.Open(t.Context(), partstest.Reader, id); errata.CodeOf(err) != errata.Forbidden {
		t.Errorf("without the right: %v", err)
	}
	may = true
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	unpacked(t, s, id)
	if d := cmp.Diff([]string{"asked done", "start done", "end done", "download done", "download done"}, audited(t, p)); d != "" {
		t.Error(d)
	}
	later.Store(int64(7*24*time.Hour + time.Minute))
	if _, _, err := s.Open(t.Context(), partstest.Reader, id); errata.CodeOf(err) != errata.NotFound {
		t.Errorf("after seven days: %v", err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(o.Folder); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

// The times in a query are read in the zone of the page, not in that of whoever
// has asked for the file.
func TestPreparedInZoneOfPage(t *testing.T) {
	partstest.Each(t, partstest.Options{}, func(t *testing.T, p *partstest.Parts) {
		b, shop, tokyo := p.Batch(), p.NewProject("shop", errata.ProjectSettings{}), time.FixedZone("", 9*60*60)
		b.Entries = append(b.Entries, p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Type: "KindError", Time: time.Now().Add(-time.Minute)}))
		p.Publish(b)
		p.Drained()
		account(t, p) // whose zone is UTC
		s := report.New(options(p))
		for what, key := range map[report.What]string{report.Issues: "last_seen", report.Events: "timestamp"} {
			e := asked(what, key+":>="+time.Now().Add(-time.Hour).In(tokyo).Format("2006-01-02T15:04"))
			e.Zone, e.Range, e.AsOf = "Asia/Tokyo", find.Range{From: time.Now().Add(-time.Hour), To: time.Now()}, time.Now().UnixMicro()
			id, err := s.Ask(t.Context(), partstest.Reader, e)
			if err != nil {
				t.Fatal(what, err)
			}
			if got := run(t, p.Jobs, s, id); got.File == nil || got.File.Rows != 1 {
				t.Errorf("%s: %+v, want the one row of the page", what, got)
			}
		}
	})
}

// What a page says of its query goes along with every file of it: here that
// older events are not kept.
func TestFilesSayWhatThePageSays(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 3)
	account(t, p)
	s := report.New(options(p))
	for _, what := range []report.What{report.Issues, report.Events, report.Counts, report.Trends} {
		for days, says := range map[int]bool{10: false, 50: true} {
			e := asked(what, "timeout")
			e.Range = find.Range{From: now.AddDate(0, 0, -days), To: now}
			out := &paper{}
			if err := s.Send(t.Context(), partstest.Reader, e, out.open); err != nil {
				t.Fatal(what, err)
			}
			if got := strings.HasSuffix(out.head.Provenance(), "; notice=query.expired"); got != says {
				t.Errorf("%s of %d days: %s", what, days, out.head.Provenance())
			}
			d, err := s.Print(t.Context(), partstest.Reader, e)
			if err != nil {
				t.Fatal(what, err)
			}
			if got := strings.Contains(strings.Join(d.Filters, "\n"), "Events are kept for 30 days"); got != says {
				t.Errorf("%s of %d days on paper: %q", what, days, d.Filters)
			}
			if !what.Lists() {
				continue
			}
			id, err := s.Ask(t.Context(), partstest.Reader, e)
			if err != nil {
				t.Fatal(what, err)
			}
			run(t, p.Jobs, s, id)
			if _, m := unpacked(t, s, id); (m["notices"] != nil) != says {
				t.Errorf("%s of %d days prepared: %v", what, days, m)
			}
		}
	}
}

package report_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	"errata/internal/report/encode"
	"errata/internal/search"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

var now = time.Date(2026, 11, 20, 10, 23, 45, 678_000_000, time.UTC)

func clock() time.Time { return now }

func month() find.Range { return find.Range{From: now.AddDate(0, 0, -30), To: now} }

// options are those of a service over parts.
func options(p *partstest.Parts) report.Options {
	return report.Options{
		Store: p.Store, Find: p.Find, Jobs: p.Jobs, Clock: p.Clock, Decide: storetest.Decide, Log: slog.New(slog.DiscardHandler),
		Folder: filepath.Join(p.Dir, "exports"), URL: "https://errata.example", PerHour: 1000,
	}
}

// many sends n events of their own issues, a minute apart, every third about a
// timeout in staging.
func many(t *testing.T, p *partstest.Parts, n int) errata.Project {
	t.Helper()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	b := p.Batch()
	for i := range n {
		e := partstest.Event{
			ID: partstest.EventID(i + 1), Type: fmt.Sprintf("Kind%dError", i), Message: "=cmd|' /C calc'!A0", User: fmt.Sprintf("user-%d@example.org", i%7),
			Level: []string{"fatal", "error", "info"}[i%3], Time: now.Add(-time.Duration(i) * time.Minute),
		}
		if i%3 == 0 {
			e.Message, e.Env = "timeout of a backend", "staging"
		}
		b.Entries = append(b.Entries, p.Entry(shop, e))
	}
	p.Publish(b)
	p.Drained()
	return shop
}

// paper keeps what is sent.
type paper struct {
	bytes.Buffer
	head    report.Head
	flushes int
}

func (p *paper) Flush() error { p.flushes++; return nil }

func (p *paper) open(h report.Head) report.Out { p.head = h; return p }

// sent hands out a file and returns its lines under the names of the columns.
func sent(t *testing.T, s *report.Service, who errata.Actor, e report.Export) (*paper, []map[string]string) {
	t.Helper()
	var out paper
	if err := s.Send(t.Context(), who, e, out.open); err != nil {
		t.Fatalf("%s %q: %v", e.What, e.Q, err)
	}
	return &out, table(t, out.Bytes())
}

func table(t *testing.T, b []byte) (rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = l[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func asked(what report.What, q string) report.Export {
	return report.Export{What: what, Format: encode.CSV, Q: q, Range: month(), Zone: "Europe/Berlin", AsOf: now.UnixMicro() + 1, Sort: "last_seen"}
}

func column(rows []map[string]string, name string) (out []string) {
	for _, r := range rows {
		out = append(out, r[name])
	}
	return out
}

// Every row of the pages stands in the file, in their order, and no other.
func TestIssuesArePage(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		many(t, p, 50)
		s := report.New(options(p))
		for _, text := range []string{"", "env:staging", "timeout", "severity:P2 !timeout", "is:resolved", "service:shop OR timeout"} {
			for _, sort := range []string{"last_seen", "priority", "events", "first_seen", "users"} {
				e := asked(report.Issues, text)
				e.Sort = sort
				_, rows := sent(t, s, partstest.Reader, e)
				var want [][]string
				q := find.IssueQuery{Q: text, Range: month(), Sort: sort, Size: 7}
				for more := true; more; {
					page, err := p.Find.Issues(t.Context(), partstest.Reader, q)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range page.Rows {
						want = append(want, []string{r.ShortID(), encode.Guard(r.Issue.Title), r.Issue.Severity.String(), fmt.Sprint(r.Issue.Events), fmt.Sprint(r.Issue.Users), rfc(r.Issue.LastSeen)})
					}
					q.Cursor, more = page.Next, page.Next != ""
				}
				var got [][]string
				for _, r := range rows {
					got = append(got, []string{r["id"], r["title"], r["severity"], r["events"], r["users"], r["last_seen"]})
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%q by %s (-page +file):\n%s", text, sort, d)
				}
			}
		}
	})
}

func rfc(us int64) string {
	return errata.FromMicros(us).Format("2006-01-02T15:04:05.999999Z")
}

func TestEventsArePage(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		many(t, p, 30)
		s := report.New(options(p))
		for _, q := range []string{"", "timeout", "env:production level:error", "is:unresolved severity:P1", "nosuchword"} {
			out, rows := sent(t, s, partstest.Reader, asked(report.Events, q))
			var want []string
			ask := find.EventsQuery{Q: q, Range: month(), Size: 7}
			for more := true; more; {
				page, err := p.Find.Events(t.Context(), partstest.Reader, ask)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Rows {
					want = append(want, r.EventID+" "+r.Issue+" "+rfc(r.Time))
				}
				ask.Cursor, more = page.Next, page.Next != ""
			}
			var got []string
			for _, r := range rows {
				got = append(got, r["id"]+" "+r["issue"]+" "+r["time"])
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%q (-page +file):\n%s", q, d)
			}
			if want := fmt.Sprintf("rows=%d", len(rows)); !strings.HasSuffix(out.head.Provenance(), want) {
				t.Errorf("%s, want %s", out.head.Provenance(), want)
			}
		}
	})
}

// What arrives while somebody takes events along is not in the file.
func TestEventsAsOf(t *testing.T) {
	var later atomic.Int64
	p := partstest.Open(t, partstest.Options{Clock: func() time.Time { return now.Add(time.Duration(later.Load())) }})
	shop := many(t, p, 5)
	later.Store(int64(time.Second))
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(99), Time: now.Add(-time.Hour)})))
	p.Drained()
	s := report.New(options(p))
	e := asked(report.Events, "")
	e.AsOf = now.UnixMicro() + 1
	if _, rows := sent(t, s, partstest.Reader, e); len(rows) != 5 {
		t.Errorf("%d events, want the 5 that had arrived", len(rows))
	}
	e.AsOf = now.Add(2 * time.Second).UnixMicro()
	if _, rows := sent(t, s, partstest.Reader, e); len(rows) != 6 {
		t.Errorf("%d events, want 6", len(rows))
	}
}

// Personal data leave only where they are asked for by somebody who may read
// them.
func TestPersonalData(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "ada@example.org"})))
	p.Drained()
	may := true
	o := options(p)
	decide := func(who errata.Actor, what errata.Action, project string) error {
		if what == errata.EventReadPII && !may {
			return errata.E(errata.Forbidden, "No.", nil)
		}
		return storetest.Decide(who, what, project)
	}
	o.Decide = decide
	f := find.New(find.Options{Store: p.Store, Engine: p.Engine, Clock: clock, Decide: decide, Log: o.Log, UserSecret: partstest.Secret})
	o.Find = f
	s := report.New(o)
	for _, c := range []struct {
		asks, may, clear bool
	}{{false, true, false}, {true, false, false}, {true, true, true}} {
		may = c.may
		for _, format := range []encode.Format{encode.CSV, encode.NDJSON, encode.XLSX} {
			e := asked(report.Events, "")
			e.Personal, e.Format = c.asks, format
			var out paper
			if err := s.Send(t.Context(), partstest.Reader, e, out.open); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(inside(t, format, out.Bytes()), "ada@example.org"); got != c.clear {
				t.Errorf("%s, asked %v, may %v: clear %v", format, c.asks, c.may, got)
			}
		}
	}
}

// inside is what a file says; of a workbook all its parts.
func inside(t *testing.T, f encode.Format, b []byte) string {
	t.Helper()
	if f != encode.XLSX {
		return string(b)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, io.LimitReader(r, 1<<24)); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// Of a whole event as JSON everything is there, and the names of people's words.
func TestWholeEvents(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 3)
	e := asked(report.Events, "")
	e.Format = encode.NDJSON
	var out paper
	if err := report.New(options(p)).Send(t.Context(), partstest.Reader, e, out.open); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	var ev struct {
		ID, Service, Issue string
		Exceptions         []errata.Exception
	}
	if err := json.Unmarshal([]byte(lines[0]), &ev); err != nil || ev.ID != partstest.EventID(1) || ev.Service != "shop" || ev.Issue == "" || len(ev.Exceptions) != 1 {
		t.Errorf("%+v, %v", ev, err)
	}
}

// Services whose issues somebody may not take along are left out, and named;
// where nothing is left it is forbidden.
func TestRights(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 4)
	other := p.NewProject("pay", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(other, partstest.Event{ID: partstest.EventID(77), Type: "PayError"})))
	p.Drained()
	denied := map[string]bool{other.ID: true}
	decide := func(who errata.Actor, what errata.Action, project string) error {
		if (what == errata.IssueExport || what == errata.EventExport) && denied[project] {
			return errata.E(errata.Forbidden, "You may not.", nil)
		}
		return storetest.Decide(who, what, project)
	}
	o := options(p)
	o.Find = find.New(find.Options{Store: p.Store, Engine: p.Engine, Clock: clock, Decide: decide, Log: o.Log, UserSecret: partstest.Secret})
	o.Decide = decide
	s := report.New(o)
	for _, what := range []report.What{report.Issues, report.Events} {
		if _, rows := sent(t, s, partstest.Reader, asked(what, "")); len(rows) != 4 || slices.Contains(column(rows, "project"), "pay") {
			t.Errorf("%s: %v", what, column(rows, "project"))
		}
		d, err := s.Print(t.Context(), partstest.Reader, asked(what, ""))
		if err != nil || !strings.Contains(strings.Join(d.Filters, "\n"), "You may not take along what is in pay") {
			t.Errorf("%s printed: %q, %v", what, d.Filters, err)
		}
	}
	for _, what := range []report.What{report.Episodes, report.Response} { // figures of fewer services would be others
		if err := s.Send(t.Context(), partstest.Reader, asked(what, ""), (&paper{}).open); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
		if err := s.Send(t.Context(), partstest.Reader, asked(what, "service:shop"), (&paper{}).open); err != nil {
			t.Errorf("%s of the others: %v", what, err)
		}
	}
	shop := ""
	p.Read(func(tx *store.Tx) error {
		all, err := tx.Projects(t.Context())
		shop = all[0].ID
		return err
	})
	denied[shop] = true
	for _, what := range []report.What{report.Issues, report.Events} {
		if err := s.Send(t.Context(), partstest.Reader, asked(what, ""), (&paper{}).open); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("%s of nothing: %v", what, err)
		}
	}
}

func TestLimits(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 6)
	o := options(p)
	o.PerHour = 2
	s := report.New(o)
	s.Few(5, 3)
	for _, what := range []report.What{report.Issues, report.Events} {
		out := &paper{}
		err := s.Send(t.Context(), partstest.Reader, asked(what, ""), out.open)
		if errata.CodeOf(err) != errata.TooLarge || errata.ReasonOf(err) != encode.ReasonTooMany || !strings.Contains(errata.MessageOf(err), "More than 5 rows") || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", what, err, out.Len())
		}
		if _, err := s.Print(t.Context(), partstest.Reader, asked(what, "")); errata.ReasonOf(err) != encode.ReasonTooMany {
			t.Errorf("%s printed: %v", what, err)
		}
	}
	err := s.Send(t.Context(), partstest.Reader, asked(report.Issues, ""), (&paper{}).open)
	if errata.CodeOf(err) != errata.SlowDown || errata.DetailsOf(err)[0].Data["retry_after"] != 3601 {
		t.Errorf("the third file of the hour: %v", err)
	}
	other := partstest.Reader
	other.ID = "2"
	if err := s.Send(t.Context(), other, asked(report.Issues, "env:staging"), (&paper{}).open); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	for _, e := range []report.Export{{What: "x", Format: encode.CSV}, {What: report.Issues, Format: "pdf"}, {What: report.Events, Format: encode.CSV, Columns: []string{"=1"}}} {
		if err := s.Send(t.Context(), other, e, (&paper{}).open); errata.CodeOf(err) != errata.Invalid {
			t.Errorf("%+v: %v", e, err)
		}
	}
}

// counted counts the searches of an engine, and can hold them.
type counted struct {
	search.Engine
	asked atomic.Int64
	hold  func(context.Context) error
}

func (c *counted) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	c.asked.Add(1)
	if c.hold != nil {
		if err := c.hold(ctx); err != nil {
			return nil, err
		}
	}
	return c.Engine.Search(ctx, r)
}

// A client that leaves ends the search at once, and what was begun is written
// down as not done.
func TestClientThatLeaves(t *testing.T) {
	engine := &counted{}
	p := partstest.Open(t, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { engine.Engine = e; return engine }})
	many(t, p, 6)
	s := report.New(options(p))
	ctx, leave := context.WithCancel(t.Context())
	engine.hold = func(ctx context.Context) error {
		leave()
		<-ctx.Done()
		return errata.E(errata.Unavailable, "cancelled", ctx.Err())
	}
	if err := s.Send(ctx, partstest.Reader, asked(report.Events, ""), (&paper{}).open); err == nil {
		t.Fatal("it was sent")
	}
	engine.hold = nil
	ctx, leave = context.WithCancel(t.Context())
	o := options(p)
	o.Fail = func(string) error { leave(); return ctx.Err() }
	err := report.New(o).Send(ctx, partstest.Reader, asked(report.Issues, ""), (&paper{}).open)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	results := audited(t, p)
	if d := cmp.Diff([]string{"start done", "end failed"}, results); d != "" {
		t.Error(d)
	}
}

// audited are the rows of the audit about exports: phase and result.
func audited(t *testing.T, p *partstest.Parts) (out []string) {
	t.Helper()
	p.Read(func(tx *store.Tx) error {
		rows, err := tx.Audit(t.Context(), store.AuditQuery{Stream: errata.StreamAccess, Scope: store.Scope{All: true}, Size: 100})
		for _, r := range rows {
			var d struct{ Phase string }
			if err := json.Unmarshal([]byte(r.Detail), &d); err != nil {
				return err
			}
			if strings.HasPrefix(r.Object, "export:") {
				out = append(out, d.Phase+" "+string(r.Result))
			}
		}
		return err
	})
	slices.Reverse(out)
	return out
}

// Without a row in the audit nothing leaves.
func TestStrictlyAudited(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 2)
	s := report.New(options(p))
	sent(t, s, partstest.Reader, asked(report.Issues, ""))
	if d := cmp.Diff([]string{"start done", "end done"}, audited(t, p)); d != "" {
		t.Error(d)
	}
	away, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "away.db"), Clock: clock, Decide: storetest.Decide})
	if err = errors.Join(err, away.Close()); err != nil {
		t.Fatal(err)
	}
	o := options(p)
	o.Store = away
	out := &paper{}
	if err := report.New(o).Send(t.Context(), partstest.Reader, asked(report.Issues, ""), out.open); err == nil || out.Len() > 0 {
		t.Errorf("%v, and %d bytes left", err, out.Len())
	}
}

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

// What is cancelled leaves nothing on disk.
func TestCancelled(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	many(t, p, 3)
	account(t, p)
	o := options(p)
	var s *report.Service
	var id string
	o.Fail = func(point string) error {
		if point != "export.filled" {
			return nil
		}
		if err := p.Jobs.Cancel(context.Background(), partstest.Reader, id); err != nil {
			return err
		}
		return context.Canceled
	}
	s = report.New(o)
	id, err := s.Ask(t.Context(), partstest.Reader, asked(report.Events, ""))
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, p.Jobs, s, id); got.Job.State != errata.JobCancelled || got.File != nil {
		t.Errorf("%+v", got.Job)
	}
	if left, err := os.ReadDir(o.Folder); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

// One issue as a document: personal data masked, hostile words inert.
func TestIssueAsMarkdown(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "ada@example.org", Message: "<script>alert(1)</script> | [a](http://evil) `x` ```"})))
	p.Drained()
	s := report.New(options(p))
	d, err := s.Issue(t.Context(), partstest.Reader, "SHO-1", "md")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := encode.Markdown(&out, &d); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"# SHO-1 KeyError", "## Response", "## Activity", "new → open", "## Stack", "| User | masked |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	before, _, _ := strings.Cut(text, "## Stack") // in the fence it is code
	for _, never := range []string{"ada@example.org", "<script>", "](http://"} {
		if strings.Contains(before, never) {
			t.Errorf("%q in\n%s", never, text)
		}
	}
	if _, err := s.Issue(t.Context(), partstest.Reader, "SHO-2", "md"); errata.CodeOf(err) != errata.NotFound {
		t.Errorf("no such issue: %v", err)
	}
}

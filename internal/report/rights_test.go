package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

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

package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
)

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
						want = append(want, []string{r.ShortID(), encode.Guard(r.Issue.Title), r.Issue.Severity.String(), fmt.Sprint(r.Issue.Events), known(r.Issue.Users), rfc(r.Issue.LastSeen)})
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

// known is how a file writes a number of users: none is none that an event named.
func known(users int64) string {
	if users == 0 {
		return ""
	}
	return fmt.Sprint(users)
}

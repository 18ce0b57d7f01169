package handlers_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// content is what stands in main.
func content(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "<main")
	main, _, closed := strings.Cut(rest, "</main>")
	if !ok || !closed {
		t.Fatalf("a page without a main part: %.200s", page)
	}
	return main
}

// tables reads a document of CSV: its tables by their titles.
func csvTables(t *testing.T, text string) map[string][][]string {
	t.Helper()
	out := map[string][][]string{}
	for part := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\r\n\r\n") {
		title, rows, _ := strings.Cut(part, "\r\n")
		lines, err := csv.NewReader(strings.NewReader(rows)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		out[strings.Trim(title, `"`)] = lines
	}
	return out
}

// A report is run by a form, read as a page and taken along as files; what it
// says stays, whatever happens later, and those who may read less never see it.
func TestWeeklyReport(t *testing.T) {
	clock := newHands()
	apptest.Each(t, apptest.Options{Clock: clock.now}, func(t *testing.T, p *apptest.Product) {
		respond(t, p, clock, 12)
		p.NewProject("search")
		p.NewUser("viewer@example.com", errata.RoleViewer, "checkout")
		p.NewUser("other@example.com", errata.RoleResponder, "search")
		clock.forward(7 * 24 * time.Hour)
		who := p.SignIn()
		run := func(form url.Values) string {
			t.Helper()
			r := p.Form(who, "/reports/runs", form)
			if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "/reports/runs/") {
				t.Fatalf("a run: %s to %q", r.Status, r.Header.Get("Location"))
			}
			return r.Header.Get("Location")
		}
		first := run(url.Values{"service": {"checkout"}})
		code, before := p.Page(who, first)
		if code != http.StatusOK || !strings.Contains(before, "Kind0Error") || strings.Contains(before, "Changed since") {
			t.Fatalf("the page: %d %.300s", code, content(t, before))
		}
		code, text := p.Page(who, first+".csv")
		all := csvTables(t, text)
		if sum := all["Events by severity"]; code != http.StatusOK || len(sum) != 6 || strings.Join(sum[5][:2], " ") != "All 12" {
			t.Errorf("CSV: %d %v", code, sum)
		}
		for _, row := range all["Top issues"][1:] {
			if !strings.Contains(before, `href="/issues/`+row[0]+`"`) {
				t.Errorf("%s stands in the file and not on the page", row[0])
			}
		}
		if code, text := p.Page(who, first+".xlsx"); code != http.StatusOK || !strings.HasPrefix(text, "PK") {
			t.Errorf("XLSX: %d %.20q", code, text)
		}
		if code, text := p.Page(who, first+".print"); code != http.StatusOK || !strings.Contains(text, "Top issues") {
			t.Errorf("print page: %d", code)
		}
		for path, want := range map[string]int{first + ".pdf": 404, first + "x": 404, "/reports/runs/none.csv": 404, "/reports?after=x": 422} {
			if code, _ := p.Page(who, path); code != want && (want != 422 || code != 400) {
				t.Errorf("%s: %d, want %d", path, code, want)
			}
		}
		clock.forward(15 * 24 * time.Hour)
		who = p.SignIn()
		again := run(url.Values{"again": {strings.TrimPrefix(first, "/reports/runs/")}})
		if code, page := p.Page(who, again); code != http.StatusOK || !strings.Contains(page, "No figure has changed.") || !strings.Contains(page, first+`"`) {
			t.Errorf("again: %d", code)
		}
		if _, after := p.Page(who, first); content(t, after) != content(t, before) {
			t.Error("the page of a stored run has changed")
		}
		if _, list := p.Page(who, "/reports"); strings.Count(list, `<th scope="row"><a class="lnk" href="/reports/runs/`) != 2 {
			t.Errorf("the list: %.2000s", content(t, list))
		}
		for email, want := range map[string][4]int{"viewer@example.com": {200, 403, 403, 403}, "other@example.com": {404, 404, 404, 404}} {
			clock.forward(time.Minute)
			other := p.SignInAs(email)
			for i, path := range []string{first, first + ".csv", first + ".xlsx", first + ".print"} {
				if code, _ := p.Page(other, path); code != want[i] {
					t.Errorf("%s as %s: %d, want %d", path, email, code, want[i])
				}
			}
			_, list := p.Page(other, "/reports")
			if seen := strings.Contains(list, first); seen != (want[0] == 200) {
				t.Errorf("%s sees the run listed: %v", email, seen)
			}
		}
	})
}

// What the page of trends says, its file says.
func TestTrendsAsCSV(t *testing.T) {
	clock := newHands()
	apptest.Each(t, apptest.Options{Clock: clock.now}, func(t *testing.T, p *apptest.Product) {
		respond(t, p, clock, 12)
		who := p.SignIn()
		p.Until(15*time.Second, "events to be found", func() bool {
			_, page := p.Page(who, "/analytics/trends?range=7d&q=has:type")
			return strings.Contains(page, ">12 events")
		})
		for _, q := range []string{"range=24h", "range=30d&q=service:checkout", "range=7d&q=type:Kind1Error", "range=7d&q=release:shop@1.4.1&tz=Asia/Kolkata"} {
			code, page := p.Page(who, "/analytics/trends?"+q)
			fcode, text := p.Page(who, "/analytics/trends.csv?"+q)
			if code != http.StatusOK || fcode != http.StatusOK {
				t.Fatalf("%s: %d, file %d %.300s", q, code, fcode, text)
			}
			all := csvTables(t, text)
			events := 0
			for _, row := range all["Events by severity"][1:] {
				var n [4]int
				if _, err := fmt.Sscan(strings.Join(row[1:5], " "), &n[0], &n[1], &n[2], &n[3]); err != nil {
					t.Fatal(err)
				}
				events += n[0] + n[1] + n[2] + n[3]
			}
			if want := fmt.Sprintf(">%d event", events); !strings.Contains(page, want) || events == 0 {
				t.Errorf("%s: the file has %d events", q, events)
			}
			for _, top := range []string{"Top services", "Top types", "Top codes", "Top releases", "Top endpoints", "Top hosts"} {
				for _, row := range all[top][1:] {
					if want := "</th><td class=\"r\">" + row[1] + "</td>"; !strings.Contains(page, ">"+row[0]+"<") && row[0] != "" || !strings.Contains(page, want) {
						t.Errorf("%s, %s: %v stands in the file and not on the page", q, top, row)
					}
				}
			}
			fresh := 0
			for _, row := range all["New, regressed, resolved"][1:] {
				n := 0
				if _, err := fmt.Sscan(row[1], &n); err != nil {
					t.Fatal(err)
				}
				fresh += n
			}
			if want := fmt.Sprintf("New issues: %d, the", fresh); !strings.Contains(page, want) {
				t.Errorf("%s: the file has %d new issues", q, fresh)
			}
		}
		if code, page := p.Page(who, "/analytics/trends?range=24h&q=host:web-1"); code != http.StatusOK || !strings.Contains(page, "is known of events, and not of issues") {
			t.Errorf("what only events know: %d", code)
		}
		if code, _ := p.Page(who, "/analytics/trends?range=24h&q=sevrity:P0+OR"); code != http.StatusUnprocessableEntity {
			t.Errorf("a broken query: %d", code)
		}
	})
}

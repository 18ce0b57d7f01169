package handlers_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// sheet reads a CSV face: its lines under the names of the columns. Of several
// tables each stands under its title.
func sheet(t *testing.T, p *apptest.Product, c *http.Client, path string) (tables map[string][]map[string]string) {
	t.Helper()
	a := send(t, p, c, http.MethodGet, path, "")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %.300s", path, a.Status, a.text)
	}
	if a.Header.Get("X-Errata-Export") == "" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="errata-`) {
		t.Errorf("%s: %v", path, a.Header)
	}
	tables = map[string][]map[string]string{}
	r := csv.NewReader(strings.NewReader(a.text))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	title := ""
	for i := 0; i < len(all); i++ {
		if len(all[i]) == 1 && i+1 < len(all) && len(all[i+1]) > 1 { // a title
			title, i = all[i][0], i+1
		}
		head := all[i]
		tables[title] = nil
		for i+1 < len(all) && len(all[i+1]) == len(head) && (len(head) > 1 || i+2 >= len(all)) {
			i++
			row := map[string]string{}
			for k, name := range head {
				row[name] = all[i][k]
			}
			tables[title] = append(tables[title], row)
		}
	}
	return tables
}

func columnOf(rows []map[string]string, name string) (out []string) {
	for _, r := range rows {
		out = append(out, r[name])
	}
	return out
}

// inOrder are the distinct matches of a pattern's group in a text.
func inOrder(pattern, text string) (out []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// busy sends events of twelve kinds, and acts on some of their issues.
func busy(t *testing.T, p *apptest.Product) (signedIn *http.Client) {
	t.Helper()
	shop := p.NewProject("checkout")
	for i := range 24 {
		p.Send(shop, fmt.Sprintf(`{"event_id":"%032x","timestamp":"%s","platform":"go","level":"%s","environment":"%s","release":"shop@1.%d.0","user":{"id":"%d","email":"ada@example.org"},
			"tags":{"region":"eu-%d"},"contexts":{"trace":{"trace_id":"%032x","span_id":"%016x"}},"exception":{"values":[{"type":"Kind%dError","value":"=cmd|' /C calc'!A0 timeout %d"}]}}`,
			i+1, time.Now().Add(-time.Duration(i+1)*time.Minute).UTC().Format(time.RFC3339), []string{"fatal", "error", "info"}[i%3], []string{"production", "staging"}[i%2], i%4, i%5, i%3, 0xabc0+i%4, i+1, i%12, i%12))
	}
	signedIn = p.SignIn()
	p.Until(30*time.Second, "the events", func() bool {
		_, text := p.Page(signedIn, "/events")
		return len(inOrder(`open=checkout\.([0-9a-f]{32})`, text)) == 24
	})
	for _, act := range []string{"/issues/CHE-1/ack", "/issues/CHE-2/ack", "/issues/CHE-2/resolve", "/issues/CHE-3/resolve", "/issues/CHE-4/ignore"} {
		v := url.Values{"cause": {"fixed"}, "note": {"done"}, "reason": {"noise"}}
		_, text := p.Page(signedIn, "/issues/"+strings.Split(act, "/")[2])
		v.Set("version", inOrder(`name="version" value="(\d+)"`, text)[0])
		if code := p.Form(signedIn, act, v).StatusCode; code != http.StatusSeeOther {
			t.Fatalf("%s: %d", act, code)
		}
	}
	return signedIn
}

// The CSV of an address holds what its page shows: every list and every chart.
func TestPageIsCSV(t *testing.T) {
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		c := busy(t, p)
		lists := []struct {
			path, query, pattern, column string
		}{
			{"/issues", "", `data-id="?(CHE-\d+)|href="/issues/(CHE-\d+)"`, "id"},
			{"/issues", "?q=env:staging&sort=last_seen", "", "id"},
			{"/issues", "?q=is:resolved", "", "id"},
			{"/issues", "?q=timeout+severity:P1,P2&sort=events&range=7d", "", "id"},
			{"/events", "", `open=checkout\.([0-9a-f]{32})`, "id"},
			{"/events", "?q=level:error&range=7d", "", "id"},
			{"/analytics/response/episodes", "?show=open", `href="/issues/(CHE-\d+)"`, "issue"},
			{"/analytics/response/episodes", "?metric=ttr&show=measured", "", "issue"},
			{"/analytics/response/episodes", "?metric=tta&show=measured", "", "issue"},
		}
		for _, l := range lists {
			pattern := l.pattern
			if pattern == "" || l.path == "/issues" {
				pattern = map[string]string{"/issues": `href="/issues/(CHE-\d+)"`, "/events": `open=checkout\.([0-9a-f]{32})`, "/analytics/response/episodes": `href="/issues/(CHE-\d+)"`}[l.path]
			}
			code, text := p.Page(c, l.path+l.query)
			if code != http.StatusOK {
				t.Fatalf("%s: %d", l.path+l.query, code)
			}
			rows := sheet(t, p, c, l.path+".csv"+l.query)[""]
			if d := cmp.Diff(inOrder(pattern, text), columnOf(rows, l.column)); d != "" || len(rows) == 0 {
				t.Errorf("%s (-page +file), %d rows:\n%s", l.path+l.query, len(rows), d)
			}
		}
		figuresAreCSV(t, p, c)
	})
}

// figuresAreCSV compares charts and tables of figures with what the JSON API
// says of the same question.
func figuresAreCSV(t *testing.T, p *apptest.Product, c *http.Client) {
	t.Helper()
	token := p.Token(apptest.AllScopes)
	var resp struct {
		Buckets []struct {
			N   int64
			P50 *float64 `json:"p50_s"`
		}
		Total struct{ N int64 }
	}
	if code := p.Get(token, "/api/v1/analytics/response?metric=tta&range=7d&bucket=day", &resp); code != http.StatusOK {
		t.Fatal(code)
	}
	tables := sheet(t, p, c, "/analytics/response.csv?range=7d&bucket=day")
	rows := tables["Time to acknowledge"]
	if len(rows) != len(resp.Buckets) || resp.Total.N == 0 {
		t.Fatalf("%d buckets in the file, %d in the answer of %d", len(rows), len(resp.Buckets), resp.Total.N)
	}
	var n int64
	for i, b := range resp.Buckets {
		row := rows[len(rows)-1-i] // the page has the newest first
		got, err := strconv.ParseInt(row["n"], 10, 64)
		if n += got; err != nil || got != b.N {
			t.Errorf("bucket %d: %v, want %+v", i, row, b)
		}
	}
	if n != resp.Total.N {
		t.Errorf("%d in all, want %d", n, resp.Total.N)
	}
	for _, name := range []string{"Time to resolve", "By severity", "Distribution", "Left out, and still open"} {
		if len(tables[name]) == 0 {
			t.Errorf("no table %q in %v", name, tables)
		}
	}
	var counts struct {
		Groups []struct {
			Keys  []string
			Count int64
		}
	}
	if code := p.Get(token, "/api/v1/aggregate?range=7d&by=env", &counts); code != http.StatusOK {
		t.Fatal(code)
	}
	rows = sheet(t, p, c, "/events.csv?range=7d&as=counts&by=env")[""]
	want := map[string]string{"all": "24"}
	for _, g := range counts.Groups {
		if len(g.Keys) > 0 {
			want[g.Keys[0]] = strconv.FormatInt(g.Count, 10)
		}
	}
	got := map[string]string{}
	for _, r := range rows {
		switch {
		case r["env"] != "":
			got[r["env"]] = r["events"]
		case r["title"] == "all":
			got["all"] = r["events"]
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-answer +file):\n%s", d)
	}
	chart := sheet(t, p, c, "/events.csv?range=24h&as=chart&by=env&bucket=1h")["Over time"]
	sum := int64(0)
	for _, r := range chart {
		for _, name := range []string{"production", "staging"} {
			k, err := strconv.ParseInt(r[name], 10, 64)
			if err != nil {
				t.Fatalf("%v: %v", r, err)
			}
			sum += k
		}
	}
	if sum != 24 {
		t.Errorf("the chart holds %d events, want 24", sum)
	}
}

// A file is prepared, downloaded by who asked and by nobody else, and says what
// it is; print pages and Markdown stand beside it.
func TestPreparedByForm(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	c := busy(t, p)
	text := see(t, p, c, http.StatusOK, "/issues?q=is:unresolved", `formaction="/issues.csv"`, `action="/exports"`)
	if !strings.Contains(text, `name="q" value="is:unresolved"`) {
		t.Error("the menu does not carry the query")
	}
	code, _, to := post(t, p, c, "/exports", "page", "/issues?q=is:unresolved&range=7d", "format", "xlsx")
	if code != http.StatusSeeOther || !strings.HasPrefix(to, "/exports/") {
		t.Fatalf("asked: %d %q", code, to)
	}
	p.Until(20*time.Second, "the file", func() bool { return strings.Contains(see(t, p, c, http.StatusOK, to), "Download") })
	a := send(t, p, c, http.MethodGet, to+"/file", "")
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.text, "PK") || a.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("%s %v", a.Status, a.Header)
	}
	see(t, p, c, http.StatusOK, "/exports", "Issues as Spreadsheet", "Ready")
	p.NewUser("bo@example.org", errata.RoleResponder, "")
	other := p.SignInAs("bo@example.org")
	for _, path := range []string{to, to + "/file"} {
		if a := send(t, p, other, http.MethodGet, path, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else at %s: %s", path, a.Status)
		}
	}
	for name, path := range map[string]string{"elsewhere": "https://evil.example/issues", "no page": "/users", "nonsense": "%zz"} {
		if code, _, _ := post(t, p, c, "/exports", "page", path, "format", "csv"); code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, code)
		}
	}
	see(t, p, c, http.StatusOK, "/issues.print?q=is:unresolved", "Query: is:unresolved", "CHE-1")
	see(t, p, c, http.StatusOK, "/analytics/response.print", "Time to acknowledge", "Distribution")
	see(t, p, c, http.StatusOK, "/issues/CHE-1.print", "Activity", "Stack")
	if a := send(t, p, c, http.MethodGet, "/issues/CHE-1.md", ""); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.text, "# CHE\\-1") && !strings.HasPrefix(a.text, "# CHE-1") {
		t.Errorf("%s %.200s", a.Status, a.text)
	}
	for _, path := range []string{"/issues/CHE-999.md", "/issues/CHE-999.print"} {
		if a := send(t, p, c, http.MethodGet, path, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

// What breaks in the middle never ends cleanly, packed or plain.
func TestExportThatBreaks(t *testing.T) {
	var rows atomic.Int64
	p := apptest.Start(t, apptest.Options{Fail: func(point string) error {
		if point == "export.row" {
			if rows.Add(1) >= 3 { // again and again: a client asks once more when nothing has come
				return errata.E(errata.Unavailable, "The store went away.", nil)
			}
		}
		return nil
	}})
	c := busy(t, p)
	for _, packing := range []string{"identity", "gzip"} {
		rows.Store(0)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/events.csv?range=7d", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", packing)
		a, err := c.Do(req)
		if err == nil {
			var b []byte
			b, err = io.ReadAll(a.Body)
			_ = a.Body.Close()
			if err == nil {
				t.Errorf("%s: ended cleanly: %s, %.200s", packing, a.Status, b)
			}
		}
	}
}

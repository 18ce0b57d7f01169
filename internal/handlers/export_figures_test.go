package handlers_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
)

// part is an element of a page from its id to the end of its section.
func part(t *testing.T, text, id string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `id="`+id+`"`)
	if !ok {
		t.Fatalf("no part %s", id)
	}
	out, _, _ := strings.Cut(rest, "</section>")
	return out
}

// total adds up the columns of a table.
func total(t *testing.T, rows []map[string]string, columns ...string) (n int64) {
	t.Helper()
	for _, r := range rows {
		for _, c := range columns {
			k, err := strconv.ParseInt(r[c], 10, 64)
			if err != nil {
				t.Fatalf("%s of %v: %v", c, r, err)
			}
			n += k
		}
	}
	return n
}

// The overview, a trace and the spread of a field can be taken along too: what
// the page shows, in every form.
func TestFiguresOfPagesAreCSV(t *testing.T) {
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		c := busy(t, p)
		for _, q := range []struct {
			query  string
			events int64
		}{{"?range=24h", 24}, {"?range=24h&env=staging&top=users", 12}, {"?range=7d&service=checkout&severity=P1", 24}} {
			overviewIsCSV(t, p, c, q.query, q.events)
		}
		traceIsCSV(t, p, c)
		spreadIsCSV(t, p, c)
		for _, page := range []string{"/overview%s?range=24h", fmt.Sprintf("/traces/%032x", 0xabc1) + "%s", "/issues/CHE-1/tags/env%s"} {
			for face, kind := range map[string]string{".ndjson": "application/x-ndjson", ".xlsx": "application/vnd.openxmlformats", ".print": "text/html"} {
				path := fmt.Sprintf(page, face)
				if a := send(t, p, c, http.MethodGet, path, ""); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), kind) {
					t.Errorf("%s: %s, %s", path, a.Status, a.Header.Get("Content-Type"))
				}
			}
			see(t, p, c, http.StatusOK, fmt.Sprintf(page, ""), `id="m-export"`, `formaction="`+strings.SplitN(fmt.Sprintf(page, ".csv"), "?", 2)[0]+`"`)
		}
		for _, path := range []string{"/traces/none.csv", "/issues/CHE-999/tags/env.csv", "/issues/CHE-1/tags/no-such-field.csv", "/overview.csv?service=nowhere"} {
			if a := send(t, p, c, http.MethodGet, path, ""); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", path, a.Status)
			}
		}
	})
}

func overviewIsCSV(t *testing.T, p *apptest.Product, c *http.Client, query string, events int64) {
	t.Helper()
	code, text := p.Page(c, "/overview"+query)
	if code != http.StatusOK {
		t.Fatal(code)
	}
	tables := sheet(t, p, c, "/overview.csv"+query)
	for id, title := range map[string]string{"top": "Top issues", "queue": "Needs a response"} {
		shown := inOrder(`href="/issues/(CHE-\d+)"`, part(t, text, id))
		if d := cmp.Diff(shown, columnOf(tables[title], "id")); d != "" || len(shown) == 0 {
			t.Errorf("%s of %s (-page +file):\n%s", title, query, d)
		}
	}
	if n := total(t, tables["Events by severity"], "P0", "P1", "P2", "P3"); n != events {
		t.Errorf("%s: the chart has %d events, want %d", query, n, events)
	}
	if n := total(t, tables["Services"], "events"); n != events {
		t.Errorf("%s: the services have %d events, want %d", query, n, events)
	}
	figures := tables["Key figures"]
	if len(figures) != 5 || figures[0]["now"] != strconv.FormatInt(events, 10) {
		t.Errorf("%s: key figures %v", query, figures)
	}
	if len(tables["Response times"]) != 2 || len(tables["Time to acknowledge by week"]) != 12 || len(tables["Time to resolve by week"]) != 12 {
		t.Errorf("%s: response times %v", query, tables)
	}
}

func traceIsCSV(t *testing.T, p *apptest.Product, c *http.Client) {
	t.Helper()
	path := fmt.Sprintf("/traces/%032x", 0xabc2)
	code, text := p.Page(c, path)
	shown := inOrder(`href="/issues/CHE-\d+/events/([0-9a-f]{32})"`, text)
	rows := sheet(t, p, c, path+".csv")[""]
	if d := cmp.Diff(shown, columnOf(rows, "id")); d != "" || len(rows) != 6 || code != http.StatusOK {
		t.Errorf("trace, %d rows (-page +file):\n%s", len(rows), d)
	}
}

func spreadIsCSV(t *testing.T, p *apptest.Product, c *http.Client) {
	t.Helper()
	_, text := p.Page(c, "/issues/CHE-1/tags/tags%5Bregion%5D")
	shown := inOrder(`dir="auto">(eu-\d)</a>`, text)
	rows := sheet(t, p, c, "/issues/CHE-1/tags/tags%5Bregion%5D.csv")[""]
	if d := cmp.Diff(shown, columnOf(rows, "value")); d != "" || len(shown) == 0 {
		t.Errorf("spread (-page +file):\n%s", d)
	}
	if n := total(t, rows, "events"); n != 2 {
		t.Errorf("%d events of the issue, want 2", n)
	}
}

package ingest_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"errata/internal/apptest"
)

// request is one line of the edge cases of the Sentry door: a request, and
// which outcomes it moves.
type request struct {
	N        int               `json:"n"`
	Name     string            `json:"name"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Headers  map[string]string `json:"headers"`
	Enc      string            `json:"enc"`
	Body     string            `json:"body"`
	Status   int               `json:"status"`
	Outcomes []string          `json:"outcomes"`
}

// pending are lines that need item types which are not stored yet, and what is
// counted until they are.
var pending = map[int][]string{
	1:  {"attachment/filtered/item_type", "error/stored/full"},
	10: {"session/filtered/item_type"},
	37: {"error/stored/full", "session/filtered/item_type"},
	40: {"log/filtered/item_type", "log/filtered/item_type"},
}

const keyOfCases = "7d1c0b9a5e3f48826a94d0c7b1e2f356"

func requests(t *testing.T) (all []request) {
	t.Helper()
	f, err := os.Open("../intake/sentry/testdata/edge-cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func (r request) body(t *testing.T) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(r.Body)
	if err == nil && r.Enc == "gzip+base64" {
		z, zerr := gzip.NewReader(bytes.NewReader(b))
		if zerr != nil {
			t.Fatal(zerr)
		}
		b, err = io.ReadAll(z)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// send sends the request to a service of its own.
func (r request) send(t *testing.T, p *apptest.Product, to apptest.Project) {
	t.Helper()
	path := strings.NewReplacer("/42/", "/"+to.ID+"/", keyOfCases, to.Key).Replace(r.Path)
	body := bytes.ReplaceAll(r.body(t), []byte(keyOfCases), []byte(to.Key))
	req, err := http.NewRequestWithContext(t.Context(), r.Method, p.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.Headers {
		req.Header.Set(name, strings.ReplaceAll(value, keyOfCases, to.Key))
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body) // for the message below
	if res.StatusCode != r.Status {
		t.Errorf("%d %s: answered %d, want %d: %s", r.N, r.Name, res.StatusCode, r.Status, text)
	}
}

// Each edge case moves exactly its outcomes, from the door to the counters.
func TestEdgeCasesMoveTheirOutcomes(t *testing.T) {
	began := time.Now()
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	p := apptest.Start(t, apptest.Options{Clock: func() time.Time { return at.Add(time.Since(began)) }})
	want := map[string][]string{}
	stored := 0
	for _, r := range requests(t) {
		to := p.NewProject(fmt.Sprintf("case-%02d", r.N))
		outcomes := r.Outcomes
		if until, ok := pending[r.N]; ok {
			t.Logf("pending: %d %s counts %v until its items are stored", r.N, r.Name, until)
			outcomes = until
		}
		name := fmt.Sprintf("%02d-%s", r.N, r.Name)
		want[name] = append([]string{}, outcomes...)
		slices.Sort(want[name])
		for _, o := range outcomes {
			if strings.HasSuffix(o, "/stored/full") {
				stored++
			}
		}
		r.send(t, p, to)
	}
	if len(want) != 40 {
		t.Fatalf("%d cases, want 40", len(want))
	}
	db, err := sql.Open("sqlite", filepath.Join(p.DataDir, "errata.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p.Until(15*time.Second, "every accepted event counted", func() bool {
		n := 0
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM event_applied WHERE project_id <> ''`).Scan(&n)
		return err == nil && n >= stored
	})
	p.Stop() // what was refused is written down at the latest now
	if diff := cmp.Diff(want, counted(t, db, want), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// counted reads the counters, by case.
func counted(t *testing.T, db *sql.DB, cases map[string][]string) map[string][]string {
	t.Helper()
	names := map[string]string{}
	got := map[string][]string{}
	for name := range cases {
		names["case-"+name[:2]], got[name] = name, nil
	}
	rows, err := db.QueryContext(context.Background(), `SELECT p.slug, o.category || '/' || o.outcome || '/' || o.reason, SUM(o.items)
		FROM outcome_hourly o JOIN project p ON p.id = o.project_id WHERE o.outcome <> 'client_lost' GROUP BY 1, 2 ORDER BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var slug, outcome string
		var items int
		if err := rows.Scan(&slug, &outcome, &items); err != nil {
			t.Fatal(err)
		}
		for range items {
			got[names[slug]] = append(got[names[slug]], outcome)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

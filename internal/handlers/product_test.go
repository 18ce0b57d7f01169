package handlers_test

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"errata/internal/apptest"
)

// answer is a response whose body was read.
type answer struct {
	*http.Response
	text string
}

// send sends a request with a client ("" = no body); header is pairs.
func send(t *testing.T, p *apptest.Product, c *http.Client, method, path, body string, header ...string) answer {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.URL+"/", r)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	plain, query, _ := strings.Cut(path, "?")
	req.URL = &url.URL{Scheme: u.Scheme, Host: u.Host, Opaque: "//" + u.Host + plain, RawQuery: query} // exactly as written
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(text)}
}

// change runs SQL on the product's own database, as an operator might.
func change(t *testing.T, p *apptest.Product, text string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(p.DataDir, "errata.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// state is what no refused request may change.
func state(t *testing.T, p *apptest.Product) (out string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(p.DataDir, "errata.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	row := db.QueryRowContext(context.Background(), `SELECT
		(SELECT COUNT(*) || ' projects ' FROM project) || (SELECT COUNT(*) || ' keys ' FROM ingest_key) ||
		(SELECT COUNT(*) || ' accounts ' FROM app_user) || (SELECT COUNT(*) || ' sessions ' FROM session) ||
		COALESCE((SELECT group_concat(login_failures || ':' || name) FROM app_user), '') || (SELECT org || COALESCE(setup_done_at, 0) FROM installation)`)
	if err := row.Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

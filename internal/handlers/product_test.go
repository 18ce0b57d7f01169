package handlers_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// databases are those of the products of this test binary.
var databases sync.Map

// database opens the product's own database.
func database(t *testing.T, p *apptest.Product) *sql.DB {
	t.Helper()
	if db, open := databases.Load(p.DataDir); open {
		return db.(*sql.DB)
	}
	db, err := sql.Open("sqlite", filepath.Join(p.DataDir, "errata.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	databases.Store(p.DataDir, db)
	t.Cleanup(func() {
		databases.Delete(p.DataDir)
		_ = db.Close()
	})
	return db
}

// change runs SQL on the product's own database, as an operator might.
func change(t *testing.T, p *apptest.Product, text string, args ...any) {
	t.Helper()
	db := database(t, p)
	if _, err := db.ExecContext(context.Background(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// unwatched are tables that change by themselves, or by being refused: the
// audit, and what intake turned away.
var unwatched = []string{"audit", "audit_head", "session", "outcome_hourly", "goose_db_version"}

// state is what no refused request may change: every row of every table but
// those, without the times of last use, and how many sessions there are.
func state(t *testing.T, p *apptest.Product) string {
	t.Helper()
	db := database(t, p)
	var out strings.Builder
	for _, table := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`) {
		if slices.Contains(unwatched, table) {
			continue
		}
		columns := slices.DeleteFunc(column(t, db, `SELECT name FROM pragma_table_info('`+table+`') ORDER BY cid`), func(c string) bool {
			return c == "used_at" || c == "seen_at"
		})
		rows := column(t, db, `SELECT quote(`+strings.Join(columns, ") || quote(")+`) FROM `+table+` ORDER BY 1`)
		fmt.Fprintf(&out, "%s %d %x\n", table, len(rows), sha256.Sum256([]byte(strings.Join(rows, "\n"))))
	}
	return out.String() + column(t, db, `SELECT COUNT(*) || ' sessions' FROM session`)[0]
}

// column reads the first column of all rows.
func column(t *testing.T, db *sql.DB, text string) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// audited lists the actions and results in a stream of the audit, oldest first.
func audited(t *testing.T, p *apptest.Product, stream string) []string {
	t.Helper()
	db := database(t, p)
	return column(t, db, `SELECT action || ' ' || result FROM audit WHERE stream = '`+stream+`' ORDER BY seq`)
}

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"errata/internal/apptest"
)

// The administrator that set-up makes. The address differs from those that
// events carry, which must be found nowhere.
const (
	adminEmail    = "grace@shop.example"
	adminPassword = "nine quiet harbours"
)

// openSQL opens the product's own database beside it.
func openSQL(t testing.TB, p *apptest.Product) *sql.DB {
	t.Helper()
	driver, source := "sqlite", "file:"+filepath.Join(p.DataDir, "errata.db")+"?_pragma=busy_timeout(10000)"
	if u := p.Config.Database.URL.Reveal(); u != "" {
		driver, source = "pgx", u
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// sentryGo is examples/sentry-go, built once.
var sentryGo struct {
	once sync.Once
	path string
	err  error
}

// runGo runs the Go example; it returns when the program has ended.
func runGo(t testing.TB, dsn string) {
	t.Helper()
	sentryGo.once.Do(func() {
		dir, err := os.MkdirTemp("", "errata-example") //nolint:usetesting // outlives the test that builds it
		if err != nil {
			sentryGo.err = err
			return
		}
		sentryGo.path = filepath.Join(dir, "sentry-go")
		build := exec.Command("go", "build", "-trimpath=false", "-o", sentryGo.path, ".")
		build.Dir = "../../examples/sentry-go"
		if out, err := build.CombinedOutput(); err != nil {
			t.Logf("%s", out)
			sentryGo.err = err
		}
	})
	if sentryGo.err != nil {
		t.Fatalf("building examples/sentry-go: %v", sentryGo.err)
	}
	run(t, dsn, "../../examples/sentry-go", sentryGo.path)
}

// haveNode says whether examples/sentry-node can run here.
func haveNode() string {
	if _, err := exec.LookPath("node"); err != nil {
		return "no node on the PATH: install the package nodejs"
	}
	if _, err := os.Stat("../../examples/sentry-node/node_modules"); err != nil {
		return "examples/sentry-node has no node_modules: run npm ci there"
	}
	return ""
}

// runNode runs the Node example.
func runNode(t testing.TB, dsn string) {
	t.Helper()
	run(t, dsn, "../../examples/sentry-node", "node", "--import", "./instrument.mjs", "main.mjs")
}

func run(t testing.TB, dsn, dir, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SENTRY_DSN="+dsn)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out.String())
	}
}

// reader is a person without a browser: it fetches the same pages.
type reader struct {
	p *apptest.Product
	c *http.Client
}

// newReader signs in.
func newReader(t testing.TB, p *apptest.Product, email, password string) reader {
	t.Helper()
	c := p.Browser()
	if r := p.Form(c, "/login", url.Values{"email": {email}, "password": {password}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign-in: %s", r.Status)
	}
	return reader{p, c}
}

// page is the source of a page, which must exist.
func (r reader) page(t testing.TB, path string) string {
	t.Helper()
	code, text := r.p.Page(r.c, path)
	if code != http.StatusOK {
		t.Fatalf("GET %s: %d\n%s", path, code, clip(text, 800))
	}
	return text
}

// api is the text that the JSON API answers.
func api(t testing.TB, p *apptest.Product, token, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%s", path, r.Status, clip(b.String(), 800))
	}
	return b.String()
}

// parts are the addresses of everything that shows one event of an issue.
func parts(issue, event string) []string {
	base := "/issues/" + issue + "/events/" + event
	return []string{
		base, base + "?frames=all", base + "?frames=raw", base + "/stack", base + "/breadcrumbs", base + "/request",
		base + "/tags", base + "/json",
	}
}

// since is how long ago a moment was, for what a test prints.
func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }

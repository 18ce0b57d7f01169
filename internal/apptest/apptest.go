// Package apptest runs the whole product for tests: real stores, real queue,
// real doors on a free port.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"errata/internal/app"
	"errata/internal/config"
	"errata/internal/errata"
	"errata/internal/store/storetest"
)

// The stores that the product runs on in tests.
const (
	Embedded = "sqlite+embedded"
	Scaled   = "postgres+elastic"
)

// Credentials of the administrator that Start makes.
const (
	Email    = "ada@example.com"
	Password = "seven green lanterns"
)

// Options choose what Start runs. Stores is Embedded when empty, DataDir a
// folder of the test.
type Options struct {
	Stores    string
	DataDir   string
	Fresh     bool // leave first-run set-up undone
	Dev       bool
	Demo      bool // twelve weeks of an example instead of an empty installation
	Fail      func(point string) error
	Elastic   string       // address, instead of the one of the environment
	Undaunted bool         // Elasticsearch is asked again however often it failed
	Clock     errata.Clock // time.Now when nil
	Log       io.Writer
}

// Product is a running product.
type Product struct {
	URL     string
	DataDir string
	Config  *config.Config
	App     *app.App
	out     printed
	t       testing.TB
	o       Options
	stop    func() error
}

// Project is a service to send to.
type Project struct{ ID, Slug, Prefix, Key, DSN string }

// Each runs fn on both pairs of stores, in subtests of their names. Without
// the servers the second is skipped, or fails where ERRATA_TEST_REQUIRE lists
// them.
func Each(t *testing.T, o Options, fn func(t *testing.T, p *Product)) {
	t.Helper()
	for _, stores := range []string{Embedded, Scaled} {
		t.Run(stores, func(t *testing.T) {
			o := o
			o.Stores = stores
			fn(t, Start(t, o))
		})
	}
}

// prefixes makes index names of one test binary differ.
var prefixes atomic.Int64

// Start runs a product until the test ends.
func Start(t testing.TB, o Options) *Product {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	p := &Product{t: t, o: o, DataDir: o.DataDir}
	if p.DataDir == "" {
		p.DataDir = t.TempDir()
	}
	var env map[string]string
	if o.Stores == Scaled {
		env = p.scaled()
	} else {
		env = map[string]string{}
	}
	addr := freeAddress(t)
	p.URL = "http://" + addr
	env["ERRATA_LISTEN"], env["ERRATA_URL"], env["ERRATA_DATA_DIR"] = addr, p.URL, p.DataDir
	env["ERRATA_QUEUE_MAX_BYTES"] = "256MiB"
	var cli struct{ config.Config }
	if _, err := config.Parse(&cli, &cli.Config, nil, func(k string) string { return env[k] }); err != nil {
		t.Fatal(err)
	}
	p.Config = &cli.Config
	if o.Demo {
		t.Setenv("TMPDIR", t.TempDir())
	}
	p.Boot()
	t.Cleanup(p.Stop)
	if !o.Fresh && !o.Demo {
		p.Command("setup", "--email", Email, "--name", "Ada Lovelace", "--org", "Example Shop")
	}
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// scaled are the settings of PostgreSQL and Elasticsearch.
func (p *Product) scaled() map[string]string {
	es := p.o.Elastic
	if es == "" {
		es = os.Getenv("ERRATA_TEST_ES_URL")
	}
	if es == "" {
		if strings.Contains(os.Getenv("ERRATA_TEST_REQUIRE"), "elastic") {
			p.t.Fatal("ERRATA_TEST_REQUIRE lists elastic, and ERRATA_TEST_ES_URL is not set")
		}
		p.t.Skip("no Elasticsearch: set ERRATA_TEST_ES_URL (scripts/elasticsearch start)")
	}
	key := filepath.Join(p.DataDir, "master.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	prefix := "t" + strconv.Itoa(os.Getpid()) + "n" + strconv.FormatInt(prefixes.Add(1), 10)
	p.t.Cleanup(func() { dropIndices(es, prefix) })
	return map[string]string{
		"ERRATA_DATABASE_URL": storetest.PostgresURL(p.t), "ERRATA_SEARCH_ELASTIC_URLS": es,
		"ERRATA_SEARCH_ELASTIC_PREFIX": prefix, "ERRATA_MASTER_KEY": "file:" + key,
	}
}

// dropIndices gives the cluster's room back; a failure leaves only rubbish.
func dropIndices(es, prefix string) {
	for _, path := range []string{"/" + prefix + "-*", "/_index_template/" + prefix + "-events"} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, es+path, nil)
		if err != nil {
			return
		}
		if r, err := http.DefaultClient.Do(req); err == nil {
			_ = r.Body.Close()
		}
	}
}

// Boot starts the product; Stop ends it. Between the two, tests may do both
// again on the same data.
func (p *Product) Boot() {
	p.t.Helper()
	out := p.o.Log
	if out == nil {
		out = io.Discard
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	a, err := p.open(ctx, slog.New(slog.NewTextHandler(out, nil)))
	if err != nil {
		cancel()
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	p.App = a
	p.stop = func() error { cancel(); return <-done }
	patience := 10 * time.Second
	if p.o.Demo {
		patience = 5 * time.Minute // half a minute on a machine that is not busy
	}
	p.Until(patience, "ready", func() bool {
		select {
		case err := <-done:
			p.t.Fatalf("ended by itself: %v", err)
		default:
		}
		r, err := impatient.Get(p.URL + "/readyz") //nolint:noctx // a local server
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// printed keeps what the product prints.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps a piece.
func (o *printed) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

// Printed is what the demo has said so far.
func (p *Product) Printed() string {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.out.text.String()
}

// impatient asks a server that may not answer yet.
var impatient = &http.Client{Timeout: time.Second}

// open makes the product, empty or with the demo's history to come.
func (p *Product) open(ctx context.Context, log *slog.Logger) (*app.App, error) {
	o := app.Options{Dev: p.o.Dev, Fail: p.o.Fail, ExportsPerHour: 100_000, Undaunted: p.o.Undaunted}
	if p.o.Demo {
		return app.NewDemo(ctx, p.Config, p.o.Clock, log, &p.out, o)
	}
	return app.New(ctx, p.Config, p.o.Clock, log, o)
}

// Stop ends the product in order.
func (p *Product) Stop() {
	p.t.Helper()
	if p.stop == nil {
		return
	}
	if err := p.stop(); err != nil {
		p.t.Errorf("stopping: %v", err)
	}
	p.stop = nil
}

// Until polls until ok, and fails the test when that takes longer than limit.
func (p *Product) Until(limit time.Duration, what string, ok func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// Command runs a command of the product and returns what it printed, decoded.
// setup and user need no password file: they get the password of tests.
func (p *Product) Command(args ...string) map[string]string {
	p.t.Helper()
	var out bytes.Buffer
	c := app.Command{Config: p.Config, Clock: p.o.Clock, Log: slog.New(slog.DiscardHandler), Out: &out, JSON: true}
	flags := map[string]string{}
	for i := 0; i+1 < len(args); i++ {
		if strings.HasPrefix(args[i], "--") {
			flags[args[i]] = args[i+1]
		}
	}
	ctx := context.Background()
	var err error
	switch args[0] {
	case "setup":
		file := filepath.Join(p.t.TempDir(), "password")
		if err = os.WriteFile(file, []byte(Password+"\n"), 0o600); err == nil {
			err = c.Setup(ctx, flags["--email"], flags["--name"], file, flags["--org"])
		}
	case "project":
		err = c.ProjectCreate(ctx, args[1], flags["--name"], flags["--platform"])
	case "key":
		err = c.KeyCreate(ctx, args[1], flags["--kind"])
	case "user":
		file := filepath.Join(p.t.TempDir(), "password")
		if err = os.WriteFile(file, []byte(Password+"\n"), 0o600); err == nil {
			err = c.UserCreate(ctx, app.UserForm{
				Email: flags["--email"], Name: flags["--name"], Role: flags["--role"], Project: flags["--project"], PasswordFile: file,
			})
		}
	case "invite":
		err = c.UserCreate(ctx, app.UserForm{Email: flags["--email"], Role: flags["--role"], Project: flags["--project"]})
	case "audit":
		err = c.AuditVerify(ctx)
	case "token":
		err = c.TokenCreate(ctx, flags["--user"], flags["--scope"], flags["--expires"])
	default:
		p.t.Fatalf("no command %s", args[0])
	}
	if err != nil {
		p.t.Fatalf("%v: %v", args, err)
	}
	if err := p.App.Poll(ctx); err != nil { // the command was another process
		p.t.Fatal(err)
	}
	answer := map[string]string{}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		p.t.Fatalf("%v printed %q: %v", args, out.String(), err)
	}
	return answer
}

// NewProject makes a service.
func (p *Product) NewProject(slug string) Project {
	p.t.Helper()
	a := p.Command("project", slug)
	return Project{ID: a["id"], Slug: a["slug"], Prefix: a["prefix"], Key: a["key"], DSN: a["dsn"]}
}

// AllScopes are the scopes that read everything.
const AllScopes = "issue:read,event:read,event:read_pii,analytics:read,project:read"

// Token makes a token of the administrator with scopes, separated by commas.
func (p *Product) Token(scopes string) string { p.t.Helper(); return p.TokenOf(Email, scopes) }

// TokenOf makes a token of an account.
func (p *Product) TokenOf(email, scopes string) string {
	p.t.Helper()
	return p.Command("token", "--user", email, "--scope", scopes)["token"]
}

// Post sends a body as a Sentry SDK does and returns status and answer.
func (p *Product) Post(to Project, path string, header http.Header, body []byte) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.URL+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client=apptest/1, sentry_key="+to.Key)
	maps.Copy(req.Header, header)
	return p.read(http.DefaultClient, req)
}

// read sends a request and returns status and body.
func (p *Product) read(c *http.Client, req *http.Request) (int, string) {
	p.t.Helper()
	r, err := c.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// Send sends one event, the JSON payload of an SDK, and requires 200.
func (p *Product) Send(to Project, payload string) {
	p.t.Helper()
	envelope := fmt.Sprintf("{}\n{\"type\":\"event\",\"length\":%d}\n%s\n", len(payload), payload)
	if code, text := p.Post(to, "/api/"+to.ID+"/envelope/", nil, []byte(envelope)); code != http.StatusOK {
		p.t.Fatalf("sent an event: %d %s", code, text)
	}
}

// Get asks the JSON API and decodes the answer; it returns the status.
func (p *Product) Get(token, path string, out any) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if out != nil {
		if err := json.NewDecoder(r.Body).Decode(out); err != nil {
			p.t.Fatalf("GET %s: %v", path, err)
		}
	}
	return r.StatusCode
}

// Browser is a client with cookies that does not follow redirects.
func (p *Product) Browser() *http.Client {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Form posts a form as a page of ours would, and returns the answer.
func (p *Product) Form(c *http.Client, path string, fields url.Values) *http.Response {
	p.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.URL)
	r, err := c.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = r.Body.Close() })
	return r
}

// NewUser makes an account that SignInAs knows, with a role on a service, "" =
// everywhere. It returns its id.
func (p *Product) NewUser(email string, role errata.Role, service string) string {
	p.t.Helper()
	args := []string{"user", "create", "--email", email, "--name", "Person " + email, "--role", string(role)}
	if service != "" {
		args = append(args, "--project", service)
	}
	return p.Command(args...)["id"]
}

// Invite makes an invitation to a role on a service and returns the token of
// its link.
func (p *Product) Invite(email string, role errata.Role, service string) string {
	p.t.Helper()
	link := p.Command("invite", "--email", email, "--role", string(role), "--project", service)["link"]
	return link[strings.LastIndex(link, "/")+1:]
}

// SignIn returns a browser that the administrator is signed in with.
func (p *Product) SignIn() *http.Client { p.t.Helper(); return p.SignInAs(Email) }

// SignInAs returns a browser that an account is signed in with.
func (p *Product) SignInAs(email string) *http.Client {
	p.t.Helper()
	c := p.Browser()
	if r := p.Form(c, "/login", url.Values{"email": {email}, "password": {Password}}); r.StatusCode != http.StatusSeeOther { //nolint:bodyclose // the cleanup closes it
		p.t.Fatalf("sign-in: %s", r.Status)
	}
	return c
}

// Page reads a page with a browser.
func (p *Product) Page(c *http.Client, path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read(c, req)
}

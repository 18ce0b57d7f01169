package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/app"
	"errata/internal/apptest"
	"errata/internal/config"
	"errata/internal/errata"
	"errata/internal/views/page"
)

// signIns are the lines of the demo by which one becomes somebody.
var signIns = regexp.MustCompile(`(?m)^ {4}(\w+) +(\S+@\S+) +([0-9a-f]{16})   .+$`)

func TestDemo(t *testing.T) {
	if raceDetector {
		t.Skip("twelve weeks take minutes with the race detector")
	}
	p := apptest.Start(t, apptest.Options{Demo: true})
	temp := os.TempDir() //nolint:usetesting // the folder that Start chose
	dirs, err := os.ReadDir(temp)
	if err != nil || !slices.ContainsFunc(dirs, isDemo) {
		t.Fatalf("no data of the demo in %s: %v", temp, err)
	}
	if n := p.App.DemoSkipped(); n != 0 {
		t.Errorf("%d acts were refused", n)
	}
	people := map[errata.Role]*http.Client{}
	for _, m := range signIns.FindAllStringSubmatch(p.Printed(), -1) {
		c := p.Browser()
		if r := p.Form(c, "/login", url.Values{"email": {m[2]}, "password": {m[3]}}); r.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s cannot sign in: %s", m[2], r.Status)
		}
		people[errata.Role(m[1])] = c
	}
	for _, role := range errata.Roles {
		if people[role] == nil {
			t.Fatalf("nobody is %s in\n%s", role, p.Printed())
		}
		_, list := p.Page(people[role], "/issues")
		for _, path := range []string{"/overview", issueLink.FindString(list), "/analytics/response"} {
			if code, _ := p.Page(people[role], path); code != http.StatusOK {
				t.Errorf("%q of a %s: %d", path, role, code)
			}
		}
	}
	t.Run("pages", func(t *testing.T) { demoPages(t, p, people[errata.RoleAdmin]) })
	t.Run("sums", func(t *testing.T) { demoSums(t, p, people[errata.RoleAdmin]) })
	p.Stop()
	if dirs, err = os.ReadDir(temp); err != nil || slices.ContainsFunc(dirs, isDemo) {
		t.Errorf("the data of the demo are still there: %v %v", dirs, err)
	}
}

func isDemo(d os.DirEntry) bool { return strings.HasPrefix(d.Name(), "errata-demo-") }

// issueLink is the address of an issue.
var issueLink = regexp.MustCompile(`/issues/[A-Z]+-[0-9]+`)

// nothing is how a card says that it has nothing to show.
var nothing = regexp.MustCompile(`(?s)class="(?:empty|quiet)[" ].{0,200}`)

// demoPages looks for cards that are empty.
func demoPages(t *testing.T, p *apptest.Product, c *http.Client) {
	if _, text := p.Page(c, "/issues?q=zebrafish"); !nothing.MatchString(text) {
		t.Error("a list without issues is not recognised")
	}
	for _, path := range []string{
		"/overview", "/overview?range=7d", "/overview?range=30d", "/issues", "/issues?q=is:unresolved+assigned:none", "/issues?q=is:resolved",
		"/issues?q=is:ignored", "/issues?q=is:new", "/analytics/response", "/analytics/response?range=30d", "/analytics/response?range=7d", "/services", "/users", "/teams", "/audit", "/audit?stream=access", "/roles", "/me",
	} {
		code, text := p.Page(c, path)
		if code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
		}
		if empty := nothing.FindString(text); empty != "" {
			t.Errorf("%s has nothing to show: %s", path, empty)
		}
	}
}

// demoSums compares the counters with what was sent.
func demoSums(t *testing.T, p *apptest.Product, c *http.Client) {
	token := demoToken(t, p, c)
	var v struct{ Total int64 }
	p.Until(time.Minute, "all events counted", func() bool {
		sent := p.App.DemoSent()
		return p.Get(token, "/api/v1/analytics/volume?range=90d", &v) == http.StatusOK && v.Total == sent && p.App.DemoSent() == sent
	})
	if v.Total < 18_000 || v.Total > 60_000 {
		t.Errorf("%d events", v.Total)
	}
}

// demoToken makes a token by the form of the profile.
func demoToken(t *testing.T, p *apptest.Product, c *http.Client) string {
	r := p.Form(c, "/me/tokens", url.Values{"token-name": {"test"}, page.ScopeField(errata.AnalyticsRead): {"on"}, "days": {"30"}})
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	token := regexp.MustCompile(`err_[0-9A-Za-z_-]{20,}`).FindString(string(text))
	if token == "" {
		t.Fatalf("no token: %s", r.Status)
	}
	return token
}

// A demo that is stopped in the middle of its history leaves nothing, and no
// complaint.
func TestDemoStopped(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var cfg struct{ config.Config }
	if _, err := config.Parse(&cfg, &cfg.Config, []string{"--listen", "127.0.0.1:0"}, func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told := &firstLine{stop: stop}
	a, err := app.NewDemo(ctx, &cfg.Config, time.Now, slog.New(slog.DiscardHandler), told, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx); err != nil {
		t.Error(err)
	}
	if dirs, err := os.ReadDir(temp); err != nil || len(dirs) > 0 {
		t.Errorf("left %v, %v", dirs, err)
	}
}

// firstLine stops when anything is printed: then the history begins.
type firstLine struct{ stop func() }

// Write stops.
func (f *firstLine) Write(p []byte) (int, error) { f.stop(); return len(p), nil }

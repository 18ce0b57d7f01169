package chaos

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// page is an address that readers ask for.
type page struct {
	name, path string
	token      bool // of the JSON API
	file       bool // streamed: it may take its time
}

// answer is what came, and after how long.
type answer struct {
	status int
	text   string
	took   time.Duration
}

// more are addresses of one route beside its plain one.
var more = map[string][]string{
	"overview": {"?service=checkout", "?range=7d&env=production"},
	"issues": {
		"?q=deadlock&range=7d", "?q=os%3AiOS&range=7d", "?q=is%3Aresolved+OR+os%3AiOS&range=7d", "?q=is%3Aopen+deadlock+%21os%3AAndroid&range=7d",
		"?q=nothinglikethis&range=7d", "?q=release%3A1.0+os%3AiOS&sort=events&range=7d",
	},
	"events": {
		"?range=7d", "?q=deadlock&range=7d", "?q=is%3Aopen&range=7d", "?as=chart&by=os&range=7d", "?as=counts&by=env,os&range=7d",
		"?as=chart&measure=users&range=7d", "?field=os&range=7d", "?q=nothinglikethis&range=7d",
	},
	"issue":             {"?q=os%3AiOS&range=7d", "?range=7d"},
	"issue.events":      {"?range=7d", "?q=deadlock&range=7d"},
	"issue.tags":        {"?range=7d"},
	"issues.suggest":    {"?q=os%3A&at=3&range=7d", "?q=dead&range=7d"},
	"events.suggest":    {"?q=os%3A&at=3&range=7d", "?q=dead&range=7d"},
	"issues.facet":      {"?key=os&q=deadlock&range=7d"},
	"issues.csv":        {"?q=deadlock&range=7d"},
	"events.csv":        {"?range=7d"},
	"response":          {"?range=7d"},
	"api.issues":        {"?q=deadlock&range=7d", "?q=is%3Aresolved+OR+os%3AiOS&range=7d"},
	"api.issue.events":  {"?range=7d"},
	"api.events":        {"?q=deadlock&range=7d", "?range=7d"},
	"api.aggregate":     {"?q=deadlock&by=os&range=7d", "?range=7d", "?measure=users&range=7d"},
	"api.volume":        {"?q=deadlock&range=7d"},
	"api.query.explain": {"?q=deadlock&in=events"},
	"query.explain":     {"?q=deadlock&in=events"},
}

// pages are all addresses that can be asked for without changing anything.
func pages(p *apptest.Product, of data) (out []page) {
	fill := strings.NewReplacer(":event_id", of.event, ":event", of.event, ":part", "raw", ":slug", "checkout", ":stream", "change", ":seq", "1",
		":token", "0", ":invite", "0", ":job", "0", ":run", "0")
	for _, r := range p.App.Routes() {
		if r.Method != http.MethodGet || r.Auth != errata.AuthSession && r.Auth != errata.AuthToken {
			continue
		}
		id, key := "CHE-1", "os"
		if r.Object == "trace" {
			id = of.trace
		}
		path := r.Path
		if r.Object == "issue" {
			path = strings.Replace(path, ":event", "last", 1) // one that is its own
		}
		path = strings.NewReplacer(":id", id, ":key", key).Replace(fill.Replace(path))
		ext := path[strings.LastIndex(path, "/"):]
		file := strings.HasSuffix(ext, ".csv") || strings.HasSuffix(ext, ".ndjson") || strings.HasSuffix(ext, ".xlsx") || strings.HasSuffix(ext, ".print")
		for _, query := range append([]string{""}, more[r.Name]...) {
			out = append(out, page{r.Name, path + query, r.Auth == errata.AuthToken, file})
		}
	}
	return out
}

// reader asks for pages, signed in and with a token.
type reader struct {
	p       *apptest.Product
	browser *http.Client
	token   string
}

func newReader(p *apptest.Product) reader { return reader{p, p.SignIn(), p.Token(apptest.AllScopes)} }

// get asks once, following redirects to canonical addresses.
func (r reader) get(t *testing.T, pg page) answer {
	t.Helper()
	began := time.Now()
	path := pg.path
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.p.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		client := r.browser
		if pg.token {
			client = http.DefaultClient
			req.Header.Set("Authorization", "Bearer "+r.token)
		}
		res, err := client.Do(req)
		if err != nil {
			return answer{0, err.Error(), time.Since(began)}
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		a := answer{res.StatusCode, string(text), time.Since(began)}
		if err != nil {
			a.text += "\ncut off: " + err.Error()
		}
		if res.StatusCode != http.StatusSeeOther || strings.HasPrefix(res.Header.Get("Location"), "/login") {
			return a
		}
		path = res.Header.Get("Location")
		began = time.Now() // an answer of its own
	}
	return answer{0, "goes round in circles", time.Since(began)}
}

var (
	mainPart = regexp.MustCompile(`(?s)<main.*</main>`)
	unseen   = regexp.MustCompile(`(?s)<(script|style|svg|template)[ >].*?</(script|style|svg|template)>|<time[ >].*?</time>`)
	tag      = regexp.MustCompile(`<[^>]*>`)
	space    = regexp.MustCompile(`\s+`)
	clocks   = regexp.MustCompile(`(?i)\b(under )?\d+(\.\d+)? ?(ms|s|sec|m|min|h|d|hours?|minutes?|seconds?|days?|weeks?)\b( ago)?|\b\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( UTC)?|just now|\d{4}-\d{2}-\d{2}[T ]?[\d:.Z]*|[0-9a-f]{8}-[0-9a-f-]{27}|"(next|previous|oldest_s|took_ms)":.*|\b\d+(\.\d+)? [KMG]?B\b`)
)

// said are the lines that a page shows in its main part, without times. Lines
// of JSON are its members.
func (a answer) said() []string {
	text := a.text
	if m := mainPart.FindString(text); m != "" {
		text = html.UnescapeString(tag.ReplaceAllString(unseen.ReplaceAllString(m, "\n"), "\n"))
	} else {
		text = strings.NewReplacer(",", "\n", "{", "\n", "}", "\n").Replace(text)
	}
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(space.ReplaceAllString(clocks.ReplaceAllString(line, ""), " "))
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (a answer) json() bool { return strings.HasPrefix(a.text, "{") }

// without are the lines of a that b does not have.
func without(a, b []string) (out []string) {
	for _, line := range a {
		if !slices.Contains(b, line) && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// notice is how a page says that something is missing.
var notice = regexp.MustCompile(`(?i)could not be|cannot be reached|not reachable|took too long|too many (searches|requests) are|does not answer|did not answer|cannot answer|cannot be read|Not available right now|titles only|only titles|"code":"(unavailable|slow_down)"|"gaps":\[\{|could not be counted|>about \d|"exact":false|search degraded`)

// claims are sentences and figures that say that there is nothing.
var claims = regexp.MustCompile(`(?i)^(no |nothing|none\b|there (is|are) no )|^0$|\b0 (events?|issues?|users?|matches|hits|results)\b|^"(total|value|count|events|users)":0$`)

// faultsOf says what is wrong with an answer while the cluster fails, given what
// it was before.
func faultsOf(pg page, well, now answer) (out []string) {
	if now.status != well.status && now.status != http.StatusServiceUnavailable && now.status != http.StatusTooManyRequests {
		out = append(out, fmt.Sprintf("status %d instead of %d", now.status, well.status))
	}
	if pg.name == "system" || strings.HasPrefix(now.text, "PK") { // figures of the machine; a workbook, for which the CSV of its address stands
		return out
	}
	before, after := well.said(), now.said()
	missing := without(before, after)
	if len(missing) > 0 && !notice.MatchString(strings.Join(after, "\n")) && (!now.json() || !notice.MatchString(now.text)) {
		out = append(out, fmt.Sprintf("misses %.300q and does not say so: %.600q", missing, without(after, before)))
	}
	for _, line := range without(after, before) {
		if claims.MatchString(line) && !strings.Contains(line, "incomplete") {
			out = append(out, fmt.Sprintf("says %q, which nobody knows", line))
		}
	}
	return out
}

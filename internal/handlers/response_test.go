package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
)

// respond sends n events of different kinds, and answers some of their issues.
func respond(t *testing.T, p *apptest.Product, clock *hands, n int) {
	t.Helper()
	shop := p.NewProject("checkout")
	for i := range n {
		p.Send(shop, fmt.Sprintf(`{"event_id":"0192f3c4a6b84d0e8f7a1122334455%02x","level":%q,"environment":"production","release":"shop@1.4.%d",
			"exception":{"values":[{"type":"Kind%dError","value":"went wrong"}]}}`, i, []string{"fatal", "error", "info"}[i%3], i%2, i))
	}
	token := p.Token(apptest.AllScopes + ",issue:ack,issue:resolve,issue:ignore")
	p.Until(15*time.Second, "all events counted", func() bool {
		var list struct{ Total struct{ Value int } }
		p.Get(token, "/api/v1/issues", &list)
		return list.Total.Value == n
	})
	for i := range n {
		clock.forward(time.Duration(1+i*7) * time.Minute)
		id := fmt.Sprintf("/api/v1/issues/%s-%d/", shop.Prefix, i+1)
		for _, act := range [][]string{{}, {"ack"}, {"ack", "resolve {\"cause\":\"fixed\",\"note\":\"released\"}"}, {"ignore {\"reason\":\"noise\"}"}}[i%4] {
			if code, _, body := ask(t, p, token, "POST "+id+act); code != http.StatusOK {
				t.Fatalf("%s%s: %d %v", id, act, code, body)
			}
			clock.forward(9 * time.Minute)
		}
	}
}

var (
	figureLink = regexp.MustCompile(`<a href="(/analytics/response/episodes[^"]*)"[^>]*>([0-9]+)(?:, oldest [^<]*)?</a>`)
	episodeRow = regexp.MustCompile(`<tr><th scope="row"><span class="ep">`)
)

// TestEveryNumberLeadsToItsEpisodes follows each number of the page and counts
// the rows behind it.
func TestEveryNumberLeadsToItsEpisodes(t *testing.T) {
	clock := newHands()
	apptest.Each(t, apptest.Options{Clock: clock.now}, func(t *testing.T, p *apptest.Product) {
		respond(t, p, clock, 12)
		who := p.SignIn()
		for _, path := range []string{
			"/analytics/response", "/analytics/response?by=service", "/analytics/response?by=user", "/analytics/response?by=release&response=explicit",
			"/analytics/response?q=env:production+severity:P2,P3&range=24h&by=owner&basis=event", "/analytics/response?cohort=opened&bucket=day&range=7d&tz=Asia/Kolkata",
		} {
			code, page := p.Page(who, path)
			if code != http.StatusOK {
				t.Fatalf("%s: %d", path, code)
			}
			links := figureLink.FindAllStringSubmatch(page, -1)
			if len(links) < 10 {
				t.Errorf("%s: %d numbers lead somewhere", path, len(links))
			}
			for _, l := range links {
				code, list := p.Page(who, html.UnescapeString(l[1]))
				if n, _ := strconv.Atoi(l[2]); code != http.StatusOK || len(episodeRow.FindAllString(list, -1)) != n {
					t.Errorf("%s: %s says %s and lists %d (%d)", path, l[1], l[2], len(episodeRow.FindAllString(list, -1)), code)
				}
			}
		}
	})
}

func TestResponsePage(t *testing.T) {
	clock := newHands()
	p := apptest.Start(t, apptest.Options{Clock: clock.now})
	respond(t, p, clock, 3)
	who := p.SignIn()
	for _, c := range []struct {
		path  string
		code  int
		holds string // in the page, or where it leads
	}{
		{"/analytics/response", 200, "MTTA median"},
		{"/analytics/response?service=checkout&severity=P0,P1", 303, "/analytics/response?q=service:checkout+severity:P0,P1"},
		{"/analytics/response?q=&range=90d&by=severity", 303, "/analytics/response"},
		{"/analytics/response?q=severity:P0&q=env:production&by=release", 303, "q=severity:P0+env:production&by=release"},
		{"/analytics/response?q=os:iOS", 422, "not known of episodes"},
		{"/analytics/response?q=service:nowhere", 422, "nowhere"},
		{"/analytics/response?bucket=hour", 400, "at most 400"},
		{"/analytics/response?bucket=5m", 400, "is no bucket"},
		{"/analytics/response?by=colour", 400, "nothing to group by"},
		{"/analytics/response?basis=mood", 400, "not known here"},
		{"/analytics/response?tz=Moon", 400, "no time zone"},
		{"/analytics/response/episodes?show=everything", 400, "no such list"},
		{"/analytics/response/episodes?over=NaN", 400, "no number of seconds"},
		{"/analytics/response/episodes?show=waiting", 200, "that nobody has answered"},
		{"/analytics/response/episodes?metric=ttr&show=ignored&range=24h", 200, "left out: ignored"},
	} {
		t.Run(c.path, func(t *testing.T) {
			a := send(t, p, who, http.MethodGet, c.path, "")
			if got := a.text + a.Header.Get("Location"); a.StatusCode != c.code || !strings.Contains(got, c.holds) {
				t.Errorf("%d, %.300s", a.StatusCode, got)
			}
		})
	}
}

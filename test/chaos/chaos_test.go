// Package chaos runs the whole product on a real Elasticsearch that fails in
// every way there is, and looks at every page meanwhile.
package chaos

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
)

// data is what was sent.
type data struct {
	shop         apptest.Project
	sent         int
	event, trace string
}

const (
	kinds   = 4
	atFirst = 48 // events before anything fails
	duringA = 12 // events while it fails
)

// payload is event n, on the day before today when old.
func (d *data) payload(n int, old bool) string {
	when := time.Now().UTC()
	if old {
		hour := 6 * time.Hour // of yesterday, far from the same time of day: no range ends there meanwhile
		if when.Hour() < 12 {
			hour = 18 * time.Hour
		}
		when = when.Truncate(24 * time.Hour).Add(hour - 24*time.Hour + time.Duration(n)*time.Second)
	}
	return fmt.Sprintf(`{"event_id":"%032x","timestamp":%q,"level":%q,"environment":"production","release":"1.%d",
		"user":{"id":"%d"},"tags":{"region":"eu"},"contexts":{"os":{"name":%q},"trace":{"trace_id":%q,"span_id":"00000000000000aa"}},
		"exception":{"values":[{"type":"Kind%dError","value":"deadlock in table %d"}]}}`,
		n+1, when.Format(time.RFC3339Nano), []string{"fatal", "error", "warning"}[n%3], n%2, n%7, []string{"iOS", "Android"}[n%2], d.trace, n%kinds, n%kinds)
}

// send sends more events; each must be taken, and soon.
func (d *data) send(t *testing.T, p *apptest.Product, n int, old func(int) bool) {
	t.Helper()
	for range n {
		began := time.Now()
		p.Send(d.shop, d.payload(d.sent, old(d.sent)))
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("event %d was taken after %s", d.sent, took)
		}
		d.sent++
	}
}

// found is how many events the engine finds, and how many the issues count; why
// says what stands in the way.
func found(p *apptest.Product, token string) (searched, counted int64, why string) {
	var events struct {
		Total struct{ Value int64 }
		Gaps  []any
		Error any
	}
	var issues struct {
		Items []struct{ Events int64 }
		Error any
	}
	if code := p.Get(token, "/api/v1/aggregate?range=7d", &events); code != http.StatusOK || len(events.Gaps) > 0 {
		return -1, -1, fmt.Sprint(code, events)
	}
	if code := p.Get(token, "/api/v1/issues?range=7d", &issues); code != http.StatusOK {
		return -1, -1, fmt.Sprint(code, issues)
	}
	for _, i := range issues.Items {
		counted += i.Events
	}
	return events.Total.Value, counted, ""
}

// all waits until everything that was sent is found, each event once.
func (d *data) all(t *testing.T, p *apptest.Product, token string) {
	t.Helper()
	var searched, counted int64
	var why string
	defer func() {
		if t.Failed() {
			t.Logf("sent %d, searched %d, counted %d %s", d.sent, searched, counted, why)
		}
	}()
	until(t, patience, "everything that was sent is found", func() bool {
		searched, counted, why = found(p, token)
		return searched >= int64(d.sent) && counted >= int64(d.sent)
	})
	if searched != int64(d.sent) || counted != int64(d.sent) {
		t.Errorf("sent %d events, %d are found and %d counted", d.sent, searched, counted)
	}
}

// patience is how long it may take until all is found: the guard asks again
// within half a minute, and what waits to be stored is tried every minute.
const patience = 2 * time.Minute

// limit is how long any page may take.
const limit = 2 * time.Second

// TestElasticsearch breaks the cluster in every way. Meanwhile every page
// answers in time and says what is missing, and never that there is nothing;
// events are taken; afterwards all are found, once.
func TestElasticsearch(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the product and breaks its Elasticsearch")
	}
	for _, undaunted := range []bool{true, false} { // without and with the guard that leaves the cluster alone
		name := "guarded"
		if undaunted {
			name = "undaunted"
		}
		t.Run(name, func(t *testing.T) {
			c := inFront(t)
			p := apptest.Start(t, apptest.Options{Stores: apptest.Scaled, Elastic: c.URL, Undaunted: undaunted, Log: logs(t)})
			d := data{shop: p.NewProject("checkout"), event: fmt.Sprintf("%032x", 1), trace: strings.Repeat("0af7", 8)}
			r := newReader(p)
			d.send(t, p, atFirst, func(n int) bool { return n%2 == 1 })
			d.all(t, p, r.token)
			for _, f := range faults {
				t.Run(f.name, func(t *testing.T) { c.t = t; suffer(t, c, p, &d, r, f) })
			}
		})
	}
}

// logs keeps the product's log for a test that fails; nil: nobody wants it.
func logs(t *testing.T) io.Writer {
	t.Helper()
	if os.Getenv("ERRATA_TEST_LOG") == "" {
		return nil
	}
	return t.Output()
}

// suffer looks at every page while the cluster fails.
func suffer(t *testing.T, c *cluster, p *apptest.Product, d *data, r reader, f fault) {
	all := pages(p, *d)
	well := make([]answer, len(all))
	for i, pg := range all {
		well[i] = r.get(t, pg)
	}
	end := f.begin(c, p.Config.Search.Elastic.Prefix)
	defer func() {
		end()
		d.all(t, p, r.token)
	}()
	for i, pg := range all {
		t.Run(pg.path, func(t *testing.T) {
			now := r.get(t, pg)
			if now.took > limit && !pg.file { // once more: the machine may have been busy
				now = r.get(t, pg)
			}
			if now.took > limit && !pg.file {
				t.Errorf("answered after %s", now.took)
			}
			for _, problem := range faultsOf(pg, well[i], now) {
				t.Error(problem)
			}
		})
	}
	d.send(t, p, duringA, func(int) bool { return false })
}

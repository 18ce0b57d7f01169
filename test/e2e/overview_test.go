package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
)

// late is an event of a new kind; every kind is an issue of its own.
func (o *overviewed) late(n int) {
	o.p.Send(o.shop, fmt.Sprintf(`{"event_id":"%032x","timestamp":%d,"platform":"go","level":"fatal","environment":"production","exception":{"values":[{"type":"Kind%dFault","value":"parcel lost"}]}}`,
		n, time.Now().Add(-time.Duration(n)*time.Second).Unix(), n))
}

// overviewed is a product whose overview somebody watches.
type overviewed struct {
	p    *apptest.Product
	shop apptest.Project
	sent int
}

func overviewOf(t *testing.T, script bool) (*overviewed, *tab) {
	p := apptest.Start(t, apptest.Options{})
	o := &overviewed{p: p, shop: p.NewProject("shop")}
	for o.sent < 3 {
		o.sent++
		o.late(o.sent)
	}
	b := newTab(t, p.URL, script)
	b.signIn(apptest.Email, apptest.Password)
	b.arrive("/overview")
	b.wait("three issues wait", func() bool {
		b.open("/overview")
		return len(b.queue()) == 3
	})
	return o, b
}

func (b *tab) queue() []string {
	return ask[[]string](b, `[...document.querySelectorAll("#queue [data-live-row]")].map(r => r.id)`)
}

// TestOverviewStaysCurrent: what is new waits behind a pill, no row moves until
// it is pressed, and the updates can be paused.
func TestOverviewStaysCurrent(t *testing.T) {
	o, b := overviewOf(t, true)
	before := b.queue()
	b.until("live", `document.querySelector("[data-live-state]").textContent.startsWith("Live")`)
	b.click("[data-live-pause]")
	b.until("paused", `document.querySelector("[data-live-state]").textContent.startsWith("Paused")`)
	b.open("/overview")
	b.until("still paused", `document.querySelector("[data-live-pause]").getAttribute("aria-pressed") === "true"`)

	o.sent++
	o.late(o.sent)
	b.wait("the new issue beside the old ones", func() bool {
		b.click("[data-live-pause]") // resumes, and reads at once
		b.until("read", `document.querySelector("[data-live-state]").textContent.startsWith("Live, 0s") || document.querySelector("[data-live-apply]") !== null`)
		if b.has("#queue [data-live-apply]") {
			return true
		}
		b.click("[data-live-pause]")
		return false
	})
	if now := b.queue(); !slices.Equal(now, before) {
		t.Errorf("rows moved: %v, then %v", before, now)
	}
	if text := b.text("#queue [data-live-apply]"); text != "1 new" {
		t.Errorf("the pill says %q", text)
	}
	b.until("the number is current", `document.querySelector("#queue [data-live-count]").textContent === "4 open"`)
	b.until("so is the key figure", `document.querySelector("#kpi-unresolved .v b").textContent.trim() === "4"`)
	b.click("#queue [data-live-apply]")
	b.until("four rows and no pill", `document.querySelectorAll("#queue [data-live-row]").length === 4 && !document.querySelector("#queue [data-live-apply]")`)
	b.clean("/overview")

	first := b.queue()[0]
	b.click("#" + first + " form button")
	b.until("the row says so", `document.getElementById("`+first+`").textContent.includes("Acknowledged by you")`)
	if !strings.HasSuffix(b.here(), "/overview") {
		t.Errorf("acknowledging leads to %s", b.here())
	}
	b.clean("/overview after acknowledging")
}

// TestOverviewWithoutScript: time, figures, filters and acknowledging need no
// script.
func TestOverviewWithoutScript(t *testing.T) {
	_, b := overviewOf(t, false)
	b.contains("[data-live-state]", "as of ")
	b.contains("#kpi-unresolved .v", "3")
	first := b.queue()[0]
	b.submit("#" + first + " form button")
	b.arrive("/overview")
	if left := b.queue(); len(left) != 2 || slices.Contains(left, first) {
		t.Errorf("after acknowledging %s the queue has %v", first, left)
	}
	b.follow("#kpi-unresolved", "/issues?q=is:unresolved&range=3650d")
	b.contains("main", "3 issues")
}

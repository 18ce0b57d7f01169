package page

import (
	"strings"

	"github.com/a-h/templ"
)

// OverviewParts are the cards that can be asked for alone.
var OverviewParts = []string{"kpis", "volume", "queue", "top", "services", "response"}

// Whole shows the page.
func (m Overview) Whole() templ.Component { return overviewPage(m) }

// Part shows a card, or a row of the queue.
func (m Overview) Part(name string) (templ.Component, bool) {
	if m.Empty != nil {
		return nil, false
	}
	switch name {
	case "kpis":
		return kpiStrip(m), true
	case "volume":
		return overviewVolume(m.Volume), true
	case "queue":
		return needCard(m.Queue), true
	case "top":
		return topCard(m.Top), true
	case "services":
		return servicesCard(m.Services), true
	case "response":
		return weeksCard(m.Weeks), true
	}
	return nil, false
}

// Whole shows the row.
func (r QueueRow) Whole() templ.Component { return queueRow(r) }

// Part shows the row: it is nothing but this part.
func (r QueueRow) Part(name string) (templ.Component, bool) { return queueRow(r), name == r.rowID() }

// NeedID returns the short id of the issue whose row of the queue a part of the
// page is.
func NeedID(part string) (id string, ok bool) { return strings.CutPrefix(part, needID) }

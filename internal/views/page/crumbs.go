package page

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// Breadcrumbs is what happened before the error, oldest first.
type Breadcrumbs struct {
	Count string
	Rows  []Crumb
	More  ui.Link // leads to the earlier ones; no text = all are shown
}

// Crumb is one thing that happened.
type Crumb struct {
	Icon, Tone     string // tone: "", wrn, err
	Category, Text string
	Level          string
	Before         string // span to the event: "-412 ms"
	Data           []ui.Row
}

// crumbsShown is how many breadcrumbs stand under a stack trace.
const crumbsShown = 8

func newBreadcrumbs(ev *errata.Event, limit int) Breadcrumbs {
	all := ev.Breadcrumbs
	b := Breadcrumbs{Count: strconv.Itoa(len(all)) + " before the error"}
	if limit > 0 && len(all) > limit {
		b.More.Text = "Show " + strconv.Itoa(len(all)-limit) + " earlier"
		all = all[len(all)-limit:]
	}
	for i := range all {
		b.Rows = append(b.Rows, newCrumb(&all[i], ev))
	}
	if len(b.Rows) > 0 {
		b.Rows = append(b.Rows, raisedCrumb(ev))
	}
	return b
}

// raisedCrumb is the error itself, at the end of its story.
func raisedCrumb(ev *errata.Event) Crumb {
	text := ev.Message
	if x := ev.Thrown(); x != nil {
		text = trimColon(x.Type + ": " + x.Value)
	}
	return Crumb{Icon: "circle-alert", Tone: "err", Category: "this event", Text: ui.Clip(ui.FirstLine(text), 300), Level: string(ev.Level), Before: "0 ms"}
}

func newCrumb(c *errata.Breadcrumb, ev *errata.Event) Crumb {
	out := Crumb{Icon: crumbIcon(c), Category: ui.Clip(crumbCategory(c), 64), Level: string(c.Level), Text: ui.Clip(crumbText(c), 500)}
	switch c.Level {
	case errata.LevelFatal, errata.LevelError:
		out.Tone, out.Icon = "err", "circle-alert"
	case errata.LevelWarning:
		out.Tone, out.Icon = "wrn", "triangle-alert"
	case errata.LevelInfo, errata.LevelDebug:
	}
	if out.Level == "" {
		out.Level = string(errata.LevelInfo)
	}
	if c.Timestamp != 0 {
		out.Before = beforeWords(c.Timestamp - ev.Timestamp)
	}
	for _, m := range c.Data {
		out.Data = append(out.Data, ui.Row{Name: ui.Clip(m.Key, 80), Value: ui.Clip(plainJSON(m.Value), 600)})
	}
	return out
}

func beforeWords(us int64) string {
	switch {
	case us == 0:
		return "0 ms"
	case us > 0:
		return "+" + ui.Duration(time.Duration(us)*time.Microsecond)
	}
	return "-" + ui.Duration(time.Duration(-us)*time.Microsecond)
}

func crumbCategory(c *errata.Breadcrumb) string {
	if c.Category != "" {
		return c.Category
	}
	if c.Type != "" {
		return c.Type
	}
	return "default"
}

// crumbIcons pairs what a category or type contains with its sign.
var crumbIcons = []struct{ word, icon string }{
	{"http", "network"},
	{"xhr", "network"},
	{"fetch", "network"},
	{"request", "network"},
	{"grpc", "network"},
	{"query", "database"},
	{"db", "database"},
	{"sql", "database"},
	{"redis", "database"},
	{"navigation", "arrow-right"},
	{"route", "arrow-right"},
	{"ui.", "mouse-pointer-click"},
	{"click", "mouse-pointer-click"},
	{"touch", "mouse-pointer-click"},
	{"console", "terminal"},
	{"log", "terminal"},
	{"exception", "circle-alert"},
	{"error", "circle-alert"},
	{"flag", "zap"},
	{"session", "user"},
	{"auth", "user"},
	{"user", "user"},
}

func crumbIcon(c *errata.Breadcrumb) string {
	s := strings.ToLower(c.Category + " " + c.Type)
	for _, p := range crumbIcons {
		if strings.Contains(s, p.word) {
			return p.icon
		}
	}
	return "circle-small"
}

// crumbText is the message, and for a call over the network what was asked and
// answered.
func crumbText(c *errata.Breadcrumb) string {
	get := func(key string) string {
		v, _ := c.Data.Get(key)
		return plainJSON(v)
	}
	if url := get("url"); url != "" {
		text := trimColon(get("method") + " " + url)
		if s := cmp.Or(get("status_code"), get("status")); s != "" {
			text += "  " + s
		}
		if c.Message == "" {
			return text
		}
	}
	if c.Message != "" {
		return c.Message
	}
	if from, to := get("from"), get("to"); from != "" || to != "" {
		return from + " → " + to
	}
	var pairs []string
	for _, m := range c.Data {
		pairs = append(pairs, m.Key+"="+plainJSON(m.Value))
	}
	return strings.Join(pairs, "  ")
}

// plainJSON writes a text value without its quotes, anything else as JSON.
func plainJSON(raw json.RawMessage) string {
	var s string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

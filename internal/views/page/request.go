package page

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// Request is the HTTP request during which the error happened.
type Request struct {
	None        bool
	Method, URL string
	Link        string // URL when it is safe to follow
	Status      *ui.Chip
	Groups      []RowGroup
	Body        string
	BodyNote    string
}

// RowGroup is a titled list of facts.
type RowGroup struct {
	Title, Note string
	Rows        []ui.Row
	Open        bool
}

func newRequest(ev *errata.Event, revealed bool) Request {
	r := ev.Request
	if r == nil {
		return Request{None: true}
	}
	out := Request{Method: r.Method, URL: r.URL, Link: ui.SafeLink(r.URL), Status: statusChip(r.Status)}
	if out.URL == "" {
		out.URL = r.Path
	}
	client := RowGroup{Title: "Client"}
	if ev.ClientIP != "" {
		client.Rows = append(client.Rows, maskable(ui.Row{Name: "Address", Value: ev.ClientIP, Mono: true}, "address", revealed))
	}
	for _, g := range []RowGroup{
		client, {Title: "Query", Rows: pairRows(r.Query)}, {Title: "Headers", Rows: pairRows(r.Headers)}, {Title: "Cookies", Rows: pairRows(r.Cookies)},
	} {
		if len(g.Rows) > 0 {
			out.Groups = append(out.Groups, g)
		}
	}
	if r.Body != "" {
		out.Body, out.BodyNote = indented([]byte(r.Body)), ui.Bytes(int64(len(r.Body)))
	}
	return out
}

func statusChip(code int) *ui.Chip {
	if code == 0 {
		return nil
	}
	c := &ui.Chip{Text: strconv.Itoa(code), Tone: "ok", Title: "Status of the answer"}
	switch {
	case code >= 500:
		c.Tone = "esc"
	case code >= 400:
		c.Tone = "warn"
	}
	return c
}

func pairRows(pairs []errata.Pair) []ui.Row {
	var out []ui.Row
	for _, p := range pairs {
		out = append(out, ui.Row{Name: ui.Clip(p.Key, 120), Value: ui.Clip(p.Value, 2000), Mono: true})
	}
	return out
}

// indented writes JSON with line breaks; what is no JSON stays as it is.
func indented(raw []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(raw), "", "  "); err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return b.String()
}

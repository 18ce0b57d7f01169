package page

import (
	"errata/internal/errata"
	"errata/internal/views/ui"
)

// EventIn is the event that the issue page shows. Asked is how the address
// named it: an id, first, last, recommended, or "". First, Previous, Next and
// Last are event ids, "" = none that way. Position counts from the oldest, 0 =
// unknown. JSON is the whole canonical event as this reader may see it.
type EventIn struct {
	Event           *errata.Event
	Asked           string
	Part            Part
	Frames          FrameMode
	First, Previous string
	Next, Last      string
	Position, Total int64
	JSON            []byte
	Settings        errata.ProjectSettings
	Revealed        bool // personal data is in clear
	MayReveal       bool // the reader may have it shown
	Failed          *ui.Failure
	Nearest         string // id offered when the event is gone, "" = none is left
}

// Event is the part of the issue page that shows one event.
type Event struct {
	Name, Short string
	Position    string
	At          ui.Time
	ID          string
	Nav         []EventStep
	Recommended *ui.Link // nil when it is shown
	Modes       []ui.Link
	Tabs        []ui.Link
	Part        Part
	Facts       []ui.Row
	User        []ui.Row
	Tags        []ui.Row
	TagsMore    *ui.Link
	Stack       Stack
	Crumbs      Breadcrumbs
	Request     Request
	All         TagSheet
	JSON        string
	Failed      *ui.Failure
	Gone        *Empty
	Notes       []ui.Row // what was changed on arrival
	Reveal      string   // address that shows personal data, "" = none is hidden, or not from this reader
}

// EventStep is one of the four buttons that lead through the events.
type EventStep struct {
	Name, Icon, URL, Key string // URL "" = no event that way
}

var eventNames = map[string]string{
	"": "Recommended event", EventRecommended: "Recommended event", EventLast: "Latest event", EventFirst: "Oldest event",
}

func newEvent(id string, in IssueIn) Event {
	x := in.Event
	u := IssueURL{ID: id, Event: x.Asked, Part: x.Part, Frames: x.Frames}
	e := Event{Part: u.Part, Failed: x.Failed, Name: "Event"}
	if name, ok := eventNames[x.Asked]; ok {
		e.Name = name
	}
	if e.Part == "" {
		e.Part = PartStack
	}
	if x.Failed != nil {
		return e
	}
	e.Nav, e.Recommended = eventSteps(u, x), recommendedLink(u)
	if x.Event == nil {
		e.Gone = gone(u, x)
		return e
	}
	e.fill(u, in)
	return e
}

func (e *Event) fill(u IssueURL, in IssueIn) {
	x, ev := in.Event, in.Event.Event
	e.ID, e.Short, e.At = ev.ID, shortEvent(ev.ID), in.Moment.Stamp(ev.Timestamp)
	if x.Position > 0 && x.Total > 0 {
		e.Position = ui.Exact(x.Position) + " of " + ui.Exact(x.Total)
	}
	e.Tabs, e.Modes = eventTabs(u, ev), frameModes(u, ev)
	e.Facts = eventFacts(ev, in.Moment)
	e.User = userRows(ev, x.Settings, x.Revealed)
	if x.MayReveal && !x.Revealed && identified(ev) {
		e.Reveal = reveal(u, ev.ID)
	}
	e.Tags, e.TagsMore = topTags(u, ev)
	e.Notes = noteRows(ev.Notes)
	switch e.Part {
	case PartBreadcrumbs:
		e.Crumbs = newBreadcrumbs(ev, 0)
	case PartRequest:
		e.Request = newRequest(ev, x.Revealed)
	case PartTags: // the rail need not repeat them
		e.All, e.Tags, e.TagsMore = newTagSheet(ev), nil, nil
	case PartJSON:
		e.JSON = indented(x.JSON)
	default:
		e.Stack = newStack(ev, x.Frames)
		e.Crumbs = newBreadcrumbs(ev, crumbsShown)
		e.Crumbs.More.URL = u.withPart(PartBreadcrumbs).String()
	}
}

func shortEvent(id string) string { return id[:min(8, len(id))] }

func eventSteps(u IssueURL, x EventIn) []EventStep {
	link := func(id, name string) string {
		if id == "" || x.Event != nil && id == x.Event.ID {
			return ""
		}
		return u.withEvent(name).String()
	}
	return []EventStep{
		{"First event", "chevrons-left", link(x.First, EventFirst), "H"},
		{"Previous event", "chevron-left", link(x.Previous, x.Previous), "h"},
		{"Next event", "chevron-right", link(x.Next, x.Next), "l"},
		{"Last event", "chevrons-right", link(x.Last, EventLast), "L"},
	}
}

func recommendedLink(u IssueURL) *ui.Link {
	if u.Event == "" || u.Event == EventRecommended {
		return nil
	}
	return &ui.Link{Text: "Recommended", URL: u.withEvent(EventRecommended).String(), Key: ";"}
}

func eventTabs(u IssueURL, ev *errata.Event) []ui.Link {
	names := map[Part]string{PartStack: "Stack trace", PartBreadcrumbs: "Breadcrumbs", PartRequest: "Request", PartTags: "Tags", PartJSON: "JSON"}
	counts := map[Part]int{PartBreadcrumbs: len(ev.Breadcrumbs), PartTags: len(ev.Tags)}
	var out []ui.Link
	for i, p := range Parts {
		l := ui.Link{Text: names[p], URL: u.withPart(p).String(), Current: p == u.Part || p == PartStack && u.Part == "", Key: string(rune('1' + i))}
		if counts[p] > 0 {
			l.Count = ui.Num(int64(counts[p]))
		}
		out = append(out, l)
	}
	return out
}

func frameModes(u IssueURL, ev *errata.Event) []ui.Link {
	if u.Part != "" && u.Part != PartStack || !hasFrames(ev) {
		return nil
	}
	mode := ParseFrames(string(u.Frames))
	out := []ui.Link{{Text: "In app"}, {Text: "All"}, {Text: "Raw"}}
	for i, m := range []FrameMode{FramesInApp, FramesAll, FramesRaw} {
		out[i].URL, out[i].Current = u.withFrames(m).String(), m == mode
	}
	if mode == FramesInApp { // z toggles
		out[1].Key = "z"
	} else {
		out[0].Key = "z"
	}
	return out
}

func hasFrames(ev *errata.Event) bool {
	for i := range ev.Exceptions {
		if len(ev.Exceptions[i].Frames) > 0 {
			return true
		}
	}
	for i := range ev.Threads {
		if len(ev.Threads[i].Frames) > 0 {
			return true
		}
	}
	return false
}

func gone(u IssueURL, x EventIn) *Empty {
	e := &Empty{Icon: "history", Title: "This event is no longer kept", Text: "Its retention time is over. The issue's counts still include it."}
	if x.Nearest != "" {
		e.Action = &ui.Link{Text: "Show the nearest event", URL: u.withEvent(x.Nearest).String()}
	}
	return e
}

func eventFacts(ev *errata.Event, m ui.Moment) []ui.Row {
	at, received := m.Stamp(ev.Timestamp), m.Stamp(ev.ReceivedAt)
	rows := []ui.Row{{Name: "Time", Time: &at}}
	if ev.ReceivedAt != 0 && max(ev.ReceivedAt-ev.Timestamp, ev.Timestamp-ev.ReceivedAt) > 60e6 {
		rows = append(rows, ui.Row{Name: "Received", Time: &received})
	}
	rows = append(rows, ui.Row{Name: "Severity", Value: ev.Severity.String() + " " + ev.Severity.Word(), Note: string(ev.Level)})
	for _, r := range []ui.Row{
		{Name: "Environment", Value: ev.Environment},
		{Name: "Release", Value: ev.Release, Note: ev.Dist, Mono: true},
		{Name: "Host", Value: ev.Host, Mono: true},
		{Name: "Transaction", Value: ev.Transaction, Mono: true},
		{Name: "Logger", Value: ev.Logger, Mono: true},
		{Name: "SDK", Value: sdkName(ev.SDK)},
		{Name: "Trace", Value: ui.Clip(traceID(ev.Trace), 17), Title: traceID(ev.Trace), URL: traceLink(traceID(ev.Trace))},
		{Name: "Request id", Value: ev.RequestID, URL: traceLink(ev.RequestID)},
	} {
		if r.Value != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// traceLink leads to everything of a trace or request, "" without an id.
func traceLink(id string) string {
	if id == "" {
		return ""
	}
	return TraceURL(id)
}

func sdkName(s *errata.SDK) string {
	if s == nil {
		return ""
	}
	return trimColon(s.Name + " " + s.Version)
}

func traceID(t *errata.Trace) string {
	if t == nil {
		return ""
	}
	return t.TraceID
}

func noteRows(notes []errata.Note) []ui.Row {
	var rows []ui.Row
	for _, n := range notes {
		rows = append(rows, ui.Row{Name: n.Path, Value: n.Code, Note: n.Was, Mono: true})
	}
	return rows
}

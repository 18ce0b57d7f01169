package page

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// DefaultRange and DefaultSize are what a list shows when its address does not
// say.
const (
	DefaultRange = "24h"
	DefaultSize  = 50
)

// Ranges are the relative ranges, in the order of the picker.
var Ranges = []string{"15m", "1h", "24h", "7d", "30d", "90d", "today"}

// ListURL is the state of a list as its address holds it: equal state gives
// an equal address. From and To (RFC 3339) are set only when Range is "".
type ListURL struct {
	Path         string
	Q, Range     string
	From, To     string
	Zone         string // tz; "" = the reader's own
	Compare      string // prev (default) or none
	Sort, Cursor string
	Size         int
	View         string  // slug of the saved view that was opened, "" = none
	More         []Param // what else this page's address says, in its order
	DefaultSort  string
}

// String writes the address: defaults left out, fixed order.
func (u ListURL) String() string {
	var p params
	p.add("q", u.Q, "")
	if u.From != "" || u.To != "" {
		p.add("from", u.From, "")
		p.add("to", u.To, "")
	} else {
		p.add("range", u.Range, DefaultRange)
	}
	p.add("tz", u.Zone, "")
	p.add("compare", u.Compare, "prev")
	p.add("sort", u.Sort, u.DefaultSort)
	p.add("cursor", u.Cursor, "")
	if u.Size > 0 {
		p.add("size", strconv.Itoa(u.Size), strconv.Itoa(DefaultSize))
	}
	for _, m := range u.More {
		p.add(m.Name, m.Value, "")
	}
	p.add("view", u.View, "")
	return u.Path + p.String()
}

// WithQ is the same list, first page, with another query.
func (u ListURL) WithQ(q string) ListURL { u.Q, u.Cursor = q, ""; return u }

// WithRange is the same list, first page, over a relative range.
func (u ListURL) WithRange(r string) ListURL {
	u.Range, u.From, u.To, u.Cursor = r, "", "", ""
	return u
}

// WithCursor is another page of the same list.
func (u ListURL) WithCursor(c string) ListURL { u.Cursor = c; return u }

// Hidden are the parameters that a form of this list carries along beside q
// and the fields it shows itself.
func (u ListURL) Hidden(shown ...string) []Param {
	all := []Param{{"range", u.Range}, {"from", u.From}, {"to", u.To}, {"tz", u.Zone}, {"compare", u.Compare}, {"sort", u.Sort}}
	if u.Size > 0 && u.Size != DefaultSize {
		all = append(all, Param{"size", strconv.Itoa(u.Size)})
	}
	all = append(append(all, u.More...), Param{"view", u.View})
	var out []Param
	for _, p := range all {
		if p.Value != "" && !slices.Contains(shown, p.Name) && p != (Param{"range", DefaultRange}) && p != (Param{"sort", u.DefaultSort}) {
			out = append(out, p)
		}
	}
	return out
}

// Param is one parameter of an address.
type Param struct{ Name, Value string }

type params []string

func (p *params) add(name, value, unless string) {
	if value != "" && value != unless {
		*p = append(*p, name+"="+escapeParam(value))
	}
}

func (p params) String() string {
	if len(p) == 0 {
		return ""
	}
	return "?" + strings.Join(p, "&")
}

// escapeParam is url.QueryEscape that leaves readable what may stand as it is,
// so that a query stays legible in the address bar.
var escapeReplacer = strings.NewReplacer("%3A", ":", "%2C", ",", "%2A", "*", "%21", "!", "%28", "(", "%29", ")", "%2F", "/", "%40", "@")

func escapeParam(s string) string { return escapeReplacer.Replace(url.QueryEscape(s)) }

// Part names what the issue page shows of an event.
type Part string

// The parts.
const (
	PartStack       Part = "stack"
	PartBreadcrumbs Part = "breadcrumbs"
	PartRequest     Part = "request"
	PartTags        Part = "tags"
	PartJSON        Part = "json"
)

// Parts lists the parts in the order of their tabs.
var Parts = []Part{PartStack, PartBreadcrumbs, PartRequest, PartTags, PartJSON}

// ParsePart reads the last piece of an event's path; "" is the stack.
func ParsePart(s string) (Part, bool) {
	if s == "" {
		return PartStack, true
	}
	for _, p := range Parts {
		if string(p) == s {
			return p, true
		}
	}
	return PartStack, false
}

// FrameMode says which frames of a stack are shown and how.
type FrameMode string

// The modes: runs of framework frames folded, every frame, the platform's own
// text.
const (
	FramesInApp FrameMode = "app"
	FramesAll   FrameMode = "all"
	FramesRaw   FrameMode = "raw"
)

// ParseFrames reads the parameter frames; anything else is FramesInApp.
func ParseFrames(s string) FrameMode {
	if m := FrameMode(s); m == FramesAll || m == FramesRaw {
		return m
	}
	return FramesInApp
}

// Names that stand for an event in an address, beside its id.
const (
	EventFirst       = "first"
	EventLast        = "last"
	EventRecommended = "recommended"
)

// IssueURL is the state of the issue page as its address holds it. Event is an
// id or one of the names; "" is the recommended event.
type IssueURL struct {
	ID     string // short id
	Event  string
	Part   Part
	Frames FrameMode
}

// String writes the address.
func (u IssueURL) String() string {
	path := "/issues/" + url.PathEscape(u.ID)
	stack := u.Part == "" || u.Part == PartStack
	event := u.Event
	if event == "" && !stack {
		event = EventRecommended
	}
	if event != "" {
		path += "/events/" + url.PathEscape(event)
	}
	if !stack {
		path += "/" + string(u.Part)
	}
	var p params
	if stack {
		p.add("frames", string(u.Frames), string(FramesInApp))
	}
	return path + p.String()
}

func (u IssueURL) withEvent(event string) IssueURL    { u.Event = event; return u }
func (u IssueURL) withPart(part Part) IssueURL        { u.Part, u.Frames = part, ""; return u }
func (u IssueURL) withFrames(mode FrameMode) IssueURL { u.Frames = mode; return u }

package page

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// AuditRowIn is a row of the audit with the names that belong to it. Actor is
// the name of who acted, "" = not an account that is known.
type AuditRowIn struct {
	errata.AuditRow
	ActorName, ActorLogin string
	Service               string // short name, "" = the installation
	ObjectName, ObjectURL string // of what it was done to, where that is known
}

// AuditFilter is the state of the list as its address says it. From and To are
// dates as a date field sends them.
type AuditFilter struct {
	Stream, Actor, Action, Result, From, To, After string
}

// AuditIn is what the audit is made from. Next is the cursor of the page
// behind, "" = this is the last.
type AuditIn struct {
	Moment    ui.Moment
	Filter    AuditFilter
	Rows      []AuditRowIn
	Next      string
	People    []errata.Person
	Actions   []errata.Action
	MayVerify bool
	Whole     bool // the reader sees the rows of the installation too
	Checked   *ChainIn
	Err       error
}

// ChainIn is what checking the chain found. Broken is the first row that does
// not fit, with why; 0 = the chain is whole.
type ChainIn struct {
	Rows, Broken int64
	Why, Head    string
	At           int64
}

// Audit is the list of who did what.
type Audit struct {
	layout.Chrome
	noParts
	Streams     []ui.Link
	About       string
	Form        []ui.Field
	Problems    []string
	Filtered    bool
	Stream      string
	Rows        []AuditRow
	Empty       *Empty
	Newest, Old string // pages
	Partial     string // what is left out, "" = nothing
	Verify      string // where the chain is checked, "" = may not
	Chain       *ui.Notice
	ChainRows   []ui.Row
	Export      *ExportMenu
}

// AuditRow is one line of it.
type AuditRow struct {
	At         ui.Time
	Person     *ui.Person
	Actor, Via string
	Action     string
	URL        string
	Service    string
	Object     string
	ObjectURL  string
	Result     string
	Tone       string
}

var resultTones = map[errata.AuditResult]string{errata.AuditDone: "ok", errata.AuditNoop: "", errata.AuditDenied: "late", errata.AuditFailed: "warn"}

var streamWords = map[errata.Stream]string{
	errata.StreamChange: "Everything that was changed or refused, and every sign-in. Rows are never changed or removed: each carries the hash of the one before it.",
	errata.StreamAccess: "Who opened an event, revealed a value, took rows along or read this audit. Kept for 400 days.",
}

// NewAudit makes the list of the audit.
func NewAudit(c layout.Chrome, in AuditIn) Audit {
	c.Title, c.Section, c.Keys = "Audit", layout.SectionAudit, plainKeys
	f := in.Filter
	m := Audit{Chrome: c, Stream: f.Stream, About: streamWords[errata.Stream(f.Stream)], Filtered: f.filtered()}
	for _, s := range []errata.Stream{errata.StreamChange, errata.StreamAccess} {
		m.Streams = append(m.Streams, ui.Link{Text: map[errata.Stream]string{errata.StreamChange: "Changes", errata.StreamAccess: "Access"}[s], URL: AuditFilter{Stream: string(s)}.url(), Current: string(s) == f.Stream})
	}
	m.Export = takeAlong(f.url())
	m.Form = auditForm(in)
	m.Problems = refusals(m.Form, in.Err)
	for _, r := range in.Rows {
		m.Rows = append(m.Rows, newAuditRow(r, in.Moment))
	}
	m.pages(in)
	if !in.Whole {
		m.Partial = "Rows of your services are shown. Those of the installation, as sign-ins and roles, are for administrators and auditors."
	}
	if in.MayVerify && f.Stream == string(errata.StreamChange) {
		m.Verify = "/audit/verify"
	}
	if in.Checked != nil {
		m.chain(*in.Checked, in.Moment)
	}
	return m
}

func (f AuditFilter) filtered() bool {
	return f.Actor != "" || f.Action != "" || f.Result != "" || f.From != "" || f.To != ""
}

// url is the address of the list; what is the default is left out.
func (f AuditFilter) url() string {
	var parts []string
	for _, p := range [][2]string{{"stream", f.Stream}, {"actor", f.Actor}, {"action", f.Action}, {"result", f.Result}, {"from", f.From}, {"to", f.To}, {"after", f.After}} {
		if p[1] != "" && (p[0] != "stream" || p[1] != string(errata.StreamChange)) {
			parts = append(parts, p[0]+"="+url.QueryEscape(p[1]))
		}
	}
	if len(parts) == 0 {
		return "/audit"
	}
	return "/audit?" + strings.Join(parts, "&")
}

func (m *Audit) pages(in AuditIn) {
	f := in.Filter
	if f.After != "" {
		f.After = ""
		m.Newest = f.url()
	}
	if in.Next != "" {
		f.After = in.Next
		m.Old = f.url()
	}
	if len(m.Rows) > 0 || in.Err != nil {
		return
	}
	m.Empty = &Empty{Icon: "scroll-text", Title: "Nothing was written down", Text: "No row of this stream matches."}
	if in.Filter.filtered() {
		m.Empty.Action = &ui.Link{Text: "Show all", URL: AuditFilter{Stream: in.Filter.Stream}.url()}
	}
}

func auditForm(in AuditIn) []ui.Field {
	f := in.Filter
	actor := ui.Field{Name: "actor", Label: "Who", Type: "select", Value: f.Actor, Options: []ui.Option{{Text: "Anybody"}}}
	for _, p := range in.People {
		actor.Options = append(actor.Options, ui.Option{Value: p.ID, Text: p.Name + " (@" + p.Login + ")"})
	}
	action := ui.Field{Name: "action", Label: "Action", Type: "select", Value: f.Action, Options: []ui.Option{{Text: "Any"}}}
	for _, a := range in.Actions {
		action.Options = append(action.Options, ui.Option{Value: string(a), Text: string(a)})
	}
	result := ui.Field{Name: "result", Label: "Result", Type: "select", Value: f.Result, Options: []ui.Option{
		{Text: "Any"},
		{Value: string(errata.AuditDone), Text: "done"},
		{Value: string(errata.AuditNoop), Text: "noop: was so already"},
		{Value: string(errata.AuditDenied), Text: "denied"},
		{Value: string(errata.AuditFailed), Text: "failed"},
	}}
	return []ui.Field{
		actor, action, result,
		{Name: "from", Label: "From", Type: "date", Value: dateValue(f.From), Optional: true, MaxLength: 10},
		{Name: "to", Label: "To", Type: "date", Value: dateValue(f.To), Optional: true, MaxLength: 10},
	}
}

// dateValue is what a date field takes; anything else it would drop with a
// complaint.
func dateValue(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}

func newAuditRow(r AuditRowIn, m ui.Moment) AuditRow {
	row := AuditRow{
		At: m.Stamp(r.At), Actor: actorWords(r), Via: r.Via, Action: string(r.Action), URL: auditURL(r.AuditRow), Service: r.Service,
		Object: objectWords(r), ObjectURL: r.ObjectURL, Result: string(r.Result), Tone: resultTones[r.Result],
	}
	if r.Via == r.ActorID {
		row.Via = "" // said already
	}
	if r.ActorName != "" {
		p := ui.NewPerson(errata.Person{ID: r.ActorID, Name: r.ActorName, Login: r.ActorLogin})
		row.Person = &p
	}
	return row
}

func auditURL(r errata.AuditRow) string {
	return "/audit/" + string(r.Stream) + "/" + strconv.FormatInt(r.Seq, 10)
}

func actorWords(r AuditRowIn) string {
	switch {
	case r.ActorName != "":
		return r.ActorName
	case r.ActorID == "":
		return "nobody signed in"
	}
	return string(r.ActorKind) + " " + r.ActorID
}

func objectWords(r AuditRowIn) string {
	if r.ObjectName != "" {
		return r.ObjectName
	}
	kind, id, ok := strings.Cut(r.Object, ":")
	if !ok {
		return r.Object
	}
	return kind + " " + ui.Clip(id, 18)
}

func (m *Audit) chain(c ChainIn, at ui.Moment) {
	if c.Why == "" {
		m.Chain = &ui.Notice{Tone: "ok", Text: "The chain is whole: " + ui.Exact(c.Rows) + " rows, none changed, removed or added."}
	} else {
		m.Chain = &ui.Notice{Tone: "bad", Text: "The chain is broken at row " + strconv.FormatInt(c.Broken, 10) + ": " + c.Why + "."}
	}
	t := at.Stamp(c.At)
	m.ChainRows = []ui.Row{{Name: "Checked", Time: &t}, {Name: "Ends with", Value: c.Head, Mono: true}}
}

// AuditDetailIn is what the page of one row is made from.
type AuditDetailIn struct {
	Moment ui.Moment
	Row    AuditRowIn
}

// AuditDetail is one row of the audit.
type AuditDetail struct {
	layout.Chrome
	noParts
	Heading string
	Row     AuditRow
	Facts   []ui.Row
	Detail  []ui.Row
	Hashes  []ui.Row
	Back    string
}

// NewAuditDetail makes the page of one row.
func NewAuditDetail(c layout.Chrome, in AuditDetailIn) AuditDetail {
	r := in.Row
	n := strconv.FormatInt(r.Seq, 10)
	c.Title, c.Section, c.Keys = "Audit row "+n, layout.SectionAudit, plainKeys
	at := in.Moment.Stamp(r.At)
	m := AuditDetail{
		Chrome: c, Heading: "Row " + n, Row: newAuditRow(r, in.Moment), Back: AuditFilter{Stream: string(r.Stream)}.url(),
		Facts: []ui.Row{
			{Name: "When", Time: &at, Note: at.Title},
			{Name: "Who", Value: actorWords(r), Note: r.ActorID},
			{Name: "Via", Value: r.Via},
			{Name: "Action", Value: string(r.Action), Mono: true},
			{Name: "Result", Value: string(r.Result)},
			{Name: "Service", Value: orDash(r.Service)},
			{Name: "Object", Value: orDash(r.Object), Mono: r.Object != "", Note: r.ObjectName},
			{Name: "Address", Value: orDash(r.IP)},
			{Name: "Request", Value: orDash(r.RequestID), Mono: r.RequestID != ""},
		},
		Detail: detailRows(r.Detail),
	}
	if r.Stream == errata.StreamChange {
		m.Hashes = []ui.Row{{Name: "Hash", Value: r.Hash, Mono: true}, {Name: "Of the row before", Value: r.PrevHash, Mono: true}}
	}
	return m
}

func orDash(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// detailRows lists the fields of a row's detail, by name.
func detailRows(text string) (out []ui.Row) {
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &all) != nil { // written by another program
		return []ui.Row{{Name: "detail", Value: ui.Clip(text, 2000), Mono: true}}
	}
	for k, v := range all {
		value := string(v)
		var s string
		if json.Unmarshal(v, &s) == nil {
			value = s
		}
		out = append(out, ui.Row{Name: k, Value: ui.Clip(value, 2000), Mono: true})
	}
	slices.SortFunc(out, func(a, b ui.Row) int { return strings.Compare(a.Name, b.Name) })
	return out
}

package redact

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"errata/internal/errata"
)

// walk goes through one event, or one text, and counts the work.
type walk struct {
	r       *Redactor
	left    int    // of the budget
	spent   bool   // everything from here on is removed whole
	section string // part of the event
	cut     string // section in which the budget ran out
	scratch [maxNest + 2][]byte
}

var walks = sync.Pool{New: func() any { return new(walk) }}

func newWalk(r *Redactor) *walk {
	w := walks.Get().(*walk)
	w.r, w.left, w.spent, w.section, w.cut = r, budget, false, "", ""
	return w
}

func (w *walk) release() {
	for i := range w.scratch {
		if cap(w.scratch[i]) > 64<<10 {
			w.scratch[i] = nil
		}
	}
	w.r = nil
	walks.Put(w)
}

func (w *walk) spend(work int) {
	if w.left -= work; w.left < 0 && !w.spent {
		w.spent, w.cut = true, w.section
	}
}

// verdict judges a key within a text of mode m.
func (w *walk) verdict(key string, m mode) verdict {
	v := w.r.verdict(key)
	if m&cookieText != 0 && v&session != 0 {
		v |= secret
	}
	return v
}

// noteBudget is the code of the note about an event too laborious to redact.
const noteBudget = "redaction_limit"

// Event redacts ev in place. The keyed hashes of the user must have been made
// before, and everything derived must be derived after. What the budget does
// not allow to be looked at is removed whole, and a note with the code
// redaction_limit names the part of the event where that began: the parts that
// identify the error come first. Event(Event(x)) = Event(x).
func (r *Redactor) Event(ev *errata.Event) {
	w := newWalk(r)
	defer w.release()
	if ev.User != nil {
		r.user(ev.User)
	}
	ev.ClientIP = r.address(ev.ClientIP)
	w.identity(ev)
	if ev.Request != nil {
		w.section = "request"
		w.request(ev.Request)
	}
	w.section = "tags"
	w.pairs(ev.Tags, 0)
	w.section = "breadcrumbs"
	for i := range ev.Breadcrumbs {
		w.breadcrumb(&ev.Breadcrumbs[i])
	}
	w.section = "contexts"
	w.object(ev.Contexts)
	w.section = "frames"
	eachStack(ev, w.details)
	w.section = "extra"
	w.object(ev.Extra)
	w.section = "modules"
	w.pairs(ev.Modules, namesOnly|keyless)
	for i := range ev.Notes {
		w.note(&ev.Notes[i])
	}
	if w.cut != "" {
		note := errata.Note{Path: w.cut, Code: noteBudget}
		if !slices.Contains(ev.Notes, note) {
			ev.Notes = append(ev.Notes, note)
		}
	}
}

// identity redacts what says which error it is.
func (w *walk) identity(ev *errata.Event) {
	w.section = "message"
	w.text(&ev.Message, 0)
	w.text(&ev.MessageTemplate, 0)
	w.section = "exceptions"
	for i := range ev.Exceptions {
		x := &ev.Exceptions[i]
		w.text(&x.Type, namesOnly)
		w.text(&x.Module, namesOnly)
		w.text(&x.Value, 0)
	}
	eachStack(ev, w.names)
	w.section = "event"
	w.text(&ev.Transaction, route)
	for _, s := range []*string{
		&ev.Culprit, &ev.Logger, &ev.Platform, &ev.Code, &ev.Release, &ev.Dist, &ev.Environment,
		&ev.Host, &ev.RequestID, &ev.SessionID, &ev.Checksum,
	} {
		w.text(s, namesOnly)
	}
	for i := range ev.Threads {
		w.text(&ev.Threads[i].Name, namesOnly)
	}
	for i := range ev.ClientFingerprint {
		w.text(&ev.ClientFingerprint[i], 0)
	}
	if ev.Trace != nil {
		w.text(&ev.Trace.Op, namesOnly)
	}
}

func eachStack(ev *errata.Event, do func([]errata.Frame)) {
	for i := range ev.Exceptions {
		do(ev.Exceptions[i].Frames)
	}
	for i := range ev.Threads {
		do(ev.Threads[i].Frames)
	}
}

// names redacts where frames are. Keys and addresses mean nothing here.
func (w *walk) names(frames []errata.Frame) {
	for i := range frames {
		f := &frames[i]
		w.text(&f.File, namesOnly)
		w.text(&f.AbsPath, namesOnly)
		w.text(&f.Module, namesOnly)
		w.text(&f.Function, namesOnly)
		w.text(&f.Package, namesOnly)
	}
}

// details redacts source lines and variables of frames.
func (w *walk) details(frames []errata.Frame) {
	for i := range frames {
		w.lines(&frames[i])
		w.object(frames[i].Vars)
	}
}

// lines redacts the source around a call. A key in PEM form is recognised
// across lines.
func (w *walk) lines(f *errata.Frame) {
	inside := endsPEM(f)
	for i := range f.PreContext {
		inside = w.line(&f.PreContext[i], inside)
	}
	inside = w.line(&f.ContextLine, inside)
	for i := range f.PostContext {
		inside = w.line(&f.PostContext[i], inside)
	}
}

// line redacts one line and says whether the next one is inside a PEM block.
func (w *walk) line(s *string, inside bool) bool {
	if strings.Contains(*s, "-----END ") {
		inside = false
	} else if inside && isBase64Line(*s) {
		*s = markPEM
		return true
	}
	if k := strings.LastIndex(*s, "-----BEGIN "); k >= 0 && !strings.Contains((*s)[k:], "-----END ") {
		inside = true
	}
	w.text(s, source)
	return inside
}

// endsPEM says whether the lines start within a PEM block.
func endsPEM(f *errata.Frame) bool {
	for _, block := range [3][]string{f.PreContext, {f.ContextLine}, f.PostContext} {
		for _, line := range block {
			if strings.Contains(line, "-----END ") {
				return true
			}
			if strings.Contains(line, "-----BEGIN ") {
				return false
			}
		}
	}
	return false
}

func isBase64Line(s string) bool {
	s = strings.Trim(s, " \t\"'+,\\n;")
	if len(s) < 4 {
		return false
	}
	for i := range len(s) {
		if !isBase64(s[i]) {
			return false
		}
	}
	return true
}

func (w *walk) request(r *errata.Request) {
	w.text(&r.URL, host|route)
	w.text(&r.Path, route)
	w.pairs(r.Query, 0)
	w.pairs(r.Headers, 0)
	w.pairs(r.Cookies, cookieText)
	m := mode(0)
	if isForm(r.Body) {
		m = form
	}
	w.text(&r.Body, m)
}

// isForm recognises an urlencoded body.
func isForm(s string) bool {
	return strings.IndexByte(s, '=') > 0 && !strings.ContainsAny(s, " \t\n\r{<\"")
}

func (w *walk) breadcrumb(b *errata.Breadcrumb) {
	w.text(&b.Type, namesOnly)
	w.text(&b.Category, namesOnly)
	w.text(&b.Message, 0)
	w.object(b.Data)
}

func (w *walk) pairs(pairs []errata.Pair, m mode) {
	for i := range pairs {
		p := &pairs[i]
		v := w.verdict(p.Key, m)
		if v&secret != 0 && m&keyless == 0 {
			if !v.spares(p.Value) {
				p.Value = markRemoved
			}
		} else {
			w.text(&p.Value, m|v.mode())
		}
		w.text(&p.Key, m|keyless)
	}
}

func (w *walk) object(o errata.Object) {
	for i := range o {
		w.member(&o[i])
	}
}

func (w *walk) member(x *errata.Member) {
	v := w.verdict(x.Key, 0)
	raw := view(x.Value)
	switch {
	case v&secret != 0:
		if !hidesNothing(raw, v) {
			x.Value = json.RawMessage(`"` + markRemoved + `"`)
		}
	case w.spent:
		if !isMarkJSON(raw) {
			x.Value = json.RawMessage(`"` + markRemoved + `"`)
		}
	default:
		w.raw(x, v.mode())
	}
	w.text(&x.Key, keyless)
}

// raw redacts the JSON of a member; what is no JSON is removed whole.
func (w *walk) raw(x *errata.Member, m mode) {
	for range maxPasses {
		out, ok := w.jsonText(view(x.Value), m, 0)
		if !ok {
			x.Value = json.RawMessage(`"` + markRemoved + `"`)
			return
		}
		if out == nil {
			return
		}
		x.Value = out
	}
	x.Value = json.RawMessage(`"` + markRemoved + `"`)
}

func isMarkJSON(raw string) bool {
	return len(raw) > 2 && raw[0] == '"' && isMark(raw[1:len(raw)-1]) || raw == `""` || raw == "null"
}

// note redacts the remainder of a field that was repaired or dropped.
func (w *walk) note(n *errata.Note) {
	if n.Was == "" {
		return
	}
	if v := w.r.verdict(n.Path[strings.LastIndexByte(n.Path, '.')+1:]); v&secret != 0 && !v.spares(n.Was) {
		n.Was = markRemoved
		return
	}
	w.text(&n.Was, 0)
}

// text redacts one text of the event.
func (w *walk) text(s *string, m mode) {
	if *s == "" {
		return
	}
	if t, changed := w.leaf(*s, m, 0); changed {
		*s = t
	}
}

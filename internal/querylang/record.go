package querylang

import (
	"net/netip"
	"slices"
	"strings"

	"errata/internal/errata"
)

// Record is the searchable face of an event. Everything in Terms, Keys and
// Words is folded already: engines only store and compare.
type Record struct {
	Time, Received                           int64 // µs UTC
	Project, Issue, EventID, UserHash        string
	Service                                  string // the project's slug
	Level                                    errata.Level
	Severity                                 errata.Severity
	Handled                                  bool
	Status                                   int       // HTTP status, 0 = none
	IP                                       string    // canonical form, "" = none
	Env, Release, Type, Code, Culprit, Title string    // original case, "" = missing
	Pairs                                    []string  // "os=iOS", "tags.region=eu", "ctx.cart.items=3": for facets, original case
	Terms                                    []string  // pairs, column keys, "user=…" and "frame=…", folded: for filters; sorted, unique
	Keys                                     []string  // keys present, as Key prints ("os", "tags.region"): for has:; sorted, unique
	Words                                    [3]string // token streams: message, type, stack; single spaces
	Cut                                      bool      // a stream of Words ends at its limit
}

// Streams of Record.Words.
const (
	StreamMessage = iota
	StreamType
	StreamStack
)

// Meta is what a Record takes from the issue rather than from the event.
type Meta struct{ Service, Issue, Title string }

// NewRecord returns the searchable face of an event. Keys of tags and contexts
// are folded; those that no query can write are left out. The strings share
// memory with each other, not with ev's raw JSON.
func NewRecord(ev *errata.Event, m Meta) Record {
	r := Record{
		Time: ev.Timestamp, Received: ev.ReceivedAt,
		Project: ev.ProjectID, Issue: m.Issue, EventID: ev.ID, Service: m.Service, Title: m.Title,
		Level: ev.Level, Severity: ev.Severity, Handled: !ev.Unhandled(),
		Env: ev.Environment, Release: ev.Release, Type: ev.Type(), Code: ev.Code, Culprit: ev.Culprit,
		IP: address(ev),
	}
	if ev.User != nil {
		r.UserHash = ev.User.Hash
	}
	if ev.Request != nil {
		r.Status = ev.Request.Status
	}
	b := builders.Get().(*builder)
	defer builders.Put(b)
	r.Words[StreamMessage] = b.messageWords(ev, &r.Cut)
	r.Words[StreamType] = b.typeWords(ev, &r.Cut)
	r.Words[StreamStack] = b.stackWords(ev, &r.Cut)
	b.reset()
	b.event(ev, &r)
	r.Terms, r.Keys, r.Pairs = b.finish()
	return r
}

func address(ev *errata.Event) string {
	s := ev.ClientIP
	if ev.User != nil && ev.User.IP != "" {
		s = ev.User.IP
	}
	if s == "" {
		return ""
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	return a.Unmap().WithZone("").String()
}

func (b *builder) messageWords(ev *errata.Event, cut *bool) string {
	st := &b.stream
	st.reset(MaxTextTokens)
	st.text(ev.Message)
	if ev.MessageTemplate != ev.Message {
		st.boundary()
		st.text(ev.MessageTemplate)
	}
	for i := range slices.Backward(ev.Exceptions) {
		if v := ev.Exceptions[i].Value; v != ev.Message {
			st.boundary()
			st.text(v)
		}
	}
	*cut = *cut || st.cut
	return st.finish()
}

func (b *builder) typeWords(ev *errata.Event, cut *bool) string {
	st := &b.stream
	st.reset(MaxTextTokens)
	for i := range slices.Backward(ev.Exceptions) {
		st.boundary()
		st.text(ev.Exceptions[i].Type)
	}
	st.boundary()
	st.text(ev.Culprit)
	*cut = *cut || st.cut
	return st.finish()
}

func (b *builder) stackWords(ev *errata.Event, cut *bool) string {
	st := &b.stream
	st.reset(MaxStackTokens)
	b.eachFrame(ev, func(f *errata.Frame) bool {
		st.boundary()
		st.text(f.Module)
		st.end()
		st.text(f.Function)
		st.text(frameFile(f))
		if f.Line > 0 {
			st.number(f.Line)
		}
		return !st.full
	})
	*cut = *cut || st.cut
	return st.finish()
}

// eachFrame visits the frames from the crash site outwards: those of the thrown
// exception, of its causes, and without any those of the crashed thread.
func (b *builder) eachFrame(ev *errata.Event, visit func(*errata.Frame) bool) {
	any := false
	for i := range slices.Backward(ev.Exceptions) {
		frames := ev.Exceptions[i].Frames
		any = any || len(frames) > 0
		for j := range slices.Backward(frames) {
			if !visit(&frames[j]) {
				return
			}
		}
	}
	if t := ev.CrashThread(); !any && t != nil {
		for j := range slices.Backward(t.Frames) {
			if !visit(&t.Frames[j]) {
				return
			}
		}
	}
}

func frameFile(f *errata.Frame) string {
	if f.File != "" {
		return f.File
	}
	return f.AbsPath
}

// event adds the terms of an event in ascending order, which spares the sort;
// "os.version=" stands before "os=" because "." does before "=".
func (b *builder) event(ev *errata.Event, r *Record) {
	b.contexts(ev)
	b.tags(ev.Tags)
	q, t := ev.Request, ev.Trace
	if q == nil {
		q = &errata.Request{}
	}
	if t == nil {
		t = &errata.Trace{}
	}
	sdk := ev.SDK
	if sdk == nil {
		sdk = &errata.SDK{}
	}
	b.pair("browser.version", b.known.browserVersion)
	b.pair("browser", b.known.browser)
	b.term("code", ev.Code)
	b.group(b.ctx)
	b.term("culprit", ev.Culprit)
	b.pair("device", b.known.deviceName())
	b.term("env", ev.Environment)
	b.frames(ev)
	b.pair("host", ev.Host)
	b.pair("http.method", q.Method)
	b.key("http.status", r.Status > 0)
	b.pair("logger", ev.Logger)
	if x := ev.Thrown(); x != nil && x.Mechanism != nil {
		b.pair("mechanism", x.Mechanism.Type)
	}
	b.key("message", r.Words[StreamMessage] != "")
	b.pair("os.version", b.known.osVersion)
	b.pair("os", b.known.os)
	b.pair("platform", ev.Platform)
	b.term("release", ev.Release)
	b.term("request_id", ev.RequestID)
	b.pair("sdk.version", sdk.Version)
	b.pair("sdk", sdk.Name)
	b.silent("service", r.Service)
	b.term("session_id", ev.SessionID)
	b.term("span", t.SpanID)
	b.key("stack", r.Words[StreamStack] != "")
	b.group(b.tag)
	b.term("trace", t.TraceID)
	b.pair("transaction", ev.Transaction)
	b.term("type", r.Type)
	b.pair("url.domain", q.Domain)
	b.pair("url.path", q.Path)
	b.user(ev.User)
}

func (b *builder) user(u *errata.User) {
	if u == nil || len(u.Terms) == 0 {
		return
	}
	b.key("user", true)
	at := len(b.terms)
	for _, h := range u.Terms {
		b.add("user", h)
	}
	b.sortFrom(at)
}

func (b *builder) tags(tags []errata.Pair) {
	b.tag = b.tag[:0]
	for _, t := range tags[:min(len(tags), maxTags)] {
		at := len(b.buf)
		b.buf = append(b.buf, "tags."...)
		if b.buf = appendFold(b.buf, t.Key); !writable(b.buf[at+5:], ":") || t.Value == "" {
			b.buf = b.buf[:at]
			continue
		}
		end := len(b.buf)
		b.buf = append(append(b.buf, '='), t.Value...)
		b.tag = b.entry(b.tag, at, end)
	}
	b.sort(b.tag)
}

// writable says whether a folded tag key or path can be written in a query:
// letters, digits, _ . - and, between the brackets of a tag, more.
func writable(key []byte, more string) bool {
	for _, c := range key {
		if c >= 0x80 || asciiClass[c] == separator && c != '_' && c != '.' && c != '-' && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return len(key) > 0
}

package normalize

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

const (
	maxCrumbs       = 100
	maxCrumbMessage = 2048
	maxTags         = 100
	maxTag          = 200
	maxFingerprint  = 32
	maxPart         = 1024
	maxDebugIDs     = 50
)

// contexts keeps each context and takes the trace and the response status to
// their own fields.
func (m *mapper) contexts(v jsonx.Value) {
	if v.Kind() != jsonx.Object {
		if v.Kind() > jsonx.Null {
			m.note("contexts", "expected_object", "")
		}
		return
	}
	c := collector{m: m, field: "contexts", lim: contextLimits, out: make(errata.Object, 0, min(v.Len(), 8))}
	for name, member := range v.Members() {
		switch {
		case member.Kind() == jsonx.Null:
			continue
		case member.Kind() != jsonx.Object:
			m.note("contexts", "expected_object", "")
			continue
		case name == "trace":
			if m.trace(member) {
				continue
			}
		case name == "response":
			m.response(member)
		}
		c.add(name, member)
	}
	c.lost += v.Lost()
	m.ev.Contexts = c.done()
}

// trace reads the link to the distributed trace; whole says that nothing else
// stands in the context.
func (m *mapper) trace(v jsonx.Value) (whole bool) {
	t := errata.Trace{}
	whole = true
	for name, member := range v.Members() {
		switch name {
		case "trace_id":
			t.TraceID = m.hexID("trace.trace_id", member, 32)
		case "span_id":
			t.SpanID = m.hexID("trace.span_id", member, 16)
		case "parent_span_id":
			t.ParentSpanID = m.hexID("trace.parent_span_id", member, 16)
		case "op":
			t.Op = m.line("trace.op", member, 128)
		case "type":
		default:
			whole = whole && member.Kind() == jsonx.Null
		}
	}
	if t != (errata.Trace{}) {
		m.ev.Trace = &t
	}
	return whole
}

func (m *mapper) hexID(field string, v jsonx.Value, length int) string {
	s := strings.ToLower(strings.ReplaceAll(m.line(field, v, 64), "-", ""))
	if s == "" {
		return ""
	}
	if len(s) != length || strings.Trim(s, "0123456789abcdef") != "" {
		m.note(field, "bad_id", s)
		return ""
	}
	return s
}

func (m *mapper) response(v jsonx.Value) {
	if status := m.number("request.status", v.Get("status_code")); status >= 100 && status <= 999 {
		m.ev.Request = &errata.Request{Status: status}
	}
}

// tags reads an object or pairs. Keys keep letters, digits and _ . : -.
func (m *mapper) tags(v jsonx.Value) {
	p := pairs{
		m: m, field: "tags", unique: true,
		lim: textLimits{key: maxTag, value: maxTag, total: 1 << 20, count: maxTags},
	}
	p.fix = func(key, value string) (string, string) {
		fixed := tagKey(key)
		if fixed != key {
			m.note("tags", "key_changed", "")
		}
		return fixed, oneLine(value)
	}
	p.read(v)
	m.ev.Tags = p.done()
}

func tagKey(s string) string {
	for i := range len(s) {
		if !tagByte(s[i]) {
			return strings.Map(func(r rune) rune {
				if r < 0x80 && tagByte(byte(r)) { //nolint:gosec // r is ASCII here
					return r
				}
				return '_'
			}, s)
		}
	}
	return s
}

func tagByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '.' || c == ':' || c == '-'
}

// breadcrumbs reads what happened before, oldest first; the newest are kept.
func (m *mapper) breadcrumbs(v jsonx.Value) {
	list := m.list("breadcrumbs", v)
	skip := m.newest("breadcrumbs", list, maxCrumbs)
	for i, entry := range list.Items() {
		if i < skip || entry.Kind() != jsonx.Object {
			continue
		}
		if m.ev.Breadcrumbs == nil {
			m.ev.Breadcrumbs = make([]errata.Breadcrumb, 0, list.Len()-i)
		}
		m.enter("breadcrumbs", i)
		m.ev.Breadcrumbs = append(m.ev.Breadcrumbs, m.breadcrumb(entry))
		m.leave()
	}
}

func (m *mapper) breadcrumb(v jsonx.Value) (b errata.Breadcrumb) {
	for name, member := range v.Members() {
		switch name {
		case "timestamp":
			if at, ok := when(member); ok && at+m.shift > 0 {
				b.Timestamp = at + m.shift
			}
		case "type":
			b.Type = m.line(name, member, 64)
		case "category":
			b.Category = m.line(name, member, 256)
		case "level":
			b.Level = m.level(name, member, "")
		case "message":
			b.Message = m.texty(name, member, maxCrumbMessage)
		case "data":
			b.Data = m.object(name, member, crumbLimits)
		}
	}
	return b
}

// sdk names the sender: the payload's word, else the headers'.
func (m *mapper) sdk(v jsonx.Value) {
	s := errata.SDK{
		Name:    firstOf(m.line("sdk.name", v.Get("name"), 128), oneLine(cutRunes(m.in.SDKName, 128))),
		Version: firstOf(m.line("sdk.version", v.Get("version"), 128), oneLine(cutRunes(m.in.SDKVersion, 128))),
	}
	if s != (errata.SDK{}) {
		m.ev.SDK = &s
	}
}

// fingerprint reads how the client wants the event grouped: a list of scalars,
// or one text.
func (m *mapper) fingerprint(v jsonx.Value) {
	if v.Kind() != jsonx.List {
		if s := m.text("client_fingerprint", v, maxPart); s != "" {
			m.ev.ClientFingerprint = []string{s}
		}
		return
	}
	if over := v.Len() + v.Lost() - maxFingerprint; over > 0 {
		m.note("client_fingerprint", "too_many", count(over))
	}
	for i, part := range v.Items() {
		if i >= maxFingerprint {
			break
		}
		if s := m.text("client_fingerprint", part, maxPart); s != "" {
			m.ev.ClientFingerprint = append(m.ev.ClientFingerprint, s)
		}
	}
}

// debugIDs collects the ids by which source maps and symbols are found.
func (m *mapper) debugIDs(v jsonx.Value) {
	for _, image := range v.Get("images").Items() {
		if len(m.ev.DebugIDs) >= maxDebugIDs {
			m.note("debug_ids", "too_many", "")
			return
		}
		if s := m.line("debug_ids", image.Get("debug_id"), 64); s != "" {
			m.ev.DebugIDs = append(m.ev.DebugIDs, strings.ToLower(s))
		}
	}
}

// lift fills the fields that clients can only send as tags or headers.
func (m *mapper) lift() {
	ev := m.ev
	ev.Code = cutRunes(ev.Tag("error_code"), 128)
	ev.SessionID = cutRunes(ev.Tag("session_id"), 128)
	ev.RequestID = cutRunes(firstOf(ev.Tag("request_id"), header(ev.Request, "X-Request-ID")), 128)
	m.userAgent()
}

package normalize

import (
	"net/url"
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

const (
	maxURL  = 2048
	maxBody = 16 << 10
)

// request reads the HTTP request. Query, headers and cookies come as objects,
// pairs or text; a query in the URL and cookies in the headers are moved to
// where they belong, so that keys can be redacted.
func (m *mapper) request(v jsonx.Value) {
	if v.Kind() != jsonx.Object {
		if v.Kind() > jsonx.Null {
			m.note("request", "expected_object", "")
		}
		return
	}
	r := m.ev.Request // perhaps with a status, from contexts.response
	if r == nil {
		r = &errata.Request{}
	}
	var query, cookies jsonx.Value
	for name, member := range v.Members() {
		switch name {
		case "method":
			r.Method = strings.ToUpper(m.line("request.method", member, 32))
		case "url":
			r.URL = m.line("request.url", member, maxURL)
		case "query_string":
			query = member
		case "headers":
			r.Headers = m.headers(member)
		case "cookies":
			cookies = member
		case "data":
			r.Body = m.body(member)
		}
	}
	r.Query = m.query(r, query)
	r.Cookies = m.cookies(r, cookies)
	if empty(r) {
		return
	}
	m.ev.Request = r
}

func empty(r *errata.Request) bool {
	return r.Method == "" && r.URL == "" && r.Body == "" && r.Status == 0 &&
		len(r.Query) == 0 && len(r.Headers) == 0 && len(r.Cookies) == 0
}

// body keeps a text, and anything else as compact JSON.
func (m *mapper) body(v jsonx.Value) string {
	if k := v.Kind(); k == jsonx.List || k == jsonx.Object {
		return m.texty("request.body", v, maxBody)
	}
	s, what, _ := v.Text()
	m.mended("request.body", what)
	if len(s) > maxBody {
		m.note("request.body", "too_long", count(len(s)))
		s = jsonx.CutBytes(s, maxBody)
	}
	return s
}

// headers merges headers that come twice, without regard to case, and sets
// those apart that have a place of their own.
func (m *mapper) headers(v jsonx.Value) []errata.Pair {
	p := pairs{m: m, field: "request.headers", lim: headerLimits}
	p.read(v)
	var out []errata.Pair
	for _, h := range p.done() {
		if i := headerAt(out, h.Key); i >= 0 {
			out[i].Value = cutRunes(out[i].Value+", "+h.Value, headerLimits.value)
			continue
		}
		out = append(out, h)
	}
	return out
}

func headerAt(headers []errata.Pair, name string) int {
	for i := range headers {
		if strings.EqualFold(headers[i].Key, name) {
			return i
		}
	}
	return -1
}

func header(r *errata.Request, name string) string {
	if r == nil {
		return ""
	}
	if i := headerAt(r.Headers, name); i >= 0 {
		return r.Headers[i].Value
	}
	return ""
}

// query reads the query string; without one, that of the URL. Names may repeat.
func (m *mapper) query(r *errata.Request, v jsonx.Value) []errata.Pair {
	bare, inURL := cutQuery(r.URL)
	r.URL = bare
	p := pairs{m: m, field: "request.query", lim: headerLimits, blank: true}
	switch v.Kind() {
	case jsonx.Absent, jsonx.Null:
		p.form(inURL)
	case jsonx.Text:
		s, what, _ := v.Text()
		m.mended("request.query", what)
		p.form(strings.TrimPrefix(s, "?"))
	default:
		p.read(v)
	}
	return p.done()
}

// cutQuery takes the query out of a URL; the fragment stays.
func cutQuery(u string) (bare, query string) {
	rest, fragment, hasFragment := strings.Cut(u, "#")
	bare, query, _ = strings.Cut(rest, "?")
	if hasFragment {
		bare += "#" + fragment
	}
	return bare, query
}

func (p *pairs) form(s string) {
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, "&")
		key, value, _ := strings.Cut(part, "=")
		p.add(unescape(key), unescape(value))
	}
}

func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	out, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	out, _ = jsonx.Clean(out)
	return out
}

// cookies reads the cookies, else those of the Cookie header, which goes away
// in any case.
func (m *mapper) cookies(r *errata.Request, v jsonx.Value) []errata.Pair {
	inHeader := ""
	if i := headerAt(r.Headers, "Cookie"); i >= 0 {
		inHeader = r.Headers[i].Value
		if r.Headers = append(r.Headers[:i], r.Headers[i+1:]...); len(r.Headers) == 0 {
			r.Headers = nil
		}
	}
	p := pairs{m: m, field: "request.cookies", lim: headerLimits, unique: true}
	switch v.Kind() {
	case jsonx.Absent, jsonx.Null:
		p.cookieLine(inHeader)
	case jsonx.Text:
		s, what, _ := v.Text()
		m.mended("request.cookies", what)
		p.cookieLine(s)
	default:
		p.read(v)
	}
	return p.done()
}

func (p *pairs) cookieLine(s string) {
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, ";")
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		p.add(key, value)
	}
}

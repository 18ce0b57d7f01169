package normalize

import (
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

const maxText = 8192

// message reads the three ways to send one: a ready text, an object with
// template, parameters and perhaps the ready text, or both.
func (m *mapper) message(logentry, message jsonx.Value) {
	if message.Kind() == jsonx.Object {
		if logentry.Kind() == jsonx.Absent {
			logentry = message
		}
		message = jsonx.Value{}
	}
	if logentry.Kind() != jsonx.Object { // a plain text, of raven's time
		m.ev.Message = firstOf(m.text("message", message, maxText), m.text("logentry", logentry, maxText))
		return
	}
	formatted := m.text("logentry.formatted", logentry.Get("formatted"), maxText)
	template := m.text("logentry.message", logentry.Get("message"), maxText)
	m.ev.Message = firstOf(formatted, m.text("message", message, maxText))
	if m.ev.Message == "" {
		m.ev.Message = m.cut("message", fill(template, m.params(logentry.Get("params"))), maxText)
	}
	if template != m.ev.Message {
		m.ev.MessageTemplate = template
	}
}

// maxParams bounds how many parameters a template may use.
const maxParams = 100

// params reads the parameters of a template: by position, by name, or one.
func (m *mapper) params(v jsonx.Value) params {
	var p params
	one := func(name string, v jsonx.Value) {
		if len(p) < maxParams {
			p = append(p, errata.Pair{Key: name, Value: m.param(v)})
		}
	}
	switch v.Kind() {
	case jsonx.List:
		for i, entry := range v.Items() {
			one(strconv.Itoa(i), entry)
		}
	case jsonx.Object:
		for name, entry := range v.Members() {
			one(name, entry)
		}
	case jsonx.Absent, jsonx.Null:
	default:
		one("0", v)
	}
	return p
}

func (m *mapper) param(v jsonx.Value) string {
	if v.Kind() == jsonx.Null {
		return "null"
	}
	return m.texty("logentry.params", v, 1024)
}

type params []errata.Pair

func (p params) named(name string) (string, bool) {
	for _, x := range p {
		if x.Key == name {
			return x.Value, true
		}
	}
	return "", false
}

func (p params) at(i int) (string, bool) {
	if i < len(p) {
		return p[i].Value, true
	}
	return "", false
}

// fill puts parameters into a template: %s %d %r and their like, %(name)s, {},
// {0} and {name}. Placeholders without a parameter stay as they are; %% is %.
// The result may be a little longer than maxText.
func fill(template string, p params) string {
	if len(p) == 0 || !strings.ContainsAny(template, "%{") {
		return template
	}
	var b strings.Builder
	next := 0
	for i := 0; i < len(template) && b.Len() <= 4*maxText; {
		value, n := placeholder(template[i:], p, &next)
		if n == 0 {
			b.WriteByte(template[i])
			i++
			continue
		}
		b.WriteString(value)
		i += n
	}
	return b.String()
}

// placeholder reads a placeholder at the start of s: what stands for it and how
// long it is, 0 when there is none.
func placeholder(s string, p params, next *int) (value string, n int) {
	switch {
	case strings.HasPrefix(s, "%%"):
		return "%", 2
	case strings.HasPrefix(s, "%("):
		return percentName(s, p)
	case s[0] == '%':
		return percent(s, p, next)
	case s[0] == '{':
		return brace(s, p, next)
	}
	return "", 0
}

func percentName(s string, p params) (string, int) {
	end := strings.IndexByte(s, ')')
	if end < 0 || end+1 >= len(s) || !verb(s[end+1]) {
		return "", 0
	}
	value, ok := p.named(s[2:end])
	if !ok {
		return "", 0
	}
	return value, end + 2
}

// percent reads %s, %5d, %-10s, %.2f, %v, %+v, %q …
func percent(s string, p params, next *int) (string, int) {
	i := 1
	for i < len(s) && strings.IndexByte("+-# 0123456789.", s[i]) >= 0 {
		i++
	}
	if i >= len(s) || !verb(s[i]) || (i > 1 && s[i-1] == ' ') {
		return "", 0
	}
	value, ok := p.at(*next)
	if !ok {
		return "", 0
	}
	*next++
	return value, i + 1
}

func verb(c byte) bool { return strings.IndexByte("sdrifgevqxXtuaoc", c) >= 0 }

// brace reads {}, {0} and {name}, also with a format behind a colon.
func brace(s string, p params, next *int) (string, int) {
	end := strings.IndexByte(s, '}')
	if end < 0 || end > 100 {
		return "", 0
	}
	name, _, _ := strings.Cut(s[1:end], ":")
	if name == "" {
		value, ok := p.at(*next)
		if !ok {
			return "", 0
		}
		*next++
		return value, end + 1
	}
	if value, ok := p.named(name); ok {
		return value, end + 1
	}
	return "", 0
}

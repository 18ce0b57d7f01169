// Package normalize maps what clients send to the canonical event: names,
// types and shapes of all ages in, one bounded form out. It repairs or drops a
// malformed field with a note and never refuses an event for one.
package normalize

import (
	"errors"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// Input is what is known about an event beside its body.
type Input struct {
	Project             errata.Project
	KeyKind             errata.KeyKind
	Received, SentAt    time.Time // SentAt: when the client says it sent the envelope; zero = unknown
	HeaderID            string    // id from the envelope header, as sent
	FreshID             string    // 32 hex digits for an event that carries no id
	SDKName, SDKVersion string    // from headers; the payload's own wins
	ClientIP            string    // address of the connection
	Notes               []errata.Note
}

// wireLimits bound what a client may send as one event.
var wireLimits = jsonx.Limits{Depth: 128, Keys: 100_000, PerObject: 2000, PerList: 10_000}

// Sentry reads the payload of a Sentry event item, or of the store endpoint,
// and returns the canonical event: identity, aliases, types, filled template,
// limits, in-app marks. Personal data is still in it; UserTerms, redaction and
// Derive come next. Errors: invalid with reason empty_body, expected_object,
// bad_json or too_deep; too_large with reason too_many_keys or body_size.
func Sentry(raw []byte, in Input) (*errata.Event, error) {
	doc, err := jsonx.Parse(raw, wireLimits)
	if err != nil {
		return nil, refusal(err)
	}
	defer doc.Release()
	root := doc.Root()
	if root.Kind() != jsonx.Object {
		return nil, refuse(errata.Invalid, "expected_object", "An event is a JSON object.", nil)
	}
	m := &mapper{in: in, ev: &errata.Event{
		ProjectID: in.Project.ID, Source: errata.SourceSentry, Notes: append([]errata.Note(nil), in.Notes...),
	}}
	m.document(doc)
	m.event(root)
	return m.ev, nil
}

func refuse(code errata.Code, reason, message string, cause error) error {
	return errata.Because(code, message, cause, errata.Detail{Reason: reason, Message: message})
}

func refusal(err error) error {
	switch {
	case errors.Is(err, jsonx.ErrEmpty):
		return refuse(errata.Invalid, "empty_body", "The event is empty.", err)
	case errors.Is(err, jsonx.ErrTooDeep):
		return refuse(errata.Invalid, "too_deep", "The event is nested deeper than 128 levels.", err)
	case errors.Is(err, jsonx.ErrKeys):
		return refuse(errata.TooLarge, "too_many_keys", "The event has more than 100,000 keys.", err)
	case errors.Is(err, jsonx.ErrSize):
		return refuse(errata.TooLarge, "body_size", "The event is too large.", err)
	}
	return refuse(errata.Invalid, "bad_json", "The event is not valid JSON.", err)
}

// document notes what the reader itself had to forgive.
func (m *mapper) document(d *jsonx.Doc) {
	if d.BOM {
		m.note("", "byte_order_mark", "")
	}
	if d.Retried {
		m.note("", "nan_as_null", "")
	}
	if d.Repeated > 0 {
		m.note("", "repeated_keys", count(d.Repeated))
	}
}

// fields are the top-level members that are read after all names are known.
type fields struct {
	id, timestamp, level, message, logentry, exception, stacktrace, threads jsonx.Value
	transaction, culprit, user, request, contexts, sdk, fingerprint         jsonx.Value
	tags, extra, breadcrumbs, modules, environment, debugMeta               jsonx.Value
}

// event maps the members of a Sentry event. What the server owns (project_id,
// received, _meta …) and what nobody knows is passed over.
func (m *mapper) event(root jsonx.Value) {
	var f fields
	for name, v := range root.Members() {
		if v.Kind() == jsonx.Null {
			continue
		}
		if !m.collect(&f, name, v) {
			m.plain(name, v)
		}
	}
	m.lost("", root)
	m.identity(f)
	m.ev.Level = m.level("level", f.level, errata.LevelError)
	m.ev.Environment = firstOf(m.line("environment", f.environment, 64), "production")
	m.ev.Transaction = firstOf(m.line("transaction", f.transaction, 200), m.line("culprit", f.culprit, 200))
	m.message(f.logentry, f.message)
	m.ev.Exceptions = m.exceptions(f.exception)
	m.ev.Threads = m.threads(f.threads)
	m.stacktrace(f.stacktrace)
	m.captured()
	m.contexts(f.contexts)
	m.sdk(f.sdk)
	m.user(f.user, f.sdk)
	m.request(f.request)
	m.tags(f.tags)
	m.ev.Extra = m.object("extra", f.extra, extraLimits)
	m.breadcrumbs(f.breadcrumbs)
	m.ev.Modules = m.texts("modules", f.modules, modulesLimits)
	m.fingerprint(f.fingerprint)
	m.debugIDs(f.debugMeta)
	m.lift()
	m.inApp()
}

// collect remembers a member that needs others, or an order, to be read.
// sentry.interfaces.* are the names of raven's time; the short name wins.
func (m *mapper) collect(f *fields, name string, v jsonx.Value) bool {
	to, old := f.place(name)
	if to == nil {
		return false
	}
	if !old || to.Kind() == jsonx.Absent {
		*to = v
	}
	return true
}

func (f *fields) place(name string) (to *jsonx.Value, old bool) {
	switch name {
	case "event_id":
		return &f.id, false
	case "timestamp":
		return &f.timestamp, false
	case "level":
		return &f.level, false
	case "message":
		return &f.message, false
	case "logentry":
		return &f.logentry, false
	case "exception":
		return &f.exception, false
	case "stacktrace":
		return &f.stacktrace, false
	case "threads":
		return &f.threads, false
	case "transaction":
		return &f.transaction, false
	case "culprit":
		return &f.culprit, false
	case "user":
		return &f.user, false
	case "request":
		return &f.request, false
	case "contexts":
		return &f.contexts, false
	case "sdk":
		return &f.sdk, false
	case "fingerprint":
		return &f.fingerprint, false
	case "tags":
		return &f.tags, false
	case "extra":
		return &f.extra, false
	case "breadcrumbs":
		return &f.breadcrumbs, false
	case "modules":
		return &f.modules, false
	case "environment":
		return &f.environment, false
	case "debug_meta":
		return &f.debugMeta, false
	}
	return f.oldPlace(name), true
}

func (f *fields) oldPlace(name string) *jsonx.Value {
	switch name {
	case "sentry.interfaces.Message":
		return &f.logentry
	case "sentry.interfaces.Exception":
		return &f.exception
	case "sentry.interfaces.Stacktrace":
		return &f.stacktrace
	case "sentry.interfaces.User":
		return &f.user
	case "sentry.interfaces.Http":
		return &f.request
	case "sentry.interfaces.Breadcrumbs":
		return &f.breadcrumbs
	case "sentry.interfaces.Contexts":
		return &f.contexts
	}
	return nil
}

// plain reads a member that stands for itself.
func (m *mapper) plain(name string, v jsonx.Value) {
	switch name {
	case "platform":
		m.ev.Platform = strings.ToLower(m.line(name, v, 64))
	case "logger":
		m.ev.Logger = m.line(name, v, 256)
	case "release":
		m.ev.Release = m.release(v)
	case "dist":
		m.ev.Dist = m.line(name, v, 64)
	case "server_name":
		m.ev.Host = m.line("host", v, 256)
	case "checksum":
		m.ev.Checksum = m.line(name, v, 128)
	}
}

package normalize

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// Encode writes the event as canonical JSON, the form that is stored and that
// the JSON API shows: times as RFC 3339, what is absent left out, tags,
// modules, headers, cookies, contexts, extra, variables and data as objects,
// the query as a list of [name, value]. Decode reads it back to an equal event.
func Encode(ev *errata.Event) ([]byte, error) {
	w := writer{b: make([]byte, 0, sizeHint(ev))}
	w.event(ev)
	if !utf8.Valid(w.b) {
		return bytes.ToValidUTF8(w.b, []byte("\uFFFD")), nil
	}
	return w.b, nil
}

// sizeHint guesses how long an event will be, to allocate once.
func sizeHint(ev *errata.Event) int {
	n := 2048 + len(ev.Message) + 256*len(ev.Breadcrumbs)
	for i := range ev.Exceptions {
		n += 256 + len(ev.Exceptions[i].Value) + 512*len(ev.Exceptions[i].Frames)
	}
	for i := range ev.Threads {
		n += 128 + 512*len(ev.Threads[i].Frames)
	}
	for _, o := range []errata.Object{ev.Contexts, ev.Extra} {
		for i := range o {
			n += len(o[i].Key) + len(o[i].Value) + 4
		}
	}
	return n
}

// writer appends members; names are given as `"name":`.
type writer struct {
	b []byte
}

// sep writes the comma before a member or entry unless it is the first.
func (w *writer) sep() {
	if c := w.b[len(w.b)-1]; c != '{' && c != '[' {
		w.b = append(w.b, ',')
	}
}

func (w *writer) open(name string, bracket byte) {
	w.sep()
	w.b = append(append(w.b, name...), bracket)
}

func (w *writer) close(bracket byte) { w.b = append(w.b, bracket) }

func (w *writer) text(name, s string) {
	if s != "" {
		w.sep()
		w.b = jsonx.AppendString(append(w.b, name...), s)
	}
}

func (w *writer) number(name string, n int) {
	if n != 0 {
		w.always(name, n)
	}
}

func (w *writer) always(name string, n int) {
	w.sep()
	w.b = strconv.AppendInt(append(w.b, name...), int64(n), 10)
}

func (w *writer) flag(name string, is bool) {
	if is {
		w.sep()
		w.b = append(append(w.b, name...), "true"...)
	}
}

func (w *writer) maybe(name string, is *bool) {
	if is != nil {
		w.sep()
		w.b = strconv.AppendBool(append(w.b, name...), *is)
	}
}

func (w *writer) index(name string, n *int) {
	if n != nil {
		w.always(name, *n)
	}
}

// time writes µs since 1970 as RFC 3339 with three or six digits.
func (w *writer) time(name string, us int64) {
	if us != 0 {
		w.sep()
		w.b = append(append(w.b, name...), '"')
		w.b = append(appendTime(w.b, us), '"')
	}
}

func appendTime(b []byte, us int64) []byte {
	const secondsFormat = "2006-01-02T15:04:05"
	b = errata.FromMicros(us).AppendFormat(b, secondsFormat)
	fraction, digits := us%1e6, 6
	if fraction < 0 {
		fraction += int64(time.Second / time.Microsecond)
	}
	if fraction%1000 == 0 {
		fraction, digits = fraction/1000, 3
	}
	b = append(b, ".000000"[:digits+1]...)
	for i := len(b) - 1; fraction > 0; i-- {
		b[i] += byte(fraction % 10)
		fraction /= 10
	}
	return append(b, 'Z')
}

func (w *writer) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	w.open(name, '[')
	for _, s := range list {
		w.sep()
		w.b = jsonx.AppendString(w.b, s)
	}
	w.close(']')
}

func (w *writer) pairs(name string, list []errata.Pair) {
	if len(list) == 0 {
		return
	}
	w.open(name, '{')
	for i := range list {
		w.sep()
		w.b = append(jsonx.AppendString(w.b, list[i].Key), ':')
		w.b = jsonx.AppendString(w.b, list[i].Value)
	}
	w.close('}')
}

func (w *writer) query(name string, list []errata.Pair) {
	if len(list) == 0 {
		return
	}
	w.open(name, '[')
	for i := range list {
		w.sep()
		w.b = append(jsonx.AppendString(append(w.b, '['), list[i].Key), ',')
		w.b = append(jsonx.AppendString(w.b, list[i].Value), ']')
	}
	w.close(']')
}

func (w *writer) object(name string, o errata.Object) {
	if len(o) == 0 {
		return
	}
	w.open(name, '{')
	for i := range o {
		w.sep()
		w.b = append(jsonx.AppendString(w.b, o[i].Key), ':')
		w.raw(o[i].Value)
	}
	w.close('}')
}

func (w *writer) raw(v json.RawMessage) {
	if len(v) == 0 {
		w.b = append(w.b, "null"...)
		return
	}
	w.b = append(w.b, v...)
}

func (w *writer) event(ev *errata.Event) {
	w.b = append(w.b, '{')
	w.text(`"id":`, ev.ID)
	w.text(`"project_id":`, ev.ProjectID)
	w.time(`"timestamp":`, ev.Timestamp)
	w.time(`"received_at":`, ev.ReceivedAt)
	w.time(`"original_timestamp":`, ev.OriginalTimestamp)
	w.flag(`"clamped":`, ev.Clamped)
	w.text(`"source":`, string(ev.Source))
	w.text(`"level":`, string(ev.Level))
	w.always(`"severity":`, int(ev.Severity))
	w.number(`"class":`, ev.Class)
	w.text(`"platform":`, ev.Platform)
	w.text(`"logger":`, ev.Logger)
	w.text(`"message":`, ev.Message)
	w.text(`"message_template":`, ev.MessageTemplate)
	w.exceptions(ev.Exceptions)
	w.threads(ev.Threads)
	w.text(`"transaction":`, ev.Transaction)
	w.text(`"culprit":`, ev.Culprit)
	w.text(`"code":`, ev.Code)
	w.text(`"release":`, ev.Release)
	w.text(`"dist":`, ev.Dist)
	w.text(`"environment":`, ev.Environment)
	w.text(`"host":`, ev.Host)
	w.user(ev.User)
	w.text(`"client_ip":`, ev.ClientIP)
	w.request(ev.Request)
	w.trace(ev.Trace)
	w.text(`"request_id":`, ev.RequestID)
	w.text(`"session_id":`, ev.SessionID)
	w.rest(ev)
	w.close('}')
}

func (w *writer) rest(ev *errata.Event) {
	w.pairs(`"tags":`, ev.Tags)
	w.object(`"contexts":`, ev.Contexts)
	w.object(`"extra":`, ev.Extra)
	w.breadcrumbs(ev.Breadcrumbs)
	w.pairs(`"modules":`, ev.Modules)
	if s := ev.SDK; s != nil {
		w.open(`"sdk":`, '{')
		w.text(`"name":`, s.Name)
		w.text(`"version":`, s.Version)
		w.close('}')
	}
	w.texts(`"client_fingerprint":`, ev.ClientFingerprint)
	w.text(`"checksum":`, ev.Checksum)
	w.texts(`"debug_ids":`, ev.DebugIDs)
	w.notes(ev.Notes)
}

func (w *writer) exceptions(list []errata.Exception) {
	if len(list) == 0 {
		return
	}
	w.open(`"exceptions":`, '[')
	for i := range list {
		x := &list[i]
		w.open("", '{')
		w.text(`"type":`, x.Type)
		w.text(`"value":`, x.Value)
		w.text(`"module":`, x.Module)
		w.text(`"thread_id":`, x.ThreadID)
		w.mechanism(x.Mechanism)
		w.frames(x.Frames)
		w.close('}')
	}
	w.close(']')
}

func (w *writer) mechanism(x *errata.Mechanism) {
	if x == nil {
		return
	}
	w.open(`"mechanism":`, '{')
	w.text(`"type":`, x.Type)
	w.maybe(`"handled":`, x.Handled)
	w.flag(`"synthetic":`, x.Synthetic)
	w.text(`"source":`, x.Source)
	w.index(`"exception_id":`, x.ID)
	w.index(`"parent_id":`, x.ParentID)
	w.flag(`"is_exception_group":`, x.IsExceptionGroup)
	w.close('}')
}

func (w *writer) frames(list []errata.Frame) {
	if len(list) == 0 {
		return
	}
	w.open(`"frames":`, '[')
	for i := range list {
		f := &list[i]
		w.open("", '{')
		w.text(`"module":`, f.Module)
		w.text(`"function":`, f.Function)
		w.text(`"file":`, f.File)
		w.text(`"abs_path":`, f.AbsPath)
		w.text(`"package":`, f.Package)
		w.number(`"line":`, f.Line)
		w.number(`"column":`, f.Column)
		w.maybe(`"in_app":`, f.InApp)
		w.text(`"context_line":`, f.ContextLine)
		w.texts(`"pre_context":`, f.PreContext)
		w.texts(`"post_context":`, f.PostContext)
		w.object(`"vars":`, f.Vars)
		w.close('}')
	}
	w.close(']')
}

func (w *writer) threads(list []errata.Thread) {
	if len(list) == 0 {
		return
	}
	w.open(`"threads":`, '[')
	for i := range list {
		t := &list[i]
		w.open("", '{')
		w.text(`"id":`, t.ID)
		w.text(`"name":`, t.Name)
		w.flag(`"crashed":`, t.Crashed)
		w.flag(`"current":`, t.Current)
		w.frames(t.Frames)
		w.close('}')
	}
	w.close(']')
}

func (w *writer) user(u *errata.User) {
	if u == nil {
		return
	}
	w.open(`"user":`, '{')
	w.text(`"id":`, u.ID)
	w.text(`"email":`, u.Email)
	w.text(`"username":`, u.Username)
	w.text(`"ip":`, u.IP)
	w.text(`"hash":`, u.Hash)
	w.texts(`"terms":`, u.Terms)
	w.close('}')
}

func (w *writer) request(r *errata.Request) {
	if r == nil {
		return
	}
	w.open(`"request":`, '{')
	w.text(`"method":`, r.Method)
	w.text(`"url":`, r.URL)
	w.text(`"path":`, r.Path)
	w.text(`"domain":`, r.Domain)
	w.query(`"query":`, r.Query)
	w.pairs(`"headers":`, r.Headers)
	w.pairs(`"cookies":`, r.Cookies)
	w.text(`"body":`, r.Body)
	w.number(`"status":`, r.Status)
	w.close('}')
}

func (w *writer) trace(t *errata.Trace) {
	if t == nil {
		return
	}
	w.open(`"trace":`, '{')
	w.text(`"trace_id":`, t.TraceID)
	w.text(`"span_id":`, t.SpanID)
	w.text(`"parent_span_id":`, t.ParentSpanID)
	w.text(`"op":`, t.Op)
	w.close('}')
}

func (w *writer) breadcrumbs(list []errata.Breadcrumb) {
	if len(list) == 0 {
		return
	}
	w.open(`"breadcrumbs":`, '[')
	for i := range list {
		b := &list[i]
		w.open("", '{')
		w.time(`"timestamp":`, b.Timestamp)
		w.text(`"type":`, b.Type)
		w.text(`"category":`, b.Category)
		w.text(`"level":`, string(b.Level))
		w.text(`"message":`, b.Message)
		w.object(`"data":`, b.Data)
		w.close('}')
	}
	w.close(']')
}

func (w *writer) notes(list []errata.Note) {
	if len(list) == 0 {
		return
	}
	w.open(`"notes":`, '[')
	for i := range list {
		w.open("", '{')
		w.text(`"path":`, list[i].Path)
		w.text(`"code":`, list[i].Code)
		w.text(`"was":`, list[i].Was)
		w.close('}')
	}
	w.close(']')
}

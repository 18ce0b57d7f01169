package normalize

import (
	"strconv"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// Decode reads what Encode wrote. The event refers to b, which must not change
// afterwards. Unknown members are passed over, so that a newer form can be read
// by an older program. Errors: invalid with reason bad_json or expected_object.
func Decode(b []byte) (*errata.Event, error) {
	doc, err := jsonx.Parse(b, jsonx.Limits{})
	if err != nil {
		return nil, refusal(err)
	}
	defer doc.Release()
	root := doc.Root()
	if root.Kind() != jsonx.Object {
		return nil, refuse(errata.Invalid, "expected_object", "An event is a JSON object.", nil)
	}
	ev := &errata.Event{}
	for name, v := range root.Members() {
		if !decodeHead(ev, name, v) {
			decodeRest(ev, name, v)
		}
	}
	return ev, nil
}

func decodeHead(ev *errata.Event, name string, v jsonx.Value) bool {
	switch name {
	case "id":
		ev.ID = text(v)
	case "project_id":
		ev.ProjectID = text(v)
	case "timestamp":
		ev.Timestamp = micros(v)
	case "received_at":
		ev.ReceivedAt = micros(v)
	case "original_timestamp":
		ev.OriginalTimestamp = micros(v)
	case "clamped":
		ev.Clamped = v.Kind() == jsonx.True
	case "source":
		ev.Source = errata.Source(text(v))
	case "level":
		ev.Level = errata.Level(text(v))
	case "severity":
		ev.Severity = errata.Severity(number(v) & 3)
	case "class":
		ev.Class = number(v)
	case "platform":
		ev.Platform = text(v)
	case "logger":
		ev.Logger = text(v)
	case "message":
		ev.Message = text(v)
	case "message_template":
		ev.MessageTemplate = text(v)
	case "exceptions":
		ev.Exceptions = decodeList(v, decodeException)
	case "threads":
		ev.Threads = decodeList(v, decodeThread)
	case "transaction":
		ev.Transaction = text(v)
	case "culprit":
		ev.Culprit = text(v)
	case "code":
		ev.Code = text(v)
	default:
		return false
	}
	return true
}

func decodeRest(ev *errata.Event, name string, v jsonx.Value) {
	switch name {
	case "release":
		ev.Release = text(v)
	case "dist":
		ev.Dist = text(v)
	case "environment":
		ev.Environment = text(v)
	case "host":
		ev.Host = text(v)
	case "user":
		ev.User = decodeUser(v)
	case "client_ip":
		ev.ClientIP = text(v)
	case "request":
		ev.Request = decodeRequest(v)
	case "trace":
		ev.Trace = decodeTrace(v)
	case "request_id":
		ev.RequestID = text(v)
	case "session_id":
		ev.SessionID = text(v)
	case "tags":
		ev.Tags = decodePairs(v)
	case "contexts":
		ev.Contexts = decodeObject(v)
	case "extra":
		ev.Extra = decodeObject(v)
	case "breadcrumbs":
		ev.Breadcrumbs = decodeList(v, decodeBreadcrumb)
	case "modules":
		ev.Modules = decodePairs(v)
	case "sdk":
		ev.SDK = &errata.SDK{Name: text(v.Get("name")), Version: text(v.Get("version"))}
	case "client_fingerprint":
		ev.ClientFingerprint = decodeTexts(v)
	case "checksum":
		ev.Checksum = text(v)
	case "debug_ids":
		ev.DebugIDs = decodeTexts(v)
	case "notes":
		ev.Notes = decodeList(v, decodeNote)
	}
}

func text(v jsonx.Value) string {
	s, _, _ := v.Text()
	return s
}

func number(v jsonx.Value) int {
	n, _ := strconv.Atoi(v.Raw())
	return n
}

func numberRef(v jsonx.Value) *int {
	n, err := strconv.Atoi(v.Raw())
	if err != nil {
		return nil
	}
	return &n
}

func boolRef(v jsonx.Value) *bool {
	is := v.Kind() == jsonx.True
	if !is && v.Kind() != jsonx.False {
		return nil
	}
	return &is
}

func micros(v jsonx.Value) int64 {
	us, _ := parseTime(v.Raw())
	return us
}

func decodeList[T any](v jsonx.Value, one func(*T, jsonx.Value)) []T {
	if v.Kind() != jsonx.List || v.Len() == 0 {
		return nil
	}
	out := make([]T, v.Len())
	for i, entry := range v.Items() {
		one(&out[i], entry)
	}
	return out
}

func decodeTexts(v jsonx.Value) []string {
	return decodeList(v, func(s *string, v jsonx.Value) { *s = text(v) })
}

func decodePairs(v jsonx.Value) []errata.Pair {
	if v.Kind() != jsonx.Object || v.Len() == 0 {
		return nil
	}
	out := make([]errata.Pair, 0, v.Len())
	for name, member := range v.Members() {
		out = append(out, errata.Pair{Key: name, Value: text(member)})
	}
	return out
}

func decodeQuery(p *errata.Pair, v jsonx.Value) {
	for i, part := range v.Items() {
		switch i {
		case 0:
			p.Key = text(part)
		case 1:
			p.Value = text(part)
		}
	}
}

func decodeObject(v jsonx.Value) errata.Object {
	if v.Kind() != jsonx.Object || v.Len() == 0 {
		return nil
	}
	out := make(errata.Object, 0, v.Len())
	for name, member := range v.Members() {
		out = append(out, errata.Member{Key: name, Value: member.RawJSON()})
	}
	return out
}

func decodeException(x *errata.Exception, v jsonx.Value) {
	for name, member := range v.Members() {
		switch name {
		case "type":
			x.Type = text(member)
		case "value":
			x.Value = text(member)
		case "module":
			x.Module = text(member)
		case "thread_id":
			x.ThreadID = text(member)
		case "mechanism":
			x.Mechanism = decodeMechanism(member)
		case "frames":
			x.Frames = decodeList(member, decodeFrame)
		}
	}
}

func decodeMechanism(v jsonx.Value) *errata.Mechanism {
	x := &errata.Mechanism{}
	for name, member := range v.Members() {
		switch name {
		case "type":
			x.Type = text(member)
		case "handled":
			x.Handled = boolRef(member)
		case "synthetic":
			x.Synthetic = member.Kind() == jsonx.True
		case "source":
			x.Source = text(member)
		case "exception_id":
			x.ID = numberRef(member)
		case "parent_id":
			x.ParentID = numberRef(member)
		case "is_exception_group":
			x.IsExceptionGroup = member.Kind() == jsonx.True
		}
	}
	return x
}

func decodeFrame(f *errata.Frame, v jsonx.Value) {
	for name, member := range v.Members() {
		switch name {
		case "module":
			f.Module = text(member)
		case "function":
			f.Function = text(member)
		case "file":
			f.File = text(member)
		case "abs_path":
			f.AbsPath = text(member)
		case "package":
			f.Package = text(member)
		case "line":
			f.Line = number(member)
		case "column":
			f.Column = number(member)
		case "in_app":
			f.InApp = boolRef(member)
		case "context_line":
			f.ContextLine = text(member)
		case "pre_context":
			f.PreContext = decodeTexts(member)
		case "post_context":
			f.PostContext = decodeTexts(member)
		case "vars":
			f.Vars = decodeObject(member)
		}
	}
}

func decodeThread(t *errata.Thread, v jsonx.Value) {
	for name, member := range v.Members() {
		switch name {
		case "id":
			t.ID = text(member)
		case "name":
			t.Name = text(member)
		case "crashed":
			t.Crashed = member.Kind() == jsonx.True
		case "current":
			t.Current = member.Kind() == jsonx.True
		case "frames":
			t.Frames = decodeList(member, decodeFrame)
		}
	}
}

func decodeUser(v jsonx.Value) *errata.User {
	u := &errata.User{}
	for name, member := range v.Members() {
		switch name {
		case "id":
			u.ID = text(member)
		case "email":
			u.Email = text(member)
		case "username":
			u.Username = text(member)
		case "ip":
			u.IP = text(member)
		case "hash":
			u.Hash = text(member)
		case "terms":
			u.Terms = decodeTexts(member)
		}
	}
	return u
}

func decodeRequest(v jsonx.Value) *errata.Request {
	r := &errata.Request{}
	for name, member := range v.Members() {
		switch name {
		case "method":
			r.Method = text(member)
		case "url":
			r.URL = text(member)
		case "path":
			r.Path = text(member)
		case "domain":
			r.Domain = text(member)
		case "query":
			r.Query = decodeList(member, decodeQuery)
		case "headers":
			r.Headers = decodePairs(member)
		case "cookies":
			r.Cookies = decodePairs(member)
		case "body":
			r.Body = text(member)
		case "status":
			r.Status = number(member)
		}
	}
	return r
}

func decodeTrace(v jsonx.Value) *errata.Trace {
	t := &errata.Trace{}
	for name, member := range v.Members() {
		switch name {
		case "trace_id":
			t.TraceID = text(member)
		case "span_id":
			t.SpanID = text(member)
		case "parent_span_id":
			t.ParentSpanID = text(member)
		case "op":
			t.Op = text(member)
		}
	}
	return t
}

func decodeBreadcrumb(b *errata.Breadcrumb, v jsonx.Value) {
	for name, member := range v.Members() {
		switch name {
		case "timestamp":
			b.Timestamp = micros(member)
		case "type":
			b.Type = text(member)
		case "category":
			b.Category = text(member)
		case "level":
			b.Level = errata.Level(text(member))
		case "message":
			b.Message = text(member)
		case "data":
			b.Data = decodeObject(member)
		}
	}
}

func decodeNote(n *errata.Note, v jsonx.Value) {
	for name, member := range v.Members() {
		switch name {
		case "path":
			n.Path = text(member)
		case "code":
			n.Code = text(member)
		case "was":
			n.Was = text(member)
		}
	}
}

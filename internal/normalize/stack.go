package normalize

import (
	"strconv"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

const (
	maxExceptions = 50
	maxThreads    = 50
	maxFrames     = 250
	richFrames    = 50 // the newest frames keep source lines and variables
	maxName       = 256
	maxSourceLine = 512
	maxSource     = 10 // lines before and after
)

// exceptions reads a list, {values: […]} or a single exception, oldest first.
// The newest are kept.
func (m *mapper) exceptions(v jsonx.Value) []errata.Exception {
	if v.Kind() == jsonx.Absent {
		return nil
	}
	if single(v) {
		if x, ok := m.exception(v); ok {
			return []errata.Exception{x}
		}
		return nil
	}
	list := m.list("exceptions", v)
	skip := m.newest("exceptions", list, maxExceptions)
	var out []errata.Exception
	for i, entry := range list.Items() {
		if i < skip || entry.Kind() == jsonx.Null {
			continue
		}
		m.enter("exceptions", i)
		if x, ok := m.exception(entry); ok {
			if out == nil {
				out = make([]errata.Exception, 0, list.Len()-i)
			}
			out = append(out, x)
		}
		m.leave()
	}
	return out
}

func single(v jsonx.Value) bool {
	return v.Kind() == jsonx.Text || v.Kind() == jsonx.Object && v.Get("values").Kind() == jsonx.Absent
}

// exception reads one; ok is false when it says nothing at all.
func (m *mapper) exception(v jsonx.Value) (x errata.Exception, ok bool) {
	if v.Kind() != jsonx.Object {
		x.Value = m.text("value", v, maxText)
		return x, x.Value != ""
	}
	for name, member := range v.Members() {
		switch name {
		case "type":
			x.Type = m.line(name, member, maxName)
		case "value":
			x.Value = m.texty(name, member, maxText)
		case "module":
			x.Module = m.line(name, member, maxName)
		case "thread_id":
			x.ThreadID = m.line(name, member, 64)
		case "mechanism":
			x.Mechanism = m.mechanism(member)
		case "stacktrace":
			x.Frames = m.frames(member)
		}
	}
	return x, x.Type != "" || x.Value != "" || x.Module != "" || len(x.Frames) > 0
}

func (m *mapper) mechanism(v jsonx.Value) *errata.Mechanism {
	if v.Kind() != jsonx.Object {
		return nil
	}
	x := &errata.Mechanism{}
	for name, member := range v.Members() {
		switch name {
		case "type":
			x.Type = m.line("mechanism.type", member, 64)
		case "handled":
			if is, ok := truth(member); ok {
				x.Handled = &is
			}
		case "synthetic":
			x.Synthetic, _ = truth(member)
		case "source":
			x.Source = m.line("mechanism.source", member, 128)
		case "exception_id":
			x.ID = smallInt(member)
		case "parent_id":
			x.ParentID = smallInt(member)
		case "is_exception_group":
			x.IsExceptionGroup, _ = truth(member)
		}
	}
	return x
}

func smallInt(v jsonx.Value) *int {
	s, _, _ := v.Text()
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1<<20 {
		return nil
	}
	return &n
}

// frames reads the frames of a stack trace, oldest call first. The newest are
// kept; the newest of those keep source lines and variables.
func (m *mapper) frames(stack jsonx.Value) []errata.Frame {
	if stack.Kind() == jsonx.Object {
		stack = stack.Get("frames")
	}
	list := m.list("frames", stack)
	skip := m.newest("frames", list, maxFrames)
	n := list.Len() - skip
	if n <= 0 {
		return nil
	}
	out := make([]errata.Frame, 0, n)
	for i, entry := range list.Items() {
		if i < skip || entry.Kind() != jsonx.Object {
			continue
		}
		m.enter("frames", i)
		out = append(out, errata.Frame{})
		m.frame(&out[len(out)-1], entry, list.Len()-i <= richFrames)
		m.leave()
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (m *mapper) frame(f *errata.Frame, v jsonx.Value, rich bool) {
	for name, member := range v.Members() {
		switch name {
		case "function":
			f.Function = m.line(name, member, maxName)
		case "module":
			f.Module = m.line(name, member, maxName)
		case "filename":
			f.File = m.line("file", member, maxName)
		case "abs_path":
			f.AbsPath = m.line(name, member, maxName)
		case "package":
			f.Package = m.line(name, member, maxName)
		case "lineno":
			f.Line = m.number("line", member)
		case "colno":
			f.Column = m.number("column", member)
		case "in_app":
			if is, ok := truth(member); ok {
				f.InApp = &is
			}
		default:
			if rich {
				m.source(f, name, member)
			}
		}
	}
}

func (m *mapper) source(f *errata.Frame, name string, v jsonx.Value) {
	switch name {
	case "context_line":
		f.ContextLine = m.text(name, v, maxSourceLine)
	case "pre_context":
		f.PreContext = m.lines(name, v, v.Len()-maxSource)
	case "post_context":
		f.PostContext = m.lines(name, v, 0)
	case "vars":
		f.Vars = m.object(name, v, varsLimits)
	}
}

// lines reads up to maxSource source lines, from index from on.
func (m *mapper) lines(field string, v jsonx.Value, from int) []string {
	if v.Kind() != jsonx.List || v.Len() == 0 {
		return nil
	}
	out := make([]string, 0, min(v.Len(), maxSource))
	for i, entry := range v.Items() {
		if i >= from && len(out) < maxSource {
			out = append(out, m.text(field, entry, maxSourceLine))
		}
	}
	return out
}

// threads reads a list or {values: […]}. When there are too many, the crashed
// and the current one stay.
func (m *mapper) threads(v jsonx.Value) []errata.Thread {
	list := m.list("threads", v)
	room := maxThreads
	if list.Len()+list.Lost() > maxThreads {
		m.note("threads", "too_many", count(list.Len()+list.Lost()-maxThreads))
		room -= 2
	}
	var out []errata.Thread
	for i, entry := range list.Items() {
		if entry.Kind() != jsonx.Object || (len(out) >= room && !wanted(entry)) || len(out) >= maxThreads {
			continue
		}
		m.enter("threads", i)
		out = append(out, m.thread(entry))
		m.leave()
	}
	return out
}

func wanted(thread jsonx.Value) bool {
	crashed, _ := truth(thread.Get("crashed"))
	current, _ := truth(thread.Get("current"))
	return crashed || current
}

func (m *mapper) thread(v jsonx.Value) (t errata.Thread) {
	for name, member := range v.Members() {
		switch name {
		case "id":
			t.ID = m.line(name, member, 64)
		case "name":
			t.Name = m.line(name, member, maxName)
		case "crashed":
			t.Crashed, _ = truth(member)
		case "current":
			t.Current, _ = truth(member)
		case "stacktrace":
			t.Frames = m.frames(member)
		}
	}
	return t
}

// stacktrace takes a stack trace that stands beside the exceptions: it is that
// of the only exception, else that of a thread.
func (m *mapper) stacktrace(v jsonx.Value) {
	if v.Kind() == jsonx.Absent {
		return
	}
	frames := m.frames(v)
	if len(frames) == 0 {
		return
	}
	if x := m.ev.Exceptions; len(x) == 1 && len(x[0].Frames) == 0 {
		x[0].Frames = frames
		return
	}
	if len(m.ev.Threads) < maxThreads {
		m.ev.Threads = append(m.ev.Threads, errata.Thread{Current: true, Frames: frames})
	}
}

// captured recognises a captured message that JavaScript sends as an only
// exception without a type: it is a thread at its message, not an error.
func (m *mapper) captured() {
	x := m.ev.Exceptions
	if len(x) != 1 || x[0].Type != "" || x[0].Value == "" || x[0].Value != m.ev.Message {
		return
	}
	m.ev.Exceptions = nil
	if len(x[0].Frames) > 0 && len(m.ev.Threads) < maxThreads {
		m.ev.Threads = append(m.ev.Threads, errata.Thread{Current: true, Frames: x[0].Frames})
	}
}

// inApp decides which frames are the team's own.
func (m *mapper) inApp() {
	for i := range m.ev.Exceptions {
		errata.DecideInApp(m.ev.Exceptions[i].Frames, m.ev.Platform)
	}
	for i := range m.ev.Threads {
		errata.DecideInApp(m.ev.Threads[i].Frames, m.ev.Platform)
	}
}

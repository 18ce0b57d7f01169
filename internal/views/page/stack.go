package page

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// Stack is the stack trace of an event: the thrown exception first, then what
// it wraps, then the threads. Raw is set instead in that mode.
type Stack struct {
	Exceptions []Exception
	Threads    []ThreadStack
	Raw        string
	NoStack    bool   // nothing in the event has frames
	Message    string // shown when there is no exception
}

// Exception is one error of a chain. Phrase joins it to the one before.
type Exception struct {
	Phrase, Type, Module string
	Value                clipped
	Chips                []ui.Chip
	Unhandled            bool
	Items                []FrameItem
}

// ThreadStack is a thread with its frames.
type ThreadStack struct {
	Name, Note string
	Items      []FrameItem
}

// FrameItem is a frame, or a folded run of them.
type FrameItem struct {
	Frame *Frame
	Fold  *Fold
}

// Frame is one call.
type Frame struct {
	Function, Where, Title string
	InApp, Raised, Open    bool
	Source                 []ui.CodeLine
	SourceName             string
	Vars                   []ui.Row
}

// Fold is a run of framework frames.
type Fold struct {
	Title, Packages string
	Frames          []Frame
}

const (
	openFrames   = 5 // in-app frames with something to show that stand open
	shownThreads = 20
)

func newStack(ev *errata.Event, mode FrameMode) Stack {
	s := Stack{NoStack: !hasFrames(ev)}
	if len(ev.Exceptions) == 0 {
		s.Message = ev.Message
	}
	if mode == FramesRaw {
		s.Raw = rawStack(ev)
		return s
	}
	open := openFrames
	for i := range slices.Backward(ev.Exceptions) {
		s.Exceptions = append(s.Exceptions, newException(ev, i, mode, &open))
	}
	s.Threads = threadStacks(ev, mode, &open)
	return s
}

func newException(ev *errata.Event, i int, mode FrameMode, open *int) Exception {
	x := &ev.Exceptions[i]
	e := Exception{Type: x.Type, Module: x.Module, Value: newClipped(x.Value), Chips: mechanismChips(ev, x)}
	if e.Type == "" {
		e.Type = "Error"
	}
	last := i == len(ev.Exceptions)-1
	if !last {
		e.Phrase = chainPhrase(ev.Platform, x)
	}
	e.Unhandled = x.Mechanism != nil && x.Mechanism.Handled != nil && !*x.Mechanism.Handled
	e.Items = frameItems(x.Frames, ev.Platform, mode, last, open)
	return e
}

func mechanismChips(ev *errata.Event, x *errata.Exception) []ui.Chip {
	var out []ui.Chip
	if x == ev.Thrown() && ev.Code != "" {
		out = append(out, ui.Chip{Text: ev.Code, Tone: "mono", Title: "Error code"})
	}
	if m := x.Mechanism; m != nil && m.Type != "" && m.Type != "generic" && m.Type != "chained" {
		out = append(out, ui.Chip{Text: ui.Clip(m.Type, 40), Title: "How it was caught"})
	}
	if x.Synthetic() {
		out = append(out, ui.Chip{Text: "synthetic", Title: "The SDK made up the type"})
	}
	return out
}

// chainPhrase says in the language's words how the exception before it is
// joined to x, which came first.
func chainPhrase(platform string, x *errata.Exception) string {
	source := ""
	if x.Mechanism != nil {
		source = x.Mechanism.Source
	}
	switch {
	case strings.HasPrefix(source, "errors[") || strings.HasPrefix(source, "exceptions["):
		return "in the group"
	case source == "__context__":
		return "during handling of"
	case platform == "go":
		return "wraps"
	case platform == "csharp":
		return "inner exception"
	}
	return "caused by"
}

func threadStacks(ev *errata.Event, mode FrameMode, open *int) []ThreadStack {
	var out []ThreadStack
	for i := range ev.Threads[:min(len(ev.Threads), shownThreads)] {
		t := &ev.Threads[i]
		if len(t.Frames) == 0 {
			continue
		}
		name := t.Name
		if name == "" {
			name = "Thread " + t.ID
		}
		out = append(out, ThreadStack{Name: name, Note: threadNote(t), Items: frameItems(t.Frames, ev.Platform, mode, t.Crashed, open)})
	}
	return out
}

func threadNote(t *errata.Thread) string {
	switch {
	case t.Crashed:
		return "crashed"
	case t.Current:
		return "current"
	}
	return ""
}

// frameItems turns frames, oldest call first, into items, newest first. Raised
// says that the newest frame is where the error was raised.
func frameItems(frames []errata.Frame, platform string, mode FrameMode, raised bool, open *int) []FrameItem {
	anyInApp := slices.ContainsFunc(frames, func(f errata.Frame) bool { return f.IsInApp() })
	var out []FrameItem
	var run []Frame
	flush := func() {
		if len(run) > 0 {
			out = append(out, FrameItem{Fold: newFold(run)})
			run = nil
		}
	}
	for i := len(frames) - 1; i >= 0; i-- {
		f := newFrame(&frames[i], platform)
		f.Raised = raised && i == len(frames)-1
		if mode != FramesAll && anyInApp && !f.InApp {
			run = append(run, f)
			continue
		}
		flush()
		if *open > 0 && (f.InApp || !anyInApp) && (len(f.Source) > 0 || len(f.Vars) > 0) {
			f.Open = true
			*open--
		}
		out = append(out, FrameItem{Frame: &f})
	}
	flush()
	return out
}

func newFold(run []Frame) *Fold {
	f := &Fold{Frames: run, Title: ui.Count(int64(len(run)), "framework frame", "framework frames") + " folded"}
	var names []string
	for _, r := range run {
		if p := r.pack(); p != "" && !slices.Contains(names, p) && len(names) < 4 {
			names = append(names, p)
		}
	}
	f.Packages = ui.Clip(strings.Join(names, ", "), 60)
	return f
}

// pack is the first part of the function's name: what people call the package.
func (f Frame) pack() string {
	name, rest, ok := strings.Cut(f.Function, ".")
	if !ok || rest == "" {
		return ""
	}
	return name
}

func newFrame(f *errata.Frame, platform string) Frame {
	out := Frame{
		Function: ui.Clip(frameFunction(f, platform), 160), Where: ui.Clip(frameWhere(f), 160), InApp: f.IsInApp(),
		Title: ui.Clip(strings.TrimSpace(f.Module+" "+f.AbsPath), 400),
	}
	if f.ContextLine != "" || len(f.PreContext)+len(f.PostContext) > 0 {
		out.Source = frameSource(f, platform)
		out.SourceName = "Source, " + frameWhere(f)
	}
	for _, v := range f.Vars {
		out.Vars = append(out.Vars, ui.Row{Name: ui.Clip(v.Key, 120), Value: ui.Clip(variable(v.Value), 600)})
	}
	return out
}

// frameFunction writes a function with the last piece of its module, as the
// language's people name it.
func frameFunction(f *errata.Frame, platform string) string {
	name := f.Function
	if name == "" {
		name = "?"
	}
	switch platform {
	case "go":
		if f.Module != "" {
			return path.Base(f.Module) + "." + name
		}
	case "java", "kotlin", "csharp", "scala":
		if f.Module != "" {
			return f.Module[strings.LastIndexByte(f.Module, '.')+1:] + "." + name
		}
	case "python", "ruby":
		if f.Module != "" {
			return f.Module + "." + name
		}
	}
	return name
}

func frameWhere(f *errata.Frame) string {
	file := f.File
	if file == "" {
		file = f.AbsPath
	}
	if file == "" {
		file = f.Package
	}
	if f.Line > 0 && file != "" {
		file += ":" + strconv.Itoa(f.Line)
		if f.Column > 0 {
			file += ":" + strconv.Itoa(f.Column)
		}
	}
	return file
}

const contextLines = 8 // before and behind the line

func frameSource(f *errata.Frame, platform string) []ui.CodeLine {
	pre, post := f.PreContext, f.PostContext
	pre = pre[max(0, len(pre)-contextLines):]
	post = post[:min(len(post), contextLines)]
	text := slices.Concat(pre, []string{f.ContextLine}, post)
	for i := range text {
		text[i] = ui.Clip(strings.TrimRight(text[i], "\r\n"), 400)
	}
	lines := ui.Highlight(ui.LanguageOf(f.File, platform), dedent(text))
	for i := range lines {
		if f.Line > 0 {
			lines[i].Number = f.Line - len(pre) + i
		}
		lines[i].Hit = i == len(pre)
	}
	return lines
}

// dedent takes away the white space that all lines begin with.
func dedent(lines []string) []string {
	common, found := "", false
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		if !found {
			common, found = indent, true
		}
		for !strings.HasPrefix(indent, common) {
			common = common[:len(common)-1]
		}
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimPrefix(l, common)
	}
	return out
}

// variable writes a value as JSON; a removed secret stands without quotes.
func variable(value json.RawMessage) string {
	if s := plainJSON(value); len(s) > 2 && s[0] == '[' && len(value) == len(s)+2 && ui.IsMark(s) {
		return s
	}
	return string(value)
}

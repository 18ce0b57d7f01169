package page

import (
	"fmt"
	"strconv"
	"strings"

	"errata/internal/errata"
)

// rawStack writes the stack as the platform itself prints it.
func rawStack(ev *errata.Event) string {
	var b strings.Builder
	for i := len(ev.Exceptions) - 1; i >= 0; i-- {
		x := &ev.Exceptions[i]
		if i < len(ev.Exceptions)-1 {
			b.WriteString("\n")
		}
		rawException(&b, ev.Platform, x, i < len(ev.Exceptions)-1)
	}
	for i := range ev.Threads {
		t := &ev.Threads[i]
		if len(t.Frames) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\nthread %s %s\n", t.ID, t.Name)
		rawFrames(&b, ev.Platform, t.Frames)
	}
	if b.Len() == 0 {
		return ev.Message
	}
	return strings.TrimLeft(b.String(), "\n")
}

func rawException(b *strings.Builder, platform string, x *errata.Exception, cause bool) {
	head := x.Type
	if x.Module != "" && (platform == "java" || platform == "kotlin" || platform == "python") {
		head = x.Module + "." + x.Type
	}
	if x.Value != "" {
		head += ": " + x.Value
	}
	if platform == "python" { // the message follows the frames
		b.WriteString("Traceback (most recent call last):\n")
		rawFrames(b, platform, x.Frames)
		b.WriteString(head + "\n")
		return
	}
	if cause {
		b.WriteString("Caused by: ")
	}
	b.WriteString(head + "\n")
	rawFrames(b, platform, x.Frames)
}

func rawFrames(b *strings.Builder, platform string, frames []errata.Frame) {
	if platform == "python" {
		for i := range frames {
			rawFrame(b, platform, &frames[i])
		}
		return
	}
	for i := len(frames) - 1; i >= 0; i-- {
		rawFrame(b, platform, &frames[i])
	}
}

func rawFrame(b *strings.Builder, platform string, f *errata.Frame) {
	file := f.AbsPath
	if file == "" {
		file = f.File
	}
	switch platform {
	case "go":
		fmt.Fprintf(b, "%s(...)\n\t%s:%d\n", joinDot(f.Module, f.Function), file, f.Line)
	case "python":
		fmt.Fprintf(b, "  File %q, line %d, in %s\n", file, f.Line, f.Function)
		if line := strings.TrimSpace(f.ContextLine); line != "" {
			b.WriteString("    " + line + "\n")
		}
	case "java", "kotlin":
		fmt.Fprintf(b, "\tat %s(%s:%d)\n", joinDot(f.Module, f.Function), f.File, f.Line)
	case "csharp":
		fmt.Fprintf(b, "   at %s in %s:line %d\n", joinDot(f.Module, f.Function), file, f.Line)
	default:
		at := file + ":" + strconv.Itoa(f.Line)
		if f.Column > 0 {
			at += ":" + strconv.Itoa(f.Column)
		}
		fmt.Fprintf(b, "    at %s (%s)\n", f.Function, at)
	}
}

func joinDot(module, function string) string {
	if module == "" {
		return function
	}
	return module + "." + function
}

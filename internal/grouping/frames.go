package grouping

import (
	"slices"
	"strings"

	"errata/internal/errata"
)

// maxFrames is how many keys of a stack count, the newest.
const maxFrames = 50

// cleaner turns the frames of one platform into keys.
type cleaner struct {
	name    func(f *errata.Frame) (where, function string)
	context bool // the source line is part of the key
	script  bool // JavaScript: names of minified code say nothing

	folder   string   // where packages lie
	plumbing []string // packages in it whose frames never count
}

// frames appends a part per frame, oldest call first. Used are the in-app
// frames, or all where none is, without empty keys and without recursion; the
// newest 50 of them.
func (c cleaner) frames(parts []Part, frames []errata.Frame) []Part {
	start := len(parts)
	parts = c.keys(parts, frames, c.inAppCount(frames) > 0)
	stack := parts[start:]
	keep := foldRecursion(stack)
	for _, i := range keep[:max(0, len(keep)-maxFrames)] {
		stack[i].Used, stack[i].Why = false, "older than the newest 50 frames"
	}
	return parts
}

// keys appends the part of each frame. The keys lie in one string.
func (c cleaner) keys(parts []Part, frames []errata.Frame, onlyInApp bool) []Part {
	var room [2048]byte
	text := room[:0]
	ends := make([]int, len(frames))
	for i := range frames {
		f := &frames[i]
		text = c.appendKey(text, f)
		ends[i] = len(text)
	}
	all, from := string(text), 0
	for i := range frames {
		p := Part{Name: partFrame, Text: all[from:ends[i]]}
		switch from = ends[i]; {
		case c.never(&frames[i]):
			p.Why = "plumbing that says nothing about the error"
		case onlyInApp && !frames[i].IsInApp():
			p.Why = "not in-app"
		case p.Text == "":
			p.Why = "no name that lasts"
		default:
			p.Used = true
		}
		parts = append(parts, p)
	}
	return parts
}

// appendKey appends where, function and context of a frame, joined by |.
func (c cleaner) appendKey(b []byte, f *errata.Frame) []byte {
	where, function := c.name(f)
	start := len(b)
	b = append(b, where...)
	join := func() {
		if len(b) > start {
			b = append(b, '|')
		}
	}
	line := ""
	if c.context {
		line = strings.TrimSpace(f.ContextLine)
	}
	if c.script && line == "" && (len(function) <= 2 || meaningless(function)) {
		function = ""
	}
	if function != "" {
		join()
		b = append(b, function...)
	}
	if line != "" {
		join()
		b = appendCollapsed(b, line, maxContext)
	}
	return b
}

// maxContext is how many characters of a source line count.
const maxContext = 120

// foldRecursion drops keys: whenever the last one, two or three used ones
// repeat those before them. It returns the positions of the used parts left.
func foldRecursion(stack []Part) []int {
	keep := make([]int, 0, len(stack))
	for i := range stack {
		if !stack[i].Used {
			continue
		}
		keep = append(keep, i)
		for p := 1; p <= 3; p++ {
			if n := len(keep); n >= 2*p && sameKeys(stack, keep[n-p:], keep[n-2*p:n-p]) {
				for _, again := range keep[n-p:] {
					stack[again].Used, stack[again].Why = false, "the same call again"
				}
				keep = keep[:n-p]
				break
			}
		}
	}
	return keep
}

func sameKeys(stack []Part, a, b []int) bool {
	return slices.EqualFunc(a, b, func(i, j int) bool { return stack[i].Text == stack[j].Text })
}

// inAppCount counts the frames of the team's own code.
func (c cleaner) inAppCount(frames []errata.Frame) int {
	n := 0
	for i := range frames {
		if frames[i].IsInApp() && !c.never(&frames[i]) {
			n++
		}
	}
	return n
}

// never says whether a frame never counts: the SDKs that report the error,
// helpers that compilers put in, and the way a panic is raised.
func (c cleaner) never(f *errata.Frame) bool {
	return neverModule(f.Module) || neverFunction(f) ||
		c.folder != "" && (c.neverPath(f.AbsPath) || f.File != f.AbsPath && c.neverPath(f.File))
}

// neverPath judges packages that only their place tells.
func (c cleaner) neverPath(path string) bool {
	for {
		_, inside, ok := strings.Cut(path, c.folder)
		if !ok {
			return false
		}
		for _, name := range c.plumbing {
			if strings.HasPrefix(inside, name) {
				return true
			}
		}
		path = inside // packages lie in packages
	}
}

func neverModule(module string) bool {
	if module == "" {
		return false
	}
	switch module[0] {
	case 's':
		return module == "sentry_sdk" || strings.HasPrefix(module, "sentry_sdk.")
	case 'o':
		return strings.HasPrefix(module, "opentelemetry.")
	case 'g':
		return strings.HasPrefix(module, "github.com/getsentry/sentry-go") || strings.HasPrefix(module, "go.opentelemetry.io/")
	case 'i':
		return strings.HasPrefix(module, "io.sentry.") || strings.HasPrefix(module, "io.opentelemetry.")
	case 'S':
		return strings.HasPrefix(module, "Sentry.")
	case 'O':
		return strings.HasPrefix(module, "OpenTelemetry.")
	}
	return false
}

func neverFunction(f *errata.Frame) bool {
	name := f.Function
	switch name {
	case "":
		return false
	case "gopanic":
		return f.Module == "runtime"
	case "Stack":
		return f.Module == "runtime/debug"
	case "panic":
		return f.Module == "" || f.Module == "runtime"
	case "runtime.gopanic", "runtime/debug.Stack":
		return true
	case "_asyncToGenerator", "asyncGeneratorStep", "__awaiter", "__generator", "regeneratorRuntime":
		return true
	}
	switch name[0] {
	case 'p':
		return strings.HasSuffix(name, "processTicksAndRejections")
	case 'S':
		return strings.HasPrefix(name, `Sentry\`)
	case 'O':
		return strings.HasPrefix(name, `OpenTelemetry\`)
	case 's':
		return strings.HasPrefix(name, "sentry::") || strings.HasPrefix(name, "sentry_core::") ||
			strings.HasPrefix(name, "sentry_panic::") || strings.HasPrefix(name, "sentry_backtrace::")
	case 'o':
		return strings.HasPrefix(name, "opentelemetry::") || strings.HasPrefix(name, "opentelemetry_sdk::")
	}
	return false
}

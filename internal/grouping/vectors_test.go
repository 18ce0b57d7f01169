package grouping_test

import (
	"bufio"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"errata/internal/errata"
	"errata/internal/grouping"
)

func TestVectors(t *testing.T) {
	v := readVectors(t)
	if len(v.lines) != 33 || len(v.hashes) != 4 {
		t.Fatalf("%d vectors and %d hashes, want 33 and 4", len(v.lines), len(v.hashes))
	}
	for _, n := range slices.Sorted(maps.Keys(v.lines)) {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			same, left, right := v.pair(t, n)
			a, b := fingerprint(left), fingerprint(right)
			if (a.Hash == b.Hash) != same {
				t.Errorf("%s\n left  %s %s\n right %s %s", v.lines[n], a.Hash, a.Why(), b.Hash, b.Why())
			}
		})
	}
	for n, h := range v.hashes {
		t.Run("hash "+strconv.Itoa(n), func(t *testing.T) {
			_, ev, _ := v.pair(t, n)
			v.apply(t, ev, h.change)
			if r := fingerprint(ev); r.Hash != h.want {
				t.Errorf("hash %s, want %s: %s", r.Hash, h.want, r.Why())
			}
		})
	}
}

func fingerprint(ev *errata.Event) grouping.Result {
	for i := range ev.Exceptions {
		errata.DecideInApp(ev.Exceptions[i].Frames, ev.Platform)
	}
	for i := range ev.Threads {
		errata.DecideInApp(ev.Threads[i].Frames, ev.Platform)
	}
	return grouping.Fingerprint(ev, errata.Project{})
}

// vectors are the lines of testdata/vectors.txt.
type vectors struct {
	lines  map[int]string // "= left / right"
	hashes map[int]wantHash
}

type wantHash struct{ want, change string }

func readVectors(t *testing.T) vectors {
	t.Helper()
	f, err := os.Open("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := vectors{map[int]string{}, map[int]wantHash{}}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		rest, isHash := strings.CutPrefix(line, "hash ")
		number, rest, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if isHash {
			want, change, _ := strings.Cut(rest, " ")
			v.hashes[n] = wantHash{want, change}
		} else {
			v.lines[n] = rest
		}
	}
	return v
}

// pair returns the events of one vector.
func (v vectors) pair(t *testing.T, n int) (same bool, left, right *errata.Event) {
	t.Helper()
	l, r, ok := strings.Cut(v.lines[n][2:], " / ")
	if !ok {
		t.Fatalf("vector %d has no right side", n)
	}
	left, right = new(errata.Event), new(errata.Event)
	for _, ev := range []*errata.Event{left, right} {
		v.apply(t, ev, l)
	}
	v.apply(t, right, r)
	return v.lines[n][0] == '=', left, right
}

var item = regexp.MustCompile(`^(?:(as|same|fingerprint|checksum|logger|type|value|context|line|transaction|event with only platform) )?` +
	`(group of|[A-Z]\w*(?:\("[^"]*"\))?(?:\[[^\]]*\])?|"[^"]*"|\("[^"]*"\)|\[[^\]]*\]|[^ ,]+),? ?`)

// apply changes ev as one side of a vector says.
func (v vectors) apply(t *testing.T, ev *errata.Event, side string) {
	t.Helper()
	p := pencil{ev: ev}
	for side != "" {
		m := item.FindStringSubmatch(side)
		if m == nil {
			t.Fatalf("cannot read %q", side)
		}
		side = side[len(m[0]):]
		if m[1] == "as" {
			n, _ := strconv.Atoi(m[2])
			l, _, _ := strings.Cut(v.lines[n][2:], " / ")
			v.apply(t, ev, l)
			continue
		}
		if !p.named(m[1], m[2]) && !p.word(m[2]) && !p.literal(m[2]) {
			t.Fatalf("cannot read %q %q", m[1], m[2])
		}
	}
}

// pencil writes what the items of one side say into an event.
type pencil struct {
	ev                               *errata.Event
	group, synthetic, thread, listed bool // listed: this side has begun its own exceptions
}

func (p *pencil) named(name, arg string) bool {
	ev := p.ev
	switch name {
	case "same":
	case "fingerprint":
		ev.ClientFingerprint = list(arg)
	case "checksum":
		ev.Checksum = arg
	case "logger":
		ev.Logger = arg
	case "transaction":
		ev.Transaction = arg
	case "event with only platform":
		*ev = errata.Event{Platform: arg}
	case "type":
		ev.Exceptions[0].Type = arg
	case "value":
		ev.Exceptions[0].Value = strings.Trim(arg, `"`)
	case "context":
		ev.Exceptions[0].Frames[0].ContextLine = arg
	case "line":
		ev.Exceptions[0].Frames[0].Line, _ = strconv.Atoi(arg)
	default:
		return false
	}
	return true
}

func (p *pencil) word(word string) bool {
	switch word {
	case "python", "go", "java", "csharp", "ruby":
		p.ev.Platform = word
	case "js":
		p.ev.Platform = "javascript"
	case "warning", "error":
		p.ev.Level = errata.Level(word)
	case "synthetic":
		p.synthetic = true
	case "thread":
		p.thread = true
	case "chain":
	case "group of":
		p.group, p.listed = true, true
		p.ev.Exceptions = []errata.Exception{{
			Type: "ExceptionGroup", Value: "several (2 sub-exceptions)",
			Mechanism: &errata.Mechanism{ID: new(0), IsExceptionGroup: true},
		}}
	case "twice":
		p.add(p.ev.Exceptions[0])
	default:
		return false
	}
	return true
}

func (p *pencil) literal(text string) bool {
	ev := p.ev
	switch {
	case text[0] == '"':
		ev.Message = strings.Trim(text, `"`)
	case text[0] == '(':
		ev.Exceptions[0].Value = strings.Trim(text, `()"`)
	case text == "[]" || strings.HasPrefix(text, "[{{"):
		ev.ClientFingerprint = list(text)
	case text[0] == '[' && p.thread:
		ev.Threads = []errata.Thread{{Frames: frames(text)}}
	case text[0] == '[' && len(ev.Exceptions) > 0:
		ev.Exceptions[0].Frames = frames(text)
	case text[0] == '[':
		ev.Exceptions = []errata.Exception{{Frames: frames(text)}}
	case text[0] >= 'A' && text[0] <= 'Z':
		p.add(exception(text))
	default:
		return false
	}
	return true
}

// add adds an exception in front of a group, else as the newest of a chain.
func (p *pencil) add(x errata.Exception) {
	ev := p.ev
	if !p.listed {
		ev.Exceptions, p.listed = nil, true
	}
	if p.synthetic {
		x.Mechanism = &errata.Mechanism{Synthetic: true}
	}
	if !p.group {
		ev.Exceptions = append(ev.Exceptions, x)
		return
	}
	x.Mechanism = &errata.Mechanism{ID: new(len(ev.Exceptions)), ParentID: new(0)}
	ev.Exceptions = append([]errata.Exception{x}, ev.Exceptions...)
}

// exception reads T("value")[frames].
func exception(text string) errata.Exception {
	head, stack, _ := strings.Cut(text, "[")
	name, value, _ := strings.Cut(head, "(")
	x := errata.Exception{Type: name, Value: strings.Trim(value, `")`)}
	if stack != "" {
		x.Frames = frames("[" + stack)
	}
	return x
}

func list(text string) []string {
	text = strings.Trim(text, "[]")
	if text == "" {
		return nil
	}
	return strings.Split(text, ", ")
}

func frames(text string) []errata.Frame {
	var frames []errata.Frame
	for _, one := range list(text) {
		var f errata.Frame
		if one[0] == '+' || one[0] == '-' {
			f.InApp, one = new(one[0] == '+'), one[1:]
		}
		where, function, _ := strings.Cut(one, "#")
		f.Function, f.ContextLine, _ = strings.Cut(function, "|")
		if ext := where[strings.LastIndexByte(where, '.')+1:]; slices.Contains([]string{"py", "js", "rb"}, ext) {
			f.File = where
		} else {
			f.Module = where
		}
		frames = append(frames, f)
	}
	return frames
}

package grouping

import (
	"slices"

	"errata/internal/errata"
)

// maxExceptions is how many exceptions of a chain count, the newest.
const maxExceptions = 10

// exceptionParts returns the parts of the event's exceptions; none of them is
// used when no exception says anything.
func exceptionParts(ev *errata.Event) []Part {
	if len(ev.Exceptions) == 0 {
		return nil
	}
	c := chain{ev: ev, clean: cleanerFor(ev.Platform)}
	if root, ok := groupRoot(ev.Exceptions); ok {
		return c.tree(root)
	}
	all := make([]int, len(ev.Exceptions))
	for i := range all {
		all[i] = i
	}
	return c.line(all)
}

// chain makes the parts of one event's exceptions.
type chain struct {
	ev    *errata.Event
	clean cleaner
}

// line returns the parts of the exceptions of these indexes, in their order:
// the newest ten that were not merely suppressed.
func (c *chain) line(indexes []int) []Part {
	parts := make([]Part, 0, c.size(indexes))
	first := c.newest(indexes)
	for at, i := range indexes {
		x := &c.ev.Exceptions[i]
		switch {
		case suppressed(x):
			parts = append(parts, unused(partType, x.Type, "suppressed by another exception"))
		case at < first:
			parts = append(parts, unused(partType, x.Type, "older than the newest ten of the chain"))
		default:
			parts = c.exception(parts, x)
		}
	}
	return parts
}

// newest returns the position in indexes from which on exceptions count.
func (c *chain) newest(indexes []int) int {
	left := maxExceptions
	for at, i := range slices.Backward(indexes) {
		if !suppressed(&c.ev.Exceptions[i]) {
			left--
		}
		if left == 0 {
			return at
		}
	}
	return 0
}

func (c *chain) size(indexes []int) int {
	n := 0
	for _, i := range indexes {
		n += 2 + len(c.ev.Exceptions[i].Frames)
	}
	return n
}

// exception appends the parts of one exception: its type, unless the SDK made
// it up, and its usable frames or, without any, its text.
func (c *chain) exception(parts []Part, x *errata.Exception) []Part {
	typed := x.Type != "" && !x.Synthetic()
	switch {
	case typed:
		parts = append(parts, used(partType, x.Type))
	case x.Type != "":
		parts = append(parts, unused(partType, x.Type, "made up by the SDK"))
	}
	start := len(parts)
	parts = c.clean.frames(parts, x.Frames)
	if typed && !anyUsed(parts[start:]) {
		parts = appendUsed(parts, partValue, Parameterise(x.Value))
	}
	return parts
}

func suppressed(x *errata.Exception) bool {
	return x.Mechanism != nil && x.Mechanism.Type == "suppressed"
}

// groupRoot returns the index of node 0 when it is a group; else the chain
// tells more than the tree.
func groupRoot(xs []errata.Exception) (root int, ok bool) {
	for i := range xs {
		if m := xs[i].Mechanism; m != nil && m.ID != nil && *m.ID == 0 {
			return i, m.IsExceptionGroup
		}
	}
	return 0, false
}

// tree returns the parts of exceptions whose root is a group. The first
// exceptions below the groups, each with its own causes, stand for the tree if
// they are all equal: an error that happened twice at once is still that
// error. Otherwise the root does.
func (c *chain) tree(root int) []Part {
	t := tree{xs: c.ev.Exceptions, seen: make([]bool, len(c.ev.Exceptions))}
	t.descend(root)
	if len(t.first) == 0 {
		return c.rootOf(root)
	}
	stands := c.line(t.below(t.first[0]))
	want := hash(KindStack, stands)
	for _, i := range t.first[1:] {
		if hash(KindStack, c.line(t.below(i))) != want {
			return c.rootOf(root)
		}
	}
	group := unused(partType, c.ev.Exceptions[root].Type, "a group whose errors are all the same")
	return append([]Part{group}, stands...)
}

// rootOf returns the parts of the root alone; the others are named as unused.
func (c *chain) rootOf(root int) []Part {
	var parts []Part
	for i := range c.ev.Exceptions {
		if i != root {
			parts = append(parts, unused(partType, c.ev.Exceptions[i].Type, "one of different errors in a group"))
		}
	}
	return c.exception(parts, &c.ev.Exceptions[root])
}

// tree walks exceptions by their parent ids, each at most once, so that
// circles from outside end.
type tree struct {
	xs    []errata.Exception
	seen  []bool
	first []int // first nodes below groups
}

func (t *tree) descend(node int) {
	t.seen[node] = true
	if !t.xs[node].Mechanism.IsExceptionGroup {
		t.first = append(t.first, node)
		return
	}
	for _, kid := range t.kids(node) {
		t.descend(kid)
	}
}

// kids returns the children of a node that were not walked yet.
func (t *tree) kids(node int) []int {
	var kids []int
	id := t.xs[node].Mechanism.ID
	for i := range t.xs {
		m := t.xs[i].Mechanism
		if id != nil && m != nil && m.ParentID != nil && *m.ParentID == *id && !t.seen[i] && !suppressed(&t.xs[i]) {
			kids = append(kids, i)
			t.seen[i] = true
		}
	}
	return kids
}

// below returns the indexes of a node and of everything below it, in the
// order of the event.
func (t *tree) below(node int) []int {
	walk := tree{xs: t.xs, seen: make([]bool, len(t.xs))}
	walk.seen[node] = true
	found := []int{node}
	for at := 0; at < len(found); at++ {
		found = append(found, walk.kids(found[at])...)
	}
	slices.Sort(found)
	return found
}

// threadParts returns the parts of the crashed thread, else the current one,
// else the only one.
func threadParts(ev *errata.Event) []Part {
	t := ev.CrashThread()
	if t == nil {
		return nil
	}
	c := cleanerFor(ev.Platform)
	parts := c.frames(nil, t.Frames)
	if !anyUsed(parts) {
		return parts
	}
	// One frame of one's own is often a loop that fails in many ways.
	if m := messageOf(ev); m != "" {
		if c.inAppCount(t.Frames) < 2 {
			return append(parts, used(partMessage, m))
		}
		return append(parts, unused(partMessage, m, "the stack says enough"))
	}
	return parts
}

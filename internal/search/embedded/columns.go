package embedded

import (
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// columns are what the rows of a file say in numbers, in memory, about 30 bytes
// each: row id i stands at position i. Filters, lists and charts run over them.
// The writer, who alone changes them, publishes a copy after every commit; a
// copy stays as it is.
type columns struct {
	n      int // ids are below; a position may hold no row
	dead   int // positions that hold no row
	ts     []int64
	flags  []uint8 // level, severity, handled; noRow
	status vector
	stack  vector // ids of stk
	stacks uint32 // the largest
	text   [len(columnNames)]texts
	blocks []block
	extra  int // bytes of values
}

// The bits of flags.
const (
	levelBits   = 0x07
	severityAt  = 3
	handledFlag = 0x40
	noRow       = 0x80
)

// blockRows is how many positions share one entry of blocks.
const blockRows = 4096

// block is the lowest and highest time of some positions.
type block struct{ first, last int64 }

// texts is a text column. Code 0 is a missing value.
type texts struct {
	codes  vector
	ids    []int64  // by code: the id in dict
	values []string // by code; users, who are many, have only hashes
	low    []string // folded
	hashes []uint64
}

// seed is that of the hashes of values, which are compared within the process.
var seed = maphash.MakeSeed()

// hashText is never 0, but for "".
func hashText(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(1, maphash.String(seed, s))
}

// name returns the value of a code.
func (t *texts) name(code int64) string { return t.values[code] }

// hash returns the hash of a code's value, 0 of a missing one.
func (t *texts) hash(code int64) uint64 {
	if t.hashes != nil {
		return t.hashes[code]
	}
	return hashText(t.values[code])
}

// columnWriter fills columns.
type columnWriter struct {
	columns
	codes [len(columnNames)]map[int64]uint32 // by id in dict
}

// newColumns begins columns with room for so many rows.
func newColumns(room int) *columnWriter {
	w := &columnWriter{}
	w.ts, w.flags = make([]int64, 0, room), make([]uint8, 0, room)
	w.status, w.stack = newVector(room), newVector(room)
	for col := colProject; col <= colUser; col++ {
		t := &w.text[col]
		t.codes, t.ids = newVector(room), []int64{0}
		if col == colUser {
			t.hashes = []uint64{0}
		} else {
			t.values, t.low = []string{""}, []string{""}
		}
		w.codes[col] = map[int64]uint32{}
	}
	w.skip(1) // no row has id 0
	return w
}

// resume goes on where the columns of a file end.
func resume(c *columns) *columnWriter {
	w := &columnWriter{columns: *c}
	w.blocks = slices.Clone(c.blocks) // readers have the others
	for col := colProject; col <= colUser; col++ {
		w.codes[col] = make(map[int64]uint32, len(c.text[col].ids))
		for code, id := range c.text[col].ids {
			w.codes[col][id] = uint32(code)
		}
	}
	return w
}

// published is a copy for readers.
func (w *columnWriter) published() *columns {
	c := w.columns
	c.blocks = slices.Clone(w.blocks)
	return &c
}

// value returns the code of a column's value, given its id in dict.
func (w *columnWriter) value(col column, id int64, val string) uint32 {
	if id == 0 {
		return 0
	}
	if code, ok := w.codes[col][id]; ok {
		return code
	}
	t := &w.text[col]
	code := uint32(len(t.ids)) //nolint:gosec // fewer than rows
	t.ids, w.codes[col][id] = append(t.ids, id), code
	if col == colUser {
		t.hashes = append(t.hashes, hashText(val))
		w.extra += 16
		return code
	}
	val = strings.Clone(val) // it may be a piece of a whole event, which must not stay
	t.values, t.low = append(t.values, val), append(t.low, querylang.Fold(val))
	w.extra += 40 + 2*len(val)
	return code
}

// numbers is one row.
type numbers struct {
	id, ts                             int64
	level, sev, handled, status, stack int64
	text                               [len(columnNames)]uint32 // codes
}

// push adds a row; ids come in order.
func (w *columnWriter) push(r *numbers) {
	w.skip(int(r.id))
	w.place(r.ts)
	w.ts = append(w.ts, r.ts)
	flags := r.level&levelBits | r.sev<<severityAt&^(handledFlag|noRow)
	if r.handled == 1 {
		flags |= handledFlag
	}
	w.flags = append(w.flags, uint8(flags)) //nolint:gosec // seven bits
	w.status.push(uint32(min(max(r.status, 0), math.MaxUint32)))
	w.stack.push(uint32(r.stack))             //nolint:gosec // fewer than rows
	w.stacks = max(w.stacks, uint32(r.stack)) //nolint:gosec // fewer than rows
	for col := colProject; col <= colUser; col++ {
		w.text[col].codes.push(r.text[col])
	}
	w.n++
}

// skip fills the positions below an id: these ids were never given to a row, or
// the row is gone.
func (w *columnWriter) skip(to int) {
	for ; w.n < to; w.n++ {
		w.ts, w.flags = append(w.ts, 0), append(w.flags, noRow)
		w.status.push(0)
		w.stack.push(0)
		for col := colProject; col <= colUser; col++ {
			w.text[col].codes.push(0)
		}
		w.dead++
	}
}

// place notes the time of the next position in its block.
func (w *columnWriter) place(us int64) {
	at := w.n / blockRows
	for len(w.blocks) <= at {
		w.blocks = append(w.blocks, block{us, us})
	}
	b := &w.blocks[at]
	b.first, b.last = min(b.first, us), max(b.last, us)
}

// sparse says that most positions hold no row: such columns are not worth their
// place.
func (c *columns) sparse() bool { return c.n > 4*(c.n-c.dead)+blockRows }

// drop takes rows out.
func (w *columnWriter) drop(ids []int64) {
	w.flags = slices.Clone(w.flags)
	for _, id := range ids {
		if id < int64(w.n) && w.flags[id]&noRow == 0 {
			w.flags[id] |= noRow
			w.dead++
		}
	}
}

// bytes is about what the columns take.
func (c *columns) bytes() int {
	n := 8*cap(c.ts) + cap(c.flags) + c.status.bytes() + c.stack.bytes() + c.extra
	for col := colProject; col <= colUser; col++ {
		n += c.text[col].codes.bytes()
	}
	return n
}

// level and severity of flags.
func flagLevel(flags uint8) int64    { return int64(flags & levelBits) }
func flagSeverity(flags uint8) int64 { return int64(flags &^ (handledFlag | noRow) >> severityAt) }

// record fills in what the columns know of a row. Users have no names here.
func (c *columns) record(i int32, r *querylang.Record) {
	name := func(col column) string { return c.text[col].values[c.text[col].codes.at(int(i))] }
	r.Time, r.Status = c.ts[i], int(c.status.at(int(i)))
	r.Level, r.Severity = levelOf(flagLevel(c.flags[i])), errata.Severity(flagSeverity(c.flags[i])) //nolint:gosec // stored from a Severity
	r.Handled = c.flags[i]&handledFlag != 0
	r.Project, r.Service, r.Env, r.Release = name(colProject), name(colService), name(colEnv), name(colRelease)
	r.Type, r.Code, r.Culprit, r.Issue = name(colType), name(colCode), name(colCulprit), name(colIssue)
}

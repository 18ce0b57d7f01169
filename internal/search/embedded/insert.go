package embedded

import (
	"bytes"
	"database/sql/driver"
	"log/slog"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// rowsAtOnce is how many rows one INSERT carries; what is left over goes one by one.
const rowsAtOnce = 32

const evColumns = "id, pid, eid, ts, rcv, cls, level, sev, handled, status, svc, env, rel, typ, cod, cul, iss, usr"

var evWidth = strings.Count(evColumns, ",") + 2 // and stk

func values(width, rows int) string {
	row := "(?" + strings.Repeat(", ?", width-1) + ")"
	return row + strings.Repeat(", "+row, rows-1)
}

func insertEvents(rows int) string {
	return "INSERT INTO ev(" + evColumns + ", stk) VALUES" + values(evWidth, rows) + " ON CONFLICT(pid, eid) DO NOTHING RETURNING id"
}

// The statements of the hot path, by number of rows.
var (
	insertMany = insertEvents(rowsAtOnce)
	insertOne  = insertEvents(1)
)

// insert stores the items in one transaction. On return items that were stored
// before have no id.
func (f *file) insert(items []*item) error {
	return f.transaction(func() error {
		if err := f.begin(); err != nil {
			return err
		}
		fresh, err := f.insertRows(items)
		if err != nil {
			return err
		}
		for _, it := range fresh {
			if err := f.insertRest(it); err != nil {
				return err
			}
		}
		f.events += int64(len(fresh))
		if err := f.setMeta(metaEvents, f.events); err != nil {
			return err
		}
		return f.setMeta(metaTerms, f.termCount)
	})
}

// begin writes to meta what changed since the last transaction.
func (f *file) begin() error {
	if !f.dirty {
		if err := f.setMeta(metaClean, int64(0)); err != nil {
			return err
		}
		f.dirty = true
	}
	first, last := f.e.days(f.p)
	if first == f.first && last == f.last {
		return nil
	}
	f.first, f.last = first, last
	if err := f.setMeta(metaFirst, first); err != nil {
		return err
	}
	return f.setMeta(metaLast, last)
}

// insertRows fills ev and returns the items that were not there.
func (f *file) insertRows(items []*item) ([]*item, error) {
	base := f.next
	for i, it := range items {
		it.id = base + int64(i)
	}
	made := make([]bool, len(items))
	note := func(dest []driver.Value) error {
		id, _ := dest[0].(int64)
		made[id-base] = true
		return nil
	}
	for start := 0; start < len(items); {
		sql, n := insertOne, 1
		if len(items)-start >= rowsAtOnce {
			sql, n = insertMany, rowsAtOnce
		}
		s, err := f.prepared(sql, n*evWidth)
		if err != nil {
			return nil, err
		}
		for i, it := range items[start : start+n] {
			if err := f.bindRow(s.args[i*evWidth:(i+1)*evWidth], it); err != nil {
				return nil, err
			}
		}
		if err := s.each(note); err != nil {
			return nil, err
		}
		start += n
	}
	fresh := make([]*item, 0, len(items))
	for i, it := range items {
		if made[i] {
			fresh, f.next = append(fresh, it), it.id+1
		} else {
			it.id = 0
		}
	}
	return fresh, nil
}

func (f *file) bindRow(args []driver.NamedValue, it *item) error {
	d := it.doc
	set := func(i int, v driver.Value) { args[i].Value = v }
	set(0, it.id)
	set(2, it.eid)
	set(3, d.Time)
	set(4, d.Received)
	set(5, int64(d.Class))
	set(6, levelCode(d.Level))
	set(7, int64(d.Severity))
	set(8, flag(d.Handled))
	set(9, int64(d.Status))
	for _, c := range textsOf(d) {
		id, err := f.dictID(c.col, c.val)
		if err != nil {
			return err
		}
		it.values[c.col] = id
		set(c.at, id)
	}
	var err error
	it.stk, err = f.stackID(it)
	set(18, it.stk)
	return err
}

// textField is a text column of one event, and where its row has it.
type textField struct {
	at  int
	col column
	val string
}

func textsOf(d *search.Doc) [colUser]textField {
	return [...]textField{
		{1, colProject, d.Project},
		{10, colService, d.Service},
		{11, colEnv, d.Env},
		{12, colRelease, d.Release},
		{13, colType, d.Type},
		{14, colCode, d.Code},
		{15, colCulprit, d.Culprit},
		{16, colIssue, d.Issue},
		{17, colUser, d.UserHash},
	}
}

// stackID returns the id of the item's stack; a new one is indexed.
func (f *file) stackID(it *item) (int64, error) {
	if it.stack == 0 {
		return 0, nil
	}
	if id, ok := f.stacks[it.stack]; ok {
		return id, nil
	}
	if len(f.stacks) >= stackCache {
		clear(f.stacks)
		f.stacksAll = false
	}
	var id int64
	var err error
	if !f.stacksAll {
		if id, err = f.number("SELECT id FROM stk WHERE h = ?", it.stack); err != nil {
			return 0, err
		}
	}
	if id == 0 {
		if id, err = f.insertStack(it); err != nil {
			return 0, err
		}
	}
	f.stacks[it.stack] = id
	return id, nil
}

func (f *file) insertStack(it *item) (int64, error) {
	id := f.stackNext
	f.stackNext++
	if err := f.run("INSERT INTO stk(id, h) VALUES(?, ?)", id, it.stack); err != nil {
		return 0, err
	}
	text, terms := frameTerms(it.frames)
	if err := f.run("INSERT INTO ftss(rowid, stk, frm) VALUES(?, ?, ?)", id, it.doc.Words[querylang.StreamStack], text); err != nil {
		return 0, err
	}
	return id, f.insertTerms(terms)
}

// insertRest stores what belongs to a new event besides its row.
func (f *file) insertRest(it *item) error {
	var head driver.Value
	if it.head != nil {
		head = it.head
	}
	if err := f.run("INSERT INTO body(id, f, z) VALUES(?, ?, ?)", it.id, head, it.z); err != nil {
		return err
	}
	if f.samples != nil && it.head == nil && len(f.samples) < dictAfter {
		f.samples = append(f.samples, bytes.Clone(it.doc.Payload))
	}
	w := &it.doc.Words
	if err := f.run("INSERT INTO fts(rowid, msg, typ) VALUES(?, ?, ?)", it.id, w[querylang.StreamMessage], w[querylang.StreamType]); err != nil {
		return err
	}
	if it.text == "" {
		return nil
	}
	if err := f.run("INSERT INTO kw(rowid, t) VALUES(?, ?)", it.id, it.text); err != nil {
		return err
	}
	return f.insertTerms(it.terms)
}

// insertTerms adds terms the file has not seen to kwd, up to its limit.
func (f *file) insertTerms(ts []term) error {
	for _, t := range ts {
		if _, ok := f.seen[t.hash]; ok {
			continue
		}
		k, v, _ := strings.Cut(t.text, "=")
		h := int64(t.hash) //nolint:gosec // its bits
		known := int64(0)
		if !f.seenAll {
			var err error
			if known, err = f.number("SELECT count(*) FROM kwd WHERE h = ?", h); err != nil {
				return err
			}
		}
		if known == 0 && f.termCount >= f.e.o.TermsPerFile {
			return f.noteTermsFull()
		}
		if known == 0 {
			if err := f.run("INSERT INTO kwd(h, k, v) VALUES(?, ?, ?)", h, k, v); err != nil {
				return err
			}
			f.termCount++
		}
		if len(f.seen) >= termCache {
			clear(f.seen)
			f.seenAll = false
		}
		f.seen[t.hash] = struct{}{}
	}
	return nil
}

// noteTermsFull says in the file, once, that terms are missing in kwd.
func (f *file) noteTermsFull() error {
	if f.termsFull {
		return nil
	}
	f.termsFull = true
	f.e.log.Warn("tag values are no longer listed", slog.String("file", fileOf(f.p)), slog.Int64("distinct", f.termCount))
	return f.setMeta(metaTermsFull, int64(1))
}

// levelCode is 1 for fatal … 5 for debug, 0 for anything else.
func levelCode(l errata.Level) int64 {
	for i, known := range errata.Levels {
		if l == known {
			return int64(i + 1)
		}
	}
	return 0
}

func levelOf(code int64) errata.Level {
	if code < 1 || code > int64(len(errata.Levels)) {
		return ""
	}
	return errata.Levels[code-1]
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

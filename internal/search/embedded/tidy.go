package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
)

// Events are erased in two steps. Erase deletes row and body, so that nothing
// finds them, and notes their ids in tomb. Tidy takes their words, terms and
// values out of the indexes and has the file written anew, because pages that
// were given up before still hold old bytes.

// tidyAtOnce is how many events one transaction of Tidy works on; wordsAtOnce
// is how many one walk over the word indexes collects.
const (
	tidyAtOnce  = 500
	wordsAtOnce = 20_000
)

// Tidy rewrites the files from which events were erased before the given time.
// Afterwards no byte of these events is left in them. Call it now and then: the
// promise is a day.
func (e *Engine) Tidy(ctx context.Context, before time.Time) error {
	if err := e.open(); err != nil {
		return err
	}
	var all []error
	for _, p := range e.snapshot() {
		if at := p.untidy.Load(); at == 0 || at >= before.UnixMicro() {
			continue
		}
		err := e.tidy(ctx, p)
		if ctx.Err() != nil {
			return cancelled(ctx.Err())
		}
		if err != nil && !errors.Is(err, errGone) {
			e.log.ErrorContext(ctx, "event file not rewritten", slog.String("file", fileOf(p)), slog.Any("error", err))
			all = append(all, errata.E(errata.Unavailable, "Erased events are still on disk.", err))
		}
	}
	return errors.Join(all...)
}

// tidy works on one file.
func (e *Engine) tidy(ctx context.Context, p *partition) error {
	since := p.untidy.Load()
	for {
		more, err := e.tidyWords(ctx, p)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if err := e.tidyStacks(ctx, p); err != nil {
		return err
	}
	if err := e.mergeWords(ctx, p); err != nil {
		return err
	}
	if err := e.repack(ctx, p); err != nil {
		return err
	}
	return e.submit(ctx, &job{do: func(w *writer) error { return w.rewrite(p, since) }})
}

// mergePages is how many pages of an index one transaction merges, about.
const mergePages = 500

// mergeWords merges the parts of each word index into one: only there do the
// notes that a row does not count any more, and what they are about, vanish.
func (e *Engine) mergeWords(ctx context.Context, p *partition) error {
	for _, table := range []string{"fts", "ftss", "kw"} {
		sql, more := "INSERT INTO "+table+"("+table+", rank) VALUES('merge', ?)", true
		for pages := int64(-mergePages); more; pages = mergePages { // less than none begins a merge of all
			err := e.submit(ctx, &job{do: func(w *writer) error {
				return w.change(p, func(f *file) error {
					before, err := f.number("SELECT total_changes()")
					if err != nil {
						return err
					}
					if err := f.run(sql, pages); err != nil {
						return err
					}
					after, err := f.number("SELECT total_changes()")
					more = after-before >= 2
					return err
				})
			}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// indexed is what the word indexes hold of one row.
type indexed struct {
	id   int64
	text map[string]string // by column, tokens in order
}

// collect reads back the tokens of rows from a full-text index, by walking over
// all of it: contentless tables hold them nowhere else. ids is a sub-select.
func collect(ctx context.Context, db *sql.DB, table, ids string) (map[int64]*indexed, error) {
	vocab := "temp.v_" + table
	if _, err := db.ExecContext(ctx, "CREATE VIRTUAL TABLE IF NOT EXISTS "+vocab+" USING fts5vocab(main, "+table+", instance)"); err != nil {
		return nil, err
	}
	type token struct {
		offset int64
		text   string
	}
	type place struct {
		id  int64
		col string
	}
	found := map[place][]token{}
	err := each(ctx, db, func(scan func(...any) error) error {
		var at place
		var offset sql.NullInt64 // absent where the index keeps no order
		var t token
		err := scan(&at.id, &at.col, &offset, &t.text)
		t.offset = offset.Int64
		found[at] = append(found[at], t)
		return err
	}, `SELECT doc, coalesce(col, ''), "offset", term FROM `+vocab+" WHERE doc IN ("+ids+")")
	out := map[int64]*indexed{}
	for at, tokens := range found {
		slices.SortStableFunc(tokens, func(a, b token) int { return int(a.offset - b.offset) })
		words := make([]string, len(tokens))
		for i, t := range tokens {
			words[i] = t.text
		}
		x := out[at.id]
		if x == nil {
			x = &indexed{id: at.id, text: map[string]string{}}
			out[at.id] = x
		}
		x.text[at.col] = strings.Join(words, " ")
	}
	return out, err
}

// aside opens a connection of its own to a file.
func (p *partition) aside() (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(p.path, 2048)+"&mode=rw")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// tidyWords takes the next erased events out of the indexes by event; more
// says whether there may be others.
func (e *Engine) tidyWords(ctx context.Context, p *partition) (more bool, err error) {
	db, err := p.aside()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := compiler{ctx: ctx, q: db}
	ids, err := c.ids("SELECT id FROM tomb ORDER BY id LIMIT ?", wordsAtOnce)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	some := "SELECT id FROM tomb ORDER BY id LIMIT " + strconv.Itoa(wordsAtOnce)
	words, err := collect(ctx, db, "fts", some)
	if err != nil {
		return false, err
	}
	terms, err := collect(ctx, db, "kw", some)
	if err != nil {
		return false, err
	}
	for part := range slices.Chunk(ids, tidyAtOnce) {
		err := e.submit(ctx, &job{do: func(w *writer) error {
			return w.change(p, func(f *file) error { return f.forgetWords(part, words, terms) })
		}})
		if err != nil {
			return false, err
		}
	}
	return len(ids) == wordsAtOnce, nil
}

// change runs fn in a transaction that overwrites what it deletes.
func (w *writer) change(p *partition, fn func(f *file) error) error {
	f, err := w.file(p)
	if err != nil {
		return err
	}
	if err := f.script("PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	err = f.transaction(func() error {
		if err := f.begin(); err != nil {
			return err
		}
		return fn(f)
	})
	if err := errors.Join(err, f.script("PRAGMA secure_delete = OFF")); err != nil {
		w.drop(f)
		return w.failed(p, err)
	}
	f.dropColumns(f.buried)
	f.buried = nil
	p.events.Store(f.events)
	w.e.faces.forget(p)
	return nil
}

func (f *file) forgetWords(ids []int64, words, terms map[int64]*indexed) error {
	hashes := map[uint64]bool{}
	for _, id := range ids {
		if x := words[id]; x != nil {
			if err := f.run("INSERT INTO fts(fts, rowid, msg, typ) VALUES('delete', ?, ?, ?)", id, x.text["msg"], x.text["typ"]); err != nil {
				return err
			}
		}
		if x := terms[id]; x != nil {
			text := x.text[""]
			if err := f.run("INSERT INTO kw(kw, rowid, t) VALUES('delete', ?, ?)", id, text); err != nil {
				return err
			}
			noteHashes(hashes, text)
		}
		if err := f.run("DELETE FROM tomb WHERE id = ?", id); err != nil {
			return err
		}
	}
	return f.forgetTerms(hashes)
}

func noteHashes(to map[uint64]bool, text string) {
	for t := range strings.FieldsSeq(text) {
		if len(t) == tokenLen {
			to[tokenHash(t)] = true
		}
	}
}

// forgetTerms drops those of the terms that no event has any more.
func (f *file) forgetTerms(hashes map[uint64]bool) error {
	const left = `SELECT count(*) FROM kwd WHERE h = ?1 AND NOT EXISTS (SELECT 1 FROM kw WHERE kw MATCH ?2) AND NOT EXISTS (SELECT 1 FROM ftss WHERE ftss MATCH ?3)`
	for h := range hashes {
		match := tokens(h)
		gone, err := f.number(left, int64(h), match, "frm : "+match) //nolint:gosec // its bits
		if err != nil {
			return err
		}
		if gone == 0 {
			continue
		}
		if err := f.run("DELETE FROM kwd WHERE h = ?", int64(h)); err != nil { //nolint:gosec // its bits
			return err
		}
		delete(f.seen, h)
		f.termCount--
	}
	return f.setMeta(metaTerms, f.termCount)
}

// lonely are the stacks that no event has.
const lonely = "SELECT id FROM stk WHERE NOT EXISTS (SELECT 1 FROM ev WHERE ev.stk = stk.id)"

// tidyStacks drops the stacks that no event has any more, with their words.
func (e *Engine) tidyStacks(ctx context.Context, p *partition) (err error) {
	db, err := p.aside()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := compiler{ctx: ctx, q: db}
	ids, err := c.ids(lonely)
	if err != nil || len(ids) == 0 {
		return err
	}
	words, err := collect(ctx, db, "ftss", lonely)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, tidyAtOnce) {
		err := e.submit(ctx, &job{do: func(w *writer) error {
			return w.change(p, func(f *file) error { return f.forgetStacks(part, words) })
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) forgetStacks(ids []int64, words map[int64]*indexed) error {
	if err := f.setMeta(metaStacks, f.stackNext); err != nil {
		return err
	}
	hashes := map[uint64]bool{}
	for _, id := range ids {
		hash, err := f.number("SELECT h FROM stk WHERE id = ? AND NOT EXISTS (SELECT 1 FROM ev WHERE ev.stk = stk.id)", id)
		if err != nil {
			return err
		}
		if hash == 0 { // an event with this stack came meanwhile
			continue
		}
		if x := words[id]; x != nil {
			if err := f.run("INSERT INTO ftss(ftss, rowid, stk, frm) VALUES('delete', ?, ?, ?)", id, x.text["stk"], x.text["frm"]); err != nil {
				return err
			}
			noteHashes(hashes, x.text["frm"])
		}
		if err := f.run("DELETE FROM stk WHERE id = ?", id); err != nil {
			return err
		}
		delete(f.stacks, hash)
	}
	return f.forgetTerms(hashes)
}

// rewrite drops column values that no event has, and writes the file anew.
func (w *writer) rewrite(p *partition, since int64) error {
	if err := w.change(p, func(f *file) error { return f.forgetValues() }); err != nil {
		return err
	}
	f, err := w.file(p)
	if err != nil {
		return err
	}
	began := w.e.o.Clock()
	if err := f.vacuum(); err != nil {
		return err
	}
	w.e.log.Info("event file rewritten", slog.String("file", fileOf(p)), slog.Duration("took", w.e.o.Clock().Sub(began)))
	if p.untidy.Load() != since {
		return nil // events were erased meanwhile: again next time
	}
	p.untidy.Store(0)
	return f.setMeta(metaUntidy, int64(0))
}

// forgetValues drops dictionary entries. Their ids are never given out again.
func (f *file) forgetValues() error {
	if err := f.setMeta(metaValues, f.dictNext); err != nil {
		return err
	}
	used := make([]string, 0, len(columnNames))
	for _, c := range columnNames {
		if c != "" {
			used = append(used, "SELECT "+c+" FROM ev")
		}
	}
	if err := f.script("DELETE FROM dict WHERE id NOT IN (" + strings.Join(used, " UNION ") + ")"); err != nil {
		return err
	}
	next := f.dictNext
	err := f.loadDict()
	f.dictNext = max(f.dictNext, next)
	return err
}

// vacuum writes the file anew and empties its log. Meanwhile the writer writes
// nothing else; readers go on.
func (f *file) vacuum() error {
	for _, s := range []string{"PRAGMA temp_store = FILE", "VACUUM", "PRAGMA temp_store = MEMORY"} {
		if err := f.script(s); err != nil {
			return fmt.Errorf("write anew: %w", err)
		}
	}
	busy, err := f.number("PRAGMA wal_checkpoint(TRUNCATE)")
	if err == nil && busy != 0 {
		err = errors.New("write anew: the log is still read")
	}
	return err
}

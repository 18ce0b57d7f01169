package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// bytesPerRow is about what a row takes in columns.
const bytesPerRow = 32

// loadColumns reads the columns of the files that were there at Open, newest
// first, as long as there is memory. Until a file's are there, its rows answer.
func (e *Engine) loadColumns(ctx context.Context, parts []*partition) {
	defer close(e.columnsLoaded)
	began := e.o.Clock()
	for _, p := range slices.Backward(parts) {
		_, taken := e.inColumns()
		need := p.events.Load() * bytesPerRow
		if need > e.o.Memory { // those of other files may fit
			continue
		}
		err := errNoRoom
		if taken+need <= e.o.Memory {
			err = e.loadColumnsOf(ctx, p)
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNoRoom):
			e.log.InfoContext(ctx, "older events have no columns in memory", slog.String("from", fileOf(p)))
			e.sayColumns(ctx, began)
			return
		case isCorrupt(err):
			e.quarantine(p)
		case err != nil && !errors.Is(err, errGone):
			e.log.ErrorContext(ctx, "event file goes without columns", slog.String("file", fileOf(p)), slog.Any("error", err))
		}
	}
	e.sayColumns(ctx, began)
}

func (e *Engine) sayColumns(ctx context.Context, began time.Time) {
	rows, bytes := e.inColumns()
	e.log.InfoContext(ctx, "columns in memory", slog.Int64("events", rows), slog.Int64("bytes", bytes), slog.Duration("took", e.o.Clock().Sub(began)))
}

// inColumns returns how many events are in columns, and what these take.
func (e *Engine) inColumns() (rows, bytes int64) {
	for _, p := range e.snapshot() {
		if c := p.cols.Load(); c != nil {
			rows, bytes = rows+int64(c.n-c.dead), bytes+int64(c.bytes())
		}
	}
	return rows, bytes
}

// fitColumns drops the columns that take more than there may be: those of a
// file that is too large alone, and the oldest. Only the writer calls it.
func (e *Engine) fitColumns() {
	left, full := e.o.Memory, false
	for _, p := range slices.Backward(e.snapshot()) {
		c := p.cols.Load()
		if c == nil {
			continue
		}
		need := int64(c.bytes())
		if need <= e.o.Memory {
			left -= need
			full = left < 0
		}
		if full || need > e.o.Memory {
			e.dropColumnsOf(p)
		}
	}
}

func (e *Engine) dropColumnsOf(p *partition) {
	p.cols.Store(nil)
	e.postings.forget(p)
}

var errNoRoom = errors.New("no memory is left for columns")

// loadColumnsOf reads the rows of one file beside the writer, and what came and
// went meanwhile in the writer's place. errNoRoom: newer ones take all there is.
func (e *Engine) loadColumnsOf(ctx context.Context, p *partition) error {
	begun := false
	err := e.submit(ctx, &job{do: func(*writer) error { begun = p.cols.Load() == nil; p.loading = begun; return nil }})
	if err != nil || !begun {
		return err
	}
	var w *columnWriter
	err = e.reading(ctx, p, func(q queryer) (err error) { w, err = readColumns(ctx, q, p.events.Load()); return err })
	return e.submit(ctx, &job{do: func(*writer) error {
		erased := p.erased
		p.loading, p.erased = false, nil
		if err != nil || w == nil || p.cols.Load() != nil { // the writer may have begun some
			return err
		}
		if err := e.reading(ctx, p, func(q queryer) error { return w.read(ctx, q) }); err != nil {
			return err
		}
		w.drop(erased)
		p.cols.Store(w.published())
		e.fitColumns()
		if p.cols.Load() == nil && int64(w.bytes()) <= e.o.Memory {
			return errNoRoom
		}
		return nil
	}})
}

// readColumns reads the rows of a file, about so many. The result is nil where
// most ids have no row.
func readColumns(ctx context.Context, q queryer, events int64) (*columnWriter, error) {
	var last int64
	if err := q.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM ev").Scan(&last); err != nil || last > 4*events+blockRows {
		return nil, err
	}
	w := newColumns(int(last) + 1)
	return w, w.read(ctx, q)
}

// rowsOfText is how many rows are read as one text: that is far cheaper than a
// row each.
const rowsOfText = 16_384

// rowText is a row in a text; see pushText.
const rowText = "id||' '||ts||' '||level||' '||sev||' '||handled||' '||max(status,0)||' '||stk||' '||" +
	"pid||' '||svc||' '||env||' '||rel||' '||typ||' '||cod||' '||cul||' '||iss||' '||usr"

// read adds the values and rows of a file that are not there yet.
func (w *columnWriter) read(ctx context.Context, q queryer) error {
	err := each(ctx, q, func(scan func(...any) error) error {
		var id, col int64
		var val string
		err := scan(&id, &col, &val)
		if err == nil && (col < int64(colProject) || col > int64(colUser)) {
			err = fmt.Errorf("no such column: %d", col)
		}
		if err == nil {
			w.value(column(col), id, val)
		}
		return err
	}, "SELECT id, col, val FROM dict WHERE id > ?", w.lastValue())
	var last int
	if err == nil {
		err = q.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM ev").Scan(&last)
	}
	for err == nil && w.n <= last {
		end := w.n + rowsOfText
		err = each(ctx, q, func(scan func(...any) error) error {
			var text sql.RawBytes
			if err := scan(&text); err != nil {
				return err
			}
			return w.pushText(text)
		}, "SELECT group_concat("+rowText+") FROM ev NOT INDEXED WHERE id >= ? AND id < ?", w.n, end)
		w.skip(min(end, last+1))
	}
	return err
}

// lastValue is the highest id of a value that is known.
func (w *columnWriter) lastValue() (id int64) {
	for col := colProject; col <= colUser; col++ {
		id = max(id, slices.Max(w.text[col].ids))
	}
	return id
}

// rowFields is how many numbers rowText has: the texts are in the order of their columns.
const rowFields = 7 + int(colUser)

var errRowText = errors.New("rows out of order")

// pushText adds the rows of a text.
func (w *columnWriter) pushText(text []byte) error {
	var fields [rowFields]int64
	for at := 0; at < len(text); at++ {
		for i := range fields {
			n := int64(0)
			for ; at < len(text) && text[at] >= '0'; at++ {
				n = n*10 + int64(text[at]-'0')
			}
			if fields[i] = n; i < rowFields-1 {
				at++
			}
		}
		if fields[0] < int64(w.n) || at < len(text) && text[at] != ',' {
			return errRowText
		}
		r := numbers{id: fields[0], ts: fields[1], level: fields[2], sev: fields[3], handled: fields[4], status: fields[5], stack: fields[6]}
		for col := colProject; col <= colUser; col++ {
			r.text[col] = w.codes[col][fields[6+int(col)]]
		}
		w.push(&r)
	}
	return nil
}

// columns returns what fills the columns of the file, nil if they are not in
// memory.
func (f *file) columns() *columnWriter {
	now := f.p.cols.Load()
	if now == nil {
		f.cols = nil
	} else if f.cols == nil || f.shown != now {
		f.cols = resume(now)
	}
	return f.cols
}

// show publishes the columns after a commit.
func (f *file) show() {
	f.shown = f.cols.published()
	if f.shown.sparse() {
		f.e.dropColumnsOf(f.p)
		return
	}
	f.p.cols.Store(f.shown)
	f.e.fitColumns()
}

// addColumns adds the rows of a commit.
func (f *file) addColumns(items []*item) {
	w := f.columns()
	if w == nil {
		return
	}
	for _, it := range items {
		if it.id == 0 {
			continue
		}
		d := it.doc
		r := numbers{
			id: it.id, ts: d.Time, level: levelCode(d.Level), sev: int64(d.Severity), handled: flag(d.Handled),
			status: int64(d.Status), stack: it.stk,
		}
		for _, c := range textsOf(d) {
			r.text[c.col] = w.value(c.col, it.values[c.col], c.val)
		}
		w.push(&r)
	}
	f.show()
}

// dropColumns takes rows out that a commit has deleted.
func (f *file) dropColumns(ids []int64) {
	if len(ids) == 0 {
		return
	}
	if w := f.columns(); w != nil {
		w.drop(ids)
		f.show()
	} else if f.p.loading {
		f.p.erased = append(f.p.erased, ids...)
	}
}

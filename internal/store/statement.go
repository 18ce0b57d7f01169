package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
)

// maxParams bounds the parameters of one statement. SQLite takes thousands, but
// "$n" is a name to it, and looking names up made 3,000 a third slower.
const maxParams = 128

// change runs a statement that writes and returns how many rows it touched.
func (tx *Tx) change(ctx context.Context, text string, args ...any) (int64, error) {
	if !tx.write {
		return 0, errReadOnly
	}
	tx.wrote = true
	n, err := tx.link.exec(ctx, text, args)
	return n, fault(ctx, err)
}

// changeRows runs a statement that writes and returns rows; each must not run
// another statement.
func (tx *Tx) changeRows(ctx context.Context, text string, args []any, each func(scanner) error) error {
	if !tx.write {
		return errReadOnly
	}
	tx.wrote = true
	return tx.rows(ctx, text, args, each)
}

// rows reads with a fixed text; each must not run another statement.
func (tx *Tx) rows(ctx context.Context, text string, args []any, each func(scanner) error) error {
	rows, err := tx.link.query(ctx, text, args)
	return walk(ctx, rows, err, each)
}

// rowsOnce reads with a text that depends on filters.
func (tx *Tx) rowsOnce(ctx context.Context, text string, args []any, each func(scanner) error) error {
	rows, err := tx.link.queryOnce(ctx, text, args)
	return walk(ctx, rows, err, each)
}

func walk(ctx context.Context, rows *sql.Rows, err error, each func(scanner) error) error {
	if err != nil {
		return fault(ctx, err)
	}
	defer func() { _ = rows.Close() }() // Err below tells what Close would
	for rows.Next() {
		if err := each(rows); err != nil {
			return fault(ctx, err)
		}
	}
	return fault(ctx, rows.Err())
}

// row reads at most one row into dest and says whether there was one.
func (tx *Tx) row(ctx context.Context, text string, args []any, dest ...any) (found bool, err error) {
	err = tx.rows(ctx, text, args, func(rows scanner) error {
		found = true
		return rows.Scan(dest...)
	})
	return found, err
}

// bulk is a statement over many rows: a head, a list of rows of width
// parameters, a tail. fixed parameters stand in the head or tail and come
// first. It is cut into statements of at most maxParams parameters; below that
// size row counts are powers of two, so that few texts exist and stay prepared.
type bulk struct {
	head, tail   string
	width, fixed int

	once  sync.Once
	sizes []int // row counts, largest first
	texts []string
}

func (b *bulk) prepare() {
	most := max(1, (maxParams-b.fixed)/b.width)
	b.sizes = []int{most}
	for n := 1 << 6; n > 0; n >>= 1 {
		if n < most {
			b.sizes = append(b.sizes, n)
		}
	}
	for _, n := range b.sizes {
		b.texts = append(b.texts, b.text(n))
	}
}

// text writes the statement for n rows. Rows of one parameter are written bare,
// for IN lists.
func (b *bulk) text(n int) string {
	var s strings.Builder
	s.WriteString(b.head)
	p := b.fixed
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		if b.width > 1 {
			s.WriteByte('(')
		}
		for j := range b.width {
			if j > 0 {
				s.WriteByte(',')
			}
			p++
			s.WriteByte('$')
			s.WriteString(strconv.Itoa(p))
		}
		if b.width > 1 {
			s.WriteByte(')')
		}
	}
	s.WriteString(b.tail)
	return s.String()
}

// each calls do for consecutive pieces of n rows with the text for their count
// and their arguments; row appends those of one row.
func (b *bulk) each(n int, fixed []any, row func(args []any, i int) []any, do func(text string, args []any) error) error {
	b.once.Do(b.prepare)
	args := make([]any, 0, maxParams)
	for from, k := 0, 0; from < n; {
		for b.sizes[k] > n-from {
			k++
		}
		args = append(args[:0], fixed...)
		for i := from; i < from+b.sizes[k]; i++ {
			args = row(args, i)
		}
		if err := do(b.texts[k], args); err != nil {
			return err
		}
		from += b.sizes[k]
	}
	return nil
}

// changeBulk runs b over n rows.
func (tx *Tx) changeBulk(ctx context.Context, b *bulk, n int, fixed []any, row func(args []any, i int) []any) error {
	return b.each(n, fixed, row, func(text string, args []any) error {
		_, err := tx.change(ctx, text, args...)
		return err
	})
}

// changeBulkRows runs b over n rows and hands on the rows it returns.
func (tx *Tx) changeBulkRows(ctx context.Context, b *bulk, n int, row func(args []any, i int) []any, each func(scanner) error) error {
	return b.each(n, nil, row, func(text string, args []any) error { return tx.changeRows(ctx, text, args, each) })
}

// bulkRows reads with b over n rows of arguments.
func (tx *Tx) bulkRows(ctx context.Context, b *bulk, n int, fixed []any, row func(args []any, i int) []any, each func(scanner) error) error {
	return b.each(n, fixed, row, func(text string, args []any) error { return tx.rows(ctx, text, args, each) })
}

// null returns nil for "", for columns where absence is null.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// nullInt returns nil for 0.
func nullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// orZero scans a nullable column, null as the zero value.
type orZero[T any] struct{ to *T }

// Scan implements sql.Scanner.
func (z orZero[T]) Scan(src any) error {
	if v, ok := src.(T); ok { // the usual one, without reflection
		*z.to = v
		return nil
	}
	var n sql.Null[T]
	if err := n.Scan(src); err != nil {
		return err
	}
	*z.to = n.V
	return nil
}

func zero[T any](to *T) orZero[T] { return orZero[T]{to} }

// scanner is the row at hand.
type scanner interface{ Scan(dest ...any) error }

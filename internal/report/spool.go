package report

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"errata/internal/errata"
)

// spool is the rows of a job on disk, in a form of our own: whatever the file
// will be, a job that died goes on behind the last row that it saved.
type spool struct {
	file *os.File
	w    *bufio.Writer
	at   int64 // bytes written
	buf  []byte
}

// The tags of cells.
const (
	tagMissing byte = iota
	tagText
	tagNum
)

// maxSpoolText bounds a text when it is read back.
const maxSpoolText = 64 << 20

// openSpool opens the rows at a place: what stands behind it is dropped.
func openSpool(path string, at int64) (*spool, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = errors.Join(longEnough(f, at), f.Truncate(at))
	if err == nil {
		_, err = f.Seek(at, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spool{file: f, w: bufio.NewWriterSize(f, 1<<16), at: at}, nil
}

// longEnough tells a file that has lost rows from one that has too many.
func longEnough(f *os.File, at int64) error {
	st, err := f.Stat()
	if err == nil && st.Size() < at {
		err = fmt.Errorf("%s has %d bytes of %d", f.Name(), st.Size(), at)
	}
	return err
}

func (s *spool) add(cells []errata.Cell) error {
	s.buf = s.buf[:0]
	for _, c := range cells {
		switch {
		case c.Text != nil:
			s.buf = binary.AppendUvarint(append(s.buf, tagText), uint64(len(*c.Text)))
			s.buf = append(s.buf, *c.Text...)
		case c.Num != nil:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, tagNum), math.Float64bits(*c.Num))
		default:
			s.buf = append(s.buf, tagMissing)
		}
	}
	n, err := s.w.Write(s.buf)
	s.at += int64(n)
	return err
}

// sync makes what was added survive a crash.
func (s *spool) sync() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	return s.file.Sync()
}

func (s *spool) close() error { return s.file.Close() }

// readSpool hands on rows of so many cells, each valid until the next.
func readSpool(path string, cells int, each func([]errata.Cell) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := bufio.NewReaderSize(f, 1<<16)
	row := make([]errata.Cell, cells)
	for {
		for i := range row {
			row[i], err = readCell(r)
			switch {
			case errors.Is(err, io.EOF) && i == 0:
				return nil
			case err != nil:
				return fmt.Errorf("rows of an export: %w", err)
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

func readCell(r *bufio.Reader) (errata.Cell, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return errata.Cell{}, err
	}
	switch tag {
	case tagMissing:
		return errata.Cell{}, nil
	case tagNum:
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return errata.Cell{}, io.ErrUnexpectedEOF
		}
		return errata.NumCell(math.Float64frombits(binary.BigEndian.Uint64(b[:]))), nil
	case tagText:
		n, err := binary.ReadUvarint(r)
		if err != nil || n > maxSpoolText {
			return errata.Cell{}, io.ErrUnexpectedEOF
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return errata.Cell{}, io.ErrUnexpectedEOF
		}
		return errata.TextCell(string(b)), nil
	}
	return errata.Cell{}, fmt.Errorf("a cell of kind %d", tag)
}

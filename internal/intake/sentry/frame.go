package sentry

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize"
	"errata/internal/normalize/jsonx"
)

// head is the first line of an envelope.
type head struct {
	id, dsn             string
	sdkName, sdkVersion string
	sentAt              time.Time
}

// item is one item of an envelope. The payload is kept for the types that are
// read, up to their limit.
type item struct {
	kind    string
	size    int64 // bytes of payload, of an oversized one too
	records int64 // how many records a batch holds, else 1
	payload []byte
	over    bool // larger than its limit; payload is empty
}

// errFrame says that an envelope is not framed as it should be.
var errFrame = refuse(errata.Invalid, "envelope", "The envelope is malformed.", nil)

func malformed(message string) error { return refuse(errata.Invalid, "envelope", message, errFrame) }

func refuse(code errata.Code, reason, message string, cause error) error {
	return errata.Because(code, message, cause, errata.Detail{Reason: reason, Message: message})
}

// framing reads an envelope piece by piece. Payloads that nobody reads pass
// through and take no memory.
type framing struct {
	r      *bufio.Reader
	limits Limits
}

// headerLine is how long the envelope header and item headers may be.
const headerLine = 8 << 10

// lines are readers whose buffer is the longest header line.
var lines = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, headerLine+2) }}

func newFraming(body io.Reader, lim Limits) *framing {
	r := lines.Get().(*bufio.Reader)
	r.Reset(body)
	return &framing{r: r, limits: lim}
}

func (f *framing) release() {
	f.r.Reset(nil)
	lines.Put(f.r)
	f.r = nil
}

// line returns the next line without its LF and one CR before it. The last one
// needs no LF. io.EOF: nothing is left.
func (f *framing) line() ([]byte, error) {
	line, err := f.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, malformed("A header line is longer than 8 KiB.")
	case errors.Is(err, io.EOF) && len(line) > 0:
	case err != nil:
		return nil, err
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}

// header reads the envelope's first line.
func (f *framing) header() (h head, err error) {
	line, err := f.line()
	if errors.Is(err, io.EOF) {
		return h, refuse(errata.Invalid, "empty_body", "The body is empty.", nil)
	}
	if err != nil {
		return h, err
	}
	doc, err := parseObject(line)
	if err != nil {
		return h, malformed("The first line of an envelope is a JSON object.")
	}
	defer doc.Release()
	root := doc.Root()
	sdk := root.Get("sdk")
	return head{
		id: text(root.Get("event_id")), dsn: text(root.Get("dsn")),
		sdkName: text(sdk.Get("name")), sdkVersion: text(sdk.Get("version")),
		sentAt: normalize.ParseTime(text(root.Get("sent_at"))),
	}, nil
}

func text(v jsonx.Value) string {
	s, _, _ := v.Text()
	return s
}

// headerLimits bound a header line, which is a few flat members.
var headerLimits = jsonx.Limits{Depth: 16, Keys: 1000}

func parseObject(line []byte) (*jsonx.Doc, error) {
	doc, err := jsonx.Parse(line, headerLimits)
	if err != nil {
		return nil, err
	}
	if doc.Root().Kind() != jsonx.Object {
		doc.Release()
		return nil, errFrame
	}
	return doc, nil
}

// next reads the next item. io.EOF: there is none. An error with a kind in the
// item tells where the envelope broke.
func (f *framing) next() (it item, err error) {
	line, err := f.line()
	for err == nil && len(line) == 0 { // blank lines between items
		line, err = f.line()
	}
	if err != nil {
		return it, err
	}
	length, err := it.header(line)
	if err != nil {
		return it, err
	}
	if length < 0 {
		return it, f.toLineEnd(&it)
	}
	return it, f.exactly(&it, length)
}

// header reads an item's header line; length -1 means that none is given.
func (it *item) header(line []byte) (length int64, err error) {
	doc, err := parseObject(line)
	if err != nil {
		return 0, malformed("An item header is a JSON object.")
	}
	defer doc.Release()
	root := doc.Root()
	kind := root.Get("type")
	if kind.Kind() != jsonx.Text || text(kind) == "" {
		return 0, malformed("An item header names its type.")
	}
	it.kind, it.records = text(kind), 1
	if n, err := strconv.ParseInt(root.Get("item_count").Raw(), 10, 64); err == nil && n > 0 {
		it.records = n
	}
	l := root.Get("length")
	if k := l.Kind(); k == jsonx.Absent || k == jsonx.Null {
		return -1, nil
	}
	length, err = strconv.ParseInt(l.Raw(), 10, 64)
	if err != nil || length < 0 || l.Kind() != jsonx.Number {
		return 0, malformed("The length of an item is a whole number of bytes.")
	}
	return length, nil
}

// keep is how many bytes of an item's payload are read, 0 for items that are
// only counted.
func (f *framing) keep(kind string) int {
	switch kind {
	case "event":
		return f.limits.Event
	case "client_report":
		return f.limits.ClientReport
	}
	return 0
}

// exactly reads a payload of known length and the LF behind it.
func (f *framing) exactly(it *item, length int64) error {
	it.size = length
	limit := f.keep(it.kind)
	it.over = limit > 0 && length > int64(limit)
	var err error
	if limit > 0 && !it.over {
		it.payload = payloads.get(int(length))
		_, err = io.ReadFull(f.r, it.payload)
	} else {
		_, err = io.CopyN(io.Discard, f.r, length)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("The body ends before the length of an item is reached.")
	}
	if err != nil {
		return err
	}
	c, err := f.r.ReadByte()
	if err == nil && c != '\n' {
		return malformed("After the length of an item there is no line break.")
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// toLineEnd reads a payload that ends at the next LF or with the body.
func (f *framing) toLineEnd(it *item) error {
	limit := f.keep(it.kind)
	if limit > 0 {
		it.payload = payloads.get(0)
	}
	for {
		part, err := f.r.ReadSlice('\n')
		end := err == nil
		if end {
			part = part[:len(part)-1]
		}
		it.size += int64(len(part))
		if limit > 0 && !it.over {
			if it.over = it.size > int64(limit); !it.over {
				it.payload = append(it.payload, part...)
			}
		}
		switch {
		case end || errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

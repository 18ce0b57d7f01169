package queue

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/zstd"

	"errata/internal/errata"
)

// Schema is the version of the batch form. A reader refuses any other.
const Schema = 1

// MaxBatchEvents and MaxBatchBytes bound one message: events, and bytes of
// payload before compression. A single larger event travels alone.
const (
	MaxBatchEvents = 512
	MaxBatchBytes  = 256 << 10
)

// maxDecoded bounds what one message may unpack to: the largest event the
// intake takes is 1 MiB, a batch of smaller ones 256 KiB.
const maxDecoded = 8 << 20

// Entry is one accepted event on its way to the worker. Bytes is its size as
// the client sent it; Payload the redacted canonical JSON.
type Entry struct {
	ProjectID string
	Category  errata.Category
	KeyKind   errata.KeyKind
	Key       string // checked again by the worker when Unchecked
	Unchecked bool   // accepted on a remembered key while SQL was away
	IssueID   string // known behind the worker: batches of the backlog carry it
	Bytes     int64
	Payload   []byte
}

// Batch is what one message holds. ID is a UUID; it is the message's id too,
// so that a repeated publish is recognised.
type Batch struct {
	ID      string
	Entries []Entry
}

// errBatch is the cause of every refusal to read a message.
var errBatch = errors.New("malformed batch")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var decoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecoded))
	if err != nil {
		panic(err)
	}
	return d
}}

// Encoder writes batches one after the other into the same memory. The zero
// value is ready; it belongs to one goroutine.
type Encoder struct {
	zstd       *zstd.Encoder
	plain, out []byte
}

// keepBuffer is how large a buffer is kept for the next batch: a full batch and
// its frame, not the rare event that is larger.
const keepBuffer = 2 * MaxBatchBytes

// Encode returns the bytes of a message: schema, CRC32C of the rest, and the
// entries under zstd. They are valid until the next call.
func (e *Encoder) Encode(b Batch) []byte {
	if e.zstd == nil {
		e.zstd = newCompressor()
	}
	plain := appendText(e.plain[:0], b.ID)
	plain = binary.AppendUvarint(plain, uint64(len(b.Entries)))
	for i := range b.Entries {
		plain = appendEntry(plain, &b.Entries[i])
	}
	out := append(e.out[:0], Schema, 0, 0, 0, 0)
	out = e.zstd.EncodeAll(plain, out)
	binary.LittleEndian.PutUint32(out[1:], crc32.Checksum(out[5:], castagnoli))
	e.plain, e.out = kept(plain), kept(out)
	return out
}

func newCompressor() *zstd.Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(err) // the options are constant
	}
	return z
}

func kept(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b
}

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// Encode is Encoder.Encode for those who write a batch now and then; the bytes
// are the caller's.
func Encode(b Batch) []byte {
	e := encoders.Get().(*Encoder)
	defer encoders.Put(e)
	return bytes.Clone(e.Encode(b))
}

func appendEntry(b []byte, e *Entry) []byte {
	b = appendText(b, e.ProjectID)
	b = appendText(b, string(e.Category))
	b = appendText(b, string(e.KeyKind))
	b = appendText(b, e.Key)
	b = appendText(b, e.IssueID)
	if e.Unchecked {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(max(e.Bytes, 0)))
	b = binary.AppendUvarint(b, uint64(len(e.Payload)))
	return append(b, e.Payload...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Decode reads what Encode wrote. A wrong schema, checksum or length is an
// error; the message is then put aside, never interpreted.
func Decode(data []byte) (Batch, error) {
	if len(data) < 5 || data[0] != Schema {
		return Batch{}, fmt.Errorf("%w: schema", errBatch)
	}
	if crc32.Checksum(data[5:], castagnoli) != binary.LittleEndian.Uint32(data[1:]) {
		return Batch{}, fmt.Errorf("%w: checksum", errBatch)
	}
	dec := decoders.Get().(*zstd.Decoder)
	plain, err := dec.DecodeAll(data[5:], nil)
	decoders.Put(dec)
	if err != nil {
		return Batch{}, fmt.Errorf("%w: %w", errBatch, err)
	}
	return readBatch(plain)
}

func readBatch(plain []byte) (Batch, error) {
	r := reader{b: plain}
	out := Batch{ID: r.text()}
	n := r.number()
	if n > MaxBatchEvents {
		return Batch{}, fmt.Errorf("%w: %d events", errBatch, n)
	}
	for range n {
		out.Entries = append(out.Entries, r.entry())
	}
	if r.bad || len(r.b) > 0 {
		return Batch{}, fmt.Errorf("%w: length", errBatch)
	}
	return out, nil
}

// reader takes values off the front of b; after the first misfit it is bad and
// returns zero values.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() uint64 {
	n, w := binary.Uvarint(r.b)
	if w <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[w:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) text() string { return string(r.bytes()) }

func (r *reader) entry() Entry {
	e := Entry{
		ProjectID: r.text(), Category: errata.Category(r.text()), KeyKind: errata.KeyKind(r.text()), Key: r.text(),
		IssueID: r.text(),
	}
	e.Unchecked = r.number() == 1
	e.Bytes = int64(r.number() & (1<<40 - 1))
	e.Payload = r.bytes()
	return e
}

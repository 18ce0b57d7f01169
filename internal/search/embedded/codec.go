package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"errata/internal/querylang"
	"errata/internal/search"
)

// dictAfter is how many events of a file its dictionary is trained on.
const dictAfter = 400

// codec packs payloads of one file with its dictionary, and unpacks those of
// older ones too. Frames carry the number of their
// dictionary, so those from before the training stay readable. It needs no
// closing: neither side is used as a stream.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec(dict []byte, older ...[]byte) (*codec, error) {
	eo := []zstd.EOption{
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(128 << 10),
	}
	do := []zstd.DOption{zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(2 * search.MaxBytes)}
	if len(dict) > 0 {
		eo, older = append(eo, zstd.WithEncoderDict(dict)), append(older, dict)
	}
	if len(older) > 0 {
		do = append(do, zstd.WithDecoderDicts(older...))
	}
	enc, err := zstd.NewWriter(nil, eo...)
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, do...)
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	return &codec{enc: enc, dec: dec}, nil
}

// firstDict is the number of a file's first dictionary.
const firstDict = 1

// train makes a dictionary of sample frames, with the number id. What cannot be learnt from (too
// little, all alike) gives an error; the file then goes without.
func train(samples [][]byte, id uint32) (dict []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // the trainer panics on inputs it did not foresee
			dict, err = nil, fmt.Errorf("train dictionary: %v", r)
		}
	}()
	var history []byte
	for _, s := range samples {
		if len(history)+len(s) <= 112<<10 {
			history = append(history, s...)
		}
	}
	dict, err = zstd.BuildDict(zstd.BuildDictOptions{
		ID: id, Contents: samples, History: history,
		Offsets: [3]int{1, 4, 8}, Level: zstd.SpeedFastest,
	})
	if err != nil {
		return nil, fmt.Errorf("train dictionary: %w", err)
	}
	return dict, nil
}

// face is what a list shows of an event and ev has no column for. Notes correct
// the keys that follow from the pairs: "+key" is one more, "-key" is none.
type face struct {
	title, ip string
	pairs     []string
	notes     []string
}

// newFace returns the face of an event.
func newFace(r *querylang.Record) face {
	f := face{title: r.Title, ip: r.IP, pairs: r.Pairs}
	known := f.pairKeys()
	for _, k := range r.Keys {
		if !columnKeys[k] && !slices.Contains(known, k) {
			f.notes = append(f.notes, "+"+k)
		}
	}
	for _, k := range known {
		if _, ok := slices.BinarySearch(r.Keys, k); !ok {
			f.notes = append(f.notes, "-"+k)
		}
	}
	return f
}

// pairKeys returns what stands before the first "=" of each pair, once.
func (f face) pairKeys() []string {
	out := make([]string, 0, len(f.pairs)+8)
	for _, p := range f.pairs {
		if k := termKey(p); len(out) == 0 || out[len(out)-1] != k && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// keys returns the keys of the event: those of the face, and of its columns.
func (f face) keys(h *search.Hit) []string {
	out := f.pairKeys()
	for _, n := range f.notes {
		if n[0] == '+' {
			out = append(out, n[1:])
		} else {
			out = slices.DeleteFunc(out, func(k string) bool { return k == n[1:] })
		}
	}
	for _, c := range [...]struct {
		key     string
		present bool
	}{
		{"type", h.Type != ""},
		{"code", h.Code != ""},
		{"culprit", h.Culprit != ""},
		{"env", h.Env != ""},
		{"release", h.Release != ""},
		{"http.status", h.Status > 0},
	} {
		if c.present {
			out = append(out, c.key)
		}
	}
	return out
}

// largePayload is where the face gets a frame of its own: below, unpacking it
// with the payload costs less than a second frame does.
const largePayload = 16 << 10

// pack returns the columns f and z of body: the face and the payload, in one
// frame z where the payload is small.
func (c *codec) pack(f face, payload []byte) (head, z []byte) {
	b := f.append(make([]byte, 0, 1024+min(len(payload), largePayload)))
	if len(payload) <= largePayload {
		return nil, c.enc.EncodeAll(append(b, payload...), make([]byte, 0, len(payload)/3))
	}
	return c.enc.EncodeAll(b, nil), c.enc.EncodeAll(payload, nil)
}

// unpack reverses pack.
func (c *codec) unpack(head, z []byte) (face, []byte, error) {
	if head == nil {
		b, err := c.dec.DecodeAll(z, nil)
		if err != nil {
			return face{}, nil, fmt.Errorf("unpack event: %w", err)
		}
		return parseFace(b)
	}
	f, err := c.unpackFace(head, z)
	if err != nil {
		return face{}, nil, err
	}
	payload, err := c.dec.DecodeAll(z, nil)
	if err != nil {
		return face{}, nil, fmt.Errorf("unpack event: %w", err)
	}
	return f, payload, nil
}

var faceBuffers = sync.Pool{New: func() any { return new([]byte) }}

// unpackFace unpacks the face alone; the payload only where it has no frame of
// its own.
func (c *codec) unpackFace(head, z []byte) (face, error) {
	if head == nil {
		head = z
	}
	buf := faceBuffers.Get().(*[]byte)
	defer faceBuffers.Put(buf)
	b, err := c.dec.DecodeAll(head, (*buf)[:0])
	if err != nil {
		return face{}, fmt.Errorf("unpack event: %w", err)
	}
	*buf = b
	f, _, err := parseFace(b)
	return f, err
}

func (f face) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(f.pairs)+len(f.notes)+2))
	for _, s := range []string{f.title, f.ip} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, list := range [...][]string{f.pairs, f.notes} {
		for _, s := range list {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	return b
}

var errFace = errors.New("unpack event: damaged face")

// parseFace reads what append wrote and returns the bytes after it. The face
// keeps none of b.
func parseFace(b []byte) (face, []byte, error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n < 2 || n > uint64(len(b)) {
		return face{}, nil, errFace
	}
	b = b[w:]
	texts, rest := make([]string, n), b
	for range texts {
		size, w := binary.Uvarint(rest)
		if w <= 0 || size > uint64(len(rest[w:])) {
			return face{}, nil, errFace
		}
		rest = rest[w:][size:]
	}
	all := string(b[:len(b)-len(rest)]) // one string for all, with the sizes between them
	for i, at := 0, 0; i < len(texts); i++ {
		size, w := binary.Uvarint(b[at:])
		from := at + w
		at = from + int(size) //nolint:gosec // not above the length, see above
		texts[i] = all[from:at]
	}
	f := face{title: texts[0], ip: texts[1], pairs: texts[2:]}
	for at, s := range f.pairs {
		if s != "" && (s[0] == '+' || s[0] == '-') { // no key begins so
			f.pairs, f.notes = f.pairs[:at:at], f.pairs[at:]
			break
		}
	}
	return f, rest, nil
}

// values appends the values of the pairs that begin with "key=", each once.
func (f face) values(to []string, key string) []string {
	for _, p := range f.pairs {
		if v, ok := strings.CutPrefix(p, key); ok && !slices.Contains(to, v) {
			to = append(to, v)
		}
	}
	return to
}

// Package wire reads requests of the intake protocols: bodies bounded before
// and after decoding, keys, origins, and the status of an error.
package wire

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"errata/internal/errata"
)

// Limits bound a request body, in bytes.
type Limits struct {
	Sent    int64 // as it came
	Decoded int64 // after decoding
}

// The ratio guard: what grows beyond ratioFrom bytes and by more than maxRatio
// is a bomb.
const (
	ratioFrom = 1 << 20
	maxRatio  = 200
)

// Body is a request body, decoded as it is read. Its errors are errata errors
// with reason body_size, decompressed_size (too_large), bad_compression,
// body_cut or timeout (invalid), in that order of precedence.
type Body struct {
	source  *source
	codec   codec
	decoder io.Reader
	limit   int64
	out     int64
	err     error
}

// Open prepares to read a body sent with these Content-Encoding headers: gzip,
// deflate (with or without zlib header), br, zstd; none, empty, identity and
// utf-8 (which some clients write there) mean as it is. Only one encoding is
// undone. Error: invalid with reason encoding. Nothing is read yet, so the
// compression may still turn out to be broken. Close the body after use.
func Open(r io.Reader, encodings []string, lim Limits) (*Body, error) {
	name, ok := encoding(encodings)
	if !ok {
		return nil, refuse(errata.Invalid, "encoding",
			"The body must be sent plain or with one of the encodings gzip, deflate, br and zstd.", nil)
	}
	s := sources.Get().(*source)
	s.reset(r, lim.Sent)
	return &Body{source: s, codec: codecs[name], limit: lim.Decoded}, nil
}

// encoding returns the one encoding that is to be undone, "" for none.
func encoding(headers []string) (name string, ok bool) {
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			switch part = strings.ToLower(strings.TrimSpace(part)); part {
			case "", "identity", "utf-8", "utf8":
				continue
			case "x-gzip":
				part = "gzip"
			}
			if _, known := codecs[part]; !known || name != "" {
				return "", false
			}
			name = part
		}
	}
	return name, true
}

// Sent returns how many bytes were taken from the client so far.
func (b *Body) Sent() int64 { return b.source.read }

// Read implements io.Reader. An error repeats.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.next(p)
	b.out += int64(n)
	if over := b.over(); over != nil {
		b.err = over
		return 0, over
	}
	if err != nil {
		b.err = b.explain(err)
	}
	return n, b.err
}

func (b *Body) next(p []byte) (int, error) {
	if b.codec.open == nil {
		return b.source.buf.Read(p)
	}
	if b.decoder == nil {
		if _, err := b.source.buf.Peek(1); err != nil {
			return 0, err // empty, or lost on the way
		}
		d, err := b.codec.open(b.source.buf)
		if err != nil {
			return 0, broken{err}
		}
		b.decoder = d
	}
	n, err := b.decoder.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = broken{err}
	}
	return n, err
}

// over says that too much came out.
func (b *Body) over() error {
	switch {
	case b.codec.open == nil && b.out > b.limit:
		return tooLarge("body_size", "body", b.limit)
	case b.out > b.limit:
		return tooLarge("decompressed_size", "decoded body", b.limit)
	case b.out > ratioFrom && b.out > maxRatio*b.source.read:
		return refuse(errata.TooLarge, "decompressed_size", "The body grows more than 200-fold when decoded.", nil)
	}
	return nil
}

// broken is an error of a decoder rather than of the connection.
type broken struct{ error }

func (b broken) Unwrap() error { return b.error }

// explain turns what a reader said into what the client should hear. What went
// wrong with the connection is looked at first: a decoder that starves reports
// it as broken data.
func (b *Body) explain(err error) error {
	if cause := b.source.err; cause != nil {
		return lost(cause)
	}
	if errors.Is(err, io.EOF) && !errors.As(err, new(broken)) {
		return io.EOF
	}
	if tooMuchMemory(err) {
		return refuse(errata.TooLarge, "decompressed_size", "Decoding the body needs too much memory.", err)
	}
	return refuse(errata.Invalid, "bad_compression", "The body is not what its Content-Encoding says, or is cut.", err)
}

func lost(cause error) error {
	switch {
	case errata.CodeOf(cause) == errata.TooLarge:
		return cause
	case errors.Is(cause, os.ErrDeadlineExceeded):
		return refuse(errata.Invalid, "timeout", "The body took too long to arrive.", cause)
	}
	return refuse(errata.Invalid, "body_cut", "The body ended early.", cause)
}

func tooLarge(reason, what string, limit int64) error {
	return refuse(errata.TooLarge, reason, "The "+what+" is larger than "+strconv.FormatInt(limit, 10)+" bytes.", nil)
}

func refuse(code errata.Code, reason, message string, cause error) error {
	return errata.Because(code, message, cause, errata.Detail{Reason: reason, Message: message})
}

// Close gives the body's decoder back. The request's own body is not closed.
func (b *Body) Close() {
	if b.source == nil {
		return
	}
	if b.decoder != nil {
		b.codec.close(b.decoder)
	}
	b.source.release()
	b.source, b.decoder = nil, nil
	b.err = io.ErrClosedPipe
}

// readOn is how far Blame looks, far enough for the ratio guard.
const readOn = 2 * ratioFrom

// Blame returns what the client should hear when the decoded bytes make no
// sense: that the compression is broken or a bomb, if reading on shows so, else
// err.
func (b *Body) Blame(err error) error {
	if b.codec.open == nil || b.source == nil {
		return err
	}
	if _, cause := io.CopyN(io.Discard, b, readOn); cause != nil && !errors.Is(cause, io.EOF) {
		return cause
	}
	return err
}

// source counts what comes from the client and remembers how it ended.
type source struct {
	r     io.Reader
	limit int64
	read  int64
	err   error // why the client's bytes ended, nil at a proper end
	buf   *bufio.Reader
}

func (s *source) reset(r io.Reader, limit int64) {
	s.r, s.limit, s.read, s.err = r, limit, 0, nil
	s.buf.Reset(s)
}

func (s *source) release() {
	s.r, s.err = nil, nil
	s.buf.Reset(nil)
	sources.Put(s)
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if s.read > s.limit {
		s.err = tooLarge("body_size", "body", s.limit)
		return 0, s.err
	}
	if err != nil && !errors.Is(err, io.EOF) { // a cut body is io.ErrUnexpectedEOF
		s.err = err
	}
	return n, err
}

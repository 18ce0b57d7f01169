package sentry

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/intake/wire"
	"errata/internal/normalize"
)

// store answers POST /api/{id}/store/ and /api/store/: one event as JSON, or as
// base64 of JSON or of zlib, which old clients send without saying so.
func (s *Intake) store(c echo.Context) error {
	q := s.request(c)
	if err := q.enter(); err != nil {
		return err
	}
	// An event of the largest size grows by a third as base64.
	most := int64(s.limits.Event)*4/3 + 1<<10
	body, err := wire.Open(q.r.Body, q.r.Header["Content-Encoding"], wire.Limits{Sent: most, Decoded: most})
	if err != nil {
		return q.refused(err, 0)
	}
	defer body.Close()
	sent, err := readAll(body)
	defer payloads.put(sent)
	if err != nil {
		return q.refused(err, body.Sent())
	}
	return q.single(sent)
}

// readAll reads a body into lent memory.
func readAll(r io.Reader) ([]byte, error) {
	b := payloads.get(0)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// single takes the one event of a store request.
func (q *request) single(sent []byte) error {
	if len(bytes.TrimSpace(sent)) == 0 {
		return q.refused(refuse(errata.Invalid, "empty_body", "The body is empty.", nil), 0)
	}
	payload, err := q.unwrap(sent)
	if err == nil && len(payload) > q.limits.Event {
		err = tooLarge(q.limits)
	}
	var ev *errata.Event
	if err == nil {
		ev, err = normalize.Sentry(payload, q.input(head{}))
	}
	if err != nil {
		q.count(errata.CategoryError, errata.Rejected, errata.ReasonOf(err), 1, int64(len(sent)))
		return err
	}
	if err := q.hand(ev, len(payload)); err != nil {
		return err
	}
	return q.accepted(q.c, ev.ID)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// unwrap undoes base64, and zlib inside it. What is neither is left as it is, so
// that the reader of JSON says what is wrong with it.
func (q *request) unwrap(sent []byte) ([]byte, error) {
	plain := bytes.TrimSpace(bytes.TrimPrefix(sent, byteOrderMark))
	if len(plain) == 0 || plain[0] == '{' {
		return sent, nil
	}
	packed, err := unbase64(plain)
	if err != nil || len(packed) < 2 {
		return sent, nil
	}
	if inside := bytes.TrimSpace(packed); len(inside) > 0 && inside[0] == '{' {
		return packed, nil
	}
	if packed[0] != 0x78 || (int(packed[0])<<8|int(packed[1]))%31 != 0 { // no zlib header
		return sent, nil
	}
	inner, err := wire.Open(bytes.NewReader(packed), []string{"deflate"},
		wire.Limits{Sent: int64(len(packed)), Decoded: int64(q.limits.Event)})
	if err != nil {
		return nil, err
	}
	defer inner.Close()
	return io.ReadAll(inner)
}

// unbase64 accepts both alphabets, line breaks, and a missing end.
func unbase64(b []byte) ([]byte, error) {
	b = bytes.Map(func(r rune) rune {
		switch r {
		case '\r', '\n', ' ', '\t', '=':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, b)
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(b)))
	n, err := base64.RawStdEncoding.Decode(out, b)
	return out[:n], err
}

package search

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/fnv"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// Place is where an event stands in the order of hits: newest first, then
// event id, then project, all descending.
type Place struct {
	Time    int64 // µs
	EventID string
	Project string
}

const (
	cursorVersion  = 1
	cursorOlder    = 'o'
	cursorNewer    = 'n'
	cursorHead     = 1 + 1 + 8 + 8 + 16 // version, direction, hash, time, event id; the project follows
	maxCursorBytes = cursorHead + 64
)

// Cursor returns the cursor that continues at p towards older events, or
// towards newer ones.
func (r *Request) Cursor(p Place, newer bool) Cursor {
	b := make([]byte, cursorHead, cursorHead+len(p.Project))
	b[0], b[1] = cursorVersion, cursorOlder
	if newer {
		b[1] = cursorNewer
	}
	binary.BigEndian.PutUint64(b[2:], r.fingerprint())
	binary.BigEndian.PutUint64(b[10:], uint64(p.Time)) //nolint:gosec // its bits
	_, _ = hex.Decode(b[18:34], []byte(p.EventID))     // stored ids are hex: Fault saw to it
	return Cursor(base64.RawURLEncoding.EncodeToString(append(b, p.Project...)))
}

// Place returns where After or Before continues; ok is false when the request
// has neither. A cursor that is broken, or was made for another query, scope or
// range, is invalid with the reason search.cursor.
func (r *Request) Place() (p Place, newer, ok bool, err error) {
	c, want := r.After, byte(cursorOlder)
	if r.Before != "" {
		c, want = r.Before, cursorNewer
	}
	if c == "" {
		return Place{}, false, false, nil
	}
	p, dir, sum, good := decodeCursor(c)
	if !good || dir != want || sum != r.fingerprint() {
		const sentence = "This page link belongs to another search. Start again from the first page."
		return Place{}, false, false, errata.Because(errata.Invalid, sentence, nil,
			errata.Detail{Reason: ReasonCursor, Field: "cursor", Message: sentence})
	}
	return p, want == cursorNewer, true, nil
}

func decodeCursor(c Cursor) (p Place, dir byte, sum uint64, ok bool) {
	// The decoder skips line ends, even when strict.
	if len(c) > base64.RawURLEncoding.EncodedLen(maxCursorBytes) || strings.ContainsAny(string(c), "\r\n") {
		return Place{}, 0, 0, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || len(b) <= cursorHead || b[0] != cursorVersion {
		return Place{}, 0, 0, false
	}
	return Place{
		Time:    int64(binary.BigEndian.Uint64(b[10:])), //nolint:gosec // its bits
		EventID: hex.EncodeToString(b[18:cursorHead]),
		Project: string(b[cursorHead:]),
	}, b[1], binary.BigEndian.Uint64(b[2:]), true
}

// fingerprint hashes what a cursor is bound to: query, scope and range.
func (r *Request) fingerprint() uint64 {
	h := digest{fnv.New64a()}
	h.expr(r.Query)
	projects := slices.Clone(r.Scope.Projects)
	slices.Sort(projects)
	h.flag(r.Scope.All)
	h.texts(slices.Compact(projects))
	h.number(r.From.UnixMicro())
	h.number(r.To.UnixMicro())
	return h.Sum64()
}

// digest feeds values to a hash so that no two different sequences of values
// give the same bytes: every text carries its length.
type digest struct{ hash.Hash64 }

func (d digest) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // its bits
	_, _ = d.Write(b[:])
}

func (d digest) flag(b bool) {
	if b {
		d.number(1)
	} else {
		d.number(0)
	}
}

func (d digest) text(s string) {
	d.number(int64(len(s)))
	_, _ = d.Write([]byte(s))
}

func (d digest) texts(ss []string) {
	d.number(int64(len(ss)))
	for _, s := range ss {
		d.text(s)
	}
}

func (d digest) expr(x querylang.Expr) {
	switch x := x.(type) {
	case nil:
		d.text("all")
	case *querylang.And:
		d.kids("and", x.Kids)
	case *querylang.Or:
		d.kids("or", x.Kids)
	case *querylang.Not:
		d.kids("not", []querylang.Expr{x.Kid})
	case *querylang.Leaf:
		d.text("leaf")
		d.texts([]string{x.Key.Name, x.Key.Arg})
		d.number(int64(len(x.Values)))
		for i := range x.Values {
			d.value(&x.Values[i])
		}
	}
}

func (d digest) kids(op string, kids []querylang.Expr) {
	d.text(op)
	d.number(int64(len(kids)))
	for _, k := range kids {
		d.expr(k)
	}
}

// value hashes the words of the query, not what they were bound to: between
// two pages "-6h" moves on, the search stays the same.
func (d digest) value(v *querylang.Value) {
	d.number(int64(v.Kind))
	if v.Raw != "" {
		d.text(v.Raw)
		d.flag(v.Quoted)
		return
	}
	d.texts([]string{v.Text, v.Joined})
	d.texts(v.Parts)
	d.texts(v.Tokens)
	for _, n := range []*int64{v.Lo, v.Hi} {
		if d.flag(n != nil); n != nil {
			d.number(*n)
		}
	}
}

package embedded

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// tokenLen bytes of seven bits each hold 63 bits of a term's hash. All have
// the high bit set: the ascii tokenizer takes such bytes for letters.
const tokenLen = 9

// hashTerm is FNV-1a with a final mix, cut to 63 bits so that it is a rowid
// too. It names a term in kw and kwd; changing it needs a new schema version.
func hashTerm(term string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(term) {
		h = (h ^ uint64(term[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9E3779B97F4A7C15
	h ^= h >> 29
	return h >> 1
}

// hashHas names the presence of a key; no term starts with "=".
func hashHas(key string) uint64 { return hashTerm("=" + key) }

func appendToken(b []byte, h uint64) []byte {
	for range tokenLen {
		b = append(b, 0x80|byte(h&0x7f))
		h >>= 7
	}
	return b
}

// tokenHash reverses appendToken.
func tokenHash(token string) (h uint64) {
	for i := range tokenLen {
		h |= uint64(token[i]&0x7f) << (7 * i)
	}
	return h
}

// columnKeys are the keys that a column of ev answers: their terms are not
// indexed again.
var columnKeys = map[string]bool{
	"service": true, "issue": true, "type": true, "code": true, "culprit": true, "env": true,
	"release": true, "level": true, "event.severity": true, "severity": true, "handled": true, "http.status": true,
	"timestamp": true, "received": true, "event": true,
}

// exactKeys have no wildcard: their values, often one per event, are not kept
// in kwd.
var exactKeys = map[string]bool{"trace": true, "span": true, "request_id": true, "session_id": true, "user": true}

// termKey returns the key in front of a term.
func termKey(term string) string {
	k, _, _ := strings.Cut(term, "=")
	return k
}

// term is a distinct term that kwd may have to keep.
type term struct {
	hash uint64
	text string // "key=value", folded
}

// frameKey is the key whose terms belong to the stack, not to the event.
const frameKey = "frame"

// splitFrames divides an event's terms, which are sorted, into those of its
// frames and the two runs around them.
func splitFrames(all []string) (before, frames, after []string) {
	from, _ := slices.BinarySearch(all, frameKey+"=")
	to := from
	for to < len(all) && strings.HasPrefix(all[to], frameKey+"=") {
		to++
	}
	return all[:from], all[from:to], all[to:]
}

// terms returns the text to index in kw for an event's keys and its terms
// besides frames, and the terms wildcards may ask for.
func terms(before, after, keys []string) (string, []term) {
	n := len(before) + len(after)
	b, keep := make([]byte, 0, (n+len(keys))*(tokenLen+1)), make([]term, 0, n)
	for _, run := range [...][]string{before, after} {
		for _, t := range run {
			k := termKey(t)
			if columnKeys[k] {
				continue
			}
			h := hashTerm(t)
			b = append(appendToken(b, h), ' ')
			if !exactKeys[k] {
				keep = append(keep, term{h, t})
			}
		}
	}
	for _, k := range keys {
		if !columnKeys[k] {
			b = append(appendToken(b, hashHas(k)), ' ')
		}
	}
	return string(b), keep
}

var stackBuffers = sync.Pool{New: func() any { return new([]byte) }}

// hashStack names a stack by its words and frames; 0 is none.
func hashStack(words string, frames []string) int64 {
	if words == "" && len(frames) == 0 {
		return 0
	}
	b := stackBuffers.Get().(*[]byte)
	defer stackBuffers.Put(b)
	*b = append((*b)[:0], words...)
	for _, f := range frames {
		*b = append(append(*b, '\n'), f...)
	}
	sum := sha256.Sum256(*b)
	return int64(binary.BigEndian.Uint64(sum[:])>>1) | 1
}

// frameTerms returns the text to index for the frames of a stack, and the terms
// wildcards may ask for.
func frameTerms(frames []string) (string, []term) {
	b := make([]byte, 0, len(frames)*(tokenLen+1))
	keep := make([]term, len(frames))
	for i, t := range frames {
		keep[i] = term{hashTerm(t), t}
		b = append(appendToken(b, keep[i].hash), ' ')
	}
	return string(b), keep
}

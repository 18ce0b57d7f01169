package sentry

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// category says what kind of thing an item type is.
func category(kind string) errata.Category {
	switch kind {
	case "event":
		return errata.CategoryError
	case "attachment":
		return errata.CategoryAttachment
	case "session", "sessions":
		return errata.CategorySession
	case "transaction":
		return errata.CategoryTransaction
	case "span":
		return errata.CategorySpan
	case "log":
		return errata.CategoryLog
	case "feedback", "user_report":
		return errata.CategoryFeedback
	case "client_report":
		return errata.CategoryClientReport
	case "security", "raw_security":
		return errata.CategorySecurity
	}
	return errata.CategoryOther
}

// other gives an outcome to an item that is not the envelope's event.
func (b *batch) other(it *item) {
	switch it.kind {
	case "event": // at most one per envelope, the first
		b.count(errata.CategoryError, errata.Rejected, "envelope", 1, it.size)
	case "client_report":
		outcome, reason := b.report(it)
		b.count(errata.CategoryClientReport, outcome, reason, 1, it.size)
	default:
		b.count(category(it.kind), errata.Filtered, "item_type", it.count(), it.size)
	}
}

// count is how many records an item holds: what its header says, as far as its
// payload has room for so many.
func (it *item) count() int64 {
	return max(1, min(it.records, it.size/2))
}

const (
	maxReported = 100 // entries of one client report
	maxQuantity = 1e9 // items of one entry
)

// report reads what an SDK says it lost and feeds the counters.
func (b *batch) report(it *item) (errata.Outcome, string) {
	if it.over {
		return errata.Rejected, "body_size"
	}
	doc, err := jsonx.Parse(it.payload, headerLimits)
	if err != nil {
		return errata.Rejected, "bad_json"
	}
	defer doc.Release()
	if doc.Root().Kind() != jsonx.Object {
		return errata.Rejected, "expected_object"
	}
	left := maxReported
	for _, list := range []string{"discarded_events", "rate_limited_events", "filtered_events", "filtered_sampling_events"} {
		for _, entry := range doc.Root().Get(list).Items() {
			if left--; left < 0 {
				break
			}
			b.reported(entry)
		}
	}
	return errata.Stored, "full"
}

func (b *batch) reported(entry jsonx.Value) {
	reason, category := word(text(entry.Get("reason"))), word(text(entry.Get("category")))
	quantity, err := strconv.ParseInt(entry.Get("quantity").Raw(), 10, 64)
	if err != nil || quantity < 1 || reason == "" || category == "" {
		return
	}
	b.ingest.ClientReport(b.access, reason, category, min(quantity, maxQuantity))
}

// word accepts the names that SDKs use, so that a stranger cannot make up
// counters without end or with anything in their names.
func word(s string) string {
	if len(s) > 64 {
		return ""
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return ""
		}
	}
	return s
}

// newID makes a UUIDv7 without dashes for an event that came without an id.
func newID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f
	return hex.EncodeToString(b[:])
}

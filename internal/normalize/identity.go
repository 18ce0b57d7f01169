package normalize

import (
	"math"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// How far a client's clock may be off before it is corrected, and how old or
// far ahead an event may be before its time is not believed.
const (
	driftTolerance = 55 * time.Minute
	maxAge         = 30 * 24 * time.Hour
	maxAhead       = time.Minute
)

// NormalID returns s as 32 lower-case hex digits: dashes go, letters become
// small. ok is false for anything that is not an id, and for the nil UUID.
func NormalID(s string) (id string, ok bool) {
	var out [32]byte
	n, nonzero := 0, false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '-':
			continue
		case 'A' <= c && c <= 'F':
			c += 'a' - 'A'
		case ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'):
		default:
			return "", false
		}
		if n == len(out) {
			return "", false
		}
		out[n] = c
		n++
		nonzero = nonzero || c != '0'
	}
	return string(out[:n]), n == len(out) && nonzero
}

// identity sets the event's id and times. The id of the envelope wins.
func (m *mapper) identity(f fields) {
	m.ev.ID = m.id("header.event_id", m.in.HeaderID)
	if m.ev.ID == "" {
		m.ev.ID = m.id("event_id", f.id.Raw())
	}
	if m.ev.ID == "" {
		m.ev.ID = m.in.FreshID
	}
	m.times(f.timestamp)
}

func (m *mapper) id(field, s string) string {
	if s == "" {
		return ""
	}
	id, ok := NormalID(s)
	if !ok {
		m.note(field, "bad_id", s)
		return ""
	}
	return id
}

// times sets when the event happened: what the client says, corrected by how
// far its clock is off, and the time of arrival when that cannot be.
func (m *mapper) times(v jsonx.Value) {
	received := errata.Micros(m.in.Received)
	m.ev.ReceivedAt, m.ev.Timestamp = received, received
	if !m.in.SentAt.IsZero() {
		if off := m.in.Received.Sub(m.in.SentAt); off.Abs() > driftTolerance {
			m.shift = off.Microseconds()
		}
	}
	if k := v.Kind(); k == jsonx.Absent || k == jsonx.Null {
		return
	}
	sent, ok := when(v)
	if !ok {
		m.ev.Clamped = true
		m.note("timestamp", "bad_time", v.Raw())
		return
	}
	at := sent + m.shift
	if at < received-maxAge.Microseconds() || at > received+maxAhead.Microseconds() {
		m.ev.Clamped, m.ev.OriginalTimestamp = true, sent
		m.note("timestamp", "out_of_range", v.Raw())
		return
	}
	m.ev.Timestamp = at
	if m.shift != 0 {
		m.ev.OriginalTimestamp = sent
		m.note("timestamp", "clock_drift", strconv.FormatInt(m.shift/1e6, 10)+" s")
	}
}

// maxSeconds is the year 5138; what is beyond are not seconds.
const maxSeconds = 1e11

// when reads seconds since 1970 (a number, also as text) or an RFC 3339 time,
// where a missing zone means UTC and a space may stand for the T. The result is
// in µs.
func when(v jsonx.Value) (int64, bool) {
	s, _, ok := v.Text()
	if !ok || len(s) > 64 {
		return 0, false
	}
	return parseTime(strings.TrimSpace(s))
}

func parseTime(s string) (int64, bool) {
	if len(s) > 4 && s[4] != '-' || len(s) <= 4 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !(f >= 0 && f <= maxSeconds) {
			return 0, false
		}
		return int64(math.Round(f * 1e6)), true
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02",
}

// ParseTime reads a time as clients write it (see Input.SentAt); zero when it
// is none.
func ParseTime(s string) time.Time {
	if us, ok := parseTime(strings.TrimSpace(s)); ok && len(s) <= 64 {
		return errata.FromMicros(us)
	}
	return time.Time{}
}

// level reads a level word or a number of the 10-to-50 scale.
func (m *mapper) level(field string, v jsonx.Value, otherwise errata.Level) errata.Level {
	s := m.line(field, v, 64)
	if s == "" {
		return otherwise
	}
	l, ok := errata.ParseLevel(s)
	if !ok {
		m.note(field, "bad_level", s)
		return otherwise
	}
	return l
}

// release reads a version name: no slashes, which would break links and the
// grouping of files by release.
func (m *mapper) release(v jsonx.Value) string {
	s := m.line("release", v, 200)
	if strings.Contains(s, "/") {
		m.note("release", "slash_replaced", s)
		s = strings.ReplaceAll(s, "/", "-")
	}
	return s
}

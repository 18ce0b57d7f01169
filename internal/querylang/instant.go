package querylang

import (
	"strconv"
	"strings"
	"time"
)

var epoch = time.Unix(0, 0).UTC()

// maxPeriod bounds durations: a hundred years.
const maxPeriod = 36525 * 24 * time.Hour

// instant reads a time literal as the interval [lo, hi) of its own precision.
// Moments (now, -24h) give lo = hi.
func instant(s string, now time.Time, zone *time.Location) (lo, hi time.Time, ok bool) {
	switch Fold(s) {
	case "now":
		return now, now, true
	case "today":
		return day(now, 0, zone)
	case "yesterday":
		return day(now, -1, zone)
	}
	if back, found := strings.CutPrefix(s, "-"); found {
		d, _, ok := period(back)
		return now.Add(-d), now.Add(-d), ok
	}
	return written(s, zone)
}

// day returns the local day that lies days from now's.
func day(now time.Time, days int, zone *time.Location) (lo, hi time.Time, ok bool) {
	y, m, d := now.In(zone).Date()
	return local(y, m, d+days, 0, 0, 0, 0, zone), local(y, m, d+days+1, 0, 0, 0, 0, zone), true
}

// forms are the layouts of written times without their offset.
var forms = []struct {
	layout    string
	precision time.Duration
}{
	{"2006-01-02T15:04:05.000000", time.Microsecond},
	{"2006-01-02T15:04:05.000", time.Millisecond},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02", 24 * time.Hour},
}

func written(s string, zone *time.Location) (lo, hi time.Time, ok bool) {
	s = strings.Replace(strings.ToUpper(s), " ", "T", 1)
	for _, f := range forms {
		if strings.ContainsAny(s, ".,") != (f.precision < time.Second) {
			continue // time.Parse takes a fraction behind any seconds
		}
		if t, err := time.Parse(f.layout, s); err == nil && len(s) == len(f.layout) {
			return inZone(t, f.precision, zone)
		}
		if t, err := time.Parse(f.layout+"Z07:00", s); err == nil && f.precision < 24*time.Hour && len(s) > len(f.layout) {
			return t.UTC(), t.UTC().Add(f.precision), true
		}
	}
	return lo, hi, false
}

// inZone reads the clock of t in zone.
func inZone(t time.Time, precision time.Duration, zone *time.Location) (lo, hi time.Time, ok bool) {
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	lo = local(y, mo, d, h, mi, s, t.Nanosecond(), zone)
	if precision == 24*time.Hour {
		return lo, local(y, mo, d+1, 0, 0, 0, 0, zone), true
	}
	return lo, lo.Add(precision), true
}

// AtClock returns the moment at which clocks in zone show what t shows: the first
// one of a repeated time, the moment after the gap for a skipped one.
func AtClock(t time.Time, zone *time.Location) time.Time {
	lo, _, _ := inZone(t, 0, zone)
	return lo
}

// local returns the moment at which clocks in zone show a time: the first one
// of a repeated time, the moment after the gap for a skipped one.
func local(y int, m time.Month, d, h, mi, s, ns int, zone *time.Location) time.Time {
	u := time.Date(y, m, d, h, mi, s, ns, time.UTC)
	_, before := u.Add(-24 * time.Hour).In(zone).Zone()
	_, after := u.Add(24 * time.Hour).In(zone).Zone()
	first := u.Add(-time.Duration(max(before, after)) * time.Second)
	last := u.Add(-time.Duration(min(before, after)) * time.Second)
	for _, t := range []time.Time{first, last} {
		if _, o := t.In(zone).Zone(); t.Add(time.Duration(o) * time.Second).Equal(u) {
			return t.UTC()
		}
	}
	start, _ := last.In(zone).ZoneBounds()
	return start.UTC()
}

// units of durations, longest first.
var units = map[byte]time.Duration{
	'w': 7 * 24 * time.Hour, 'd': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second,
}

// period reads 90s, 15m, 24h, 7d, 2w, 1h30m: positive, units falling. unit is
// the last, the precision of what was written.
func period(s string) (d, unit time.Duration, ok bool) {
	s = Fold(s)
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if n == 0 || n > 9 || n == len(s) {
			return 0, 0, false
		}
		u := units[s[n]]
		count, err := strconv.Atoi(s[:n])
		if err != nil || u == 0 || unit != 0 && u >= unit || time.Duration(count) > maxPeriod/u {
			return 0, 0, false
		}
		d, unit, s = d+time.Duration(count)*u, u, s[n+1:]
	}
	return d, unit, d > 0 && d <= maxPeriod
}

// Package stats computes figures from values: time buckets that follow the
// reader's zone, and what is folded into them.
package stats

import (
	"slices"
	"time"
)

// Interval is the width of a chart's bucket: a step of the ladder. Days and
// weeks follow the zone's calendar (23 to 25 hours); all else is aligned to UTC.
type Interval string

// Ladder lists the intervals from fine to coarse.
var Ladder = []Interval{"1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "3h", "6h", "12h", "1d", "1w"}

// Month is a step beyond the ladder, for response times.
const Month Interval = "1mo"

// Width returns the fixed width of an interval below a day; days, weeks and
// months return their nominal 24 h, 168 h and 30 days.
func (i Interval) Width() time.Duration {
	switch i {
	case Month:
		return 30 * 24 * time.Hour
	case "1d":
		return 24 * time.Hour
	case "1w":
		return 7 * 24 * time.Hour
	}
	d, err := time.ParseDuration(string(i))
	if err != nil {
		return time.Hour
	}
	return d
}

// Valid says whether i is a step of the ladder.
func (i Interval) Valid() bool {
	return slices.Contains(Ladder, i)
}

// Calendar says whether buckets follow the zone's calendar.
func (i Interval) Calendar() bool { return i == "1d" || i == "1w" || i == Month }

// Start returns the start of the bucket that holds t.
func (i Interval) Start(t time.Time, zone *time.Location) time.Time {
	if !i.Calendar() {
		return t.UTC().Truncate(i.Width())
	}
	y, m, d := t.In(zone).Date()
	switch i {
	case "1w":
		d -= (int(t.In(zone).Weekday()) + 6) % 7
	case Month:
		d = 1
	}
	return firstInstant(y, m, d, zone)
}

// Next returns the start of the bucket after the one that starts at t.
func (i Interval) Next(t time.Time, zone *time.Location) time.Time {
	if !i.Calendar() {
		return t.Add(i.Width())
	}
	y, m, d := t.In(zone).Date()
	switch i {
	case "1w":
		d += 7
	case Month:
		m++
	default:
		d++
	}
	return firstInstant(y, m, d, zone)
}

// firstInstant returns the first moment of a local day, which is not 00:00
// where the clock change skips midnight.
func firstInstant(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	want := time.Date(y, m, d, 12, 0, 0, 0, zone).Day()
	for t.In(zone).Day() != want {
		t = t.Add(15 * time.Minute)
	}
	return t.UTC()
}

// Edges returns the starts of the buckets that cover [from, to), followed by
// the end of the last one. At most 11,000 buckets.
func Edges(from, to time.Time, i Interval, zone *time.Location) []time.Time {
	if zone == nil {
		zone = time.UTC
	}
	out := []time.Time{i.Start(from, zone)}
	for out[len(out)-1].Before(to) && len(out) <= 11000 {
		out = append(out, i.Next(out[len(out)-1], zone))
	}
	return out
}

// Auto returns the finest interval, not finer than floor, that gives at most
// 60 buckets over [from, to).
func Auto(from, to time.Time, floor Interval) Interval {
	for _, i := range Ladder {
		if i.Width() >= floor.Width() && to.Sub(from) <= 60*i.Width() {
			return i
		}
	}
	return "1w"
}

// Days names the days from one local midnight to before another: "9 to 15 Nov
// 2026". Both are in the zone whose days they are.
func Days(from, to time.Time) string {
	first, last := from, to.Add(-time.Hour) // on the last day, also where it has 23 or 25 hours
	form := "2"
	switch {
	case first.Year() != last.Year():
		form = "2 Jan 2006"
	case first.Month() != last.Month():
		form = "2 Jan"
	}
	return first.Format(form) + " to " + last.Format("2 Jan 2006")
}

// Fold adds counts, keyed by the µs at which a quarter hour starts, into the
// buckets given by edges; what lies outside is left out.
func Fold(quarters map[int64]int64, edges []time.Time) []int64 {
	out := make([]int64, max(len(edges)-1, 0))
	for us, n := range quarters {
		if k := bucketOf(us, edges); k >= 0 {
			out[k] += n
		}
	}
	return out
}

func bucketOf(us int64, edges []time.Time) int {
	lo, hi := 0, len(edges)-1
	if hi < 1 || us < edges[0].UnixMicro() || us >= edges[hi].UnixMicro() {
		return -1
	}
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; us < edges[mid].UnixMicro() {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

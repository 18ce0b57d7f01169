package ui

import (
	"fmt"
	"strconv"
	"time"
)

// Moment is when and where a page is read: every relative time on it is
// counted from Now, every absolute one is written in Zone (nil = UTC).
type Moment struct {
	Now  time.Time
	Zone *time.Location
}

// Time is a point in time as a reader sees it: Text in the page, Title on
// hover, ISO for machines. Ago says that Text counts from now and is kept
// current by the browser: "ago" or "old". An unknown time has no ISO.
type Time struct{ ISO, Title, Text, Ago string }

// week is how long a time is told as an age before it becomes a date.
const week = 7 * 24 * time.Hour

// In returns the local time of us microseconds since 1970.
func (m Moment) In(us int64) time.Time { return m.local(time.UnixMicro(us)) }

func (m Moment) local(t time.Time) time.Time {
	if m.Zone == nil {
		return t.UTC()
	}
	return t.In(m.Zone)
}

// Ago tells a time as an age for a week ("4m ago"), then as a date; 0 is unknown.
func (m Moment) Ago(us int64) Time {
	if us == 0 {
		return Time{Text: "n/a"}
	}
	t, age := m.mark(us), m.Now.Sub(time.UnixMicro(us))
	switch {
	case age >= week:
		t.Text = m.Date(us)
	case age < 2*time.Second:
		t.Text, t.Ago = "just now", "ago"
	default:
		t.Text, t.Ago = Age(age)+" ago", "ago"
	}
	return t
}

// Old tells how long something exists ("4d old"); 0 is unknown.
func (m Moment) Old(us int64) Time {
	if us == 0 {
		return Time{Text: "n/a"}
	}
	t := m.mark(us)
	t.Text, t.Ago = Age(m.Now.Sub(time.UnixMicro(us)))+" old", "old"
	return t
}

// Stamp tells a time to the millisecond: "today 16:21:44.120" or
// "14 Nov 03:12:09.000"; 0 is unknown.
func (m Moment) Stamp(us int64) Time { return m.told(us, "15:04:05.000") }

// At tells a time to the minute: "today 16:21" or "14 Nov 03:12"; 0 is unknown.
func (m Moment) At(us int64) Time { return m.told(us, "15:04") }

func (m Moment) told(us int64, clock string) Time {
	if us == 0 {
		return Time{Text: "n/a"}
	}
	t := m.mark(us)
	t.Text = m.day(m.In(us)) + " " + m.In(us).Format(clock)
	return t
}

// Date writes "14 Nov 03:12", with the year in place of the hour when it is
// not the present one.
func (m Moment) Date(us int64) string {
	at := m.In(us)
	if at.Year() != m.local(m.Now).Year() {
		return at.Format("2 Jan 2006")
	}
	return at.Format("2 Jan 15:04")
}

// Hour writes the minute of the day: "16:31".
func (m Moment) Hour(us int64) string { return m.In(us).Format("15:04") }

// ZoneName is the zone's name as it is shown beside times.
func (m Moment) ZoneName() string {
	if m.Zone == nil {
		return "UTC"
	}
	return m.Zone.String()
}

func (m Moment) day(at time.Time) string {
	now := m.local(m.Now)
	switch {
	case sameDay(at, now):
		return "today"
	case sameDay(at, now.AddDate(0, 0, -1)):
		return "yesterday"
	case at.Year() != now.Year():
		return at.Format("2 Jan 2006")
	}
	return at.Format("2 Jan")
}

func sameDay(a, b time.Time) bool {
	y1, m1, d1 := a.Date()
	y2, m2, d2 := b.Date()
	return y1 == y2 && m1 == m2 && d1 == d2
}

func (m Moment) mark(us int64) Time {
	at := m.In(us)
	title := at.Format("2006-01-02 15:04:05 MST")
	if zone := m.ZoneName(); zone != "UTC" {
		title += " (" + zone + ")"
	}
	return Time{ISO: at.Format(time.RFC3339Nano), Title: title}
}

// Age writes a span in its largest unit: "11s", "4m", "6h", "84d".
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// Duration writes a span in two units: "412 ms", "1.4 s", "6m 12s", "2h 41m",
// "3d 4h".
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-d)
	}
	s := int(d.Seconds())
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Minute:
		return strconv.Itoa(s) + " s"
	case d < time.Hour:
		return units(s/60, "m", s%60, "s")
	case d < 24*time.Hour:
		return units(s/3600, "h", s%3600/60, "m")
	}
	return units(s/86400, "d", s%86400/3600, "h")
}

func units(a int, unit string, b int, small string) string {
	if b == 0 {
		return strconv.Itoa(a) + unit
	}
	return fmt.Sprintf("%d%s %d%s", a, unit, b, small)
}

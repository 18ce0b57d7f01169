package page

import (
	"time"

	"errata/internal/views/chart"
)

// maxLabels is how many labels fit under a chart.
const maxLabels = 8

// labelStep is a distance between labels: so many seconds, hours or days that
// are round on the reader's clock.
type labelStep struct {
	span   time.Duration // within a day
	days   int           // whole days, from a midnight
	format string
}

var labelSteps = []labelStep{
	{span: 10 * time.Second, format: "15:04:05"},
	{span: 30 * time.Second, format: "15:04:05"},
	{span: time.Minute, format: "15:04"},
	{span: 2 * time.Minute, format: "15:04"},
	{span: 5 * time.Minute, format: "15:04"},
	{span: 10 * time.Minute, format: "15:04"},
	{span: 15 * time.Minute, format: "15:04"},
	{span: 30 * time.Minute, format: "15:04"},
	{span: time.Hour, format: "15:04"},
	{span: 2 * time.Hour, format: "15:04"},
	{span: 3 * time.Hour, format: "15:04"},
	{span: 6 * time.Hour, format: "15:04"},
	{span: 12 * time.Hour, format: "15:04"},
	{days: 1, format: "2 Jan"},
	{days: 2, format: "2 Jan"},
	{days: 7, format: "2 Jan"},
	{days: 14, format: "2 Jan"},
	{days: 30, format: "2 Jan"},
	{days: 91, format: "Jan 2006"},
	{days: 365, format: "2006"},
	{days: 3650, format: "2006"},
}

// labels chooses the finest step that gives few enough labels, and puts them
// where their time lies: also between two buckets.
func (in TrendIn) labels() []chart.Label {
	for _, step := range labelSteps {
		if step.days == 0 && in.Interval.Calendar() {
			continue
		}
		if at := in.instants(step); len(at) > 0 && len(at) <= maxLabels {
			return in.written(at, step)
		}
	}
	return nil
}

// instants lists the round times of a step inside the chart; more than
// maxLabels of them are not listed to the end.
func (in TrendIn) instants(step labelStep) []time.Time {
	first, last := in.Edges[0], in.Edges[len(in.Edges)-1]
	var out []time.Time
	for t := step.firstFrom(first.In(zoneOf(in.Moment))); t.Before(last) && len(out) <= maxLabels; t = step.after(t) {
		if !t.Before(first) {
			out = append(out, t)
		}
	}
	return out
}

// firstFrom returns a round local time not after t, from which to count.
func (s labelStep) firstFrom(t time.Time) time.Time {
	y, m, d := t.Date()
	switch {
	case s.days > 0:
		return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	case s.span >= time.Hour:
		return time.Date(y, m, d, t.Hour()-t.Hour()%s.hours(), 0, 0, 0, t.Location())
	}
	return time.Date(y, m, d, t.Hour(), 0, 0, 0, t.Location())
}

// after returns the next round time by the clock on the wall, also over a
// change of it.
func (s labelStep) after(t time.Time) time.Time {
	if s.days > 0 {
		return t.AddDate(0, 0, s.days)
	}
	next := t.Add(s.span)
	if s.span >= time.Hour {
		y, m, d := t.Date()
		next = time.Date(y, m, d, t.Hour()-t.Hour()%s.hours()+s.hours(), 0, 0, 0, t.Location())
	}
	if !next.After(t) { // an hour that the change skips
		return t.Add(s.span)
	}
	return next
}

func (s labelStep) hours() int { return int(s.span / time.Hour) }

func (in TrendIn) written(at []time.Time, step labelStep) []chart.Label {
	var out []chart.Label
	for i, t := range at {
		format := step.format
		if step.days == 0 && t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
			format = "2 Jan" // midnight is written as the day that begins
		}
		out = append(out, chart.Label{At: in.place(t.UnixMicro()), Text: t.Format(format), Minor: i%2 == 1})
	}
	return out
}

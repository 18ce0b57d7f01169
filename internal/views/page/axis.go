package page

import (
	"slices"
	"time"

	"errata/internal/views/chart"
)

// maxLabels is how many labels fit under a chart.
const maxLabels = 8

// labels chooses the buckets whose start is written under the axis: round
// hours or days, at most maxLabels of them.
func (in TrendIn) labels(n int) []chart.Label {
	zone, steps := zoneOf(in.Moment), daySteps
	if !in.Interval.Calendar() {
		steps = slices.Concat(clockSteps, daySteps)
	}
	for _, step := range steps {
		if out := in.labelsAt(n, step, zone); len(out) > 0 && len(out) <= maxLabels {
			return out
		}
	}
	return in.everyNth(n, zone)
}

// labelStep keeps the bucket starts that are round in some unit.
type labelStep struct {
	format string
	keep   func(t time.Time) bool
}

var (
	clockSteps = []labelStep{
		seconds(10), seconds(30), minutes(1), minutes(2), minutes(5), minutes(10), minutes(15), minutes(30),
		hours(1), hours(2), hours(3), hours(6), hours(12),
	}
	daySteps = []labelStep{
		{"2 Jan", midnight},
		{"2 Jan", func(t time.Time) bool { return midnight(t) && t.Weekday() == time.Monday }},
	}
)

func seconds(n int) labelStep {
	return labelStep{"15:04:05", func(t time.Time) bool { return t.Second()%n == 0 }}
}

func minutes(n int) labelStep {
	return labelStep{"15:04", func(t time.Time) bool { return t.Second() == 0 && t.Minute()%n == 0 }}
}

func hours(n int) labelStep {
	return labelStep{"15:04", func(t time.Time) bool { return onHour(t) && t.Hour()%n == 0 }}
}

func onHour(t time.Time) bool   { return t.Second() == 0 && t.Minute() == 0 }
func midnight(t time.Time) bool { return onHour(t) && t.Hour() == 0 }

func (in TrendIn) labelsAt(n int, step labelStep, zone *time.Location) []chart.Label {
	var out []chart.Label
	for i := range n {
		if t := in.Edges[i].In(zone); step.keep(t) {
			out = append(out, in.label(i, n, t.Format(formatAt(step.format, t)), len(out)))
		}
	}
	return out
}

// label is the i-th bucket's; every second one is minor.
func (in TrendIn) label(i, n int, text string, before int) chart.Label {
	return chart.Label{At: float64(i) / float64(n), Text: text, Minor: before%2 == 1}
}

// formatAt writes midnight as a date, so that a day's start stands out.
func formatAt(format string, t time.Time) string {
	if midnight(t) {
		return "2 Jan"
	}
	return format
}

func (in TrendIn) everyNth(n int, zone *time.Location) []chart.Label {
	var out []chart.Label
	for i := 0; i < n; i += (n + maxLabels - 1) / maxLabels {
		out = append(out, in.label(i, n, in.Edges[i].In(zone).Format("2 Jan"), len(out)))
	}
	return out
}

package chart

import (
	"math"
	"strconv"
)

// TimeScale maps durations, in seconds, to pixels from the top of a chart.
// Ticks rise and stand equally far from one another.
type TimeScale struct {
	Ticks []float64
	H     float64
	log   bool
}

// timeSteps are distances between ticks that are round on a clock, seconds.
var timeSteps = []float64{
	1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1500, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_419_200,
}

// LinearTimes returns a scale from 0 to at least top in at most gridSteps
// steps.
func LinearTimes(top, h float64) TimeScale {
	top = clean(top)
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if top <= gridSteps*s {
			step = s
			break
		}
	}
	for top > gridSteps*step && step < math.MaxFloat64/4 {
		step *= 2
	}
	s := TimeScale{Ticks: []float64{0}, H: h}
	for i := 1; i == 1 || s.Ticks[i-1] < top; i++ {
		s.Ticks = append(s.Ticks, step*float64(i))
	}
	return s
}

// logTimes are the ticks of a logarithmic scale: each is about four times the
// one before, and round on a clock.
var logTimes = []float64{
	0.001, 0.004, 0.015, 0.06, 0.25, 1, 4, 15, 60, 240, 900, 3600, 14_400, 57_600, 259_200, 1_036_800, 4_147_200, 16_588_800, 66_355_200, 265_420_800,
}

// LogTimes returns a logarithmic scale that holds low and top.
func LogTimes(low, top, h float64) TimeScale {
	low, top = clean(low), clean(top)
	if top == 0 {
		low, top = 60, 3600
	}
	first, last := 0, len(logTimes)-1
	for first+1 < last && logTimes[first+1] <= low {
		first++
	}
	for last-1 > first && logTimes[last-1] >= top {
		last--
	}
	return TimeScale{Ticks: logTimes[first : last+1], H: h, log: true}
}

// Y returns the distance from the top: H for the first tick and less.
func (s TimeScale) Y(v float64) float64 {
	n := len(s.Ticks) - 1
	if n < 1 || !(v > s.Ticks[0]) {
		return s.H
	}
	for i := range n {
		a, b := s.Ticks[i], s.Ticks[i+1]
		if v > b {
			continue
		}
		part := (v - a) / (b - a)
		if s.log {
			part = math.Log(v/a) / math.Log(b/a)
		}
		return s.H * (1 - (float64(i)+part)/float64(n))
	}
	return 0
}

// SpanText writes a tick of an axis of durations: "0", "15s", "4m", "1h", "3d".
func SpanText(seconds float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{86_400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if n := seconds / u.size; n >= 1 && (n == math.Trunc(n) || u.size == 1) {
			return num(n) + u.name
		}
	}
	if seconds > 0 {
		return strconv.FormatFloat(1000*seconds, 'f', 0, 64) + "ms"
	}
	return "0"
}

package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Span is what one bucket of a Line shows: of N times the middle one, the range
// in which half of them lie, and the slow end. All are seconds. With Few they
// are too few to be joined to a line: a dot. Of no times there is a gap.
type Span struct {
	Title                string // what the tooltip says
	N                    int64
	Low, Mid, High, Slow float64
	Few                  bool
}

// viewWidth is the width of the nested picture that stretches.
const viewWidth = 1000

// Line is durations over time: the median as a line, the range from the 25th to
// the 75th percentile as a band, the slow end as a thin line, the target dashed.
// Below stands how many times each bucket has.
type Line struct {
	Sentence string // what the chart says, for those who do not see it
	Height   int    // px, 0 = 132
	Spans    []Span
	Target   float64 // seconds, 0 = none
	Log      bool
	Counts   bool // the row of numbers below
	Labels   []Label
}

func (l Line) height() float64 { return Stacked{Height: l.Height}.height() }
func (l Line) px() string      { return num(l.height()) }
func (l Line) viewBox() string { return "0 0 " + strconv.Itoa(viewWidth) + " " + l.px() }

// Empty says that there is nothing to draw.
func (l Line) Empty() bool {
	return !slices.ContainsFunc(l.Spans, func(s Span) bool { return s.N > 0 })
}

// reach returns the smallest and the largest value that is drawn; the target is
// always in sight.
func (l Line) reach() (low, top float64) {
	low = math.MaxFloat64
	see := func(v float64) {
		if v = clean(v); v > 0 {
			low, top = min(low, v), max(top, v)
		}
	}
	for _, s := range l.Spans {
		for _, v := range []float64{s.Mid, s.High, s.Slow, s.Low} {
			if s.N > 0 {
				see(v)
			}
		}
	}
	if see(l.Target); top == 0 {
		return 0, 0
	}
	return low, top
}

// scale returns the scale of the times.
func (l Line) scale() TimeScale {
	low, top := l.reach()
	if l.Log {
		return LogTimes(low, top, l.height())
	}
	return LinearTimes(top, l.height())
}

func (l Line) grid() []gridLine {
	scale := l.scale()
	var out []gridLine
	for i, t := range scale.Ticks {
		text := SpanText(t)
		if l.Log && i > 0 && i < len(scale.Ticks)-1 && len(scale.Ticks) > 6 && i%2 == 1 {
			text = "" // room
		}
		out = append(out, gridLine{Y: num(scale.Y(t)), Text: text, Base: i == 0})
	}
	return out
}

// x is the middle of a bucket, 0 to 1.
func (l Line) x(i int) float64 { return (float64(i) + 0.5) / float64(len(l.Spans)) }

// runs lists the stretches of neighbouring buckets that a line may join.
func (l Line) runs() (out [][]int) {
	var run []int
	for i, s := range l.Spans {
		if s.N > 0 && !s.Few {
			run = append(run, i)
			continue
		}
		if len(run) > 0 {
			out, run = append(out, run), nil
		}
	}
	if len(run) > 0 {
		out = append(out, run)
	}
	return out
}

// path draws a line through a value of the buckets of every run.
func (l Line) path(of func(Span) float64) string {
	var b strings.Builder
	scale := l.scale()
	for _, run := range l.runs() {
		for k, i := range run {
			l.corner(&b, k == 0, i, scale.Y(of(l.Spans[i])))
		}
	}
	return b.String()
}

func (l Line) corner(b *strings.Builder, first bool, i int, y float64) {
	c := "L"
	if first {
		c = "M"
	}
	b.WriteString(c + tenth(l.x(i)*viewWidth) + " " + tenth(y))
}

func (l Line) median() string { return l.path(func(s Span) float64 { return s.Mid }) }
func (l Line) slow() string   { return l.path(func(s Span) float64 { return s.Slow }) }

// band draws the range in which the middle of the times lies.
func (l Line) band() string {
	var b strings.Builder
	scale := l.scale()
	for _, run := range l.runs() {
		if len(run) < 2 {
			continue
		}
		for k, i := range run {
			l.corner(&b, k == 0, i, scale.Y(l.Spans[i].High))
		}
		for _, i := range slices.Backward(run) {
			l.corner(&b, false, i, scale.Y(l.Spans[i].Low))
		}
		b.WriteString("Z")
	}
	return b.String()
}

// dot is a bucket that no line joins.
type dot struct {
	X, Y string
	Few  bool
}

func (l Line) dots() (out []dot) {
	scale := l.scale()
	for i, s := range l.Spans {
		if s.N > 0 && s.Few {
			out = append(out, dot{percent(l.x(i)), num(scale.Y(s.Mid)), true})
		}
	}
	for _, run := range l.runs() {
		if len(run) == 1 {
			out = append(out, dot{percent(l.x(run[0])), num(scale.Y(l.Spans[run[0]].Mid)), false})
		}
	}
	return out
}

func (l Line) bucketX(i int) string { return percent(float64(i) / float64(len(l.Spans))) }
func (l Line) bucketW() string      { return percent(1 / float64(len(l.Spans))) }

// countRoom is how many numbers find room below the chart.
const countRoom = 20

// counts are the numbers below the buckets.
func (l Line) counts() (out []Label) {
	if !l.Counts || len(l.Spans) > countRoom {
		return nil
	}
	for i, s := range l.Spans {
		out = append(out, Label{At: l.x(i), Text: tickText(float64(s.N)), Minor: len(l.Spans) > countRoom/2 && i%2 == 1})
	}
	return out
}

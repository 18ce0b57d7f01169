package chart

import "strings"

// The picture of a Spark.
const (
	lineWidth  = 100.0
	lineHeight = 30.0
	lineRoom   = 26.0 // height of the largest value
)

// Spark is a small line over its area, for a key figure. It starts at zero, so
// that its height means something.
type Spark struct{ Values []float64 }

// NewSpark takes counts, oldest first.
func NewSpark(counts []int64) Spark { return Spark{NewSparkline(counts).Values} }

// paths returns the line and the area below it; "" where there are fewer than
// two values.
func (s Spark) paths() (line, area string) {
	n := len(s.Values)
	if n < 2 {
		return "", ""
	}
	top := 0.0
	for _, v := range s.Values {
		top = max(top, clean(v))
	}
	var b strings.Builder
	for i, v := range s.Values {
		y := lineHeight - 1
		if top > 0 {
			y -= clean(v) / top * lineRoom
		}
		c := "L"
		if i == 0 {
			c = "M"
		}
		b.WriteString(c + num(float64(i)/float64(n-1)*lineWidth) + " " + num(y))
	}
	return b.String(), b.String() + "L" + num(lineWidth) + " " + num(lineHeight) + "L0 " + num(lineHeight) + "Z"
}

// Bullet is one duration beside its target: the median as a bar, the slow end
// (p90) as the range behind it. Values share a unit; no target is 0.
type Bullet struct{ Median, Slow, Target float64 }

// The picture of a Bullet ends at three targets, or a little after the slow end
// where there is no target.
const (
	bulletTargets = 3
	bulletRoom    = 1.25
)

// share returns where a value lies, 0 to 100.
func (b Bullet) share(v float64) float64 {
	end := bulletTargets * clean(b.Target)
	if end == 0 {
		end = bulletRoom * max(clean(b.Slow), clean(b.Median))
	}
	if end == 0 {
		return 0
	}
	return min(clean(v)/end, 1) * lineWidth
}

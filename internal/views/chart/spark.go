package chart

import "strconv"

// The picture of a Spark, a unit wide between two values.
const (
	lineHeight = 30.0
	lineRoom   = 26.0 // height of the largest value
)

// Spark is a small line over its area, for a key figure. It starts at zero, so
// that its height means something.
type Spark struct{ Values []float64 }

// NewSpark takes counts, oldest first.
func NewSpark(counts []int64) Spark { return Spark{NewSparkline(counts).Values} }

// paths returns the picture's box, the line and the area below it; no paths
// where there are fewer than two values.
func (s Spark) paths() (box, line, area string) {
	n := len(s.Values)
	box = "0 0 " + strconv.Itoa(max(n-1, 1)) + " " + num(lineHeight)
	if n < 2 {
		return box, "", ""
	}
	top := 0.0
	for _, v := range s.Values {
		top = max(top, clean(v))
	}
	var p pen
	for i, v := range s.Values {
		y := lineHeight - 1
		if top > 0 {
			y -= clean(v) / top * lineRoom
		}
		p.to(float64(i), y, true)
	}
	return box, p.String(), p.String() + "V" + num(lineHeight) + "H0Z"
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
	return min(clean(v)/end, 1) * 100
}

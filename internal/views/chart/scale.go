// Package chart draws charts as SVG text in pure Go: no script, no style, only
// classes of a closed set. Widths are percent and heights pixels, so a chart
// follows its column without distorting its labels.
package chart

import (
	"math"
	"strconv"
	"strings"
)

// Ticks returns round numbers from 0 to at least top in about n steps, in
// ascending order. Steps are whole numbers, because counts are. A top that is
// not a positive number gives 0 and 1.
func Ticks(top float64, n int) []float64 {
	if n < 1 {
		n = 1
	}
	if !(top > 0) || math.IsInf(top, 0) {
		return []float64{0, 1}
	}
	step := roundStep(top / float64(n))
	out := []float64{0}
	for out[len(out)-1] < top && len(out) < 4*n {
		out = append(out, step*float64(len(out)))
	}
	return out
}

// roundStep returns 1, 2, 2.5 or 5 times a power of ten, at least raw and at
// least 1, and whole.
func roundStep(raw float64) float64 {
	if raw <= 1 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 2.5, 5} {
		if step := f * power; step >= raw && step == math.Trunc(step) {
			return step
		}
	}
	return 10 * power
}

// Scale maps a value to pixels from the top of a chart whose height is h.
type Scale struct{ Top, H float64 }

// Y returns the distance from the top: H for 0 and for what is no number.
func (s Scale) Y(v float64) float64 { return s.H - s.Len(v) }

// Len returns the height of a bar of value v.
func (s Scale) Len(v float64) float64 {
	if !(v > 0) || !(s.Top > 0) {
		return 0
	}
	return min(v/s.Top, 1) * s.H
}

// clean returns v, or 0 for what cannot be drawn: NaN, infinite, negative.
func clean(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// num writes a coordinate with at most two decimals, as short as possible.
func num(v float64) string { return digits(v, 2) }

// tenth writes a place in a picture. A unit is about a pixel there, and a finer
// place would be seen by nobody.
func tenth(v float64) string { return digits(v, 1) }

func digits(v float64, behind int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	s := strconv.FormatFloat(v, 'f', behind, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

func percent(v float64) string { return num(100*v) + "%" }

package chart

import (
	"slices"
	"strings"
)

// The picture of a sparkline.
const (
	sparkWidth  = 100.0
	sparkHeight = 26.0
	sparkRoom   = 24.0 // highest bar
	sparkFloor  = 1.2  // a quiet hour is a dot, not a hole
)

// Sparkline is small bars for a table row. Hot bars stand far above the rest.
type Sparkline struct{ Values []float64 }

// NewSparkline takes counts, oldest first.
func NewSparkline(counts []int64) Sparkline {
	s := Sparkline{Values: make([]float64, len(counts))}
	for i, c := range counts {
		s.Values[i] = float64(c)
	}
	return s
}

// paths returns the path of the usual bars and that of the hot ones.
func (s Sparkline) paths() (usual, hot string) {
	top := 0.0
	for _, v := range s.Values {
		top = max(top, clean(v))
	}
	limit := s.hotLimit()
	var u, h strings.Builder
	step := sparkWidth / float64(max(len(s.Values), 1))
	for i, v := range s.Values {
		length := sparkFloor
		if top > 0 {
			length = max(sparkFloor, clean(v)/top*sparkRoom)
		}
		b := &u
		if limit > 0 && clean(v) >= limit {
			b = &h
		}
		bar(b, float64(i)*step+step*0.14, sparkHeight, step*0.72, length)
	}
	return u.String(), h.String()
}

// hotLimit is four times the median, when at most a quarter of the bars reach
// it and they count at least five; else 0: nothing stands out.
func (s Sparkline) hotLimit() float64 {
	sorted := make([]float64, len(s.Values))
	for i, v := range s.Values {
		sorted[i] = clean(v)
	}
	slices.Sort(sorted)
	n := len(sorted)
	if n < 4 {
		return 0
	}
	limit := max(4*sorted[n/2], 5)
	if sorted[n-1] < limit || sorted[n-1-n/4] >= limit {
		return 0
	}
	return limit
}

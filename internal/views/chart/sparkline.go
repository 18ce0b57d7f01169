package chart

import (
	"slices"
	"strconv"
)

// The picture of a sparkline.
const (
	sparkStep   = 4 // width of a bar with its gap
	sparkHeight = 26.0
	sparkRoom   = 24.0 // highest bar
	sparkFloor  = 1.2  // a quiet hour is a dot, not a hole
)

// Sparkline is small bars for a table row. Hot bars are the newest
// ones when they stand far above the rest.
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
	from := s.hotFrom()
	var u, h pen
	for i, v := range s.Values {
		length := sparkFloor
		if top > 0 {
			length = max(sparkFloor, clean(v)/top*sparkRoom)
		}
		b := &u
		if i >= from {
			b = &h
		}
		b.bar((float64(i)+0.14)*sparkStep, sparkHeight, sparkStep*0.72, length)
	}
	return u.String(), h.String()
}

func (s Sparkline) viewBox() string {
	return "0 0 " + strconv.Itoa(sparkStep*max(len(s.Values), 1)) + " 26"
}

// hotBars is how many of the newest bars may stand out.
const hotBars = 3

// hotFrom returns the index from which on bars are hot: a run of at most
// hotBars at the newest end, each at least five and four times the median of
// all; len(Values) when nothing stands out.
func (s Sparkline) hotFrom() int {
	n := len(s.Values)
	if n < 2*hotBars {
		return n
	}
	sorted := make([]float64, n)
	for i, v := range s.Values {
		sorted[i] = clean(v)
	}
	slices.Sort(sorted)
	limit, from := max(4*sorted[n/2], 5), n
	for from > 0 && clean(s.Values[from-1]) >= limit {
		from--
	}
	if n-from > hotBars {
		return n
	}
	return from
}

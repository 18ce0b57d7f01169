package chart

import (
	"math"
	"slices"
	"strconv"
)

// Series is one colour of a chart: a number per bucket. Class is one of the
// fill classes of the stylesheet.
type Series struct {
	Name, Class string
	Values      []float64
}

// Bucket is one step of the time axis. Partial is hatched.
type Bucket struct {
	Title   string // what the tooltip says
	Partial bool
}

// Label is a word under the axis at 0 to 1; minor ones go first when there is
// little room.
type Label struct {
	At    float64
	Text  string
	Minor bool
}

// Mark is a dotted line with a label at 0 to 1.
type Mark struct {
	At   float64
	Text string
}

// Stacked is bars over time, the first series at the base, with the previous
// period as a dashed line. What is not a finite positive number is drawn as
// nothing.
type Stacked struct {
	Sentence string // what the chart says, for those who do not see it
	Nothing  string // what it says where no bar is, "" = "No events"
	Height   int    // px, 0 = 132
	Series   []Series
	Buckets  []Bucket
	Previous []float64
	Labels   []Label
	Marks    []Mark
}

const (
	defaultHeight = 132
	gridSteps     = 3
	viewStep      = 24   // width of a bucket in the nested picture, which stretches
	barShare      = 0.74 // of a bucket's width
	fewShare      = 0.5  // where buckets are few and wide
	fewBuckets    = 12
	gap           = 1.0 // px between two stacked bars
)

func (s Stacked) height() float64 {
	if s.Height > 0 {
		return float64(s.Height)
	}
	return defaultHeight
}

func (s Stacked) value(series, bucket int) float64 {
	if v := s.Series[series].Values; bucket < len(v) {
		return clean(v[bucket])
	}
	return 0
}

func (s Stacked) top() float64 {
	top := 0.0
	for i := range s.Buckets {
		sum := 0.0
		for k := range s.Series {
			sum += s.value(k, i)
		}
		top = max(top, sum)
	}
	for _, v := range s.Previous {
		top = max(top, clean(v))
	}
	if math.IsInf(top, 0) {
		return math.MaxFloat64
	}
	return top
}

func (s Stacked) ticks() []float64 { return Ticks(s.top(), gridSteps) }

func (s Stacked) scale() Scale {
	t := s.ticks()
	return Scale{Top: t[len(t)-1], H: s.height()}
}

// bars returns one path per series, in a picture viewStep wide per bucket. A bar that is
// above nothing keeps at least one pixel, so that a single event is seen.
func (s Stacked) bars() []string {
	scale, out := s.scale(), make([]string, len(s.Series))
	if len(s.Buckets) == 0 {
		return out
	}
	paths := make([]pen, len(s.Series))
	for i := range s.Buckets {
		x, y := (float64(i)+(1-s.share())/2)*viewStep, scale.H
		for k := range s.Series {
			h := scale.Len(s.value(k, i))
			if h == 0 {
				continue
			}
			drawn := min(max(h-s.gapAbove(k, i), 1), y)
			paths[k].bar(x, y, viewStep*s.share(), drawn)
			y = max(y-max(h, drawn), 0)
		}
	}
	for k := range paths {
		out[k] = paths[k].String()
	}
	return out
}

func (s Stacked) share() float64 {
	if len(s.Buckets) <= fewBuckets {
		return fewShare
	}
	return barShare
}

// gapAbove is the hairline between a bar and the next one on top of it.
func (s Stacked) gapAbove(series, bucket int) float64 {
	for k := series + 1; k < len(s.Series); k++ {
		if s.value(k, bucket) > 0 {
			return gap
		}
	}
	return 0
}

// previous returns the dashed line through the middles of the buckets.
func (s Stacked) previous() string {
	n := len(s.Buckets)
	if n == 0 || len(s.Previous) == 0 {
		return ""
	}
	scale, p := s.scale(), pen{}
	for i := range min(n, len(s.Previous)) {
		p.to((float64(i)+0.5)*viewStep, scale.Y(clean(s.Previous[i])), true)
	}
	return p.String()
}

func (s Stacked) bucketX(i int) string { return percent(float64(i) / float64(len(s.Buckets))) }
func (s Stacked) bucketW() string      { return percent(1 / float64(len(s.Buckets))) }
func (s Stacked) px() string           { return num(s.height()) }
func (s Stacked) viewBox() string {
	return "0 0 " + strconv.Itoa(viewStep*max(len(s.Buckets), 1)) + " " + s.px()
}

// gridLine is one line of the grid, with its number on the axis.
type gridLine struct {
	Y, Text string
	Base    bool
}

func (s Stacked) grid() []gridLine {
	scale := s.scale()
	var out []gridLine
	for i, t := range s.ticks() {
		out = append(out, gridLine{Y: num(scale.Y(t)), Text: tickText(t), Base: i == 0})
	}
	return out
}

// tickText writes an axis number: 0, 500, 2.5k, 1M.
func tickText(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= u.size {
			return num(v/u.size) + u.name
		}
	}
	return num(v)
}

// Empty says that there is nothing to draw.
func (s Stacked) Empty() bool { return s.top() == 0 }

func (s Stacked) partial() bool {
	return slices.ContainsFunc(s.Buckets, func(b Bucket) bool { return b.Partial })
}

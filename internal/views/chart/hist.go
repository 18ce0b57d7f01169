package chart

import (
	"strconv"
)

// Bin is one bar of a distribution: how many durations lie between From (in
// seconds) and the next bin; the last one is open.
type Bin struct {
	Title string // what the tooltip says
	From  float64
	N     float64
}

// Hist is how durations are distributed. Its bins are equally wide and about
// double, so that the axis is logarithmic. Marks lie at 0 to 1 (Place).
type Hist struct {
	Sentence string // what the chart says, for those who do not see it
	Height   int    // px, 0 = 132
	Bins     []Bin
	Marks    []Mark
}

func (h Hist) height() float64   { return Stacked{Height: h.Height}.height() }
func (h Hist) px() string        { return num(h.height()) }
func (h Hist) viewBox() string   { return "0 0 " + strconv.Itoa(viewWidth) + " " + h.px() }
func (h Hist) binX(i int) string { return percent(float64(i) / float64(len(h.Bins))) }
func (h Hist) binW() string      { return percent(1 / float64(len(h.Bins))) }

// Empty says that there is nothing to draw.
func (h Hist) Empty() bool { return h.top() == 0 }

func (h Hist) top() (top float64) {
	for _, b := range h.Bins {
		top = max(top, clean(b.N))
	}
	return top
}

func (h Hist) grid() []gridLine {
	ticks := Ticks(h.top(), gridSteps)
	scale := Scale{Top: ticks[len(ticks)-1], H: h.height()}
	var out []gridLine
	for i, t := range ticks {
		out = append(out, gridLine{Y: num(scale.Y(t)), Text: tickText(t), Base: i == 0})
	}
	return out
}

// histShare is how much of a bin its bar fills.
const histShare = 0.9

func (h Hist) bars() string {
	ticks := Ticks(h.top(), gridSteps)
	scale := Scale{Top: ticks[len(ticks)-1], H: h.height()}
	var p pen
	for i, x := range h.Bins {
		if n := scale.Len(clean(x.N)); n > 0 {
			step := float64(viewWidth) / float64(len(h.Bins))
			p.bar((float64(i)+(1-histShare)/2)*step, scale.H, step*histShare, max(n, 1))
		}
	}
	return p.String()
}

// Place returns where a duration, in seconds, lies on the axis, 0 to 1; ok is
// false for one that lies in the last bin, which has no end, or beyond the bins.
func (h Hist) Place(seconds float64) (at float64, ok bool) {
	for i := range len(h.Bins) - 1 {
		from, to := h.Bins[i].From, h.Bins[i+1].From
		if seconds >= from && seconds < to {
			return (float64(i) + (seconds-from)/(to-from)) / float64(len(h.Bins)), true
		}
	}
	return 0, false
}

// labels stand where bins begin.
func (h Hist) labels() (out []Label) {
	for i, b := range h.Bins {
		out = append(out, Label{At: float64(i) / float64(len(h.Bins)), Text: SpanText(b.From), Minor: i%2 == 1})
	}
	return out
}

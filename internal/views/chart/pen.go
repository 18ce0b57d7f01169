package chart

import (
	"math"
	"strings"
)

// pen writes a path. It goes from place to place by differences: in a picture
// whose steps are whole numbers these repeat, and what repeats packs well. It
// stands on tenths, so that no error of rounding adds up.
type pen struct {
	strings.Builder
	x, y float64 // in tenths of a unit
}

// to goes to a place: drawing when the pen draws, else lifted. The first place
// of a path is always reached lifted.
func (p *pen) to(x, y float64, draw bool) {
	x, y = math.Round(10*x), math.Round(10*y)
	switch {
	case p.Len() == 0:
		p.WriteByte('M')
	case draw:
		p.WriteByte('l')
	default:
		p.WriteByte('m')
	}
	dx, dy := tenth((x-p.x)/10), tenth((y-p.y)/10)
	p.WriteString(dx)
	if !strings.HasPrefix(dy, "-") {
		p.WriteByte(' ')
	}
	p.WriteString(dy)
	p.x, p.y = x, y
}

// bar writes a rectangle that stands on y. Its height, the one figure that no
// other bar has, is written once.
func (p *pen) bar(x, y, w, h float64) {
	p.to(x, y, false)
	p.WriteString("h" + tenth(w) + "v-" + tenth(h) + "h-" + tenth(w) + "z") // ends where it began
}

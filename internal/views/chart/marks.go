package chart

import "unicode/utf8"

// markWidth is the room of a mark's label: monospaced letters of 6.3 px.
func (m Mark) markWidth() float64 { return 14 + 6.3*float64(utf8.RuneCountInString(m.Text)) }

// boxX puts the label to the right of its line, or to the left where it would
// leave the chart.
func (m Mark) boxX() string {
	if m.At > 0.7 {
		return num(2 - m.markWidth())
	}
	return "-2"
}

func (m Mark) boxW() string { return num(m.markWidth()) }

func (m Mark) textX() string {
	if m.At > 0.7 {
		return num(2 - m.markWidth()/2)
	}
	return num(m.markWidth()/2 - 2)
}

// anchor keeps the outer labels inside the chart.
func (l Label) anchor() string {
	switch {
	case l.At < 0.02:
		return "start"
	case l.At > 0.96:
		return "end"
	}
	return "middle"
}

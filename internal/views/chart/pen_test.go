package chart

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// TestPenDoesNotStray: what the differences add up to is never further from
// the place that was asked for than the tenth allows.
func TestPenDoesNotStray(t *testing.T) {
	var p pen
	var xs, ys []float64
	for i := range 500 {
		x, y := float64(i)*20.0/3, 66+66*math.Sin(float64(i)*1.7)
		xs, ys = append(xs, x), append(ys, y)
		p.to(x, y, i%3 > 0)
	}
	places := regexp.MustCompile(`([Mml])(-?[0-9.]+) ?(-?[0-9.]+)`).FindAllStringSubmatch(p.String(), -1)
	if len(places) != len(xs) || places[0][1] != "M" {
		t.Fatalf("%d places of %d: %.80s", len(places), len(xs), p.String())
	}
	x, y := 0.0, 0.0
	for i, m := range places {
		dx, _ := strconv.ParseFloat(m[2], 64)
		dy, _ := strconv.ParseFloat(m[3], 64)
		if x, y = x+dx, y+dy; math.Abs(x-xs[i]) > 0.051 || math.Abs(y-ys[i]) > 0.051 {
			t.Fatalf("place %d is %v %v, want %v %v", i, x, y, xs[i], ys[i])
		}
	}
}

func TestBarsOfAPen(t *testing.T) {
	var p pen
	p.bar(0.56, 26, 2.88, 1.2)
	p.bar(4.56, 26, 2.88, 24)
	p.bar(12.56, 20.04, 2.88, 3)
	if got, want := p.String(), "M0.6 26h2.9v-1.2h-2.9zm4 0h2.9v-24h-2.9zm8-6h2.9v-3h-2.9z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package chart

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// weeks has a usual stretch, a gap, few, and one alone.
func weeks() Line {
	l := Line{Sentence: "a sentence", Log: true, Counts: true, Target: 900, Labels: []Label{{At: 0, Text: "31 Aug"}, {At: 0.5, Text: "12 Oct", Minor: true}}}
	for i, mid := range []float64{690, 640, 720, 0, 500, 450, 430, 372} {
		s := Span{Title: "week", N: int64(mid / 20), Low: mid / 3, Mid: mid, High: 3 * mid, Slow: 5 * mid}
		if s.Few = i == 4; s.Few {
			s.N = 4
		}
		l.Spans = append(l.Spans, s)
	}
	l.Spans[6].N = 0
	return l
}

func linear() Line {
	l := weeks()
	l.Log, l.Counts = false, false
	return l
}

func distribution() Hist {
	h := Hist{Sentence: "a sentence"}
	from := []float64{0, 15, 30, 60, 120, 240, 480, 900, 1800}
	for i, f := range from {
		h.Bins = append(h.Bins, Bin{Title: "bin", From: f, N: float64(i * i)})
	}
	at, _ := h.Place(372)
	h.Marks = []Mark{{At: at, Text: "median 6m 12s"}}
	return h
}

func TestTimeScales(t *testing.T) {
	for name, c := range map[string]struct {
		got  TimeScale
		want []float64
	}{
		"half an hour":     {LinearTimes(1800, 120), []float64{0, 600, 1200, 1800}},
		"fifty minutes":    {LinearTimes(3000, 120), []float64{0, 1500, 3000}},
		"twelve hours":     {LinearTimes(12*3600, 120), []float64{0, 21_600, 43_200}},
		"a year":           {LinearTimes(365*86_400, 120), []float64{0, 19_353_600, 38_707_200}},
		"nothing":          {LinearTimes(0, 120), []float64{0, 1}},
		"no number":        {LinearTimes(math.NaN(), 120), []float64{0, 1}},
		"minutes to hours": {LogTimes(70, 5000, 120), []float64{60, 240, 900, 3600, 14_400}},
		"one value":        {LogTimes(240, 240, 120), []float64{240, 900}},
		"log of nothing":   {LogTimes(0, 0, 120), []float64{60, 240, 900, 3600}},
		"a thousand years": {LogTimes(1e8, 3e10, 120), []float64{66_355_200, 265_420_800}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, c.got.Ticks); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTimesStandWhereTheyBelong(t *testing.T) {
	s := LogTimes(60, 3600, 120)
	for v, want := range map[float64]float64{60: 120, 240: 80, 900: 40, 3600: 0, 120: 100, 1: 120, 0: 120, 1e9: 0} {
		if got := s.Y(v); math.Abs(got-want) > 0.001 {
			t.Errorf("Y(%v) = %v, want %v", v, got, want)
		}
	}
	if got := LinearTimes(1800, 120).Y(900); got != 60 {
		t.Errorf("the middle lies at %v", got)
	}
}

func TestSpanText(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.25: "250ms", 1: "1s", 15: "15s", 60: "1m", 90: "90s", 1500: "25m", 3600: "1h", 57_600: "16h", 259_200: "3d"} {
		if got := SpanText(v); got != want {
			t.Errorf("SpanText(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestPlaceOnADistribution(t *testing.T) {
	h := distribution()
	for v, want := range map[float64]float64{0: 0, 15: 1. / 9, 45: 2.5 / 9, 899: (6 + 419./420) / 9} {
		if got, ok := h.Place(v); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("Place(%v) = %v, %t, want %v", v, got, ok, want)
		}
	}
	if _, ok := h.Place(1e9); ok {
		t.Error("the last bin has no end to lie before")
	}
}

// TestFewAreDots: what is too little to conclude from is not joined.
func TestFewAreDots(t *testing.T) {
	l := weeks()
	if got := strings.Count(l.median(), "M"); got != 3 {
		t.Errorf("%d runs in %q, want 3", got, l.median())
	}
	few, alone := 0, 0
	for _, d := range l.dots() {
		if d.Few {
			few++
		} else {
			alone++
		}
	}
	if few != 1 || alone != 2 {
		t.Errorf("%d dots of few and %d of one alone: %v", few, alone, l.dots())
	}
}

// FuzzLines: whatever the numbers, the picture is well-formed and holds no
// coordinate that is not a finite number.
func FuzzLines(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 1e9, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64} {
		f.Add(v, v, 1.0, uint8(3), true)
	}
	f.Add(1.0, 2.0, 3.0, uint8(0), false)
	f.Fuzz(func(t *testing.T, a, b, target float64, n uint8, log bool) {
		l, h := Line{Target: target, Log: log, Counts: true}, Hist{}
		for i := range int(n % 60) {
			l.Spans = append(l.Spans, Span{N: int64(i % 7), Low: a, Mid: a * float64(i), High: b, Slow: b * float64(i), Few: i%3 == 0})
			h.Bins = append(h.Bins, Bin{From: float64(i) * a, N: b})
		}
		at, _ := h.Place(target)
		h.Marks = []Mark{{At: at, Text: "m"}}
		for _, svg := range []string{picture(t, l.Picture()), picture(t, h.Picture())} {
			if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Fatalf("a coordinate is no number: %s", svg)
			}
			wellFormed(t, svg)
		}
	})
}

package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func TestTicks(t *testing.T) {
	for name, c := range map[string]struct {
		top  float64
		n    int
		want []float64
	}{
		"nothing":      {0, 3, []float64{0, 1}},
		"one":          {1, 3, []float64{0, 1}},
		"whole steps":  {2, 3, []float64{0, 1, 2}},
		"seven":        {7, 3, []float64{0, 5, 10}},
		"ten":          {10, 3, []float64{0, 5, 10}},
		"thousands":    {7070, 3, []float64{0, 2500, 5000, 7500}},
		"round":        {6000, 3, []float64{0, 2000, 4000, 6000}},
		"a billion":    {1e9, 3, []float64{0, 5e8, 1e9}},
		"not a number": {math.NaN(), 3, []float64{0, 1}},
		"infinite":     {math.Inf(1), 3, []float64{0, 1}},
		"negative":     {-5, 3, []float64{0, 1}},
		"no steps":     {10, 0, []float64{0, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Ticks(c.top, c.n)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScale(t *testing.T) {
	s := Scale{Top: 100, H: 50}
	for v, want := range map[float64]float64{0: 50, 100: 0, 50: 25, 200: 0, -3: 50, math.Inf(1): 0, math.Inf(-1): 50} {
		if got := s.Y(v); got != want {
			t.Errorf("Y(%v) = %v, want %v", v, got, want)
		}
	}
	if got := s.Y(math.NaN()); got != 50 {
		t.Errorf("Y(NaN) = %v", got)
	}
}

func TestTickText(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 500: "500", 2500: "2.5k", 250_000: "250k", 1e6: "1M", 5e8: "500M", 1e9: "1G", 2e12: "2T"} {
		if got := tickText(v); got != want {
			t.Errorf("tickText(%v) = %q, want %q", v, got, want)
		}
	}
}

func stacked(values ...[]float64) Stacked {
	s := Stacked{Sentence: "a sentence"}
	for i, v := range values {
		s.Series = append(s.Series, Series{Name: "P" + strconv.Itoa(i), Class: "f" + strconv.Itoa(i), Values: v})
		for len(s.Buckets) < len(v) {
			s.Buckets = append(s.Buckets, Bucket{Title: "bucket " + strconv.Itoa(len(s.Buckets))})
		}
	}
	return s
}

func picture(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func full() Stacked {
	s := stacked([]float64{0, 0, 3, 40}, []float64{10, 0, 20, 30}, []float64{5, 5, 0, 1}, []float64{1, 2, 3, 4})
	s.Previous = []float64{12, 9, 20, 70}
	s.Labels = []Label{{At: 0, Text: "18:00"}, {At: 0.5, Text: "20 Nov", Minor: true}, {At: 0.99, Text: "06:00"}}
	s.Marks = []Mark{{At: 0.1, Text: "first seen"}, {At: 0.9, Text: "4.13.0"}}
	s.Buckets[1].Partial = true
	return s
}

func TestGolden(t *testing.T) {
	for name, c := range map[string]templ.Component{
		"stacked-full":    full().Picture(),
		"stacked-empty":   stacked([]float64{0, 0, 0}).Picture(),
		"stacked-nothing": Stacked{}.Picture(),
		"stacked-one":     stacked([]float64{1}).Picture(),
		"stacked-huge":    stacked([]float64{1e9, 1}, []float64{1, 1e9}).Picture(),
		"stacked-wrong":   stacked([]float64{math.NaN(), math.Inf(1), -4, 2}, []float64{math.Inf(-1), 3}).Picture(),
		"spark-usual":     NewSparkline([]int64{3, 4, 5, 4, 3, 4, 5, 4}).Picture(),
		"spark-hot":       NewSparkline([]int64{3, 4, 5, 4, 3, 4, 50, 60}).Picture(),
		"spark-step":      NewSparkline([]int64{1, 1, 1, 1, 90, 90, 90, 90}).Picture(),
		"spark-none":      NewSparkline(nil).Picture(),
		"spark-quiet":     NewSparkline(make([]int64, 24)).Picture(),
		"line-usual":      NewSpark([]int64{3, 4, 5, 4, 3, 4, 50, 60}).Picture(),
		"line-none":       NewSpark(nil).Picture(),
		"line-one":        NewSpark([]int64{7}).Picture(),
		"line-quiet":      NewSpark(make([]int64, 24)).Picture(),
		"line-wrong":      Spark{[]float64{math.NaN(), math.Inf(1), -4, 1e9}}.Picture(),
		"bullet-usual":    Bullet{Median: 372, Slow: 1860, Target: 900}.Picture(),
		"bullet-over":     Bullet{Median: 3000, Slow: 9000, Target: 900}.Picture(),
		"bullet-free":     Bullet{Median: 60, Slow: 120}.Picture(),
		"bullet-none":     Bullet{}.Picture(),
		"bullet-wrong":    Bullet{Median: math.NaN(), Slow: math.Inf(1), Target: -1}.Picture(),
		"times-log":       weeks().Picture(),
		"times-linear":    linear().Picture(),
		"times-empty":     Line{Spans: make([]Span, 3)}.Picture(),
		"times-nothing":   Line{}.Picture(),
		"times-one":       Line{Spans: []Span{{N: 9, Low: 60, Mid: 90, High: 300, Slow: 600}}, Counts: true}.Picture(),
		"times-odd":       Line{Spans: []Span{{N: 9, Low: math.NaN(), Mid: math.Inf(1), High: -3, Slow: 1e300}}, Log: true, Target: math.Inf(1)}.Picture(),
		"hist":            distribution().Picture(),
		"hist-empty":      Hist{Bins: []Bin{{From: 0}, {From: 15}}}.Picture(),
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(picture(t, c), "><", ">\n<") + "\n"
			file := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("look at it, then run with -update (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBarsAddUp: the bars of a bucket stand on one another, from the base up,
// and the highest bucket stays inside the picture.
func TestBarsAddUp(t *testing.T) {
	s := stacked([]float64{30}, []float64{20}, []float64{50})
	base := s.height()
	for i, d := range s.bars() {
		var x, y, w, h, back float64
		if n, err := sscan(d, &x, &y, &w, &h, &back); n != 5 || err != nil {
			t.Fatalf("path %q: %v", d, err)
		}
		if math.Abs(y-base) > 0.06 {
			t.Errorf("bar %d stands at %v, want %v", i, y, base)
		}
		base -= s.scale().Len(s.value(i, 0))
	}
	if base < -0.06 {
		t.Errorf("the bucket ends at %v, above the picture", base)
	}
}

// sscan reads the numbers of a path "Mx yhav-bh-az".
func sscan(d string, out ...*float64) (int, error) {
	fields := strings.FieldsFunc(d, func(r rune) bool { return strings.ContainsRune("MvhVz ", r) })
	for i, f := range fields {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return i, err
		}
		*out[i] = v
	}
	return len(fields), nil
}

func TestOneEventIsSeen(t *testing.T) {
	s := stacked([]float64{1e9, 1})
	if d := s.bars()[0]; strings.Count(d, "z") != 2 || !strings.Contains(d, "v-1h") {
		t.Errorf("bars = %q: a single event beside a billion must keep a pixel", d)
	}
}

func TestHotBars(t *testing.T) {
	quiet := []int64{2, 2, 2, 2, 2, 2, 2, 2}
	for name, c := range map[string]struct {
		counts []int64
		hot    int
	}{
		"none":                     {quiet, 0},
		"the newest":               {append(quiet[:7:7], 20), 1},
		"three":                    {append(quiet[:6:6], 20, 20, 20), 3},
		"a new usual is not hot":   {append(quiet[:5:5], 20, 20, 20, 20), 0},
		"an old peak is not hot":   {append([]int64{90}, quiet...), 0},
		"few events are not hot":   {append(make([]int64, 9), 4), 0},
		"five from nothing is hot": {append(make([]int64, 9), 5), 1},
		"too short to tell":        {[]int64{1, 1, 90}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSparkline(c.counts)
			if got := len(c.counts) - s.hotFrom(); got != c.hot {
				t.Errorf("%d hot bars, want %d", got, c.hot)
			}
		})
	}
}

// FuzzPictures: whatever the numbers, the picture is well-formed and holds no
// coordinate that is not a finite number.
func FuzzPictures(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 1e9, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64} {
		f.Add(v, v, 1.0, uint8(3))
	}
	f.Add(1.0, 2.0, 3.0, uint8(0))
	f.Fuzz(func(t *testing.T, a, b, at float64, n uint8) {
		var one, two []float64
		for i := range int(n % 60) {
			one, two = append(one, a*float64(i)), append(two, b)
		}
		s := stacked(one, two)
		s.Previous, s.Marks, s.Labels = two, []Mark{{At: at, Text: "m"}}, []Label{{At: at, Text: "l"}}
		for _, svg := range []string{
			picture(t, s.Picture()), picture(t, Sparkline{Values: one}.Picture()), picture(t, Spark{Values: one}.Picture()),
			picture(t, Bullet{Median: a, Slow: b, Target: at}.Picture()),
		} {
			if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Fatalf("a coordinate is no number: %s", svg)
			}
			wellFormed(t, svg)
		}
	})
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

// FuzzTicks: ticks begin at 0, rise by equal whole steps, and reach the top.
func FuzzTicks(f *testing.F) {
	for _, v := range []float64{0, 1, 7, 9.99, 1e9, 1e300, math.MaxFloat64, math.NaN(), math.Inf(1), -1} {
		f.Add(v, 3)
	}
	f.Fuzz(func(t *testing.T, top float64, n int) {
		ticks := Ticks(top, n%20)
		if ticks[0] != 0 || len(ticks) < 2 || len(ticks) > 84 {
			t.Fatalf("Ticks(%v, %d) = %v", top, n, ticks)
		}
		if last := ticks[len(ticks)-1]; top > 0 && !math.IsInf(top, 0) && top < 1e300 && last < top {
			t.Fatalf("the last tick %v is below %v", last, top)
		}
	})
}

package stats

import (
	"math"
	"time"
)

// few is how many values a figure needs before anything is concluded from it.
const few = 5

// Summary describes times. Without any (N = 0) every time in it is 0 and means
// nothing. Percentiles lie between two values by linear interpolation, as
// percentile_cont does.
type Summary struct {
	N                                       int64
	Mean, Min, P25, P50, P75, P90, P95, Max time.Duration
	Met, Targeted                           int64         // how many kept their target, of how many that have one
	Target                                  time.Duration // where all share one; 0 = none, or several
	Excluded                                map[Exclusion]int64
	Open                                    Open
}

// Open counts episodes that are open at the moment of asking, and the oldest of
// them.
type Open struct {
	N, Unresponded            int64
	Oldest, OldestUnresponded time.Duration
}

// Few says that there are too few values to conclude from.
func (s Summary) Few() bool { return s.N < few }

// MetShare returns the share that kept its target; ok is false without any.
func (s Summary) MetShare() (share float64, ok bool) {
	if s.Targeted == 0 {
		return 0, false
	}
	return float64(s.Met) / float64(s.Targeted), true
}

// Left returns how many were left out, for whatever reason.
func (s Summary) Left() (n int64) {
	for _, c := range s.Excluded {
		n += c
	}
	return n
}

// summarise fills the figures from times in µs, in ascending order.
func (s *Summary) summarise(sorted []int64) {
	s.N = int64(len(sorted))
	if s.N == 0 {
		return
	}
	s.Mean = mean(sorted)
	s.Min, s.Max = micros(sorted[0]), micros(sorted[len(sorted)-1])
	s.P25, s.P50, s.P75 = Percentile(sorted, 25), Percentile(sorted, 50), Percentile(sorted, 75)
	s.P90, s.P95 = Percentile(sorted, 90), Percentile(sorted, 95)
}

func micros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// mean adds quotients and remainders, because the sum of many long times does
// not fit into 64 bits.
func mean(values []int64) time.Duration {
	n := int64(len(values))
	var whole, rest int64
	for _, v := range values {
		whole += v / n
		rest += v % n
	}
	whole += rest / n
	return micros(whole) + time.Duration(rest%n*int64(time.Microsecond)/n)
}

// Percentile returns the p-th percentile, 0 to 100, of times in µs in ascending
// order, exact to the nanosecond; 0 of none.
func Percentile(sorted []int64, p int64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	at := p * int64(len(sorted)-1)
	i, part := at/100, at%100
	low := micros(sorted[i])
	if part == 0 {
		return low
	}
	return low + time.Duration((sorted[i+1]-sorted[i])*part*int64(time.Microsecond)/100)
}

// MedianRanks returns the ranks, counted from 1, of the two sorted values
// between which the median of what they are a sample of lies with a
// probability of at least 90 %, whatever the distribution: the greatest lo for
// which 2·P(Bin(n, ½) ≤ lo-1) ≤ 0.1, and n+1-lo. ok is false for fewer than
// five values.
func MedianRanks(n int) (lo, hi int, ok bool) {
	if n < few {
		return 0, 0, false
	}
	const half = 0.05
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	k := max(0, n/2-int(10*math.Sqrt(float64(n)))) // below it is nothing that a float64 could hold
	below := 0.0
	for ; k < n; k++ {
		below += math.Exp(lg(n) - lg(k) - lg(n-k) - float64(n)*math.Ln2)
		if below > half+1e-12 {
			break
		}
	}
	return k, n + 1 - k, k > 0
}

// Verdict says how a period compares with the one before.
type Verdict string

// The verdicts.
const (
	Faster        Verdict = "faster"
	Slower        Verdict = "slower"
	NoClearChange Verdict = "no_clear_change"
	TooFew        Verdict = "too_few"
)

// Comparison is a period beside the equally long one before: the difference of
// the medians and the interval in which it lies. Both are 0 when either has too
// few values.
type Comparison struct {
	Before  Summary
	Delta   time.Duration
	Lo, Hi  time.Duration
	Verdict Verdict
}

// Compare judges two samples of times in µs, each in ascending order.
func Compare(now, before []int64) Comparison {
	var c Comparison
	c.Before.summarise(before)
	nl, nh, ok := MedianRanks(len(now))
	bl, bh, ok2 := MedianRanks(len(before))
	if !ok || !ok2 {
		c.Verdict = TooFew
		return c
	}
	c.Delta = Percentile(now, 50) - Percentile(before, 50)
	c.Lo, c.Hi = micros(now[nl-1]-before[bh-1]), micros(now[nh-1]-before[bl-1])
	switch {
	case c.Hi < 0:
		c.Verdict = Faster
	case c.Lo > 0:
		c.Verdict = Slower
	default:
		c.Verdict = NoClearChange
	}
	return c
}

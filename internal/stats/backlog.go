package stats

import (
	"time"

	"errata/internal/errata"
)

// Waiting is an episode that was open at a moment.
type Waiting struct {
	Severity   errata.Severity
	Age        time.Duration
	Unanswered bool // nobody had responded by then
}

// Backlog is how many episodes of an age were open.
type Backlog struct {
	From, To   time.Duration // their age, To 0 = no bound
	Severities [4]int64
	Unanswered int64
	Oldest     time.Duration
}

// Sum is the number of all severities.
func (b Backlog) Sum() (n int64) {
	for _, c := range b.Severities {
		n += c
	}
	return n
}

// ages are where the bands of a backlog end.
var ages = []time.Duration{day, 7 * day, 30 * day, 90 * day, 0}

// Backlogs counts episodes by their age; the last one is the sum of all.
func Backlogs(all []Waiting) []Backlog {
	out := make([]Backlog, len(ages)+1)
	for i, to := range ages {
		out[i].To = to
		if i > 0 {
			out[i].From = ages[i-1]
		}
	}
	for _, w := range all {
		i := 0
		for out[i].To > 0 && w.Age >= out[i].To {
			i++
		}
		for _, b := range []*Backlog{&out[i], &out[len(ages)]} {
			b.Severities[w.Severity]++
			b.Oldest = max(b.Oldest, w.Age)
			if w.Unanswered {
				b.Unanswered++
			}
		}
	}
	return out
}

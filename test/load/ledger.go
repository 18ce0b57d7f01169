package main

import (
	"slices"
	"sync"
	"time"
)

// ledger is what the generator knows: each id it sent, and what the server said.
type ledger struct {
	mu       sync.Mutex
	issue    map[string]int  // id → issue, all that were sent
	answered map[string]bool // answered with 200
	repeats  int             // ids sent again and answered with 200 both times
	refused  map[int]int     // other answers by status; 0 = no answer
	waits    []time.Duration // from the moment it was due until the answer
}

func newLedger() *ledger {
	return &ledger{issue: map[string]int{}, answered: map[string]bool{}, refused: map[int]int{}}
}

func (l *ledger) sent(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.issue[e.id] = e.issue
}

func (l *ledger) answer(id string, status int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if status != 200 {
		l.refused[status]++
		return
	}
	if l.answered[id] {
		l.repeats++
	}
	l.answered[id] = true
	l.waits = append(l.waits, wait)
}

func (l *ledger) percentile(p float64) time.Duration {
	if len(l.waits) == 0 {
		return 0
	}
	slices.Sort(l.waits)
	return l.waits[min(int(p*float64(len(l.waits))), len(l.waits)-1)]
}

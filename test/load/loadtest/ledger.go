package loadtest

import (
	"slices"
	"sync"
	"time"
)

// record is one event: what it says, how often it was sent, and how often the
// server said that it has it.
type record struct {
	id                   string
	issue, user          int32
	environment, release uint8
	sends, answers       uint8
}

// Ledger is what the sender knows. It is written while sending and read after.
type Ledger struct {
	mu      sync.Mutex
	records []record
	refused map[int]int     // answers other than 200 by status
	silent  int             // sends without any answer
	waits   []time.Duration // of answers 200: from the moment the event was due
}

func newLedger() *Ledger { return &Ledger{refused: map[int]int{}} }

// sent notes an event before its first byte leaves, and returns its place.
func (l *Ledger) sent(r record) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.sends = 1
	l.records = append(l.records, r)
	return len(l.records) - 1
}

func (l *Ledger) sentAgain(at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records[at].sends++
}

// answer notes a status; 0 = none came.
func (l *Ledger) answer(at, status int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch status {
	case 200:
		l.records[at].answers++
		l.waits = append(l.waits, wait)
	case 0:
		l.silent++
	default:
		l.refused[status]++
	}
}

// answered is how many different events were answered with 200.
func (l *Ledger) answered() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.records {
		if l.records[i].answers > 0 {
			n++
		}
	}
	return n
}

// Percentile returns the time to an answer that the share p stays below.
func (l *Ledger) percentile(p float64) time.Duration {
	if len(l.waits) == 0 {
		return 0
	}
	slices.Sort(l.waits)
	return l.waits[min(int(p*float64(len(l.waits))), len(l.waits)-1)]
}

func (l *Ledger) byID() map[string]*record {
	m := make(map[string]*record, len(l.records))
	for i := range l.records {
		m[l.records[i].id] = &l.records[i]
	}
	return m
}

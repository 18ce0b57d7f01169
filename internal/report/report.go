// Package report lets people take along what is on the screen: lists and
// figures as files and print pages, at once or as a job, and stored reports.
// Whatever it hands out is read by the functions that make the pages.
package report

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/store"
)

// Options are what the service is made of. Folder is where finished exports
// lie; URL the public address, for links in rows. PerHour bounds the files of
// one person, 0 = 10.
type Options struct {
	Store   *store.Store
	Find    *find.Service
	Office  Office
	Jobs    *jobs.Runner
	Clock   errata.Clock
	Decide  errata.Decide
	Log     *slog.Logger
	Folder  string
	URL     string
	PerHour int
	Fail    func(point string) error // asked at each step; tests let it fail. nil = never
}

// Service hands out rows and reports.
type Service struct {
	Options
	inline  int // rows of an answer
	onPaper int // rows of a print page
	mu      sync.Mutex
	taken   map[string][]time.Time // when each person took a file, of the last hour
}

// New returns a service, and has the runner of jobs know how exports are made.
func New(o Options) *Service {
	if o.PerHour == 0 {
		o.PerHour = 10
	}
	if o.Fail == nil {
		o.Fail = func(string) error { return nil }
	}
	s := &Service{Options: o, inline: MaxInline, onPaper: MaxPrint, taken: map[string][]time.Time{}}
	if o.Jobs != nil {
		o.Jobs.Handle(errata.JobExport, s.runExport)
	}
	return s
}

// Limits of what is taken along.
const (
	MaxInline = 10_000          // rows of an answer
	MaxPrint  = 5_000           // rows of a print page
	maxRows   = 50_000_000      // rows of a file
	maxBytes  = int64(10) << 30 // of its rows, before they are packed
	keepFiles = 7 * 24 * time.Hour
)

// ReasonRate refuses one more file in the same hour.
const ReasonRate = "export.rate"

// take counts a file of the person. Error: slow_down when there were as many
// in the last hour as one may take.
func (s *Service) take(who errata.Actor) error {
	now := s.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var young []time.Time
	for _, t := range s.taken[who.ID] {
		if now.Sub(t) < time.Hour {
			young = append(young, t)
		}
	}
	if len(young) >= s.PerHour {
		s.taken[who.ID] = young
		const sentence = "You have taken as many files in this hour as one person can."
		wait := int(young[0].Add(time.Hour).Sub(now).Seconds()) + 1
		return errata.Because(errata.SlowDown, sentence, nil, errata.Detail{Reason: ReasonRate, Message: sentence, Data: map[string]any{"retry_after": wait}})
	}
	if len(s.taken) > 10_000 { // of people who have long gone
		clear(s.taken)
	}
	s.taken[who.ID] = append(young, now)
	return nil
}

// errStop ends a reading that has what it wants.
var errStop = errors.New("report: enough")

package errata

import (
	"strconv"
	"strings"
)

// Status is where an issue stands.
type Status string

// The statuses that exist so far.
const (
	Open         Status = "open"
	Acknowledged Status = "acknowledged"
	Resolved     Status = "resolved"
	Ignored      Status = "ignored"
)

// Reason says why an issue is open.
type Reason string

// The reasons that exist so far.
const (
	ReasonNew       Reason = "new"
	ReasonRegressed Reason = "regressed"
	ReasonReopened  Reason = "reopened"
)

// Issue is the same error, happening. Times are µs UTC, 0 = absent. Type,
// Title, Code, Culprit, Platform and Level are those of the newest event by
// receive time.
type Issue struct {
	ID, ProjectID                     string // ID: UUIDv7, never shown
	Number                            int64
	Title, Type, Code, Culprit        string
	Platform                          string
	Level                             Level
	Status                            Status
	Reason                            Reason
	StatusAt                          int64
	Severity                          Severity
	SeverityLocked                    bool
	FirstSeen, LastSeen, LastReceived int64
	FirstRelease, LastRelease         string
	Events, Users, LateEvents         int64
	EpisodeSeq, OpenedAt, Version     int64
	Stage                             Stage
	AssigneeID                        string // account id
	ResolutionID                      string // exactly while resolved
	IgnoreReason                      string
	LastRef, BestRef                  Ref
	BestScore                         int64
}

// ShortID returns the id people use: the project's prefix and the number.
func ShortID(prefix string, number int64) string { return prefix + "-" + strconv.FormatInt(number, 10) }

// ParseShortID takes a short id apart, without regard to case.
func ParseShortID(id string) (prefix string, number int64, ok bool) {
	prefix, digits, found := strings.Cut(strings.ToUpper(id), "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	return prefix, number, found && err == nil && number > 0
}

// Sighting is what one event tells its issue.
type Sighting struct {
	Ref                        Ref
	Timestamp, ReceivedAt      int64
	Clamped                    bool // Timestamp was out of range and replaced by ReceivedAt
	Environment                string
	Severity                   Severity
	Title, Type, Code, Culprit string
	Platform                   string
	Level                      Level
	Release                    string
	Score                      int64 // one point each: stack, request, breadcrumbs, trace; see adds one for the newest release
}

// Change says what an event did to its issue.
type Change string

// The changes that exist so far (lifecycle T1, T2).
const (
	ChangeNew  Change = "new"
	ChangeSeen Change = "seen"
)

// bestAge is how long a recommended event is preferred over weaker newer ones.
const bestAge = int64(24 * 3600 * 1e6)

// Witness folds one more event into the issue and says what it changed. The
// first event opens the issue (T1); later ones are only counted here, what they
// make of its state is Step.Event's. Counting users is the caller's.
func (i *Issue) Witness(s Sighting) Change {
	change := ChangeSeen
	if i.Events == 0 {
		change = ChangeNew
		i.Status, i.Reason, i.StatusAt, i.OpenedAt = Open, ReasonNew, s.ReceivedAt, s.ReceivedAt
		i.Severity, i.FirstSeen, i.LastSeen = s.Severity, s.Timestamp, s.Timestamp
		i.FirstRelease, i.EpisodeSeq, i.Version = s.Release, 1, 1
	}
	i.Events++
	i.see(s)
	return change
}

func (i *Issue) see(s Sighting) {
	if s.Timestamp < i.FirstSeen {
		i.FirstSeen, i.FirstRelease = s.Timestamp, s.Release
	}
	if s.Timestamp > i.LastSeen {
		i.LastSeen = s.Timestamp
	}
	if s.ReceivedAt >= i.LastReceived {
		i.LastReceived, i.LastRef = s.ReceivedAt, s.Ref
		i.Title, i.Type, i.Code, i.Culprit = s.Title, s.Type, s.Code, s.Culprit
		i.Platform, i.Level = s.Platform, s.Level
		if s.Release != "" {
			i.LastRelease = s.Release
		}
	}
	if s.Release != "" && s.Release == i.LastRelease {
		s.Score++
	}
	if s.Score >= i.BestScore || s.Timestamp-i.BestRef.Time > bestAge {
		i.BestRef, i.BestScore = s.Ref, s.Score
	}
}

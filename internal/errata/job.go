package errata

import (
	"encoding/json"
	"fmt"
)

// JobState says how far a job is.
type JobState string

// The states of a job.
const (
	JobQueued    JobState = "queued"
	JobRunning   JobState = "running"
	JobDone      JobState = "done"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Over says whether nothing more happens to the job by itself.
func (s JobState) Over() bool { return s == JobDone || s == JobFailed || s == JobCancelled }

// JobKind says what a job does.
type JobKind string

// The kinds of jobs.
const (
	JobExport JobKind = "export"
	JobBulk   JobKind = "bulk"
)

// jobLimits bounds the unfinished jobs of a kind: those of one account, and
// those of all together.
var jobLimits = map[JobKind]struct{ mine, all int64 }{JobExport: {2, 8}, JobBulk: {1, 4}}

// Admits says whether one more job of the kind fits, beside so many unfinished
// ones of the account that asks and of all. Error: slow_down.
func (k JobKind) Admits(mine, all int64) error {
	l, known := jobLimits[k]
	var message string
	switch {
	case !known:
		return E(Internal, "No limit is known for this kind of job.", nil)
	case mine >= l.mine:
		message = fmt.Sprintf("You have %d jobs of this kind under way, which is the limit. Wait until one has ended, or cancel one.", mine)
	case all >= l.all:
		message = fmt.Sprintf("%d jobs of this kind are under way, which is the limit. Try again in a few minutes.", all)
	default:
		return nil
	}
	return Because(SlowDown, message, nil, Detail{Reason: "too_many_jobs", Message: message})
}

// Job is work that outlives the request that asked for it, and the process that
// does it: another goes on from Cursor. Times are µs UTC, 0 = not yet.
type Job struct {
	ID         string
	Kind       JobKind
	State      JobState
	OwnerID    string // account that asked
	ProjectID  string // "" = several
	Params     json.RawMessage
	Cursor     string // where it goes on; the kind's own form
	Done       int64
	Total      int64 // -1 = not known yet
	Result     json.RawMessage
	Error      string // a sentence for people
	Attempts   int64
	RunAfter   int64
	LeasedBy   string
	LeaseUntil int64
	Cancel     bool // somebody wants it to end
	CreatedAt  int64
	StartedAt  int64
	FinishedAt int64
	ExpiresAt  int64 // when its file goes
}

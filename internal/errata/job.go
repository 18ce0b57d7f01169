package errata

import "encoding/json"

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

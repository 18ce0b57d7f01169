package errata

// Stage is how far the work on an acknowledged issue is; "" = not said.
type Stage string

// The stages.
const (
	Investigating Stage = "investigating"
	Fixing        Stage = "fixing"
	Verifying     Stage = "verifying"
)

// Cause says why an issue is resolved.
type Cause string

// The causes.
const (
	CauseFixed           Cause = "fixed"
	CauseWorkaround      Cause = "workaround"
	CauseConfig          Cause = "config"
	CauseExternal        Cause = "external"
	CauseCannotReproduce Cause = "cannot_reproduce"
	CauseWontFix         Cause = "wont_fix"
)

// ResolutionNow is the kind of a resolution that holds from its moment on.
const ResolutionNow = "now"

// Resolution is what decides whether a later event regresses the issue. Times
// and durations are µs.
type Resolution struct {
	ID, IssueID, Kind string
	Cause             Cause
	ResolvedAt, Grace int64
	NoteID            string
}

// ResponseKind is the act by which somebody first responded to an episode.
type ResponseKind string

// The kinds of a response.
const (
	RespondedAck     ResponseKind = "ack"
	RespondedAssign  ResponseKind = "assign"
	RespondedResolve ResponseKind = "resolve"
	RespondedIgnore  ResponseKind = "ignore"
)

// CloseReason says how an episode ended.
type CloseReason string

// How episodes end.
const (
	ClosedResolved CloseReason = "resolved"
	ClosedIgnored  CloseReason = "ignored"
	ClosedUndone   CloseReason = "undone" // it should not have begun
)

// Episode is one time that an issue was open: what MTTA and MTTR are computed
// from. Times are µs UTC, 0 = not yet.
type Episode struct {
	ID, IssueID, ProjectID     string
	Seq                        int64
	OpenReason                 Reason
	Environment, Release, Code string // of the opening event
	OpenEventID                string
	FirstEventAt               int64 // time of the opening event
	OpenedAt, AlertedAt        int64
	RespondedAt                int64
	ResponseKind               ResponseKind
	RespondedBy                string // account id
	AckedAt                    int64  // explicit acknowledgement only
	AckedBy                    string
	ResolvedAt                 int64
	ResolutionKind             string
	ResolvedBy                 string
	ClosedAt                   int64
	CloseReason                CloseReason
	ReopenCount, Events        int64
	SeverityOpen, SeverityPeak Severity
	Imported                   bool // older than the ledger: in no mean
}

// Rule names a row of the table of transitions in docs/design.md.
type Rule string

// The rules.
const (
	RuleNew         Rule = "T1"
	RuleRegressed   Rule = "T3"
	RuleAcknowledge Rule = "T9"
	RuleAssign      Rule = "T10"
	RuleUnack       Rule = "T12"
	RuleResolve     Rule = "T13"
	RuleReopenSame  Rule = "T15" // within ten minutes: the same episode
	RuleReopen      Rule = "T16"
	RuleIgnore      Rule = "T18"
	RuleUnignore    Rule = "T19"
	RuleUndo        Rule = "T26"
	RuleField       Rule = "F" // a field changed, the status did not
)

// Transition is one row of the ledger. Seq is the version it made. Detail is
// {"field":[old,new]} with ids and enum words, never text that somebody typed.
type Transition struct {
	ID, IssueID, ProjectID string
	Seq, EpisodeSeq, At    int64
	Rule                   Rule
	ActorKind              ActorKind
	ActorID, Via           string
	From, To               Status
	Reason                 Reason
	Detail                 map[string][2]string
	NoteID, EventID        string
	RequestID              string
	JobID                  string // of an act on many
	UndoOf                 string // id of the row that this one undoes
}

// NoteKind tells a comment from the text beside an act.
type NoteKind string

// The kinds of notes.
const (
	NoteComment NoteKind = "comment"
	NoteReason  NoteKind = "reason"
)

// MaxNote is how long a note may be, characters.
const MaxNote = 20_000

// IssueNote is what somebody wrote to an issue. Times are µs; a deleted note has an
// empty body.
type IssueNote struct {
	ID, IssueID         string
	Kind                NoteKind
	AuthorID            string
	At, EditedAt, Ended int64 // Ended: deleted at
	Body                string
}

// Target is how fast a response is wanted; 0 = none. Durations are µs.
type Target struct {
	ProjectID    string // "" = the installation
	Severity     Severity
	Ack, Resolve int64
}

// Allowed says of one act whether the state of the issue admits it, whether the
// reader may do it, and if not what is missing and who can help.
type Allowed struct {
	OK, Applies bool
	Why         string
}

// Can is what a reader can do to one issue.
type Can struct {
	Ack, Unack, AssignSelf, Assign, Resolve, Reopen, Ignore, Unignore, Severity, Stage, Comment, Watch Allowed
}

// Resource is what an action touches: a project ("" = the installation) and, in
// the audit, the thing itself as "issue:<id>".
type Resource struct{ Project, Name string }

// On names a thing of a project.
func On(project, kind, id string) Resource { return Resource{Project: project, Name: kind + ":" + id} }

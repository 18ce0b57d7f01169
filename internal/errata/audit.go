package errata

// Stream is a part of the audit: who changed what, or who read what.
type Stream string

// The streams. Changes are one chain of hashes, kept for ever.
const (
	StreamChange Stream = "change"
	StreamAccess Stream = "access"
)

// AuditResult is how an audited act ended.
type AuditResult string

// The results.
const (
	AuditDone   AuditResult = "done"
	AuditNoop   AuditResult = "noop" // it was so already
	AuditDenied AuditResult = "denied"
	AuditFailed AuditResult = "failed" // a wrong password
)

// What is audited and needs no permission of its own.
const (
	SignIn   Action = "session:sign_in"
	SignOut  Action = "session:sign_out"
	SetUp    Action = "installation:set_up"
	JoinTeam Action = "user:join" // an invitation is accepted

	EndSession  Action = "session:end"  // one's own, from elsewhere
	EditProfile Action = "user:profile" // one's own name and time zone
	SetPassword Action = "user:password"
	CancelJob   Action = "job:cancel" // one's own
)

// AuditRow is one row of the audit. At is µs. Detail is a JSON object of ids,
// names of fields and counts, never text that somebody typed. PrevHash and Hash
// are empty in the stream of accesses.
type AuditRow struct {
	Stream         Stream
	Seq, At        int64
	ActorKind      ActorKind
	ActorID, Via   string
	Action         Action
	Result         AuditResult
	ProjectID      string // "" = the installation
	Object         string // issue:<id>, event:<project>/<event id>, user:<id>
	Detail         string
	IP, RequestID  string
	PrevHash, Hash string
}

// AuditLine is a row with the names that belong to it, as far as they are known
// and the reader may know them. ObjectPath is the page of what the row is about,
// "" = it has none.
type AuditLine struct {
	AuditRow
	Actor                  Person
	Service                string // short name, "" = the installation
	ObjectName, ObjectPath string
}

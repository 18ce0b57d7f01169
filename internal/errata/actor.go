package errata

import "slices"

// ActorKind says what kind of subject acts.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"
	ActorService ActorKind = "service"
	ActorSystem  ActorKind = "system"
	ActorEvent   ActorKind = "event" // in the ledger: an event did it
)

// Actor is who asks. Every service takes one, so nobody can forget to ask.
type Actor struct {
	Kind      ActorKind
	ID        string // account id, token id, or the name of background work
	Name      string // for people to read
	Email     string
	Via       string // intake session api cli system
	SessionID string
	IP        string
	RequestID string
	Zone      string       // IANA zone of the reader, "" = UTC
	Scopes    *TokenScopes // nil: not limited by a token
	Active    bool         // the account may act at all
}

// Human says whether a person acts: in a browser, or with a token of their own.
// Only what people do counts as a response.
func (a Actor) Human() bool { return a.Kind == ActorUser }

// TokenScopes limit a token: actions it may do, projects it may touch (empty = all).
type TokenScopes struct {
	Actions  []Action `json:"actions"`
	Projects []string `json:"projects,omitempty"`
}

// Allows says whether the scopes contain the action in the project. An empty
// project asks for the installation.
func (s *TokenScopes) Allows(a Action, project string) bool {
	if s == nil {
		return true
	}
	return slices.Contains(s.Actions, a) &&
		(len(s.Projects) == 0 || project == "" || slices.Contains(s.Projects, project))
}

// System returns the actor of background work or of a command.
func System(name, via string) Actor {
	return Actor{Kind: ActorSystem, ID: name, Name: name, Via: via, Active: true}
}

// Action is one thing that permission is asked for, as "issue:read".
type Action string

// The actions; each is listed once here and named by routes and services.
const (
	IssueRead       Action = "issue:read"
	IssueComment    Action = "issue:comment"
	IssueWatch      Action = "issue:watch"
	IssueAck        Action = "issue:ack"
	IssueAssignSelf Action = "issue:assign_self"
	IssueAssign     Action = "issue:assign"
	IssueResolve    Action = "issue:resolve"
	IssueReopen     Action = "issue:reopen"
	IssueIgnore     Action = "issue:ignore"
	IssueSeverity   Action = "issue:severity"
	IssueExport     Action = "issue:export"
	EventRead       Action = "event:read"
	EventReadPII    Action = "event:read_pii"
	EventExport     Action = "event:export"
	ProjectRead     Action = "project:read"
	ProjectCreate   Action = "project:create"
	KeyRead         Action = "key:read"
	KeyWrite        Action = "key:write"
	AnalyticsRead   Action = "analytics:read"
	AnalyticsPerson Action = "analytics:person"
	ReportRead      Action = "report:read"
	ViewSave        Action = "view:save"
	ViewShare       Action = "view:share"
	SystemRead      Action = "system:read"
	UserRead        Action = "user:read"
	UserManage      Action = "user:manage"
	TeamManage      Action = "team:manage"
	RoleRead        Action = "role:read"
	AuditRead       Action = "audit:read"
	AuditVerify     Action = "audit:verify"
	TokenOwn        Action = "token:own"
	TokenManage     Action = "token:manage"
)

// Actions lists every action.
var Actions = []Action{
	IssueRead, IssueComment, IssueWatch, IssueAck, IssueAssignSelf, IssueAssign, IssueResolve, IssueReopen, IssueIgnore, IssueSeverity,
	IssueExport, EventRead, EventReadPII, EventExport, ProjectRead, ProjectCreate, KeyRead, KeyWrite, AnalyticsRead, AnalyticsPerson, ReportRead,
	ViewSave, ViewShare, SystemRead,
	UserRead, UserManage, TeamManage, RoleRead, AuditRead, AuditVerify, TokenOwn, TokenManage,
}

// Decide says whether the actor may do the action in a project ("" =
// installation). app hands one to every service that asks.
type Decide func(who Actor, what Action, project string) error

// Route is one row of a transport package's manifest.
type Route struct {
	Method, Path, Name string
	Action             Action // "" = the session alone
	Object             string // what the path names: issue, event, project, "" = nothing
	Auth               Auth
	CSRF               bool   // checked for cross-origin requests
	Rate               string // name of the bucket, "" = none
	Audit              Stream // where its use is written down, "" = nowhere
}

// Auth says how a route knows its caller.
type Auth string

// The kinds of authentication.
const (
	AuthPublic  Auth = "public"
	AuthSetup   Auth = "setup"
	AuthSession Auth = "session"
	AuthToken   Auth = "token"
	AuthIngest  Auth = "ingest"
)

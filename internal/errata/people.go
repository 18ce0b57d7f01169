package errata

// Session is a signed-in browser, or one that is about to sign in. ID is a
// hash of its token; Data belongs to the session manager; times are µs.
type Session struct {
	ID, UserID, IP, Agent      string
	Data                       []byte
	CreatedAt, SeenAt, Expires int64
}

// UserState is the state of an account.
type UserState string

// The states of an account.
const (
	UserInvited  UserState = "invited"
	UserActive   UserState = "active"
	UserDisabled UserState = "disabled"
)

// Account is a person who uses Errata. Times are µs.
type Account struct {
	ID, Email, Login, Name string
	PasswordHash           string
	State                  UserState
	Zone                   string // IANA name
	LoginFailures          int64
	LoginAfter             int64 // no sign-in before this time
	CreatedAt              int64
	SeenAt, DisabledAt     int64
}

// Person is an account as others see it; the zero Person is nobody.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Login string `json:"login"`
}

// Invite is an invitation to make an account. ID is the SHA-256 of the token in
// its link, hex; Grants name no account yet. Times are µs; UsedAt 0 = unused.
type Invite struct {
	ID, Email            string
	Grants               []Grant
	CreatedAt, ExpiresAt int64
	CreatedBy            string // account id
	UsedAt               int64
}

// Project is what people call a service.
type Project struct {
	ID, Slug, Prefix, Name, Platform string
	TeamID                           string // whose it is, "" = nobody's
	Settings                         ProjectSettings
	CreatedAt                        int64
	CreatedBy                        string
}

// ProjectSettings are the choices of a project, kept as JSON; unknown fields
// are ignored by readers.
type ProjectSettings struct {
	RetentionDays    int      `json:"retention_days,omitzero"` // 0 = 30
	SeparateServices bool     `json:"separate_services,omitzero"`
	KeepID           string   `json:"keep_id,omitzero"`       // keep, hash, drop; "" = keep
	KeepEmail        string   `json:"keep_email,omitzero"`    // "" = hash
	KeepUsername     string   `json:"keep_username,omitzero"` // "" = hash
	IPMode           string   `json:"ip_mode,omitzero"`       // drop, truncate, keep; "" = truncate
	RedactKeys       []string `json:"redact_keys,omitzero"`   // extra keys whose values are removed
	SafeKeys         []string `json:"safe_keys,omitzero"`     // keys that are never removed
}

// DefaultRetentionDays is the retention class of a project that chose none.
const DefaultRetentionDays = 30

// Class returns the retention class, whole days, for an event of severity s.
func (p ProjectSettings) Class(Severity) int {
	if p.RetentionDays > 0 {
		return p.RetentionDays
	}
	return DefaultRetentionDays
}

// KeyKind says what an ingest key may send.
type KeyKind string

// The kinds of ingest keys. A public key may stand in a web page.
const (
	KeyPublic KeyKind = "public"
	KeyServer KeyKind = "server"
)

// IngestKey lets a program send events to one project.
type IngestKey struct {
	Key, ProjectID, Name string // Key: 32 lower-case hex digits
	Kind                 KeyKind
	Origins              []string // hosts; empty = any
	PerMinute            int64    // 0 = no limit
	CreatedAt            int64
	CreatedBy            string
	DisabledAt           int64
	UsedAt               int64
}

// Token is a personal token of the JSON API; Hash is SHA-256, hex.
type Token struct {
	ID, Kind, UserID, Name, Hash, Hint string
	Scopes                             TokenScopes
	CreatedAt, ExpiresAt               int64
	CreatedBy                          string
	UsedAt, RevokedAt                  int64
}

package errata

import "encoding/json"

// Event is one error that happened once: the canonical form that every intake
// protocol is mapped to. JSON names are the names of the native API. Text is
// valid UTF-8 without NUL; absent and empty are the same. Times are
// microseconds since 1970 UTC. Limits: docs/design.md, "Canonical event".
type Event struct {
	ID                string       `json:"id"`         // 32 lower-case hex digits
	ProjectID         string       `json:"project_id"` // decimal digits
	Timestamp         int64        `json:"timestamp"`  // when it happened, µs
	ReceivedAt        int64        `json:"received_at"`
	OriginalTimestamp int64        `json:"original_timestamp,omitzero"` // as sent, when Timestamp had to be changed
	Clamped           bool         `json:"clamped,omitzero"`            // Timestamp was out of range and replaced by ReceivedAt
	Source            Source       `json:"source"`
	Level             Level        `json:"level"`
	Severity          Severity     `json:"severity"` // fixed on arrival
	Class             int          `json:"class"`    // retention, whole days, fixed on arrival
	Platform          string       `json:"platform,omitzero"`
	Logger            string       `json:"logger,omitzero"`
	Message           string       `json:"message,omitzero"`
	MessageTemplate   string       `json:"message_template,omitzero"`
	Exceptions        []Exception  `json:"exceptions,omitzero"` // oldest first; the last was thrown
	Threads           []Thread     `json:"threads,omitzero"`
	Transaction       string       `json:"transaction,omitzero"`
	Culprit           string       `json:"culprit,omitzero"`
	Code              string       `json:"code,omitzero"`
	Release           string       `json:"release,omitzero"`
	Dist              string       `json:"dist,omitzero"`
	Environment       string       `json:"environment"` // default production
	Host              string       `json:"host,omitzero"`
	User              *User        `json:"user,omitzero"`
	ClientIP          string       `json:"client_ip,omitzero"`
	Request           *Request     `json:"request,omitzero"`
	Trace             *Trace       `json:"trace,omitzero"`
	RequestID         string       `json:"request_id,omitzero"`
	SessionID         string       `json:"session_id,omitzero"`
	Tags              []Pair       `json:"tags,omitzero"`        // keys unique, in order of arrival
	Contexts          Object       `json:"contexts,omitzero"`    // name → JSON object
	Extra             Object       `json:"extra,omitzero"`       // name → any JSON value
	Breadcrumbs       []Breadcrumb `json:"breadcrumbs,omitzero"` // oldest first
	Modules           []Pair       `json:"modules,omitzero"`
	SDK               *SDK         `json:"sdk,omitzero"`
	ClientFingerprint []string     `json:"client_fingerprint,omitzero"`
	Checksum          string       `json:"checksum,omitzero"`
	DebugIDs          []string     `json:"debug_ids,omitzero"`
	Notes             []Note       `json:"notes,omitzero"`
}

// Source is the door an event came through.
type Source string

// The sources.
const (
	SourceSentry Source = "sentry"
)

// Pair is a key with its value, where order matters.
type Pair struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// Member is one member of an Object; Value is compact JSON text.
type Member struct {
	Key   string          `json:"k"`
	Value json.RawMessage `json:"v"`
}

// Object is a JSON object whose members keep their order.
type Object []Member

// Get returns the raw JSON of key.
func (o Object) Get(key string) (json.RawMessage, bool) {
	for _, m := range o {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

// Exception is one error of a chain.
type Exception struct {
	Type      string     `json:"type,omitzero"`
	Value     string     `json:"value,omitzero"`
	Module    string     `json:"module,omitzero"`
	ThreadID  string     `json:"thread_id,omitzero"`
	Mechanism *Mechanism `json:"mechanism,omitzero"`
	Frames    []Frame    `json:"frames,omitzero"` // oldest call first
}

// Synthetic says that the SDK made the type up.
func (e *Exception) Synthetic() bool { return e.Mechanism != nil && e.Mechanism.Synthetic }

// Mechanism says how an exception was caught.
type Mechanism struct {
	Type             string `json:"type,omitzero"`
	Handled          *bool  `json:"handled,omitzero"`
	Synthetic        bool   `json:"synthetic,omitzero"`
	Source           string `json:"source,omitzero"` // "cause", "errors[0]", "__context__" …
	ID               *int   `json:"exception_id,omitzero"`
	ParentID         *int   `json:"parent_id,omitzero"`
	IsExceptionGroup bool   `json:"is_exception_group,omitzero"`
}

// Frame is one call of a stack.
type Frame struct {
	Module      string   `json:"module,omitzero"`
	Function    string   `json:"function,omitzero"`
	File        string   `json:"file,omitzero"`
	AbsPath     string   `json:"abs_path,omitzero"`
	Package     string   `json:"package,omitzero"`
	Line        int      `json:"line,omitzero"`
	Column      int      `json:"column,omitzero"`
	InApp       *bool    `json:"in_app,omitzero"` // decided on arrival (DecideInApp); nil only in raw input
	ContextLine string   `json:"context_line,omitzero"`
	PreContext  []string `json:"pre_context,omitzero"`
	PostContext []string `json:"post_context,omitzero"`
	Vars        Object   `json:"vars,omitzero"`
}

// IsInApp says whether the frame is the team's own code.
func (f *Frame) IsInApp() bool { return f.InApp != nil && *f.InApp }

// Thread is one line of execution at the time of the event.
type Thread struct {
	ID      string  `json:"id,omitzero"`
	Name    string  `json:"name,omitzero"`
	Crashed bool    `json:"crashed,omitzero"`
	Current bool    `json:"current,omitzero"`
	Frames  []Frame `json:"frames,omitzero"`
}

// User is who met the error. Terms are the keyed hashes by which filters and
// erasure find the user; Hash, the first of them, counts people. The other
// fields hold what the project keeps ("keep" setting) and are masked for
// readers without event:read_pii.
type User struct {
	ID       string   `json:"id,omitzero"`
	Email    string   `json:"email,omitzero"`
	Username string   `json:"username,omitzero"`
	IP       string   `json:"ip,omitzero"`
	Hash     string   `json:"hash,omitzero"`
	Terms    []string `json:"terms,omitzero"` // 16 hex digits each
}

// Request is the HTTP request during which the error happened.
type Request struct {
	Method  string `json:"method,omitzero"`
	URL     string `json:"url,omitzero"`
	Path    string `json:"path,omitzero"`   // derived
	Domain  string `json:"domain,omitzero"` // derived
	Query   []Pair `json:"query,omitzero"`
	Headers []Pair `json:"headers,omitzero"`
	Cookies []Pair `json:"cookies,omitzero"`
	Body    string `json:"body,omitzero"` // text or compact JSON, ≤ 16 KiB
	Status  int    `json:"status,omitzero"`
}

// Trace links the event to a distributed trace.
type Trace struct {
	TraceID      string `json:"trace_id,omitzero"`
	SpanID       string `json:"span_id,omitzero"`
	ParentSpanID string `json:"parent_span_id,omitzero"`
	Op           string `json:"op,omitzero"`
}

// Breadcrumb is one thing that happened before the error.
type Breadcrumb struct {
	Timestamp int64  `json:"timestamp,omitzero"` // µs
	Type      string `json:"type,omitzero"`
	Category  string `json:"category,omitzero"`
	Level     Level  `json:"level,omitzero"`
	Message   string `json:"message,omitzero"`
	Data      Object `json:"data,omitzero"`
}

// SDK is the program that sent the event.
type SDK struct {
	Name    string `json:"name,omitzero"`
	Version string `json:"version,omitzero"`
}

// Note is a remark about a field that was repaired, cut or dropped on arrival.
type Note struct {
	Path string `json:"path"`
	Code string `json:"code"`
	Was  string `json:"was,omitzero"` // at most 100 characters
}

// Thrown returns the exception that was thrown last, or nil.
func (e *Event) Thrown() *Exception {
	if len(e.Exceptions) == 0 {
		return nil
	}
	return &e.Exceptions[len(e.Exceptions)-1]
}

// Type returns the type of the thrown exception, or "".
func (e *Event) Type() string {
	if x := e.Thrown(); x != nil {
		return x.Type
	}
	return ""
}

// Unhandled says that any exception of the chain reached no handler.
func (e *Event) Unhandled() bool {
	for i := range e.Exceptions {
		if m := e.Exceptions[i].Mechanism; m != nil && m.Handled != nil && !*m.Handled {
			return true
		}
	}
	return false
}

// Tag returns the value of a tag, or "".
func (e *Event) Tag(key string) string {
	for _, t := range e.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// CrashThread returns the crashed thread, else the current one, else the only
// one, else nil.
func (e *Event) CrashThread() *Thread {
	for i := range e.Threads {
		if e.Threads[i].Crashed {
			return &e.Threads[i]
		}
	}
	for i := range e.Threads {
		if e.Threads[i].Current {
			return &e.Threads[i]
		}
	}
	if len(e.Threads) == 1 {
		return &e.Threads[0]
	}
	return nil
}

// MainFrames returns the frames of the thrown exception, else of the crash
// thread, oldest call first.
func (e *Event) MainFrames() []Frame {
	if x := e.Thrown(); x != nil && len(x.Frames) > 0 {
		return x.Frames
	}
	if t := e.CrashThread(); t != nil {
		return t.Frames
	}
	return nil
}

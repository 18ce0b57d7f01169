package querylang

import (
	"slices"
	"strings"

	"errata/internal/errata"
)

// Type says what values a field takes and which operators it knows.
type Type uint8

// The types of fields.
const (
	Keyword  Type = iota
	Exact         // no wildcard
	Enum          // one of Values
	Ordered       // one of Values, most urgent first, with comparisons
	Bool          // true, false
	Int           // whole numbers, with comparisons
	Time          // with comparisons
	Duration      // with comparisons
	Version       // keyword with comparisons
	Text          // words
	Person        // me, none, a login, #team
	User          // an identifier of the one who met the error, kept as keyed hash
	Flag          // only for has:
	Team          // none, my_teams, the short name of a team with or without # before it
)

// Column says who can answer a field: SQL from the issue row, the engine from
// the event, or both.
type Column uint8

// The columns.
const (
	OfIssue Column = iota
	OfEvent
	OfBoth
)

// Field is one key of the language.
type Field struct {
	Name    string
	Aliases []string // lower case; keys ignore case
	Type    Type
	Column  Column
	Values  []string // of Enum and Ordered
	Always  bool     // never missing, so has: makes no sense
	Later   bool     // parsed, not answered yet
	Help    string
}

// catalog is the only list of keys: help, completion and facets read it.
var catalog = []Field{
	{Name: "is", Type: Enum, Values: isValues, Always: true, Help: "status or reason of the issue"},
	{
		Name: "severity", Aliases: []string{"priority", "issue.priority"}, Type: Ordered, Values: severityValues, Always: true,
		Help: "current severity of the issue, P0 to P3",
	},
	{Name: "assigned", Aliases: []string{"assignee", "assigned_to"}, Type: Person, Help: "who answers for the issue"},
	{Name: "team", Type: Team, Help: "team that answers for the service"},
	{Name: "watching", Type: Person, Help: "who watches the issue"},
	{Name: "first_seen", Aliases: []string{"firstseen"}, Type: Time, Always: true, Help: "time of the first event"},
	{Name: "last_seen", Aliases: []string{"lastseen"}, Type: Time, Always: true, Help: "time of the latest event"},
	{Name: "resolved_at", Aliases: []string{"resolvedat"}, Type: Time, Help: "when the issue was resolved"},
	{Name: "age", Type: Duration, Always: true, Help: "time since the first event"},
	{Name: "events", Aliases: []string{"timesseen"}, Type: Int, Always: true, Help: "events of all time"},
	{Name: "users", Type: Int, Always: true, Help: "users of all time"},
	{Name: "episodes", Type: Int, Always: true, Help: "how often the issue opened"},
	{Name: "first_release", Type: Keyword, Help: "release of the first event"},
	{Name: "incident", Type: Keyword, Later: true, Help: "incident the issue belongs to"},
	{Name: "ticket", Type: Keyword, Later: true, Help: "linked ticket"},
	{Name: "fingerprint", Type: Keyword, Always: true, Help: "hash that groups the events"},
	{Name: "feedback", Type: Flag, Later: true, Help: "a user has written about it"},

	{Name: "service", Aliases: []string{"project"}, Type: Keyword, Column: OfBoth, Always: true, Help: "slug of the service"},
	{Name: "issue", Aliases: []string{"short_id"}, Type: Exact, Column: OfBoth, Always: true, Help: "short id of the issue"},
	{Name: "type", Aliases: []string{"error.type"}, Type: Keyword, Column: OfBoth, Help: "type of the exception"},
	{Name: "code", Type: Keyword, Column: OfBoth, Help: "error code"},
	{Name: "culprit", Type: Keyword, Column: OfBoth, Help: "function the error came from"},

	{Name: "env", Aliases: []string{"environment"}, Column: OfEvent, Help: "environment"},
	{Name: "platform", Column: OfEvent, Help: "programming language or platform"},
	{Name: "logger", Column: OfEvent, Help: "name of the logger"},
	{Name: "transaction", Column: OfEvent, Help: "route or task"},
	{Name: "mechanism", Column: OfEvent, Help: "how the SDK caught the error"},
	{Name: "host", Aliases: []string{"server_name"}, Column: OfEvent, Help: "host name"},
	{Name: "os", Column: OfEvent, Help: "operating system"},
	{Name: "os.version", Column: OfEvent, Help: "version of the operating system"},
	{Name: "browser", Column: OfEvent, Help: "browser"},
	{Name: "browser.version", Column: OfEvent, Help: "version of the browser"},
	{Name: "device", Column: OfEvent, Help: "model of the device"},
	{Name: "sdk", Column: OfEvent, Help: "SDK that sent the event"},
	{Name: "sdk.version", Column: OfEvent, Help: "version of the SDK"},
	{Name: "url.path", Column: OfEvent, Help: "path of the request"},
	{Name: "url.domain", Column: OfEvent, Help: "domain of the request"},
	{Name: "http.method", Column: OfEvent, Help: "method of the request"},
	{Name: "release", Type: Version, Column: OfEvent, Help: "release; latest, or compared as a version"},
	{Name: "level", Type: Enum, Column: OfEvent, Values: levelValues, Always: true, Help: "level as sent"},
	{
		Name: "event.severity", Type: Ordered, Column: OfEvent, Values: severityValues, Always: true,
		Help: "severity as classified on arrival",
	},
	{
		Name: "handled", Aliases: []string{"error.handled", "error.unhandled"}, Type: Bool, Column: OfEvent, Always: true,
		Help: "whether the program caught the error",
	},
	{Name: "http.status", Type: Int, Column: OfEvent, Help: "status of the answer"},
	{Name: "trace", Type: Exact, Column: OfEvent, Help: "trace id"},
	{Name: "span", Type: Exact, Column: OfEvent, Help: "span id"},
	{Name: "event", Type: Exact, Column: OfEvent, Always: true, Help: "event id"},
	{Name: "request_id", Type: Exact, Column: OfEvent, Help: "request id"},
	{Name: "session_id", Type: Exact, Column: OfEvent, Help: "session id"},
	{Name: "user", Type: User, Column: OfEvent, Help: "id, e-mail, user name or address of a user"},
	{Name: "timestamp", Type: Time, Column: OfEvent, Always: true, Help: "time of the event"},
	{Name: "received", Type: Time, Column: OfEvent, Always: true, Help: "time of arrival"},
	{Name: "message", Type: Text, Column: OfEvent, Help: "words of the message"},
	{Name: "stack", Type: Text, Column: OfEvent, Help: "words of the stack trace"},
	{Name: "frame", Column: OfEvent, Help: "a function, method, file or path of one frame"},
	{Name: "tags", Aliases: []string{"tag"}, Column: OfEvent, Help: "a tag: tags[key]:value"},
	{Name: "ctx", Aliases: []string{"extra"}, Column: OfEvent, Help: "a value of the contexts: ctx.path:value"},
}

var (
	severityValues = []string{"P0", "P1", "P2", "P3"}
	levelValues    = []string{"fatal", "error", "warning", "info", "debug"}
	isValues       = []string{
		"open", "acknowledged", "snoozed", "resolved", "ignored", "unresolved",
		"new", "regressed", "reopened", "escalated", "unsnoozed", "assigned", "unassigned", "linked",
	}
	isAliases = map[string]string{
		"unacked": "open", "for_review": "open", "acked": "acknowledged",
		"muted": "ignored", "archived": "ignored", "escalating": "escalated",
	}
	isLater = []string{"snoozed", "escalated", "unsnoozed", "linked"}
)

var byName = func() map[string]*Field {
	m := map[string]*Field{}
	for i := range catalog {
		m[catalog[i].Name] = &catalog[i]
		for _, a := range catalog[i].Aliases {
			m[a] = &catalog[i]
		}
	}
	return m
}()

// freeText is the field of words without a key.
var freeText = Field{Type: Text, Column: OfEvent}

// Fields returns every field of the language, for help and completion.
func Fields() []Field { return slices.Clone(catalog) }

// FieldOf returns the field of a canonical key; the key of free text has one too.
func FieldOf(k Key) Field {
	if f := byName[k.Name]; f != nil {
		return *f
	}
	return freeText
}

// lookup resolves a key name, folded, to its field and canonical key. inverted
// says that the name means the opposite.
func lookup(name string) (f *Field, k Key, inverted bool) {
	if path, ok := strings.CutPrefix(name, "ctx."); ok && path != "" {
		return byName["ctx"], Key{"ctx", path}, false
	}
	if strings.HasPrefix(name, "extra.") && len(name) > len("extra.") {
		return byName["ctx"], Key{"ctx", name}, false
	}
	for _, p := range []string{"tags.", "tag."} {
		if tag, ok := strings.CutPrefix(name, p); ok && tag != "" {
			return byName["tags"], Key{"tags", tag}, false
		}
	}
	f = byName[name]
	if f == nil || f.Name == "tags" || f.Name == "ctx" {
		return nil, Key{}, false
	}
	return f, Key{Name: f.Name}, name == "error.unhandled"
}

// near returns the known name closest to an unknown one, "" when none is
// close: two edits, one for words of up to four letters, where two would make
// node of code and page of age.
func near(name string) string {
	best, limit := "", 2
	if len(name) <= 4 {
		limit = 1
	}
	for i := range catalog {
		for _, n := range append([]string{catalog[i].Name}, catalog[i].Aliases...) {
			if d := distance(name, n, limit); d <= limit && (d < limit || best == "") {
				best, limit = n, d
			}
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between two words; above limit it returns limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > 64 {
		return limit + 1
	}
	var rows [3][66]int
	two, one, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		one[j] = j
	}
	for i := range len(a) {
		cur[0] = i + 1
		for j := range len(b) {
			d := one[j]
			if a[i] != b[j] {
				d++
			}
			d = min(d, one[j+1]+1, cur[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, two[j-1]+1)
			}
			cur[j+1] = d
		}
		two, one, cur = one, cur, two
	}
	return one[len(b)]
}

// enumValue returns the canonical form of a value of f.
func enumValue(f *Field, s string) (string, bool) {
	s = Fold(s)
	switch f.Name {
	case "level":
		l, ok := errata.ParseLevel(s)
		return string(l), ok && s != "" && (s[0] < '0' || s[0] > '9')
	case "is":
		if a, ok := isAliases[s]; ok {
			s = a
		}
		return s, slices.Contains(isValues, s)
	}
	v, ok := errata.ParseSeverity(s)
	return v.String(), ok
}

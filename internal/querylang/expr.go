// Package querylang is the query language of Errata: one grammar for search
// boxes, links, rules and the API. It parses, prints, binds names, splits a
// query between SQL and the event engine, and matches it against a Record. It
// is pure: names and times that a query mentions are handed in.
package querylang

// Expr is a query as a tree. A nil Expr matches everything.
type Expr interface{ expr() }

// And is true when every kid is, Or when any kid is, Not when Kid is not: an
// And of nothing matches everything, an Or of nothing nothing.
type (
	And struct{ Kids []Expr }
	Or  struct{ Kids []Expr }
	Not struct{ Kid Expr }
)

// Leaf is one question about a field: true when any of Values holds. Start and
// End are the byte offsets of its text in the query, for messages.
//
// After Bind a leaf is executed by its key's name alone:
//
//	Key.Name          Value kinds              reads
//	"" (free text)    Words, Phrase, Prefix    any of Words[message], Words[type], Words[stack]
//	message, stack    Words, Phrase, Prefix    that stream of Words
//	service           Equal, Wildcard          Service (a slug)
//	issue             Equal                    Issue (Text is an internal id)
//	event             Equal                    EventID
//	type code culprit Equal, Wildcard          Type, Code, Culprit, folded
//	env release       Equal, Wildcard          Env, Release, folded; see Compared
//	level             Equal                    Level (Text is one of errata.Levels)
//	handled           Equal                    Handled (Text is true or false)
//	event.severity    Range                    Severity, as 0–3
//	http.status       Range                    Status; a Status of 0 is missing and in no range
//	timestamp         Range                    Time, µs
//	received          Range                    Received, µs
//	anything else     Equal, Wildcard          the terms TermKey(Key)+"="+value of Terms
//
// service, type, code, culprit, env and release stand in Terms too, so an
// engine may read either. A user is the term user=<16 hex>, which is Text after
// Bind; a frame one of the terms frame=…. Present asks whether TermKey(Key) is
// in Keys, for every key; keys that no event lacks (service, issue, event,
// level, handled, event.severity, timestamp, received) never carry it. A
// missing field satisfies no Value, so Not of a leaf is true for it.
type Leaf struct {
	Key        Key
	Values     []Value
	Start, End int
	OfEvent    bool // asked of the event although issues have the key too; see Split
}

func (*And) expr()  {}
func (*Or) expr()   {}
func (*Not) expr()  {}
func (*Leaf) expr() {}

// Key is the canonical name of a field. Arg is the tag key of "tags" and the
// path of "ctx"; both are "" elsewhere. Name "" is free text over the three
// word streams; "message" and "stack" are free text over one.
type Key struct{ Name, Arg string }

// TermKey returns the key as it stands in Record.Keys and before the "=" of
// Record.Terms and Record.Pairs: "os", "tags.region", "ctx.cart.items".
func TermKey(k Key) string {
	if k.Arg == "" {
		return k.Name
	}
	return k.Name + "." + k.Arg
}

// String returns the key as a query writes it: os, tags[region], ctx.cart.items.
func (k Key) String() string {
	switch {
	case k.Arg == "":
		return k.Name
	case k.Name == "tags":
		return "tags[" + k.Arg + "]"
	}
	return k.Name + "." + k.Arg
}

// ValueKind says how a Value is compared.
type ValueKind uint8

// The kinds of values.
const (
	Equal    ValueKind = iota // folded text equals Text
	Wildcard                  // folded text matches Parts joined by *
	Range                     // Lo ≤ number < Hi; times in µs
	Words                     // Tokens adjacent in one stream; a single run also as Joined
	Phrase                    // Tokens adjacent in one stream
	Prefix                    // a token, or joined run, starts with Text
	Present                   // the field is there (has:)
)

// Value is one alternative of a Leaf.
type Value struct {
	Kind ValueKind
	// Raw is the value as written, without quotes and escapes; of Wildcard,
	// Words and Prefix a literal star stays \* and a literal backslash \\.
	Raw    string
	Quoted bool   // the quotes carry meaning: a Phrase, or text that would be syntax without them
	Text   string // Equal, Prefix: folded. Words, Phrase: Tokens joined by spaces
	// Parts of a Wildcard are the folded literal pieces between stars; "" at an
	// end means a star stands there. Parts of a Range are what Print writes: the
	// operator (> >= < <= .. or "") and one literal, or two after "..".
	Parts  []string
	Lo, Hi *int64   // Range: [Lo, Hi); nil is open. Numbers are themselves, severities 0–3, times µs; of age the bounds of first_seen
	Tokens []string // Words, Phrase: parts, lower case
	Joined string   // Words of a single run with more than one part: the joined run, else ""
}

// Package querylang is the query language of Errata: one grammar for search
// boxes, links, rules and the API. It parses, prints, binds names, splits a
// query between SQL and the event engine, and matches it against a Record. It
// is pure: names and times that a query mentions are handed in.
package querylang

// Expr is a query as a tree. A nil Expr matches everything.
type Expr interface{ expr() }

// And is true when every kid is; Or when any kid is; Not when Kid is not.
type (
	And struct{ Kids []Expr }
	Or  struct{ Kids []Expr }
	Not struct{ Kid Expr }
)

// Leaf is one question about a field: true when any of Values holds. Start and
// End are the byte offsets of its text in the query, for messages.
type Leaf struct {
	Key        Key
	Values     []Value
	Start, End int
}

func (*And) expr()  {}
func (*Or) expr()   {}
func (*Not) expr()  {}
func (*Leaf) expr() {}

// Key is the canonical name of a field. Arg is the tag key of "tags" and the
// path of "ctx"; both are "" elsewhere. Name "" is free text over the three
// word streams; "message" and "stack" are free text over one.
type Key struct{ Name, Arg string }

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
	Kind   ValueKind
	Raw    string   // as written, after removing quotes and escapes; what Print writes from
	Quoted bool     // was quoted
	Text   string   // Equal, Prefix: folded
	Parts  []string // Wildcard: the folded literal pieces between stars; "" at an end means a star stands there
	Lo, Hi *int64   // Range: [Lo, Hi); nil is open. Numbers are themselves, severities 0–3, times µs
	Tokens []string // Words, Phrase: parts, lower case
	Joined string   // Words of a single run with more than one part: the joined run, else ""
}

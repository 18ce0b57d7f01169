package querylang

import "errata/internal/errata"

// Record is the searchable face of an event. Everything in Terms, Keys and
// Words is folded already: engines only store and compare.
type Record struct {
	Time, Received                           int64 // µs UTC
	Project, Issue, EventID, UserHash        string
	Service                                  string // the project's slug
	Level                                    errata.Level
	Severity                                 errata.Severity
	Handled                                  bool
	Status                                   int       // HTTP status, 0 = none
	IP                                       string    // canonical form, "" = none
	Env, Release, Type, Code, Culprit, Title string    // original case, "" = missing
	Pairs                                    []string  // "os=iOS", "tags.region=eu", "ctx.cart.items=3": for facets, original case
	Terms                                    []string  // pairs, column keys, "user=…" and "frame=…", folded: for filters; sorted, unique
	Keys                                     []string  // keys present, as Key prints ("os", "tags.region"): for has:; sorted, unique
	Words                                    [3]string // token streams: message, type, stack; single spaces
}

// Streams of Record.Words.
const (
	StreamMessage = iota
	StreamType
	StreamStack
)

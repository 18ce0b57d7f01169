// Package search stores events and answers queries over them. Two engines
// satisfy Engine: embedded (SQLite files) and elastic (Elasticsearch); the
// contract suite in searchtest holds for both.
package search

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/stats"
)

// Engine stores and finds events. Errors carry the codes unavailable (reason
// search.timeout when late), slow_down, invalid, not_found and too_large.
type Engine interface {
	// Index stores docs durably: at most 1,000 docs and 8 MiB of payload. It is
	// idempotent by (project, event id). A bad item never fails the batch; an
	// error means: repeat all.
	Index(ctx context.Context, docs []Doc) ([]ItemResult, error)
	// Search answers one request. Partial answers carry Gaps.
	Search(ctx context.Context, r Request) (*Result, error)
	// MultiSearch answers several requests of one page; members fail alone.
	MultiSearch(ctx context.Context, rs []Request) []Answer
	// Get returns one event at once after Index, or not_found. A zero Time or
	// Class looks everywhere.
	Get(ctx context.Context, s Scope, ref errata.Ref) (*Doc, error)
	// Scan calls fn with every match, oldest first (time, event id, project),
	// starting behind After. It sees everything indexed before the call, perhaps
	// later events, and stops at fn's error, which it returns as it is. A part that
	// cannot be read ends it with unavailable: a scan has no holes. fn must not keep
	// the hit.
	Scan(ctx context.Context, r ScanRequest, fn func(*Hit) error) error
	// Erase removes matches: on return no search finds them. Their bytes are gone
	// within 24 hours, see the engine.
	Erase(ctx context.Context, r EraseRequest) (EraseReport, error)
	// Expire drops what a retention class no longer keeps: events of class whose
	// day lies wholly before the given time.
	Expire(ctx context.Context, class int, before time.Time) (ExpireReport, error)
	// Refresh makes everything indexed so far visible to Search.
	Refresh(ctx context.Context) error
	// Stats says how much is stored, for /system.
	Stats(ctx context.Context) (Stats, error)
	Caps() Caps
	Close() error
}

// Doc is one event to store. Class is retention in days; Payload the redacted
// canonical JSON, kept byte for byte.
type Doc struct {
	querylang.Record
	Class   int
	Payload []byte
}

// ItemStatus says what became of one document.
type ItemStatus string

// The item results.
const (
	Created   ItemStatus = "created"
	Duplicate ItemStatus = "duplicate" // stored before: success
	Rejected  ItemStatus = "rejected"  // refused for good; Reason says why
	Retry     ItemStatus = "retry"     // refused for a passing reason
)

// ItemResult belongs to the document at the same index.
type ItemResult struct {
	Status ItemStatus
	Reason string
}

// Scope is what the reader may see. The zero Scope sees nothing; All is for
// system jobs only.
type Scope struct {
	Projects []string
	All      bool
}

// Fields says how much of each hit is wanted.
type Fields uint8

// The field sets.
const (
	FieldsList Fields = iota // the columns of Record without Pairs, Terms, Keys and Words
	FieldsFull               // also Payload
)

// Request is one search over [From, To) of event time; both are required.
// Size ≤ 1,000; hits come newest first. After continues to older events,
// Before to newer ones (hits are still newest first). TotalUpTo 0 counts none.
type Request struct {
	Scope         Scope
	Query         querylang.Expr // bound
	From, To      time.Time
	Size          int
	After, Before Cursor
	Fields        Fields
	TotalUpTo     int
	Aggs          []Agg
	Timeout       time.Duration
}

// Cursor is an opaque place in a result.
type Cursor string

// AggKind is a kind of aggregation.
type AggKind string

// The kinds.
const (
	Histogram   AggKind = "histogram"
	Terms       AggKind = "terms"
	Cardinality AggKind = "cardinality"
	MinTime     AggKind = "min_time" // first and last event time, µs cut to the ms;
	MaxTime     AggKind = "max_time" // 0 = no event
)

// Agg is one aggregation. Key: a field of Record as in Value ("issue",
// "project", "severity", "level", "env", "release", "type", "user" and others),
// a pair key, whose values keep their case, or HasKey, whose values are the
// keys an event has. Sub is one level: Terms over Histogram, Terms, Cardinality,
// MinTime or MaxTime; Histogram over Terms or Cardinality.
type Agg struct {
	Name     string
	Kind     AggKind
	Key      querylang.Key
	Size     int            // Terms: at most this many
	Prefix   string         // Terms: only values that begin with it, in any case
	Newest   bool           // the newest matches will do: where counting all is slow, an engine looks at its newest 10,000 and says Approx
	Interval stats.Interval // Histogram
	Zone     *time.Location // Histogram by day or week; nil = UTC
	Sub      []Agg
}

// Result answers a Request.
type Result struct {
	Hits       []Hit
	Total      Total
	Aggs       map[string]AggResult
	Next, Prev Cursor // "" = no more that way
	Gaps       []Gap
	Took       time.Duration
}

// Hit is one event found.
type Hit struct {
	querylang.Record
	Class   int
	Payload []byte
}

// Ref returns where the hit lies.
func (h *Hit) Ref() errata.Ref {
	return errata.Ref{Project: h.Project, EventID: h.EventID, Time: h.Time, Class: h.Class}
}

// Total counts matches; Exact is false when counting stopped at Value, and when
// the answer has gaps.
type Total struct {
	Value int64
	Exact bool
}

// AggResult answers an Agg. Histogram buckets are sparse and carry their start
// in µs as Start; Terms buckets carry Key and are ordered by count descending,
// then key. A pair aggregation with Approx looked at the newest matches only.
type AggResult struct {
	Buckets  []Bucket
	Value    int64 // Cardinality, MinTime, MaxTime
	Other    int64 // Terms: events looked at, less the buckets' counts; not below 0
	MaxError int64 // Terms: a count may be off by this much
	Approx   bool
}

// Bucket is one group.
type Bucket struct {
	Key   string
	Start int64
	Count int64
	Sub   map[string]AggResult
}

// Gap is a range of event time that could not be read.
type Gap struct {
	From, To time.Time
	Reason   string
}

// Answer is one member of MultiSearch.
type Answer struct {
	Result *Result
	Err    error
}

// ExpireReport says what Expire dropped.
type ExpireReport struct {
	Places int   // files or indices
	Events int64 // about, where the engine does not count
}

// Stats describes what is stored.
type Stats struct {
	Engine        string // "embedded" or "elasticsearch 8.19.21"
	Events        int64
	Bytes         int64
	Places        int // files or indices
	Oldest        int64
	Newest        int64
	AdvisedEvents int64
}

// Caps are the limits of an engine.
type Caps struct {
	MaxIssueSet      int  // issues of one query
	ExactCardinality bool // above 100 too
	AnyKeyFacet      bool // pair keys and HasKey can be counted
	Wildcards        bool // wildcards and prefixes of words can be asked
	AdvisedEvents    int64
}

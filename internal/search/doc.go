package search

import (
	"fmt"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
)

// Limits of one call.
const (
	MaxDocs    = 1000    // documents of one Index
	MaxBytes   = 8 << 20 // payload bytes of one Index
	MaxSize    = 1000    // hits of one page
	MaxAggs    = 16      // aggregations of one request
	MaxBuckets = 11_000  // buckets of one histogram
	MaxTerms   = 10_001  // buckets of one terms aggregation: an issue set, and one more that says "too many"
	MaxClass   = 3650    // days of retention
)

// Stable reasons inside errors and gaps.
const (
	ReasonCursor    = "search.cursor"    // invalid: the cursor is broken or belongs to another search
	ReasonRequest   = "search.request"   // invalid: the request breaks a limit
	ReasonBatch     = "search.batch"     // too_large: the batch breaks a limit
	ReasonTimeout   = "search.timeout"   // unavailable, or a gap: the answer came too late
	ReasonCorrupt   = "search.corrupt"   // unavailable, or a gap: the place cannot be read
	ReasonBusy      = "search.busy"      // slow_down: too many searches run
	ReasonClosed    = "search.closed"    // unavailable: the engine is shut
	ReasonCancelled = "search.cancelled" // unavailable: the caller went away
	ReasonTerms     = "tag_dictionary_full"
	ReasonQuery     = "query.unsupported" // invalid: no engine can answer this part
)

// CheckDocs refuses a batch that breaks a limit with the code too_large.
func CheckDocs(docs []Doc) error {
	bytes := 0
	for i := range docs {
		bytes += len(docs[i].Payload)
	}
	if len(docs) <= MaxDocs && bytes <= MaxBytes {
		return nil
	}
	return errata.Because(errata.TooLarge, "The batch of events is too large.", nil, errata.Detail{
		Reason:  ReasonBatch,
		Message: fmt.Sprintf("%d events with %d bytes; at most %d and %d.", len(docs), bytes, MaxDocs, MaxBytes),
	})
}

// Fault returns why the document can never be stored, or "": the reasons are
// event_id (not 32 lower-case hex digits), project, time (absent or before
// 1970), class and payload (absent).
func (d *Doc) Fault() string {
	switch {
	case !isEventID(d.EventID):
		return "event_id"
	case d.Project == "":
		return "project"
	case d.Time <= 0 || d.Time >= maxTime:
		return "time"
	case d.Class < 1 || d.Class > MaxClass:
		return "class"
	case len(d.Payload) == 0:
		return "payload"
	}
	return ""
}

// maxTime is the year 10000: beyond it dates no longer have four-digit years.
var maxTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func isEventID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Sees says whether the scope contains the project.
func (s Scope) Sees(project string) bool { return s.All || slices.Contains(s.Projects, project) }

// Empty says that the scope sees nothing at all.
func (s Scope) Empty() bool { return !s.All && len(s.Projects) == 0 }

// Check refuses a request that breaks a limit with the code invalid.
func (r *Request) Check() error {
	switch {
	case r.From.IsZero() || r.To.IsZero():
		return refuse("A search needs a time range.")
	case r.To.Before(r.From):
		return refuse("The time range ends before it starts.")
	case r.Size < 0 || r.Size > MaxSize:
		return refuse(fmt.Sprintf("A page holds at most %d events.", MaxSize))
	case r.TotalUpTo < 0:
		return refuse("A total cannot be negative.")
	case r.After != "" && r.Before != "":
		return refuse("A page continues in one direction only.")
	case len(r.Aggs) > MaxAggs:
		return refuse(fmt.Sprintf("At most %d aggregations at once.", MaxAggs))
	}
	for i := range r.Aggs {
		if err := r.checkAgg(&r.Aggs[i], nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *Request) checkAgg(a, parent *Agg) error {
	if a.Name == "" {
		return refuse("An aggregation needs a name.")
	}
	switch a.Kind {
	case Histogram:
		if !a.Interval.Valid() {
			return refuse("That interval is not a step of the ladder.")
		}
		if r.To.Sub(r.From)/a.Interval.Width() > MaxBuckets {
			return refuse(fmt.Sprintf("A chart has at most %d buckets.", MaxBuckets))
		}
	case Terms:
		if a.Size < 0 || a.Size > MaxTerms {
			return refuse(fmt.Sprintf("A list of values holds at most %d.", MaxTerms))
		}
	case Cardinality, MinTime, MaxTime:
	default:
		return refuse("That kind of aggregation does not exist.")
	}
	return r.checkSub(a, parent)
}

// checkSub keeps to what both engines answer alike: Terms over any kind;
// Histogram over Terms or Cardinality.
func (r *Request) checkSub(a, parent *Agg) error {
	if parent != nil && (len(a.Sub) > 0 || parent.Kind != Terms && parent.Kind != Histogram || parent.Kind == Histogram && a.Kind != Terms && a.Kind != Cardinality) {
		return refuse("These aggregations cannot be nested.")
	}
	for i := range a.Sub {
		if err := r.checkAgg(&a.Sub[i], a); err != nil {
			return err
		}
	}
	return nil
}

func refuse(sentence string) error {
	return errata.Because(errata.Invalid, sentence, nil, errata.Detail{Reason: ReasonRequest, Message: sentence})
}

// Value returns what an event counts as in an aggregation over a key that has a
// field of its own in Record, "" for a missing one and for every pair key.
func Value(r *querylang.Record, k querylang.Key) string {
	if k.Arg != "" {
		return ""
	}
	switch k.Name {
	case "issue":
		return r.Issue
	case "project":
		return r.Project
	case "service":
		return r.Service
	case "user":
		return r.UserHash
	case "severity", "event.severity":
		return r.Severity.String()
	case "level":
		return string(r.Level)
	case "env":
		return r.Env
	case "release":
		return r.Release
	case "type":
		return r.Type
	case "code":
		return r.Code
	case "culprit":
		return r.Culprit
	}
	return ""
}

package errata

// Category is what kind of item was sent.
type Category string

// The categories. CategoryRequest is a request of a known project that was
// refused before its items could be told apart.
const (
	CategoryError        Category = "error"
	CategoryLog          Category = "log"
	CategoryAttachment   Category = "attachment"
	CategorySession      Category = "session"
	CategoryTransaction  Category = "transaction"
	CategorySpan         Category = "span"
	CategoryFeedback     Category = "feedback"
	CategoryClientReport Category = "client_report"
	CategorySecurity     Category = "security"
	CategoryOther        Category = "other"
	CategoryRequest      Category = "request"
)

// Categories lists every category.
var Categories = []Category{
	CategoryError, CategoryLog, CategoryAttachment, CategorySession, CategoryTransaction,
	CategorySpan, CategoryFeedback, CategoryClientReport, CategorySecurity, CategoryOther, CategoryRequest,
}

// Outcome is how an item ended; each item ends in exactly one.
type Outcome string

// The outcomes.
const (
	Stored       Outcome = "stored"
	Deduplicated Outcome = "deduplicated"
	Rejected     Outcome = "rejected"
	RateLimited  Outcome = "rate_limited"
	Filtered     Outcome = "filtered"
	DeadLettered Outcome = "dead_lettered"
)

// ClientLost counts what SDKs report to have lost before sending. It stands
// beside the outcomes and is no part of their sum.
const ClientLost Outcome = "client_lost"

// OutcomeReasons is the closed list of reasons per outcome.
var OutcomeReasons = map[Outcome][]string{
	Stored:       {"full"},
	Deduplicated: {"event_id", "repeated_exception"},
	Rejected: {
		"empty_body", "expected_object", "envelope", "bad_json", "bad_compression", "encoding",
		"decompressed_size", "body_size", "too_deep", "too_many_keys", "too_many_items", "origin",
	},
	RateLimited:  {"key", "project", "ip", "quota_month", "shed_level", "queue_full", "queue_unavailable", "disk_full"},
	Filtered:     {"level", "inbound_rule", "discarded_issue", "item_type", "environment", "key_revoked", "expired"},
	DeadLettered: {"poison", "mapping", "attempts"},
}

// OutcomeKey names one counter of outcome_hourly. Hour is the µs at which the
// hour starts.
type OutcomeKey struct {
	ProjectID string
	Hour      int64
	Category  Category
	Outcome   Outcome
	Reason    string
}

// OutcomeCount is what OutcomeKey counted.
type OutcomeCount struct{ Items, Bytes int64 }

// Outcomes are counters by key.
type Outcomes map[OutcomeKey]OutcomeCount

// Add counts items and bytes under key.
func (o Outcomes) Add(k OutcomeKey, items, bytes int64) {
	c := o[k]
	o[k] = OutcomeCount{c.Items + items, c.Bytes + bytes}
}

package find

import (
	"log/slog"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
)

func errAttr(err error) slog.Attr { return slog.Any("error", err) }

// Query is a query in both forms: canonical text and bound tree, with remarks
// of the parser.
type Query struct {
	Text    string
	Tree    querylang.Expr // parsed from Text: its offsets are places in it
	Bound   querylang.Expr
	Notices []errata.Detail
}

// IssueQuery asks for a page of issues. Q is the query as typed. AsOf is what
// its relative times are counted from, 0 = now; issues that began later are not
// listed.
type IssueQuery struct {
	Q      string
	Range  Range
	AsOf   int64  // µs
	Sort   string // priority (default), last_seen, first_seen, events, users
	Cursor string
	Size   int // 1 to 100; 0 = 50
}

// IssueRow is one issue of a list. Hours are the events of each of the last 24
// hours, oldest first; nil where not asked for.
type IssueRow struct {
	Issue   errata.Issue
	Project errata.Project
	Hours   []int64
	Owner   errata.Person // zero = nobody
}

// ShortID is what people call the issue.
func (r IssueRow) ShortID() string { return errata.ShortID(r.Project.Prefix, r.Issue.Number) }

// IssuePage is one page of issues.
type IssuePage struct {
	Query          Query
	Rows           []IssueRow
	Total          search.Total
	Next, Previous string
	AsOf           int64 // µs: when page one was read
	First          bool  // this is page one
	Moved          int64 // rows seen again since
	TitlesOnly     bool  // the engine is away: words were compared with titles alone
	Gaps           []search.Gap
}

// IssueView is one issue with what its page shows of it. People are the
// accounts that it names, by id.
type IssueView struct {
	Issue        errata.Issue
	Project      errata.Project
	Environments []string // most events first
	LastDay      int64    // events of the last 24 h
	Fingerprint  string
	Why          string // JSON of grouping.Result.Why
	Can          errata.Can
	Episode      errata.Episode // open, else last
	Target       errata.Target  // of the service at this severity
	People       map[string]errata.Person
	Watching     bool
}

// ShortID is what people call the issue.
func (v IssueView) ShortID() string { return errata.ShortID(v.Project.Prefix, v.Issue.Number) }

// By names what a volume is split by.
type By string

// The splits of a volume.
const (
	BySeverity    By = "severity"
	ByLevel       By = "level"
	ByService     By = "service"
	ByEnvironment By = "environment"
)

// VolumeQuery asks for events over time. Q may hold issue keys: the events are
// then those of the issues it selects.
type VolumeQuery struct {
	Q        string
	By       By
	Range    Range
	Interval stats.Interval // "" = fitting the range
	Zone     *time.Location
	Compare  bool
}

// Series is one line of a volume: n buckets.
type Series struct {
	Key     string
	Total   int64
	Buckets []int64
}

// Sources of a volume.
const (
	FromCounters = "counters"
	FromEngine   = "engine"
)

// Volume is events over time. Edges holds n+1 times: where each bucket starts,
// and the end of the last. Range is the asked one widened to whole buckets.
// Previous is the equally long period just before, cut where the present one
// has come to.
type Volume struct {
	Query    Query
	Range    Range
	Interval stats.Interval
	Edges    []time.Time
	Source   string
	Series   []Series
	Total    int64
	Previous []int64 // per bucket, of the period before; nil = not compared
	Gaps     []search.Gap
}

package stats

import (
	"time"

	"errata/internal/errata"
)

// Dimension is what episodes are grouped by.
type Dimension string

// The dimensions. Severity is the worst of the episode; environment, release,
// code and the reason are those of its opening; user is who ended the measured
// time; owner is who the issue belongs to now.
const (
	BySeverity    Dimension = "severity"
	ByProject     Dimension = "project"
	ByEnvironment Dimension = "environment"
	ByRelease     Dimension = "release"
	ByCode        Dimension = "code"
	ByOpenReason  Dimension = "open_reason"
	ByResponse    Dimension = "response_kind"
	ByResolution  Dimension = "resolution_kind"
	ByUser        Dimension = "user"
	ByOwner       Dimension = "owner"
	ByTeam        Dimension = "team" // of the service; told by reports alone
)

// Dimensions lists the dimensions that may be asked for.
var Dimensions = []Dimension{
	BySeverity, ByProject, ByEnvironment, ByRelease, ByCode, ByOpenReason, ByResponse, ByResolution, ByUser, ByOwner,
}

// Limits of groups.
const (
	MaxDimensions = 2
	MaxGroups     = 50
)

// Observation is an episode with what stands beside it.
type Observation struct {
	errata.Episode
	Owner  string        // account of who owns the issue now, "" = nobody
	Team   string        // of its project, "" = none
	Target errata.Target // of its project and its worst severity
}

// Of returns the value of a dimension, "" = none.
func (d Dimension) Of(r Rules, o *Observation) string {
	switch d {
	case BySeverity:
		return o.SeverityPeak.String()
	case ByProject:
		return o.ProjectID
	case ByEnvironment:
		return o.Environment
	case ByRelease:
		return o.Release
	case ByCode:
		return o.Code
	case ByOpenReason:
		return string(o.OpenReason)
	case ByResponse:
		return string(o.ResponseKind)
	case ByResolution:
		return o.ResolutionKind
	case ByUser:
		return r.doneBy(&o.Episode)
	case ByOwner:
		return o.Owner
	case ByTeam:
		return o.Team
	}
	return ""
}

func (r Rules) doneBy(e *errata.Episode) string {
	switch {
	case r.Metric == TTR:
		return e.ResolvedBy
	case r.Metric == TTA && r.Explicit:
		return e.AckedBy
	case r.Metric == TTA:
		return e.RespondedBy
	}
	return ""
}

// Key is the value of each dimension that was asked for, in order.
type Key [MaxDimensions]string

// Window is [From, To), µs.
type Window struct{ From, To int64 }

func (w Window) holds(at int64) bool { return at >= w.From && at < w.To }

// ResponseOptions say what is computed. Edges are where the buckets start,
// followed by the end of the last, within the window (Clip); Before is the
// period to compare with, empty = none; Now is the moment of asking, µs.
type ResponseOptions struct {
	Rules
	By     []Dimension
	Window Window
	Edges  []time.Time
	Before Window
	Now    int64
	Groups int // how many are told apart; 0 = MaxGroups
}

// Response is what is known of one metric over a window.
type Response struct {
	Total   Summary
	Buckets []Summary
	Groups  []Group // most episodes first, so many as asked for; then the others as one
	Rates   Rates
	Bins    []int64 // of Total, between BinEdges
	Compare *Comparison
}

// Group is the episodes that share a key. Other marks the sum of all that have
// no group of their own; it has no key.
type Group struct {
	Key     Key
	Other   bool
	Total   Summary
	Buckets []Summary
	Rates   Rates
}

// Rates count what came of the episodes that were resolved in the window:
// Regressed by an event, Reopened by a person, each within 30 days. Mature says
// that these 30 days are over for all of them.
type Rates struct {
	Resolved, Regressed, Reopened int64
	Mature                        bool
}

// relapse is how long after its end an episode can still be said to have
// come back.
const relapse = int64(30 * 24 * 3600 * 1e6)

// binEdges are where the bins of a distribution begin, after 0; the last bin
// is open. They about double, so that the axis is logarithmic.
var binEdges = []time.Duration{
	15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 32 * time.Hour, 3 * day, 7 * day, 14 * day, 28 * day,
}

const day = 24 * time.Hour

// BinEdges returns where the bins of a distribution begin, the first at 0.
func BinEdges() []time.Duration { return append([]time.Duration{0}, binEdges...) }

// Clip returns bucket edges that begin and end with the window.
func Clip(from, to time.Time, i Interval, zone *time.Location) []time.Time {
	edges := Edges(from, to, i, zone)
	edges[0], edges[len(edges)-1] = from, to
	return edges
}

// AutoResponse returns the interval of a chart of response times: hours up to
// two days, days up to 60, weeks up to 400, else months.
func AutoResponse(from, to time.Time) Interval {
	switch span := to.Sub(from); {
	case span <= 48*time.Hour:
		return "1h"
	case span <= 60*day:
		return "1d"
	case span <= 400*day:
		return "1w"
	}
	return Month
}

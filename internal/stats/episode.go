package stats

import "errata/internal/errata"

// Metric is a time that people took, measured per episode.
type Metric string

// The metrics: time to acknowledge, to resolve, to detect.
const (
	TTA Metric = "tta"
	TTR Metric = "ttr"
	TTD Metric = "ttd"
)

// Metrics lists the metrics.
var Metrics = []Metric{TTA, TTR, TTD}

// Rules say what is measured. The zero value of each switch is the usual: the
// clock starts at the alert, every response counts, and an episode belongs to
// the window in which it was answered.
type Rules struct {
	Metric    Metric
	FromEvent bool // basis=event: the clock starts at the opening event, alerted or not
	Explicit  bool // response=explicit: only an acknowledgement counts
	ByOpening bool // cohort=opened: an episode belongs to the window in which it opened
}

// Exclusion says why an episode is in no mean.
type Exclusion string

// The exclusions. Those of an end are the words of errata.CloseReason.
const (
	Included       Exclusion = ""
	Imported       Exclusion = "imported"
	Merged         Exclusion = "merged"
	Undone         Exclusion = "undone"
	NeverResponded Exclusion = "never_responded"
	Discarded      Exclusion = "discarded"
	Deleted        Exclusion = "deleted"
	Ignored        Exclusion = "ignored"
	AutoStale      Exclusion = "auto_stale"
	NeverAlerted   Exclusion = "never_alerted"
)

// exclusions are what leaves an episode out, in the order in which the first
// that fits is counted.
var exclusions = map[Metric][]Exclusion{
	TTA: {Imported, Merged, Undone, NeverResponded},
	TTR: {Imported, Merged, Undone, Discarded, Deleted, Ignored, AutoStale},
	TTD: {Imported, Merged, Undone, NeverAlerted},
}

// Exclusions lists what leaves an episode out of a metric, in order.
func Exclusions(m Metric) []Exclusion { return exclusions[m] }

// Done returns when the measured time ended, µs; 0 = it has not.
func (r Rules) Done(e *errata.Episode) int64 {
	switch r.Metric {
	case TTR:
		return e.ResolvedAt
	case TTD:
		return e.AlertedAt
	case TTA:
	}
	if r.Explicit {
		return e.AckedAt
	}
	return e.RespondedAt
}

// Start returns when the clock of an episode started, µs: at the first alert
// unless that came after the response, else at the opening. Of TTD it is the
// time of the first event.
func (r Rules) Start(e *errata.Episode) int64 {
	if r.Metric == TTD {
		return e.FirstEventAt
	}
	end := e.RespondedAt
	if end == 0 {
		end = e.ResolvedAt
	}
	if r.FromEvent || e.AlertedAt == 0 || end != 0 && e.AlertedAt > end {
		return e.OpenedAt
	}
	return e.AlertedAt
}

// Took returns the measured time, µs; ok is false while it has not ended.
func (r Rules) Took(e *errata.Episode) (us int64, ok bool) {
	start, done := r.Start(e), r.Done(e)
	if done == 0 || start == 0 {
		return 0, false
	}
	return max(done-start, 0), true
}

// Exclusion returns why an episode is in no mean, the first reason that fits;
// Included for one that is, or will be when its time has ended.
func (r Rules) Exclusion(e *errata.Episode) Exclusion {
	for _, x := range exclusions[r.Metric] {
		if r.leftOut(e, x) {
			return x
		}
	}
	return Included
}

func (r Rules) leftOut(e *errata.Episode, x Exclusion) bool {
	switch x {
	case Imported:
		return e.Imported
	case AutoStale:
		return e.ResolutionKind == string(AutoStale)
	case NeverResponded, NeverAlerted:
		_, ok := r.Took(e)
		return !ok && e.ClosedAt != 0
	case Included, Merged, Undone, Discarded, Deleted, Ignored:
	}
	return string(e.CloseReason) == string(x)
}

// Place is where an episode is counted. At, µs, is 0 for one whose time has
// not ended: it is counted nowhere but among the open ones.
type Place struct {
	At   int64
	Took int64     // µs, of one that is measured
	Out  Exclusion // why it is not; Included for one that is
}

// Place returns where an episode is counted: a measured one when its time
// ended, one that is left out when it closed; with ByOpening both when they
// opened.
func (r Rules) Place(e *errata.Episode) Place {
	out := r.Exclusion(e)
	took, measured := r.Took(e)
	switch {
	case out == Included && measured:
		return Place{At: r.when(e, r.Done(e)), Took: took}
	case out != Included && e.ClosedAt != 0:
		return Place{At: r.when(e, e.ClosedAt), Out: out}
	}
	return Place{}
}

func (r Rules) when(e *errata.Episode, at int64) int64 {
	if r.ByOpening {
		return e.OpenedAt
	}
	return at
}

// Waits says whether nobody has answered an episode that is open.
func (r Rules) Waits(e *errata.Episode) bool {
	if r.Explicit {
		return e.ClosedAt == 0 && e.AckedAt == 0
	}
	return e.ClosedAt == 0 && e.RespondedAt == 0
}

// TargetOf returns the target of the metric, µs; 0 = none.
func (r Rules) TargetOf(t errata.Target) int64 {
	switch r.Metric {
	case TTA:
		return t.Ack
	case TTR:
		return t.Resolve
	case TTD:
	}
	return 0
}

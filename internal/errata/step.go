package errata

import "strconv"

// Act says who does something to an issue, and when (µs). NoteID is that of the
// text written beside it, "" = none; EventID that of the event that does it.
type Act struct {
	At              int64
	Who             Actor
	NoteID, EventID string
}

// Step is what an act, or a run of events, makes of an issue: the issue and its
// episode afterwards, and what is to be written. New things have no ids until
// Name gives them some.
type Step struct {
	Issue      Issue
	Episode    Episode // open, else last; of events only one that they opened
	Opened     bool    // Episode is new
	Resolution *Resolution
	Rows       []Transition
	Undone     *Episode // one that an undo withdraws
	Seen       int64    // events that belong to the open episode
}

// Changed says whether there is anything to write but counters.
func (s *Step) Changed() bool { return len(s.Rows) > 0 }

// Name gives ids to what is new; next returns another one each time.
func (s *Step) Name(next func() string) {
	for i := range s.Rows {
		s.Rows[i].ID = next()
	}
	if s.Opened {
		s.Episode.ID = next()
	}
	if s.Resolution == nil {
		return
	}
	s.Resolution.ID = next()
	s.Issue.ResolutionID = s.Resolution.ID
	s.Rows[len(s.Rows)-1].Detail["resolution"] = [2]string{"", s.Resolution.ID}
}

// record adds a row to the ledger for the difference to before.
func (s *Step) record(a Act, rule Rule, before Issue) {
	s.Issue.Version++
	if s.Issue.Status != before.Status {
		s.Issue.StatusAt = a.At
	}
	s.Rows = append(s.Rows, Transition{
		IssueID: s.Issue.ID, ProjectID: s.Issue.ProjectID, Seq: s.Issue.Version, EpisodeSeq: s.Issue.EpisodeSeq, At: a.At, Rule: rule,
		ActorKind: a.Who.Kind, ActorID: a.Who.ID, Via: a.Who.Via, RequestID: a.Who.RequestID,
		From: before.Status, To: s.Issue.Status, Reason: s.Issue.Reason, Detail: difference(before, s.Issue),
		NoteID: a.NoteID, EventID: a.EventID,
	})
}

// difference lists the fields that differ, old and new, as the ledger keeps
// them. Status and reason have columns of their own.
func difference(before, after Issue) map[string][2]string {
	out := map[string][2]string{}
	note := func(field, was, is string) {
		if was != is {
			out[field] = [2]string{was, is}
		}
	}
	note("severity", before.Severity.String(), after.Severity.String())
	note("severity_locked", strconv.FormatBool(before.SeverityLocked), strconv.FormatBool(after.SeverityLocked))
	note("stage", string(before.Stage), string(after.Stage))
	note("assignee", before.AssigneeID, after.AssigneeID)
	note("ignore_reason", before.IgnoreReason, after.IgnoreReason)
	note("resolution", before.ResolutionID, after.ResolutionID)
	return out
}

// enter moves the issue to a status and drops what belongs to the one before.
func (s *Step) enter(to Status) {
	s.Issue.Status, s.Issue.Stage = to, ""
	if to != Resolved {
		s.Issue.ResolutionID = ""
	}
	if to != Ignored {
		s.Issue.IgnoreReason = ""
	}
	if to == Resolved || to == Ignored {
		s.Issue.OpenedAt = 0
	}
}

// open begins the next episode.
func (s *Step) open(a Act, why Reason, e Episode) {
	s.enter(Open)
	s.Issue.Reason, s.Issue.OpenedAt, s.Issue.StatusAt = why, a.At, a.At
	s.Issue.EpisodeSeq++
	e.IssueID, e.ProjectID, e.Seq = s.Issue.ID, s.Issue.ProjectID, s.Issue.EpisodeSeq
	e.OpenReason, e.OpenedAt, e.SeverityOpen, e.SeverityPeak = why, a.At, s.Issue.Severity, s.Issue.Severity
	s.Episode, s.Opened = e, true
}

// close ends the open episode; from a status without one there is nothing to end.
func (s *Step) close(a Act, why CloseReason) {
	if !s.Episode.open() {
		return
	}
	s.Episode.ClosedAt, s.Episode.CloseReason = a.At, why
	if why == ClosedResolved {
		s.Episode.ResolvedAt, s.Episode.ResolutionKind, s.Episode.ResolvedBy = a.At, ResolutionNow, human(a.Who)
	}
}

// respond notes the first response of a person.
func (s *Step) respond(a Act, kind ResponseKind) {
	if e := &s.Episode; e.open() && e.RespondedAt == 0 && a.Who.Human() {
		e.RespondedAt, e.ResponseKind, e.RespondedBy = a.At, kind, a.Who.ID
	}
}

func (e *Episode) open() bool { return e.Seq != 0 && e.ClosedAt == 0 }

// human returns the account of a person, "" for anything else.
func human(a Actor) string {
	if a.Human() {
		return a.ID
	}
	return ""
}

// step begins an act of somebody. Clocks of two machines differ a little: a time
// that would precede what it must follow is raised to it.
func (i Issue) step(ep Episode, a Act) (Step, Act) {
	a.At = max(a.At, i.StatusAt, ep.OpenedAt, ep.RespondedAt, ep.AckedAt, ep.ClosedAt)
	return Step{Issue: i, Episode: ep}, a
}

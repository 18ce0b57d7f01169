package errata

import "slices"

// ReopenWithin is how long after a resolve a person's reopening continues the
// same episode, µs; the moment itself included.
const ReopenWithin = int64(600 * 1e6)

// MaxTimeToResolve is how long an episode that ends resolved may be, µs: five
// years. A longer one is the mark of a clock that was wrong.
const MaxTimeToResolve = int64(157_766_400 * 1e6)

// Acknowledge says that somebody has seen it (T9). The step is unchanged when
// an explicit acknowledgement stands.
func (i Issue) Acknowledge(ep Episode, a Act) (Step, error) {
	s, a := i.step(ep, a)
	switch {
	case i.Status == Acknowledged && ep.AckedAt != 0:
		return s, nil
	case i.Status != Open && i.Status != Acknowledged:
		return s, illegal(i, ActAck)
	}
	if i.Status == Open {
		s.enter(Acknowledged)
	}
	s.respond(a, RespondedAck)
	if s.Episode.AckedAt == 0 && a.Who.Human() {
		s.Episode.AckedAt, s.Episode.AckedBy = a.At, a.Who.ID
	}
	s.record(a, RuleAcknowledge, i)
	return s, nil
}

// Unacknowledge takes an acknowledgement back (T12). The response stays noted.
func (i Issue) Unacknowledge(ep Episode, a Act) (Step, error) {
	s, a := i.step(ep, a)
	switch i.Status {
	case Open:
		return s, nil
	case Acknowledged:
		s.enter(Open)
		s.record(a, RuleUnack, i)
		return s, nil
	default:
		return s, illegal(i, ActUnack)
	}
}

// Assign gives the issue to an account, "" = to nobody (T10). Taking an open
// issue oneself acknowledges it, and so does giving it to somebody else unless
// it is urgent: that somebody has it is not yet that somebody works on it.
func (i Issue) Assign(ep Episode, a Act, account string) (Step, error) {
	s, a := i.step(ep, a)
	self := account != "" && a.Who.Human() && account == a.Who.ID
	takes := i.Status == Open && self
	if account == i.AssigneeID && !takes {
		return s, nil
	}
	s.Issue.AssigneeID = account
	if account != "" {
		if takes || i.Status == Open && !urgent(i.Severity) {
			s.enter(Acknowledged)
		}
		s.respond(a, RespondedAssign)
	}
	s.record(a, RuleAssign, i)
	return s, nil
}

// Resolve says that it is dealt with from this moment on (T13). Errors: invalid
// without a note where one is required, for an unknown cause, or when the
// episode has been open for longer than MaxTimeToResolve.
func (i Issue) Resolve(ep Episode, a Act, cause Cause) (Step, error) {
	s, a := i.step(ep, a)
	if i.Status == Resolved {
		return s, nil
	}
	if !slices.Contains(Causes, cause) && cause != "" {
		return s, refuse("cause", ReasonCause, "Choose a cause of the list.")
	}
	if i.Severity == P0 && a.NoteID == "" {
		return s, refuse("note", ReasonNote, "A P0 is resolved with a note: what was it, and what was done?")
	}
	if s.Episode.open() && a.At-s.Episode.OpenedAt > MaxTimeToResolve {
		return s, refuse("", ReasonTooOld, "It has been open for more than five years, which is longer than a time to resolve may be. "+
			"Check the server's clock; if it is right, ignore the issue first.")
	}
	s.respond(a, RespondedResolve)
	s.close(a, ClosedResolved)
	s.enter(Resolved)
	s.Resolution = &Resolution{IssueID: i.ID, Kind: ResolutionNow, Cause: cause, ResolvedAt: a.At, NoteID: a.NoteID}
	s.record(a, RuleResolve, i)
	if cause != "" {
		s.Rows[0].Detail["cause"] = [2]string{"", string(cause)}
	}
	return s, nil
}

// Reopen takes a resolution back. Within ten minutes the episode goes on as if
// nothing had been (T15) in the status it had, was; later a new one begins (T16).
func (i Issue) Reopen(ep Episode, a Act, r Resolution, was Status) (Step, error) {
	s, a := i.step(ep, a)
	switch i.Status {
	case Open, Acknowledged:
		return s, nil
	case Ignored:
		return s, illegal(i, ActReopen)
	case Resolved:
	}
	closed := ep.CloseReason == ClosedResolved && ep.ResolvedAt == r.ResolvedAt
	if !closed || !a.Who.Human() || a.At-r.ResolvedAt > ReopenWithin {
		s.open(a, ReasonReopened, again(ep))
		s.record(a, RuleReopen, i)
		return s, nil
	}
	e := &s.Episode
	e.ClosedAt, e.CloseReason, e.ResolvedAt, e.ResolutionKind, e.ResolvedBy = 0, "", 0, "", ""
	e.ReopenCount++
	e.SeverityPeak = min(e.SeverityPeak, i.Severity)
	s.enter(Open)
	if was == Acknowledged {
		s.enter(Acknowledged)
	}
	s.Issue.OpenedAt = e.OpenedAt
	s.record(a, RuleReopenSame, i)
	return s, nil
}

// again is the episode that somebody opens by hand: no event opened it, so it
// is counted where the one before was.
func again(last Episode) Episode {
	return Episode{Environment: last.Environment, Release: last.Release, Code: last.Code}
}

// Ignore says that nobody needs to look (T18), for a reason of the closed list.
func (i Issue) Ignore(ep Episode, a Act, reason string) (Step, error) {
	s, a := i.step(ep, a)
	if i.Status == Ignored {
		return s, nil
	}
	if !slices.Contains(IgnoreReasons, reason) {
		return s, refuse("reason", ReasonIgnore, "Choose a reason of the list.")
	}
	s.respond(a, RespondedIgnore)
	s.close(a, ClosedIgnored)
	s.enter(Ignored)
	s.Issue.IgnoreReason = reason
	s.record(a, RuleIgnore, i)
	return s, nil
}

// Unignore looks at it again (T19): a new episode.
func (i Issue) Unignore(ep Episode, a Act) (Step, error) {
	s, a := i.step(ep, a)
	switch i.Status {
	case Open, Acknowledged:
		return s, nil
	case Ignored:
		s.open(a, ReasonReopened, again(ep))
		s.record(a, RuleUnignore, i)
		return s, nil
	default:
		return s, illegal(i, ActUnignore)
	}
}

// SetSeverity sets the severity by hand, which locks it against events. Between
// urgent (P0, P1) and not it needs a note.
func (i Issue) SetSeverity(ep Episode, a Act, to Severity) (Step, error) {
	s, a := i.step(ep, a)
	if i.Severity == to && i.SeverityLocked {
		return s, nil
	}
	if urgent(to) != urgent(i.Severity) && a.NoteID == "" {
		return s, refuse("note", ReasonNote, "A change between P1 and P2 is made with a note: why?")
	}
	s.Issue.Severity, s.Issue.SeverityLocked = to, true
	if s.Episode.open() {
		s.Episode.SeverityPeak = min(s.Episode.SeverityPeak, to)
	}
	s.record(a, RuleField, i)
	return s, nil
}

// FreeSeverity lets events set the severity again, and keeps what it is.
func (i Issue) FreeSeverity(ep Episode, a Act) (Step, error) {
	s, a := i.step(ep, a)
	if i.SeverityLocked {
		s.Issue.SeverityLocked = false
		s.record(a, RuleField, i)
	}
	return s, nil
}

// SetStage says how far the work on an acknowledged issue is; "" = not said.
func (i Issue) SetStage(ep Episode, a Act, to Stage) (Step, error) {
	s, a := i.step(ep, a)
	switch {
	case !slices.Contains(Stages, to) && to != "":
		return s, refuse("stage", ReasonStage, "Choose a stage of the list.")
	case i.Status != Acknowledged:
		return s, illegal(i, ActStage)
	case i.Stage == to:
		return s, nil
	}
	s.Issue.Stage = to
	s.record(a, RuleField, i)
	return s, nil
}

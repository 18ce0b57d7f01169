package errata

// Opening is the step of the first event (T1) of an issue that Issue.Witness
// has just opened.
func Opening(i Issue, e Sighting) Step {
	i.Version, i.EpisodeSeq = 0, 0
	before, s, a := i, Step{Issue: i, Seen: 1}, actOf(e)
	before.Status = ""
	s.open(a, ReasonNew, openedBy(e))
	s.record(a, RuleNew, before)
	s.Rows[0].Detail["severity"] = [2]string{"", i.Severity.String()}
	return s
}

// Event is what one more event makes of an issue: it is counted for the open
// episode and may raise the severity (T2), regresses a resolved issue unless it
// is held (T3, T4), and changes nothing of an ignored one (T6). r is the
// resolution of a resolved issue.
func (s *Step) Event(e Sighting, r Resolution) {
	switch s.Issue.Status {
	case Open, Acknowledged:
		s.Seen++
		s.raise(e)
	case Resolved:
		if r.Holds(e) {
			s.Issue.LateEvents++
			return
		}
		s.Seen = 1
		s.regress(e)
	case Ignored:
	}
}

// Holds says whether a resolution lets the issue stay resolved in spite of an
// event: it came, or happened, before. A clock that is so wrong that it was
// replaced hides nothing.
func (r Resolution) Holds(e Sighting) bool {
	at := min(e.Timestamp, e.ReceivedAt)
	if e.Clamped {
		at = e.ReceivedAt
	}
	return e.ReceivedAt <= r.ResolvedAt || at <= r.ResolvedAt || e.ReceivedAt < r.ResolvedAt+r.Grace
}

func (s *Step) regress(e Sighting) {
	before, a := s.Issue, actOf(e)
	if !s.Issue.SeverityLocked {
		s.Issue.Severity = e.Severity
	}
	s.open(a, ReasonRegressed, openedBy(e))
	s.record(a, RuleRegressed, before)
}

// raise makes the issue as urgent as its most urgent event. Into P0 or P1 people
// who have acknowledged it must look again (T12).
func (s *Step) raise(e Sighting) {
	if s.Issue.SeverityLocked || e.Severity >= s.Issue.Severity {
		return
	}
	before, a := s.Issue, actOf(e)
	a.At = max(a.At, before.StatusAt)
	s.Issue.Severity = e.Severity
	if s.Opened {
		s.Episode.SeverityPeak = e.Severity
	}
	s.record(a, RuleField, before)
	if s.Issue.Status == Acknowledged && urgent(e.Severity) {
		before = s.Issue
		s.enter(Open)
		s.record(a, RuleUnack, before)
	}
}

// urgent severities are those for which people are woken.
func urgent(s Severity) bool { return s <= P1 }

func actOf(e Sighting) Act {
	return Act{At: e.ReceivedAt, Who: Actor{Kind: ActorEvent, ID: e.Ref.EventID, Via: "intake"}, EventID: e.Ref.EventID}
}

func openedBy(e Sighting) Episode {
	return Episode{Environment: e.Environment, Release: e.Release, Code: e.Code, OpenEventID: e.Ref.EventID, FirstEventAt: e.Timestamp}
}

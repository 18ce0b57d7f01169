package errata

import (
	"slices"
	"strconv"
)

// UndoWithin is for how long people can undo what they did, µs; the moment
// itself included.
const UndoWithin = int64(600 * 1e6)

// Past is what an undo goes by: the ledger and the episodes of an issue, oldest
// first, and the version that the row made which is to be undone.
type Past struct {
	Rows     []Transition
	Episodes []Episode
	Version  int64
}

// Undoable returns the row that somebody can undo now: the last of the ledger,
// or the one before events regressed the issue, when they made it themselves by
// hand and not too long ago.
func Undoable(rows []Transition, who Actor, at int64) (Transition, bool) {
	n := lastAct(rows)
	if n < 0 {
		return Transition{}, false
	}
	r := rows[n]
	own := r.ActorKind == ActorUser && who.Human() && r.ActorID == who.ID
	return r, own && r.Rule != RuleUndo && at-r.At <= UndoWithin
}

// lastAct is the place of the last row; where events have regressed the issue
// since it was resolved, that of the resolve. -1: there is none.
func lastAct(rows []Transition) int {
	n := len(rows) - 1
	for n >= 0 && rows[n].ActorKind == ActorEvent {
		n--
	}
	if last := len(rows) - 1; n < last && (n < 0 || rows[n].Rule != RuleResolve || rows[n+1].Rule != RuleRegressed) {
		return last
	}
	return n
}

// Undo takes back what somebody did (T26): the fields and the clocks are what
// they were before, as if nothing had been. When events have regressed the
// issue meanwhile, its new episode ends undone and its events are the old
// one's. Errors: conflict (undo_late, undo_not_last).
func (i Issue) Undo(p Past, a Act) (Step, error) {
	n := slices.IndexFunc(p.Rows, func(r Transition) bool { return r.Seq == p.Version })
	if n < 0 {
		return Step{}, undoRefused(ReasonUndoNotLast, "There is nothing to undo.")
	}
	r, ok := Undoable(p.Rows, a.Who, a.At)
	switch own := p.Rows[n]; {
	case own.ActorKind != ActorUser || own.ActorID != a.Who.ID || own.Rule == RuleUndo:
		return Step{}, undoRefused(ReasonUndoNotLast, "Only those who did it can undo it.")
	case a.At-own.At > UndoWithin:
		return Step{}, undoRefused(ReasonUndoLate, "That was more than ten minutes ago. It cannot be undone any more.")
	case !ok || r.ID != own.ID:
		return Step{}, undoRefused(ReasonUndoNotLast, "Something else has happened to this issue since. It cannot be undone any more.")
	}
	u := undoing{Issue: i, past: p, row: r, n: n}
	return u.step(a), nil
}

func undoRefused(reason, message string) error {
	return Because(Conflict, message, nil, Detail{Reason: reason, Message: message})
}

// undoing is one undo in the making.
type undoing struct {
	Issue
	past Past
	row  Transition
	n    int // place of row
}

func (u *undoing) step(a Act) Step {
	last := u.past.Episodes[u.current()]
	s, a := u.Issue.step(last, a)
	before := s.Issue
	if u.row.opens() || u.regressed() {
		s.Undone = u.withdraw(a)
		s.Episode = u.past.Episodes[u.before(s.Undone.Seq)]
	}
	u.fields(&s.Issue)
	u.clocks(&s.Episode)
	u.status(&s)
	if s.Undone != nil && u.regressed() {
		s.Episode.Events += s.Undone.Events
		s.Undone.Events = 0
		u.reraise(&s)
	}
	if u.regressed() || u.row.Rule == RuleField || u.row.Rule == RuleReopenSame {
		s.Episode.SeverityPeak = u.peak(s)
	}
	since := s.Issue.StatusAt
	s.record(a, RuleUndo, before)
	s.Issue.StatusAt, s.Rows[0].UndoOf = since, u.row.ID
	return s
}

// opens says that the row began an episode.
func (t Transition) opens() bool {
	return t.Rule == RuleNew || t.Rule == RuleRegressed || t.Rule == RuleReopen || t.Rule == RuleUnignore
}

// regressed says that events have regressed the issue since.
func (u *undoing) regressed() bool { return u.n < len(u.past.Rows)-1 }

// current is the place of the open episode, else of the last that was not
// withdrawn.
func (u *undoing) current() int {
	for n := range slices.Backward(u.past.Episodes) {
		if u.past.Episodes[n].open() {
			return n
		}
	}
	return u.before(0)
}

// before is the place of the last episode that was not withdrawn, but one.
func (u *undoing) before(but int64) int {
	for n, e := range slices.Backward(u.past.Episodes) {
		if e.CloseReason != ClosedUndone && e.Seq != but {
			return n
		}
	}
	return 0
}

// withdraw ends the episode that should not have begun.
func (u *undoing) withdraw(a Act) *Episode {
	e := u.past.Episodes[u.current()]
	e.ClosedAt, e.CloseReason = a.At, ClosedUndone
	return &e
}

// fields puts back what the row, and those of events behind it, changed.
func (u *undoing) fields(i *Issue) {
	for _, r := range slices.Backward(u.past.Rows[u.n:]) {
		for field, change := range r.Detail {
			restore(i, field, change[0])
		}
	}
	i.Reason = u.past.Rows[u.n-1].Reason
}

func restore(i *Issue, field, was string) {
	switch field {
	case "severity":
		i.Severity, _ = ParseSeverity(was)
	case "severity_locked":
		i.SeverityLocked, _ = strconv.ParseBool(was)
	case "stage":
		i.Stage = Stage(was)
	case "assignee":
		i.AssigneeID = was
	case "ignore_reason":
		i.IgnoreReason = was
	case "resolution":
		i.ResolutionID = was
	}
}

// responses are the acts that respond to an episode.
var responses = map[Rule]ResponseKind{
	RuleAcknowledge: RespondedAck, RuleAssign: RespondedAssign, RuleResolve: RespondedResolve, RuleIgnore: RespondedIgnore,
}

// clocks takes out of the episode what the row noted in it.
func (u *undoing) clocks(e *Episode) {
	if e.RespondedAt == u.row.At && e.ResponseKind == responses[u.row.Rule] && u.first() {
		e.RespondedAt, e.ResponseKind, e.RespondedBy = 0, "", ""
	}
	if u.row.Rule == RuleAcknowledge && e.AckedAt == u.row.At && u.first() {
		e.AckedAt, e.AckedBy = 0, ""
	}
	closes := u.row.Rule == RuleResolve || u.row.Rule == RuleIgnore
	if closes && (u.row.From == Open || u.row.From == Acknowledged) {
		e.ClosedAt, e.CloseReason, e.ResolvedAt, e.ResolutionKind, e.ResolvedBy = 0, "", 0, "", ""
	}
	if u.row.Rule == RuleReopenSame {
		e.ReopenCount--
		u.close(e)
	}
}

// first says that no other act of the kind was done at the very same time
// before: that one would have set the clock.
func (u *undoing) first() bool {
	return !slices.ContainsFunc(standing(u.past.Rows[:u.n]), func(r Transition) bool {
		return r.Rule == u.row.Rule && r.At == u.row.At && r.ActorKind == ActorUser
	})
}

// standing leaves out the rows that were undone, the undoing, and what events
// did in between.
func standing(rows []Transition) (out []Transition) {
	for _, r := range rows {
		if r.UndoOf == "" {
			out = append(out, r)
			continue
		}
		n := slices.IndexFunc(out, func(o Transition) bool { return o.ID == r.UndoOf })
		out = out[:max(n, 0)]
	}
	return out
}

// close ends the episode as the resolution had that was taken back.
func (u *undoing) close(e *Episode) {
	was := u.row.Detail["resolution"][0]
	for _, r := range u.past.Rows[:u.n] {
		if r.Detail["resolution"][1] == was && r.Rule == RuleResolve {
			e.ClosedAt, e.CloseReason, e.ResolvedAt, e.ResolutionKind = r.At, ClosedResolved, r.At, ResolutionNow
			if r.ActorKind == ActorUser {
				e.ResolvedBy = r.ActorID
			}
		}
	}
}

// status puts back the status and since when it holds.
func (u *undoing) status(s *Step) {
	s.Issue.Status, s.Issue.OpenedAt = u.row.From, 0
	if s.Episode.open() {
		s.Issue.OpenedAt = s.Episode.OpenedAt
	}
	for _, r := range standing(u.past.Rows[:u.n]) {
		if r.From != r.To || r.opens() {
			s.Issue.StatusAt = r.At
		}
	}
}

// reraise lets events that came meanwhile make the issue more urgent again, as
// they would have.
func (u *undoing) reraise(s *Step) {
	if s.Issue.SeverityLocked || u.Severity >= s.Issue.Severity {
		return
	}
	s.Issue.Severity = u.Severity
	if s.Issue.Status == Acknowledged && urgent(s.Issue.Severity) {
		s.Issue.Status, s.Issue.Stage = Open, ""
	}
}

// peak is the most urgent that the issue was in the episode.
func (u *undoing) peak(s Step) Severity {
	peak, now, began := s.Episode.SeverityOpen, s.Episode.SeverityOpen, false
	undone := map[string]bool{}
	for _, r := range u.past.Rows[:u.n] {
		undone[r.UndoOf] = true
	}
	for _, r := range u.past.Rows[:u.n] {
		if undone[r.ID] {
			continue
		}
		if sev, ok := ParseSeverity(r.Detail["severity"][1]); ok {
			now = sev
		}
		began = began || r.opens() && r.EpisodeSeq == s.Episode.Seq
		if began && (r.To == Open || r.To == Acknowledged) {
			peak = min(peak, now)
		}
	}
	if s.Episode.open() {
		peak = min(peak, s.Issue.Severity)
	}
	return peak
}

// rights are those that the rules of people's acts take.
var rights = map[Rule]Action{
	RuleAcknowledge: IssueAck, RuleUnack: IssueAck, RuleAssign: IssueAssign, RuleResolve: IssueResolve, RuleReopenSame: IssueReopen,
	RuleReopen: IssueReopen, RuleIgnore: IssueIgnore, RuleUnignore: IssueIgnore, RuleField: IssueSeverity,
}

// Right is what the act behind the row took, of the actor.
func (t Transition) Right(who Actor) Action {
	own := t.Detail["assignee"]
	switch {
	case t.Rule == RuleAssign && who.Human() && (own[1] == who.ID || own[1] == "" && own[0] == who.ID):
		return IssueAssignSelf
	case t.Rule == RuleField && t.changes("stage"):
		return IssueAck
	}
	if what, known := rights[t.Rule]; known {
		return what
	}
	return IssueAck // of what nobody did by hand
}

func (t Transition) changes(field string) bool { _, ok := t.Detail[field]; return ok }

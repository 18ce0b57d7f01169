package errata

import (
	"slices"
	"strings"
	"time"
)

// Acts are the words for what people do, as addresses and errors name them.
const (
	ActAck      = "ack"
	ActUnack    = "unack"
	ActAssign   = "assign"
	ActResolve  = "resolve"
	ActReopen   = "reopen"
	ActIgnore   = "ignore"
	ActUnignore = "unignore"
	ActSeverity = "severity"
	ActStage    = "stage"
	ActUndo     = "undo"
)

// Stages, Causes and IgnoreReasons are the closed lists that people choose from.
var (
	Stages        = []Stage{Investigating, Fixing, Verifying}
	Causes        = []Cause{CauseFixed, CauseWorkaround, CauseConfig, CauseExternal, CauseCannotReproduce, CauseWontFix}
	IgnoreReasons = []string{"noise", "expected", "third_party", "duplicate", "other"}
)

// Reasons of refused acts.
const (
	ReasonIllegal  = "illegal_transition"
	ReasonStale    = "stale_version"
	ReasonNote     = "act.note_required"
	ReasonLong     = "act.note_too_long"
	ReasonEmpty    = "act.empty_comment"
	ReasonCause    = "act.unknown_cause"
	ReasonIgnore   = "act.unknown_reason"
	ReasonSeverity = "act.unknown_severity"
	ReasonStage    = "act.unknown_stage"
	ReasonAssignee = "act.assignee"
	ReasonTooOld   = "act.too_old"

	ReasonUndoLate    = "undo_late"
	ReasonUndoNotLast = "undo_not_last"
)

// admitted lists the acts that each status admits: the table of transitions,
// read by status.
var admitted = map[Status][]string{
	Open:         {ActAck, ActAssign, ActResolve, ActIgnore, ActSeverity},
	Acknowledged: {ActAck, ActUnack, ActAssign, ActResolve, ActIgnore, ActSeverity, ActStage},
	Resolved:     {ActAssign, ActReopen, ActIgnore, ActSeverity},
	Ignored:      {ActAssign, ActResolve, ActUnignore, ActSeverity},
}

// done are the acts as participles, for sentences.
var done = map[string]string{
	ActAck: "acknowledged", ActUnack: "un-acknowledged", ActAssign: "assigned", ActResolve: "resolved", ActReopen: "reopened",
	ActIgnore: "ignored", ActUnignore: "un-ignored", ActSeverity: "given another severity", ActStage: "given a stage",
}

// Admits says whether the table of transitions knows the act in this status. An
// acknowledged issue takes another acknowledgement as long as its episode has
// no explicit one.
func (i Issue) Admits(act string) bool { return slices.Contains(admitted[i.Status], act) }

func illegal(i Issue, act string) error {
	allowed := admitted[i.Status]
	words := make([]string, len(allowed))
	for n, a := range allowed {
		words[n] = done[a]
	}
	message := "An issue that is " + string(i.Status) + " cannot be " + done[act] + "."
	return Because(Conflict, message, nil, Detail{
		Reason: ReasonIllegal, Message: message, Hint: "It can be " + either(words) + ".",
		Data: map[string]any{"from": string(i.Status), "action": act, "allowed": slices.Clone(allowed)},
	})
}

// either joins words as a sentence does: a, b or c.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Stale is the answer to an act that was decided on an older version: what the
// issue is now, and who made it so. by is nobody when an event did.
func Stale(i Issue, last Transition, by Person) error {
	who, data := "An event", map[string]any{"status": string(i.Status), "version": i.Version, "at": FromMicros(last.At).Format(time.RFC3339)}
	if by.ID != "" {
		who, data["by"] = by.Name, by
	}
	message := who + " changed this issue before you. It is " + string(i.Status) + " now."
	return Because(Conflict, message, nil, Detail{Reason: ReasonStale, Field: "version", Message: message, Hint: "Look at it again, then decide.", Data: data})
}

func refuse(field, reason, message string) error {
	return Because(Invalid, message, nil, Detail{Reason: reason, Field: field, Message: message})
}

// Can says what a reader may do to the issue: the status decides what applies,
// may what they have the right to.
func (i Issue) Can(may func(Action) Allowed) Can {
	on := func(what Action, act string) Allowed {
		a := may(what)
		a.Applies = act == "" || i.Admits(act)
		return a
	}
	c := Can{
		Ack: on(IssueAck, ActAck), Unack: on(IssueAck, ActUnack), Stage: on(IssueAck, ActStage),
		AssignSelf: on(IssueAssignSelf, ActAssign), Assign: on(IssueAssign, ActAssign), Resolve: on(IssueResolve, ActResolve),
		Reopen: on(IssueReopen, ActReopen), Ignore: on(IssueIgnore, ActIgnore), Unignore: on(IssueIgnore, ActUnignore),
		Severity: on(IssueSeverity, ActSeverity), Comment: on(IssueComment, ""), Watch: on(IssueWatch, ""),
	}
	c.Ack.Applies = c.Ack.Applies && i.Status == Open // the episode knows whether a second one makes sense
	return c
}

package page

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// The words of closed lists, in the order in which people choose from them.

var causeWords = map[errata.Cause]string{
	errata.CauseFixed: "Fixed", errata.CauseWorkaround: "Worked around", errata.CauseConfig: "Configuration changed",
	errata.CauseExternal: "External, has passed", errata.CauseCannotReproduce: "Cannot reproduce", errata.CauseWontFix: "Will not be fixed",
}

var stageWords = map[errata.Stage]string{
	errata.Investigating: "Investigating", errata.Fixing: "Fixing", errata.Verifying: "Verifying",
}

var ignoreWords = map[string]string{
	"noise": "Noise", "expected": "Expected", "third_party": "Third party", "duplicate": "Duplicate", "other": "Other",
}

// viaWords say by which door somebody acted, where that is not this page.
var viaWords = map[string]string{"api": "by the API", "cli": "by the command line"}

func orRaw[K ~string](words map[K]string, k K) string {
	if w, ok := words[k]; ok {
		return w
	}
	return string(k)
}

// Done says what an act has made of an issue: "is acknowledged".
func Done(act string, in *IssueIn) string {
	switch act {
	case errata.ActAck:
		return "is acknowledged"
	case errata.ActUnack:
		return "is open again"
	case errata.ActAssign:
		switch in.Acts.Owner.ID {
		case "":
			return "has no owner now"
		case in.Acts.Me:
			return "is yours"
		}
		return "went to " + ui.NewPerson(in.Acts.Owner).Name
	case errata.ActResolve:
		return "is resolved"
	case errata.ActReopen, errata.ActUnignore:
		return "is open again"
	case errata.ActUndo:
		return "is as it was before"
	case errata.ActIgnore:
		return "is ignored"
	case errata.ActSeverity:
		if !in.Issue.SeverityLocked {
			return "gets its severity from events again"
		}
		return "is " + in.Issue.Severity.String() + " now"
	}
	return "is " + strings.ToLower(stageText(in.Issue.Stage)) + " now"
}

// Since says who made something so, and how long ago: ", by A. Rivera 8s ago".
func Since(m ui.Moment, who errata.Person, at int64) string {
	out := ""
	if who.ID != "" {
		out = ", by " + ui.NewPerson(who).Name
	}
	if at != 0 {
		out += " " + m.Ago(at).Text
	}
	return out
}

// ConflictWords says what somebody else did meanwhile, from the ledger; an act
// that the state forbids is told as the rule tells it.
func ConflictWords(in IssueIn, err error) string {
	rows := in.Activity.Transitions
	if errata.ReasonOf(err) != errata.ReasonStale || len(rows) == 0 {
		return errata.MessageOf(err)
	}
	last := rows[len(rows)-1]
	_, _, words := in.Activity.told(last, last.ActorKind == errata.ActorUser)
	who := ""
	if last.ActorKind == errata.ActorUser {
		who = in.Activity.person(last.ActorID).Name + " "
	}
	return who + strings.TrimSpace(sentence(words)) + " " + in.Moment.Ago(last.At).Text + "."
}

package page

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

var (
	ann   = errata.Person{ID: "1", Name: "Ann"}
	bob   = errata.Person{ID: "2", Name: "Bob"}
	known = map[string]errata.Person{"1": ann, "2": bob}
)

// line is a row of the activity in one line.
func line(r ActivityRow) string {
	words := []string{}
	if r.Who != nil {
		words = append(words, r.Who.Name)
	}
	for _, w := range r.Words {
		words = append(words, w.Text)
	}
	for _, s := range []string{r.Times, r.Via} {
		if s != "" {
			words = append(words, s)
		}
	}
	if r.Comment != nil {
		words = append(words, "“"+r.Comment.Body+"”")
	}
	if r.Note != "" {
		words = append(words, "("+r.Note+")")
	}
	return strings.Join(words, " ")
}

func TestEveryRowOfTheLedgerIsTold(t *testing.T) {
	set := func(field, was, is string) map[string][2]string { return map[string][2]string{field: {was, is}} }
	for _, c := range []struct {
		rule     errata.Rule
		from, to errata.Status
		detail   map[string][2]string
		want     string // of a person
		event    string // of an event, "" = never
	}{
		{errata.RuleNew, "", errata.Open, nil, "", "First seen"},
		{errata.RuleRegressed, errata.Resolved, errata.Open, nil, "", "Regressed: an event came after it was resolved"},
		{errata.RuleAcknowledge, errata.Open, errata.Acknowledged, nil, "Ann acknowledged", ""},
		{errata.RuleAssign, errata.Open, errata.Acknowledged, set("assignee", "", "1"), "Ann took it and so acknowledged", ""},
		{errata.RuleAssign, errata.Open, errata.Acknowledged, nil, "Ann took it and so acknowledged", ""},
		{errata.RuleAssign, errata.Open, errata.Open, set("assignee", "", "2"), "Ann assigned it to Bob", ""},
		{errata.RuleAssign, errata.Open, errata.Open, set("assignee", "2", ""), "Ann unassigned Bob", ""},
		{errata.RuleAssign, errata.Open, errata.Open, set("assignee", "", "9"), "Ann assigned it to Former account", ""},
		{errata.RuleUnack, errata.Acknowledged, errata.Open, nil, "Ann took the acknowledgement back", "Open again: it became more severe"},
		{errata.RuleResolve, errata.Open, errata.Resolved, set("cause", "", "wont_fix"), "Ann resolved: Will not be fixed", ""},
		{errata.RuleResolve, errata.Open, errata.Resolved, nil, "Ann resolved", ""},
		{errata.RuleReopenSame, errata.Resolved, errata.Open, nil, "Ann reopened within ten minutes; the clocks ran on", ""},
		{errata.RuleReopen, errata.Resolved, errata.Open, nil, "Ann reopened", ""},
		{errata.RuleIgnore, errata.Open, errata.Ignored, set("ignore_reason", "", "third_party"), "Ann ignored: Third party", ""},
		{errata.RuleUnignore, errata.Ignored, errata.Open, nil, "Ann stopped ignoring", ""},
		{errata.RuleField, errata.Open, errata.Open, set("severity", "P2", "P0"), "Ann raised the severity from P2 to P0", "Severity raised by an event from P2 to P0"},
		{errata.RuleField, errata.Open, errata.Open, set("severity", "P0", "P3"), "Ann lowered the severity from P0 to P3", ""},
		{errata.RuleField, errata.Open, errata.Open, set("severity_locked", "true", "false"), "Ann let events set the severity again", ""},
		{errata.RuleField, errata.Open, errata.Open, set("severity_locked", "false", "true"), "Ann locked the severity", ""},
		{errata.RuleField, errata.Acknowledged, errata.Acknowledged, set("stage", "", "fixing"), "Ann set the stage to Fixing", ""},
		{errata.RuleField, errata.Acknowledged, errata.Acknowledged, set("stage", "fixing", ""), "Ann cleared the stage", ""},
		{errata.RuleField, errata.Open, errata.Open, set("colour", "a", "b"), "Ann changed colour", ""},
	} {
		tr := errata.Transition{Rule: c.rule, From: c.from, To: c.to, Detail: c.detail, ActorKind: errata.ActorUser, ActorID: "1", Via: "session"}
		in := ActivityIn{People: known}
		if got := line(in.transition(tr)); c.want != "" && got != c.want {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
		tr.ActorKind, tr.ActorID = errata.ActorEvent, ""
		if got := line(in.transition(tr)); c.event != "" && got != c.event {
			t.Errorf("%s by an event: %q, want %q", c.rule, got, c.event)
		}
	}
}

func TestStory(t *testing.T) {
	at := func(n int) int64 { return since(time.Hour) + int64(n)*1e6 }
	user := func(rule errata.Rule, n int, who string, note string) errata.Transition {
		return errata.Transition{Rule: rule, Seq: int64(n), At: at(n), ActorKind: errata.ActorUser, ActorID: who, NoteID: note, Via: "api"}
	}
	in := ActivityIn{
		ID: "A-1", Me: "1", People: known, Comment: errata.Allowed{OK: true, Applies: true},
		Transitions: []errata.Transition{
			user(errata.RuleAcknowledge, 1, "1", ""), user(errata.RuleAcknowledge, 2, "1", ""), user(errata.RuleAcknowledge, 3, "1", ""),
			user(errata.RuleAcknowledge, 4, "2", ""), user(errata.RuleResolve, 5, "2", "n1"), user(errata.RuleResolve, 6, "2", "n2"),
		},
		Notes: []errata.IssueNote{
			{ID: "n1", Kind: errata.NoteReason, AuthorID: "2", Body: "why"},
			{ID: "n2", Kind: errata.NoteReason, AuthorID: "2", Body: "again"},
			{ID: "c1", Kind: errata.NoteComment, AuthorID: "1", At: at(4), Body: "mine"},
			{ID: "c2", Kind: errata.NoteComment, AuthorID: "2", At: at(7), Body: "", Ended: at(8)},
		},
	}
	a := newActivity(noon, in)
	var got []string
	for _, r := range a.Rows {
		got = append(got, line(r))
	}
	want := []string{
		"Bob deleted a comment “”", "Bob resolved by the API (again)", "Bob resolved by the API (why)", "Bob acknowledged by the API", "Ann “mine”",
		"Ann acknowledged 3 times by the API",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !a.Composer || a.Rows[0].Comment.Mine || !a.Rows[4].Comment.Mine {
		t.Errorf("composer %v, or the wrong comments are mine", a.Composer)
	}
	for i := range 30 {
		in.Notes = append(in.Notes, errata.IssueNote{ID: "x", Kind: errata.NoteComment, AuthorID: "2", At: at(20 + i), Body: "b"})
	}
	if a = newActivity(noon, in); len(a.Rows) != 8 || len(a.Earlier) != 28 || a.More != "Show 28 earlier" || a.Count != "36" {
		t.Errorf("%d rows, %d earlier, %q, count %s", len(a.Rows), len(a.Earlier), a.More, a.Count)
	}
}

// Controls by status, for somebody who may do everything and for one who may not.
func TestControls(t *testing.T) {
	all := func(errata.Action) errata.Allowed { return errata.Allowed{OK: true} }
	none := func(errata.Action) errata.Allowed { return errata.Allowed{Why: "Needs responder."} }
	for status, want := range map[errata.Status]string{
		errata.Open:         "ack! resolve assign severity ignore watch",
		errata.Acknowledged: "resolve! unack assign stage severity ignore watch",
		errata.Resolved:     "reopen! assign severity ignore watch",
		errata.Ignored:      "unignore! resolve assign severity watch",
	} {
		i := errata.Issue{Status: status, Severity: errata.P2, Version: 3}
		for name, may := range map[string]func(errata.Action) errata.Allowed{"may": all, "may not": none} {
			a := newActs("A-1", "head", i, ActsIn{Can: i.Can(may), People: []errata.Person{ann}, Me: "1"})
			var got []string
			for _, c := range a.Controls {
				word := c.Act
				if c.Primary {
					word += "!"
				}
				if (c.Why != "") != (name == "may not") {
					t.Errorf("%s, %s: %s says %q", status, name, c.Act, c.Why)
				}
				got = append(got, word)
			}
			if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
				t.Errorf("%s, %s: %s", status, name, diff)
			}
			if name == "may not" && (a.Resolve != nil || a.Assign != nil || a.Ignore != nil || a.Severity != nil || a.Stage != nil) {
				t.Errorf("%s: forms for somebody who may not", status)
			}
		}
	}
}

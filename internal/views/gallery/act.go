package gallery

import (
	"fmt"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/page"
)

// The people of the example company.
var (
	rivera = errata.Person{ID: "u1", Name: "Ada Rivera", Login: "ada"}
	ito    = errata.Person{ID: "u2", Name: "Chie Ito", Login: "chie"}
	osei   = errata.Person{ID: "u3", Name: "Ben Osei", Login: "ben"}
	novak  = errata.Person{ID: "u4", Name: "Filip Novák", Login: "filip"}
	team   = []errata.Person{rivera, osei, ito, novak}
)

func byID(people ...errata.Person) map[string]errata.Person {
	out := map[string]errata.Person{}
	for _, p := range people {
		out[p.ID] = p
	}
	return out
}

// mayAll and mayRead are what a responder and a viewer may do.
func mayAll(errata.Action) errata.Allowed { return errata.Allowed{OK: true} }

func mayRead(what errata.Action) errata.Allowed {
	if what == errata.IssueComment || what == errata.IssueWatch {
		return errata.Allowed{OK: true}
	}
	return errata.Allowed{Why: "Needs responder on checkout-api. Ask A. Rivera."}
}

// story is the usual past of the issue: seen, resolved, back, taken.
func story() []errata.Transition {
	user := func(who errata.Person, rule errata.Rule, from, to errata.Status, back time.Duration) errata.Transition {
		return errata.Transition{Rule: rule, ActorKind: errata.ActorUser, ActorID: who.ID, Via: "session", From: from, To: to, At: ago(back), Detail: map[string][2]string{}}
	}
	by := func(rule errata.Rule, back time.Duration, event string) errata.Transition {
		return errata.Transition{Rule: rule, ActorKind: errata.ActorEvent, EventID: event, At: ago(back), Detail: map[string][2]string{}, To: errata.Open}
	}
	out := []errata.Transition{
		by(errata.RuleNew, 4*day+13*time.Hour, "11"),
		user(osei, errata.RuleAcknowledge, errata.Open, errata.Acknowledged, 4*day+12*time.Hour),
		user(osei, errata.RuleResolve, errata.Acknowledged, errata.Resolved, 3*day),
		by(errata.RuleRegressed, time.Hour+9*time.Minute, "7f3ac1e04b6d4c21a7b0d1c2e3f40516"),
		by(errata.RuleField, time.Hour+8*time.Minute, "44"),
	}
	out[2].Detail["cause"], out[2].NoteID = [2]string{"", string(errata.CauseFixed)}, "n1"
	out[4].Detail["severity"] = [2]string{"P2", "P0"}
	for i := range out {
		out[i].Seq = int64(i + 1)
	}
	return out
}

func notes() []errata.IssueNote {
	return []errata.IssueNote{
		{ID: "n1", Kind: errata.NoteReason, AuthorID: osei.ID, At: ago(3 * day), Body: "Lines are locked in the order of their SKU since 4.12.1."},
		{ID: "n2", Kind: errata.NoteComment, AuthorID: rivera.ID, At: ago(6 * time.Minute), Body: "Two carts lock the same SKUs in different order. Rolling back the flag `reserve_in_tx` while I sort the lines.\n\n@ben can you watch `pg_locks`?"},
	}
}

// worked fills in what acting shows, for the state that the issue is in.
func worked(in *page.IssueIn) {
	if in.Acts.Can == (errata.Can{}) {
		in.Acts.Can = in.Issue.Can(mayAll)
	}
	if in.Acts.Me == "" {
		in.Acts.Me = rivera.ID
	}
	if in.Acts.People == nil {
		in.Acts.People = team
	}
	if in.Activity.Transitions == nil {
		in.Activity.Transitions, in.Activity.Notes = story(), notes()
	}
	if in.Activity.People == nil {
		in.Activity.People = byID(team...)
	}
	if in.Response.Episode.Seq == 0 && !unknownEpisode(in) {
		in.Response.Episode = errata.Episode{Seq: 2, OpenReason: errata.ReasonRegressed, OpenedAt: ago(8 * time.Minute)}
	}
	if in.Response.Target == (errata.Target{}) {
		in.Response.Target = errata.Target{Ack: us(15 * time.Minute), Resolve: us(4 * time.Hour)}
	}
}

// unknownEpisode marks the state in which no episode is known.
func unknownEpisode(in *page.IssueIn) bool { return in.Issue.EpisodeSeq < 0 }

func us(d time.Duration) int64 { return d.Microseconds() }

func acknowledged(in *page.IssueIn) {
	in.Issue.Status, in.Issue.AssigneeID, in.Acts.Owner = errata.Acknowledged, rivera.ID, rivera
	in.Response.Episode = errata.Episode{
		Seq: 2, OpenReason: errata.ReasonRegressed, OpenedAt: ago(92 * time.Minute), AckedAt: ago(88 * time.Minute), RespondedAt: ago(88 * time.Minute),
		ResponseKind: errata.RespondedAck, RespondedBy: rivera.ID,
	}
	in.Activity.Transitions = append(story(), errata.Transition{
		Seq: 6, Rule: errata.RuleAssign, ActorKind: errata.ActorUser, ActorID: rivera.ID, Via: "session", From: errata.Open, To: errata.Acknowledged, At: ago(88 * time.Minute),
		Detail: map[string][2]string{"assignee": {"", rivera.ID}},
	})
	in.Activity.Notes = notes()
}

func actStates() []state {
	resolved := func(in *page.IssueIn) {
		acknowledged(in)
		in.Issue.Status, in.Issue.Severity = errata.Resolved, errata.P1
		in.Response.Episode.ResolvedAt, in.Response.Episode.ClosedAt, in.Response.Episode.CloseReason = ago(2*time.Minute), ago(2*time.Minute), errata.ClosedResolved
		in.Activity.Transitions = append(in.Activity.Transitions, errata.Transition{
			Seq: 7, Rule: errata.RuleResolve, ActorKind: errata.ActorUser, ActorID: rivera.ID, Via: "api", From: errata.Acknowledged, To: errata.Resolved, At: ago(2 * time.Minute),
			Detail: map[string][2]string{"cause": {"", string(errata.CauseWorkaround)}},
		})
	}
	return []state{
		issue("acknowledged", func(in *page.IssueIn) { acknowledged(in); in.Issue.Stage, in.Acts.Watching = errata.Fixing, true }),
		issue("assigned", func(in *page.IssueIn) {
			acknowledged(in)
			in.Response.Episode.AckedAt, in.Response.Episode.ResponseKind = 0, errata.RespondedAssign
			in.Acts.Can = in.Issue.Can(mayAll)
			in.Acts.Can.Ack.Applies = true
		}),
		issue("resolved", resolved),
		issue("ignored", func(in *page.IssueIn) {
			in.Issue.Status, in.Issue.IgnoreReason, in.Issue.Severity, in.Issue.SeverityLocked = errata.Ignored, "third_party", errata.P2, true
			in.Response.Episode = errata.Episode{Seq: 1, OpenReason: errata.ReasonNew, OpenedAt: ago(5 * time.Hour), RespondedAt: ago(2 * time.Hour), ResponseKind: errata.RespondedIgnore, RespondedBy: ito.ID, ClosedAt: ago(2 * time.Hour), CloseReason: errata.ClosedIgnored}
		}),
		issue("late", func(in *page.IssueIn) { in.Response.Episode = errata.Episode{Seq: 1, OpenedAt: ago(31 * time.Hour)} }),
		issue("no-target", func(in *page.IssueIn) {
			in.Issue.Severity, in.Response.Target = errata.P3, errata.Target{Severity: errata.P3}
		}),
		issue("no-episode", func(in *page.IssueIn) { in.Issue.EpisodeSeq = -1 }),
		issue("viewer", func(in *page.IssueIn) {
			acknowledged(in)
			in.Acts.Can, in.Acts.Me = in.Issue.Can(mayRead), novak.ID
		}),
		issue("conflict", func(in *page.IssueIn) {
			acknowledged(in)
			in.Activity.Transitions[5].At, in.Activity.Transitions[5].Rule = ago(8*time.Second), errata.RuleAcknowledge
			in.Activity.People = byID(team...)
			in.Conflict = page.ConflictWords(*in, errata.Because(errata.Conflict, "Ada Rivera changed this issue before you.", nil, errata.Detail{Reason: errata.ReasonStale}))
		}),
		issue("note-required", func(in *page.IssueIn) {
			message := "A P0 is resolved with a note: what was it, and what was done?"
			in.Acts.Refused = &page.Refused{Act: errata.ActResolve, Fields: map[string]string{"cause": "config"}, Err: errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: errata.ReasonNote, Field: "note", Message: message})}
		}),
		issue("comment-refused", func(in *page.IssueIn) {
			message := "Write something first."
			in.Activity.Refused = &page.Refused{Fields: map[string]string{"body": " "}, Err: errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: errata.ReasonEmpty, Field: "body", Message: message})}
		}),
		issue("busy-past", busyPast),
		issue("activity-failed", func(in *page.IssueIn) {
			in.Activity.Failed = failure("The activity could not be read.", "/issues/CHK-2187")
			in.Activity.Failed.Target = "activity"
		}),
	}
}

// busyPast is an issue of many people, acts of every kind, and repeats.
func busyPast(in *page.IssueIn) {
	acknowledged(in)
	in.Acts.People = nil
	for i := range 40 {
		in.Acts.People = append(in.Acts.People, errata.Person{ID: fmt.Sprintf("p%d", i), Name: fmt.Sprintf("Person %c. %d", 'A'+rune(i%26), i), Login: fmt.Sprintf("p%d", i)})
	}
	in.Acts.People = append(in.Acts.People, rivera)
	at := ago(80 * time.Minute)
	add := func(t errata.Transition) {
		at += 60e6
		t.Seq, t.At, t.ActorKind = int64(len(in.Activity.Transitions)+1), at, errata.ActorUser
		if t.ActorID == "" {
			t.ActorID = ito.ID
		}
		in.Activity.Transitions = append(in.Activity.Transitions, t)
	}
	set := func(field, was, is string) map[string][2]string { return map[string][2]string{field: {was, is}} }
	add(errata.Transition{Rule: errata.RuleField, Detail: set("severity", "P0", "P2"), NoteID: "n9"})
	add(errata.Transition{Rule: errata.RuleField, Detail: set("severity_locked", "true", "false")})
	add(errata.Transition{Rule: errata.RuleField, Detail: set("stage", "", "fixing")})
	add(errata.Transition{Rule: errata.RuleField, Detail: set("stage", "fixing", "")})
	add(errata.Transition{Rule: errata.RuleUnack, From: errata.Acknowledged, To: errata.Open})
	for range 3 {
		add(errata.Transition{Rule: errata.RuleAcknowledge, From: errata.Open, To: errata.Acknowledged})
	}
	add(errata.Transition{Rule: errata.RuleAssign, Detail: set("assignee", rivera.ID, osei.ID)})
	add(errata.Transition{Rule: errata.RuleAssign, Detail: set("assignee", osei.ID, "")})
	add(errata.Transition{Rule: errata.RuleIgnore, Detail: set("ignore_reason", "", "noise")})
	add(errata.Transition{Rule: errata.RuleUnignore})
	add(errata.Transition{Rule: errata.RuleReopenSame})
	add(errata.Transition{Rule: errata.RuleReopen, ActorID: "gone"})
	add(errata.Transition{ID: "t-undone", Rule: errata.RuleResolve, Detail: set("cause", "", "fixed")})
	add(errata.Transition{Rule: errata.RuleUndo, UndoOf: "t-undone"})
	add(errata.Transition{ID: "t-last", Rule: errata.RuleAcknowledge, From: errata.Open, To: errata.Acknowledged})
	in.Activity.Undo = &errata.Transition{ID: "t-last"}
	in.Activity.Notes = append(notes(), errata.IssueNote{ID: "n9", Kind: errata.NoteReason, AuthorID: ito.ID, At: at, Body: "Only the nightly job meets it."},
		errata.IssueNote{ID: "n3", Kind: errata.NoteComment, AuthorID: ito.ID, At: at, EditedAt: at, Body: "# Plan\n1. sort by SKU\n2. retry *once*\n\n> as agreed\n\n```go\nsort.Slice(lines, bySKU)\n```\nSee https://wiki.example/locks"},
		errata.IssueNote{ID: "n4", Kind: errata.NoteComment, AuthorID: rivera.ID, At: at, Ended: at})
}

// hostileActs puts hostile words wherever people type.
func hostileActs(in *page.IssueIn) {
	bad := hostile + bidi
	evil := errata.Person{ID: "u9", Name: bad, Login: bad}
	in.Acts.People, in.Acts.Owner, in.Issue.AssigneeID = append([]errata.Person{evil}, team...), evil, evil.ID
	in.Activity.People = byID(evil)
	in.Activity.Transitions = story()
	for i := range in.Activity.Transitions {
		in.Activity.Transitions[i].ActorID = evil.ID
	}
	in.Activity.Notes = []errata.IssueNote{
		{ID: "n1", Kind: errata.NoteReason, AuthorID: evil.ID, At: ago(day), Body: bad},
		{ID: "n2", Kind: errata.NoteComment, AuthorID: rivera.ID, At: ago(time.Hour), Body: "</textarea><script>alert(6)</script>\n[x](javascript:alert(5)) ![y](https://evil.example/p.png) <a href=\"javascript:alert(7)\">z</a>"},
		{ID: "n3", Kind: errata.NoteComment, AuthorID: evil.ID, At: ago(time.Hour), Body: strings.Repeat(bad+" ", 60)},
	}
}

func bulkItems(fates ...string) []page.BulkItemIn {
	why := map[string]string{
		"illegal": "An issue that is ignored cannot be acknowledged.", "forbidden": "Needs responder on payments-worker. Ask A. Rivera.",
		"busy": "This issue is being changed by others all the time. Try again in a moment.",
	}
	var out []page.BulkItemIn
	for i, f := range fates {
		r := listed[i%len(listed)]
		out = append(out, page.BulkItemIn{ID: errata.ShortID(services[r.service].Prefix, r.number+int64(i)), Title: r.title, Fate: f, Why: why[f]})
	}
	return out
}

func bulk(name string, in page.BulkIn) state {
	in.Next = "/issues?q=is:unresolved"
	if in.Act == "" {
		in.Act = errata.ActAck
	}
	in.Me = rivera.ID
	return state{name, page.NewBulk(chrome("/issues/bulk"), in)}
}

func bulkStates() []state {
	mixed := bulkItems("change", "change", "same", "illegal", "forbidden", "change")
	hard := func(title string) []page.BulkItemIn {
		out := bulkItems("change", "illegal")
		for i := range out {
			out[i].Title, out[i].Why = title, title
		}
		return out
	}
	many := make([]string, 120)
	for i := range many {
		many[i] = "change"
	}
	note := errata.E(errata.Invalid, "A note has at most 20,000 characters.", nil)
	whole := func(total int64, query, said string) *page.BulkScope {
		return &page.BulkScope{
			Query: query, From: "2026-11-19T15:31:04Z", To: "2026-11-20T15:31:04Z", Total: total, Job: total > 500, Typed: total > 1000, Said: said,
			Counts: map[string]int64{"change": total - 300, "same": 260, "illegal": 37, "forbidden": 3},
		}
	}
	return []state{
		bulk("query", page.BulkIn{Items: mixed, Scope: whole(700, "is:unresolved env:production", "")}),
		bulk("query-typed", page.BulkIn{Act: errata.ActResolve, Items: mixed, Scope: whole(20_000, "", "")}),
		bulk("query-refused", page.BulkIn{
			Items: mixed, Scope: whole(1204, "is:unresolved", "1205"), Err: errata.E(errata.Invalid, "Type how many issues you are about to change.", nil),
		}),
		bulk("query-hostile", page.BulkIn{Items: hard(hostile + bidi), Scope: whole(20_000, hostile+bidi, hostile)}),
		bulk("mixed", page.BulkIn{Items: mixed}),
		bulk("one", page.BulkIn{Act: errata.ActReopen, Items: bulkItems("change")}),
		bulk("nothing", page.BulkIn{Items: bulkItems("same", "same")}),
		bulk("resolve", page.BulkIn{Act: errata.ActResolve, Items: mixed, Cause: errata.CauseConfig, Err: note}),
		bulk("ignore", page.BulkIn{Act: errata.ActIgnore, Items: mixed, Reason: "expected"}),
		bulk("assign", page.BulkIn{Act: errata.ActAssign, Items: mixed, People: team, Assignee: "user:u2"}),
		bulk("many", page.BulkIn{Items: bulkItems(many...)}),
		bulk("done", page.BulkIn{Items: bulkItems("done", "done", "busy", "forbidden"), Done: true}),
		bulk("longest", page.BulkIn{Items: hard(longWord + longWord)}),
		bulk("right-to-left", page.BulkIn{Items: hard(arabic)}),
		bulk("hostile", page.BulkIn{Items: hard(hostile + bidi), Act: errata.ActResolve, Note: "</textarea>" + hostile}),
	}
}

func actPages() []state {
	one := func(name string, change func(*page.IssueIn)) state {
		in := issueIn(change)
		in.Acts.Next = "/issues"
		return state{name, page.NewActPage(chrome("/issues/CHK-2187/act"), in.Issue, in.Service, in.Acts)}
	}
	return []state{
		one("open", func(*page.IssueIn) {}),
		one("acknowledged", acknowledged),
		one("viewer", func(in *page.IssueIn) { in.Acts.Can = in.Issue.Can(mayRead) }),
		one("longest", func(in *page.IssueIn) {
			in.Issue.Title = longWord + longWord
			acknowledged(in)
			in.Acts.Owner.Name = longWord
		}),
		one("hostile", func(in *page.IssueIn) { in.Issue.Title = hostile + bidi; hostileActs(in) }),
	}
}

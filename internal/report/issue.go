package report

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
)

// Issue makes of one issue the document that is taken along: what it is, its
// clocks, what happened to it, and its recommended event with personal data
// masked. The first line that leaves is written down. Errors: not_found,
// forbidden.
func (s *Service) Issue(ctx context.Context, who errata.Actor, shortID, form string) (errata.Document, error) {
	v, err := s.Find.Issue(ctx, who, shortID)
	if err != nil {
		return errata.Document{}, err
	}
	if err := s.Decide(who, errata.IssueExport, v.Project.ID); err != nil {
		return errata.Document{}, err
	}
	story, err := s.Find.Activity(ctx, who, v.ShortID())
	if err != nil {
		return errata.Document{}, err
	}
	now := s.Clock()
	zone := (&Export{Zone: who.Zone}).zone()
	d := errata.Document{
		Title: v.ShortID() + " " + v.Issue.Title, AsOf: now.UnixMicro(), Zone: zone.String(), Filters: []string{s.URL + "/issues/" + v.ShortID()},
		Sections: []errata.Section{
			{ID: "issue", Title: "Issue", Table: facts(issueFacts(v, story, zone))},
			{ID: "clocks", Title: "Response", Table: facts(clockFacts(v, zone))},
			{ID: "activity", Title: "Activity", Table: activity(story)},
		},
	}
	d.Sections = append(d.Sections, s.eventSections(ctx, who, v, zone)...)
	on := errata.On(v.Project.ID, "issue", v.Issue.ID)
	return d, s.Store.NoteExport(ctx, who, errata.IssueExport, on, false, map[string]any{"what": "issue", "format": form})
}

// fact is a line of a table of two columns.
type fact struct{ name, value string }

func facts(all []fact) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{col("field", "Field", errata.ColumnText), col("value", "Value", errata.ColumnText)}}
	for _, f := range all {
		if f.value != "" {
			t.Rows = append(t.Rows, []errata.Cell{text(f.name), text(f.value)})
		}
	}
	return t
}

// told writes a time in a zone, "" = none.
func toldIn(us int64, zone *time.Location) string {
	if us == 0 {
		return ""
	}
	return errata.FromMicros(us).In(zone).Format("2006-01-02 15:04:05 MST")
}

func issueFacts(v find.IssueView, story find.Activity, zone *time.Location) []fact {
	i := v.Issue
	owner := v.People[i.AssigneeID].Name
	if owner == "" {
		owner = story.People[i.AssigneeID].Name
	}
	users := ""
	if i.Users > 0 { // none is none that an event named
		users = thousands(int(i.Users))
	}
	return []fact{
		{"Id", v.ShortID()},
		{"Service", v.Project.Slug},
		{"Type", i.Type},
		{"Title", i.Title},
		{"Culprit", i.Culprit},
		{"Code", i.Code},
		{"Severity", i.Severity.String() + " " + i.Severity.Word()},
		{"Status", string(i.Status)},
		{"Reason", string(i.Reason)},
		{"Owner", owner},
		{"Environments", strings.Join(v.Environments, ", ")},
		{"Events", thousands(int(i.Events))},
		{"Users", users},
		{"First seen", toldIn(i.FirstSeen, zone)},
		{"Last seen", toldIn(i.LastSeen, zone)},
		{"First release", i.FirstRelease},
		{"Last release", i.LastRelease},
	}
}

func clockFacts(v find.IssueView, zone *time.Location) []fact {
	e := v.Episode
	span := func(m stats.Metric) string {
		p := stats.Rules{Metric: m}.Place(&e)
		if p.At == 0 || p.Out != stats.Included {
			return ""
		}
		return spanOf(p.Took)
	}
	target := func(us int64) string {
		if us == 0 {
			return ""
		}
		return spanOf(us)
	}
	return []fact{
		{"Episode", strconv.FormatInt(e.Seq, 10)},
		{"Opened", toldIn(e.OpenedAt, zone)},
		{"Alerted", toldIn(e.AlertedAt, zone)},
		{"Answered", toldIn(e.RespondedAt, zone)},
		{"Acknowledged", toldIn(e.AckedAt, zone)},
		{"Resolved", toldIn(e.ResolvedAt, zone)},
		{"Closed", toldIn(e.ClosedAt, zone)},
		{"Time to acknowledge", span(stats.TTA)},
		{"Time to resolve", span(stats.TTR)},
		{"Target to acknowledge", target(v.Target.Ack)},
		{"Target to resolve", target(v.Target.Resolve)},
	}
}

// spanOf writes µs to the second: 4h, 2h41m, 6m12s.
func spanOf(us int64) string {
	s := (time.Duration(us) * time.Microsecond).Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// activity is the ledger with what was written.
func activity(story find.Activity) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{
		col("at", "At", errata.ColumnTime), col("by", "By", errata.ColumnText), col("what", "What", errata.ColumnText), col("note", "Note", errata.ColumnText),
	}}
	for _, r := range story.Rows {
		t.Rows = append(t.Rows, []errata.Cell{moment(r.At), text(actorName(r, story.People)), text(deed(r, story.People)), text(r.Note.Body)})
	}
	return t
}

func actorName(r find.ActivityRow, people map[string]errata.Person) string {
	id := r.Transition.ActorID
	switch {
	case r.Transition.Rule == "":
		id = r.Note.AuthorID
	case r.Transition.ActorKind == errata.ActorEvent:
		return "event"
	case r.Transition.ActorKind != errata.ActorUser:
		return string(r.Transition.ActorKind)
	}
	if p, ok := people[id]; ok && p.Name != "" {
		return p.Name
	}
	return "deleted account"
}

// deed says in words what a row of the ledger did.
func deed(r find.ActivityRow, people map[string]errata.Person) string {
	t := r.Transition
	if t.Rule == "" {
		if r.Note.Ended != 0 {
			return "comment, deleted"
		}
		return "comment"
	}
	var parts []string
	if t.From != t.To {
		from := string(t.From)
		if from == "" {
			from = "new"
		}
		parts = append(parts, from+" → "+string(t.To))
	}
	for _, field := range []string{"assignee", "severity", "stage", "cause", "reason", "kind"} {
		if d, ok := t.Detail[field]; ok && d[0] != d[1] {
			if field == "assignee" {
				d = [2]string{people[d[0]].Name, people[d[1]].Name}
			}
			parts = append(parts, strings.TrimSpace(field+" "+d[1]))
		}
	}
	if len(parts) == 0 {
		return string(t.Rule)
	}
	return strings.Join(parts, ", ")
}

// eventSections are one event: its fields, and its stack as text.
func (s *Service) eventSections(ctx context.Context, who errata.Actor, v find.IssueView, zone *time.Location) []errata.Section {
	e := s.Find.Event(ctx, who, v, find.Recommended)
	if e.Event == nil {
		why := "The event could not be read."
		if e.Gone {
			why = "The body of the event has expired."
		}
		return []errata.Section{{ID: "event", Title: "Event", Text: why}}
	}
	ev := e.Event
	all := []fact{
		{"Event", ev.ID},
		{"Time", toldIn(ev.Timestamp, zone)},
		{"Level", string(ev.Level)},
		{"Environment", ev.Environment},
		{"Release", ev.Release},
		{"Host", ev.Host},
		{"Transaction", ev.Transaction},
		{"Message", ev.Message},
	}
	if r := ev.Request; r != nil {
		all = append(all, fact{"Request", strings.TrimSpace(r.Method + " " + r.URL)})
	}
	if t := ev.Trace; t != nil {
		all = append(all, fact{"Trace", t.TraceID})
	}
	if u := ev.User; u != nil {
		all = append(all, fact{"User", strings.Join(named(u.ID, u.Email, u.Username, u.IP), ", ")})
	}
	for _, p := range ev.Tags {
		all = append(all, fact{"Tag " + p.Key, p.Value})
	}
	out := []errata.Section{{ID: "event", Title: "Event", Table: facts(all)}}
	if stack := stackText(ev); stack != "" {
		out = append(out, errata.Section{ID: "stack", Title: "Stack", Text: stack, Code: true})
	}
	return out
}

func named(all ...string) (out []string) {
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// stackText writes the exceptions, the last thrown first, each with its newest
// call first.
func stackText(ev *errata.Event) string {
	var b strings.Builder
	for i := len(ev.Exceptions) - 1; i >= 0; i-- {
		x := &ev.Exceptions[i]
		if i < len(ev.Exceptions)-1 {
			b.WriteString("caused by ")
		}
		b.WriteString(strings.TrimSuffix(x.Type+": "+x.Value, ": ") + "\n")
		for k := len(x.Frames) - 1; k >= 0; k-- {
			frameText(&b, &x.Frames[k])
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func frameText(b *strings.Builder, f *errata.Frame) {
	b.WriteString("    at " + strings.Join(named(f.Module, f.Function), "."))
	if f.File != "" {
		fmt.Fprintf(b, " (%s:%d)", f.File, f.Line)
	}
	b.WriteString("\n")
}

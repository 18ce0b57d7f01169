package page

import (
	"time"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// ResponseIn is what the card of response times is made from. Episode is the
// open one, else the last; Seq 0 = none is known.
type ResponseIn struct {
	Issue   errata.Issue
	Episode errata.Episode
	Target  errata.Target
	Owner   errata.Person
	People  map[string]errata.Person
	Cause   errata.Cause // of the resolution that stands
}

// Response is how fast the present episode is answered, against the targets.
type Response struct {
	Policy   string
	Clocks   []Clock
	Owner    *ui.Person
	Rows     []ui.Row
	Unknown  bool     // no episode is known
	Deadline *ui.Chip // the next deadline, for the head of narrow pages
}

// Clock is a time that runs or has stopped, beside its target.
type Clock struct {
	Text, Title string
	Chip        *ui.Chip
	Fill        int    // 0 to 100 of the target; -1 = there is none
	Tone        string // class of the bar: ok, run, late
}

// nearly is the last part of a target in which a running clock warns.
const nearly = 4

func newResponse(m ui.Moment, in ResponseIn) Response {
	ep := in.Episode
	r := Response{Policy: in.Issue.Severity.String(), Unknown: ep.Seq == 0}
	if in.Owner.ID != "" {
		p := ui.NewPerson(in.Owner)
		r.Owner = &p
	}
	r.Rows = responseRows(m, in)
	if ep.Seq == 0 {
		return r
	}
	ack, resolve := ackClock(m, in), resolveClock(m, in)
	r.Clocks = []Clock{ack, resolve}
	for _, c := range r.Clocks {
		if r.Deadline == nil && c.Chip != nil && c.Tone != "ok" && ep.ClosedAt == 0 && c.Tone != "done" {
			r.Deadline = &ui.Chip{Text: c.Text + ", " + c.Chip.Text, Tone: c.Chip.Tone, Icon: "timer"}
		}
	}
	return r
}

// began is when the clocks of an episode started: with the first alert, unless
// somebody had answered before it.
func began(ep errata.Episode) int64 {
	stop := ep.RespondedAt
	if stop == 0 {
		stop = ep.ResolvedAt
	}
	if ep.AlertedAt != 0 && (stop == 0 || ep.AlertedAt <= stop) {
		return ep.AlertedAt
	}
	return ep.OpenedAt
}

var respondedWords = map[errata.ResponseKind]string{
	errata.RespondedAck: "Acknowledged", errata.RespondedAssign: "Assigned", errata.RespondedResolve: "Answered by resolving", errata.RespondedIgnore: "Answered by ignoring",
}

func ackClock(m ui.Moment, in ResponseIn) Clock {
	ep := in.Episode
	switch {
	case ep.RespondedAt != 0:
		c := stopped(orRaw(respondedWords, ep.ResponseKind), ep.RespondedAt-began(ep), in.Target.Ack)
		c.Title = m.At(ep.RespondedAt).Title
		if p, ok := in.People[ep.RespondedBy]; ok {
			c.Title = ui.NewPerson(p).Name + ", " + c.Title
		}
		return c
	case ep.ClosedAt != 0:
		return Clock{Text: "Closed without a response", Fill: -1}
	}
	return running(m, "Acknowledge", began(ep), in.Target.Ack)
}

func resolveClock(m ui.Moment, in ResponseIn) Clock {
	ep := in.Episode
	switch {
	case ep.ResolvedAt != 0:
		c := stopped("Resolved", ep.ResolvedAt-began(ep), in.Target.Resolve)
		c.Title = m.At(ep.ResolvedAt).Title
		return c
	case ep.ClosedAt != 0:
		return Clock{Text: "Ignored after " + took(ep.ClosedAt-began(ep)), Title: m.At(ep.ClosedAt).Title, Fill: -1}
	}
	return running(m, "Resolve", began(ep), in.Target.Resolve)
}

func took(us int64) string { return ui.Duration(time.Duration(us) * time.Microsecond) }

func stopped(did string, spent, target int64) Clock {
	c := Clock{Text: did + " in " + took(spent), Fill: -1, Tone: "ok"}
	if target == 0 {
		return c
	}
	c.Fill, c.Chip = share(spent, target), &ui.Chip{Text: "target " + took(target), Tone: "ok", Icon: "check"}
	if spent > target {
		c.Tone, c.Chip = "missed", &ui.Chip{Text: took(spent-target) + " over " + took(target), Tone: "late", Icon: "x"}
	}
	return c
}

func running(m ui.Moment, verb string, start, target int64) Clock {
	now := m.Now.UnixMicro()
	if target == 0 {
		return Clock{Text: verb + ": waits for " + took(max(now-start, 0)), Fill: -1, Tone: "run", Title: "No target is set for this severity"}
	}
	due := start + target
	c := Clock{Text: verb + " by " + clockTime(m, due), Title: m.At(due).Title, Fill: share(now-start, target), Tone: "run"}
	switch left := due - now; {
	case left < 0:
		c.Tone, c.Chip = "late", &ui.Chip{Text: coarse(-left) + " over", Tone: "late"}
	case left < target/nearly:
		c.Chip = &ui.Chip{Text: coarse(left) + " left", Tone: "warn"}
	default:
		c.Chip = &ui.Chip{Text: coarse(left) + " left"}
	}
	return c
}

// coarse is a span that is still running: seconds of hours say nothing.
func coarse(us int64) string {
	d := time.Duration(us) * time.Microsecond
	if d >= time.Minute {
		d = d.Truncate(time.Minute)
	} else {
		d = d.Truncate(time.Second)
	}
	return ui.Duration(d)
}

// clockTime is the minute of the day, with the day where it is another one.
func clockTime(m ui.Moment, us int64) string {
	if y, d := m.In(us), m.In(m.Now.UnixMicro()); y.YearDay() == d.YearDay() && y.Year() == d.Year() {
		return m.Hour(us)
	}
	return m.Date(us)
}

func share(spent, target int64) int { return int(min(100*max(spent, 0)/target, 100)) }

func responseRows(m ui.Moment, in ResponseIn) []ui.Row {
	i, ep := in.Issue, in.Episode
	var rows []ui.Row
	if i.Stage != "" {
		rows = append(rows, ui.Row{Name: "Stage", Value: orRaw(stageWords, i.Stage)})
	}
	if i.Status == errata.Resolved && in.Cause != "" {
		rows = append(rows, ui.Row{Name: "Cause", Value: orRaw(causeWords, in.Cause)})
	}
	if i.IgnoreReason != "" {
		rows = append(rows, ui.Row{Name: "Ignored", Value: orRaw(ignoreWords, i.IgnoreReason)})
	}
	if ep.Seq > 0 {
		at := m.At(ep.OpenedAt)
		rows = append(rows, ui.Row{Name: openedName(ep), Time: &at})
	}
	if ep.Seq > 1 {
		rows = append(rows, ui.Row{Name: "Times opened", Value: ui.Exact(ep.Seq)})
	}
	return rows
}

func openedName(ep errata.Episode) string {
	switch ep.OpenReason {
	case errata.ReasonRegressed:
		return "Regressed"
	case errata.ReasonReopened:
		return "Reopened"
	case errata.ReasonNew:
	}
	return "Opened"
}

package demo

import (
	"slices"
	"testing"
	"time"

	"errata/internal/errata"
)

// troupe plays a plan with the rules of the domain alone.
type troupe struct {
	t       *testing.T
	p       *plan
	issues  map[*subject]*role
	ids     int
	rules   map[errata.Rule]int
	answers map[errata.Severity][]time.Duration
}

// role is what a subject is at some time of the story.
type role struct {
	errata.Step
	was errata.Status // before it was resolved
}

func (tr *troupe) next() string { tr.ids++; return time.Duration(tr.ids).String() }

func (tr *troupe) event(d delivery) {
	e := errata.Sighting{Timestamp: d.at.UnixMicro(), ReceivedAt: d.at.UnixMicro(), Severity: d.of.severity}
	r, known := tr.issues[d.of]
	if !known {
		var is errata.Issue
		is.Witness(e)
		r = &role{Step: errata.Opening(is, e)}
		tr.issues[d.of] = r
	} else {
		r.Witness(e)
		s := errata.Step{Issue: r.Issue, Episode: r.Episode}
		var res errata.Resolution
		if r.Resolution != nil {
			res = *r.Resolution
		}
		s.Event(e, res)
		if s.Opened {
			r.Episode = s.Episode
		}
		r.Issue, r.Rows = s.Issue, s.Rows
	}
	tr.note(r)
}

// Witness counts the event.
func (r *role) Witness(e errata.Sighting) { r.Issue.Witness(e) }

func (tr *troupe) note(r *role) {
	for _, row := range r.Rows {
		tr.rules[row.Rule]++
	}
	r.Rows = nil
}

func (tr *troupe) act(a act) {
	if a.do == browse {
		return
	}
	r, known := tr.issues[a.of]
	if !known {
		tr.t.Fatalf("%s before the first event of %s", a.do, a.of.typ)
	}
	who := errata.Act{At: a.at.UnixMicro(), Who: errata.Actor{Kind: errata.ActorUser, ID: a.who}, NoteID: a.text}
	before := r.Issue.Status
	var s errata.Step
	var err error
	switch a.do {
	case ack:
		s, err = r.Issue.Acknowledge(r.Episode, who)
	case assign:
		to := a.to
		if to == "me" {
			to = a.who
		}
		s, err = r.Issue.Assign(r.Episode, who, to)
	case resolve, tidy:
		s, err = r.Issue.Resolve(r.Episode, who, errata.Cause(a.to))
	case reopen:
		s, err = r.Issue.Reopen(r.Episode, who, *r.Resolution, r.was)
	case ignore:
		s, err = r.Issue.Ignore(r.Episode, who, a.to)
	case stage:
		s, err = r.Issue.SetStage(r.Episode, who, errata.Stage(a.to))
	case severity:
		to, _ := errata.ParseSeverity(a.to)
		s, err = r.Issue.SetSeverity(r.Episode, who, to)
	default: // comment, watch, reveal
		return
	}
	if err != nil {
		tr.retell(a.of)
		tr.t.Fatalf("%s of %s (%s) at %s: %v", a.do, a.of.typ, r.Issue.Status, a.at, err)
	}
	if len(s.Rows) == 0 && a.do != ack && a.do != assign { // who has it already takes it again
		tr.t.Errorf("%s of %s (%s) at %s changes nothing", a.do, a.of.typ, r.Issue.Status, a.at)
	}
	if s.Episode.RespondedAt != 0 && r.Episode.RespondedAt == 0 {
		tr.answers[s.Episode.SeverityOpen] = append(tr.answers[s.Episode.SeverityOpen], time.Duration(s.Episode.RespondedAt-s.Episode.OpenedAt)*time.Microsecond)
	}
	if s.Changed() {
		s.Name(tr.next)
	}
	if s.Resolution == nil {
		s.Resolution = r.Resolution
	}
	r.Step, r.was = s, before
	tr.note(r)
}

// retell logs what the plan has of a subject.
func (tr *troupe) retell(s *subject) {
	for _, d := range tr.p.deliveries {
		if d.of == s && d.opens {
			tr.t.Log(d.at, "opens")
		}
	}
	for _, a := range tr.p.acts {
		if a.of == s {
			tr.t.Log(a.at, a.who, a.do, a.to)
		}
	}
}

// play tells a plan to the end.
func (tr *troupe) play(p *plan) {
	acts := p.acts
	tr.p = p
	for _, d := range p.deliveries {
		for len(acts) > 0 && acts[0].at.Before(d.at) {
			tr.act(acts[0])
			acts = acts[1:]
		}
		tr.event(d)
	}
	for _, a := range acts {
		tr.act(a)
	}
}

// counts is what a story comes to.
type counts struct{ events, acts, issues, unresolved, waiting int }

func perform(t *testing.T, now time.Time, seed uint64) (counts, *troupe) {
	p := tell(now, seed)
	tr := &troupe{t: t, issues: map[*subject]*role{}, rules: map[errata.Rule]int{}, answers: map[errata.Severity][]time.Duration{}}
	tr.play(p)
	c := counts{events: len(p.deliveries), acts: len(p.acts), issues: len(tr.issues)}
	for _, r := range tr.issues {
		switch r.Issue.Status {
		case errata.Open:
			c.waiting++
			c.unresolved++
		case errata.Acknowledged:
			c.unresolved++
		default:
		}
	}
	return c, tr
}

// The story fits at whatever time somebody starts it, and has what its pages
// need.
func TestStoryFits(t *testing.T) {
	for hour := 0; hour < 24*28; hour += 29 {
		now := time.Date(2026, 3, 2, hour, 17, 5, 0, time.UTC)
		c, tr := perform(t, now, 1)
		if c.events < 18_000 || c.events > 30_000 || c.unresolved < 25 || c.waiting < 8 || c.issues < 110 {
			t.Errorf("at %s: %+v", now, c)
		}
		for _, r := range []errata.Rule{errata.RuleRegressed, errata.RuleAssign, errata.RuleReopenSame, errata.RuleReopen, errata.RuleIgnore} {
			if tr.rules[r] == 0 {
				t.Errorf("at %s nothing follows rule %s", now, r)
			}
		}
		if hour == 0 {
			t.Logf("%+v %v", c, tr.rules)
			for s, all := range tr.answers {
				slices.Sort(all)
				t.Logf("%s: %d answers, median %s, p90 %s", s, len(all), all[len(all)/2], all[len(all)*9/10])
			}
		}
	}
}

func TestStoryIsTheSameForASeed(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 30, 0, 0, time.UTC)
	one, two := tell(now, 7), tell(now, 7)
	if len(one.deliveries) != len(two.deliveries) || len(one.acts) != len(two.acts) {
		t.Fatal("the same seed tells another story")
	}
	for i, d := range one.deliveries {
		other := two.deliveries[i]
		id, payload, err := d.of.event(d.at)
		otherID, otherPayload, _ := other.of.event(other.at)
		if err != nil || id != otherID || !slices.Equal(payload, otherPayload) {
			t.Fatalf("event %d: %v, %s and %s", i, err, payload, otherPayload)
		}
	}
	if c, _ := perform(t, now, 8); c.events == len(one.deliveries) {
		t.Error("another seed tells the same story")
	}
}

func TestClock(t *testing.T) {
	wall := time.Date(2026, 4, 1, 9, 30, 0, 0, time.UTC)
	c := NewClock(func() time.Time { return wall })
	if got := c.Now(); !got.Equal(wall.Add(-Span)) {
		t.Errorf("begins at %s", got)
	}
	c.Set(wall.Add(-time.Hour))
	if got := c.Now(); !got.Equal(wall.Add(-time.Hour)) {
		t.Errorf("set, it shows %s", got)
	}
	c.Set(wall.Add(-2 * time.Hour))
	if got := c.Now(); !got.Equal(wall.Add(-time.Hour)) {
		t.Errorf("set back, it shows %s", got)
	}
	c.Release()
	if got := c.Now(); !got.Equal(wall) {
		t.Errorf("released, it shows %s", got)
	}
}

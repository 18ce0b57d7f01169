package demo

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
)

// ease is what people need of the usual time: they get better over the weeks.
func (p *plan) ease(at time.Time) float64 {
	return 1.45 - .8*float64(at.Sub(p.from))/float64(Span)
}

func (p *plan) eased(d time.Duration, at time.Time) time.Duration {
	return time.Duration(float64(d) * p.ease(at))
}

// onCall is who is called when something urgent happens to a service.
func onCall(s *service, at time.Time) string {
	_, week := at.In(home).ISOWeek()
	return s.team[week%len(s.team)]
}

// answered is when somebody first looks at an episode that opens at a time.
func (p *plan) answered(s *subject, at time.Time) time.Time {
	d := s.dice
	asleep := 1.0
	if !awake(at) {
		asleep = 1.7
	}
	switch s.severity {
	case errata.P0:
		return at.Add(time.Duration(asleep * float64(p.eased(d.around(8*time.Minute, .55), at))))
	case errata.P1:
		return at.Add(time.Duration(asleep * float64(p.eased(d.around(31*time.Minute, .75), at))))
	case errata.P2:
		seen := at.Add(p.eased(d.around(270*time.Minute, .9), at))
		if awake(seen) && d.chance(.5) { // by whoever is on call
			return seen
		}
		return d.office(seen)
	default:
		return d.office(at.Add(p.eased(d.around(15*time.Hour, .8), at)))
	}
}

// solved is when an episode that was answered at a time is dealt with.
func (p *plan) solved(s *subject, at time.Time) time.Time {
	d := s.dice
	switch s.severity {
	case errata.P0:
		return at.Add(10*time.Minute + p.eased(d.around(140*time.Minute, .6), at))
	case errata.P1:
		return at.Add(20*time.Minute + p.eased(d.around(7*time.Hour, .8), at))
	case errata.P2:
		return d.office(at.Add(time.Hour + p.eased(d.around(46*time.Hour, .9), at)))
	default:
		return d.office(at.Add(2*time.Hour + p.eased(d.around(5*day, .8), at)))
	}
}

// course is how an episode goes: when the mistake is corrected, when it is over
// for good, and how it ends. One that stays is over after the story.
type course struct {
	fixed, over time.Time
	fate        fate
}

// respond plans what people do about an episode.
func (p *plan) respond(s *subject, at time.Time) course {
	d := s.dice
	seen := p.answered(s, at)
	who := p.responder(s, seen)
	if s.staged {
		owner := p.take(s, seen, who)
		end := minTime(p.solved(s, seen), p.now.Add(-60*time.Hour))
		p.work(s, seen, end, owner, who)
		p.act(end, s, owner, resolve, string(s.why), s.fixed)
		return course{end, end, closed}
	}
	switch {
	case s.noise != "":
		p.act(seen, s, who, ignore, s.noise, "")
		return course{seen, seen, setAside}
	case s.severity == errata.P3 && d.chance(.5):
		return p.neglect(s, at)
	case s.severity >= errata.P2 && d.chance(.06):
		p.act(seen, s, who, ignore, d.pick("duplicate", "other", "expected", "third_party"), d.pick("", "Belongs to the ticket of platform.", "Discussed on Monday, we live with it."))
		return course{seen, seen, setAside}
	}
	owner := p.take(s, seen, who)
	if s.severity >= errata.P2 && d.chance(.22) {
		p.act(seen.Add(d.between(2*time.Hour, 2*day)), s, owner, comment, "", d.pick("Waits for the next sprint.", "Not before the new version of the library.", "I have asked the vendor, ticket 48812.", ""))
		return course{p.now, p.now, stays}
	}
	end := p.solved(s, seen)
	p.work(s, seen, end, owner, who)
	return course{end, p.finish(s, end, owner), closed}
}

// responder is who looks first.
func (p *plan) responder(s *subject, at time.Time) string {
	if s.severity <= errata.P1 && (!working(at) || s.dice.chance(.6)) {
		return onCall(s.service, at)
	}
	return s.dice.pick(s.service.team...)
}

// take plans how somebody takes an episode, or gives it to somebody, and returns
// who has it then.
func (p *plan) take(s *subject, at time.Time, who string) (owner string) {
	d := s.dice
	owner = who
	if d.chance(.3) {
		owner = s.service.team[0]
	}
	had := s.owner
	s.owner = owner
	switch x := d.Float64(); {
	case x < .22: // taken without a word
		p.act(at, s, owner, assign, "me", "")
	case x < .32 && s.severity >= errata.P2 && !s.raised && owner != who && owner != had:
		p.act(at, s, who, assign, owner, "")
	default:
		p.act(at, s, who, ack, "", "")
		if owner == had || d.chance(.08) { // or nobody's yet
			break
		}
		to := owner
		if owner == who {
			to = "me"
		}
		p.act(at.Add(d.between(20*time.Second, 6*time.Minute)), s, who, assign, to, "")
	}
	return owner
}

// work plans what is written and noted between the answer and the end.
func (p *plan) work(s *subject, from, to time.Time, owner, who string) {
	d := s.dice
	if to.Sub(from) < 15*time.Minute {
		return
	}
	w := effort{from, to, s.severity <= errata.P1}
	if w.urgent || d.chance(.4) {
		p.act(w.at(.06+.05*d.Float64()), s, owner, stage, string(errata.Investigating), "")
		p.act(w.at(.42+.1*d.Float64()), s, owner, stage, string(errata.Fixing), "")
		p.act(w.at(.84), s, owner, stage, string(errata.Verifying), "")
	}
	p.talk(s, w, owner)
	if s.severity == errata.P2 && d.chance(.05) {
		s.raised = true
		p.act(w.at(.2), s, "jonas", severity, "P1", "More customers than we thought, finance asks as well.")
	}
	if who != owner && d.chance(.3) {
		p.act(w.at(.5), s, who, watch, "", "")
	}
	if d.chance(.08) {
		p.act(w.at(.3), s, "lena", watch, "", "")
		p.act(w.at(.31), s, "lena", comment, "", "A customer asks when it works again. What may I say?")
	}
}

// talk plans what the team writes to each other meanwhile.
func (p *plan) talk(s *subject, w effort, owner string) {
	d := s.dice
	if w.urgent && d.chance(.7) {
		p.act(w.at(.14), s, p.colleague(s, owner), comment, "", d.pick(
			"Does it concern all customers, or only those of one region? @"+owner,
			"Support has "+strconv.Itoa(3+d.IntN(20))+" tickets about it, most from the last half hour.",
			"I see it on the graphs as well. Tell me if I can help, @"+owner+".",
			"Anything in the last release? `git log` shows two changes nearby."))
	}
	if w.urgent || d.chance(.5) {
		p.act(w.at(.34+.06*d.Float64()), s, owner, comment, "", s.found)
	}
	if w.urgent && d.chance(.4) {
		p.act(w.at(.7), s, owner, comment, "", d.pick("The correction is on staging, looks good.", "Rolling out to eu-1 first.", "Deployed. I watch it for a while.", "Rolled back to the release before, the correction comes tomorrow."))
	}
}

// effort is the time in which somebody works on an issue.
type effort struct {
	from, to time.Time
	urgent   bool // it is worked on at night, too
}

// at returns the time after a share of it. Where the office is closed then, it
// is at the end of the day before: in the next morning two times might come in
// the wrong order.
func (w effort) at(share float64) time.Time {
	t := w.from.Add(time.Duration(share * float64(w.to.Sub(w.from))))
	if w.urgent || working(t) {
		return t
	}
	l := t.In(home)
	evening := time.Date(l.Year(), l.Month(), l.Day(), 15, 30, 0, 0, home).Add(time.Duration(share * float64(time.Hour)))
	for !working(evening) || evening.After(t) {
		evening = evening.AddDate(0, 0, -1)
	}
	if evening.Before(w.from) {
		return t
	}
	return evening.UTC()
}

// finish plans the end of an episode and returns when it is over for good:
// sometimes somebody was too quick.
func (p *plan) finish(s *subject, end time.Time, owner string) time.Time {
	d := s.dice
	note := s.fixed
	if s.severity >= errata.P2 && d.chance(.35) {
		note = ""
	}
	cause := s.why
	if d.chance(.12) {
		cause = errata.Causes[d.IntN(len(errata.Causes))]
	}
	p.act(end, s, owner, resolve, string(cause), note)
	if !d.chance(.07) {
		return end
	}
	again := end.Add(d.between(2*time.Minute, 9*time.Minute)) // the clock never stopped
	if d.chance(.5) {
		again = d.office(end.Add(d.between(3*time.Hour, 3*day))) // a new episode
	}
	return p.undo(s, again, owner)
}

// undo plans that somebody reopens what was resolved too early, and returns
// when it is resolved again.
func (p *plan) undo(s *subject, at time.Time, owner string) time.Time {
	d := s.dice
	other := p.colleague(s, owner)
	p.act(at, s, other, reopen, "", "")
	p.act(at.Add(time.Minute), s, other, comment, "", d.pick("Not gone: I can still make it happen, @"+owner+".", "eu-2 still has the old release."))
	p.act(at.Add(d.between(4*time.Minute, 30*time.Minute)), s, owner, assign, "me", "")
	end := at.Add(d.between(time.Hour, 5*time.Hour))
	p.act(end, s, owner, resolve, string(s.why), s.fixed)
	return end
}

// neglect is what becomes of what nobody looks at: on Fridays somebody tidies
// up, and leaves some of it.
func (p *plan) neglect(s *subject, at time.Time) course {
	friday := time.Date(p.from.Year(), p.from.Month(), p.from.Day(), 14, 10, 0, 0, home)
	for friday.Weekday() != time.Friday || friday.Before(at.Add(4*day)) {
		friday = friday.AddDate(0, 0, 1)
	}
	if !friday.Before(p.now) || s.dice.chance(.4) {
		return course{p.now, p.now, stays}
	}
	p.act(friday.UTC(), s, "jonas", tidy, string(errata.CauseWontFix), "Rare and harmless, nobody has asked in weeks.")
	return course{friday.UTC(), friday.UTC(), closed}
}

// colleague is somebody of the team but one.
func (p *plan) colleague(s *subject, but string) string {
	others := slices.DeleteFunc(slices.Clone(s.service.team), func(l string) bool { return l == but })
	return s.dice.pick(others...)
}

func (p *plan) act(at time.Time, s *subject, who string, do verb, to, text string) {
	if do == comment && text == "" {
		return
	}
	p.acts = append(p.acts, act{at, s, who, do, to, strings.TrimSpace(text)})
}

package demo

import (
	"cmp"
	"slices"
	"time"

	"errata/internal/errata"
)

// subject is one issue of the story: a fault at one of its places.
type subject struct {
	*fault
	service     *service
	place       place
	environment string
	dice        dice      // throws for this issue alone
	first       time.Time // when it is first seen
	until       time.Time // from then on nothing begins by itself
	owner       string    // who had it last
	raised      bool      // somebody made it more urgent than its events are
	fresh       bool      // its first scene is its beginning
	staged      bool      // a scene tells the end; what was before is over then
	id          string    // "CHK-12", once the product has it
	live        bool      // it goes on after the story
}

// delivery is one event that a service sends.
type delivery struct {
	at    time.Time
	of    *subject
	opens bool // the first of an episode: somebody waits for it
}

// verb is what somebody does to an issue.
type verb string

const (
	ack      verb = "ack"
	assign   verb = "assign"
	resolve  verb = "resolve"
	reopen   verb = "reopen"
	ignore   verb = "ignore"
	comment  verb = "comment"
	stage    verb = "stage"
	severity verb = "severity"
	watch    verb = "watch"
	tidy     verb = "tidy" // resolve in bulk
	reveal   verb = "reveal"
	browse   verb = "browse" // a page that is no issue's
)

// act is one deed of one person. to is a login, a cause, a reason, a stage, a
// severity or the path of a page, text the note or comment. of is nil where
// there is no issue to it.
type act struct {
	at       time.Time
	of       *subject
	who      string
	do       verb
	to, text string
}

// plan is the story before it is told: what is sent and done, and when.
type plan struct {
	from, now  time.Time
	dice       dice
	services   []*service
	subjects   []*subject
	byName     map[string]*subject // of faults that have a name; their first place
	deliveries []delivery
	acts       []act
}

// tell makes up twelve weeks that end now. The same seed tells the same story,
// for the same now.
func tell(now time.Time, seed uint64) *plan {
	p := &plan{from: now.Add(-Span), now: now, dice: newDice(seed, 0), byName: map[string]*subject{}}
	for _, s := range shop() {
		s.releases = releases{form: s.release, first: s.first, every: s.every, from: p.from.Add(p.dice.between(-4*day, 0))}
		p.services = append(p.services, s)
		p.cast(s, seed)
	}
	for _, s := range p.subjects {
		p.live(s)
	}
	p.scenes()
	slices.SortStableFunc(p.deliveries, func(a, b delivery) int { return a.at.Compare(b.at) })
	slices.SortStableFunc(p.acts, func(a, b act) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.do, b.do))
	})
	p.deliveries = slices.DeleteFunc(p.deliveries, func(d delivery) bool { return !d.at.Before(now) })
	p.acts = slices.DeleteFunc(p.acts, func(a act) bool { return !a.at.Before(now) })
	return p
}

// cast makes the subjects of a service.
func (p *plan) cast(s *service, seed uint64) {
	for i := range s.faults {
		f := &s.faults[i]
		for n, at := range f.places {
			sub := &subject{fault: f, service: s, place: at, environment: "production", until: p.now, dice: newDice(seed, len(p.subjects)+1)}
			if f.staging && n == 0 {
				sub.environment = "staging"
			}
			if f.name != "" && n == 0 {
				p.byName[f.name] = sub
				sub.until, sub.staged = p.now.Add(-8*day), true
				sub.fresh = isFresh(f.name)
			}
			sub.first = p.beginning(sub)
			p.subjects = append(p.subjects, sub)
		}
	}
}

// beginning is when an issue is first seen: in the first days of the new
// tracker, or at any time later.
func (p *plan) beginning(s *subject) time.Time {
	d := s.dice
	from, to := p.from.Add(day), p.now.Add(-40*time.Minute)
	switch {
	case s.noise != "":
		to = p.from.Add(4 * day)
	case s.fresh:
		return p.now
	case s.staged:
		to = s.until.Add(-6 * day)
	case d.chance(.16):
		to = p.from.Add(5 * day)
	}
	if s.shape == nightly {
		if t, ok := d.night(from, to); ok {
			return t
		}
	}
	return d.visit(from, to)
}

// fate is how an episode ends.
type fate int

const (
	stays fate = iota
	closed
	setAside
)

// live plans all episodes of a subject.
func (p *plan) live(s *subject) {
	for at := s.first; at.Before(s.until); {
		c := p.episode(s, at)
		if c.fate != closed {
			return
		}
		at = p.relapse(s, c.over)
	}
}

// relapse is when a resolved issue comes back: with a release, by chance, or
// never.
func (p *plan) relapse(s *subject, resolved time.Time) time.Time {
	d := s.dice
	often := [...]float64{errata.P0: .58, errata.P1: .24, errata.P2: .13, errata.P3: .08}[s.severity]
	if !d.chance(often) {
		return p.now
	}
	at := resolved.Add(12*time.Hour + d.around(8*day, .7))
	if d.chance(.6) {
		at = s.service.releases.next(at).Add(d.between(8*time.Minute, 2*time.Hour))
	}
	return at
}

// episode plans one time that an issue is open: what is sent and who does what.
func (p *plan) episode(s *subject, at time.Time) course {
	c := p.respond(s, at)
	last := p.now
	switch {
	case c.fate == closed: // it is seen no more some time before somebody calls it resolved
		last = at.Add(time.Duration(float64(c.fixed.Sub(at)) * (.6 + .3*s.dice.Float64())))
	case c.fate == setAside && s.noise == "":
		last = c.over.Add(s.dice.between(0, 6*day))
	}
	s.live = !last.Before(p.now)
	p.send(s, at, minTime(last, p.now), int(1.15*float64(s.size)*s.dice.around(time.Hour, .4).Hours()))
	return c
}

// send plans n events in [at, last), the first at once.
func (p *plan) send(s *subject, at, last time.Time, n int) {
	p.deliveries = append(p.deliveries, delivery{at, s, true})
	span := last.Sub(at)
	if span < 2*time.Second {
		return
	}
	for range n - 1 {
		p.deliveries = append(p.deliveries, delivery{at: s.moment(at, last, span), of: s})
	}
}

// moment is when one event of an episode falls.
func (s *subject) moment(at, last time.Time, span time.Duration) time.Time {
	d := s.dice
	switch s.shape {
	case nightly:
		if t, ok := d.night(at, last); ok {
			return t
		}
	case steady:
		return d.visit(at.Add(time.Second), last)
	case burst:
	}
	if d.chance(.25) {
		return d.visit(at.Add(time.Second), last)
	}
	after := time.Duration(d.ExpFloat64() * float64(min(span/5, 80*time.Minute)))
	return at.Add(time.Second + min(after, span-2*time.Second))
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

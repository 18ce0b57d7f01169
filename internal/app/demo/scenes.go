package demo

import (
	"time"

	"errata/internal/errata"
)

// scene is something of the last two days that is told whatever the hour and
// the day of the week are: visitors find work that waits.
type scene struct {
	fault    string
	ago      time.Duration // it opened
	events   int
	answer   time.Duration // after the opening; 0 = nobody has looked
	solve    time.Duration // after the opening; 0 = it is not solved
	owner    string        // "" = nobody
	stage    errata.Stage
	comments []line
}

// line is what somebody says, some time after the opening.
type line struct {
	after time.Duration
	who   string
	text  string
}

func now() []scene {
	return []scene{
		{fault: "idempotency", ago: 27 * time.Minute, events: 62},
		{
			fault: "deadlock", ago: 74 * time.Minute, events: 210, answer: 4 * time.Minute, owner: "mira", stage: errata.Investigating,
			comments: []line{
				{9 * time.Minute, "lena", "Support has 14 tickets, all from the app. What may I tell them?"},
				{16 * time.Minute, "mira", "Deadlocks again, and only since 4.13. @jonas is the order of the lines still there?"},
				{31 * time.Minute, "jonas", "The sort went with the change of the coupons.\n\n```go\nslices.SortFunc(o.Lines, bySKU)\n```\n\nI put it back."},
			},
		},
		{fault: "rates", ago: 46 * time.Minute, events: 130},
		{fault: "heap", ago: 53 * time.Minute, events: 9},
		{fault: "greenlet", ago: 82 * time.Minute, events: 70},
		{
			fault: "carrier-timeout", ago: 7 * time.Hour, events: 190, answer: 95 * time.Minute, owner: "priya", stage: errata.Fixing,
			comments: []line{{2 * time.Hour, "priya", "dhx only. I leave its quotes out after two seconds."}},
		},
		{fault: "chunk", ago: 5 * time.Hour, events: 70, answer: 40 * time.Minute, solve: 3 * time.Hour, owner: "yuki"},
		{fault: "warehouse", ago: 3 * time.Hour, events: 26},
		{fault: "html-for-json", ago: 9 * time.Hour, events: 24},
		{fault: "reset", ago: 26 * time.Hour, events: 40},
		{fault: "refused", ago: 20 * time.Hour, events: 50, answer: 6 * time.Hour, owner: "yuki"},
	}
}

// scenes plans the last two days of the faults that have a name.
func (p *plan) scenes() {
	for _, s := range now() {
		p.scene(s)
	}
	// The newest release of the checkout came 80 minutes ago, out of turn.
	p.byName["deadlock"].service.releases.newest = p.now.Add(-80 * time.Minute)
}

func (p *plan) scene(sc scene) {
	s, at := p.byName[sc.fault], p.now.Add(-sc.ago)
	end := p.now
	if sc.solve > 0 {
		end = at.Add(sc.solve)
	} else {
		s.live = true
	}
	p.send(s, at, end, sc.events)
	if sc.answer == 0 {
		return
	}
	p.act(at.Add(sc.answer), s, sc.owner, ack, "", "")
	p.act(at.Add(sc.answer+40*time.Second), s, sc.owner, assign, "me", "")
	if sc.stage != "" {
		p.act(at.Add(sc.answer+5*time.Minute), s, sc.owner, stage, string(sc.stage), "")
	}
	for _, l := range sc.comments {
		p.act(at.Add(l.after), s, l.who, comment, "", l.text)
	}
	if sc.solve > 0 {
		p.act(end, s, sc.owner, resolve, string(s.why), s.fixed)
	}
}

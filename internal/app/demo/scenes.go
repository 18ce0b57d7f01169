package demo

import (
	"slices"
	"strings"
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
	again    time.Duration // after that, when somebody sees that it was not; 0 = it was
	owner    string        // "" = nobody
	stage    errata.Stage
	comments []line
	fresh    bool // never seen before
}

// line is what somebody says, some time after the opening.
type line struct {
	after time.Duration
	who   string
	text  string
}

// waiting is what nobody has looked at yet.
func waiting() []scene {
	return []scene{
		{fault: "idempotency", ago: 27 * time.Minute, events: 45},
		{fault: "rates", ago: 46 * time.Minute, events: 90, fresh: true},
		{fault: "heap", ago: 53 * time.Minute, events: 9},
		{fault: "greenlet", ago: 82 * time.Minute, events: 45},
		{fault: "warehouse", ago: 3 * time.Hour, events: 26, fresh: true},
		{fault: "html-for-json", ago: 9 * time.Hour, events: 24},
		{fault: "reset", ago: 25*time.Hour + 20*time.Minute, events: 40},
	}
}

// underWay is what people work on.
func underWay() []scene {
	return []scene{
		{
			fault: "deadlock", ago: 74 * time.Minute, events: 130, answer: 4 * time.Minute, owner: "mira", stage: errata.Investigating,
			comments: []line{
				{9 * time.Minute, "lena", "Support has 14 tickets, all from the app. What may I tell them?"},
				{16 * time.Minute, "mira", "Deadlocks again, and only since {release}. @jonas is the order of the lines still there?"},
				{31 * time.Minute, "jonas", "The sort went with the change of the coupons.\n\n```go\nslices.SortFunc(o.Lines, bySKU)\n```\n\nI put it back."},
			},
		},
		{
			fault: "carrier-timeout", ago: 7 * time.Hour, events: 120, answer: 95 * time.Minute, owner: "priya", stage: errata.Fixing,
			comments: []line{{2 * time.Hour, "priya", "dhx only. I leave its quotes out after two seconds."}},
		},
		{
			fault: "refused", ago: 20 * time.Hour, events: 50, answer: 6 * time.Hour, owner: "astrid", stage: errata.Investigating,
			comments: []line{{7 * time.Hour, "yuki", "Staging only: the new node. @astrid you made the network, I think."}},
		},
	}
}

// solved is what was dealt with in these two days.
func solved() []scene {
	return []scene{
		{fault: "chunk", ago: 5 * time.Hour, events: 60, answer: 40 * time.Minute, solve: 3 * time.Hour, owner: "yuki"},
		{fault: "card-form", ago: 11 * time.Hour, events: 55, answer: 5 * time.Minute, solve: 95 * time.Minute, owner: "yuki"},
		{fault: "undefined", ago: 14 * time.Hour, events: 40, answer: 21 * time.Minute, solve: 5 * time.Hour, owner: "tomas"},
		{fault: "tls", ago: 17 * time.Hour, events: 45, answer: 48 * time.Minute, solve: 6 * time.Hour, owner: "priya"},
		{fault: "pool", ago: 22 * time.Hour, events: 50, answer: 2 * time.Hour, solve: 9 * time.Hour, owner: "tomas", fresh: true},
		{fault: "capture", ago: 33 * time.Hour, events: 40, answer: 9 * time.Minute, solve: 3 * time.Hour, owner: "mira"},
		{fault: "lost-worker", ago: 35 * time.Hour, events: 12, answer: 35 * time.Minute, solve: 9 * time.Hour, again: 5 * time.Hour, owner: "yuki"},
		{fault: "settled", ago: 39 * time.Hour, events: 35, answer: 72 * time.Minute, solve: 7 * time.Hour, again: 6 * time.Minute, owner: "tomas"},
		{fault: "oversold", ago: 43 * time.Hour, events: 40, answer: 17 * time.Minute, solve: 5 * time.Hour, owner: "priya"},
		{fault: "memory", ago: 46 * time.Hour, events: 60, answer: 3 * time.Hour, solve: 16 * time.Hour, owner: "yuki"},
	}
}

func scenes() []scene { return slices.Concat(waiting(), underWay(), solved()) }

func isFresh(fault string) bool {
	return slices.ContainsFunc(scenes(), func(s scene) bool { return s.fault == fault && s.fresh })
}

// scenes plans the last two days of the faults that have a name, and who looks
// at what.
func (p *plan) scenes() {
	// The newest release of the checkout came 80 minutes ago, out of turn.
	p.byName["deadlock"].service.releases.newest = p.now.Add(-80 * time.Minute)
	for _, s := range scenes() {
		p.scene(s)
	}
	p.act(p.now.Add(-52*time.Minute), p.byName["deadlock"], "mira", reveal, "", "")
	for _, v := range []struct {
		ago  time.Duration
		who  string
		path string
	}{
		{26 * time.Hour, "astrid", "/users"},
		{5 * time.Hour, "samuel", "/audit"},
		{3 * time.Hour, "jonas", "/analytics/response"},
		{2 * time.Hour, "astrid", "/overview"},
		{70 * time.Minute, "lena", "/overview"},
	} {
		p.act(p.now.Add(-v.ago-p.dice.between(0, time.Minute)), nil, v.who, browse, v.path, "")
	}
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
	seen := at.Add(sc.answer - s.dice.between(0, 50*time.Second))
	p.act(seen, s, sc.owner, ack, "", "")
	if s.owner != sc.owner {
		p.act(seen.Add(s.dice.between(15*time.Second, 90*time.Second)), s, sc.owner, assign, "me", "")
	}
	if sc.stage != "" {
		p.act(seen.Add(4*time.Minute+s.dice.between(0, time.Minute)), s, sc.owner, stage, string(sc.stage), "")
	}
	for _, l := range sc.comments {
		text := strings.ReplaceAll(l.text, "{release}", s.service.releases.at(at))
		p.act(at.Add(l.after+s.dice.between(0, 50*time.Second)), s, l.who, comment, "", text)
	}
	if sc.solve > 0 {
		p.act(end, s, sc.owner, resolve, string(s.why), s.fixed)
	}
	if sc.again > 0 {
		p.undo(s, end.Add(sc.again), sc.owner)
	}
}

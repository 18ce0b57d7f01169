package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const day = 24 * time.Hour

// home is where the shop has its office and most of its customers.
var home = time.FixedZone("shop", 3600)

// weekend says whether the office is closed all day.
func weekend(t time.Time) bool {
	d := t.In(home).Weekday()
	return d == time.Saturday || d == time.Sunday
}

// hours are how busy the shop is, by the hour of the day.
var hours = [24]float64{
	.20, .13, .10, .09, .10, .16, .30, .48, .60, .66, .70, .74,
	.78, .72, .68, .70, .76, .84, .94, 1, .98, .82, .56, .34,
}

// busy returns how many customers there are, from 0 to 1.
func busy(t time.Time) float64 {
	b := hours[t.In(home).Hour()]
	if weekend(t) {
		b *= .55
	}
	return b
}

// awake says whether people who are on call have not to be woken.
func awake(t time.Time) bool {
	h := t.In(home).Hour()
	return h >= 7 && h < 23
}

// working says whether the office is open.
func working(t time.Time) bool {
	h := t.In(home).Hour()
	return !weekend(t) && h >= 8 && h < 17
}

// dice decides what is left to chance. The same seed throws the same.
type dice struct{ *rand.Rand }

func newDice(seed uint64, of int) dice {
	return dice{rand.New(rand.NewPCG(seed, uint64(of)))} //nolint:gosec // a story, no secret
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// between returns a duration from a to b.
func (d dice) between(a, b time.Duration) time.Duration {
	return a + time.Duration(d.Float64()*float64(b-a))
}

// around returns a duration as people need them: half below the median, a few
// far above.
func (d dice) around(median time.Duration, spread float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(spread*max(-2.2, min(d.NormFloat64(), 2.2))))
}

// office moves a time at which the office is closed into the next morning.
func (d dice) office(t time.Time) time.Time {
	if working(t) {
		return t
	}
	l := t.In(home)
	morning := time.Date(l.Year(), l.Month(), l.Day(), 8, 0, 0, 0, home)
	for !working(morning) || morning.Before(t) {
		morning = morning.AddDate(0, 0, 1)
	}
	return morning.Add(d.between(3*time.Minute, 100*time.Minute)).UTC()
}

// visit returns a time in [from, to) at which a customer is there.
func (d dice) visit(from, to time.Time) time.Time {
	for range 40 {
		t := from.Add(d.between(0, to.Sub(from)))
		if d.chance(busy(t)) {
			return t
		}
	}
	return from.Add(d.between(0, to.Sub(from)))
}

// pick returns one of several.
func (d dice) pick(of ...string) string { return of[d.IntN(len(of))] }

// night returns a time in [from, to) at which the jobs of the night run; ok is
// false when there is none.
func (d dice) night(from, to time.Time) (t time.Time, ok bool) {
	for range 20 {
		l := from.Add(d.between(0, to.Sub(from))).In(home)
		t = time.Date(l.Year(), l.Month(), l.Day(), 1, 0, 0, 0, home).Add(d.between(0, 3*time.Hour)).UTC()
		if !t.Before(from) && t.Before(to) {
			return t, true
		}
	}
	return t, false
}

// releases is when a service published what.
type releases struct {
	form         string
	first, every int
	from, newest time.Time // of the first one, and of one that came out of turn; zero = none
}

// at returns the release that runs at a time.
func (r releases) at(t time.Time) string {
	n := r.first + max(0, int(t.Sub(r.from)/(time.Duration(r.every)*day)))
	if !r.newest.IsZero() && !t.Before(r.newest) {
		n = 1 + r.first + max(0, int(r.newest.Sub(r.from)/(time.Duration(r.every)*day)))
	}
	return fmt.Sprintf(r.form, n)
}

// next returns when the next release after t comes.
func (r releases) next(t time.Time) time.Time {
	turn := time.Duration(r.every) * day
	if t.Before(r.from) {
		return r.from
	}
	turns := int64(t.Sub(r.from)/turn) + 1
	return r.from.Add(time.Duration(turns * int64(turn)))
}

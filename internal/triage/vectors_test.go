package triage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/triage"
)

// beat is one thing that happens in a story, at a time of the clock.
type beat struct {
	at string
	do func(w *world)
}

func arrives(at string, e parts.Event) beat { return beat{at, func(w *world) { w.event(e) }} }
func event(at string) beat                  { return arrives(at, parts.Event{Severity: "P2"}) }
func alert(at string) beat                  { return beat{at, (*world).alerted} }

func ack(at string) beat {
	return beat{at, func(w *world) { w.act(w.Triage.Acknowledge(w.ctx(), ada, w.id(), triage.Form{})) }}
}

func resolve(at string) beat {
	return beat{at, func(w *world) {
		w.act(w.Triage.Resolve(w.ctx(), ada, w.id(), triage.ResolveForm{Form: triage.Form{Note: "done"}, Cause: errata.CauseFixed}))
	}}
}

func reopen(at string) beat {
	return beat{at, func(w *world) { w.act(w.Triage.Reopen(w.ctx(), ada, w.id(), triage.Form{})) }}
}

func ignore(at string) beat {
	return beat{at, func(w *world) {
		w.act(w.Triage.Ignore(w.ctx(), ada, w.id(), triage.IgnoreForm{Reason: "noise"}))
	}}
}

func assign(at string, who errata.Actor, to string) beat {
	return beat{at, func(w *world) {
		w.act(w.Triage.Assign(w.ctx(), who, w.id(), triage.AssignForm{Assignee: to}))
	}}
}

// v1 is the story that others continue.
var v1 = []beat{event("10:00:00"), alert("10:00:10"), ack("10:05:10"), resolve("11:00:10")}

const v1Closed = "#1 new 10:00:00, ack 10:05:10, acked 10:05:10, resolved 11:00:10, tta 300, explicit 300, ttr 3600"

func after(story []beat, more ...beat) []beat { return append(append([]beat{}, story...), more...) }

// vectors are stories with the episodes they make, named as in docs/design.md.
var vectors = []struct {
	name     string
	story    []beat
	episodes []string
	status   errata.Status
	severity errata.Severity
	late     int64
}{
	{"1", v1, []string{v1Closed}, errata.Resolved, errata.P2, 0},
	{
		"2",
		[]beat{event("10:00:00"), resolve("10:30:00")},
		[]string{"#1 new 10:00:00, resolve 10:30:00, resolved 10:30:00, tta 1800, ttr 1800"},
		errata.Resolved, errata.P2, 0,
	},
	{
		"3",
		[]beat{event("10:00:00"), ack("10:02:00"), alert("10:10:00"), resolve("10:20:00")},
		[]string{"#1 new 10:00:00, ack 10:02:00, acked 10:02:00, resolved 10:20:00, tta 120, explicit 120, ttr 1200"},
		errata.Resolved, errata.P2, 0,
	},
	{
		"4",
		[]beat{arrives("10:00:00", parts.Event{Severity: "P1"}), assign("10:00:01", robot, "user:2"), alert("10:00:05"), ack("10:15:00")},
		[]string{"#1 new 10:00:00, ack 10:15:00, acked 10:15:00, tta 895, explicit 895"},
		errata.Acknowledged, errata.P1, 0,
	},
	{
		"6", after(v1, arrives("11:05:00", parts.Event{Severity: "P2", Time: storyDay.Add(10*time.Hour + 59*time.Minute)})),
		[]string{v1Closed},
		errata.Resolved, errata.P2, 1,
	},
	{
		"10", after(v1, reopen("11:05:10"), resolve("12:00:10")),
		[]string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, resolved 12:00:10, reopened 1, tta 300, explicit 300, ttr 7200"},
		errata.Resolved, errata.P2, 0,
	},
	{
		"10a", after(v1, reopen("11:05:10")),
		[]string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, reopened 1, tta 300, explicit 300"},
		errata.Acknowledged, errata.P2, 0,
	},
	{
		"10b", after(v1, reopen("11:20:10"), resolve("12:00:10")),
		[]string{v1Closed, "#2 reopened 11:20:10, resolve 12:00:10, resolved 12:00:10, tta 2400, ttr 2400"},
		errata.Resolved, errata.P2, 0,
	},
	{
		"10c", after(v1, reopen("11:10:10.000000")),
		[]string{"#1 new 10:00:00, ack 10:05:10, acked 10:05:10, reopened 1, tta 300, explicit 300"},
		errata.Acknowledged, errata.P2, 0,
	},
	{
		"10d", after(v1, reopen("11:10:10.000001")),
		[]string{v1Closed, "#2 reopened 11:10:10.000001"},
		errata.Open, errata.P2, 0,
	},
	{"11", after(v1, reopen("3d 10:00:00")), []string{v1Closed, "#2 reopened 3d 10:00:00"}, errata.Open, errata.P2, 0},
	{"5", after(v1, event("2d 09:00:00")), []string{v1Closed, "#2 regressed 2d 09:00:00"}, errata.Open, errata.P2, 0},
	{"15", []beat{event("10:00:00"), event("10:01:00")}, []string{"#1 new 10:00:00"}, errata.Open, errata.P2, 0},
	{
		"20",
		[]beat{event("10:00:00"), alert("10:00:00"), assign("10:03:00", ada, "user:2"), ack("10:09:00")},
		[]string{"#1 new 10:00:00, assign 10:03:00, acked 10:09:00, tta 180, explicit 540"},
		errata.Acknowledged, errata.P2, 0,
	},
	{
		"20b",
		[]beat{arrives("10:00:00", parts.Event{Severity: "P0"}), alert("10:00:00"), assign("10:03:00", ada, "user:2"), stillOpen("10:08:59"), ack("10:09:00")},
		[]string{"#1 new 10:00:00, assign 10:03:00, acked 10:09:00, tta 180, explicit 540"},
		errata.Acknowledged, errata.P0, 0,
	},
	{
		"20c",
		[]beat{arrives("10:00:00", parts.Event{Severity: "P0"}), alert("10:00:00"), assign("10:03:00", grace, "me"), resolve("10:30:00")},
		[]string{"#1 new 10:00:00, assign 10:03:00, resolved 10:30:00, tta 180, ttr 1800"},
		errata.Resolved, errata.P0, 0,
	},
	{
		"21", after(v1, arrives("11:00:30", parts.Event{Severity: "P2", Time: time.Unix(0, 0)})),
		[]string{v1Closed, "#2 regressed 11:00:30"},
		errata.Open, errata.P2, 0,
	},
	{
		"24",
		[]beat{event("10:00:00"), ignore("10:05:00"), resolve("11:00:00"), reopen("11:05:00")},
		[]string{"#1 new 10:00:00, ignore 10:05:00, ignored 10:05:00, tta 300", "#2 reopened 11:05:00"},
		errata.Open, errata.P2, 0,
	},
	{
		"25",
		[]beat{event("10:00:00"), ack("10:01:00"), arrives("10:02:00", parts.Event{Severity: "P1"})},
		[]string{"#1 new 10:00:00, ack 10:01:00, acked 10:01:00, tta 60, explicit 60"},
		errata.Open, errata.P1, 0,
	},
	{
		"25b",
		[]beat{arrives("10:00:00", parts.Event{Severity: "P1"}), ack("10:01:00"), arrives("10:02:00", parts.Event{Severity: "P1"})},
		[]string{"#1 new 10:00:00, ack 10:01:00, acked 10:01:00, tta 60, explicit 60"},
		errata.Acknowledged, errata.P1, 0,
	},
	{"26", []beat{arrives("10:00:00", parts.Event{Severity: "P0", Key: errata.KeyPublic})}, []string{"#1 new 10:00:00"}, errata.Open, errata.P1, 0},
	{"26b", []beat{arrives("10:00:00", parts.Event{Severity: "P0"})}, []string{"#1 new 10:00:00"}, errata.Open, errata.P0, 0},
}

// storyDay is the first day of every story whose beats name event times.
var storyDay = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// stillOpen checks in the middle of a story.
func stillOpen(at string) beat {
	return beat{at, func(w *world) {
		if s := w.state(); s.issue.Status != errata.Open {
			w.t.Errorf("at %s it is %s, want open", at, s.issue.Status)
		}
	}}
}

func TestVectors(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		for n, v := range vectors {
			t.Run(v.name, func(t *testing.T) {
				w.begin(t, v.name)
				// The clock only goes on; one story names event times.
				w.day = storyDay.AddDate(0, 0, 5*(n-4))
				for _, b := range v.story {
					w.at(b.at)
					if b.do(w); w.lastErr != nil {
						t.Fatalf("at %s: %v", b.at, w.lastErr)
					}
				}
				s := w.state()
				var told []string
				for _, e := range s.episodes {
					told = append(told, w.told(e))
				}
				if d := cmp.Diff(v.episodes, told); d != "" {
					t.Errorf("episodes (-want +got):\n%s", d)
				}
				if s.issue.Status != v.status || s.issue.Severity != v.severity || s.issue.LateEvents != v.late {
					t.Errorf("%s %s, late %d; want %s %s, late %d", s.issue.Status, s.issue.Severity, s.issue.LateEvents, v.status, v.severity, v.late)
				}
				if s.issue.Events != int64(w.events) {
					t.Errorf("%d events counted of %d", s.issue.Events, w.events)
				}
				s.consistent(t)
			})
		}
	})
}

// Vector 19: the day of a resolution is the reader's.
func TestDayOfAResolution(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		w.begin(t, "19")
		w.day = time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)
		for _, b := range []beat{event("10:00:00"), resolve("22:30:00")} {
			w.at(b.at)
			b.do(w)
		}
		at := errata.FromMicros(w.state().episodes[0].ResolvedAt)
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		day := stats.Interval("1d")
		if got := day.Start(at, time.UTC); got.Day() != 24 {
			t.Errorf("in UTC it is %s", got)
		}
		from := day.Start(at, berlin)
		if want := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC); !from.Equal(want) || day.Next(from, berlin).Sub(from) != 25*time.Hour {
			t.Errorf("in Berlin the day begins %s and lasts %s", from.UTC(), day.Next(from, berlin).Sub(from))
		}
	})
}

package page

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

var noon = ui.Moment{Now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}

func since(d time.Duration) int64 { return noon.Now.Add(-d).UnixMicro() }

func TestClocks(t *testing.T) {
	const min = time.Minute
	targets := errata.Target{Ack: (15 * min).Microseconds(), Resolve: (4 * time.Hour).Microseconds()}
	chip := func(text, tone, icon string) *ui.Chip { return &ui.Chip{Text: text, Tone: tone, Icon: icon} }
	for name, c := range map[string]struct {
		episode      errata.Episode
		target       errata.Target
		ack, resolve Clock // without titles
	}{
		"waits": {
			errata.Episode{OpenedAt: since(5 * min)},
			targets,
			Clock{Text: "Acknowledge by 12:10", Chip: chip("10m left", "", ""), Fill: 33, Tone: "run"},
			Clock{Text: "Resolve by 15:55", Chip: chip("3h 55m left", "", ""), Fill: 2, Tone: "run"},
		},
		"nearly over": {
			errata.Episode{OpenedAt: since(14*min + 30*time.Second)},
			targets,
			Clock{Text: "Acknowledge by 12:00", Chip: chip("30 s left", "warn", ""), Fill: 96, Tone: "run"},
			Clock{Text: "Resolve by 15:45", Chip: chip("3h 45m left", "", ""), Fill: 6, Tone: "run"},
		},
		"over, since another day": {
			errata.Episode{OpenedAt: since(26 * time.Hour)},
			targets,
			Clock{Text: "Acknowledge by 19 Nov 10:15", Chip: chip("1d 1h over", "late", ""), Fill: 100, Tone: "late"},
			Clock{Text: "Resolve by 19 Nov 14:00", Chip: chip("22h over", "late", ""), Fill: 100, Tone: "late"},
		},
		"no target": {
			errata.Episode{OpenedAt: since(5 * min)},
			errata.Target{},
			Clock{Text: "Acknowledge: waits for 5m", Fill: -1, Tone: "run"},
			Clock{Text: "Resolve: waits for 5m", Fill: -1, Tone: "run"},
		},
		"acknowledged in time, resolved late": {
			errata.Episode{OpenedAt: since(5 * time.Hour), RespondedAt: since(5*time.Hour - 4*min), ResponseKind: errata.RespondedAck, ResolvedAt: since(30 * min), ClosedAt: since(30 * min)},
			targets,
			Clock{Text: "Acknowledged in 4m", Chip: chip("target 15m", "ok", "check"), Fill: 26, Tone: "ok"},
			Clock{Text: "Resolved in 4h 30m", Chip: chip("30m over 4h", "late", "x"), Fill: 100, Tone: "missed"},
		},
		"exactly the target": {
			errata.Episode{OpenedAt: since(time.Hour), RespondedAt: since(45 * min), ResponseKind: errata.RespondedAssign},
			targets,
			Clock{Text: "Assigned in 15m", Chip: chip("target 15m", "ok", "check"), Fill: 100, Tone: "ok"},
			Clock{Text: "Resolve by 15:00", Chip: chip("3h left", "", ""), Fill: 25, Tone: "run"},
		},
		"ignored at once": {
			errata.Episode{OpenedAt: since(time.Hour), RespondedAt: since(min), ResponseKind: errata.RespondedIgnore, ClosedAt: since(min), CloseReason: errata.ClosedIgnored},
			targets,
			Clock{Text: "Answered by ignoring in 59m", Chip: chip("44m over 15m", "late", "x"), Fill: 100, Tone: "missed"},
			Clock{Text: "Ignored after 59m", Fill: -1},
		},
		"closed by nobody": {
			errata.Episode{OpenedAt: since(time.Hour), ClosedAt: since(min)},
			targets,
			Clock{Text: "Closed without a response", Fill: -1},
			Clock{Text: "Ignored after 59m", Fill: -1},
		},
		"from the alert on": {
			errata.Episode{OpenedAt: since(time.Hour), AlertedAt: since(40 * min), RespondedAt: since(30 * min), ResponseKind: errata.RespondedAck},
			targets,
			Clock{Text: "Acknowledged in 10m", Chip: chip("target 15m", "ok", "check"), Fill: 66, Tone: "ok"},
			Clock{Text: "Resolve by 15:20", Chip: chip("3h 20m left", "", ""), Fill: 16, Tone: "run"},
		},
		"answered before the alert": {
			errata.Episode{OpenedAt: since(time.Hour), AlertedAt: since(20 * min), RespondedAt: since(30 * min), ResponseKind: errata.RespondedAck},
			targets,
			Clock{Text: "Acknowledged in 30m", Chip: chip("15m over 15m", "late", "x"), Fill: 100, Tone: "missed"},
			Clock{Text: "Resolve by 15:00", Chip: chip("3h left", "", ""), Fill: 25, Tone: "run"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.episode.Seq = 1
			r := newResponse(noon, ResponseIn{Episode: c.episode, Target: c.target})
			for i := range r.Clocks {
				r.Clocks[i].Title = ""
			}
			if diff := cmp.Diff([]Clock{c.ack, c.resolve}, r.Clocks); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeadlineOfTheHead(t *testing.T) {
	targets := errata.Target{Ack: 900e6, Resolve: 14400e6}
	for name, c := range map[string]struct {
		episode errata.Episode
		target  errata.Target
		want    string
	}{
		"acknowledge first": {errata.Episode{Seq: 1, OpenedAt: since(0)}, targets, "Acknowledge by 12:15, 15m left"},
		"then resolve":      {errata.Episode{Seq: 1, OpenedAt: since(0), RespondedAt: since(0)}, targets, "Resolve by 16:00, 4h left"},
		"it is over":        {errata.Episode{Seq: 1, OpenedAt: since(time.Hour), ResolvedAt: since(0), ClosedAt: since(0)}, targets, ""},
		"no target":         {errata.Episode{Seq: 1, OpenedAt: since(0)}, errata.Target{}, ""},
		"nothing is known":  {errata.Episode{}, targets, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if d := newResponse(noon, ResponseIn{Episode: c.episode, Target: c.target}).Deadline; d != nil {
				got = d.Text
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

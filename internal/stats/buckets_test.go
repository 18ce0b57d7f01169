package stats

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func utc(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEdges(t *testing.T) {
	for _, c := range []struct {
		name, from, to, zone string
		step                 Interval
		want                 []string
	}{
		{"quarter in UTC", "2026-11-20T10:07:00Z", "2026-11-20T10:31:00Z", "Asia/Kolkata", "10m", []string{"2026-11-20T10:00:00Z", "2026-11-20T10:10:00Z", "2026-11-20T10:20:00Z", "2026-11-20T10:30:00Z", "2026-11-20T10:40:00Z"}},
		{"day of 25 hours", "2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z", "Europe/Berlin", "1d", []string{"2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"}},
		{"day of 23 hours", "2026-03-28T23:00:00Z", "2026-03-30T22:00:00Z", "Europe/Berlin", "1d", []string{"2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"}},
		{"half hour zone", "2026-11-19T18:30:00Z", "2026-11-20T18:30:00Z", "Asia/Kolkata", "1d", []string{"2026-11-19T18:30:00Z", "2026-11-20T18:30:00Z"}},
		{"week from Monday", "2026-11-18T10:00:00Z", "2026-11-23T10:00:00Z", "UTC", "1w", []string{"2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"}},
		{"week over the clock change", "2026-10-20T10:00:00Z", "2026-10-27T10:00:00Z", "Europe/Berlin", "1w", []string{"2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z"}},
		{"no midnight on the day of the change", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z", "America/Santiago", "1d", []string{"2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}},
		{"empty", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z", "UTC", "1h", []string{"2026-11-20T10:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, e := range Edges(utc(t, c.from), utc(t, c.to), c.step, zone(t, c.zone)) {
				got = append(got, e.UTC().Format(time.RFC3339))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEdgesCoverEveryInstant walks two years of zones with odd rules: every
// bucket starts where the one before ends, and holds its own start.
func TestEdgesCoverEveryInstant(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "America/Havana"} {
		for _, step := range Ladder[8:] {
			z, from := zone(t, name), time.Date(2011, 6, 1, 5, 7, 0, 0, time.UTC)
			edges := Edges(from, from.AddDate(2, 0, 0), step, z)
			if edges[0].After(from) || edges[len(edges)-1].Before(from.AddDate(2, 0, 0)) && len(edges) <= 11000 {
				t.Fatalf("%s %s: edges %v to %v", name, step, edges[0], edges[len(edges)-1])
			}
			for i := 1; i < len(edges); i++ {
				if !edges[i].After(edges[i-1]) {
					t.Fatalf("%s %s: %v follows %v", name, step, edges[i], edges[i-1])
				}
				for _, at := range []time.Time{edges[i-1], edges[i].Add(-time.Microsecond)} {
					if got := step.Start(at, z); !got.Equal(edges[i-1]) {
						t.Fatalf("%s %s: %v lies in the bucket of %v, want %v", name, step, at, got, edges[i-1])
					}
				}
			}
		}
	}
}

func TestFold(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	edges := Edges(utc(t, "2026-10-24T22:00:00Z"), utc(t, "2026-10-27T00:00:00Z"), "1d", z)
	quarters, want := map[int64]int64{}, make([]int64, len(edges)-1)
	for at, n := edges[0].Add(-time.Hour), int64(1); at.Before(edges[len(edges)-1].Add(time.Hour)); at, n = at.Add(15*time.Minute), n+1 {
		quarters[at.UnixMicro()] = n
		for i := range want {
			if !at.Before(edges[i]) && at.Before(edges[i+1]) {
				want[i] += n
			}
		}
	}
	if diff := cmp.Diff(want, Fold(quarters, edges)); diff != "" {
		t.Error(diff)
	}
	if got := Fold(quarters, nil); len(got) != 0 {
		t.Error(got)
	}
}

func TestAuto(t *testing.T) {
	now := utc(t, "2026-11-20T12:00:00Z")
	for _, c := range []struct {
		back  time.Duration
		floor Interval
		want  Interval
	}{
		{time.Minute, "1s", "1s"},
		{time.Minute, "1m", "1m"},
		{time.Hour, "1s", "1m"},
		{24 * time.Hour, "1s", "30m"},
		{7 * 24 * time.Hour, "1s", "3h"},
		{30 * 24 * time.Hour, "1s", "12h"},
		{60 * 24 * time.Hour, "1s", "1d"},
		{365 * 24 * time.Hour, "1s", "1w"},
		{3650 * 24 * time.Hour, "1s", "1w"},
	} {
		if got := Auto(now.Add(-c.back), now, c.floor); got != c.want {
			t.Errorf("%v not below %s: %s, want %s", c.back, c.floor, got, c.want)
		}
	}
}

func TestValid(t *testing.T) {
	for _, i := range Ladder {
		if !i.Valid() || i.Width() <= 0 || i.Calendar() != (i.Width() >= 24*time.Hour) {
			t.Errorf("%s: %v %v", i, i.Valid(), i.Width())
		}
	}
	for _, i := range []Interval{"", "2h", "1h ", "1D", "15m"} {
		if i.Valid() {
			t.Errorf("%q is a step of the ladder", i)
		}
	}
}

func TestDays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[time.Time]string{
		time.Date(2026, 11, 9, 0, 0, 0, 0, zone):  "9 to 15 Nov 2026",
		time.Date(2026, 10, 26, 0, 0, 0, 0, zone): "26 Oct to 1 Nov 2026",
		time.Date(2026, 12, 28, 0, 0, 0, 0, zone): "28 Dec 2026 to 3 Jan 2027",
		time.Date(2026, 10, 19, 0, 0, 0, 0, zone): "19 to 25 Oct 2026", // its last day has 25 hours
	} {
		if got := Days(from, from.AddDate(0, 0, 7)); got != want {
			t.Errorf("%v: %q, want %q", from, got, want)
		}
	}
}

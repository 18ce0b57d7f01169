package page

import (
	"testing"
	"time"

	"errata/internal/views/layout"
)

func TestWhatStandsBelowTheChart(t *testing.T) {
	for name, c := range map[string]struct {
		as           string
		by           []string
		counts, asks bool
		counting     string // where the face of counts leads
	}{
		"table":              {AsTable, nil, false, false, "/events?as=counts&by=service"},
		"chart of all":       {AsChart, nil, false, false, "/events?as=counts&by=service"},
		"chart by release":   {AsChart, []string{"release"}, true, false, "/events?as=counts&by=release"},
		"counts of nothing":  {AsCounts, nil, true, true, "/events?as=counts&by=service"},
		"counts of releases": {AsCounts, []string{"release"}, true, false, "/events?as=counts&by=release"},
	} {
		t.Run(name, func(t *testing.T) {
			u := EventsURL{List: ListURL{Path: "/events"}, As: c.as, By: c.by}
			m := NewEvents(layout.Chrome{}, EventsIn{Moment: now, URL: u, Counts: CountsIn{Total: Total{Value: 7, Exact: true}}})
			if (m.Counts != nil) != c.counts {
				t.Fatalf("counts %v, want %t", m.Counts, c.counts)
			}
			if c.counts && (m.Counts.Empty != nil) != c.asks {
				t.Errorf("asks by which field: %t, want %t", m.Counts.Empty != nil, c.asks)
			}
			if got := m.Faces[2].URL; got != c.counting {
				t.Errorf("counts are at %q, want %q", got, c.counting)
			}
			if _, ok := m.Part("list"); !ok {
				t.Error("no list to swap")
			}
		})
	}
}

func TestHowLongASearchTookIsNoZero(t *testing.T) {
	for name, c := range map[string]struct {
		took time.Duration
		want string
	}{
		"not known":         {0, "7 events"},
		"below a unit":      {400 * time.Microsecond, "7 events, under 1 ms"},
		"some milliseconds": {12 * time.Millisecond, "7 events, 12 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (EventsIn{Total: Total{Value: 7, Exact: true}, Took: c.took}).list().Count; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestVersionsAreCalledLikeWhatTheyBelongTo(t *testing.T) {
	for key, want := range map[string]string{"browser": "Browser", "browser.version": "Browser version", "os.version": "System version", "sdk.version": "SDK version", "tags[region]": "tags[region]"} {
		if got := fieldWord(key); got != want {
			t.Errorf("%s is called %q, want %q", key, got, want)
		}
	}
}

// Shares that leave events out say so beside them.
func TestFieldsSayWhatTheyLeaveOut(t *testing.T) {
	for _, tt := range []struct {
		in   FieldsIn
		want string
	}{
		{FieldsIn{Looked: 7}, ""},
		{FieldsIn{Looked: 7, Newest: true}, "Shares of the newest 7 events."},
		{FieldsIn{Looked: 7, Torn: true}, "A part of the events could not be read and is left out."},
		{FieldsIn{Looked: 7, Newest: true, Torn: true}, "Shares of the newest 7 events. A part of the events could not be read and is left out."},
	} {
		if got := newFields(EventsIn{Fields: tt.in}).Note; got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// The table under a chart of users counts users.
func TestChartOfUsersHasAHeadOfUsers(t *testing.T) {
	for users, want := range map[bool]string{true: "Users", false: "Events"} {
		if got := (TrendIn{Events: []int64{1}, Users: users}).series(1)[0].Name; got != want {
			t.Errorf("users %v: %q", users, got)
		}
	}
}

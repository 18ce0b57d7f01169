package page

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListURL(t *testing.T) {
	for name, c := range map[string]struct {
		in   ListURL
		want string
	}{
		"nothing":                {ListURL{Path: "/issues"}, "/issues"},
		"defaults are left out":  {ListURL{Path: "/issues", Range: "24h", Size: 50, Sort: "last_seen", DefaultSort: "last_seen", Compare: "prev"}, "/issues"},
		"fixed order":            {ListURL{Path: "/issues", Size: 25, Cursor: "c", Sort: "events", Range: "7d", Q: "env:production"}, "/issues?q=env:production&range=7d&sort=events&cursor=c&size=25"},
		"legible query":          {ListURL{Path: "/issues", Q: `severity:P0,P1 !service:legacy-* "a b" 100%`}, "/issues?q=severity:P0,P1+!service:legacy-*+%22a+b%22+100%25"},
		"nothing breaks out":     {ListURL{Path: "/issues", Q: "a&b=c#d\r\n<>+"}, "/issues?q=a%26b%3Dc%23d%0D%0A%3C%3E%2B"},
		"from and to win":        {ListURL{Path: "/issues", Range: "7d", From: "2026-11-14T00:00:00Z"}, "/issues?from=2026-11-14T00:00:00Z"},
		"zone and no comparison": {ListURL{Path: "/issues", Zone: "Europe/Oslo", Compare: "none"}, "/issues?tz=Europe/Oslo&compare=none"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.in.String(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestListURLSteps(t *testing.T) {
	u := ListURL{Path: "/issues", Q: "a", Range: "7d", Cursor: "c", Size: 25}
	for name, c := range map[string]struct{ got, want string }{
		"another query is page one": {u.WithQ("b").String(), "/issues?q=b&range=7d&size=25"},
		"another range is page one": {u.WithRange("30d").String(), "/issues?q=a&range=30d&size=25"},
		"another page":              {u.WithCursor("d").String(), "/issues?q=a&range=7d&cursor=d&size=25"},
		"a range ends from and to":  {ListURL{Path: "/i", From: "x", To: "y"}.WithRange("24h").String(), "/i"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", name, c.got, c.want)
		}
	}
	want := []Param{{"range", "7d"}, {"size", "25"}}
	if diff := cmp.Diff(want, u.Hidden()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Param{{"size", "25"}}, u.Hidden("range", "from", "to")); diff != "" {
		t.Error(diff)
	}
}

func TestIssueURL(t *testing.T) {
	for want, u := range map[string]IssueURL{
		"/issues/CHK-12":                             {ID: "CHK-12"},
		"/issues/CHK-12?frames=all":                  {ID: "CHK-12", Part: PartStack, Frames: FramesAll},
		"/issues/CHK-12/events/recommended/tags":     {ID: "CHK-12", Part: PartTags, Frames: FramesAll},
		"/issues/CHK-12/events/last":                 {ID: "CHK-12", Event: EventLast},
		"/issues/CHK-12/events/7f3a/json":            {ID: "CHK-12", Event: "7f3a", Part: PartJSON},
		"/issues/CHK-12/events/a%2Fb%3Fc?frames=raw": {ID: "CHK-12", Event: "a/b?c", Frames: FramesRaw},
	} {
		if got := u.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]Part{"": PartStack, "stack": PartStack, "json": PartJSON, "tags": PartTags} {
		if got, ok := ParsePart(in); !ok || got != want {
			t.Errorf("ParsePart(%q) = %q, %v", in, got, ok)
		}
	}
	if _, ok := ParsePart("trace"); ok {
		t.Error("an unknown part is known")
	}
	for in, want := range map[string]FrameMode{"": FramesInApp, "all": FramesAll, "raw": FramesRaw, "x": FramesInApp} {
		if got := ParseFrames(in); got != want {
			t.Errorf("ParseFrames(%q) = %q", in, got)
		}
	}
}

package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

var (
	oslo   = time.FixedZone("Europe/Oslo", 3600)
	moment = Moment{Now: time.Date(2026, 11, 20, 15, 31, 4, 0, time.UTC), Zone: oslo}
)

func before(d time.Duration) int64 { return moment.Now.Add(-d).UnixMicro() }

func TestMomentAgo(t *testing.T) {
	for name, c := range map[string]struct {
		at   int64
		want string
	}{
		"unknown":          {0, "n/a"},
		"this second":      {before(0), "just now"},
		"a clock ahead":    {before(-time.Hour), "just now"},
		"seconds":          {before(11 * time.Second), "11s ago"},
		"minutes":          {before(4*time.Minute + 59*time.Second), "4m ago"},
		"hours":            {before(47 * time.Hour), "47h ago"},
		"days":             {before(6*24*time.Hour + time.Hour), "6d ago"},
		"a week is a date": {before(7 * 24 * time.Hour), "13 Nov 16:31"},
		"last year":        {before(330 * 24 * time.Hour), "25 Dec 2025"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := moment.Ago(c.at).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMomentTellsZoneAndMachineTime(t *testing.T) {
	got := moment.Ago(before(11 * time.Second))
	want := Time{ISO: "2026-11-20T16:30:53+01:00", Title: "2026-11-20 16:30:53 Europe/Oslo (Europe/Oslo)", Text: "11s ago", Ago: "ago"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := (Moment{Now: moment.Now}).Old(before(time.Hour)); got.ISO != "2026-11-20T14:31:04Z" || got.Text != "1h old" || got.Ago != "old" {
		t.Errorf("in UTC: %+v", got)
	}
	if got := (Moment{Now: moment.Now}).Ago(before(time.Hour)).Title; got != "2026-11-20 14:31:04 UTC" {
		t.Errorf("UTC is said once, not %q", got)
	}
	if (Moment{}).ZoneName() != "UTC" || moment.ZoneName() != "Europe/Oslo" {
		t.Error("ZoneName")
	}
}

func TestMomentStampAndAt(t *testing.T) {
	for name, c := range map[string]struct {
		at        int64
		stamp, to string
	}{
		"unknown":   {0, "n/a", "n/a"},
		"today":     {before(9*time.Minute) + 120_000, "today 16:22:04.120", "today 16:22"},
		"yesterday": {before(20 * time.Hour), "yesterday 20:31:04.000", "yesterday 20:31"},
		"this year": {before(100 * 24 * time.Hour), "12 Aug 16:31:04.000", "12 Aug 16:31"},
		"long ago":  {before(400 * 24 * time.Hour), "16 Oct 2025 16:31:04.000", "16 Oct 2025 16:31"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := moment.Stamp(c.at).Text; got != c.stamp {
				t.Errorf("Stamp = %q, want %q", got, c.stamp)
			}
			if got := moment.At(c.at).Text; got != c.to {
				t.Errorf("At = %q, want %q", got, c.to)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 412 * time.Millisecond: "412 ms", 1400 * time.Millisecond: "1.4 s", 42 * time.Second: "42 s", 6*time.Minute + 12*time.Second: "6m 12s",
		time.Hour: "1h", 2*time.Hour + 41*time.Minute: "2h 41m", 76 * time.Hour: "3d 4h", -90 * time.Second: "-1m 30s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 9999: "9,999", 10_000: "10k", 12_449: "12.4k", 99_960: "100k", 128_400: "128k", 999_499: "999k", 999_500: "1M",
		1_234_567: "1.2M", 3_400_000_000: "3.4G", -12_400: "-12.4k",
	} {
		if got := Num(n); got != want {
			t.Errorf("Num(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 18_911: "18,911", 1_234_567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		if got := Exact(n); got != want {
			t.Errorf("Exact(%d) = %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{0, 0, "n/a"}, {0, 9, "0%"}, {1, 10_000, "<0.1%"}, {163, 1000, "16%"}, {1, 100, "1%"}, {13, 1000, "1.3%"}, {9, 9, "100%"}} {
		if got := Percent(c.part, c.whole); got != c.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", c.part, c.whole, got, c.want)
		}
	}
	for n, want := range map[int64]string{812: "812 B", 4200: "4.1 KB", 1 << 20: "1 MB", 5 << 40: "5 TB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
	if Count(1, "event", "events") != "1 event" || Count(0, "event", "events") != "0 events" {
		t.Error("Count")
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct{ in, want string }{{"short", "short"}, {"exactly10!", "exactly10!"}, {"more than ten", "more than…"}, {"ÅÅÅÅÅÅÅÅÅÅÅ", "ÅÅÅÅÅÅÅÅÅ…"}, {"", ""}} {
		if got := Clip(c.in, 10); got != c.want {
			t.Errorf("Clip(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPieces(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []Piece
	}{
		"none":             {"plain", []Piece{{Text: "plain"}}},
		"empty":            {"", []Piece{{}}},
		"alone":            {"[email]", []Piece{{"[email]", true}}},
		"within":           {"to [email], card [creditcard]", []Piece{{"to ", false}, {"[email]", true}, {", card ", false}, {"[creditcard]", true}}},
		"other brackets":   {"a[0] [ERROR] [email", []Piece{{Text: "a[0] [ERROR] [email"}}},
		"bracket in front": {"[[email]]", []Piece{{"[", false}, {"[email]", true}, {"]", false}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Pieces(c.in)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if !IsMark("[email]") || IsMark("") || IsMark("[email] ") || IsMark("[other]") {
		t.Error("IsMark")
	}
}

func TestSafeLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?y=1": "https://a.example/x?y=1", "HTTP://A.example": "HTTP://A.example", "javascript:alert(1)": "", "data:text/html,x": "",
		"//a.example": "", "/path": "", "https://a.example/\nx": "", "https://a.example/ x": "", `https://a.example/"x`: "", "": "", "http": "",
		"https://a.example/" + strings.Repeat("x", 2100): "",
	} {
		if got := SafeLink(in); got != want {
			t.Errorf("SafeLink(%q) = %q", in, got)
		}
	}
}

func TestInitials(t *testing.T) {
	for in, want := range map[string]string{"A. Rivera": "AR", "ada": "A", "Ada Maria Rivera": "AR", "  ": "?", "": "?", "łukasz ó": "ŁÓ"} {
		if got := Initials(in); got != want {
			t.Errorf("Initials(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFieldErrors(t *testing.T) {
	fields := []Field{{Name: "name"}, {Name: "slug"}}
	rest := FieldErrors(fields, []errata.Detail{{Field: "slug", Message: "taken"}, {Field: "", Message: "the disk is full"}})
	if diff := cmp.Diff([]string{"the disk is full"}, rest); diff != "" {
		t.Error(diff)
	}
	if fields[1].Error != "taken" || fields[0].Error != "" || !HasErrors(fields) || HasErrors(fields[:1]) {
		t.Errorf("fields %+v", fields)
	}
}

func TestServiceMarks(t *testing.T) {
	for in, want := range map[string]string{"go": "Go", "python-django": "Py", "JavaScript": "JS", "": "··", "klingon": "··"} {
		if got := PlatformMark(in); got != want {
			t.Errorf("PlatformMark(%q) = %q, want %q", in, got, want)
		}
	}
	if got := NewService(errata.Project{Slug: "a", Platform: "go"}, "python"); got.Mark != "Py" {
		t.Errorf("the event's platform must win: %+v", got)
	}
}

func TestStatuses(t *testing.T) {
	for s, want := range map[errata.Status]string{errata.Open: "Open", errata.Acknowledged: "Acknowledged", errata.Resolved: "Resolved", errata.Ignored: "Ignored", "": "Open"} {
		if got := NewStatus(s).Word; got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}

package errata

import "testing"

// An episode that ends resolved is at most five years long. What is longer can
// be ignored, and then be resolved: its episode has ended without a time to
// resolve.
func TestResolveAfterYears(t *testing.T) {
	const opened = int64(1e15)
	ada := Actor{Kind: ActorUser, ID: "1"}
	ignoredFirst := func(i Issue, ep Episode, a Act) (Issue, Episode) {
		s, err := i.Ignore(ep, a, "other")
		if err != nil {
			t.Fatal(err)
		}
		return s.Issue, s.Episode
	}
	as := func(status Status) func(Issue, Episode, Act) (Issue, Episode) {
		return func(i Issue, ep Episode, _ Act) (Issue, Episode) {
			i.Status = status
			return i, ep
		}
	}
	for name, c := range map[string]struct {
		before func(Issue, Episode, Act) (Issue, Episode)
		took   int64 // µs
		reason string
		ended  CloseReason
	}{
		"at once":                      {as(Open), 0, "", ClosedResolved},
		"after five years":             {as(Open), MaxTimeToResolve, "", ClosedResolved},
		"later, open":                  {as(Open), MaxTimeToResolve + 1, ReasonTooOld, ""},
		"later, acknowledged":          {as(Acknowledged), MaxTimeToResolve + 1, ReasonTooOld, ""},
		"later, ignored first":         {ignoredFirst, MaxTimeToResolve + 1, "", ClosedIgnored},
		"with a clock that went ahead": {as(Open), 8e18, ReasonTooOld, ""},
		"with a clock that went back":  {as(Open), -opened, "", ClosedResolved},
	} {
		t.Run(name, func(t *testing.T) {
			a := Act{At: opened + c.took, Who: ada}
			i, ep := c.before(
				Issue{ID: "i", Severity: P2, StatusAt: opened, OpenedAt: opened, EpisodeSeq: 1, Version: 1},
				Episode{ID: "e", Seq: 1, OpenedAt: opened, SeverityOpen: P2, SeverityPeak: P2}, a)
			s, err := i.Resolve(ep, a, CauseFixed)
			if ReasonOf(err) != c.reason || (err != nil) != (c.reason != "") {
				t.Fatalf("%v (%s), want %q", err, ReasonOf(err), c.reason)
			}
			if err != nil {
				if CodeOf(err) != Invalid || s.Changed() {
					t.Errorf("%s, %d rows", CodeOf(err), len(s.Rows))
				}
				return
			}
			if s.Issue.Status != Resolved || s.Episode.CloseReason != c.ended || (s.Episode.ResolvedAt != 0) != (c.ended == ClosedResolved) {
				t.Errorf("%s, %+v", s.Issue.Status, s.Episode)
			}
		})
	}
}

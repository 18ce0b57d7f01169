package page

import (
	"strings"

	"errata/internal/querylang"
	"errata/internal/views/ui"
)

// Rank names what the top issues are ranked by.
type Rank string

// The ranks, in the order of their tabs; the first is the usual one.
const (
	RankEvents Rank = "events"
	RankUsers  Rank = "users"
	RankRising Rank = "rising"
)

// Ranks lists the ranks.
var Ranks = []Rank{RankEvents, RankUsers, RankRising}

// OverviewURL is the state of the overview as its address holds it: equal state
// gives an equal address. From and To (RFC 3339) are set only when Range is "".
type OverviewURL struct {
	Services, Envs []string
	Range          string
	From, To       string
	Zone           string // tz; "" = the reader's own
	Rank           Rank
	Severity       string // whose response times are shown: P0 … P3, "" = all
}

// Path is where the overview is.
func (OverviewURL) Path() string { return "/overview" }

// String writes the address: defaults left out, fixed order.
func (u OverviewURL) String() string {
	var p params
	for _, one := range u.all() {
		p.add(one.Name, one.Value, "")
	}
	return u.Path() + p.String()
}

func (u OverviewURL) all() (out []Param) {
	add := func(name, value, unless string) {
		if value != "" && value != unless {
			out = append(out, Param{name, value})
		}
	}
	for _, s := range u.Services {
		add("service", s, "")
	}
	for _, e := range u.Envs {
		add("env", e, "")
	}
	if u.From != "" || u.To != "" {
		add("from", u.From, "")
		add("to", u.To, "")
	} else {
		add("range", u.Range, DefaultRange)
	}
	add("tz", u.Zone, "")
	add("top", string(u.Rank), string(RankEvents))
	add("severity", u.Severity, "")
	return out
}

// Hidden are the parameters that a form carries along beside those it shows.
func (u OverviewURL) Hidden(shown ...string) (out []Param) {
next:
	for _, p := range u.all() {
		for _, s := range shown {
			if p.Name == s {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}

// WithServices is the same overview of other services.
func (u OverviewURL) WithServices(slugs ...string) OverviewURL { u.Services = slugs; return u }

// WithEnvs is the same overview of other environments.
func (u OverviewURL) WithEnvs(names ...string) OverviewURL { u.Envs = names; return u }

// WithRange is the same overview over a relative range.
func (u OverviewURL) WithRange(r string) OverviewURL { u.Range, u.From, u.To = r, "", ""; return u }

// WithRank is the same overview with other top issues.
func (u OverviewURL) WithRank(r Rank) OverviewURL { u.Rank = r; return u }

// WithSeverity is the same overview with the response times of a severity.
func (u OverviewURL) WithSeverity(s string) OverviewURL { u.Severity = s; return u }

// AnyTime is the range of a list that leaves nothing out. The chart of such a
// list shows the last ChartDays.
const (
	AnyTime   = "3650d"
	ChartDays = 90
)

// issues is the list of the issues that a figure counts: those of the same
// services and environments that a query selects, over the same range.
func (u OverviewURL) issues(q string) ListURL {
	for _, f := range []struct {
		key    string
		values []string
	}{{"service", u.Services}, {"env", u.Envs}} {
		if len(f.values) == 0 {
			continue
		}
		quoted := make([]string, len(f.values))
		for i, v := range f.values {
			quoted[i] = querylang.Quote(v)
		}
		q += " " + f.key + ":" + strings.Join(quoted, ",") //nolint:perfsprint // two rounds at most
	}
	if q != "" && q[0] == ' ' {
		q = q[1:]
	}
	return ListURL{Path: "/issues", Q: q, Range: u.Range, From: u.From, To: u.To, Zone: u.Zone}
}

// everywhen is the same list whenever its issues were active.
func (u OverviewURL) everywhen(q string) string { return u.issues(q).WithRange(AnyTime).String() }

// analytics is where response times of the same episodes are taken apart.
func (in OverviewIn) analytics() ListURL {
	q := ""
	if in.URL.Severity != "" {
		q = "severity:" + in.URL.Severity
	}
	u := in.URL.issues(q)
	u.Path = "/analytics/response"
	return u
}

// rankLinks are the tabs of the top issues.
func (u OverviewURL) rankLinks(now Rank) (out []ui.Link) {
	words := map[Rank]string{RankEvents: "Events", RankUsers: "Users", RankRising: "Rising"}
	for _, r := range Ranks {
		out = append(out, ui.Link{Text: words[r], URL: u.WithRank(r).String(), Current: r == now})
	}
	return out
}

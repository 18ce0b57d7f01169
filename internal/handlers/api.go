package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
)

// api answers readers of /api/v1.
type api struct{ *Server }

type apiTotal struct {
	Value int64 `json:"value"`
	Exact bool  `json:"exact"`
}

type apiList struct {
	Items any      `json:"items"`
	Next  string   `json:"next"`
	Total apiTotal `json:"total"`
	AsOf  string   `json:"as_of"`
	Gaps  []apiGap `json:"gaps,omitempty"` // what could not be read

	Notices []errata.Detail `json:"notices,omitempty"`
}

type apiIssue struct {
	ID           string `json:"id"`
	Title        string `json:"title"`
	Type         string `json:"type"`
	Code         string `json:"code"`
	Culprit      string `json:"culprit"`
	Service      string `json:"service"`
	Platform     string `json:"platform"`
	Level        string `json:"level"`
	Severity     string `json:"severity"`
	Status       string `json:"status"`
	Reason       string `json:"reason"`
	Events       int64  `json:"events"`
	Users        int64  `json:"users"`
	FirstSeen    string `json:"first_seen"`
	LastSeen     string `json:"last_seen"`
	FirstRelease string `json:"first_release"`
	LastRelease  string `json:"last_release"`
	URL          string `json:"url"`

	Assignee *apiPerson `json:"assignee"`
}

func apiGaps(all []search.Gap) []apiGap {
	out := make([]apiGap, len(all))
	for i, g := range all {
		out[i] = apiGap{g.From.Format(time.RFC3339), g.To.Format(time.RFC3339), g.Reason}
	}
	return out
}

// apiIssueClocks is an issue with its clocks.
type apiIssueClocks struct {
	apiIssue
	Environments []string    `json:"environments"`
	LastDay      int64       `json:"events_24h"`
	StatusAt     string      `json:"status_at"`
	Stage        string      `json:"stage"`
	Locked       bool        `json:"severity_locked"`
	IgnoreReason string      `json:"ignore_reason"`
	OpenedAt     string      `json:"opened_at"`
	LateEvents   int64       `json:"late_events"`
	Version      int64       `json:"version"`
	LastEvent    string      `json:"last_event"`
	BestEvent    string      `json:"recommended_event"`
	Fingerprint  string      `json:"fingerprint"`
	Episode      *apiEpisode `json:"episode"`
}

// apiIssueDetail is an issue with all that happened to it.
type apiIssueDetail struct {
	apiIssueClocks
	Ledger   []apiStep    `json:"ledger"`
	Comments []apiComment `json:"comments"`
}

type apiEvent struct {
	ID          string `json:"id"`
	Timestamp   string `json:"timestamp"`
	Received    string `json:"received"`
	Service     string `json:"service"`
	Issue       string `json:"issue"`
	Title       string `json:"title"`
	Type        string `json:"type"`
	Culprit     string `json:"culprit"`
	Level       string `json:"level"`
	Severity    string `json:"severity"`
	Environment string `json:"environment"`
	Release     string `json:"release"`
}

// apiTime writes a time; "" when there is none.
func apiTime(us int64) string {
	if us == 0 {
		return ""
	}
	return errata.FromMicros(us).Format(time.RFC3339Nano)
}

func (h api) issue(is errata.Issue, p errata.Project, people map[string]errata.Person) apiIssue {
	id := errata.ShortID(p.Prefix, is.Number)
	return apiIssue{
		ID: id, Title: is.Title, Type: is.Type, Code: is.Code, Culprit: is.Culprit, Service: p.Slug, Platform: is.Platform,
		Level: string(is.Level), Severity: is.Severity.String(), Status: string(is.Status), Reason: string(is.Reason),
		Events: is.Events, Users: is.Users, FirstSeen: apiTime(is.FirstSeen), LastSeen: apiTime(is.LastSeen),
		FirstRelease: is.FirstRelease, LastRelease: is.LastRelease, URL: h.URL + "/issues/" + id,
		Assignee: person(people, is.AssigneeID),
	}
}

func total(t search.Total) apiTotal { return apiTotal{t.Value, t.Exact} }

func (h api) issues(c echo.Context) error {
	in, err := h.listParams(c, actorOf(c))
	if err != nil {
		return err
	}
	p, err := h.Find.Issues(c.Request().Context(), actorOf(c), find.IssueQuery{Q: in.q, Range: in.span, Sort: in.sort, Cursor: in.cursor, Size: in.size})
	if err != nil {
		return err
	}
	items := make([]apiIssue, len(p.Rows))
	for i, r := range p.Rows {
		items[i] = h.issue(r.Issue, r.Project, map[string]errata.Person{r.Owner.ID: r.Owner})
	}
	return c.JSON(http.StatusOK, apiList{items, p.Next, total(p.Total), apiTime(p.AsOf), apiGaps(p.Gaps), p.Query.Notices})
}

func (h api) clocks(v find.IssueView) apiIssueClocks {
	envs := v.Environments
	if envs == nil {
		envs = []string{}
	}
	return apiIssueClocks{
		apiIssue: h.issue(v.Issue, v.Project, v.People), Environments: envs, LastDay: v.LastDay, StatusAt: apiTime(v.Issue.StatusAt),
		Stage: string(v.Issue.Stage), Locked: v.Issue.SeverityLocked, IgnoreReason: v.Issue.IgnoreReason,
		OpenedAt: apiTime(v.Issue.OpenedAt), LateEvents: v.Issue.LateEvents, Version: v.Issue.Version, LastEvent: v.Issue.LastRef.EventID,
		BestEvent: v.Issue.BestRef.EventID, Fingerprint: v.Fingerprint, Episode: episode(v.Episode, v.People),
	}
}

func (h api) one(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	v, err := h.Find.Issue(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	a, err := h.Find.Activity(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	ledger, comments := story(a)
	return c.JSON(http.StatusOK, apiIssueDetail{h.clocks(v), ledger, comments})
}

func (h api) issueEvents(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	v, err := h.Find.Issue(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	in, err := h.listParams(c, who)
	if err != nil {
		return err
	}
	p, err := h.Find.IssueEvents(ctx, who, v, find.EventQuery{Q: in.q, Range: in.span, Cursor: in.cursor, Size: in.size})
	if err != nil {
		return err
	}
	items := make([]apiEvent, len(p.Rows))
	for i, r := range p.Rows {
		items[i] = apiEvent{
			ID: r.EventID, Timestamp: apiTime(r.Time), Received: apiTime(r.Received), Service: r.Project.Slug,
			Issue: v.ShortID(), Title: r.Title, Type: r.Type, Culprit: r.Culprit, Level: string(r.Level), Severity: r.Severity.String(),
			Environment: r.Env, Release: r.Release,
		}
	}
	return c.JSON(http.StatusOK, apiList{items, p.Next, total(p.Total), apiTime(p.AsOf), apiGaps(p.Gaps), nil})
}

// event answers the whole canonical event, as this reader may see it.
func (h api) event(c echo.Context) error {
	ev, _, err := h.Find.EventByID(c.Request().Context(), actorOf(c), c.Param("event_id"), c.QueryParam("project"))
	if err != nil {
		return err
	}
	return canonical(c, ev)
}

type apiSeries struct {
	Key     string  `json:"key"`
	Total   int64   `json:"total"`
	Buckets []int64 `json:"buckets"`
}

type apiGap struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

type apiVolume struct {
	From     string      `json:"from"`
	To       string      `json:"to"`
	Zone     string      `json:"tz"`
	Bucket   string      `json:"bucket"`
	Starts   []string    `json:"starts"` // where each bucket starts, in the zone
	AsOf     string      `json:"as_of"`
	Source   string      `json:"source"`
	Exact    bool        `json:"exact"`
	Total    int64       `json:"total"`
	Series   []apiSeries `json:"series"`
	Previous []int64     `json:"previous"` // per bucket; empty when not compared
	Gaps     []apiGap    `json:"gaps"`

	Notices []errata.Detail `json:"notices,omitempty"`
}

func (h api) volume(c echo.Context) error {
	who := actorOf(c)
	in, err := h.volumeParams(c, who)
	if err != nil {
		return err
	}
	v, err := h.Find.Volume(c.Request().Context(), who, in)
	if err != nil {
		return err
	}
	out := apiVolume{
		From: v.Range.From.Format(time.RFC3339Nano), To: v.Range.To.Format(time.RFC3339Nano), Zone: in.Zone.String(),
		Bucket: string(v.Interval), AsOf: h.Clock().UTC().Format(time.RFC3339Nano), Source: v.Source, Exact: len(v.Gaps) == 0,
		Total: v.Total, Previous: append([]int64{}, v.Previous...), Starts: []string{}, Series: []apiSeries{}, Gaps: []apiGap{}, Notices: v.Query.Notices,
	}
	for _, e := range v.Edges[:max(len(v.Edges)-1, 0)] {
		out.Starts = append(out.Starts, e.In(in.Zone).Format(time.RFC3339))
	}
	for _, s := range v.Series {
		out.Series = append(out.Series, apiSeries(s))
	}
	for _, g := range v.Gaps {
		out.Gaps = append(out.Gaps, apiGap{g.From.Format(time.RFC3339), g.To.Format(time.RFC3339), g.Reason})
	}
	return c.JSON(http.StatusOK, out)
}

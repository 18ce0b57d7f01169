package handlers

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/grouping"
	"errata/internal/normalize"
	"errata/internal/views/page"
)

// issue is the page of one issue and of its events.
type issue struct{ *Server }

func encodeEvent(ev *errata.Event) ([]byte, error) { return normalize.Encode(ev) }

func (h issue) show(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	part, ok := page.ParsePart(askedPart(c))
	if !ok {
		return errata.E(errata.NotFound, "There is no such part of an event.", nil)
	}
	v, err := h.Find.Issue(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	if id := v.ShortID(); id != c.Param("id") { // chk-12 is CHK-12: one address for each page
		return c.Redirect(http.StatusSeeOther, page.IssueURL{ID: id, Event: c.Param("event"), Part: part}.String())
	}
	in, err := h.acting(c, v)
	if err != nil {
		return err
	}
	code, err := h.fill(c, v, part, &in)
	if err != nil {
		return err
	}
	return showModel(c, code, page.NewIssue(h.chrome(c, in.Moment), in))
}

// fill adds the trend and the event that the address names; the status is 404
// when that event is gone.
func (h issue) fill(c echo.Context, v find.IssueView, part page.Part, in *page.IssueIn) (code int, err error) {
	in.LastDay, in.Back, in.Why = v.LastDay, back(c), why(v)
	in.Trend, in.Beside = h.trend(c, v), h.beside(c, v)
	in.Export = &page.ExportIn{Address: page.IssueURL{ID: v.ShortID()}.String(), May: h.Find.MayTakeIssue(actorOf(c), v.Project.ID), Markdown: true}
	if in.Event, err = h.event(c.Request().Context(), c, actorOf(c), v, part); err != nil {
		return 0, err
	}
	in.Beside.Keys = tagKeys(in.Event.Event)
	if in.Event.Event == nil && in.Event.Failed == nil && c.Param("event") != "" {
		return http.StatusNotFound, nil
	}
	return http.StatusOK, nil
}

// whole shows the page of an issue after an act that was not done.
func (h issue) whole(c echo.Context, code int, v find.IssueView, in page.IssueIn) error {
	if _, err := h.fill(c, v, page.PartStack, &in); err != nil {
		return err
	}
	return show(c, code, page.NewIssue(h.chrome(c, in.Moment), in).Whole())
}

// acting reads what an act changes of the page: state, response times, story,
// and what the reader can do.
func (h issue) acting(c echo.Context, v find.IssueView) (page.IssueIn, error) {
	ctx, who := c.Request().Context(), actorOf(c)
	m := h.moment(zoneOf(who))
	in := page.IssueIn{Moment: m, Issue: v.Issue, Service: v.Project, Envs: v.Environments}
	in.Acts = page.ActsIn{Can: v.Can, Me: who.ID, Owner: v.People[v.Issue.AssigneeID], Watching: v.Watching, Next: returnTo(c, v)}
	in.Response = page.ResponseIn{Episode: v.Episode, Target: v.Target}
	story, err := h.Find.Activity(ctx, who, v.ShortID())
	if err != nil {
		return in, err
	}
	in.Activity.People = story.People
	maps.Copy(in.Activity.People, v.People)
	for _, r := range story.Rows {
		if r.Transition.Rule != "" {
			in.Activity.Transitions = append(in.Activity.Transitions, r.Transition)
		}
		if r.Note.ID != "" {
			in.Activity.Notes = append(in.Activity.Notes, r.Note)
		}
	}
	if last, ok := errata.Undoable(in.Activity.Transitions, who, m.Now.UnixMicro()); ok && h.Decide(who, last.Right(who), v.Project.ID) == nil {
		in.Activity.Undo = &last
	}
	if v.Can.Assign.OK || v.Can.AssignSelf.OK {
		in.Acts.People, err = h.Find.Assignable(ctx, who, v.Project.ID)
	}
	return in, err
}

// returnTo is where an act leads afterwards: what its form says, else the page
// it stands on.
func returnTo(c echo.Context, v find.IssueView) string {
	if next := field(c, "next"); next != "" {
		if next = localPath(next); next != "/" {
			return next
		}
	}
	if c.Request().Method == http.MethodGet && !wantsPart(c.Request()) {
		return c.Request().URL.RequestURI()
	}
	return page.IssueURL{ID: v.ShortID()}.String()
}

// back is the list the reader came from, when that was ours.
func back(c echo.Context) string {
	u, err := url.Parse(c.Request().Referer())
	if err != nil || u.Host != c.Request().Host || u.Path != "/issues" {
		return ""
	}
	return localPath(u.RequestURI())
}

func (h issue) trend(c echo.Context, v find.IssueView) page.TrendIn {
	who := actorOf(c)
	vol, err := h.Find.IssueTrend(c.Request().Context(), v, zoneOf(who))
	t := page.TrendIn{Moment: h.moment(zoneOf(who)), Interval: vol.Interval, Edges: vol.Edges}
	if err != nil {
		t.Failed = failure(c, t.Moment, "The chart could not be drawn.", err, "trend")
		return t
	}
	t.Events = vol.Series[0].Buckets
	t.Marks = []page.TrendMark{{At: v.Issue.FirstSeen, Text: "first seen"}}
	return t
}

// event reads the event that the address names. What is gone for good is said
// with the nearest that is left; an engine that is away fails this card alone.
func (h issue) event(ctx context.Context, c echo.Context, who errata.Actor, v find.IssueView, part page.Part) (page.EventIn, error) {
	in := page.EventIn{
		Asked: c.Param("event"), Part: part, Frames: page.ParseFrames(c.QueryParam("frames")), Settings: v.Project.Settings,
		Revealed: revealing(c), MayReveal: h.Decide(who, errata.EventReadPII, v.Project.ID) == nil,
	}
	e, err := h.read(c, v, in.Asked)
	if err != nil {
		return in, err
	}
	switch {
	case e.Event != nil:
		in.Event, in.First, in.Previous, in.Next, in.Last = e.Event, e.First, e.Previous, e.Next, e.Last
		in.Position, in.Total = e.Position, e.Total
	case e.Gone || errata.CodeOf(e.Err) == errata.NotFound:
		if in.Asked != find.Last {
			in.Nearest = h.Find.Nearest(ctx, who, v)
		}
		return in, nil
	case errata.CodeOf(e.Err) == errata.Internal || errata.CodeOf(e.Err) == errata.Forbidden:
		return in, e.Err
	default:
		in.Failed = failure(c, h.moment(zoneOf(who)), "The event could not be read.", e.Err, "event")
		return in, nil
	}
	in.JSON, err = encodeEvent(e.Event)
	return in, err
}

// why turns the stored reason of grouping into what the page shows.
func why(v find.IssueView) page.WhyIn {
	w, err := grouping.ParseWhy(v.Why)
	if err != nil {
		return page.WhyIn{}
	}
	out := page.WhyIn{Version: w.Version, Kind: string(w.Kind), Hash: v.Fingerprint, Rule: w.Rule}
	for _, p := range w.Parts {
		part := page.WhyPart{Name: p.Name, Text: p.Text}
		if !p.Used {
			part.Ignored = p.Why
		}
		out.Parts = append(out.Parts, part)
	}
	return out
}

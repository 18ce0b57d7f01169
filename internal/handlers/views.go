package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/triage"
	"errata/internal/views/layout"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

const day = 24 * time.Hour

// views are the saved views.
type views struct{ *Server }

// viewsKey is where a request keeps the reader's views once they are read.
const viewsKey = "views"

// savedViews are the views that the reader may use. Pages go on without them
// when they cannot be read.
func (s *Server) savedViews(c echo.Context) []find.ViewRow {
	if all, ok := c.Get(viewsKey).([]find.ViewRow); ok {
		return all
	}
	who := actorOf(c)
	if who.ID == "" || wantsPart(c.Request()) {
		return nil
	}
	all, err := s.Find.SavedViews(c.Request().Context(), who)
	if err != nil {
		all = nil
	}
	c.Set(viewsKey, all)
	return all
}

// viewTotals returns what is known of the views' matches, nil where nothing is.
func (s *Server) viewTotals(who errata.Actor, all []find.ViewRow) []*page.Total {
	out := make([]*page.Total, len(all))
	var asked []find.ViewAsked
	var at []int
	for i, v := range all {
		in := listIn{from: v.Params["from"], to: v.Params["to"], rangeWord: v.Params["range"], zone: zoneOf(who)}
		if in.rangeWord == "" && in.from == "" && in.to == "" {
			in.rangeWord = page.DefaultRange
		}
		if span, err := s.span(in); err == nil {
			asked, at = append(asked, find.ViewAsked{ViewRow: v, Over: span}), append(at, i)
		}
	}
	totals, known := s.Find.ViewTotals(who, asked)
	for i, t := range totals {
		if known[i] {
			total := page.Total(t)
			out[at[i]] = &total
		}
	}
	return out
}

// viewNav are the entries of the navigation.
func (s *Server) viewNav(c echo.Context) (out []layout.NavItem) {
	all := s.savedViews(c)
	totals := s.viewTotals(actorOf(c), all)
	for i, v := range all {
		n := page.ViewNav(v.SavedView, totals[i])
		if !v.Mine {
			n.Group = v.Team.Name
		}
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(a, b layout.NavItem) int { return strings.Compare(a.Group, b.Group) })
	return out
}

// viewsIn is what the reader may do with views at a list.
func (s *Server) viewsIn(c echo.Context, here string) page.ViewsIn {
	who := actorOf(c)
	in := page.ViewsIn{MaySave: who.Human() && s.Decide(who, errata.ViewSave, "") == nil}
	in.MayShare, in.WhyNotShare = s.mayShare(who)
	if in.MaySave {
		in.Teams = s.teamsOf(c)
	}
	for _, v := range s.savedViews(c) {
		if v.Slug == viewParam(c) {
			q, params := stateOf(here)
			in.Opened = &page.OpenedView{
				SavedView: v.SavedView, MayChange: s.Triage.MayChangeView(who, v.SavedView), Changed: q != v.Query || !maps.Equal(params, v.Params),
			}
		}
	}
	return in
}

// viewParam is the view that a list was opened by, "" when it is none.
func viewParam(c echo.Context) string {
	slug := c.QueryParam("view")
	if len(slug) > 60 || strings.ContainsFunc(slug, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }) {
		return ""
	}
	return slug
}

func (s *Server) mayShare(who errata.Actor) (bool, string) {
	if err := s.Decide(who, errata.ViewShare, ""); err != nil {
		return false, errata.MessageOf(err)
	}
	return true, ""
}

// teamsOf are the teams that the reader is in. Pages go on without them when
// they cannot be read.
func (s *Server) teamsOf(c echo.Context) []errata.Team {
	all, err := s.Find.TeamsOf(c.Request().Context(), actorOf(c))
	if err != nil {
		return nil
	}
	return all
}

// stateOf takes a list's address apart: its query, and what else a view keeps.
func stateOf(here string) (q string, params map[string]string) {
	params = map[string]string{}
	u, err := url.Parse(here)
	if err != nil {
		return "", params
	}
	for name, values := range u.Query() {
		switch name {
		case "q":
			q = values[0]
		case "cursor", "view", "edit", "open":
		default:
			params[name] = values[0]
		}
	}
	return q, params
}

func (h views) list(c echo.Context) error { return h.show(c, http.StatusOK, nil) }

// show lists the views, with what was wrong with a form.
func (h views) show(c echo.Context, code int, refused error) error {
	who := actorOf(c)
	c.Set(viewsKey, nil)
	all, err := h.Find.SavedViews(c.Request().Context(), who)
	if err != nil {
		return err
	}
	c.Set(viewsKey, all)
	in := page.ViewsPageIn{Err: refused, Teams: h.teamsOf(c)}
	in.MayShare, in.WhyNotShare = h.mayShare(who)
	totals := h.viewTotals(who, all)
	for i, v := range all {
		in.Views = append(in.Views, page.ViewIn{
			SavedView: v.SavedView, Mine: v.Mine, Owner: v.Owner, Team: v.Team, Total: totals[i], MayChange: h.Triage.MayChangeView(who, v.SavedView),
		})
	}
	return showModel(c, code, page.NewViewsPage(h.chrome(c, h.moment(zoneOf(who))), in))
}

// open leads to the list that a view keeps.
func (h views) open(c echo.Context) error {
	v, err := h.Find.SavedView(c.Request().Context(), actorOf(c), c.Param("view"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.ViewURL(v.SavedView))
}

// form reads what a form says about a view: the list it was sent from, a name,
// who sees it. What it does not say stays as it is.
func (h views) form(c echo.Context, old find.ViewRow) (triage.ViewForm, error) {
	f := triage.ViewForm{Title: old.Title, Page: old.Page, Query: old.Query, Params: old.Params, Visibility: old.Visibility, Team: old.Team.Slug}
	f.Version, _ = strconv.ParseInt(field(c, "version"), 10, 64) // 0: whatever is there
	if title := c.Request().PostForm["title"]; len(title) > 0 {
		f.Title = title[0]
	}
	if seen := field(c, "visibility"); seen != "" {
		var team string // team:payments
		seen, team, _ = strings.Cut(seen, ":")
		f.Visibility, f.Team = errata.Visibility(seen), team
	}
	here := field(c, "here")
	if here == "" {
		return f, nil
	}
	f.Page, _, _ = strings.Cut(strings.TrimPrefix(localPath(here), "/"), "?")
	q, params := stateOf(here)
	f.Params = params
	now := h.Clock()
	var err error
	f.Query, err = h.Find.Canonical(c.Request().Context(), actorOf(c), q, askedIn(f.Page), find.Range{From: now.Add(-day), To: now})
	return f, err
}

func (h views) save(c echo.Context) error {
	f, err := h.form(c, find.ViewRow{SavedView: errata.SavedView{Visibility: errata.ViewPrivate}})
	if err != nil {
		return h.refuse(c, err)
	}
	v, err := h.Triage.SaveView(c.Request().Context(), actorOf(c), f)
	if err != nil {
		return h.refuse(c, err)
	}
	h.sayNext(c, ui.Toast{Text: "The view is saved."})
	return c.Redirect(http.StatusSeeOther, page.ViewURL(v))
}

// change renames a view, shares it, or lets it keep the list it was sent from.
func (h views) change(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	old, err := h.Find.SavedView(ctx, who, c.Param("view"))
	if err != nil {
		return err
	}
	f, err := h.form(c, old)
	if err != nil {
		return h.refuse(c, err)
	}
	v, err := h.Triage.ChangeView(ctx, who, old.Slug, f)
	if err != nil {
		return h.refuse(c, err)
	}
	h.sayNext(c, ui.Toast{Text: "The view is changed."})
	if field(c, "here") != "" {
		return c.Redirect(http.StatusSeeOther, page.ViewURL(v))
	}
	return c.Redirect(http.StatusSeeOther, "/views")
}

func (h views) remove(c echo.Context) error {
	version, _ := strconv.ParseInt(field(c, "version"), 10, 64)
	v, err := h.Find.SavedView(c.Request().Context(), actorOf(c), c.Param("view"))
	if err != nil {
		return err
	}
	if err := h.Triage.DeleteView(c.Request().Context(), actorOf(c), v.Slug, version); err != nil {
		return h.refuse(c, err)
	}
	h.sayNext(c, ui.Toast{Text: "The view is deleted."})
	return c.Redirect(http.StatusSeeOther, "/views")
}

// refuse shows the views with what was wrong.
func (h views) refuse(c echo.Context, err error) error {
	switch errata.CodeOf(err) {
	case errata.Invalid:
		return h.show(c, http.StatusUnprocessableEntity, err)
	case errata.Conflict:
		return h.show(c, http.StatusConflict, err)
	default:
		return err
	}
}

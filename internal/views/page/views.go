package page

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// ViewURL is the list that a saved view opens.
func ViewURL(v errata.SavedView) string {
	var p params
	p.add("q", v.Query, "")
	for _, name := range slices.Sorted(maps.Keys(v.Params)) {
		p.add(name, v.Params[name], "")
	}
	p.add("view", v.Slug, "")
	return "/" + v.Page + p.String()
}

// ViewNav is the entry of a saved view in the navigation. total nil = not
// counted yet.
func ViewNav(v errata.SavedView, total *Total) layout.NavItem {
	n := layout.NavItem{Text: v.Title, URL: ViewURL(v), Icon: "bookmark", View: v.Slug}
	if total != nil {
		n.Count = total.short()
	}
	return n
}

// ViewsPageIn is what the page of saved views is made from.
type ViewsPageIn struct {
	Views       []ViewIn
	Teams       []errata.Team // of the reader
	MayShare    bool
	WhyNotShare string
	Err         error // of the form of Slug
	Slug        string
}

// ViewIn is one saved view in the list of them.
type ViewIn struct {
	errata.SavedView
	Mine      bool
	MayChange bool
	Owner     errata.Person
	Team      errata.Team // that it is for; zero = none
	Total     *Total      // nil = not counted yet
}

// ViewsPage lists saved views.
type ViewsPage struct {
	noParts
	layout.Chrome
	Own, Shared          []ViewLine
	Teams                []TeamViews
	MayShare             bool
	WhyNotShare, Problem string
}

// TeamViews are views that others share with a team of the reader.
type TeamViews struct {
	Name  string
	Views []ViewLine
}

// ViewTeam is a team that a view can be shared with, as forms say it.
type ViewTeam struct{ Name, Value string }

func viewTeams(all []errata.Team) (out []ViewTeam) {
	for _, t := range all {
		out = append(out, ViewTeam{Name: t.Name, Value: string(errata.ViewForTeam) + ":" + t.Slug})
	}
	return out
}

// ViewLine is one view. Teams are those that it can be shared with besides.
type ViewLine struct {
	Title, URL, Page, Query, Count, Version string
	Act                                     string // address of its forms
	ForAll, MayChange                       bool
	Team                                    string // that it is for, "" = none
	Teams                                   []ViewTeam
	Owner                                   *ui.Person
}

// NewViewsPage makes the page of saved views.
func NewViewsPage(c layout.Chrome, in ViewsPageIn) ViewsPage {
	c.Title, c.Section, c.Keys = "Saved views", layout.SectionViews, plainKeys
	m := ViewsPage{Chrome: c, MayShare: in.MayShare, WhyNotShare: in.WhyNotShare}
	if in.Err != nil {
		m.Problem = errata.MessageOf(in.Err)
	}
	for _, v := range in.Views {
		l := ViewLine{
			Title: v.Title, URL: ViewURL(v.SavedView), Page: strings.ToUpper(v.Page[:1]) + v.Page[1:], Query: v.Query, Version: strconv.FormatInt(v.Version, 10),
			Act: "/views/" + v.Slug, ForAll: v.Visibility == errata.ViewForAll, MayChange: v.MayChange,
		}
		if v.Total != nil {
			l.Count = v.Total.short()
		}
		l.Team = v.Team.Name
		if v.Mine {
			l.Teams = viewTeams(slices.DeleteFunc(slices.Clone(in.Teams), func(t errata.Team) bool { return t.ID == v.TeamID }))
			m.Own = append(m.Own, l)
			continue
		}
		if v.Owner.ID != "" {
			p := ui.NewPerson(v.Owner)
			l.Owner = &p
		}
		m.share(l)
	}
	return m
}

// share puts somebody else's view under its team, or among those for everybody.
func (m *ViewsPage) share(l ViewLine) {
	if l.Team == "" {
		m.Shared = append(m.Shared, l)
		return
	}
	i := slices.IndexFunc(m.Teams, func(t TeamViews) bool { return t.Name == l.Team })
	if i < 0 {
		i, m.Teams = len(m.Teams), append(m.Teams, TeamViews{Name: l.Team})
	}
	m.Teams[i].Views = append(m.Teams[i].Views, l)
}

// Whole shows the page.
func (m ViewsPage) Whole() templ.Component { return viewsPage(m) }

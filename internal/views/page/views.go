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
	Total     *Total // nil = not counted yet
}

// ViewsPage lists saved views.
type ViewsPage struct {
	noParts
	layout.Chrome
	Own, Shared          []ViewLine
	MayShare             bool
	WhyNotShare, Problem string
}

// ViewLine is one view.
type ViewLine struct {
	Title, URL, Page, Query, Count, Version string
	Act                                     string // address of its forms
	ForAll, MayChange                       bool
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
		if v.Mine {
			m.Own = append(m.Own, l)
			continue
		}
		if v.Owner.ID != "" {
			p := ui.NewPerson(v.Owner)
			l.Owner = &p
		}
		m.Shared = append(m.Shared, l)
	}
	return m
}

// Whole shows the page.
func (m ViewsPage) Whole() templ.Component { return viewsPage(m) }

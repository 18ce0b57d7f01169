package gallery

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/views/page"
)

func savedView(n int64, title, query string) page.ViewIn {
	total := &page.Total{Value: 9 * n, Exact: true}
	return page.ViewIn{
		SavedView: errata.SavedView{ID: "v", Slug: "view-" + "abcdefgh"[n:n+1], Title: title, Query: query, Page: "issues", Visibility: errata.ViewPrivate, Version: 1},
		Mine:      true, MayChange: true, Total: total,
	}
}

func manyViews() []page.ViewIn {
	out := []page.ViewIn{
		savedView(1, "Checkout P0 and P1", "service:checkout-api severity:P0,P1"), savedView(2, "Regressed this week", "is:regressed"),
		savedView(3, "Unassigned over 24 h", "assigned:none age:>24h"),
	}
	out[1].Visibility, out[2].Total = errata.ViewForAll, nil
	shared := savedView(4, "Everything in production", "env:production")
	shared.Mine, shared.MayChange, shared.Visibility, shared.Owner, shared.Page = false, false, errata.ViewForAll, rivera, "events"
	team := savedView(5, "Payments, not acknowledged", "is:open service:payments-worker")
	team.Mine, team.MayChange, team.Visibility, team.TeamID, team.Team, team.Owner = false, false, errata.ViewForTeam, payments.ID, payments, rivera
	mine := savedView(6, "Disputes", "type:Dispute*")
	mine.Visibility, mine.TeamID, mine.Team = errata.ViewForTeam, payments.ID, payments
	return append(out, mine, team, shared)
}

func viewsStates() []state {
	show := func(name string, change func(*page.ViewsPageIn)) state {
		in := page.ViewsPageIn{Views: manyViews(), MayShare: true, Teams: []errata.Team{payments, {ID: "t2", Slug: "web", Name: "Storefront"}}}
		change(&in)
		c := chrome("/views")
		for _, v := range in.Views {
			n := page.ViewNav(v.SavedView, v.Total)
			if !v.Mine {
				n.Group = v.Team.Name
			}
			c.Views = append(c.Views, n)
		}
		return state{name, page.NewViewsPage(c, in)}
	}
	return []state{
		show("many", func(*page.ViewsPageIn) {}),
		show("none", func(in *page.ViewsPageIn) { in.Views = nil }),
		show("one", func(in *page.ViewsPageIn) { in.Views = in.Views[:1] }),
		show("forbidden", func(in *page.ViewsPageIn) { in.MayShare, in.WhyNotShare = false, "Needs responder. Ask Ada Rivera." }),
		show("failed", func(in *page.ViewsPageIn) {
			in.Err = errata.E(errata.Conflict, "The view has been changed in the meantime.", nil)
		}),
		show("hostile", func(in *page.ViewsPageIn) {
			in.Views = []page.ViewIn{savedView(1, hostile, hostile), savedView(2, bidi+longWord, longWord), savedView(3, arabic, hebrew)}
		}),
	}
}

// facetStates are the values of one key.
func facetStates() []state {
	show := func(name string, f page.FacetIn) state {
		text := `is:open release:4.13.0`
		tree, _, err := querylang.Parse(text)
		if err != nil {
			panic(err) // the text above is a query
		}
		f.Key = "release"
		return state{name, page.NewFacetPage(chrome("/issues/facets?key=release"), page.FacetPageIn{
			URL: page.ListURL{Path: "/issues", Q: text, DefaultSort: page.SortPriority}, Tree: tree, Facet: f, What: "issues",
		})}
	}
	values := []page.FacetValue{{Value: "4.13.0", Count: 42}, {Value: "4.12.9", Count: 7}, {Value: "4.12.8", Count: 1}}
	return []state{
		show("many", page.FacetIn{Values: values, More: true}),
		show("one", page.FacetIn{Values: values[:1]}),
		show("none", page.FacetIn{}),
		show("about", page.FacetIn{Values: values, About: true}),
		show("failed", page.FacetIn{Unknown: true}),
		show("hostile", page.FacetIn{Values: []page.FacetValue{{Value: hostile, Count: 3}, {Value: bidi + strings.Repeat(longWord, 3), Count: 2}, {Value: arabic, Count: 1}}}),
	}
}

// facets are figures for the filters of the issue list.
func facets() []page.FacetIn {
	return []page.FacetIn{
		{Key: "severity", Values: []page.FacetValue{{Value: "P0", Count: 2}, {Value: "P1", Count: 11}, {Value: "P2", Count: 46}, {Value: "P3", Count: 78}}},
		{Key: "is", Values: []page.FacetValue{{Value: "acknowledged", Count: 103}, {Value: "open", Count: 34}, {Value: "resolved", Count: 1204}}},
		{Key: "service", Values: []page.FacetValue{{Value: "checkout-api", Count: 41}, {Value: "billing-svc", Count: 23}}, About: true},
		{Key: "assigned", Values: []page.FacetValue{{Value: "none", Count: 38}, {Value: "me", Count: 4}}},
		{Key: "env", Unknown: true},
	}
}

// openedView is a saved view that the list has been changed away from.
func openedView() page.ViewsIn {
	v := savedView(1, "Checkout P0 and P1", "service:checkout-api severity:P0,P1").SavedView
	return page.ViewsIn{MaySave: true, MayShare: true, Teams: []errata.Team{payments}, Opened: &page.OpenedView{SavedView: v, MayChange: true, Changed: true}}
}

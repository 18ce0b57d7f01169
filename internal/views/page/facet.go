package page

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"errata/internal/querylang"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// MoreFacet is a key whose values are counted when somebody asks for them.
type MoreFacet struct{ ID, Title, URL string }

// moreKeys are the keys that the filters of the issue list offer beside their
// own.
var moreKeys = []struct{ key, title string }{
	{"team", "Team"},
	{"release", "Release"},
	{"type", "Type"},
	{"level", "Level"},
	{"host", "Host"},
	{"transaction", "Transaction"},
	{"platform", "Platform"},
	{"os", "Operating system"},
	{"browser", "Browser"},
}

func moreFacets(u ListURL) (out []MoreFacet) {
	for _, k := range moreKeys {
		out = append(out, MoreFacet{ID: facetID(k.key), Title: k.title, URL: facetURL(u, k.key)})
	}
	return out
}

func facetURL(u ListURL, key string) string {
	u.Path, u.Cursor, u.More = u.Path+"/facets", "", append(slices.Clone(u.More), Param{"key", key})
	return u.String()
}

// facetID is the id of a key's values in a page: the key's letters and digits,
// one sign for anything else.
func facetID(key string) string {
	return "facet-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(key))
}

// FacetPageIn is what the values of one key are made from.
type FacetPageIn struct {
	URL   ListURL        // of the list
	Tree  querylang.Expr // of its query
	Facet FacetIn
	What  string // issues, events
}

// FacetPage is the values of one key, as a part of the filters or a page.
type FacetPage struct {
	layout.Chrome
	ID, Title, Back string
	Key, What       string
	Values          []FacetLink
	Note            string
}

// FacetLink is a value with the address of the list that has only it.
type FacetLink struct {
	Text, URL, Count string
	On               bool // the list is narrowed to it: URL takes it back
}

// NewFacetPage makes the values of a key.
func NewFacetPage(c layout.Chrome, in FacetPageIn) FacetPage {
	title := in.Facet.Key
	for _, k := range moreKeys {
		if k.key == in.Facet.Key {
			title = k.title
		}
	}
	c.Title, c.Section, c.Keys = title+" of "+in.What, layout.SectionIssues, plainKeys
	m := FacetPage{Chrome: c, ID: facetID(in.Facet.Key), Title: title, Key: in.Facet.Key, What: in.What, Back: in.URL.String(), Note: in.note()}
	k, _ := querylang.ParseKey(in.Facet.Key)
	on := in.picked(k)
	for _, v := range in.Facet.Values {
		l := FacetLink{Text: v.Value, Count: ui.Num(v.Count), On: slices.Contains(on, querylang.Fold(v.Value))}
		to := querylang.Without(in.Tree, k)
		if only, _, err := querylang.Parse(k.String() + ":" + querylang.ValueText(k, v.Value)); err == nil && !l.On {
			to = querylang.All(to, only)
		}
		l.URL = in.URL.WithQ(querylang.Print(to)).String()
		m.Values = append(m.Values, l)
	}
	return m
}

func (in FacetPageIn) note() string {
	switch {
	case in.Facet.Unknown:
		return "These values could not be counted in time. Shorten the range, or try again."
	case len(in.Facet.Values) == 0:
		return "No event of these " + in.What + " has a value."
	case in.Facet.About:
		return "About: counted over the newest 10,000 matches."
	case in.Facet.More:
		return "The most frequent ones."
	}
	return ""
}

// picked are the values that the query asks for at its top, folded.
func (in FacetPageIn) picked(k querylang.Key) (out []string) {
	kids := []querylang.Expr{in.Tree}
	if and, ok := in.Tree.(*querylang.And); ok {
		kids = and.Kids
	}
	for _, kid := range kids {
		if l, ok := kid.(*querylang.Leaf); ok && l.Key == k {
			for _, v := range l.Values {
				out = append(out, querylang.Fold(v.Raw))
			}
		}
	}
	return out
}

// Whole shows the page.
func (m FacetPage) Whole() templ.Component { return facetPage(m) }

// Part shows the values alone.
func (m FacetPage) Part(name string) (templ.Component, bool) {
	if name == m.ID {
		return facetValues(m), true
	}
	return nil, false
}

package page

import (
	"slices"
	"strings"

	"errata/internal/views/ui"
)

// StartOfIssues is the query of the tab that layout.IssuesStart leads to.
const StartOfIssues = "is:unresolved"

// tabs are the views of the list that are always there.
var tabs = []struct {
	text  string
	pairs []string
}{
	{"Unresolved", []string{StartOfIssues}},
	{"Open", []string{"is:open"}},
	{"For me", []string{"is:unresolved", "assigned:me"}},
	{"New today", []string{"first_seen:today"}},
	{"All", nil},
}

// TabQueries are the queries behind the tabs: the state that each stands for,
// with the rest of what is searched.
func (q Query) TabQueries() []string {
	var out []string
	for _, t := range tabs {
		out = append(out, strings.TrimSpace(strings.Join(t.pairs, " ")+" "+q.Rest))
	}
	return out
}

// newTabs makes the tabs. counts belong to TabQueries; nil = not counted.
func newTabs(u ListURL, q Query, counts []Total) []ui.Link {
	if q.Error != nil {
		q.Rest = ""
	}
	var out []ui.Link
	for i, text := range q.TabQueries() {
		l := ui.Link{Text: tabs[i].text, URL: u.WithQ(text).String(), Current: q.Error == nil && sameSet(q.States, tabs[i].pairs)}
		if i < len(counts) {
			l.Count = counts[i].short()
		}
		out = append(out, l)
	}
	return out
}

func (t Total) short() string {
	if t.Exact {
		return ui.Num(t.Value)
	}
	return ui.Num(t.Value) + "+"
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

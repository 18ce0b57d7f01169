package page

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"errata/internal/querylang"
	"errata/internal/views/layout"
)

// QueryHelp is the page about the query language, made from its catalogue.
type QueryHelp struct {
	layout.Chrome
	noParts
	Grammar []HelpGroup
	Fields  []HelpFields
}

// HelpGroup is a part of the grammar by example.
type HelpGroup struct {
	Title string
	Forms []HelpForm
}

// HelpForm is one example: what is written, where it leads, what it means.
type HelpForm struct{ Write, URL, Means string }

// HelpFields are the fields of one kind.
type HelpFields struct {
	Title, Note string
	Rows        []HelpField
}

// HelpField is one field.
type HelpField struct {
	Name, Aliases, Does, Takes string
	Example, URL               string
}

// Whole shows the page.
func (m QueryHelp) Whole() templ.Component { return queryHelpPage(m) }

// NewQueryHelp makes the page.
func NewQueryHelp(c layout.Chrome) QueryHelp {
	c.Title, c.Section, c.Keys = "Query language", layout.SectionHelp, plainKeys
	m := QueryHelp{Chrome: c}
	for _, g := range querylang.Grammar() {
		group := HelpGroup{Title: g.Title}
		for _, f := range g.Forms {
			group.Forms = append(group.Forms, HelpForm{f.Write, tryURL(f.Write), f.Means})
		}
		m.Grammar = append(m.Grammar, group)
	}
	kinds := []HelpFields{
		{Title: "Fields of issues", Note: "what the issue is now; in lists of events they select the events of such issues"},
		{Title: "Fields of both", Note: "in issue lists as of the latest event, elsewhere as of each event"},
		{Title: "Fields of events", Note: "an issue has at least one event that satisfies all of them together"},
	}
	for _, f := range querylang.Fields() {
		if f.Later {
			continue
		}
		at := map[querylang.Column]int{querylang.OfIssue: 0, querylang.OfBoth: 1, querylang.OfEvent: 2}[f.Column]
		kinds[at].Rows = append(kinds[at].Rows, helpField(f))
	}
	m.Fields = kinds
	return m
}

func helpField(f querylang.Field) HelpField {
	out := HelpField{
		Name: f.Name, Aliases: strings.Join(f.Aliases, ", "), Does: f.Help, Takes: takes(f),
		Example: f.Example(), URL: tryURL(f.Example()),
	}
	switch f.Name {
	case "tags":
		out.Name = "tags[…]"
	case "ctx":
		out.Name = "ctx.…"
	}
	return out
}

// tryURL leads to the issues of an example.
func tryURL(q string) string { return "/issues?" + url.Values{"q": {q}}.Encode() }

// takes says what stands behind the colon.
func takes(f querylang.Field) string {
	switch f.Type {
	case querylang.Keyword:
		return "text, * for anything"
	case querylang.Exact:
		return "a whole value"
	case querylang.Enum:
		return strings.Join(f.Offered(), " ")
	case querylang.Ordered:
		return strings.Join(f.Offered(), " ") + ", > and <"
	case querylang.Bool:
		return "true, false"
	case querylang.Int:
		return "a whole number, > and <, from..to"
	case querylang.Time:
		return "a time, > and <, from..to"
	case querylang.Duration:
		return "a span such as 7d, > and <"
	case querylang.Version:
		return "a version, latest, > and <, from..to"
	case querylang.Text:
		return "words, a phrase, a beginning*"
	case querylang.Person:
		return "me, none, a login"
	case querylang.Team:
		return "none, my_teams, the short name of a team, * for anything"
	case querylang.User:
		return "an id, e-mail, user name or address"
	case querylang.Flag:
	}
	return "nothing: has:" + f.Name
}

// helpID is the id of a heading.
func helpID(kind string, i int) string { return "h-" + kind + strconv.Itoa(i) }

package find

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// SuggestQuery asks how a query could go on at a place. Recent are queries that
// the asker has asked before, newest first.
type SuggestQuery struct {
	Q      string
	At     int // byte offset
	In     querylang.Place
	Over   Range
	Recent []string
}

// SuggestionKind says what a suggestion is.
type SuggestionKind string

// The kinds.
const (
	SuggestField  SuggestionKind = "field"
	SuggestValue  SuggestionKind = "value"
	SuggestRecent SuggestionKind = "recent" // a whole query
	SuggestView   SuggestionKind = "view"   // a whole query that somebody shares

	SuggestUnknown SuggestionKind = "unknown" // nothing to take: values could not be counted
)

// Suggestion replaces [Start, End) of the query by Text. Whole queries replace
// all. Count is the number of matches that have the value.
type Suggestion struct {
	Kind       SuggestionKind
	Text       string
	Help       string
	Title      string // of a view
	Count      int64
	Counted    bool
	About      bool
	Start, End int
}

// How many suggestions of a kind there are.
const (
	maxSuggested = 10
	maxFields    = 8
	maxAnswers   = 5
)

// Suggest completes a query. Values that cannot be counted within 300 ms are
// left out, and SuggestUnknown stands for them. It takes any text; errors: invalid (range).
func (s *Service) Suggest(ctx context.Context, who errata.Actor, q SuggestQuery) ([]Suggestion, error) {
	if !q.Over.Valid() {
		return nil, refuseRange()
	}
	ctx, cancel := context.WithTimeout(ctx, facetWait)
	defer cancel()
	c := querylang.CaretAt(q.Q, q.At)
	if c.Key.Name != "" {
		if c.Key.Name == "team" {
			c.Typed = strings.TrimLeft(c.Typed, "#")
		}
		return s.suggestValues(ctx, who, q, c), nil
	}
	out := s.suggestFields(ctx, who, q, c)
	whole, err := s.suggestWhole(ctx, who, q, c)
	if late(err) {
		err = nil
	}
	return append(out, whole...), err
}

// suggestWhole returns queries that begin with what is typed: the asker's own,
// and the shared ones.
func (s *Service) suggestWhole(ctx context.Context, who errata.Actor, q SuggestQuery, c querylang.Caret) (out []Suggestion, err error) {
	if strings.TrimSpace(c.Rest) != "" {
		return nil, nil
	}
	typed := querylang.Fold(c.Typed)
	for _, r := range q.Recent {
		if strings.Contains(querylang.Fold(r), typed) && len(out) < maxAnswers {
			out = append(out, Suggestion{Kind: SuggestRecent, Text: r, End: len(q.Q)})
		}
	}
	views, err := s.SavedViews(ctx, who)
	n := 0
	for _, v := range views {
		fits := v.Page == pageOf(q.In) && v.Query != "" && strings.Contains(querylang.Fold(v.Title+" "+v.Query), typed)
		if fits && !slices.Contains(q.Recent, v.Query) && n < maxAnswers {
			out = append(out, Suggestion{Kind: SuggestView, Text: v.Query, Title: v.Title, End: len(q.Q)})
			n++
		}
	}
	return out, err
}

// pageOf is the page whose queries are asked in a place.
func pageOf(in querylang.Place) string {
	if in == querylang.InIssues {
		return "issues"
	}
	return "events"
}

// suggestFields returns keys that begin with what is typed, those of the
// language first, then those of events.
func (s *Service) suggestFields(ctx context.Context, who errata.Actor, q SuggestQuery, c querylang.Caret) (out []Suggestion) {
	typed := querylang.Fold(c.Typed)
	for _, f := range querylang.Fields() {
		if f.Later || f.Name == "tags" || f.Name == "ctx" || !begins(f, typed) || typed == "" && !slices.Contains(startFields[q.In == querylang.InIssues], f.Name) {
			continue
		}
		out = append(out, Suggestion{Kind: SuggestField, Text: f.Name + ":", Help: f.Help, Start: c.Start, End: c.End})
	}
	if strings.HasPrefix("has", typed) && typed != "" {
		out = append(out, Suggestion{Kind: SuggestField, Text: "has:", Help: "a field is there", Start: c.Start, End: c.End})
	}
	out = out[:min(len(out), maxFields)]
	if typed == "" {
		return out
	}
	for _, k := range s.keysPresent(ctx, who, q, strings.TrimSuffix(strings.Replace(typed, "[", ".", 1), "]")) {
		k.Start, k.End, k.Kind, k.Text = c.Start, c.End, SuggestField, k.Text+":"
		out = append(out, k)
	}
	return out
}

// startFields are offered before anything is typed, in issues and elsewhere.
var startFields = map[bool][]string{
	true:  {"is", "severity", "service", "assigned", "env", "release", "type", "first_seen"},
	false: {"service", "env", "release", "level", "type", "user", "host", "url.path"},
}

// begins says whether a field's name, or an alias of it, begins with what is
// typed.
func begins(f querylang.Field, typed string) bool {
	return strings.HasPrefix(f.Name, typed) ||
		slices.ContainsFunc(f.Aliases, func(a string) bool { return typed != "" && strings.HasPrefix(a, typed) })
}

// keysPresent returns tags and contexts of events whose key begins with what is
// typed, with or without "tags." in front, written as a query writes them.
func (s *Service) keysPresent(ctx context.Context, who errata.Actor, q SuggestQuery, typed string) (out []Suggestion) {
	prefixes := []string{typed}
	if !strings.HasPrefix(typed, "tags.") && !strings.HasPrefix(typed, "ctx.") {
		prefixes = []string{"tags." + typed, "ctx." + typed}
	}
	for _, p := range prefixes {
		found, _ := s.terms(ctx, who, "", q.Over, querylang.Key{Name: search.HasKey}, p) // the fields lead on without
		for _, b := range found {
			k, ok := querylang.ParseKey(b.Value)
			if ok && (k.Name == "tags" || k.Name == "ctx") {
				out = append(out, Suggestion{Text: k.String(), Count: b.Count, Counted: true, About: true, Help: "seen in events"})
			}
		}
	}
	return out[:min(len(out), maxFields)]
}

// terms counts values of a key over events; nil when that takes too long.
func (s *Service) terms(ctx context.Context, who errata.Actor, q string, over Range, k querylang.Key, prefix string) (out []FacetValue, unknown bool) {
	asked, err := s.askEvents(ctx, who, q, over)
	if err != nil || asked.None {
		return nil, late(err)
	}
	r := asked.Request()
	r.Timeout = facetWait
	r.Aggs = []search.Agg{{Name: "values", Kind: search.Terms, Key: k, Size: maxSuggested, Prefix: prefix, Newest: true}}
	res, err := s.search(ctx, who, r)
	if err != nil {
		return nil, late(err)
	}
	for _, b := range res.Aggs["values"].Buckets {
		out = append(out, FacetValue{b.Key, b.Count})
	}
	return out, len(res.Gaps) > 0
}

// suggestValues returns values of the key that is typed.
func (s *Service) suggestValues(ctx context.Context, who errata.Actor, q SuggestQuery, c querylang.Caret) (out []Suggestion) {
	if _, _, err := querylang.Parse(c.Rest); err != nil {
		c.Rest = ""
	}
	typed := querylang.Fold(c.Typed)
	var counted Facet
	switch {
	case c.Key.Name == search.HasKey:
		counted.Values, counted.Unknown = s.presentKeys(ctx, who, q, typed)
	case Facetable(c.Key, q.In) && c.Operator == "":
		all, err := s.Facets(ctx, who, FacetQuery{Q: c.Rest, In: q.In, Over: q.Over, Keys: []string{c.Key.String()}, Prefix: c.Typed})
		if err == nil && len(all) == 1 {
			counted = all[0]
		}
		counted.Unknown = counted.Unknown || late(err)
	}
	if counted.Unknown {
		out = append(out, Suggestion{Kind: SuggestUnknown, Start: c.Start, End: c.End})
	}
	known := slices.Concat(s.staticValues(c.Key), s.named(ctx, who, c.Key, typed))
	helps, seen := map[string]string{}, map[string]bool{}
	for _, v := range known {
		helps[querylang.Fold(v.Text)] = v.Help
	}
	for _, v := range counted.Values {
		seen[querylang.Fold(v.Value)] = true
		out = append(out, Suggestion{
			Kind: SuggestValue, Text: querylang.ValueText(c.Key, v.Value), Help: helps[querylang.Fold(v.Value)], Count: v.Count, Counted: true, About: counted.About,
			Start: c.Start, End: c.End,
		})
	}
	for _, v := range known {
		if f := querylang.Fold(v.Text); strings.HasPrefix(f, typed) && !seen[f] && len(out) < maxSuggested {
			v.Kind, v.Start, v.End = SuggestValue, c.Start, c.End
			out = append(out, v)
		}
	}
	return out
}

// presentKeys returns the keys that events have, as has: takes them.
func (s *Service) presentKeys(ctx context.Context, who errata.Actor, q SuggestQuery, typed string) (out []FacetValue, unknown bool) {
	all, unknown := s.terms(ctx, who, "", q.Over, querylang.Key{Name: search.HasKey}, strings.TrimSuffix(strings.Replace(typed, "[", ".", 1), "]"))
	for _, v := range all {
		if k, ok := querylang.ParseKey(v.Value); ok {
			out = append(out, FacetValue{k.String(), v.Count})
		}
	}
	return out, unknown
}

// staticValues are what a key takes whatever has come: its words, or examples
// of what could be written.
func (s *Service) staticValues(k querylang.Key) (out []Suggestion) {
	f := querylang.FieldOf(k)
	add := func(help string, texts ...string) {
		for _, t := range texts {
			out = append(out, Suggestion{Text: t, Help: help})
		}
	}
	switch f.Type {
	case querylang.Enum, querylang.Ordered:
		add("", f.Values...)
	case querylang.Bool:
		add("", "true", "false")
	case querylang.Time:
		add("since then", "-1h", "-24h", "-7d", "today", "yesterday")
	case querylang.Duration:
		add("", ">7d", "<24h", "<1h")
	case querylang.Int:
		add("", ">100", ">1000", "10..50")
	case querylang.Person:
		add("", "me", "none")
	case querylang.Version:
		add("the newest of each service", "latest")
	case querylang.Team:
		add("the teams that you are in", querylang.MyTeams)
		add("services of no team", querylang.NoTeam)
	case querylang.Keyword, querylang.Exact, querylang.Text, querylang.User, querylang.Flag:
	}
	return out
}

// named returns the people or teams of a key that takes them, whose name begins
// with what is typed.
func (s *Service) named(ctx context.Context, who errata.Actor, k querylang.Key, typed string) []Suggestion {
	switch querylang.FieldOf(k).Type {
	case querylang.Person:
		return s.logins(ctx, who, typed)
	case querylang.Team:
		return s.teamNames(ctx, who)
	default:
		return nil
	}
}

// teamNames returns the teams that the asker knows of.
func (s *Service) teamNames(ctx context.Context, who errata.Actor) (out []Suggestion) {
	var known teams
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = s.teams(ctx, tx, who)
		return err
	}); err != nil {
		return nil
	}
	for _, t := range known.all {
		out = append(out, Suggestion{Text: t.Slug, Help: t.Name})
	}
	return out
}

// logins returns people whose login begins with what is typed.
func (s *Service) logins(ctx context.Context, who errata.Actor, typed string) (out []Suggestion) {
	if s.Decide(who, errata.UserRead, "") != nil {
		return nil
	}
	var all []errata.Account
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Accounts(ctx)
		return err
	}); err != nil {
		return nil
	}
	for _, a := range all {
		if a.State == errata.UserActive && strings.HasPrefix(a.Login, typed) {
			out = append(out, Suggestion{Text: a.Login, Help: a.Name})
		}
	}
	return out
}

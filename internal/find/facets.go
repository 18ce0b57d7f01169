package find

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// FacetQuery asks how the matches of a query spread over the values of keys.
type FacetQuery struct {
	Q      string
	In     querylang.Place
	Over   Range
	Keys   []string      // as a query writes them; at most 16
	Prefix string        // only values that begin with it, in any case
	Size   int           // values per key; 0 = 10
	Wait   time.Duration // for the engine; 0 = 300 ms
}

// Facet is the values of a key, most matches first, with the number of matches
// that the query without its own conditions on the key would have: issues in a
// list of issues, events elsewhere.
type Facet struct {
	Key     string
	Values  []FacetValue
	More    bool // there are other values
	About   bool // counted over the newest matches alone
	Unknown bool // could not be counted in time
}

// FacetValue is one value; Count is the number of matches.
type FacetValue struct {
	Value string
	Count int64
}

// facetWait is for how long facets and suggestions wait for the engine.
const facetWait = 300 * time.Millisecond

// Facets counts. What the engine cannot count in time is Unknown. Errors:
// invalid (query.*, range, key).
func (s *Service) Facets(ctx context.Context, who errata.Actor, q FacetQuery) ([]Facet, error) {
	if !q.Over.Valid() {
		return nil, refuseRange()
	}
	tree, _, err := querylang.Parse(q.Q)
	if err != nil {
		return nil, err
	}
	q.Size, q.Wait = cmp.Or(q.Size, 10), cmp.Or(q.Wait, facetWait)
	bases := map[string][]querylang.Key{} // queries without the own key, with the keys that are counted over them
	for _, name := range q.Keys {
		k, ok := querylang.ParseKey(name)
		if !ok || !Facetable(k, q.In) {
			return nil, refuse("key", "facet_key", "The values of this key cannot be counted.")
		}
		base := querylang.Print(querylang.Without(tree, k))
		bases[base] = append(bases[base], k)
	}
	found := map[string]Facet{}
	for base, keys := range bases {
		q.Q = base
		if err := s.facetsOver(ctx, who, q, keys, found); err != nil {
			return nil, err
		}
	}
	var out []Facet
	for _, name := range q.Keys {
		k, _ := querylang.ParseKey(name)
		out = append(out, found[k.String()])
	}
	return out, nil
}

// issueFacets are the keys whose issues SQL counts.
var issueFacets = []string{"severity", "is", "service", "assigned", "team"}

// placeFacets are counted by SQL when nothing else asks about events: else it
// must be the same event that has the value.
var placeFacets = map[string]store.IssuePlaces{"env": store.ByEnvironments, "release": store.ByReleases}

// Facetable says whether the values of a key can be counted in a place.
func Facetable(k querylang.Key, in querylang.Place) bool {
	if in == querylang.InIssues && k.Arg == "" && slices.Contains(issueFacets, k.Name) {
		return true
	}
	f := querylang.FieldOf(k)
	switch f.Type {
	case querylang.Keyword, querylang.Version:
		return f.Column != querylang.OfIssue && !f.Later && k.Name != "frame" && k.Name != ""
	case querylang.Enum, querylang.Ordered:
		return f.Column == querylang.OfEvent
	default:
		return false
	}
}

// facetsOver counts keys over one query.
func (s *Service) facetsOver(ctx context.Context, who errata.Actor, q FacetQuery, keys []querylang.Key, found map[string]Facet) error {
	if q.In == querylang.InIssues {
		var err error
		if keys, err = s.facetsInSQL(ctx, who, q, keys, found); err != nil || len(keys) == 0 {
			return err
		}
	}
	err := s.facetsInEngine(ctx, who, q, keys, found)
	if err == nil || !late(err) {
		return err
	}
	for _, k := range keys {
		found[k.String()] = Facet{Key: k.String(), Unknown: true}
	}
	return nil
}

// late says that a count could not be had, which is no fault of the question.
func late(err error) bool {
	return away(err) || errata.CodeOf(err) == errata.Internal || strings.HasPrefix(errata.ReasonOf(err), "query.too_")
}

// facetsInSQL counts what rows of issues know and returns the other keys.
func (s *Service) facetsInSQL(ctx context.Context, who errata.Actor, q FacetQuery, keys []querylang.Key, found map[string]Facet) (rest []querylang.Key, err error) {
	sel, err := s.selection(ctx, who, q)
	if err != nil {
		return nil, err
	}
	var rows []querylang.Key
	for _, k := range keys {
		_, place := placeFacets[k.Name]
		switch {
		case slices.Contains(issueFacets, k.Name):
			rows = append(rows, k)
		case place && sel.plain:
			rows = append(rows, k)
		default:
			rest = append(rest, k)
		}
	}
	if !sel.known {
		for _, k := range rows {
			found[k.String()] = Facet{Key: k.String(), Unknown: true}
		}
		return rest, nil
	}
	return rest, s.Store.View(ctx, func(tx *store.Tx) error { return s.countRows(ctx, tx, who, sel, q, rows, found) })
}

func (s *Service) countRows(ctx context.Context, tx *store.Tx, who errata.Actor, sel selection, q FacetQuery, keys []querylang.Key, found map[string]Facet) error {
	all, more, err := tx.FacetIssues(ctx, sel.filter)
	if err != nil {
		return err
	}
	var known teams
	if slices.Contains(keys, querylang.Key{Name: "team"}) {
		if known, err = s.teams(ctx, tx, who); err != nil {
			return err
		}
	}
	for _, k := range keys {
		f := Facet{Key: k.String(), About: more || sel.about}
		if by, ok := placeFacets[k.Name]; ok {
			names, err := tx.FacetPlaces(ctx, sel.filter, by, q.places())
			if err != nil {
				return err
			}
			for _, n := range names {
				f.Values = append(f.Values, FacetValue{n.Name, n.Issues})
			}
		} else {
			f.Values = sel.tally(k.Name, who, all, known)
		}
		f.cut(q)
		found[f.Key] = f
	}
	return nil
}

// maxPlaces is among how many environments or releases a beginning is looked for.
const maxPlaces = 10_000

// places is how many environments or releases are read: those that begin as
// asked may be the rare ones.
func (q FacetQuery) places() int {
	if q.Prefix != "" {
		return maxPlaces
	}
	return q.Size + 1
}

// cut keeps the values that are asked for.
func (f *Facet) cut(q FacetQuery) {
	if q.Prefix != "" {
		f.Values = slices.DeleteFunc(f.Values, func(v FacetValue) bool { return !strings.HasPrefix(querylang.Fold(v.Value), querylang.Fold(q.Prefix)) })
	}
	f.More = len(f.Values) > q.Size
	f.Values = f.Values[:min(len(f.Values), q.Size)]
}

// tally adds up the rows of one key.
func (l selection) tally(key string, who errata.Actor, rows []store.IssueFacet, known teams) (out []FacetValue) {
	counts := map[string]int64{}
	for _, r := range rows {
		switch key {
		case "severity":
			counts[r.Severity.String()] += r.Issues
		case "is":
			counts[string(r.Status)] += r.Issues
		case "service":
			counts[l.reader.projects[r.ProjectID].Slug] += r.Issues
		case "team":
			counts[known.slugOf(l.reader.projects[r.ProjectID])] += r.Issues
		case "assigned":
			switch r.AssigneeID {
			case "":
				counts["none"] += r.Issues
			case who.ID:
				counts["me"] += r.Issues
			}
		}
	}
	for v, n := range counts {
		out = append(out, FacetValue{v, n})
	}
	slices.SortFunc(out, func(a, b FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return out
}

// selection is the issues of a query as a filter of rows.
type selection struct {
	filter store.IssueFilter
	reader reader
	plain  bool // no condition is left that only events answer
	known  bool // the filter says it all: the engine has named the issues, or was not needed
	about  bool // a part of the events could not be read
}

func (s *Service) selection(ctx context.Context, who errata.Actor, q FacetQuery) (selection, error) {
	l := listing{s: s, q: IssueQuery{Q: q.Q, Range: q.Over}, now: s.Clock()}
	if err := l.check(); err != nil {
		return selection{}, err
	}
	if err := s.Store.View(ctx, func(tx *store.Tx) error { return l.prepare(ctx, tx, who) }); err != nil {
		return selection{}, err
	}
	out := selection{filter: l.filter, reader: l.reader, plain: !l.asks(), known: true}
	ctx, cancel := context.WithTimeout(ctx, q.Wait)
	defer cancel()
	more, err := l.sets(ctx)
	if late(err) || more {
		out.known = false
		return out, nil
	}
	out.filter, out.about = l.filter, len(l.page.Gaps) > 0
	return out, err
}

// facetsInEngine counts what only events know.
func (s *Service) facetsInEngine(ctx context.Context, who errata.Actor, q FacetQuery, keys []querylang.Key, found map[string]Facet) error {
	ctx, cancel := context.WithTimeout(ctx, q.Wait)
	defer cancel()
	asked, err := s.askEvents(ctx, who, q.Q, q.Over)
	if err != nil {
		return err
	}
	for _, k := range keys {
		found[k.String()] = Facet{Key: k.String()}
	}
	if asked.None {
		return nil
	}
	r := asked.Request()
	r.Timeout = q.Wait
	for _, k := range keys {
		a := search.Agg{Name: k.String(), Kind: search.Terms, Key: k, Size: q.Size + 1, Prefix: q.Prefix, Newest: true}
		if q.In == querylang.InIssues {
			a.Sub = []search.Agg{{Name: "issues", Kind: search.Cardinality, Key: querylang.Key{Name: "issue"}}}
		}
		r.Aggs = append(r.Aggs, a)
	}
	res, err := s.search(ctx, who, r)
	if err != nil {
		return err
	}
	for _, k := range keys {
		f := facetOf(k, q, res.Aggs[k.String()])
		f.About = f.About || len(res.Gaps) > 0
		found[k.String()] = f
	}
	return nil
}

func facetOf(k querylang.Key, q FacetQuery, a search.AggResult) Facet {
	f := Facet{Key: k.String(), About: a.Approx || a.MaxError > 0}
	for _, b := range a.Buckets {
		v := FacetValue{b.Key, b.Count}
		if q.In == querylang.InIssues {
			v.Count = b.Sub["issues"].Value
		}
		f.Values = append(f.Values, v)
	}
	f.More = len(f.Values) > q.Size
	f.Values = f.Values[:min(len(f.Values), q.Size)]
	return f
}

package find

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// FieldsQuery asks which fields the events of a query have. Open names one
// whose values are wanted too, beside those that are always told.
type FieldsQuery struct {
	Q     string
	Range Range
	Open  querylang.Key // zero = none
}

// FieldCounts are the most frequent values of a field. Newest says that only
// the newest events were looked at.
type FieldCounts struct {
	Key    querylang.Key
	Values []Group
	Looked int64 // events that were looked at
	Newest bool
}

// FieldPresence is a field with how many of the events looked at have it.
type FieldPresence struct {
	Key   querylang.Key
	Count int64
}

// FieldList is what the events of a query consist of.
type FieldList struct {
	Fields  []FieldCounts
	Present []FieldPresence // most frequent first
	Looked  int64           // events that were looked at for Present
	Gaps    []search.Gap
}

// toldFields are the fields whose values are always told.
var toldFields = []querylang.Key{{Name: "service"}, {Name: "event.severity"}, {Name: "env"}, {Name: "release"}, {Name: "type"}}

// How many values of a field, and how many fields, are told.
const (
	fieldValues = 5
	openValues  = 12
	fieldNames  = 60
)

// Fields tells the most frequent values of some fields, and which others there
// are, of the events that the actor may read: where counting all is slow, of the
// newest. Errors: invalid (query.*, range), unavailable or slow_down when the
// engine is away.
func (s *Service) Fields(ctx context.Context, who errata.Actor, q FieldsQuery) (FieldList, error) {
	ask, err := s.askEvents(ctx, who, q.Q, q.Range)
	if err != nil || ask.None {
		return FieldList{}, err
	}
	keys, sizes := slices.Clone(toldFields), fieldValues
	if CanGroup(q.Open) && !slices.Contains(keys, q.Open) {
		keys = append(keys, q.Open)
	}
	r := ask.Request()
	r.Timeout = cardWait
	for _, k := range keys {
		size := sizes
		if k == q.Open {
			size = openValues
		}
		r.Aggs = append(r.Aggs, search.Agg{Name: querylang.TermKey(k), Kind: search.Terms, Key: engineKey(k), Size: size, Newest: true})
	}
	r.Aggs = append(r.Aggs, search.Agg{Name: "keys", Kind: search.Terms, Key: querylang.Key{Name: search.HasKey}, Size: fieldNames, Newest: true})
	res, err := s.search(ctx, who, r)
	if err != nil {
		return FieldList{}, err
	}
	out := FieldList{Gaps: res.Gaps}
	for _, k := range keys {
		c := counting{s: s, q: AggregateQuery{By: []querylang.Key{k}, Measure: CountEvents, Top: openValues}, out: Aggregate{By: []querylang.Key{k}, Measure: CountEvents}}
		c.read(&search.Result{Aggs: map[string]search.AggResult{"by": res.Aggs[querylang.TermKey(k)]}})
		if err := c.name(ctx, who); err != nil {
			return FieldList{}, err
		}
		out.Fields = append(out.Fields, FieldCounts{Key: k, Values: c.out.Groups, Looked: looked(res.Aggs[querylang.TermKey(k)]), Newest: c.out.Newest})
	}
	out.present(res.Aggs["keys"])
	return out, nil
}

// looked is how many events a list of single values was made from.
func looked(a search.AggResult) int64 {
	n := a.Other
	for _, b := range a.Buckets {
		n += b.Count
	}
	return n
}

// present lists the fields that can be counted and are not told already.
func (l *FieldList) present(keys search.AggResult) {
	for _, b := range keys.Buckets {
		l.Looked = max(l.Looked, b.Count)
		k, ok := querylang.ParseKey(b.Key)
		told := slices.ContainsFunc(l.Fields, func(f FieldCounts) bool { return f.Key == k })
		if ok && CanGroup(k) && !told {
			l.Present = append(l.Present, FieldPresence{k, b.Count})
		}
	}
	for _, f := range l.Fields {
		l.Looked = max(l.Looked, f.Looked)
	}
	slices.SortStableFunc(l.Present, func(a, b FieldPresence) int {
		if d := rankOf(a.Key) - rankOf(b.Key); d != 0 {
			return d
		}
		return strings.Compare(a.Key.String(), b.Key.String())
	})
}

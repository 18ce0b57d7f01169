package find

import (
	"cmp"
	"context"
	"slices"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// Spread is how the events of an issue spread over environments and releases,
// of all time, most events first.
type Spread struct {
	Environments, Releases []store.IssueSpan
}

// Spread reads it from the counters alone.
func (s *Service) Spread(ctx context.Context, v IssueView) (out Spread, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if out.Environments, err = tx.EnvironmentsOf(ctx, v.Issue.ID); err != nil {
			return err
		}
		out.Releases, err = tx.ReleasesOf(ctx, v.Issue.ID)
		return err
	})
	for _, all := range [][]store.IssueSpan{out.Environments, out.Releases} {
		slices.SortStableFunc(all, func(a, b store.IssueSpan) int { return cmp.Compare(b.Events, a.Events) })
	}
	return out, err
}

// bySpan sorts by first sight.
func bySpan(all []store.IssueSpan) {
	slices.SortStableFunc(all, func(a, b store.IssueSpan) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Name, b.Name))
	})
}

// TagValue is one value of a field among an issue's events, with its first and
// last event, µs.
type TagValue struct {
	Value       string
	Count       int64
	First, Last int64
}

// TagSheet is how the stored events of an issue spread over the values of one
// field. None are those without it, or with a rarer value. Newest says that only
// the newest events were looked at. Keys are the other fields that these events
// have.
type TagSheet struct {
	Key    querylang.Key
	Values []TagValue
	None   int64
	Looked int64
	About  bool
	Newest bool
	Keys   []querylang.Key
	Gaps   []search.Gap
}

// tagValues is how many values of a field a sheet holds.
const tagValues = 100

// Tags tells how the events of an issue spread over the values of a field.
// Errors: not_found for a key that is not counted, unavailable or slow_down when
// the engine is away.
func (s *Service) Tags(ctx context.Context, who errata.Actor, v IssueView, key string) (TagSheet, error) {
	k, ok := querylang.ParseKey(key)
	if !ok || !CanGroup(k) || k.Name == "issue" || k.Name == "service" {
		return TagSheet{}, notFound("field")
	}
	if err := s.Decide(who, errata.EventRead, v.Project.ID); err != nil {
		return TagSheet{}, err
	}
	r := card{s: s, is: v}.request()
	r.Timeout = searchWait
	r.Aggs = []search.Agg{
		{Name: "values", Kind: search.Terms, Key: k, Size: maxValues, Newest: true, Sub: []search.Agg{
			{Name: "first", Kind: search.MinTime}, {Name: "last", Kind: search.MaxTime},
		}},
		{Name: "keys", Kind: search.Terms, Key: querylang.Key{Name: search.HasKey}, Size: fieldNames, Newest: true},
	}
	res, err := s.search(ctx, who, r)
	if err != nil {
		return TagSheet{}, err
	}
	out := TagSheet{Key: k, Gaps: res.Gaps}
	out.read(res.Aggs["values"])
	list := FieldList{}
	list.present(res.Aggs["keys"])
	for _, p := range list.Present {
		out.Keys = append(out.Keys, p.Key)
	}
	return out, nil
}

// read takes over the values; those that differ in nothing but case are one,
// because a filter finds both.
func (t *TagSheet) read(a search.AggResult) {
	t.About, t.Newest, t.Looked, t.None = a.MaxError > 0, a.Approx, looked(a), a.Other
	for _, b := range a.Buckets {
		one := TagValue{b.Key, b.Count, b.Sub["first"].Value, b.Sub["last"].Value}
		i := slices.IndexFunc(t.Values, func(v TagValue) bool { return querylang.Fold(v.Value) == querylang.Fold(b.Key) })
		if i < 0 {
			t.Values = append(t.Values, one)
			continue
		}
		have := &t.Values[i]
		have.Count, have.First, have.Last = have.Count+one.Count, min(have.First, one.First), max(have.Last, one.Last)
	}
	slices.SortStableFunc(t.Values, func(a, b TagValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	for len(t.Values) > tagValues {
		t.None += t.Values[len(t.Values)-1].Count
		t.Values = t.Values[:len(t.Values)-1]
	}
}

package embedded

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// Words beside one that only few events have are read once, not for every
// question anew.
func TestCommonWordsBesideARareOne(t *testing.T) {
	e := open(t, Options{})
	var docs []search.Doc
	for n := range 600 {
		docs = append(docs, sent(n, noon.Add(time.Duration(n)*time.Second), func(ev *errata.Event) { ev.Message = fmt.Sprintf("rare%d common ordinary", n%300) }))
	}
	index(t, e, docs...)
	p := e.snapshot()[0]
	key := postingKey{p, postingText(querylang.Key{}, &querylang.Value{Kind: querylang.Words, Text: "common", Raw: "common", Tokens: []string{"common"}})}
	r := everything()
	r.Query = parse(t, "rare7 (common OR ordinary)")
	res, err := e.Search(t.Context(), r)
	if err != nil || res.Total.Value != 2 || e.postings.get(key).n < 600 {
		t.Errorf("%d found, %d rows of the common word known: %v", res.Total.Value, e.postings.get(key).n, err)
	}
}

// What a question on columns costs is known before: two groupings with many
// pairs, many passes, and many users are not cheap.
func TestCostOnColumns(t *testing.T) {
	e := open(t, Options{})
	var docs []search.Doc
	for n := range 3000 {
		docs = append(docs, sent(n, noon.Add(time.Duration(n)*time.Second), func(ev *errata.Event) {
			ev.User = &errata.User{Hash: fmt.Sprintf("%016x", n), Terms: []string{fmt.Sprintf("%016x", n)}}
		}))
	}
	for part := range slices.Chunk(docs, 1000) {
		index(t, e, part...)
	}
	user, env := querylang.Key{Name: "user"}, querylang.Key{Name: "env"}
	by := func(key querylang.Key, sub ...search.Agg) []search.Agg {
		return []search.Agg{{Name: "a", Kind: search.Terms, Key: key, Size: 5, Sub: sub}}
	}
	cost := func(q querylang.Expr, aggs []search.Agg) int {
		r := everything()
		r.Size, r.Query, r.Aggs = 0, q, aggs
		asked := e.lanes.ask()
		defer asked.end()
		if _, err := e.search(t.Context(), asked, &r); err != nil || asked.slow {
			t.Errorf("slow %v %v", asked.slow, err)
		}
		return e.lanes.budget - asked.left
	}
	statuses := &querylang.Leaf{Key: querylang.Key{Name: "http.status"}}
	for n := range int64(400) {
		statuses.Values = append(statuses.Values, querylang.Value{Kind: querylang.Range, Lo: &n, Hi: new(int64)})
	}
	plain := cost(nil, by(env))
	for name, c := range map[string]int{
		"users":       cost(nil, by(user)),
		"user by env": cost(nil, by(env, search.Agg{Name: "u", Kind: search.Terms, Key: user, Size: 5})),
		"passes":      cost(statuses, by(env)),
	} {
		if c < plain+200 {
			t.Errorf("%s: %d rows announced, %d by environment", name, c, plain)
		}
	}
}

package find

import (
	"cmp"
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// Similar is an issue that is much like another, and why.
type Similar struct {
	IssueRow
	Why   []string // "same type", "same function", "same code", "similar message"
	score float64
}

// How many issues are compared, per service and of all services together, how
// long ago they were last seen, how many are told, and from which likeness on.
const (
	comparedWith = 500
	comparedOver = 90 * 24 * time.Hour
	similarTold  = 5
	alike        = 5.0
)

// Similar finds issues that are like one: of the same type, from the same
// function, with the same code or a similar message. It compares the issues last
// seen of its service, and of all that the actor may read.
func (s *Service) Similar(ctx context.Context, who errata.Actor, v IssueView) (out []Similar, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.IssueRead)
		if err != nil {
			return err
		}
		out, err = s.compare(ctx, tx, r, v)
		return err
	})
	return out, err
}

func (s *Service) compare(ctx context.Context, tx *store.Tx, r reader, v IssueView) (out []Similar, err error) {
	seen, words := map[string]bool{v.Issue.ID: true}, wordsOf(v.Issue)
	for _, scope := range []store.Scope{{Projects: []string{v.Project.ID}}, {Projects: r.ids()}} {
		f := store.IssueFilter{Scope: scope, From: s.Clock().Add(-comparedOver).UnixMicro()}
		rows, err := tx.Issues(ctx, f, store.IssuePage{Sort: store.SortLastSeen, Size: comparedWith})
		if err != nil {
			return nil, err
		}
		for _, is := range rows {
			if seen[is.ID] {
				continue
			}
			seen[is.ID] = true
			if one := alikeness(v.Issue, is, words); one.score >= alike {
				one.IssueRow = IssueRow{Issue: is, Project: r.projects[is.ProjectID]}
				out = append(out, one)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Similar) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.Issue.LastSeen, a.Issue.LastSeen), cmp.Compare(a.Issue.ID, b.Issue.ID))
	})
	return out[:min(len(out), similarTold)], nil
}

// alikeness compares two issues: type and function count three, the code two, the
// share of common words in their titles four.
func alikeness(a, b errata.Issue, words map[string]bool) (out Similar) {
	same := func(x, y, why string, n float64) {
		if x != "" && querylang.Fold(x) == querylang.Fold(y) {
			out.Why, out.score = append(out.Why, why), out.score+n
		}
	}
	same(a.Type, b.Type, "same type", 3)
	same(a.Culprit, b.Culprit, "same function", 3)
	same(a.Code, b.Code, "same code", 2)
	if a.Type == "" && b.Type == "" {
		out.score += 3 // messages are compared by their words
	}
	if n := common(words, wordsOf(b)); n >= 0.5 {
		out.Why, out.score = append(out.Why, "similar message"), out.score+4*n
	}
	return out
}

// wordsOf are the words of an issue's title, its type apart.
func wordsOf(i errata.Issue) map[string]bool {
	kind := map[string]bool{}
	for _, w := range querylang.Tokens(i.Type) {
		kind[w] = true
	}
	out := map[string]bool{}
	for _, w := range querylang.Tokens(i.Title) {
		if !kind[w] {
			out[w] = true
		}
	}
	return out
}

// common is the share of words that two sets have in common, 0 to 1; two empty
// ones have none.
func common(a, b map[string]bool) float64 {
	both := 0
	for w := range a {
		if b[w] {
			both++
		}
	}
	all := len(a) + len(b) - both
	if all == 0 {
		return 0
	}
	return float64(both) / float64(all)
}

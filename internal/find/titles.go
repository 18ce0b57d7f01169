package find

import (
	"context"

	"errata/internal/querylang"
	"errata/internal/store"
)

// titles answers without the engine what can be: words by what issues are
// called, environments and releases by where issues were seen. Anything else
// fails with the engine's error: an answer that leaves a condition out would be
// another one.
func (l *listing) titles(ctx context.Context, cause error) error {
	tree := l.mixed
	if l.group != nil {
		tree = querylang.Plan{Kind: querylang.PlanEvents, Expr: l.group}
	}
	var instead []querylang.Expr
	words, known := false, true
	err := l.s.Store.View(ctx, func(tx *store.Tx) error {
		instead, words, known = nil, false, true
		for _, g := range groups(tree) {
			x, hasWords, ok, err := l.inTitles(ctx, tx, g)
			if err != nil || !ok {
				known = false
				return err
			}
			instead, words = append(instead, x), words || hasWords
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !known {
		return cause
	}
	l.page.TitlesOnly = words
	l.filter.Where, err = store.WhereIssues(querylang.All(l.rows, compose(tree, instead)), l.now.UnixMicro())
	l.answered()
	return err
}

// inTitles returns what SQL can be asked instead of a group; ok is false where
// there is nothing. Words that must not stand in an event are not looked for in
// titles: an issue has other events too.
func (l *listing) inTitles(ctx context.Context, tx *store.Tx, x querylang.Expr) (out querylang.Expr, words, ok bool, err error) {
	join, kids := querylang.All, []querylang.Expr(nil)
	switch x := x.(type) {
	case *querylang.And:
		kids = x.Kids
	case *querylang.Or:
		join, kids = querylang.Any, x.Kids
	case *querylang.Leaf:
		if x.Key.Name == "" {
			return x, true, true, nil
		}
	}
	if kids == nil {
		out, ok, err = l.seen(ctx, tx, x)
		return out, false, ok, err
	}
	parts := make([]querylang.Expr, len(kids))
	for i, k := range kids {
		part, has, ok, err := l.inTitles(ctx, tx, k)
		if err != nil || !ok {
			return nil, false, false, err
		}
		parts[i], words = part, words || has
	}
	return join(parts...), words, true, nil
}

// localise gives to SQL the groups that ask for nothing but one environment or
// release: the tables of where issues were seen know them.
func (l *listing) localise(ctx context.Context, tx *store.Tx, p querylang.Plan) (querylang.Plan, error) {
	if p.Kind == querylang.PlanEvents {
		x, ok, err := l.seen(ctx, tx, p.Expr)
		if ok {
			p = querylang.Plan{Kind: querylang.PlanSQL, Expr: x}
		}
		return p, err
	}
	if p.Kind != querylang.PlanAnd && p.Kind != querylang.PlanOr {
		return p, nil
	}
	var rows []querylang.Expr
	var rest []querylang.Plan
	for _, k := range p.Kids {
		k, err := l.localise(ctx, tx, k)
		if err != nil {
			return p, err
		}
		if k.Kind == querylang.PlanSQL {
			rows = append(rows, k.Expr)
		} else {
			rest = append(rest, k)
		}
	}
	return joined(p.Kind, rows, rest), nil
}

// joined is a plan of predicates and other parts.
func joined(kind querylang.PlanKind, rows []querylang.Expr, rest []querylang.Plan) querylang.Plan {
	if len(rows) > 0 {
		x := querylang.All(rows...)
		if kind == querylang.PlanOr {
			x = querylang.Any(rows...)
		}
		rest = append([]querylang.Plan{{Kind: querylang.PlanSQL, Expr: x}}, rest...)
	}
	if len(rest) == 1 {
		return rest[0]
	}
	return querylang.Plan{Kind: kind, Kids: rest}
}

// maxNames bounds the names that are compared with a condition.
const maxNames = 10_000

// seen turns one condition on the environment or the release into the names
// that satisfy it; ok is false for anything else, and where SQL does not know.
func (l *listing) seen(ctx context.Context, tx *store.Tx, x querylang.Expr) (querylang.Expr, bool, error) {
	leaf, negated := plainLeaf(x)
	var names []string
	ok := false
	var err error
	switch {
	case leaf == nil:
		return nil, false, nil
	case leaf.Key.Name == "env":
		names, ok, err = environments(ctx, tx, l.filter.Scope, l.q.Range, leaf, negated)
	case leaf.Key.Name == "release" && !negated: // what has no release is in no table
		names, err = tx.ReleaseNames(ctx, l.filter.Scope, maxNames)
		ok = len(names) < maxNames
		names = keep(names, false, func(name string) bool { return querylang.Match(leaf, releaseRecord(name)) })
	}
	if err != nil || !ok {
		return nil, false, err
	}
	out := &querylang.Leaf{Key: leaf.Key, Start: leaf.Start, End: leaf.End}
	for _, name := range names {
		out.Values = append(out.Values, querylang.Value{Kind: querylang.Equal, Raw: name, Text: name})
	}
	return out, true, nil
}

// releaseRecord is as much of an event as a condition on its release reads.
func releaseRecord(name string) *querylang.Record {
	return &querylang.Record{Release: name, Terms: []string{"release=" + querylang.Fold(name)}, Keys: []string{"release"}}
}

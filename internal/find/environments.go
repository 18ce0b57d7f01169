package find

import (
	"context"

	"errata/internal/querylang"
	"errata/internal/store"
)

// environments returns the names seen in a span that satisfy a condition; all
// is false when there are more names than are listed.
func environments(ctx context.Context, tx *store.Tx, in store.Scope, span Range, l *querylang.Leaf, negated bool) (names []string, all bool, err error) {
	// A quarter of an hour counts from its start.
	names, err = tx.Environments(ctx, in, span.From.UnixMicro()-quarterUS, span.To.UnixMicro())
	all = len(names) < store.MaxEnvironments
	return keep(names, negated, func(name string) bool { return querylang.Match(l, environmentRecord(name)) }), all, err
}

// environmentRecord is as much of an event as a condition on its environment reads.
func environmentRecord(name string) *querylang.Record {
	r := &querylang.Record{Env: name}
	if name != "" {
		r.Terms, r.Keys = []string{"env=" + querylang.Fold(name)}, []string{"env"}
	}
	return r
}

package find

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// maxReleases is how many releases one comparison may name.
const maxReleases = 1000

// releases are the releases that a query names by their order: latest, and
// comparisons.
type releases struct {
	tx    *store.Tx
	r     reader
	scope store.Scope
}

// expandReleases replaces latest and comparisons of releases by what they name
// in the reader's services. Errors: invalid with query.too_broad when more than
// a thousand match, query.unknown_name for a release without numbers that no
// service has.
func expandReleases(ctx context.Context, tx *store.Tx, r reader, bound querylang.Expr) (querylang.Expr, error) {
	found := false
	querylang.Each(bound, func(l *querylang.Leaf) { found = found || compared(l) })
	if !found {
		return bound, nil
	}
	p := plan{filter: store.IssueFilter{Scope: store.Scope{Projects: r.ids()}}}
	p.takeServices(r, bound)
	e := releases{tx, r, p.filter.Scope}
	return querylang.Map(bound, func(l *querylang.Leaf) (querylang.Expr, error) {
		if !compared(l) {
			return l, nil
		}
		return e.leaf(ctx, l)
	})
}

func compared(l *querylang.Leaf) bool {
	return l.Key.Name == "release" && slices.ContainsFunc(l.Values, querylang.Compared)
}

// leaf joins what the values of a leaf name. Releases that are named by their
// numbers are the same in every service; those named by their dates belong to
// one.
func (e releases) leaf(ctx context.Context, l *querylang.Leaf) (querylang.Expr, error) {
	anywhere := &querylang.Leaf{Key: l.Key, Start: l.Start, End: l.End}
	var parts []querylang.Expr
	for _, v := range l.Values {
		var named []errata.Release
		var err error
		dated := true
		switch {
		case querylang.Latest(v):
			named, err = e.tx.LatestReleases(ctx, e.scope)
		case querylang.Compared(v):
			named, dated, err = e.compare(ctx, l, v)
		default:
			anywhere.Values = append(anywhere.Values, v)
		}
		switch {
		case err != nil:
			return nil, err
		case dated:
			parts = append(parts, e.inServices(l, named)...)
		default:
			anywhere.Values = append(anywhere.Values, values(named)...)
		}
	}
	if len(anywhere.Values) > 0 || len(parts) == 0 {
		parts = append(parts, anywhere) // without values it is true of no event
	}
	return querylang.Any(parts...), nil
}

func values(named []errata.Release) []querylang.Value {
	seen := map[string]bool{}
	var out []querylang.Value
	for _, r := range named {
		if text := querylang.Fold(r.Version); !seen[text] {
			seen[text] = true
			out = append(out, querylang.Value{Kind: querylang.Equal, Raw: r.Version, Text: text})
		}
	}
	return out
}

// inServices asks for releases of their services.
func (e releases) inServices(l *querylang.Leaf, named []errata.Release) (out []querylang.Expr) {
	slices.SortStableFunc(named, func(a, b errata.Release) int { return strings.Compare(a.ProjectID, b.ProjectID) })
	for len(named) > 0 {
		n := 1
		for n < len(named) && named[n].ProjectID == named[0].ProjectID {
			n++
		}
		release := &querylang.Leaf{Key: l.Key, Values: values(named[:n]), Start: l.Start, End: l.End}
		out = append(out, e.ofService(named[0].ProjectID, release))
		named = named[n:]
	}
	return out
}

func (e releases) ofService(project string, release querylang.Expr) querylang.Expr {
	if len(e.scope.Projects) == 1 {
		return release
	}
	slug := e.r.projects[project].Slug
	return querylang.All(&querylang.Leaf{
		Key: querylang.Key{Name: "service"}, OfEvent: true,
		Values: []querylang.Value{{Kind: querylang.Equal, Raw: slug, Text: querylang.Fold(slug)}},
	}, release)
}

// bounds is a comparison of releases as written: op and one literal, or two
// after "..".
type bounds struct {
	from, to    string // "" = open
	strict      bool   // the end itself is not meant
	least, most *errata.Semver
	pack        string
}

func boundsOf(v querylang.Value) (b bounds) {
	switch v.Parts[0] {
	case ">", ">=":
		b.from = v.Parts[1]
	case "<", "<=":
		b.to = v.Parts[1]
	default:
		b.from, b.to = v.Parts[1], v.Parts[2]
	}
	b.strict = v.Parts[0] == ">" || v.Parts[0] == "<"
	return b
}

// compare returns the releases of a comparison; dated says that they are
// ordered by when they were first seen.
func (e releases) compare(ctx context.Context, l *querylang.Leaf, v querylang.Value) (named []errata.Release, dated bool, err error) {
	b := boundsOf(v)
	numbered := true
	for _, end := range []struct {
		text string
		to   **errata.Semver
	}{{b.from, &b.least}, {b.to, &b.most}} {
		if end.text == "" {
			continue
		}
		pack, number := errata.ParseRelease(end.text)
		*end.to, numbered = number, numbered && number != nil
		if pack != "" {
			b.pack = pack
		}
	}
	if numbered && b.least != nil && b.most != nil && b.least.Compare(b.most) > 0 {
		return nil, false, refusePart(l, "query.bad_value", "“"+v.Raw+"” ends before it begins.", "Write the lower version first.")
	}
	if numbered {
		named, err = e.byNumber(ctx, b)
	} else {
		named, err = e.byDate(ctx, l, b)
	}
	if err == nil && len(named) > maxReleases {
		err = refusePart(l, "query.too_broad", "More than 1,000 releases match “"+v.Raw+"”.", "Close the range, as in release:4.12..4.13, or add service:")
	}
	return named, !numbered, err
}

func (e releases) byNumber(ctx context.Context, b bounds) (out []errata.Release, err error) {
	// Pre-releases of the ends and doubles of several services come along: room for them.
	const room = maxReleases * 10
	all, err := e.tx.ReleasesIn(ctx, e.scope, store.ReleaseRange{From: b.least, To: b.most, Package: b.pack}, room)
	if len(all) == room {
		return all, err // more than may be named, whatever the rest holds
	}
	seen := map[string]bool{}
	for _, r := range all {
		if !seen[r.Version] && b.holds(r.Semver) {
			seen[r.Version], out = true, append(out, r)
		}
	}
	return out, err
}

func (b bounds) holds(v *errata.Semver) bool {
	above := b.least == nil || v.Compare(b.least) > 0 || !b.strict && v.Compare(b.least) == 0
	return above && (b.most == nil || v.Compare(b.most) < 0 || !b.strict && v.Compare(b.most) == 0)
}

// byDate compares by when each service had its first event of the named release.
func (e releases) byDate(ctx context.Context, l *querylang.Leaf, b bounds) (out []errata.Release, err error) {
	spans := map[string]*store.ReleaseRange{}
	for i, name := range []string{b.from, b.to} {
		if name == "" {
			continue
		}
		ends, err := e.tx.ReleasesNamed(ctx, e.scope, name)
		if err != nil {
			return nil, err
		}
		if len(ends) == 0 {
			return nil, refusePart(l, "query.unknown_name", "There is no release “"+name+"”, or you may not see it.",
				"Versions such as 4.13.0 are compared by their numbers, others by when they were first seen.")
		}
		spans = b.narrow(spans, ends, i == 0)
	}
	for project, span := range spans {
		some, err := e.tx.ReleasesIn(ctx, store.Scope{Projects: []string{project}}, *span, maxReleases+1)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(some, func(r errata.Release) bool {
			return b.strict && (r.Version == b.from || r.Version == b.to)
		})...)
	}
	return out, nil
}

// narrow puts an end into the span of each service that has it; with two ends a
// service needs both.
func (b bounds) narrow(spans map[string]*store.ReleaseRange, ends []errata.Release, first bool) map[string]*store.ReleaseRange {
	out := map[string]*store.ReleaseRange{}
	for _, r := range ends {
		span := spans[r.ProjectID]
		if span == nil && !first && b.from != "" {
			continue
		}
		if span == nil {
			span = &store.ReleaseRange{}
		}
		if first {
			span.SeenFrom = r.FirstSeen
		} else {
			span.SeenTo = r.FirstSeen
		}
		out[r.ProjectID] = span
	}
	return out
}

// refusePart refuses a part of a query.
func refusePart(l *querylang.Leaf, reason, message, hint string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{
		Reason: reason, Field: "q", Start: l.Start, End: l.End, Message: message, Hint: hint,
	})
}

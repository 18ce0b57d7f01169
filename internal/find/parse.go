package find

import (
	"context"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// asked is a query as typed, with where and over which range it is asked.
type asked struct {
	q      string
	in     querylang.Place
	over   Range
	budget float64   // highest cost; 0 = that of a page
	at     time.Time // what relative times are counted from; zero = now
}

// from is what relative times are counted from.
func (a asked) from(now time.Time) time.Time {
	if a.at.IsZero() {
		return now
	}
	return a.at
}

// exportBudget is what an export and a report may cost.
const exportBudget = 10_000

// days is how much the query reads, for the estimate of its cost.
func (a asked) days() float64 { return a.over.To.Sub(a.over.From).Hours() / 24 }

// parse reads a query, gives it the names it mentions, and writes it in its
// canonical form, in which no plain identifier of a user is left.
func (s *Service) parse(ctx context.Context, tx *store.Tx, r reader, a asked) (out Query, err error) {
	tree, notices, err := querylang.Parse(a.q)
	if tags := s.tagsAmong(ctx, r, a, err); len(tags) > 0 {
		tree, notices, err = querylang.Parse(a.q, tags...)
	}
	if err != nil {
		return out, err
	}
	if err := querylang.Check(tree, querylang.Context{In: a.in, Days: a.days(), Budget: a.budget}); err != nil {
		return out, err
	}
	env, known, err := s.env(ctx, tx, r, querylang.Names(tree))
	if err != nil {
		return out, err
	}
	env.Now = a.from(s.Clock())
	bound, err := querylang.Bind(tree, env)
	if err != nil {
		return out, err
	}
	out = Query{Text: querylang.Print(bound), Notices: notices}
	if bound, err = known.expand(r, bound); err != nil {
		return out, err
	}
	if out.Bound, err = expandReleases(ctx, tx, r, bound); err != nil {
		return out, err
	}
	out.Tree, _, err = querylang.Parse(out.Text)
	return out, err
}

// env reads what the names in a query mean to the reader.
func (s *Service) env(ctx context.Context, tx *store.Tx, r reader, names querylang.Named) (env querylang.Env, known teams, err error) {
	env = querylang.Env{Zone: zone(r.who), Services: map[string]bool{}, Logins: map[string]string{}, Me: r.who.ID, UserSecret: s.UserSecret}
	for slug := range r.bySlug {
		env.Services[slug] = true
	}
	if env.Issues, err = s.issueIDs(ctx, tx, r, names.Issues); err != nil {
		return env, known, err
	}
	people, err := tx.AccountsByLogin(ctx, names.Logins)
	if err != nil {
		return env, known, err
	}
	for _, a := range people {
		env.Logins[a.Login] = a.ID
	}
	if names.OfTeams {
		known, err = s.teams(ctx, tx, r.who)
		env.Teams = known.names()
	}
	return env, known, err
}

// tagWait is how long the engine may think about whether a key is a tag, and
// maxTagsAsked about how many it is asked.
const (
	tagWait      = 300 * time.Millisecond
	maxTagsAsked = 10
)

// tagsAmong returns which of the keys that were taken for slips are tags of
// events that the reader sees. While the engine is away none is.
func (s *Service) tagsAmong(ctx context.Context, r reader, a asked, refused error) (tags []string) {
	var keys []string
	var rs []search.Request
	over := a.over.whole(a.from(s.Clock()))
	for _, d := range errata.DetailsOf(refused) {
		if d.Reason != "query.unknown_key" || len(keys) == maxTagsAsked {
			continue
		}
		key := querylang.Fold(a.q[d.Start:d.End])
		keys = append(keys, key)
		rs = append(rs, search.Request{
			Scope: r.scope(), From: over.From, To: over.To, TotalUpTo: 1,
			Query: &querylang.Leaf{Key: querylang.Key{Name: "tags", Arg: key}, Values: []querylang.Value{{Kind: querylang.Present}}},
		})
	}
	if len(keys) == 0 || !a.over.Valid() {
		return nil
	}
	for i, answer := range s.multiSearch(ctx, r.who, tagWait, rs) {
		if answer.Err == nil && answer.Result.Total.Value > 0 {
			tags = append(tags, keys[i])
		}
	}
	return tags
}

// issueIDs looks up short ids; what is absent or invisible is left out.
func (s *Service) issueIDs(ctx context.Context, tx *store.Tx, r reader, short []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, id := range short {
		prefix, number, ok := errata.ParseShortID(id)
		if !ok {
			continue
		}
		is, err := tx.IssueByNumber(ctx, prefix, number)
		switch errata.CodeOf(err) {
		case "":
			if _, visible := r.projects[is.ProjectID]; visible {
				out[id] = []string{is.ID}
			}
		case errata.NotFound:
		default:
			return nil, err
		}
	}
	return out, nil
}

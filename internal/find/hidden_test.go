package find_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// counting counts what an engine is asked for.
type counting struct {
	search.Engine
	calls atomic.Int64
}

func (c *counting) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	c.calls.Add(1)
	return c.Engine.Search(ctx, r)
}

func (c *counting) MultiSearch(ctx context.Context, rs []search.Request) []search.Answer {
	c.calls.Add(int64(len(rs)))
	return c.Engine.MultiSearch(ctx, rs)
}

func (c *counting) Get(ctx context.Context, s search.Scope, ref errata.Ref) (*search.Doc, error) {
	c.calls.Add(1)
	return c.Engine.Get(ctx, s, ref)
}

func (c *counting) Scan(ctx context.Context, r search.ScanRequest, fn func(*search.Hit) error) error {
	c.calls.Add(1)
	return c.Engine.Scan(ctx, r, fn)
}

// work is what answering took: how long it takes follows from it.
type work struct {
	Reads, Calls int64
	Code         errata.Code
}

// A name of a service that the reader may not see costs as much as one that does
// not exist: as many readings of the database, as many questions to the engine.
// Otherwise the time of an answer would tell the two apart.
func TestHiddenNamesCostNoMore(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, hidden := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("hidden", errata.ProjectSettings{})
		const trace = "0af7651916cd43dd8448eb211c80319c"
		p.Publish(p.Batch(
			p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Message: "own"}),
			p.Entry(hidden, partstest.Event{
				ID: partstest.EventID(2), Type: "HiddenError", Message: "secret", Env: "hiddenenv", Release: "hidden@1.0.0",
				User: "hiddenuser", Trace: trace, Tags: map[string]string{"hiddentag": "hiddenvalue"},
			}),
		))
		p.Drained()
		p.Write(func(tx *store.Tx) error { // whose reader may not read who else there is
			if err := tx.CreateTeam(t.Context(), errata.Team{ID: "t", Slug: "hiddenteam", Name: "Hidden", CreatedAt: 1}); err != nil {
				return err
			}
			_, err := tx.SetProjectTeam(t.Context(), hidden.ID, "t")
			return err
		})
		engine := &counting{Engine: p.Engine}
		only := find.New(find.Options{Store: p.Store, Engine: engine, Clock: p.Clock, UserSecret: partstest.Secret, Decide: func(_ errata.Actor, _ errata.Action, project string) error {
			if project != shop.ID {
				return errata.E(errata.NotFound, "There is no such service.", nil)
			}
			return nil
		}})
		cost := func(ask func() error) work {
			before, err := p.Store.Stats(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			calls := engine.calls.Load()
			code := errata.CodeOf(ask())
			after, err := p.Store.Stats(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return work{Reads: after.Reads - before.Reads, Calls: engine.calls.Load() - calls, Code: code}
		}
		total := work{}
		for name, ask := range askings(t, only) {
			for there, absent := range map[string]string{
				"service:hidden": "service:absent", "env:hiddenenv": "env:absentenv", "release:hidden@1.0.0": "release:absent@1.0.0", "user:hiddenuser": "user:absentuser",
				"type:HiddenError": "type:AbsentError", "hiddentag:hiddenvalue": "absenttag:absentvalue", "tags[hiddentag]:x": "tags[absenttag]:x", "has:tags[hiddentag]": "has:tags[absenttag]",
				"secret": "absent", "issue:HID-1": "issue:ABS-1", hidden.Prefix + "-1": "ZZZ-1", trace: "ffffffffffffffffffffffffffffffff", partstest.EventID(2): partstest.EventID(3),
				"release:>hidden@0.1.0": "release:>absent@0.1.0", "first_release:hidden@1.0.0": "first_release:absent@1.0.0", "!service:hidden": "!service:absent",
				"team:hiddenteam": "team:absentteam", "!team:#hiddenteam": "!team:#absentteam", "team:hiddent*": "team:absentt*",
			} {
				var d string
				for range 5 { // suggestions end in the middle when the machine is busy
					one, two := cost(func() error { return ask(there) }), cost(func() error { return ask(absent) })
					total.Reads, total.Calls = total.Reads+one.Reads, total.Calls+one.Calls
					if d = cmp.Diff(one, two); d == "" {
						break
					}
				}
				if d != "" {
					t.Errorf("%s: %s and %s differ:\n%s", name, there, absent, d)
				}
			}
		}
		if total.Reads == 0 || total.Calls == 0 {
			t.Errorf("nothing was asked: %+v", total)
		}
	})
}

// askings are the ways a text of a reader is answered.
func askings(t *testing.T, s *find.Service) map[string]func(text string) error {
	ctx, who, over := t.Context(), partstest.Reader, month()
	return map[string]func(string) error{
		"issues": func(q string) error { _, err := s.Issues(ctx, who, find.IssueQuery{Q: q, Range: over}); return err },
		"events": func(q string) error { _, err := s.Events(ctx, who, find.EventsQuery{Q: q, Range: over}); return err },
		"chart":  func(q string) error { _, err := s.Volume(ctx, who, find.VolumeQuery{Q: q, Range: over}); return err },
		"counts": func(q string) error {
			_, err := s.Aggregate(ctx, who, find.AggregateQuery{Q: q, Range: over, By: []querylang.Key{{Name: "service"}}})
			return err
		},
		"fields": func(q string) error { _, err := s.Fields(ctx, who, find.FieldsQuery{Q: q, Range: over}); return err },
		"facets": func(q string) error {
			_, err := s.Facets(ctx, who, find.FacetQuery{Q: q, In: querylang.InIssues, Over: over, Keys: []string{"type", "tags[hiddentag]", "tags[absenttag]"}, Wait: time.Minute})
			return err
		},
		"suggest": func(q string) error {
			_, err := s.Suggest(ctx, who, find.SuggestQuery{Q: q, At: len(q), In: querylang.InIssues, Over: over})
			return err
		},
		"explain": func(q string) error {
			_, err := s.Explain(ctx, who, find.Asked{Q: q, In: querylang.InEvents, Over: over})
			return err
		},
		"jump":  func(q string) error { _, err := s.Jump(ctx, who, q, ""); return err },
		"trace": func(q string) error { _, err := s.Trace(ctx, who, q); return err },
		"issue": func(q string) error { _, err := s.Issue(ctx, who, q); return err },
		"event": func(q string) error { _, _, err := s.EventByID(ctx, who, q, ""); return err },
	}
}

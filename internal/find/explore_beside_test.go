package find_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/search"
)

func tracesAgree(t *testing.T, p *partstest.Parts, all []noticed) {
	for _, id := range []string{traceID(0), strings.ToUpper(traceID(1)), "req-1"} {
		var want, got []string
		for _, n := range slices.Backward(all) {
			if strings.EqualFold(n.Trace, id) || strings.EqualFold(n.RequestID, id) {
				want = append(want, n.service+" "+n.ID)
			}
		}
		x, err := p.Find.Trace(t.Context(), partstest.Reader, id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		for _, l := range x.Rows {
			got = append(got, l.Project.Slug+" "+l.EventID)
		}
		if d := gocmp.Diff(want, got); d != "" || len(want) < 2 {
			t.Errorf("%s: %s", id, d)
		}
	}
	for _, id := range []string{"", "nothing", strings.Repeat("a", 300)} {
		if _, err := p.Find.Trace(t.Context(), partstest.Reader, id); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("trace %.10q: %v", id, err)
		}
	}
}

func opened(t *testing.T, p *partstest.Parts, n noticed) {
	page, err := p.Find.Events(t.Context(), partstest.Reader, find.EventsQuery{Range: lastDay, Open: n.service + "." + n.ID})
	if err != nil || page.OpenErr != nil {
		t.Fatal(err, page.OpenErr)
	}
	have := map[string]string{}
	for _, f := range page.Open {
		have[f.Key.String()] = f.Value
		q := f.Key.String() + ":" + querylang.Quote(f.Value)
		if f.Key.Name == "user" {
			q = "user:" + f.Value
		}
		found, err := p.Find.Events(t.Context(), partstest.Reader, find.EventsQuery{Q: q, Range: lastDay, Size: 100})
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		if found.Total.Value < 1 || found.Total.Value <= 100 && !slices.ContainsFunc(found.Rows, func(l find.EventLine) bool { return l.EventID == n.ID }) {
			t.Errorf("%s does not find the event that says it", q)
		}
		if f.Value == n.User && n.User != "" {
			t.Errorf("%s shows the user", f.Key)
		}
	}
	for k, want := range map[string]string{"service": n.service, "env": n.Env, "host": n.Host, "type": n.Type, "release": n.Release} {
		if have[k] != want {
			t.Errorf("%s is %q, want %q", k, have[k], want)
		}
	}
}

func locates(t *testing.T, p *partstest.Parts, all []noticed) {
	for _, n := range all[:3] {
		found, err := p.Find.LocateEvent(t.Context(), partstest.Reader, strings.ToUpper(n.ID))
		if err != nil || len(found) != 1 || !strings.HasPrefix(found[0].Issue, strings.ToUpper(n.service[:3])) {
			t.Errorf("%s: %+v %v", n.ID, found, err)
		}
	}
	for _, id := range []string{"1", partstest.EventID(999_999), "nonsense"} {
		if _, err := p.Find.LocateEvent(t.Context(), partstest.Reader, id); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// issueOf reads the issue of a kind of error.
func issueOf(t *testing.T, p *partstest.Parts, n noticed) find.IssueView {
	t.Helper()
	found, err := p.Find.LocateEvent(t.Context(), partstest.Reader, n.ID)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Find.Issue(t.Context(), partstest.Reader, found[0].Issue)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sameIssue are the events that were grouped with one.
func sameIssue(all []noticed, one noticed) (out []noticed) {
	for _, n := range all {
		if n.service == one.service && n.Type == one.Type {
			out = append(out, n)
		}
	}
	return out
}

func tagsAgree(t *testing.T, p *partstest.Parts, all []noticed) {
	one := all[0]
	v, mine := issueOf(t, p, one), sameIssue(all, one)
	for _, k := range []string{"host", "tags[region]", "env", "release"} {
		s, err := p.Find.Tags(t.Context(), partstest.Reader, v, k)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		var sum int64
		for _, x := range s.Values {
			got[querylang.Fold(x.Value)], sum = x.Count, sum+x.Count
			first, last := now, time.Time{}
			for _, n := range mine {
				if strings.EqualFold(n.value(key(k)), x.Value) {
					if n.Time.Before(first) {
						first = n.Time
					}
					if n.Time.After(last) {
						last = n.Time
					}
				}
			}
			if x.First != first.UnixMicro() || x.Last != last.UnixMicro() {
				t.Errorf("%s %s from %d to %d, want %d, %d", k, x.Value, x.First, x.Last, first.UnixMicro(), last.UnixMicro())
			}
		}
		if d := gocmp.Diff(recount(mine, []querylang.Key{key(k)}, false), got); d != "" {
			t.Errorf("%s: %s", k, d)
		}
		if sum+s.None != int64(len(mine)) {
			t.Errorf("%s: %d and %d are not %d", k, sum, s.None, len(mine))
		}
	}
	for _, k := range []string{"", "message", "user", "trace", "issue", "is", "no such"} {
		if _, err := p.Find.Tags(t.Context(), partstest.Reader, v, k); errata.CodeOf(err) != errata.NotFound {
			t.Errorf("%q: %v", k, err)
		}
	}
}

func besideAgrees(t *testing.T, p *partstest.Parts, all []noticed) {
	one := all[0]
	v, mine := issueOf(t, p, one), sameIssue(all, one)
	first := mine[len(mine)-1]
	s, err := p.Find.Spread(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	var envs, releases int64
	for _, e := range s.Environments {
		envs += e.Events
	}
	for _, e := range s.Releases {
		releases += e.Events
	}
	if envs != int64(len(mine)) || releases != int64(len(mine)) {
		t.Errorf("spread over %d and %d events, want %d", envs, releases, len(mine))
	}
	c, err := p.Find.Changed(t.Context(), partstest.Reader, v)
	if err != nil || c.HostErr != nil {
		t.Fatal(err, c.HostErr)
	}
	if c.FirstSeen != first.Time.UnixMicro() || c.Host != first.Host || c.Environment != first.Env {
		t.Errorf("%+v, the first was %+v", c, first)
	}
	like, err := p.Find.Similar(t.Context(), partstest.Reader, v)
	if err != nil || len(like) == 0 {
		t.Fatalf("%d similar issues, %v", len(like), err)
	}
	for _, x := range like {
		if x.Issue.ID == v.Issue.ID || x.Issue.Type != v.Issue.Type || !slices.Contains(x.Why, "same type") {
			t.Errorf("%s %s is like %s: %v", x.ShortID(), x.Issue.Type, v.Issue.Type, x.Why)
		}
	}
}

// An engine that is away is an error, never a zero.
func TestExplorerWithoutEngine(t *testing.T) {
	away := errata.Because(errata.Unavailable, "The event store does not answer.", errors.New("refused"), errata.Detail{Reason: search.ReasonTimeout})
	broken := &brokenEngine{err: away}
	p := partstest.Open(t, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { broken.Engine = e; return broken }})
	all := explored(t, p)
	v := issueOf(t, p, all[0])
	broken.down.Store(true)
	ask := map[string]func() error{
		"events": func() error {
			_, err := p.Find.Events(t.Context(), partstest.Reader, find.EventsQuery{Range: lastDay})
			return err
		},
		"counts": func() error {
			_, err := p.Find.Aggregate(t.Context(), partstest.Reader, find.AggregateQuery{Range: lastDay})
			return err
		},
		"fields": func() error {
			_, err := p.Find.Fields(t.Context(), partstest.Reader, find.FieldsQuery{Range: lastDay})
			return err
		},
		"trace": func() error { _, err := p.Find.Trace(t.Context(), partstest.Reader, traceID(0)); return err },
		"tags":  func() error { _, err := p.Find.Tags(t.Context(), partstest.Reader, v, "host"); return err },
		"an event of long ago": func() error {
			_, err := p.Find.LocateEvent(t.Context(), partstest.Reader, partstest.EventID(424242))
			return err
		},
		"first host": func() error {
			c, err := p.Find.Changed(t.Context(), partstest.Reader, v)
			if err != nil || c.Environment == "" || c.Host != "" || c.HostGone {
				t.Errorf("what changed: %+v %v", c, err)
			}
			return c.HostErr
		},
	}
	for name, fn := range ask {
		if err := fn(); errata.CodeOf(err) != errata.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenEngine answers nothing while it is down.
type brokenEngine struct {
	search.Engine
	err  error
	down atomic.Bool
}

func (b *brokenEngine) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	if b.down.Load() {
		return nil, b.err
	}
	return b.Engine.Search(ctx, r)
}

func (b *brokenEngine) Get(ctx context.Context, s search.Scope, ref errata.Ref) (*search.Doc, error) {
	if b.down.Load() {
		return nil, b.err
	}
	return b.Engine.Get(ctx, s, ref)
}

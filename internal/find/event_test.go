package find_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
	"errata/internal/store"
)

// one sends events of one issue at the given ages; equal ages are equal times.
func one(t *testing.T, p *partstest.Parts, ages ...time.Duration) find.IssueView {
	t.Helper()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	b := p.Batch()
	for i, age := range ages {
		b.Entries = append(b.Entries, p.Entry(shop, partstest.Event{ID: partstest.EventID(i + 1), User: "ada@example.com", Time: now.Add(-age)}))
	}
	p.Publish(b)
	p.Drained()
	return view(t, p, shop, 1)
}

func view(t *testing.T, p *partstest.Parts, in errata.Project, number int64) find.IssueView {
	t.Helper()
	v, err := p.Find.Issue(t.Context(), partstest.Reader, errata.ShortID(in.Prefix, number))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestThroughTheEventsOfAnIssue(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		v := one(t, p, 5*time.Hour, 4*time.Hour, 3*time.Hour, 3*time.Hour, 26*time.Hour, 0)
		want := []string{"5", "1", "2", "3", "4", "6"} // by time, then id
		for i := range want {
			n := 0
			_, _ = fmt.Sscan(want[i], &n)
			want[i] = partstest.EventID(n)
		}
		e := p.Find.Event(t.Context(), partstest.Reader, v, find.First)
		var onward []string
		for at := 1; ; at++ {
			if e.Err != nil || e.Event == nil {
				t.Fatalf("event %d: %v", at, e.Err)
			}
			onward = append(onward, e.Event.ID)
			if e.Total != 6 || e.Position < int64(at) || e.Position > int64(at)+1 { // two share a time
				t.Errorf("event %d is %d of %d", at, e.Position, e.Total)
			}
			if (e.First == "") != (at == 1) || (e.Last == "") != (at == 6) {
				t.Errorf("event %d leads to first %q, last %q", at, e.First, e.Last)
			}
			if e.Next == "" {
				break
			}
			e = p.Find.Event(t.Context(), partstest.Reader, v, e.Next)
		}
		if d := gocmp.Diff(want, onward); d != "" {
			t.Errorf("onward (-want +got):\n%s", d)
		}
		var back []string
		for e = p.Find.Event(t.Context(), partstest.Reader, v, find.Last); ; e = p.Find.Event(t.Context(), partstest.Reader, v, e.Previous) {
			if e.Event == nil {
				t.Fatal(e.Err)
			}
			if back = append(back, e.Event.ID); e.Previous == "" {
				break
			}
		}
		slices.Reverse(back)
		if d := gocmp.Diff(want, back); d != "" {
			t.Errorf("back (-want +got):\n%s", d)
		}
	})
}

func TestEventsOfAnIssueInPages(t *testing.T) {
	var later atomic.Int64 // workers look at the clock, too
	p := partstest.Open(t, partstest.Options{Clock: func() time.Time { return now.Add(time.Duration(later.Load())) }})
	var ages []time.Duration
	for i := range 25 {
		ages = append(ages, time.Duration(i)*time.Hour)
	}
	v := one(t, p, ages...)
	for q, want := range map[string]int{
		"": 25, "severity:P2": 25, "severity:P0": 0, "is:open env:production": 25, "!env:production": 0,
		"type:keyerror events:>20": 25, "went": 25, "nothing": 0, "timestamp:<=-5h": 20,
	} {
		var ids []string
		ask := find.EventQuery{Q: q, Size: 7}
		for page := 1; ; page++ {
			later.Store(int64(page) * int64(time.Second)) // a relative range moves on, the list does not
			at := now.Add(time.Duration(later.Load()))
			ask.Range = find.Range{From: at.AddDate(0, 0, -30), To: at}
			got, err := p.Find.IssueEvents(t.Context(), partstest.Reader, v, ask)
			if err != nil {
				t.Fatalf("%q page %d: %v", q, page, err)
			}
			if got.Total.Value != int64(want) || !got.Total.Exact {
				t.Errorf("%q: total %+v, want %d", q, got.Total, want)
			}
			for _, r := range got.Rows {
				ids = append(ids, r.EventID)
			}
			if ask.Cursor = got.Next; ask.Cursor == "" {
				break
			}
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != want {
			t.Errorf("%q: %d events, want %d", q, len(ids), want)
		}
		later.Store(0)
	}
}

// forgetful is an engine that takes documents and loses some.
type forgetful struct {
	search.Engine
	lose map[string]bool
}

func (f *forgetful) Index(ctx context.Context, docs []search.Doc) ([]search.ItemResult, error) {
	kept := slices.DeleteFunc(slices.Clone(docs), func(d search.Doc) bool { return f.lose[d.EventID] })
	if _, err := f.Engine.Index(ctx, kept); err != nil {
		return nil, err
	}
	return slices.Repeat([]search.ItemResult{{Status: search.Created}}, len(docs)), nil
}

// Between counting and writing an event is known and cannot be read.
func TestEventsThatWaitToBeWritten(t *testing.T) {
	f := &forgetful{lose: map[string]bool{partstest.EventID(2): true, partstest.EventID(3): true}}
	p := partstest.Open(t, partstest.Options{Clock: clock, Wrap: func(e search.Engine) search.Engine { f.Engine = e; return f }})
	v := one(t, p, 2*time.Hour, time.Hour)
	if e := p.Find.Event(t.Context(), partstest.Reader, v, ""); e.Event == nil || e.Event.ID != partstest.EventID(1) {
		t.Errorf("instead of the newest, which waits: %+v", e)
	}
	e := p.Find.Event(t.Context(), partstest.Reader, v, partstest.EventID(2))
	if e.Event != nil || e.Gone || errata.CodeOf(e.Err) != errata.Unavailable || errata.ReasonOf(e.Err) != "search.pending" {
		t.Errorf("asked for by id: %+v", e)
	}
	if _, _, err := p.Find.EventByID(t.Context(), partstest.Reader, partstest.EventID(2), ""); errata.ReasonOf(err) != "search.pending" {
		t.Errorf("by id alone: %v", err)
	}
	shop := v.Project
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(3), Type: "OtherError"})))
	p.Drained()
	if e := p.Find.Event(t.Context(), partstest.Reader, view(t, p, shop, 2), ""); e.Gone || errata.ReasonOf(e.Err) != "search.pending" {
		t.Errorf("an issue whose only event waits: %+v", e)
	}
	if e := p.Find.Event(t.Context(), partstest.Reader, v, partstest.EventID(3)); errata.CodeOf(e.Err) != errata.NotFound {
		t.Errorf("an event of another issue: %+v", e)
	}
	if e := p.Find.Event(t.Context(), partstest.Reader, v, partstest.EventID(77)); errata.CodeOf(e.Err) != errata.NotFound {
		t.Errorf("an event that never was: %+v", e)
	}
}

func TestEventByID(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, api := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("api", errata.ProjectSettings{})
		p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "u-1"}), p.Entry(api, partstest.Event{ID: partstest.EventID(1)}),
			p.Entry(shop, partstest.Event{ID: partstest.EventID(2), Time: now.AddDate(0, 0, -29)})))
		p.Drained()
		masked := partstest.Reader
		masked.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.EventRead}}
		other := partstest.Reader
		other.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.EventRead}, Projects: []string{api.ID}}
		check := func(t *testing.T) {
			for _, tt := range []struct {
				name, id, project string
				who               errata.Actor
				code              errata.Code
				service           string
			}{
				{"two services share the id", partstest.EventID(1), "", partstest.Reader, errata.Conflict, ""},
				{"the service named", partstest.EventID(1), "api", partstest.Reader, "", "api"},
				{"only one is visible", partstest.EventID(1), "", other, "", "api"},
				{"one alone", partstest.EventID(2), "", partstest.Reader, "", "shop"},
				{"in capitals and with dashes", "00000000-0000-0000-0000-000000000002", "", partstest.Reader, "", "shop"},
				{"invisible", partstest.EventID(2), "", other, errata.NotFound, ""},
				{"of another service", partstest.EventID(2), "api", partstest.Reader, errata.NotFound, ""},
				{"never sent", partstest.EventID(3), "", partstest.Reader, errata.NotFound, ""},
				{"no id", "x", "", partstest.Reader, errata.NotFound, ""},
			} {
				ev, in, err := p.Find.EventByID(t.Context(), tt.who, tt.id, tt.project)
				if errata.CodeOf(err) != tt.code || in.Slug != tt.service || (err == nil) != (ev != nil) {
					t.Errorf("%s: %v in %q, %v", tt.name, ev, in.Slug, err)
				}
			}
		}
		t.Run("in the ledger", check)
		ev, _, err := p.Find.EventByID(t.Context(), masked, partstest.EventID(1), "shop")
		if err != nil || ev.User == nil || ev.User.ID != find.Masked {
			t.Errorf("without the right to personal data: %+v %v", ev, err)
		}
		accesses := len(accessed(t, p))
		ev, _, err = p.Find.EventByID(t.Context(), partstest.Reader, partstest.EventID(1), "shop")
		if err != nil || ev.User == nil || ev.User.ID != "u-1" {
			t.Errorf("with the right to personal data: %+v %v", ev, err)
		}
		if n := len(accessed(t, p)); n != accesses+1 {
			t.Errorf("%d rows of the audit for an event in clear", n-accesses)
		}
		p.Write(func(tx *store.Tx) error {
			_, err := tx.SweepApplied(t.Context(), now.Add(time.Hour).UnixMicro())
			return err
		})
		t.Run("older than the ledger", check)
	})
}

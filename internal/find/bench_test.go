//go:build unix

package find_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/find"
	"errata/internal/search/embedded"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// filled reads what partstest.Filled has made.
type filled struct {
	find  *find.Service
	short []string
}

func openFilled(b *testing.B, events int) *filled {
	b.Helper()
	dir, log, ctx := partstest.Filled(b, events), slog.New(slog.DiscardHandler), context.Background()
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "errata.db"), Clock: partstest.FilledClock, Decide: storetest.Decide, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	e, err := embedded.Open(ctx, embedded.Options{Dir: filepath.Join(dir, "events"), Clock: partstest.FilledClock, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	if err := s.Optimize(ctx); err != nil {
		b.Fatal(err)
	}
	f := &filled{find: find.New(find.Options{
		Store: s, Engine: e, Clock: partstest.FilledClock, Decide: storetest.Decide, Log: log, UserSecret: partstest.Secret,
	})}
	f.issues(b)
	return f
}

func (f *filled) issues(b *testing.B) {
	b.Helper()
	q := find.IssueQuery{Range: find.Range{From: partstest.FilledNow.AddDate(0, 0, -31), To: partstest.FilledNow}, Size: 100}
	for {
		p, err := f.find.Issues(context.Background(), partstest.Reader, q)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range p.Rows {
			f.short = append(f.short, r.ShortID())
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if len(f.short) != partstest.FilledIssues {
		b.Fatalf("%d issues", len(f.short))
	}
}

var benchSizes = []struct {
	name   string
	events int
}{{"10k", 10_000}, {"200k", 200_000}}

// BenchmarkIssueList reads what the page of issues shows: list, chart with the
// period before, and what its filters offer.
func BenchmarkIssueList(b *testing.B) {
	for _, size := range benchSizes {
		f := openFilled(b, size.events)
		for _, tt := range []struct {
			name, q, sort string
			days          int
		}{
			{"day", "", "", 1},
			{"month", "", "", 30},
			{"month by priority", "", "priority", 30},
			{"month in staging", "env:staging", "", 30},
			{"week of one service", "service:service-3 is:unresolved", "", 7},
			{"words, day", "timeout", "", 1},
			{"words and three filters, month", "timeout backend env:production severity:P1 service:service-3", "", 30},
			{"words, month", "timeout", "", 30},
		} {
			b.Run(size.name+"/"+tt.name, func(b *testing.B) {
				over := find.Range{From: partstest.FilledNow.AddDate(0, 0, -tt.days), To: partstest.FilledNow}
				partstest.Measured(b, func(int) error { return f.listPage(b.Context(), tt.q, tt.sort, over) })
			})
		}
	}
}

func (f *filled) listPage(ctx context.Context, q, sort string, over find.Range) error {
	var wg sync.WaitGroup
	var list, chart error
	wg.Go(func() {
		_, list = f.find.Issues(ctx, partstest.Reader, find.IssueQuery{Q: q, Range: over, Sort: sort})
	})
	wg.Go(func() {
		_, chart = f.find.Volume(ctx, partstest.Reader, find.VolumeQuery{Q: q, By: find.BySeverity, Range: over, Compare: true})
	})
	wg.Wait()
	if list != nil || chart != nil {
		return fmt.Errorf("list %w, chart %w", list, chart)
	}
	_, err := f.find.Choices(ctx, partstest.Reader, over)
	return err
}

// BenchmarkIssuePage reads what the page of one issue shows, of all issues in
// turn: head, trend and event with its neighbours.
func BenchmarkIssuePage(b *testing.B) {
	for _, size := range benchSizes {
		f := openFilled(b, size.events)
		for _, name := range []string{find.Recommended, find.First} {
			b.Run(size.name+"/"+name, func(b *testing.B) {
				partstest.Measured(b, func(i int) error { return f.issuePage(b.Context(), f.short[i*7%len(f.short)], name) })
			})
		}
	}
}

func (f *filled) issuePage(ctx context.Context, id, event string) error {
	v, err := f.find.Issue(ctx, partstest.Reader, id)
	if err != nil {
		return err
	}
	if _, err := f.find.IssueTrend(ctx, v, time.UTC); err != nil {
		return err
	}
	return f.find.Event(ctx, partstest.Reader, v, event).Err
}

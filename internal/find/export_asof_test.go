package find_test

import (
	"sync/atomic"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/search"
	"errata/internal/stats"
)

// A file that goes on later asks what it asked at first: relative times in the
// query are counted from when it was begun.
func TestExportAsksAsOf(t *testing.T) {
	var later atomic.Int64
	p := partstest.Open(t, partstest.Options{Clock: func() time.Time { return now.Add(time.Duration(later.Load())) }})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Time: now.Add(-30 * time.Minute)})))
	p.Drained()
	begun := now.Add(time.Second)
	for _, after := range []time.Duration{time.Second, 3 * time.Hour} {
		later.Store(int64(after))
		for _, q := range []string{"received:-1h", "timestamp:-1h", "first_seen:-1h"} {
			n := 0
			err := p.Find.ExportEvents(t.Context(), partstest.Reader,
				find.EventExport{Q: q, Range: find.Range{From: begun.AddDate(0, 0, -1), To: begun}, AsOf: begun.UnixMicro()}, 10,
				func(find.ExportHead, search.Total) error { return nil },
				func(rows []find.ExportedEvent) error { n += len(rows); return nil })
			if err != nil || n != 1 {
				t.Errorf("%s after %v: %d events, %v", q, after, n, err)
			}
		}
	}
}

// The same holds of issues and of episodes, also where a job begins long after
// it was asked for; what began meanwhile is not in the file.
func TestListsAskAsOf(t *testing.T) {
	var later atomic.Int64
	partstest.Each(t, partstest.Options{Clock: func() time.Time { return now.Add(time.Duration(later.Load())) }}, func(t *testing.T, p *partstest.Parts) {
		later.Store(0)
		shop := p.NewProject("shop", errata.ProjectSettings{})
		p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Type: "OldError", Time: now.Add(-30 * time.Minute)})))
		p.Drained()
		begun := now.Add(time.Second)
		asked := find.Range{From: begun.AddDate(0, 0, -30), To: begun}
		for _, after := range []time.Duration{time.Second, 8 * 24 * time.Hour} {
			later.Store(int64(after))
			if after > time.Hour {
				p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(2), Type: "YoungError", Time: now.Add(after - time.Hour)})))
				p.Drained()
			}
			for _, q := range []string{"", "last_seen:-1h", "first_seen:-1h", "age:<1h", "is:new", "last_seen:-1h OR level:info", "is:new level:error"} {
				if got := issuesAsOf(t, p, find.IssueQuery{Q: q, Range: asked, AsOf: begun.UnixMicro()}); len(got) != 1 || got[0] != "OldError" {
					t.Errorf("issues %q after %v: %q", q, after, got)
				}
			}
			for _, q := range []string{"", "last_seen:-1h", "is:new"} {
				list := find.EpisodeQuery{Rules: stats.Rules{Metric: stats.TTA}, Q: q, Range: asked, Show: find.ShowOpen, AsOf: begun.UnixMicro()}
				var got []string
				err := p.Find.ExportEpisodes(t.Context(), partstest.Reader, list, func(find.EpisodeHead) error { return nil }, func(page find.EpisodePage) error {
					for _, r := range page.Rows {
						got = append(got, r.Issue.Type)
					}
					return nil
				})
				if err != nil || len(got) != 1 || got[0] != "OldError" {
					t.Errorf("episodes %q after %v: %q, %v", q, after, got, err)
				}
			}
		}
	})
}

// issuesAsOf are the types of the issues of a list, which its two ways of being
// taken along agree on.
func issuesAsOf(t *testing.T, p *partstest.Parts, q find.IssueQuery) (types []string) {
	t.Helper()
	err := p.Find.ExportIssues(t.Context(), partstest.Reader, q, 0, func(find.ExportHead) error { return nil }, func(rows []find.ExportedIssue) error {
		for _, r := range rows {
			types = append(types, r.Issue.Type)
		}
		return nil
	})
	if err != nil {
		t.Errorf("%q: %v", q.Q, err)
	}
	n := 0
	if _, err := p.Find.ExportIssueIDs(t.Context(), partstest.Reader, q, func(ids []string) error { n += len(ids); return nil }); err != nil || n != len(types) {
		t.Errorf("%q: %d ids of %d issues, %v", q.Q, n, len(types), err)
	}
	return types
}

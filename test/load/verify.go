package main

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

type list[T any] struct {
	Items []T
	Next  string
}

type apiIssue struct {
	ID     string
	Events int64
}

// verdict is what comparing the store with the ledger found.
type verdict struct {
	found, lost, doubled, foreign int
	miscounted                    []string // issues whose counter differs from their events, or that mix groups
	counted                       int64
}

func (v verdict) bad() bool { return v.lost+v.doubled+v.foreign+len(v.miscounted) > 0 }

// searchable asks the event engine, not the counters, how many events it finds.
func (t *target) searchable(ctx context.Context) (int64, error) {
	var v struct{ Total int64 }
	return v.Total, t.get(ctx, "/api/v1/analytics/volume?range=24h&q=refused", &v)
}

// verify reads every issue and every event of it through the API.
func (t *target) verify(ctx context.Context, l *ledger) (verdict, error) {
	var v verdict
	seen := map[string]int{}
	issues, err := pages[apiIssue](ctx, t, "/api/v1/issues?range=24h&size=100")
	if err != nil {
		return v, err
	}
	for _, is := range issues {
		v.counted += is.Events
		events, err := pages[struct{ ID string }](ctx, t, "/api/v1/issues/"+is.ID+"/events?range=24h&size=100")
		if err != nil {
			return v, err
		}
		groups := map[int]bool{}
		for _, e := range events {
			seen[e.ID]++
			if g, sent := l.issue[e.ID]; sent {
				groups[g] = true
			}
		}
		if is.Events != int64(len(events)) || len(groups) > 1 {
			v.miscounted = append(v.miscounted, fmt.Sprintf("%s counts %d, holds %d of %d groups", is.ID, is.Events, len(events), len(groups)))
		}
	}
	v.found = len(seen)
	for id, n := range seen {
		if n > 1 {
			v.doubled++
		}
		if _, sent := l.issue[id]; !sent {
			v.foreign++
		}
	}
	for id := range l.answered {
		if seen[id] == 0 {
			v.lost++
		}
	}
	return v, nil
}

func pages[T any](ctx context.Context, t *target, path string) (all []T, err error) {
	next := ""
	for {
		var p list[T]
		at := path
		if next != "" {
			at += "&cursor=" + url.QueryEscape(next)
		}
		if err := t.get(ctx, at, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if next = p.Next; next == "" {
			return all, nil
		}
	}
}

// drained waits until the engine finds everything that was answered, and says
// how long that took.
func (t *target) drained(ctx context.Context, want int64) (time.Duration, error) {
	began := time.Now()
	err := poll(ctx, 5*time.Minute, func() (bool, error) {
		n, err := t.searchable(ctx)
		return n >= want, err
	})
	return time.Since(began), err
}

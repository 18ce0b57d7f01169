package pipeline_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/queue"
	"errata/internal/search"
)

func TestBacklog(t *testing.T) {
	e := &intercepted{}
	var down atomic.Bool
	p := parts.Open(t, parts.Options{Wrap: intercept(e), Idle: true})
	e.on = func(_ context.Context, _ []search.Doc, next func() ([]search.ItemResult, error)) ([]search.ItemResult, error) {
		if down.Load() {
			return nil, errata.E(errata.Unavailable, "away", nil)
		}
		return next()
	}
	down.Store(true)
	p.Start()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, event(1)), p.Entry(shop, event(2))))
	p.Publish(p.Batch(p.Entry(shop, event(3)), p.Entry(shop, event(4))))
	p.Until(10*time.Second, "events parked", func() bool {
		st, err := p.Queue.State(t.Context(), queue.Backlog)
		return err == nil && st.Items == 4 && p.Outcomes(shop.ID)["stored/full"] == 4
	})
	if n := len(read(t, p, shop).Stored); n != 0 {
		t.Errorf("%d events are in an engine that is away", n)
	}
	unreadable := p.Entry(shop, event(5)) // counted by an earlier program, say, and unreadable for this one
	unreadable.Payload, unreadable.IssueID = []byte("{"), "gone"
	if err := p.Queue.Publish(t.Context(), queue.Backlog, "unreadable", queue.Encode(p.Batch(unreadable)), 1); err != nil {
		t.Fatal(err)
	}
	down.Store(false)
	p.Drained()
	want := plain("KeyError", id(1), id(2), id(3), id(4))
	want.Outcomes["stored/full"], want.Outcomes["dead_lettered/poison"] = 3, 1 // the count of the unreadable one moved
	want.Letters["poison counted=true"] = 1
	same(t, "drained", read(t, p, shop), want)
	if hits := byUser(t, p, shop, "u-1"); hits != 4 {
		t.Errorf("found by user: %d", hits)
	}
}

func byUser(t *testing.T, p *parts.Parts, in errata.Project, user string) int {
	t.Helper()
	hash := querylang.UserHash(parts.Secret, user)
	leaf := &querylang.Leaf{Key: querylang.Key{Name: "user"}, Values: []querylang.Value{{Kind: querylang.Equal, Text: hash}}}
	now := p.Clock()
	res, err := p.Engine.Search(t.Context(), search.Request{
		Scope: search.Scope{Projects: []string{in.ID}}, Query: leaf,
		From: now.Add(-time.Hour), To: now.Add(time.Hour), Size: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(res.Hits)
}

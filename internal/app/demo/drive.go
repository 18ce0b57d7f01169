package demo

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/store"
)

// latency is how long an event is under way.
const latency = 300 * time.Millisecond

// gap is how long events wait at most until they are delivered, all that came
// together: long ago nobody looks so closely.
func gap(age time.Duration) time.Duration {
	switch {
	case age > 14*day:
		return 6 * time.Hour
	case age > 2*day:
		return 3 * time.Hour
	case age > 3*time.Hour:
		return 30 * time.Minute
	}
	return 5 * time.Minute
}

// ticks are the times at which events are delivered: at once what people wait
// for, and else not too seldom.
func (p *plan) ticks() []time.Time {
	var at []time.Time
	for _, d := range p.deliveries {
		if d.opens {
			at = append(at, d.at.Add(latency))
		}
	}
	at = append(at, p.now)
	slices.SortFunc(at, time.Time.Compare)
	var out []time.Time
	last := p.from
	for _, t := range at {
		for g := gap(p.now.Sub(last)); t.Sub(last) > g; g = gap(p.now.Sub(last)) {
			last = last.Add(g)
			out = append(out, last)
		}
		last = t
		out = append(out, t)
	}
	return out
}

// play goes through the plan in the order of time.
func (d *Demo) play(ctx context.Context) error {
	acts := d.plan.acts
	week := 0
	for _, tick := range d.plan.ticks() {
		if w := int(tick.Sub(d.plan.from) / (7 * day)); w > week {
			week = w
			fmt.Fprint(d.Out, ".")
		}
		for len(acts) > 0 && acts[0].at.Before(tick) {
			n := together(acts)
			if err := d.perform(ctx, acts[:n]); err != nil {
				return err
			}
			acts = acts[n:]
		}
		if err := d.deliver(ctx, tick); err != nil {
			return err
		}
	}
	return nil
}

// together is how many acts at the front are one: those in bulk.
func together(acts []act) int {
	n := 1
	for n < len(acts) && acts[0].do == tidy && acts[n].do == tidy && acts[n].at.Equal(acts[0].at) {
		n++
	}
	return n
}

// deliver sends what happened up to now, and waits until it is counted.
func (d *Demo) deliver(ctx context.Context, now time.Time) error {
	d.Clock.Set(now)
	due := 0
	for due < len(d.plan.deliveries) && !d.plan.deliveries[due].at.After(now) {
		due++
	}
	if due == 0 {
		return nil
	}
	batch := d.plan.deliveries[:due]
	d.plan.deliveries = d.plan.deliveries[due:]
	unknown := map[*subject]string{} // an event of issues without a name
	var sending errgroup.Group
	for _, one := range batch {
		id, payload, err := one.of.event(one.at)
		if err != nil {
			return err
		}
		if one.of.id == "" {
			unknown[one.of] = id
		}
		sending.Go(func() error { return d.send(ctx, one.of.service, payload) })
	}
	if err := sending.Wait(); err != nil {
		return err
	}
	if err := d.counted(ctx); err != nil {
		return err
	}
	return d.name(ctx, unknown)
}

// send posts one event as an SDK does.
func (d *Demo) send(ctx context.Context, s *service, payload []byte) error {
	var body bytes.Buffer
	fmt.Fprintf(&body, "{}\n{\"type\":\"event\",\"length\":%d}\n%s\n", len(payload), payload)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/api/"+s.id+"/envelope/", &body)
	if err != nil {
		return err
	}
	r.RemoteAddr = "192.0.2.14:40100"
	r.Header.Set("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client="+s.sdk+"/10.2.0, sentry_key="+s.key)
	w := &answer{header: http.Header{}, status: http.StatusOK}
	d.Door.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		return fmt.Errorf("an event of %s was answered %d %s", s.slug, w.status, w.body.String())
	}
	d.sent.Add(1)
	return nil
}

// answer keeps what the door answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the headers of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the text.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// counted waits until the worker has nothing left.
func (d *Demo) counted(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		st, err := d.Queue.State(ctx, queue.Events)
		if err != nil || st.Messages == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// name finds the ids that people use of issues that have just begun.
func (d *Demo) name(ctx context.Context, events map[*subject]string) error {
	if len(events) == 0 {
		return nil
	}
	return d.Store.View(ctx, func(tx *store.Tx) error {
		for s, event := range events {
			row, _, err := tx.AppliedEvent(ctx, s.service.id, event)
			if err != nil {
				return err
			}
			issues, err := tx.IssuesByID(ctx, []string{row.IssueID})
			if err != nil {
				return err
			}
			s.id = errata.ShortID(s.service.prefix, issues[row.IssueID].Number)
		}
		return nil
	})
}

// comesBack is how often an event of the trickle is of an issue that is over.
const comesBack = .02

// goOn sends an event of something that goes on, at the real time, and now and
// then of something that was over.
func (d *Demo) goOn(ctx context.Context, chance dice) {
	over := chance.chance(comesBack)
	var of []*subject
	for _, s := range d.plan.subjects {
		if s.id != "" && s.live != over && (s.live || s.severity >= errata.P2) {
			of = append(of, s)
		}
	}
	if len(of) == 0 {
		return
	}
	s := of[chance.IntN(len(of))]
	s.live = true
	_, payload, err := s.event(d.Clock.Now().Add(-latency))
	if err == nil {
		err = d.send(ctx, s.service, payload)
	}
	if err != nil && ctx.Err() == nil {
		d.Log.WarnContext(ctx, "event of the demo not taken", slog.Any("error", err))
	}
}

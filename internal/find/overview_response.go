package find

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/stats"
	"errata/internal/store"
)

// OverviewClocks returns the times to respond and to resolve over the range,
// compared with the equal period before: of episodes of one severity ("P0"), ""
// = of all.
func (s *Service) OverviewClocks(ctx context.Context, who errata.Actor, q OverviewQuery, severity string) ([]Response, error) {
	return s.Responses(ctx, who, ResponseQuery{Q: q.text(severity), Range: q.Range, Zone: q.Zone, Compare: true}, stats.TTA, stats.TTR)
}

// OverviewWeeks is how many weeks the response times of an overview span, with
// the present one.
const OverviewWeeks = 12

// Weekly is the times to respond (TTA) and to resolve (TTR) of weeks. Edges are
// where they begin and the last one, which is not over, has come to. What is
// open is told with the last one.
type Weekly struct {
	Edges    []time.Time
	TTA, TTR []stats.Summary
}

// OverviewWeekly returns the response times of the last weeks, whatever the
// range.
func (s *Service) OverviewWeekly(ctx context.Context, who errata.Actor, q OverviewQuery, severity string) (Weekly, error) {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	now, week := s.Clock(), stats.Interval("1w")
	var out Weekly
	for i := range OverviewWeeks {
		begin := week.Start(now, q.Zone).In(q.Zone).AddDate(0, 0, 7*(i-OverviewWeeks+1))
		out.Edges = append(out.Edges, week.Start(begin.Add(week.Width()/2), q.Zone))
	}
	out.Edges = append(out.Edges, now)
	scope, err := s.scopeKey(ctx, who)
	if err != nil {
		return Weekly{}, err
	}
	keys := make([]string, OverviewWeeks-1)
	for i := range keys {
		keys[i] = fmt.Sprint(q.text(severity), out.Edges[i].UnixMicro(), out.Edges[i+1].UnixMicro(), scope)
	}
	past, ok := s.weeks.all(keys)
	if !ok {
		return s.allWeeks(ctx, who, q, severity, out, keys)
	}
	for _, w := range past {
		out.TTA, out.TTR = append(out.TTA, w[0]), append(out.TTR, w[1])
	}
	last, err := s.weekly(ctx, who, q, severity, Range{out.Edges[OverviewWeeks-1], now})
	out.TTA, out.TTR = append(out.TTA, last[0].Total), append(out.TTR, last[1].Total)
	return out, err
}

// allWeeks computes every week in one reading, and keeps those that are settled.
func (s *Service) allWeeks(ctx context.Context, who errata.Actor, q OverviewQuery, severity string, out Weekly, keys []string) (Weekly, error) {
	all, err := s.weekly(ctx, who, q, severity, Range{out.Edges[0], out.Edges[OverviewWeeks]})
	if err != nil {
		return out, err
	}
	for i := range OverviewWeeks {
		both := [2]stats.Summary{}
		for k := range both {
			if i < len(all[k].Buckets) { // on the stroke of Monday the last one is not there yet
				both[k] = all[k].Buckets[i]
			}
		}
		if i < len(keys) && out.Edges[OverviewWeeks].Sub(out.Edges[i+1]) > settledWeek {
			s.weeks.put(keys[i], both)
		}
		out.TTA, out.TTR = append(out.TTA, both[0]), append(out.TTR, both[1])
	}
	last := OverviewWeeks - 1
	out.TTA[last].Open, out.TTR[last].Open = all[0].Total.Open, all[1].Total.Open
	return out, nil
}

// weekly computes both times of a span by week; of none it is empty.
func (s *Service) weekly(ctx context.Context, who errata.Actor, q OverviewQuery, severity string, span Range) ([]Response, error) {
	if !span.From.Before(span.To) {
		return make([]Response, 2), nil
	}
	out, err := s.Responses(ctx, who, ResponseQuery{Q: q.text(severity), Range: span, Zone: q.Zone, Interval: "1w"}, stats.TTA, stats.TTR)
	if err != nil {
		return make([]Response, 2), err
	}
	return out, nil
}

// scopeKey tells readers apart who may see different projects.
func (s *Service) scopeKey(ctx context.Context, who errata.Actor) (key string, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := s.reader(ctx, tx, who, errata.AnalyticsRead)
		ids := slices.DeleteFunc(r.ids(), func(id string) bool { return s.Decide(who, errata.IssueRead, id) != nil })
		key = strings.Join(slices.Sorted(slices.Values(ids)), ",")
		return err
	})
	return key, err
}

// A week is settled when nothing that people do changes its figures any more:
// an episode that ended can be taken up again for ten minutes, and clocks of two
// servers differ a little.
const (
	settledWeek = 15 * time.Minute
	maxWeeks    = 4096
)

// weekCache remembers the figures of settled weeks. The zero value is empty.
type weekCache struct {
	mu   sync.Mutex
	kept map[string][2]stats.Summary
}

// all returns what is kept under the keys; ok is false when any is missing.
func (c *weekCache) all(keys []string) (out [][2]stats.Summary, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		w, ok := c.kept[key]
		if !ok {
			return nil, false
		}
		out = append(out, w)
	}
	return out, true
}

// put keeps the figures of a week; a full cache starts anew.
func (c *weekCache) put(key string, w [2]stats.Summary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxWeeks {
		c.kept = map[string][2]stats.Summary{}
	}
	c.kept[key] = w
}

// text is the query for what an overview is about.
func (q OverviewQuery) text(severity string) string {
	var parts []string
	for _, f := range []struct {
		key    string
		values []string
	}{{"service:", q.Services}, {"env:", q.Environments}} {
		quoted := make([]string, len(f.values))
		for i, v := range f.values {
			quoted[i] = querylang.Quote(v)
		}
		if len(quoted) > 0 {
			parts = append(parts, f.key+strings.Join(quoted, ","))
		}
	}
	if severity != "" {
		parts = append(parts, "severity:"+severity)
	}
	return strings.Join(parts, " ")
}

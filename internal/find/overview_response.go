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
	scope, err := s.scopeKey(ctx, who)
	if err != nil {
		return Weekly{}, err
	}
	out.Edges = append(out.Edges, now)
	for i := range OverviewWeeks {
		span := Range{out.Edges[i], out.Edges[i+1]}
		if !span.From.Before(span.To) { // the week begins now
			out.TTA, out.TTR = append(out.TTA, stats.Summary{}), append(out.TTR, stats.Summary{})
			continue
		}
		key := fmt.Sprint(q.text(severity), span.From.UnixMicro(), span.To.UnixMicro(), scope)
		both, ok := s.weeks.get(key)
		if !ok {
			if both, err = s.week(ctx, who, q, severity, span); err != nil {
				return Weekly{}, err
			}
			if now.Sub(span.To) > settledWeek {
				s.weeks.put(key, both)
			}
		}
		out.TTA, out.TTR = append(out.TTA, both[0]), append(out.TTR, both[1])
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

func (s *Service) week(ctx context.Context, who errata.Actor, q OverviewQuery, severity string, span Range) (both [2]stats.Summary, err error) {
	all, err := s.Responses(ctx, who, ResponseQuery{Q: q.text(severity), Range: span, Zone: q.Zone, Interval: "1w"}, stats.TTA, stats.TTR)
	if err == nil {
		both = [2]stats.Summary{all[0].Total, all[1].Total}
	}
	return both, err
}

// A week is settled when nothing that people do changes its figures any more:
// an episode that ended can be taken up again for ten minutes, and clocks of two
// servers differ a little.
const (
	settledWeek = time.Hour
	maxWeeks    = 4096
)

// weekCache remembers the figures of settled weeks. The zero value is empty.
type weekCache struct {
	mu   sync.Mutex
	kept map[string][2]stats.Summary
}

func (c *weekCache) get(key string) ([2]stats.Summary, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.kept[key]
	return w, ok
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

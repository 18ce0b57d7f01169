package find

import (
	"context"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/stats"
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

// OverviewWeekly returns the times to respond and to resolve of the last weeks,
// whatever the range.
func (s *Service) OverviewWeekly(ctx context.Context, who errata.Actor, q OverviewQuery, severity string) ([]Response, error) {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	now := s.Clock()
	week := stats.Interval("1w")
	from := week.Start(now, q.Zone).In(q.Zone).AddDate(0, 0, -7*(OverviewWeeks-1))
	span := Range{From: week.Start(from.Add(week.Width()/2), q.Zone), To: now}
	return s.Responses(ctx, who, ResponseQuery{Q: q.text(severity), Range: span, Zone: q.Zone, Interval: week}, stats.TTA, stats.TTR)
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

//go:build unix

package handlers_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
)

// BenchmarkWeeks asks the running product for the pages of triage and figures
// over twelve weeks of 10,000 and 100,000 issues with ten events and one episode
// each. A page whose figures are kept in memory is asked for cold as well: each
// time with another range.
func BenchmarkWeeks(b *testing.B) {
	for _, issues := range []int{10_000, 100_000} {
		p, who := serving(b, partstest.Weeks(b, issues))
		cold := func(i int) string {
			from := partstest.FilledNow.AddDate(0, 0, -84).Add(-time.Duration(i) * time.Minute)
			return "/analytics/response?from=" + from.Format(time.RFC3339)
		}
		for _, tt := range []struct {
			name string
			path func(i int) string
		}{
			{"overview", func(int) string { return "/overview" }},
			{"overview, one service", func(i int) string { return fmt.Sprintf("/overview?service=service-%d", i%partstest.WeeksServices) }},
			{"overview, one environment", func(int) string { return "/overview?env=production" }},
			{"overview, 7 days", func(int) string { return "/overview?range=7d" }},
			{"overview, 30 days", func(int) string { return "/overview?range=30d" }},
			{"overview, rising", func(int) string { return "/overview?top=rising" }},
			{"issues", func(int) string { return "/issues" }},
			{"issues, unresolved", func(int) string { return "/issues?q=is:unresolved&range=90d" }},
			{"issues, 30 days", func(int) string { return "/issues?range=30d" }},
			{"response, warm", func(int) string { return "/analytics/response?range=90d" }},
			{"response, cold", cold},
		} {
			b.Run(fmt.Sprintf("%dk/%s", issues/1000, tt.name), func(b *testing.B) {
				partstest.Measured(b, func(i int) error {
					if code, text := p.Page(who, tt.path(i)); code != http.StatusOK {
						return errors.New(text)
					}
					return nil
				})
			})
		}
		p.Stop()
	}
}

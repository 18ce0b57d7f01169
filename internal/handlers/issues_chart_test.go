package handlers

import (
	"testing"
	"time"

	"errata/internal/find"
	"errata/internal/views/page"
)

func TestChartAboveTheList(t *testing.T) {
	to := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		word    string
		from    time.Time
		days    int
		compare bool
	}{
		"what was asked": {"7d", to.AddDate(0, 0, -7), 7, true},
		"of any time":    {page.AnyTime, to.AddDate(0, 0, -3650), page.ChartDays, false},
		"from and to":    {"", to.AddDate(0, 0, -400), 400, true},
	} {
		t.Run(name, func(t *testing.T) {
			q := listIn{rangeWord: c.word, span: find.Range{From: c.from, To: to}, compare: true}.chart()
			if got := int(q.Range.To.Sub(q.Range.From).Hours() / 24); got != c.days || q.Compare != c.compare {
				t.Errorf("%d days, compared %t; want %d, %t", got, q.Compare, c.days, c.compare)
			}
		})
	}
}

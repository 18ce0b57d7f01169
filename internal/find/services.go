package find

import (
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// ServiceRow is one service with its figures. LastEvent is µs, 0 = none yet.
type ServiceRow struct {
	Service         errata.Project
	LastDay, Issues int64
	LastEvent       int64
}

// Services lists the visible services by name.
func (s *Service) Services(ctx context.Context, who errata.Actor) (out []ServiceRow, err error) {
	now := s.Clock().UnixMicro()
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = nil
		r, err := s.reader(ctx, tx, who, errata.ProjectRead)
		if err != nil {
			return err
		}
		day, err := tx.Volume(ctx, store.VolumeFilter{Scope: store.Scope{Projects: r.ids()}, From: now - dayHours*hourUS, To: now + hourUS, Grain: dayHours * hourUS}, store.ByProject)
		if err != nil {
			return err
		}
		events := map[string]int64{}
		for _, v := range day {
			events[v.Key] += v.Events
		}
		for id, p := range r.projects {
			row, err := serviceRow(ctx, tx, p)
			if err != nil {
				return err
			}
			row.LastDay = events[id]
			out = append(out, row)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b ServiceRow) int {
		return strings.Compare(strings.ToLower(a.Service.Name), strings.ToLower(b.Service.Name))
	})
	return out, err
}

func serviceRow(ctx context.Context, tx *store.Tx, p errata.Project) (ServiceRow, error) {
	row := ServiceRow{Service: p}
	f := store.IssueFilter{Scope: store.Scope{Projects: []string{p.ID}}}
	var err error
	if row.Issues, err = tx.CountIssues(ctx, f); err != nil {
		return row, err
	}
	newest, err := tx.Issues(ctx, f, store.IssuePage{Sort: store.SortLastSeen, Size: 1})
	if len(newest) > 0 {
		row.LastEvent = newest[0].LastSeen
	}
	return row, err
}

// Choices are what the filters of the issue list offer. Never says that no
// event has ever come; SetUp then leads to where one is sent from.
type Choices struct {
	Projects     []errata.Project
	Environments []string
	Never        bool
	SetUp        string
}

// Choices reads the visible services, and the environments seen in the range.
func (s *Service) Choices(ctx context.Context, who errata.Actor, r Range) (out Choices, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Choices{SetUp: "/services"}
		in, err := s.reader(ctx, tx, who, errata.IssueRead)
		if err != nil {
			return err
		}
		for _, p := range in.projects {
			out.Projects = append(out.Projects, p)
		}
		scope := store.Scope{Projects: in.ids()}
		if out.Environments, err = tx.Environments(ctx, scope, r.From.UnixMicro()-hourUS, r.To.UnixMicro()); err != nil {
			return err
		}
		one, err := tx.Issues(ctx, store.IssueFilter{Scope: scope}, store.IssuePage{Sort: store.SortLastSeen, Size: 1})
		out.Never = len(one) == 0
		return err
	})
	slices.SortFunc(out.Projects, func(a, b errata.Project) int { return strings.Compare(a.Slug, b.Slug) })
	if len(out.Projects) == 1 {
		out.SetUp = "/services/" + out.Projects[0].Slug + "/setup"
	}
	return out, err
}

package find

import (
	"context"

	"errata/internal/errata"
	"errata/internal/search"
	"errata/internal/store"
)

// Changed is what was new when an issue began. Times are µs, 0 = unknown.
// Before is the release that the service saw first just before Release. Host is
// that of the very first event; HostGone says that this event is no longer
// kept, HostErr why it could not be read.
type Changed struct {
	FirstSeen     int64
	Release       string
	ReleaseSeen   int64
	Before        string
	Environment   string
	EnvironmentAt int64
	Later         []store.IssueSpan // environments that came after, in their order
	Host          string
	HostGone      bool
	HostErr       error
}

// Changed tells what changed when an issue began: first release, first
// environment, first host.
func (s *Service) Changed(ctx context.Context, who errata.Actor, v IssueView) (Changed, error) {
	out := Changed{FirstSeen: v.Issue.FirstSeen, Release: v.Issue.FirstRelease}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		if out.Release != "" {
			at, before, err := tx.ReleaseSeen(ctx, v.Project.ID, out.Release)
			if err != nil {
				return err
			}
			out.ReleaseSeen, out.Before = at, before.Version
		}
		envs, err := tx.EnvironmentsOf(ctx, v.Issue.ID)
		out.environments(envs)
		return err
	})
	if err != nil {
		return out, err
	}
	if s.Decide(who, errata.EventRead, v.Project.ID) == nil {
		out.firstHost(ctx, s, who, v)
	}
	return out, nil
}

func (c *Changed) environments(envs []store.IssueSpan) {
	c.Later = nil
	first := -1
	for i, e := range envs {
		if first < 0 || e.First < envs[first].First {
			first = i
		}
	}
	if first < 0 {
		return
	}
	c.Environment, c.EnvironmentAt = envs[first].Name, envs[first].First
	for i := range envs {
		if i != first {
			c.Later = append(c.Later, envs[i])
		}
	}
	bySpan(c.Later)
}

// firstHost reads the oldest event that is stored.
func (c *Changed) firstHost(ctx context.Context, s *Service, who errata.Actor, v IssueView) {
	one := card{s: s, is: v}
	r := one.request()
	r.Size, r.Fields, r.Timeout = 1, search.FieldsFull, cardWait
	r.Before = r.Cursor(one.beginning(), true)
	res, err := s.search(ctx, who, r)
	switch {
	case err != nil:
		c.HostErr = err
	case len(res.Gaps) > 0: // the first event may lie in what is missing
		c.HostErr = search.Torn(res.Gaps[0])
	case len(res.Hits) == 0 || res.Hits[0].Time > v.Issue.FirstSeen:
		c.HostGone = true
	default:
		ev, err := decode(&search.Doc{Payload: res.Hits[0].Payload})
		if err != nil {
			c.HostErr = err
			return
		}
		c.Host = ev.Host
	}
}

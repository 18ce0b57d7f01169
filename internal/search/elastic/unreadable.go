package elastic

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/search"
)

// unreadable are those of our indices that are there and cannot be read: an
// administrator has closed them, or blocked reading. Searches leave them out
// and say so. As long as there is none, nobody has to ask which: the cluster
// refuses the first search that meets one.
type unreadable struct {
	mu    sync.Mutex
	names []string
	asked time.Time
}

// askAgain is how long it is believed that an index cannot be read.
const askAgain = 3 * time.Second

// around sends the tasks without what is known to be unreadable. Where the
// cluster refuses one because of an index that was not known, it is asked which
// those are, and the tasks are sent once more.
func (e *Engine) around(ctx context.Context, tasks []task) ([]member, error) {
	without, err := e.known(ctx)
	if err != nil {
		return nil, err
	}
	members, err := e.msearch(ctx, tasks, without)
	if err != nil || !slices.ContainsFunc(members, barred) {
		return e.mark(tasks, members, without), err
	}
	if without, err = e.learn(ctx); err != nil {
		return nil, err
	}
	members, err = e.msearch(ctx, tasks, without)
	return e.mark(tasks, members, without), err
}

// barred says whether a member was refused for an index that cannot be read, or
// that went while it was asked for.
func barred(m member) bool {
	if m.Error == nil {
		return false
	}
	switch m.Error.kind() {
	case "index_closed", "cluster_block", "index_not_found":
		return true
	}
	return false
}

// mark notes in each member what was left out of its task.
func (e *Engine) mark(tasks []task, members []member, without []string) []member {
	for i := range members {
		members[i].without = e.within(tasks[i].r, without)
	}
	return members
}

// within are the names whose day has a part in the range of a request.
func (e *Engine) within(r *search.Request, names []string) (some []string) {
	for _, name := range names {
		_, day, ok := parseIndex(e.o.Prefix, name)
		if ok && day.Before(r.To) && day.AddDate(0, 0, 1).After(r.From) {
			some = append(some, name)
		}
	}
	return some
}

// known returns what cannot be read, which is asked again only while there is
// something.
func (e *Engine) known(ctx context.Context) ([]string, error) {
	e.unreadable.mu.Lock()
	names, asked := e.unreadable.names, e.unreadable.asked
	e.unreadable.mu.Unlock()
	if len(names) == 0 || e.o.Clock().Sub(asked) < askAgain {
		return names, nil
	}
	return e.learn(ctx)
}

// learn asks which of our indices cannot be read. A closed index is one with a
// block of its own.
func (e *Engine) learn(ctx context.Context) ([]string, error) {
	var answer struct {
		Blocks struct {
			Indices map[string]map[string]struct {
				Levels []string `json:"levels"`
			} `json:"indices"`
		} `json:"blocks"`
	}
	now := e.o.Clock()
	err := e.client.do(ctx, esapi.ClusterStateRequest{Metric: []string{"blocks"}, FilterPath: []string{"blocks.indices"}}, &answer)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, blocks := range answer.Blocks.Indices {
		if _, _, ours := parseIndex(e.o.Prefix, name); !ours {
			continue
		}
		for _, b := range blocks {
			if slices.Contains(b.Levels, "read") {
				names = append(names, name)
				break
			}
		}
	}
	slices.Sort(names)
	e.unreadable.mu.Lock()
	defer e.unreadable.mu.Unlock()
	if !slices.Equal(names, e.unreadable.names) {
		e.log.WarnContext(ctx, "indices that cannot be read have changed", slog.Any("indices", names))
	}
	e.unreadable.names, e.unreadable.asked = names, now
	return names, nil
}

package store

import (
	"cmp"
	"context"
	"slices"

	"errata/internal/errata"
)

// issueEnvironments reads where issues were seen.
var issueEnvironments = bulk{head: `SELECT issue_id, environment, events FROM issue_env WHERE issue_id IN (`, width: 1, tail: `)`}

// EnvironmentsByIssue returns the environments in which each issue was seen,
// most events first.
func (tx *Tx) EnvironmentsByIssue(ctx context.Context, issueIDs []string) (map[string][]string, error) {
	type seen struct {
		name   string
		events int64
	}
	ids, all := sortedUnique(issueIDs), map[string][]seen{}
	err := tx.bulkRows(ctx, &issueEnvironments, len(ids), nil, func(args []any, i int) []any { return append(args, ids[i]) },
		func(r scanner) error {
			var id string
			var s seen
			err := r.Scan(&id, &s.name, &s.events)
			all[id] = append(all[id], s)
			return err
		})
	out := make(map[string][]string, len(all))
	for id, envs := range all {
		slices.SortFunc(envs, func(a, b seen) int { return cmp.Or(cmp.Compare(b.events, a.events), cmp.Compare(a.name, b.name)) })
		for _, e := range envs {
			out[id] = append(out[id], e.name)
		}
	}
	return out, err
}

var latestEpisodes = bulk{
	head:  `SELECT ` + episodeColumns + ` FROM issue_episode WHERE seq = (SELECT episode_seq FROM issue i WHERE i.id = issue_episode.issue_id) AND issue_id IN (`,
	width: 1, tail: `)`,
}

// LatestEpisodes returns the open episode of each issue, else its last, by the
// id of the issue.
func (tx *Tx) LatestEpisodes(ctx context.Context, issueIDs []string) (map[string]errata.Episode, error) {
	ids := sortedUnique(issueIDs)
	out := make(map[string]errata.Episode, len(ids))
	err := tx.bulkRows(ctx, &latestEpisodes, len(ids), nil, func(args []any, i int) []any { return append(args, ids[i]) },
		func(r scanner) error {
			e, err := scanEpisode(r)
			out[e.IssueID] = e
			return err
		})
	return out, err
}

package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
)

// MaxFacet is how many issues facets look at, the newest.
const MaxFacet = 10_000

// IssueFacet is a number of issues that agree in what facets tell apart.
type IssueFacet struct {
	Severity   errata.Severity
	Status     errata.Status
	ProjectID  string
	AssigneeID string // "" = nobody
	Issues     int64
}

// FacetIssues counts the newest MaxFacet issues of a filter; more says that
// there are others.
func (tx *Tx) FacetIssues(ctx context.Context, f IssueFilter) (out []IssueFacet, more bool, err error) {
	var looked int64
	err = f.pieces(func(f IssueFilter) error {
		q := &query{}
		q.text(`SELECT severity, status, project_id, assignee_id, COUNT(*) FROM (SELECT severity, status, project_id, assignee_id FROM issue WHERE `)
		q.newest(f)
		q.text(`) AS newest GROUP BY severity, status, project_id, assignee_id`)
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var i IssueFacet
			err := r.Scan(&i.Severity, (*string)(&i.Status), &i.ProjectID, zero(&i.AssigneeID), &i.Issues)
			out, looked = append(out, i), looked+i.Issues
			return err
		})
	})
	return out, looked > MaxFacet, err
}

// newest writes the condition of a filter and keeps to the newest issues, one
// more than is looked at.
func (q *query) newest(f IssueFilter) {
	q.issues(f)
	q.text(` ORDER BY last_seen DESC, id DESC LIMIT `, q.arg(MaxFacet+1))
}

// IssuePlaces are the two places whose issues are counted by name.
type IssuePlaces string

// The places.
const (
	ByEnvironments IssuePlaces = "environment"
	ByReleases     IssuePlaces = "release"
)

var placeTables = map[IssuePlaces][2]string{
	ByEnvironments: {"issue_env", "environment"},
	ByReleases:     {"issue_release", "release"},
}

// PlaceCount is a number of issues seen in one environment or release.
type PlaceCount struct {
	Name   string
	Issues int64
}

// FacetPlaces counts, of the newest MaxFacet issues of a filter, those that
// were active in each environment or release in the filter's span: the limit
// names that most have.
func (tx *Tx) FacetPlaces(ctx context.Context, f IssueFilter, by IssuePlaces, limit int) (out []PlaceCount, err error) {
	table, column := placeTables[by][0], placeTables[by][1]
	counts := map[string]int64{}
	err = f.pieces(func(f IssueFilter) error {
		q := &query{}
		q.text(`SELECT p.`, column, `, COUNT(*) AS n FROM `, table, ` p WHERE p.issue_id IN (SELECT id FROM (SELECT id FROM issue WHERE `)
		q.newest(f)
		q.text(`) AS newest) AND p.last_seen >= `, q.arg(f.From))
		if f.To != 0 {
			q.text(` AND p.first_seen < `, q.arg(f.To))
		}
		q.text(` GROUP BY p.`, column)
		if !f.OnlyIDs {
			q.text(` ORDER BY n DESC, p.`, column, ` LIMIT `, q.arg(limit))
		}
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var c PlaceCount
			err := r.Scan(&c.Name, &c.Issues)
			counts[c.Name] += c.Issues
			return err
		})
	})
	return topPlaces(counts, limit), err
}

func topPlaces(counts map[string]int64, limit int) (out []PlaceCount) {
	for name, n := range counts {
		out = append(out, PlaceCount{name, n})
	}
	slices.SortFunc(out, func(a, b PlaceCount) int {
		return cmp.Or(cmp.Compare(b.Issues, a.Issues), strings.Compare(a.Name, b.Name))
	})
	return out[:min(len(out), limit)]
}

package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
)

// IssueFilter selects issues. Empty lists do not filter, but an empty Scope
// sees nothing. Severities are the current ones of the issues.
type IssueFilter struct {
	Scope        Scope
	Statuses     []errata.Status
	Severities   []errata.Severity
	Environments []string // active there in [From, To)
	From, To     int64    // µs, active in [From, To); 0 = open on that side
	IDs          []string // with OnlyIDs: these and no others
	OnlyIDs      bool
	Words        [][]string // each phrase, as tokens, stands in the title, type, culprit or code
	Where        IssueWhere // what a query asks of the row beside all this
}

// IssueSort is an order of the list, always downwards; zero is last_seen.
type IssueSort string

// The orders. Counts are those of all time.
const (
	SortLastSeen  IssueSort = "last_seen"  // newest first
	SortPriority  IssueSort = "priority"   // severity, open before the rest, newest first
	SortFirstSeen IssueSort = "first_seen" // newest first
	SortEvents    IssueSort = "events"     // most first
	SortUsers     IssueSort = "users"      // most first
)

// IssueSorts are the orders that there are.
var IssueSorts = []IssueSort{SortPriority, SortLastSeen, SortFirstSeen, SortEvents, SortUsers}

// IssueCursor is a place in the list: the sort values of an issue.
type IssueCursor struct {
	Rank                     int64
	LastSeen                 int64
	ID                       string
	FirstSeen, Events, Users int64
}

// CursorOf returns the place of an issue, in any order.
func CursorOf(i errata.Issue) IssueCursor {
	return IssueCursor{rank(i), i.LastSeen, i.ID, i.FirstSeen, i.Events, i.Users}
}

// columns are what an order compares before the id; the indexes are made for
// them.
func (s IssueSort) columns() []string {
	if s == SortPriority {
		return []string{"rank", "last_seen"}
	}
	return []string{string(cmp.Or(s, SortLastSeen))}
}

// values are what stands in these columns.
func (s IssueSort) values(c IssueCursor) []int64 {
	switch s {
	case SortPriority:
		return []int64{c.Rank, c.LastSeen}
	case SortFirstSeen:
		return []int64{c.FirstSeen}
	case SortEvents:
		return []int64{c.Events}
	case SortUsers:
		return []int64{c.Users}
	default:
		return []int64{c.LastSeen}
	}
}

// rank computes what the column of that name holds.
func rank(i errata.Issue) int64 {
	r := int64(errata.P3-i.Severity) * 2
	if i.Status == errata.Open {
		r++
	}
	return r
}

// IssuePage is the piece of the list that follows After; the zero cursor is the
// start. Backwards reads the other way: what stands before After, nearest first.
type IssuePage struct {
	Sort      IssueSort
	After     IssueCursor
	Backwards bool
	Size      int
}

// idPiece is how many ids one statement compares.
const idPiece = 100

// pieces calls do with f for at most idPiece ids at a time, or once without ids.
func (f IssueFilter) pieces(do func(IssueFilter) error) error {
	if !f.OnlyIDs {
		return do(f)
	}
	for ids := range slices.Chunk(sortedUnique(f.IDs), idPiece) {
		f.IDs = ids
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// Issues returns one piece of the list.
func (tx *Tx) Issues(ctx context.Context, f IssueFilter, p IssuePage) (out []errata.Issue, err error) {
	err = f.pieces(func(f IssueFilter) error {
		q := issueList(f, p)
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			i, err := scanIssue(r)
			out = append(out, i)
			return err
		})
	})
	if f.OnlyIDs { // the pieces are sorted, the whole is not
		slices.SortFunc(out, func(a, b errata.Issue) int { return -compareCursors(p.Sort, CursorOf(a), CursorOf(b)) })
		if p.Backwards {
			slices.Reverse(out)
		}
	}
	return out[:min(len(out), p.Size)], err
}

// IssuesAmong returns one piece of the list of the issues that f.IDs names, and
// how many of them the filter lets through. It compares places first and reads
// whole rows for the piece alone.
func (tx *Tx) IssuesAmong(ctx context.Context, f IssueFilter, p IssuePage) (out []errata.Issue, total int64, err error) {
	f.OnlyIDs = true
	var places []IssueCursor
	err = f.pieces(func(f IssueFilter) error {
		q := &query{}
		q.text(`SELECT rank, last_seen, id, first_seen, events, users FROM issue WHERE `)
		q.issues(f)
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var c IssueCursor
			err := r.Scan(&c.Rank, &c.LastSeen, &c.ID, &c.FirstSeen, &c.Events, &c.Users)
			places = append(places, c)
			return err
		})
	})
	if err != nil {
		return nil, 0, err
	}
	ids := p.cut(places)
	rows, err := tx.IssuesByID(ctx, ids)
	for _, id := range ids {
		out = append(out, rows[id])
	}
	return out, int64(len(places)), err
}

// cut sorts places in reading order and returns the ids of the page.
func (p IssuePage) cut(places []IssueCursor) (ids []string) {
	way := -1
	if p.Backwards {
		way = 1
	}
	slices.SortFunc(places, func(a, b IssueCursor) int { return way * compareCursors(p.Sort, a, b) })
	for _, c := range places {
		if len(ids) == p.Size {
			break
		}
		if p.After == (IssueCursor{}) || way*compareCursors(p.Sort, c, p.After) > 0 {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func compareCursors(s IssueSort, a, b IssueCursor) int {
	return cmp.Or(slices.Compare(s.values(a), s.values(b)), cmp.Compare(a.ID, b.ID))
}

// issueList writes the statement of one page. Every column of the order runs
// downwards, so that one comparison of rows continues a page.
func issueList(f IssueFilter, p IssuePage) *query {
	q := &query{}
	q.text(`SELECT `, issueColumns, ` FROM issue WHERE `)
	q.issues(f)
	than, way := `<`, ` DESC`
	if p.Backwards {
		than, way = `>`, ``
	}
	columns := p.Sort.columns()
	if p.After != (IssueCursor{}) {
		q.text(` AND (`, strings.Join(columns, `, `), `, id) `, than, ` (`)
		for _, v := range p.Sort.values(p.After) {
			q.text(q.arg(v), `, `)
		}
		q.text(q.arg(p.After.ID), `)`)
	}
	q.text(` ORDER BY `, strings.Join(columns, way+`, `), way, `, id`, way, ` LIMIT `, q.arg(p.Size))
	return q
}

// issues writes the conditions of a filter. Statuses and severities are written
// as literals, so that partial indexes fit.
func (q *query) issues(f IssueFilter) {
	q.issueScope(f.Scope)
	if len(f.Statuses) > 0 {
		q.text(` AND status IN (`, statuses(f.Statuses), `)`)
	}
	q.severity(f.Severities)
	if f.From != 0 {
		q.text(` AND last_seen >= `, q.arg(f.From))
	}
	if f.To != 0 {
		q.text(` AND first_seen < `, q.arg(f.To))
	}
	if len(f.Environments) > 0 {
		q.text(` AND EXISTS (SELECT 1 FROM issue_env e WHERE e.issue_id = issue.id AND e.environment IN (`, q.list(f.Environments),
			`) AND e.last_seen >= `, q.arg(f.From))
		if f.To != 0 {
			q.text(` AND e.first_seen < `, q.arg(f.To))
		}
		q.text(`)`)
	}
	if f.OnlyIDs {
		q.text(` AND id IN (`, q.list(f.IDs), `)`)
	}
	for _, phrase := range f.Words {
		q.text(` AND words LIKE `, q.arg(likePhrase(phrase)), ` ESCAPE '\'`)
	}
	if f.Where.query != nil {
		q.text(` AND (`)
		q.where(f.Where, f.From, f.To)
		q.text(`)`)
	}
}

// issueScope writes the condition on projects. With several, an empty text is
// appended so that SQLite keeps to the index that gives the order instead of
// reading per project and sorting.
func (q *query) issueScope(s Scope) {
	switch {
	case s.All:
		q.text(`1 = 1`)
	case len(s.Projects) == 0:
		q.text(`1 = 0`)
	case len(s.Projects) == 1:
		q.text(`project_id = `, q.arg(s.Projects[0]))
	default:
		q.text(`(project_id || '') IN (`, q.list(s.Projects), `)`)
	}
}

// severity bounds the rank, which leads the indexes of the list, and compares
// severities where they have gaps.
func (q *query) severity(in []errata.Severity) {
	if len(in) == 0 {
		return
	}
	urgent, mild := slices.Min(in), slices.Max(in)
	q.text(` AND rank BETWEEN `, strconv.Itoa(int(errata.P3-mild)*2), ` AND `, strconv.Itoa(int(errata.P3-urgent)*2+1))
	if int(mild-urgent)+1 > len(in) {
		q.text(` AND severity IN (`, severities(in), `)`)
	}
}

func severities(in []errata.Severity) string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = strconv.Itoa(int(s))
	}
	return strings.Join(out, ",")
}

// statuses writes the words of the domain; anything else is left out, so no
// text of a caller becomes SQL.
func statuses(in []errata.Status) string {
	out := []string{"''"}
	for _, s := range []errata.Status{errata.Open, errata.Acknowledged, errata.Resolved, errata.Ignored} {
		if slices.Contains(in, s) {
			out = append(out, `'`+string(s)+`'`)
		}
	}
	if len(out) > 1 {
		out = out[1:]
	}
	return strings.Join(out, ",")
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// likePhrase writes the pattern that finds tokens side by side in words.
func likePhrase(tokens []string) string {
	return `% ` + likeEscapes.Replace(strings.Join(tokens, " ")) + ` %`
}

// MaxCounted is where counting issues stops.
const MaxCounted = 10_001

// CountIssues counts the issues of a filter, up to MaxCounted.
func (tx *Tx) CountIssues(ctx context.Context, f IssueFilter) (n int64, err error) {
	err = f.pieces(func(f IssueFilter) error {
		q := &query{}
		q.text(`SELECT COUNT(*) FROM (SELECT 1 FROM issue WHERE `)
		q.issues(f)
		q.text(` LIMIT `, strconv.Itoa(MaxCounted), `) AS counted`)
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var piece int64
			err := r.Scan(&piece)
			n += piece
			return err
		})
	})
	return min(n, MaxCounted), err
}

// MovedIssues counts the issues of a filter that were seen after asOf (µs): as
// many may have slipped to an earlier page.
func (tx *Tx) MovedIssues(ctx context.Context, f IssueFilter, asOf int64) (int64, error) {
	f.From = max(f.From, asOf+1)
	return tx.CountIssues(ctx, f)
}

// IssueIDs returns the ids of the issues of a filter, at most limit, in no
// particular order.
func (tx *Tx) IssueIDs(ctx context.Context, f IssueFilter, limit int) (out []string, err error) {
	err = f.pieces(func(f IssueFilter) error {
		q := &query{}
		q.text(`SELECT id FROM issue WHERE `)
		q.issues(f)
		q.text(` LIMIT `, q.arg(limit-len(out)))
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var id string
			err := r.Scan(&id)
			out = append(out, id)
			return err
		})
	})
	return out, err
}

// IssueTally is a number of issues of one severity, told apart by whether they
// are open.
type IssueTally struct {
	Severity errata.Severity
	Open     bool
	Issues   int64
}

// TallyIssues counts the issues of a filter by severity, for facets and tabs.
func (tx *Tx) TallyIssues(ctx context.Context, f IssueFilter) ([]IssueTally, error) {
	counts := map[int64]int64{}
	err := f.pieces(func(f IssueFilter) error {
		q := &query{}
		q.text(`SELECT rank, COUNT(*) FROM issue WHERE `)
		q.issues(f)
		q.text(` GROUP BY rank`)
		return tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
			var rank, n int64
			err := r.Scan(&rank, &n)
			counts[rank] += n
			return err
		})
	})
	var out []IssueTally
	for rank := int64(7); rank >= 0; rank-- {
		if n := counts[rank]; n > 0 {
			out = append(out, IssueTally{errata.P3 - errata.Severity(rank/2), rank%2 == 1, n})
		}
	}
	return out, err
}

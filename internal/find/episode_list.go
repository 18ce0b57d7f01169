package find

import (
	"context"
	"fmt"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/store"
)

// Show says which episodes a list holds, beside the words of stats.Exclusion,
// each of which lists what it left out.
type Show string

// The lists behind the figures of a response.
const (
	ShowMeasured  Show = "measured"
	ShowMet       Show = "met"
	ShowMissed    Show = "missed"
	ShowOpen      Show = "open"
	ShowWaiting   Show = "waiting"
	ShowRegressed Show = "regressed"
	ShowReopened  Show = "reopened"
)

var shows = []Show{ShowMeasured, ShowMet, ShowMissed, ShowOpen, ShowWaiting, ShowRegressed, ShowReopened}

// EpisodeQuery asks for the episodes behind a figure: those that ResponseQuery
// counts, of one value of a dimension (By, Key) and with a measured time in
// [Over, Under). The key of a service is its slug.
type EpisodeQuery struct {
	stats.Rules
	Q           string
	Range       Range
	AsOf        int64 // µs: what relative times are counted from, 0 = now
	Show        Show
	By          stats.Dimension // "" = no group
	Key         string
	Over, Under time.Duration // Under 0 = no bound
	Cursor      string
	Size        int // 1 to 100; 0 = 50
}

// EpisodeRow is one episode of a list: Took is 0 while it is not measured, Out
// why it is in no mean.
type EpisodeRow struct {
	errata.Episode
	Issue   errata.Issue
	Project errata.Project
	Took    time.Duration
	Target  time.Duration
	Out     stats.Exclusion
}

// EpisodePage is one page of episodes: the latest first, open ones the oldest
// first. Name is what people call the key.
type EpisodePage struct {
	Query  Query
	Range  Range
	Rows   []EpisodeRow
	Next   string
	Name   string
	People map[string]errata.Person
}

// Episodes lists the episodes behind a figure. Errors: as Response, and invalid
// for what cannot be shown and for foreign cursors.
func (s *Service) Episodes(ctx context.Context, who errata.Actor, q EpisodeQuery) (EpisodePage, error) {
	if err := q.check(); err != nil {
		return EpisodePage{}, err
	}
	l := episodeListing{s: s, q: q, now: asOf(q.AsOf, s.Clock())}
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		l.page = EpisodePage{}
		return l.read(ctx, tx, who)
	})
	return l.page, err
}

func (q *EpisodeQuery) check() error {
	if q.Size == 0 {
		q.Size = 50
	}
	if q.Show == "" {
		q.Show = ShowMeasured
	}
	if q.Show == ShowRegressed || q.Show == ShowReopened {
		q.Metric = stats.TTR
	}
	r := ResponseQuery{Rules: q.Rules, Range: q.Range, Interval: stats.Month}
	if q.By != "" {
		r.By = []stats.Dimension{q.By}
	}
	if err := r.check([]stats.Metric{q.Metric}); err != nil {
		return err
	}
	if !slices.Contains(shows, q.Show) && !slices.Contains(stats.Exclusions(q.Metric), stats.Exclusion(q.Show)) {
		return refuse("show", "unknown", "There is no such list of episodes.")
	}
	return nil
}

// episodeListing is one list in the making.
type episodeListing struct {
	s        *Service
	q        EpisodeQuery
	now      time.Time
	episodes episodes
	window   stats.Window
	key      string // the value of By: of a project its id
	page     EpisodePage
}

// piece is how many rows are read at once while looking for those to show.
const piece = 400

func (l *episodeListing) read(ctx context.Context, tx *store.Tx, who errata.Actor) (err error) {
	if l.episodes, err = l.s.episodes(ctx, tx, who, asked{q: l.q.Q, over: l.q.Range, at: l.now}); err != nil {
		return err
	}
	if l.q.By == stats.ByUser || l.q.By == stats.ByOwner {
		if err := l.episodes.mayTellPersons(); err != nil {
			return err
		}
	}
	if l.key = l.q.Key; l.q.By == stats.ByProject {
		l.key = l.episodes.reader.bySlug[l.q.Key].ID
	}
	l.frame()
	l.page.Query, l.page.Range = l.episodes.query, l.q.Range
	at, f := l.start(), l.filter()
	if l.q.Cursor != "" {
		p, err := openPlace(l.q.Cursor, "episodes", l.binding())
		if err != nil {
			return err
		}
		at.At, at.ID = p.LastSeen, p.ID
	}
	for more := true; more && len(l.page.Rows) <= l.q.Size; {
		rows, err := tx.EpisodeList(ctx, f, at)
		if err != nil {
			return err
		}
		for i := range rows {
			l.take(&rows[i])
		}
		if more = len(rows) == at.Size; more {
			at.ID, at.At = rows[len(rows)-1].ID, l.place(&rows[len(rows)-1].Episode)
		}
	}
	if len(l.page.Rows) > l.q.Size {
		l.page.Rows = l.page.Rows[:l.q.Size]
		last := &l.page.Rows[l.q.Size-1].Episode
		l.page.Next = place{Sort: "episodes", LastSeen: l.place(last), ID: last.ID}.seal(l.binding())
	}
	return l.name(ctx, tx)
}

// frame widens a window that ends now, as that of a response.
func (l *episodeListing) frame() {
	r := responding{q: ResponseQuery{Range: l.q.Range, Interval: stats.Month, Zone: time.UTC}, now: l.now}
	r.frame()
	l.q.Range = r.q.Range
	l.window.From, l.window.To = micros(l.q.Range)
}

// open says that the list is of episodes that are not closed.
func (l *episodeListing) open() bool { return l.q.Show == ShowOpen || l.q.Show == ShowWaiting }

func (l *episodeListing) filter() store.EpisodeFilter {
	f := l.episodes.filter
	f.Owner = true
	switch l.q.Show {
	case ShowRegressed:
		f.Back = errata.ReasonRegressed
	case ShowReopened:
		f.Back = errata.ReasonReopened
	default:
	}
	return f
}

// start is the first page.
func (l *episodeListing) start() store.EpisodePage {
	return store.EpisodePage{Time: l.column(), From: l.window.From, To: l.window.To, Open: l.open(), Size: piece}
}

// column is the time by which the listed episodes are counted.
func (l *episodeListing) column() store.EpisodeTime {
	switch {
	case l.q.ByOpening || l.open():
		return store.EpisodeOpened
	case slices.Contains(stats.Exclusions(l.q.Metric), stats.Exclusion(l.q.Show)):
		return store.EpisodeClosed
	case l.q.Metric == stats.TTR:
		return store.EpisodeResolved
	case l.q.Metric == stats.TTD:
		return store.EpisodeAlerted
	case l.q.Explicit:
		return store.EpisodeAcked
	}
	return store.EpisodeResponded
}

func (l *episodeListing) place(e *errata.Episode) int64 {
	switch l.column() {
	case store.EpisodeOpened:
		return e.OpenedAt
	case store.EpisodeClosed:
		return e.ClosedAt
	default:
		return l.q.Done(e)
	}
}

// take adds a row if it is one of those that are asked for.
func (l *episodeListing) take(r *store.EpisodeRow) {
	o := stats.Observation{Episode: r.Episode, Owner: r.Owner, Target: l.episodes.targets.Of(r.ProjectID, r.SeverityPeak)}
	if !l.episodes.holds(r) || l.q.By != "" && l.q.By.Of(l.q.Rules, &o) != l.key {
		return
	}
	out := EpisodeRow{Episode: r.Episode, Project: l.episodes.reader.projects[r.ProjectID]}
	place := l.q.Place(&r.Episode)
	out.Took, out.Out = time.Duration(place.Took)*time.Microsecond, place.Out
	out.Target = time.Duration(l.q.TargetOf(o.Target)) * time.Microsecond
	if l.wanted(&out, place) {
		l.page.Rows = append(l.page.Rows, out)
	}
}

func (l *episodeListing) wanted(r *EpisodeRow, p stats.Place) bool {
	if l.open() {
		return (l.q.AsOf == 0 || r.OpenedAt <= l.q.AsOf) && (l.q.Show == ShowOpen || l.q.Waits(&r.Episode))
	}
	measured := p.At >= l.window.From && p.At < l.window.To && p.Out == stats.Included
	if measured && (r.Took < l.q.Over || l.q.Under > 0 && r.Took >= l.q.Under) {
		return false
	}
	switch l.q.Show {
	case ShowMeasured, ShowRegressed, ShowReopened:
		return measured
	case ShowMet:
		return measured && r.Target > 0 && r.Took <= r.Target
	case ShowMissed:
		return measured && r.Target > 0 && r.Took > r.Target
	default:
		return p.At >= l.window.From && p.At < l.window.To && p.Out == stats.Exclusion(l.q.Show)
	}
}

func (l *episodeListing) binding() []string {
	from, to := l.window.From, l.window.To
	if l.q.Range.current(l.now) { // the window moves on with the clock
		from, to = 0, 0
	}
	return []string{l.page.Query.Text, fmt.Sprint(from, to, l.q.Rules, l.q.Show, l.q.By, l.q.Key, l.q.Over, l.q.Under)}
}

// name reads the issues and people that the rows are about, and what the key is
// called.
func (l *episodeListing) name(ctx context.Context, tx *store.Tx) error {
	var issues, people []string
	for _, r := range l.page.Rows {
		issues = append(issues, r.IssueID)
		people = append(people, r.RespondedBy, r.AckedBy, r.ResolvedBy)
	}
	people = append(people, l.q.Key)
	all, err := tx.IssuesByID(ctx, issues)
	if err != nil {
		return err
	}
	for i := range l.page.Rows {
		l.page.Rows[i].Issue = all[l.page.Rows[i].IssueID]
	}
	if l.page.People, err = tx.People(ctx, people); err != nil {
		return err
	}
	if l.page.Name = l.q.Key; l.q.By == stats.ByUser || l.q.By == stats.ByOwner {
		l.page.Name = l.page.People[l.q.Key].Name
	}
	return nil
}

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

// ResponseQuery asks how fast people responded. Q selects episodes: env,
// release and code are those of the event that opened one, severity the worst
// it came to; every other key is that of its issue as it is now.
type ResponseQuery struct {
	stats.Rules
	Q        string
	Range    Range
	Zone     *time.Location
	Interval stats.Interval // 1h, 1d, 1w, 1mo; "" = fitting the range
	By       []stats.Dimension
	Compare  bool
}

// Response is the answer. Range is the asked one, widened to whole minutes when
// it ends now; Edges are where its buckets start and the last one ends. Projects
// and People name what Groups are about, by id.
type Response struct {
	stats.Response
	Query    Query
	Rules    stats.Rules
	By       []stats.Dimension
	Range    Range
	Interval stats.Interval
	Edges    []time.Time
	AsOf     int64 // µs
	Persons  bool  // the reader may see figures of single persons
	Projects map[string]errata.Project
	People   map[string]errata.Person
}

// Limits of a response query.
const (
	maxResponseBuckets = 400
	maxResponseSpan    = 5 * 366 * 24 * time.Hour
)

// Response computes one metric over the projects in which the reader may read
// issues and figures. Answers are kept for a minute, or until somebody acts.
// Errors: invalid (query.*, range, bucket, by, too_many_rows), forbidden for
// figures of persons.
func (s *Service) Response(ctx context.Context, who errata.Actor, q ResponseQuery) (Response, error) {
	all, err := s.Responses(ctx, who, q, q.Metric)
	if err != nil {
		return Response{}, err
	}
	return all[0], nil
}

// Responses computes several metrics in one reading, in the order asked for.
func (s *Service) Responses(ctx context.Context, who errata.Actor, q ResponseQuery, metrics ...stats.Metric) ([]Response, error) {
	if err := q.check(metrics); err != nil {
		return nil, err
	}
	r := responding{s: s, q: q, now: s.Clock(), metrics: metrics}
	var out []Response
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r.episodes, err = s.episodes(ctx, tx, who, asked{q: q.Q, over: q.Range}); err != nil {
			return err
		}
		if err := r.mayGroup(); err != nil {
			return err
		}
		r.frame()
		key, err := r.key(ctx, tx)
		if err != nil {
			return err
		}
		if kept, ok := s.responses.get(key, r.now); ok {
			out = kept
			return nil
		}
		if out, err = r.compute(ctx, tx); err == nil {
			s.responses.put(key, r.now, out)
		}
		return err
	})
	return out, err
}

func (q *ResponseQuery) check(metrics []stats.Metric) error {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	if q.Interval == "" {
		q.Interval = stats.AutoResponse(q.Range.From, q.Range.To)
	}
	switch span := q.Range.To.Sub(q.Range.From); {
	case slices.ContainsFunc(metrics, func(m stats.Metric) bool { return !slices.Contains(stats.Metrics, m) }):
		return refuse("metric", "unknown", "Known metrics: tta, ttr, ttd.")
	case !q.Range.From.Before(q.Range.To) || span > maxResponseSpan:
		return refuse("range", "range", "The range must begin before it ends and be at most five years long.")
	case !slices.Contains(ResponseIntervals, q.Interval):
		return refuse("bucket", "unknown", "Response times are shown by hour, day, week or month.")
	case span/q.Interval.Width() > maxResponseBuckets:
		return refuse("bucket", "range", "This bucket is too fine for the range: there are at most 400.")
	case len(q.By) > stats.MaxDimensions:
		return refuse("by", "range", "Episodes are grouped by at most two things.")
	case slices.ContainsFunc(q.By, func(d stats.Dimension) bool { return !slices.Contains(stats.Dimensions, d) }):
		return refuse("by", "unknown", "Episodes cannot be grouped by this.")
	case len(q.By) == 2 && q.By[0] == q.By[1]:
		return refuse("by", "unknown", "The two things to group by must differ.")
	}
	return nil
}

// ResponseIntervals are the buckets of response times.
var ResponseIntervals = []stats.Interval{"1h", "1d", "1w", stats.Month}

// responding is one answer in the making.
type responding struct {
	s        *Service
	q        ResponseQuery
	episodes episodes
	metrics  []stats.Metric
	now      time.Time
	before   stats.Window
	edges    []time.Time
	over     bool // the window does not end now, however close it is
	groups   int  // how many are told apart; 0 = as many as pages show
}

// mayGroup refuses figures of single persons to those who may not see them.
func (r *responding) mayGroup() error {
	if slices.Contains(r.q.By, stats.ByUser) || slices.Contains(r.q.By, stats.ByOwner) {
		return r.episodes.mayTellPersons()
	}
	return nil
}

// frame fixes the window. One that ends now ends with the minute, so that the
// same question asked twice is the same.
func (r *responding) frame() {
	if w := &r.q.Range; w.current(r.now) {
		w.From, w.To = w.From.Truncate(time.Minute), r.now.Add(time.Minute-1).Truncate(time.Minute)
	}
	r.edges = stats.Clip(r.q.Range.From, r.q.Range.To, r.q.Interval, r.q.Zone)
	if r.q.Compare {
		b := r.q.Range.Before()
		r.before.From, r.before.To = micros(b)
	}
}

// span is all that is read: with the period before.
func (r *responding) span() stats.Window {
	from, to := micros(r.q.Range)
	if r.q.Compare {
		from = r.before.From
	}
	return stats.Window{From: from, To: to}
}

// key tells an answer from others: by what was asked, who may see what, the
// targets, and the last act.
func (r *responding) key(ctx context.Context, tx *store.Tx) (string, error) {
	last, err := tx.LastTransition(ctx)
	if err != nil {
		return "", err
	}
	from, to := micros(r.q.Range)
	return fmt.Sprint(last, "|", r.metrics, r.q.Rules, r.q.By, from, to, r.q.Zone, r.q.Interval, r.q.Compare, "|",
		r.episodes.key(), r.episodes.mayTellPersons() == nil), nil
}

func (r *responding) compute(ctx context.Context, tx *store.Tx) ([]Response, error) {
	collectors := r.collectors()
	f := r.episodes.filter
	f.Words = r.episodes.words || slices.ContainsFunc(r.q.By, needsWords)
	f.Owner = slices.Contains(r.q.By, stats.ByOwner)
	var o stats.Observation
	each := func(row *store.EpisodeRow, do func(*stats.Collector)) {
		if !r.episodes.holds(row) {
			return
		}
		o = stats.Observation{Episode: row.Episode, Owner: row.Owner, Target: r.episodes.targets.Of(row.ProjectID, row.SeverityPeak)}
		o.Team = r.episodes.reader.projects[row.ProjectID].TeamID
		for _, c := range collectors {
			do(c)
		}
	}
	err := tx.Episodes(ctx, f, r.reading(), func(row *store.EpisodeRow) error {
		each(row, func(c *stats.Collector) { c.Add(&o) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	from, to := micros(r.q.Range)
	if to += store.Relapse; r.q.ByOpening {
		to = r.now.UnixMicro() + 1
	}
	err = tx.FollowedEpisodes(ctx, f, from, to, func(row *store.EpisodeRow) error {
		each(row, func(c *stats.Collector) { c.Follow(&o, row.Next, row.NextAt) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.answers(ctx, tx, collectors)
}

// needsWords says whether a dimension needs more of an episode than its times.
func needsWords(d stats.Dimension) bool {
	return d != stats.BySeverity && d != stats.ByProject && d != stats.ByTeam
}

func (r *responding) collectors() (out []*stats.Collector) {
	from, to := micros(r.q.Range)
	for _, m := range r.metrics {
		o := stats.ResponseOptions{
			Rules: r.q.Rules, By: r.q.By, Window: stats.Window{From: from, To: to}, Edges: r.edges, Before: r.before, Now: r.now.UnixMicro(), Groups: r.groups,
		}
		o.Metric = m
		out = append(out, stats.NewCollector(o))
	}
	return out
}

// reading says which episodes the window needs. Whatever happened to an episode
// since the window began, it is still open or has closed since: up to now that
// is the cheapest question. Of a window in the past each time is asked for.
func (r *responding) reading() store.EpisodeSpan {
	span := r.span()
	in := store.EpisodeSpan{Times: []store.EpisodeTime{store.EpisodeClosed}, From: span.From, To: span.To, Open: true}
	switch {
	case r.q.ByOpening:
		in.Times = []store.EpisodeTime{store.EpisodeOpened}
	case r.q.Range.current(r.now) && !r.over:
	default:
		in.Times = append(in.Times, store.EpisodeResponded, store.EpisodeAcked, store.EpisodeResolved, store.EpisodeAlerted)
	}
	return in
}

func (r *responding) answers(ctx context.Context, tx *store.Tx, collectors []*stats.Collector) ([]Response, error) {
	out := make([]Response, 0, len(collectors))
	var ids []string
	for i, c := range collectors {
		a := Response{
			Response: c.Result(), Query: r.episodes.query, Rules: r.q.Rules, By: r.q.By, Range: r.q.Range, Interval: r.q.Interval, Edges: r.edges,
			AsOf: r.now.UnixMicro(), Persons: r.episodes.mayTellPersons() == nil, Projects: r.episodes.reader.projects,
		}
		a.Rules.Metric = r.metrics[i]
		for _, g := range a.Groups {
			for k, d := range r.q.By {
				if (d == stats.ByUser || d == stats.ByOwner) && g.Key[k] != "" {
					ids = append(ids, g.Key[k])
				}
			}
		}
		out = append(out, a)
	}
	people, err := tx.People(ctx, ids)
	for i := range out {
		out[i].People = people
	}
	return out, err
}

package find

import (
	"cmp"
	"context"
	"slices"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
	"errata/internal/store"
)

// Measure is what an aggregate counts.
type Measure string

// The measures: events, and the different users they name.
const (
	CountEvents Measure = "count"
	CountUsers  Measure = "users"
)

// Auto is the bucket that fits the range.
const Auto = stats.Interval("auto")

// AggregateQuery asks for events counted by up to two keys, or over time by at
// most one. Users are counted over time or by keys, not both.
type AggregateQuery struct {
	Q       string
	Range   Range
	Measure Measure // "" = events
	By      []querylang.Key
	Bucket  stats.Interval // "" = not over time
	Top     int            // groups at most, 1 to 100; 0 = 8
	Zone    *time.Location // of days and weeks
}

// Group is one group: Keys holds a value per key of the query, "" for events
// without one. Title says what an issue is about. Buckets are filled over time.
type Group struct {
	Keys    []string
	Title   string
	Count   int64
	Buckets []int64
}

// Aggregate is the answer. Rest is what no group holds: events without the
// field, or with rarer values; of users there is none, for they may be in
// several groups. Over time Edges holds n+1 times. About says that figures of
// groups are not exact, Newest that groups were told apart among the newest
// events only.
type Aggregate struct {
	Query    Query
	Range    Range
	Measure  Measure
	By       []querylang.Key
	Interval stats.Interval
	Edges    []time.Time
	Total    search.Total
	Buckets  []int64 // of all
	Groups   []Group
	Rest     Group
	About    bool
	Newest   bool
	Gaps     []search.Gap
	Took     time.Duration
}

// Limits of an aggregate.
const (
	defaultTop = 8
	maxTop     = 100
	maxBy      = 2
)

// CanGroup says whether events can be counted by the values of a key.
func CanGroup(k querylang.Key) bool {
	switch k.Name {
	case "tags", "ctx":
		return k.Arg != ""
	case "service", "issue", "event.severity", "level", "env", "release", "type", "code", "culprit", "platform", "logger",
		"transaction", "mechanism", "host", "os", "os.version", "browser", "browser.version", "device", "sdk", "sdk.version",
		"url.path", "url.domain", "http.method":
		return true
	}
	return false
}

// CanGroupKey says so of a key as a query writes it.
func CanGroupKey(key string) bool {
	k, ok := querylang.ParseKey(key)
	return ok && CanGroup(k)
}

// Aggregate counts the events of the projects whose events the actor may read.
// Errors: invalid (query.*, range, by, bucket, measure, top), unavailable or
// slow_down when the engine is away.
func (s *Service) Aggregate(ctx context.Context, who errata.Actor, q AggregateQuery) (Aggregate, error) {
	if err := q.check(); err != nil {
		return Aggregate{}, err
	}
	ask, err := s.askEvents(ctx, who, q.Q, q.Range)
	if err != nil {
		return Aggregate{}, err
	}
	c := counting{s: s, q: q, out: Aggregate{Query: ask.Query, Range: q.Range, Measure: q.Measure, By: q.By, Total: search.Total{Exact: true}}}
	c.lay(ask.Range)
	if ask.None {
		c.trim()
		c.rest()
		return c.out, nil
	}
	res, err := s.search(ctx, who, c.request(ask.Request()))
	if err != nil {
		return Aggregate{}, err
	}
	c.read(res)
	return c.out, c.name(ctx, who)
}

func (q *AggregateQuery) check() error {
	q.Measure, q.Top = cmp.Or(q.Measure, CountEvents), cmp.Or(q.Top, defaultTop)
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	width := cmp.Or(q.Bucket, "1w")
	if q.Bucket == Auto {
		width = "1w"
	}
	switch {
	case !q.Range.Valid():
		return refuseRange()
	case q.Measure != CountEvents && q.Measure != CountUsers:
		return refuse("measure", "unknown", "Events are counted, or users.")
	case !width.Valid():
		return refuse("bucket", "unknown", "There is no such bucket.")
	case q.Range.To.Sub(q.Range.From)/width.Width() > search.MaxBuckets:
		return refuse("bucket", "range", "This bucket is too fine for the range: a chart has at most 11,000.")
	case len(q.By) > 0 && q.Bucket != "" && int(q.Range.To.Sub(q.Range.From)/width.Width())*q.wide() > maxCells:
		return refuse("bucket", "range", "This bucket is too fine for so many groups: take a wider one, or fewer groups.")
	case q.Top < 1 || q.Top > maxTop:
		return refuse("top", "range", "An answer holds 1 to 100 groups.")
	}
	return q.checkBy()
}

func (q *AggregateQuery) checkBy() error {
	for i, k := range q.By {
		switch {
		case !CanGroup(k):
			return refuse("by", "unknown", "Events cannot be counted by “"+k.String()+"”.")
		case slices.Contains(q.By[:i], k):
			return refuse("by", "duplicate_parameter", "“"+k.String()+"” stands twice.")
		}
	}
	switch {
	case len(q.By) > maxBy:
		return refuse("by", "range", "Events are counted by at most two keys.")
	case len(q.By) > 1 && q.Bucket != "":
		return refuse("by", "range", "Over time events are counted by at most one key.")
	case q.Measure == CountUsers && len(q.By) > 1, q.Measure == CountUsers && len(q.By) > 0 && q.Bucket != "":
		return refuse("measure", "range", "Users are counted over time, or by one key, not both.")
	}
	return nil
}

// counting is one aggregate in the making.
type counting struct {
	s   *Service
	q   AggregateQuery
	out Aggregate
}

// lay puts the buckets over the range; the outer ones may reach beyond it.
func (c *counting) lay(span Range) {
	if c.q.Bucket == "" {
		return
	}
	c.out.Interval = c.q.Bucket
	if c.q.Bucket == Auto {
		c.out.Interval = stats.Auto(c.q.Range.From, c.q.Range.To, stats.Ladder[0])
	}
	c.out.Edges = stats.Edges(span.From, span.To, c.out.Interval, c.q.Zone)
	c.out.Buckets = make([]int64, len(c.out.Edges)-1)
}

// wide is how many values the engine is asked for: more than are shown, because
// spellings that differ in case become one.
func (q *AggregateQuery) wide() int { return min(max(3*q.Top, 30), maxValues) }

// maxCells is how many buckets all groups together may have.
const maxCells = 60_000

var userKey = querylang.Key{Name: "user"}

// engineKey is the key under which the engine counts: services by id.
func engineKey(k querylang.Key) querylang.Key {
	if k.Name == "service" {
		return querylang.Key{Name: "project"}
	}
	return k
}

func (c *counting) request(r search.Request) search.Request {
	users := search.Agg{Name: "users", Kind: search.Cardinality, Key: userKey}
	byTime := search.Agg{Name: "time", Kind: search.Histogram, Interval: c.out.Interval, Zone: c.q.Zone}
	r.TotalUpTo = maxCounted
	if c.q.Measure == CountUsers {
		r.Aggs = append(r.Aggs, users)
		byTime.Sub = []search.Agg{users}
	}
	if c.out.Interval != "" {
		r.Aggs = append(r.Aggs, byTime)
	}
	if len(c.q.By) == 0 {
		return r
	}
	by := search.Agg{Name: "by", Kind: search.Terms, Key: engineKey(c.q.By[0]), Size: c.q.wide()}
	switch {
	case len(c.q.By) > 1:
		by.Sub = []search.Agg{{Name: "by", Kind: search.Terms, Key: engineKey(c.q.By[1]), Size: c.q.wide()}}
	case c.out.Interval != "":
		by.Sub = []search.Agg{{Name: "time", Kind: search.Histogram, Interval: c.out.Interval, Zone: c.q.Zone}}
	case c.q.Measure == CountUsers:
		by.Sub = []search.Agg{users}
	}
	r.Aggs = append(r.Aggs, by)
	return r
}

// maxCounted is how far the events of an aggregate are counted: all of them.
const maxCounted = 1_000_000_000

// read turns the engine's answer into groups.
func (c *counting) read(res *search.Result) {
	o := &c.out
	o.Gaps, o.Took, o.Total = res.Gaps, res.Took, res.Total
	if c.q.Measure == CountUsers {
		n := res.Aggs["users"].Value
		o.Total = search.Total{Value: n, Exact: !c.aboutUsers(n)}
	}
	for _, b := range res.Aggs["time"].Buckets {
		n := b.Count
		if c.q.Measure == CountUsers {
			n = b.Sub["users"].Value
			o.About = o.About || c.aboutUsers(n)
		}
		c.addAt(o.Buckets, b.Start, n)
	}
	by := res.Aggs["by"]
	o.About = o.About || by.MaxError > 0
	o.Newest = by.Approx
	for _, b := range by.Buckets {
		c.group(b)
	}
	c.order()
	c.trim()
	c.rest()
}

// trim leaves out the last bucket when it lies behind the asked range and is
// empty: it was there for clocks that are ahead.
func (c *counting) trim() {
	o, n := &c.out, len(c.out.Edges)-1
	if n < 2 || o.Edges[n-1].Before(c.q.Range.To) || o.Buckets[n-1] > 0 {
		return
	}
	o.Edges, o.Buckets = o.Edges[:n], o.Buckets[:n-1]
	for i := range o.Groups {
		if b := o.Groups[i].Buckets; len(b) == n {
			o.Groups[i].Buckets = b[:n-1]
		}
	}
}

// exactUsers is up to how many users every engine counts exactly.
const exactUsers = 100

func (c *counting) aboutUsers(n int64) bool {
	return n > exactUsers && !c.s.Engine.Caps().ExactCardinality
}

// addAt adds n to the bucket that starts at a time, µs.
func (c *counting) addAt(buckets []int64, start, n int64) {
	i, _ := slices.BinarySearchFunc(c.out.Edges, start+1, func(e time.Time, us int64) int { return cmp.Compare(e.UnixMicro(), us) })
	if i > 0 && i <= len(buckets) {
		buckets[i-1] += n
	}
}

// group adds what a bucket of the first key holds.
func (c *counting) group(b search.Bucket) {
	if len(c.q.By) > 1 {
		left := b.Count
		for _, sub := range b.Sub["by"].Buckets {
			c.add([]string{b.Key, sub.Key}, sub.Count, nil)
			left -= sub.Count
		}
		if left > 0 {
			c.add([]string{b.Key, ""}, left, nil)
		}
		c.out.About = c.out.About || b.Sub["by"].MaxError > 0
		return
	}
	n := b.Count
	if c.q.Measure == CountUsers {
		n = b.Sub["users"].Value
		c.out.About = c.out.About || c.aboutUsers(n)
	}
	c.add([]string{b.Key}, n, b.Sub["time"].Buckets)
}

// add puts a count to its group. Values that differ in nothing but case are one,
// because a filter finds both; the first, more frequent spelling is shown. The
// users of two spellings may be the same ones and are left apart.
func (c *counting) add(keys []string, n int64, over []search.Bucket) {
	g := &Group{Keys: keys}
	i := slices.IndexFunc(c.out.Groups, func(have Group) bool {
		return c.q.Measure == CountEvents && slices.EqualFunc(have.Keys, keys, func(a, b string) bool { return querylang.Fold(a) == querylang.Fold(b) })
	})
	if i >= 0 {
		g = &c.out.Groups[i]
	} else if c.out.Interval != "" {
		g.Buckets = make([]int64, len(c.out.Buckets))
	}
	g.Count += n
	for _, b := range over {
		c.addAt(g.Buckets, b.Start, b.Count)
	}
	if i < 0 {
		c.out.Groups = append(c.out.Groups, *g)
	}
}

// order sorts the groups, largest first, and cuts them.
func (c *counting) order() {
	slices.SortStableFunc(c.out.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Keys, b.Keys))
	})
	c.out.Groups = c.out.Groups[:min(len(c.out.Groups), c.q.Top)]
}

// rest is what is in none of the groups.
func (c *counting) rest() {
	o := &c.out
	if len(o.By) == 0 || o.Measure == CountUsers {
		return
	}
	o.Rest = Group{Keys: make([]string, len(o.By)), Count: o.Total.Value, Buckets: slices.Clone(o.Buckets)}
	for _, g := range o.Groups {
		o.Rest.Count -= g.Count
		for i, n := range g.Buckets {
			o.Rest.Buckets[i] = max(o.Rest.Buckets[i]-n, 0)
		}
	}
	o.Rest.Count = max(o.Rest.Count, 0)
}

// name writes services and issues as people do.
func (c *counting) name(ctx context.Context, who errata.Actor) error {
	services := slices.IndexFunc(c.out.By, func(k querylang.Key) bool { return k.Name == "service" })
	issues := slices.IndexFunc(c.out.By, func(k querylang.Key) bool { return k.Name == "issue" })
	if services < 0 && issues < 0 {
		return nil
	}
	return c.s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := c.s.reader(ctx, tx, who, errata.EventRead)
		if err != nil {
			return err
		}
		if issues >= 0 {
			if err := c.nameIssues(ctx, tx, r, issues); err != nil {
				return err
			}
		}
		for i := range c.out.Groups {
			g := &c.out.Groups[i]
			if services >= 0 {
				g.Keys[services] = cmp.Or(r.projects[g.Keys[services]].Slug, g.Keys[services])
			}
		}
		return nil
	})
}

func (c *counting) nameIssues(ctx context.Context, tx *store.Tx, r reader, at int) error {
	var ids []string
	for _, g := range c.out.Groups {
		ids = append(ids, g.Keys[at])
	}
	slices.Sort(ids)
	known, err := tx.IssuesByID(ctx, slices.Compact(ids))
	for i := range c.out.Groups {
		g := &c.out.Groups[i]
		if is, ok := known[g.Keys[at]]; ok {
			g.Keys[at], g.Title = errata.ShortID(r.projects[is.ProjectID].Prefix, is.Number), is.Title
		}
	}
	return err
}

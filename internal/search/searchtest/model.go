// Package searchtest holds what every event engine must satisfy: the contract
// suite, a naive model to compare with, and generators of events and queries.
package searchtest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/stats"
)

// Model is a search.Engine made of one slice and loops: too slow to use, and
// simple enough to be right.
type Model struct {
	mu     sync.Mutex
	store  *modelStore
	closed bool
}

// modelStore outlives an engine, as a directory does.
type modelStore struct {
	docs []search.Doc
	seen map[string]bool
}

var _ search.Engine = (*Model)(nil)

// NewModel returns an empty model.
func NewModel() *Model { return &Model{store: &modelStore{seen: map[string]bool{}}} }

func (m *Model) open() error {
	if m.closed {
		return errata.Because(errata.Unavailable, "The event store is shut.", nil, errata.Detail{Reason: search.ReasonClosed})
	}
	return nil
}

// Index stores docs.
func (m *Model) Index(ctx context.Context, docs []search.Doc) ([]search.ItemResult, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.open(), search.CheckDocs(docs), ctx.Err()); err != nil {
		return nil, err
	}
	out := make([]search.ItemResult, len(docs))
	for i := range docs {
		d := docs[i]
		key := d.Project + "/" + d.EventID
		switch fault := d.Fault(); {
		case fault != "":
			out[i] = search.ItemResult{Status: search.Rejected, Reason: fault}
		case m.store.seen[key]:
			out[i].Status = search.Duplicate
		default:
			out[i].Status = search.Created
			m.store.seen[key] = true
			d.Payload = slices.Clone(d.Payload)
			m.store.docs = append(m.store.docs, d)
		}
	}
	return out, nil
}

// newestFirst is the order of hits.
func newestFirst(a, b *querylang.Record) int {
	return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.EventID, a.EventID), cmp.Compare(b.Project, a.Project))
}

// list is what a hit shows of a document.
func list(d *search.Doc, full bool) search.Hit {
	h := search.Hit{Record: d.Record, Class: d.Class}
	h.Pairs, h.Terms, h.Keys, h.Words, h.Cut = nil, nil, nil, [3]string{}, false
	if full {
		h.Payload = slices.Clone(d.Payload)
	}
	return h
}

// matches returns what scope, range and query select, newest first.
func (m *Model) matches(r *search.Request) []*search.Doc {
	var out []*search.Doc
	for i := range m.store.docs {
		d := &m.store.docs[i]
		if r.Scope.Sees(d.Project) && d.Time >= r.From.UnixMicro() && d.Time < r.To.UnixMicro() && querylang.Match(r.Query, &d.Record) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *search.Doc) int { return newestFirst(&a.Record, &b.Record) })
	return out
}

// Search answers one request.
func (m *Model) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, newer, paged, err := r.Place()
	if err := cmp.Or(m.open(), ctx.Err(), r.Check(), err, supported(r.Query), late(ctx, r.Timeout)); err != nil {
		return nil, err
	}
	found := m.matches(&r)
	res := &search.Result{Aggs: map[string]search.AggResult{}}
	n := int64(len(found))
	res.Total = search.Total{Value: min(n, int64(r.TotalUpTo)), Exact: r.TotalUpTo > 0 && n <= int64(r.TotalUpTo)}
	for i := range r.Aggs {
		res.Aggs[r.Aggs[i].Name] = aggregate(&r.Aggs[i], found)
	}
	page(&r, res, found, at, newer, paged)
	return res, nil
}

// late says whether the time is over before it began.
func late(ctx context.Context, timeout time.Duration) error {
	if timeout == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if ctx.Err() == nil {
		return nil
	}
	return errata.Because(errata.Unavailable, "The search took too long.", ctx.Err(), errata.Detail{Reason: search.ReasonTimeout})
}

// supported refuses the fields that only the issue row knows.
func supported(x querylang.Expr) (err error) {
	querylang.Each(x, func(l *querylang.Leaf) {
		if querylang.FieldOf(l.Key).Column == querylang.OfIssue && err == nil {
			err = errata.Because(errata.Invalid, "Not a field of events.", nil, errata.Detail{Reason: search.ReasonQuery, Start: l.Start, End: l.End})
		}
	})
	return err
}

// page cuts the asked page out of all matches.
func page(r *search.Request, res *search.Result, found []*search.Doc, at search.Place, newer, paged bool) {
	if r.Size == 0 {
		return
	}
	mark := querylang.Record{Time: at.Time, EventID: at.EventID, Project: at.Project}
	from := 0
	if paged {
		for from < len(found) && newestFirst(&found[from].Record, &mark) < 0 {
			from++ // newer than the mark
		}
		if !newer && from < len(found) && newestFirst(&found[from].Record, &mark) == 0 {
			from++
		}
	}
	to := min(from+r.Size, len(found))
	more := to < len(found)
	if newer {
		to = from
		from = max(0, to-r.Size)
		more = from > 0
	}
	for _, d := range found[from:to] {
		res.Hits = append(res.Hits, list(d, r.Fields == search.FieldsFull))
	}
	if from == to {
		return
	}
	if newer || more {
		res.Next = r.Cursor(placeOf(found[to-1]), false)
	}
	if newer && more || paged && !newer {
		res.Prev = r.Cursor(placeOf(found[from]), true)
	}
}

func placeOf(d *search.Doc) search.Place {
	return search.Place{Time: d.Time, EventID: d.EventID, Project: d.Project}
}

// aggregate folds matches, whose order does not matter.
func aggregate(a *search.Agg, found []*search.Doc) search.AggResult {
	switch a.Kind {
	case search.Histogram:
		return histogram(a, found)
	case search.MinTime, search.MaxTime:
		return extreme(a.Kind, found)
	case search.Terms, search.Cardinality:
	}
	groups := map[string][]*search.Doc{}
	for _, d := range found {
		for _, v := range valuesOf(d, a.Key) {
			if a.Kind != search.Terms || a.Begins(v) {
				groups[v] = append(groups[v], d)
			}
		}
	}
	if a.Kind == search.Cardinality {
		return search.AggResult{Value: int64(len(groups))}
	}
	var res search.AggResult
	for k, g := range groups {
		res.Buckets = append(res.Buckets, search.Bucket{Key: k, Count: int64(len(g))})
	}
	slices.SortFunc(res.Buckets, func(a, b search.Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	res.Buckets = res.Buckets[:min(a.Size, len(res.Buckets))]
	res.Other = int64(len(found))
	for i := range res.Buckets {
		b := &res.Buckets[i]
		b.Sub = subs(a, groups[b.Key])
		res.Other -= b.Count
	}
	res.Other = max(res.Other, 0)
	return res
}

func extreme(kind search.AggKind, found []*search.Doc) (res search.AggResult) {
	for i, d := range found {
		us := search.FloorMilli(d.Time)
		if i == 0 || kind == search.MinTime && us < res.Value || kind == search.MaxTime && us > res.Value {
			res.Value = us
		}
	}
	return res
}

func histogram(a *search.Agg, found []*search.Doc) search.AggResult {
	zone := a.Zone
	if zone == nil {
		zone = time.UTC
	}
	groups := map[int64][]*search.Doc{}
	for _, d := range found {
		start := bucketStart(time.UnixMicro(d.Time), a.Interval, zone)
		groups[start] = append(groups[start], d)
	}
	var res search.AggResult
	for start, g := range groups {
		res.Buckets = append(res.Buckets, search.Bucket{Start: start, Count: int64(len(g)), Sub: subs(a, g)})
	}
	slices.SortFunc(res.Buckets, func(a, b search.Bucket) int { return cmp.Compare(a.Start, b.Start) })
	return res
}

// bucketStart is told from the calendar alone, not by package stats: walk back
// in quarter hours until the local date changes, and for a week until Monday.
func bucketStart(t time.Time, i stats.Interval, zone *time.Location) int64 {
	if i != "1d" && i != "1w" {
		w := i.Width().Microseconds()
		return t.UnixMicro() / w * w
	}
	date := func(t time.Time) int { return t.In(zone).YearDay() }
	q := t.UTC().Truncate(15 * time.Minute)
	for {
		for date(q.Add(-15*time.Minute)) == date(q) {
			q = q.Add(-15 * time.Minute)
		}
		if i == "1d" || q.In(zone).Weekday() == time.Monday {
			return q.UnixMicro()
		}
		q = q.Add(-15 * time.Minute)
	}
}

func subs(a *search.Agg, of []*search.Doc) map[string]search.AggResult {
	if len(a.Sub) == 0 {
		return nil
	}
	out := map[string]search.AggResult{}
	for i := range a.Sub {
		out[a.Sub[i].Name] = aggregate(&a.Sub[i], of)
	}
	return out
}

// valuesOf returns what a document counts as, each value once.
func valuesOf(d *search.Doc, k querylang.Key) []string {
	if k.Name == search.HasKey {
		return d.Keys
	}
	if v := search.Value(&d.Record, k); v != "" {
		return []string{v}
	}
	var out []string
	for _, p := range d.Pairs {
		if v, ok := cutPair(p, querylang.TermKey(k)); ok && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func cutPair(pair, key string) (string, bool) {
	if len(pair) > len(key) && pair[:len(key)] == key && pair[len(key)] == '=' {
		return pair[len(key)+1:], true
	}
	return "", false
}

// MultiSearch answers each request by itself.
func (m *Model) MultiSearch(ctx context.Context, rs []search.Request) []search.Answer {
	out := make([]search.Answer, len(rs))
	for i := range rs {
		out[i].Result, out[i].Err = m.Search(ctx, rs[i])
	}
	return out
}

// Get returns one event.
func (m *Model) Get(_ context.Context, s search.Scope, ref errata.Ref) (*search.Doc, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.open(); err != nil {
		return nil, err
	}
	for i := range m.store.docs {
		d := &m.store.docs[i]
		if d.EventID == ref.EventID && d.Project == ref.Project && s.Sees(d.Project) {
			h := list(d, true)
			return &search.Doc{Record: h.Record, Class: h.Class, Payload: h.Payload}, nil
		}
	}
	return nil, errata.E(errata.NotFound, "This event does not exist.", nil)
}

// Expire drops the events of a class from days before the one that holds before.
func (m *Model) Expire(_ context.Context, class int, before time.Time) (search.ExpireReport, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.open(); err != nil {
		return search.ExpireReport{}, err
	}
	cut, had := before.UTC().Truncate(24*time.Hour).UnixMicro(), len(m.store.docs)
	m.store.docs = slices.DeleteFunc(m.store.docs, func(d search.Doc) bool {
		if d.Class != class || d.Time >= cut {
			return false
		}
		delete(m.store.seen, d.Project+"/"+d.EventID)
		return true
	})
	return search.ExpireReport{Events: int64(had - len(m.store.docs))}, nil
}

// Scan walks over all matches.
func (m *Model) Scan(ctx context.Context, r search.ScanRequest, fn func(*search.Hit) error) error {
	m.mu.Lock()
	found, err := m.scanned(ctx, &r)
	m.mu.Unlock()
	after := querylang.Record{Time: r.After.Time, EventID: r.After.EventID, Project: r.After.Project}
	for i := len(found) - 1; i >= 0 && err == nil; i-- {
		if newestFirst(&found[i].Record, &after) >= 0 {
			continue
		}
		if ctx.Err() != nil {
			return errata.Because(errata.Unavailable, "The scan was cancelled.", ctx.Err(), errata.Detail{Reason: search.ReasonCancelled})
		}
		h := list(found[i], r.Fields == search.FieldsFull)
		err = fn(&h)
	}
	return err
}

// scanned copies what a scan selects, newest first. The caller locks.
func (m *Model) scanned(ctx context.Context, r *search.ScanRequest) ([]*search.Doc, error) {
	s := r.Request()
	if err := cmp.Or(m.open(), ctx.Err(), r.Check(), supported(s.Query)); err != nil {
		return nil, err
	}
	found := m.matches(&s)
	for i, d := range found {
		kept := *d
		found[i] = &kept
	}
	return found, nil
}

// Erase removes matches.
func (m *Model) Erase(ctx context.Context, r search.EraseRequest) (search.EraseReport, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := r.Scan()
	found, err := m.scanned(ctx, &s)
	if err != nil || r.DryRun {
		return search.EraseReport{Events: int64(len(found))}, err
	}
	gone := map[string]bool{}
	for _, d := range found {
		gone[d.Project+"/"+d.EventID] = true
	}
	m.store.docs = slices.DeleteFunc(m.store.docs, func(d search.Doc) bool {
		key := d.Project + "/" + d.EventID
		if gone[key] {
			delete(m.store.seen, key)
		}
		return gone[key]
	})
	return search.EraseReport{Events: int64(len(found))}, nil
}

// Refresh does nothing.
func (m *Model) Refresh(context.Context) error { return nil }

// Stats counts.
func (m *Model) Stats(context.Context) (search.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := search.Stats{Engine: "model", Events: int64(len(m.store.docs)), AdvisedEvents: 2000}
	for i := range m.store.docs {
		d := &m.store.docs[i]
		if st.Oldest == 0 || d.Time < st.Oldest {
			st.Oldest = d.Time
		}
		st.Newest, st.Bytes = max(st.Newest, d.Time), st.Bytes+int64(len(d.Payload))
	}
	return st, m.open()
}

// Caps says that the model has no limits.
func (m *Model) Caps() search.Caps {
	return search.Caps{MaxIssueSet: 1 << 30, ExactCardinality: true, AnyKeyFacet: true, Wildcards: true, AdvisedEvents: 2000}
}

// Close shuts the model; its documents stay in the store.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

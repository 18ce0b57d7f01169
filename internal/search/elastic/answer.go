package elastic

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// member is the answer to one member of _msearch.
type member struct {
	Status   int          `json:"status"`
	Error    *answerError `json:"error"`
	TimedOut bool         `json:"timed_out"`
	Shards   struct {
		Total      int `json:"total"`
		Successful int `json:"successful"`
		Failures   []struct {
			Index  string      `json:"index"`
			Reason answerError `json:"reason"`
		} `json:"failures"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []hit `json:"hits"`
	} `json:"hits"`
	Aggs map[string]json.RawMessage `json:"aggregations"`

	without []string // indices that were left out: they cannot be read
}

type hit struct {
	Index  string  `json:"_index"`
	Fields columns `json:"fields"`
	Source struct {
		Errata struct {
			Payload string `json:"payload"`
		} `json:"errata"`
	} `json:"_source"`
}

// result turns a member into the answer of its request.
func (e *Engine) result(r *search.Request, m *member) (*search.Result, error) {
	if err := refusedMember(m); err != nil {
		return nil, err
	}
	res := &search.Result{Gaps: e.gaps(r, m), Aggs: make(map[string]search.AggResult, len(r.Aggs))}
	if r.TotalUpTo > 0 {
		n := m.Hits.Total.Value
		res.Total = search.Total{Value: min(n, int64(r.TotalUpTo)), Exact: n <= int64(r.TotalUpTo) && len(res.Gaps) == 0}
	}
	for i := range r.Aggs {
		a, err := readAgg(&r.Aggs[i], m.Aggs[aggName(i)], m.Hits.Total.Value)
		if err != nil {
			return nil, because(errata.Internal, reasonFault, "The event store answered in a way we do not know.", err)
		}
		res.Aggs[r.Aggs[i].Name] = a
	}
	if err := e.pageOf(r, m.Hits.Hits, res); err != nil {
		return nil, because(errata.Internal, reasonFault, "The event store answered in a way we do not know.", err)
	}
	return res, nil
}

// refusedMember is the error of a member that answers nothing at all.
func refusedMember(m *member) error {
	if m.Error != nil {
		cause := *m.Error
		cause.status = m.Status
		return classify(&cause)
	}
	if len(m.Shards.Failures) > 0 && m.Shards.Successful == 0 {
		f := m.Shards.Failures[0].Reason
		f.status = m.Status
		return because(errata.Unavailable, reasonUnreachable, "The event store cannot answer now.", &f)
	}
	if len(m.without) > 0 && m.Shards.Total == 0 {
		return because(errata.Unavailable, reasonUnreadable, "The indices of this range are closed or blocked in Elasticsearch.",
			errors.New("left out: "+strings.Join(m.without, ", ")))
	}
	return nil
}

// gaps tells which days were not read, or that time ran out somewhere.
func (e *Engine) gaps(r *search.Request, m *member) []search.Gap {
	var all []search.Gap
	for _, f := range m.Shards.Failures {
		e.log.Warn("a shard did not answer", slog.String("index", f.Index), slog.Any("error", &f.Reason))
		all = append(all, e.gapOf(r, f.Index, reasonUnreachable))
	}
	for _, name := range m.without {
		all = append(all, e.gapOf(r, name, reasonUnreadable))
	}
	if m.TimedOut {
		all = append(all, search.Gap{From: r.From, To: r.To, Reason: search.ReasonTimeout})
	}
	slices.SortFunc(all, func(a, b search.Gap) int { return a.From.Compare(b.From) })
	return slices.Compact(all)
}

// gapOf is the part of the range that lies in an index.
func (e *Engine) gapOf(r *search.Request, index, reason string) search.Gap {
	_, day, ok := parseIndex(e.o.Prefix, index)
	if !ok {
		return search.Gap{From: r.From, To: r.To, Reason: reason}
	}
	return search.Gap{From: later(r.From, day), To: earlier(r.To, day.AddDate(0, 0, 1)), Reason: reason}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// pageOf fills hits and the cursors of the neighbouring pages.
func (e *Engine) pageOf(r *search.Request, hits []hit, res *search.Result) error {
	if r.Size == 0 {
		return nil
	}
	_, newer, paged, err := r.Place()
	if err != nil {
		return err
	}
	more := len(hits) > r.Size
	if res.Hits, err = e.hits(r, hits[:min(len(hits), r.Size)]); err != nil {
		return err
	}
	if newer {
		slices.Reverse(res.Hits)
	}
	if len(res.Hits) == 0 {
		return nil
	}
	if newer || more {
		res.Next = r.Cursor(search.PlaceOf(&res.Hits[len(res.Hits)-1]), false)
	}
	if newer && more || !newer && paged {
		res.Prev = r.Cursor(search.PlaceOf(&res.Hits[0]), true)
	}
	return nil
}

// hits reads hits in the order of the answer, which others may be reading too.
func (e *Engine) hits(r *search.Request, list []hit) ([]search.Hit, error) {
	out := make([]search.Hit, len(list))
	for i := range list {
		record, err := list[i].Fields.record()
		if err != nil {
			return nil, err
		}
		class, _, _ := parseIndex(e.o.Prefix, list[i].Index)
		out[i] = search.Hit{Record: record, Class: class}
		if r.Fields == search.FieldsFull {
			out[i].Payload = []byte(list[i].Source.Errata.Payload)
		}
	}
	return out, nil
}

// aggAnswer is what the cluster says to one aggregation.
type aggAnswer struct {
	Value    float64                      `json:"value"` // absent or null: 0
	MaxError int64                        `json:"doc_count_error_upper_bound"`
	Buckets  []map[string]json.RawMessage `json:"buckets"`
}

// readAgg reads an aggregation over docs events. No answer means no events, or
// a list of none.
func readAgg(a *search.Agg, raw json.RawMessage, docs int64) (search.AggResult, error) {
	var x aggAnswer
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &x); err != nil {
			return search.AggResult{}, fmt.Errorf("%s: %w", key(a), err)
		}
	}
	switch a.Kind {
	case search.Cardinality:
		return cardinality(a, &x), nil
	case search.MinTime, search.MaxTime:
		return search.AggResult{Value: int64(x.Value) * 1000}, nil // ms
	case search.Histogram, search.Terms:
	}
	res := search.AggResult{MaxError: max(x.MaxError, 0), Approx: x.MaxError != 0}
	named := int64(0)
	for _, raw := range x.Buckets {
		b, err := readBucket(a, raw)
		if err != nil {
			return search.AggResult{}, fmt.Errorf("%s: %w", key(a), err)
		}
		if a.Kind == search.Terms && !a.Begins(b.Key) { // the field holds numbers
			continue
		}
		named += b.Count
		res.Buckets = append(res.Buckets, b)
	}
	if a.Kind == search.Terms {
		res.Other = max(docs-named, 0)
	}
	return res, nil
}

// exactUpTo is how many different values are surely told apart.
const exactUpTo = 100

func cardinality(a *search.Agg, x *aggAnswer) search.AggResult {
	if _, include := fieldOf(a.Key); include != "" {
		return search.AggResult{Value: int64(len(x.Buckets)), Approx: len(x.Buckets) == maxPairs}
	}
	return search.AggResult{Value: int64(x.Value), Approx: x.Value > exactUpTo}
}

func readBucket(a *search.Agg, raw map[string]json.RawMessage) (search.Bucket, error) {
	var b search.Bucket
	if err := json.Unmarshal(raw["doc_count"], &b.Count); err != nil {
		return b, err
	}
	if err := readKey(a, raw["key"], &b); err != nil {
		return b, err
	}
	for i := range a.Sub {
		if b.Sub == nil {
			b.Sub = make(map[string]search.AggResult, len(a.Sub))
		}
		sub, err := readAgg(&a.Sub[i], raw[aggName(i)], b.Count)
		if err != nil {
			return b, err
		}
		b.Sub[a.Sub[i].Name] = sub
	}
	return b, nil
}

func readKey(a *search.Agg, raw json.RawMessage, b *search.Bucket) error {
	name, include := fieldOf(a.Key)
	switch {
	case a.Kind == search.Histogram:
		var ms int64
		err := json.Unmarshal(raw, &ms)
		b.Start = ms * 1000
		return err
	case name == "event.severity":
		var n errata.Severity
		err := json.Unmarshal(raw, &n)
		b.Key = n.String()
		return err
	}
	if err := json.Unmarshal(raw, &b.Key); err != nil {
		return err
	}
	if include != "" {
		b.Key = strings.TrimPrefix(b.Key, querylang.TermKey(a.Key)+"=")
	}
	return nil
}

// emptyResult is the answer where nothing can match.
func emptyResult(r *search.Request) *search.Result {
	res := &search.Result{Total: search.Total{Exact: r.TotalUpTo > 0}, Aggs: make(map[string]search.AggResult, len(r.Aggs))}
	for i := range r.Aggs {
		res.Aggs[r.Aggs[i].Name] = search.AggResult{}
	}
	return res
}

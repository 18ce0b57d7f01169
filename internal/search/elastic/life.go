package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// place is one of our indices.
type index struct {
	name   string
	class  int
	day    time.Time
	events int64
	erased int64 // still on disk
	bytes  int64 // of the primary copies
	closed bool  // by an administrator: nothing is known of its events
}

// list returns our indices that match a pattern, by name.
func (e *Engine) list(ctx context.Context, pattern string) ([]index, error) {
	var rows []struct {
		Index  string `json:"index"`
		Events string `json:"docs.count"`
		Erased string `json:"docs.deleted"`
		Bytes  string `json:"pri.store.size"`
		Status string `json:"status"`
	}
	err := e.client.do(ctx, esapi.CatIndicesRequest{
		Index: []string{pattern}, Format: "json", Bytes: "b", H: []string{"index", "docs.count", "docs.deleted", "pri.store.size", "status"},
		ExpandWildcards: "open,closed",
	}, &rows)
	if errata.CodeOf(err) == errata.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []index
	for _, r := range rows {
		class, day, ok := parseIndex(e.o.Prefix, r.Index)
		if !ok {
			continue
		}
		events, _ := strconv.ParseInt(r.Events, 10, 64) // empty while a shard starts
		erased, _ := strconv.ParseInt(r.Erased, 10, 64)
		bytes, _ := strconv.ParseInt(r.Bytes, 10, 64)
		all = append(all, index{r.Index, class, day, events, erased, bytes, r.Status == "close"})
	}
	slices.SortFunc(all, func(a, b index) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// namesAtOnce bounds how many names stand in one address.
const namesAtOnce = 50

// Expire deletes, by exact name, the indices of class whose day lies wholly
// before the given time, closed ones too.
func (e *Engine) Expire(ctx context.Context, class int, before time.Time) (report search.ExpireReport, err error) {
	err = e.read(ctx, func(ctx context.Context) error {
		places, err := e.list(ctx, e.o.Prefix+"-events-r"+strconv.Itoa(class)+"-*")
		if err != nil {
			return err
		}
		var old []string
		for _, p := range places {
			if p.class == class && !p.day.AddDate(0, 0, 1).After(before) {
				old = append(old, p.name)
				report.Places++
				report.Events += p.events
			}
		}
		for names := range slices.Chunk(old, namesAtOnce) {
			lenient := true
			if err := e.client.do(ctx, esapi.IndicesDeleteRequest{Index: names, IgnoreUnavailable: &lenient}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	e.answers.forget()
	if err != nil {
		return search.ExpireReport{}, err
	}
	return report, nil
}

// Refresh makes what is indexed visible; see search.Engine.
func (e *Engine) Refresh(ctx context.Context) error {
	defer e.answers.forget()
	return e.read(ctx, func(ctx context.Context) error {
		lenient := true
		return e.client.do(ctx, esapi.IndicesRefreshRequest{
			Index: []string{e.o.Prefix + "-events-r*"}, AllowNoIndices: &lenient, IgnoreUnavailable: &lenient,
		}, nil)
	})
}

// Stats says how much is stored; see search.Engine. Bytes are those of the
// primary copies.
func (e *Engine) Stats(ctx context.Context) (search.Stats, error) {
	var s search.Stats
	err := e.read(ctx, func(ctx context.Context) error {
		s = search.Stats{Engine: "elasticsearch " + *e.version.Load()}
		places, err := e.list(ctx, e.o.Prefix+"-events-r*")
		if err != nil {
			return err
		}
		for _, p := range places {
			s.Events += p.events
			s.Bytes += p.bytes
		}
		s.Places = len(places)
		s.Oldest, s.Newest, err = e.span(ctx)
		return err
	})
	return s, err
}

// span returns the first and last event time, µs; 0 when nothing is stored.
func (e *Engine) span(ctx context.Context) (oldest, newest int64, err error) {
	var answer struct {
		Aggs struct {
			Oldest, Newest struct {
				Text string `json:"value_as_string"`
			}
		} `json:"aggregations"`
	}
	lenient := true
	text := `{"size":0,"track_total_hits":false,"aggs":{"Oldest":{"min":{"field":"@timestamp"}},"Newest":{"max":{"field":"@timestamp"}}}}`
	err = e.client.do(ctx, esapi.SearchRequest{
		Index: []string{e.o.Prefix + "-events-r*"}, Body: strings.NewReader(text), AllowNoIndices: &lenient, IgnoreUnavailable: &lenient,
	}, &answer)
	if err != nil || answer.Aggs.Oldest.Text == "" {
		return 0, 0, err
	}
	oldest, err1 := readStamp(answer.Aggs.Oldest.Text)
	newest, err2 := readStamp(answer.Aggs.Newest.Text)
	return oldest, newest, errors.Join(err1, err2)
}

// quiet is how long an index must not have been written to before it is
// sealed: sooner, the copy kept for recovery stays for good.
const quiet = time.Minute

// sealLimit bounds the merge of one index.
const sealLimit = 30 * time.Minute

// Seal merges every index of a day into one segment: small daily indices never
// merge by themselves, and half their size is a copy kept for recovery. Call it
// at night for yesterday. An index written to within the last minute is left
// for the next call; done says whether there was none.
func (e *Engine) Seal(ctx context.Context, day time.Time) (done bool, err error) {
	var places []index
	err = e.read(ctx, func(ctx context.Context) error {
		places, err = e.list(ctx, e.o.Prefix+"-events-r*-"+day.UTC().Format(dayForm))
		return err
	})
	if err != nil {
		return false, err
	}
	done = true
	for _, p := range places {
		if p.closed {
			continue
		}
		if last, ok := e.written.Load(p.name); ok && e.o.Clock().Sub(time.UnixMicro(last.(int64))) < quiet {
			done = false
			continue
		}
		if err := e.merge(ctx, p.name); err != nil {
			return false, err
		}
	}
	return done, nil
}

// merge is outside of the guard: it takes minutes, and nobody waits for it.
func (e *Engine) merge(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, sealLimit)
	defer cancel()
	one, lenient := 1, true
	wait := false // with an answer at the end only, idle connections are cut on the way
	err := e.client.do(ctx, esapi.IndicesForcemergeRequest{
		Index: []string{name}, MaxNumSegments: &one, IgnoreUnavailable: &lenient, WaitForCompletion: &wait,
	}, nil)
	if err == nil {
		e.log.InfoContext(ctx, "index sealed", slog.String("index", name))
	}
	return err
}

// bytesPerShard is what one shard should hold of a day.
const bytesPerShard = 30 << 30

// Prepare makes tomorrow's indices, one for each class that has events today or
// yesterday, with as many shards as yesterday's size asks for. Without it the
// first event of a day makes its index, with one shard.
func (e *Engine) Prepare(ctx context.Context, now time.Time) error {
	today := now.UTC().Truncate(24 * time.Hour)
	return e.read(ctx, func(ctx context.Context) error {
		nodes, err := e.dataNodes(ctx)
		if err != nil {
			return err
		}
		bytes := map[int]int64{} // class → of yesterday, 0 when there is only today
		for _, day := range []time.Time{today, today.AddDate(0, 0, -1)} {
			places, err := e.list(ctx, e.o.Prefix+"-events-r*-"+day.Format(dayForm))
			if err != nil {
				return err
			}
			for _, p := range places {
				bytes[p.class] = max(bytes[p.class], p.bytes)
			}
		}
		for class, size := range bytes {
			shards := min(max(int(size/bytesPerShard), 1), max(nodes, 1))
			if err := e.create(ctx, indexName(e.o.Prefix, class, today.AddDate(0, 0, 1).UnixMicro()), shards); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *Engine) dataNodes(ctx context.Context) (int, error) {
	var health struct {
		Nodes int `json:"number_of_data_nodes"`
	}
	err := e.client.do(ctx, esapi.ClusterHealthRequest{}, &health)
	return health.Nodes, err
}

// create makes an index; one that is there already is fine.
func (e *Engine) create(ctx context.Context, name string, shards int) error {
	text, err := json.Marshal(map[string]any{"settings": map[string]any{"number_of_shards": shards}})
	if err != nil {
		return err
	}
	err = e.client.do(ctx, esapi.IndicesCreateRequest{Index: name, Body: strings.NewReader(string(text))}, nil)
	if cause, ok := errors.AsType[*answerError](err); ok && cause.kind() == "resource_already_exists" {
		return nil
	}
	return err
}

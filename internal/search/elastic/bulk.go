package elastic

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// Limits of the writer.
const (
	maxRequest = 5 << 20 // bytes of one bulk request; a larger document goes alone
	attempts   = 3       // per document
	firstWait  = 200 * time.Millisecond
	longWait   = 5 * time.Second
	pause      = 30 * time.Second // after a refusal that only people can mend
)

// reasonMapping is why a document is refused for good.
const reasonMapping = "mapping"

// entry is one document on its way.
type entry struct {
	doc   *search.Doc
	at    int // index in the results
	index string
	bare  bool // second form: without words, terms, pairs
	made  bool // its index was made once
	tries int
	lines []byte // action and document
}

// write makes the two lines of the entry.
func (x *entry) write() error {
	type target struct {
		Index string `json:"_index"`
		ID    string `json:"_id"`
	}
	action, err := marshal(map[string]target{"create": {x.index, documentID(x.doc.Project, x.doc.EventID)}})
	if err != nil {
		return err
	}
	doc, err := encode(x.doc, x.bare)
	if err != nil {
		return err
	}
	x.lines = slices.Concat(action, []byte("\n"), doc, []byte("\n"))
	return nil
}

// Index stores docs; see search.Engine. Each document is answered for by
// itself; one refused for a passing reason three times is Retry. While the
// cluster cannot take anything the whole call is unavailable.
func (e *Engine) Index(ctx context.Context, docs []search.Doc) ([]search.ItemResult, error) {
	if err := search.CheckDocs(docs); err != nil {
		return nil, err
	}
	if err := e.mayWrite(); err != nil {
		return nil, err
	}
	results := make([]search.ItemResult, len(docs))
	entries, err := e.entries(docs, results)
	if err != nil {
		return nil, errata.E(errata.Internal, "The events could not be written down.", err)
	}
	w := &writing{e: e, results: results}
	for wait := firstWait; len(entries) > 0; wait = min(2*wait, longWait) {
		entries, err = w.round(ctx, entries)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 && !sleep(ctx, rand.N(wait)+1) { //nolint:gosec // jitter is no secret
			return nil, lost(ctx, ctx.Err())
		}
	}
	return results, nil
}

func (e *Engine) mayWrite() error {
	if err := e.open(); err != nil {
		return err
	}
	if e.o.Clock().UnixMicro() < e.blocked.Load() {
		return because(errata.Unavailable, reasonRefused, "The event store refuses us.", nil)
	}
	return nil
}

// block stops writing for a while: only people can mend what is wrong.
func (e *Engine) block(ctx context.Context, err error) {
	e.log.ErrorContext(ctx, "elasticsearch refuses to store events", slog.Any("error", err))
	e.blocked.Store(e.o.Clock().Add(pause).UnixMicro())
}

// entries checks and writes down the documents; what can never be stored gets
// its result at once.
func (e *Engine) entries(docs []search.Doc, results []search.ItemResult) ([]*entry, error) {
	all := make([]*entry, 0, len(docs))
	for i := range docs {
		d := &docs[i]
		fault := d.Fault()
		if fault == "" && !utf8.Valid(d.Payload) {
			fault = "payload" // JSON cannot carry it byte for byte
		}
		if fault != "" {
			results[i] = search.ItemResult{Status: search.Rejected, Reason: fault}
			continue
		}
		x := &entry{doc: d, at: i, index: indexName(e.o.Prefix, d.Class, d.Time)}
		if err := x.write(); err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

// sleep waits, and says whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// writing is one call of Index at work.
type writing struct {
	e       *Engine
	results []search.ItemResult

	mu    sync.Mutex
	again []*entry
	fatal error // the cluster takes nothing
}

// round sends all entries and returns those to try again.
func (w *writing) round(ctx context.Context, entries []*entry) ([]*entry, error) {
	w.again, w.fatal = nil, nil
	var group sync.WaitGroup
	for _, part := range split(entries) {
		group.Go(func() { w.part(ctx, part) })
	}
	group.Wait()
	if w.fatal != nil {
		return nil, w.fatal
	}
	return w.again, nil
}

// split cuts entries into requests.
func split(entries []*entry) [][]*entry {
	var all [][]*entry
	size, from := 0, 0
	for i, x := range entries {
		if size += len(x.lines); i > from && size > maxRequest {
			all = append(all, entries[from:i])
			size, from = len(x.lines), i
		}
	}
	if from < len(entries) {
		all = append(all, entries[from:])
	}
	return all
}

// part sends one request and deals with its answer.
func (w *writing) part(ctx context.Context, part []*entry) {
	items, sent, err := w.e.bulk(ctx, part)
	switch {
	case err != nil && !sent: // the guard is open, or the cluster was never found in order
		w.fail(err)
		return
	case err != nil:
		w.refusedWhole(ctx, part, err)
		return
	}
	for i, x := range part {
		w.item(ctx, x, items[i])
	}
}

// bulkItem is the cluster's answer for one document.
type bulkItem struct {
	Status int          `json:"status"`
	Error  *answerError `json:"error"`
}

// bulk is one request, inside the guard and the window; sent says whether it
// went out.
func (e *Engine) bulk(ctx context.Context, part []*entry) (items []bulkItem, sent bool, err error) {
	if err := e.window.enter(ctx); err != nil {
		return nil, false, err
	}
	err = e.o.Bulk(ctx, func(ctx context.Context) error {
		return e.ensureThen(ctx, func(ctx context.Context) (err error) {
			sent = true
			items, err = e.post(ctx, part)
			return err
		})
	})
	e.window.leave(overloaded(items, err))
	return items, sent, err
}

// overloaded says whether an answer asks for fewer requests at once.
func overloaded(items []bulkItem, err error) bool {
	if cause, ok := errors.AsType[*answerError](err); ok {
		return cause.status == http.StatusTooManyRequests || cause.status == http.StatusServiceUnavailable
	}
	if err != nil {
		return errata.ReasonOf(err) == search.ReasonTimeout
	}
	return slices.ContainsFunc(items, func(i bulkItem) bool {
		return i.Status == http.StatusTooManyRequests || i.Status == http.StatusServiceUnavailable
	})
}

// errShort is an answer that does not cover every document.
var errShort = errors.New("the answer does not cover every document")

func (e *Engine) post(ctx context.Context, part []*entry) ([]bulkItem, error) {
	var b bytes.Buffer
	for _, x := range part {
		b.Write(x.lines)
		if _, known := e.written.Load(x.index); !known {
			e.fresh.Store(e.o.Clock().UnixMicro())
		}
	}
	var answer struct {
		Items []struct {
			Create bulkItem `json:"create"`
		} `json:"items"`
	}
	if err := e.client.do(ctx, esapi.BulkRequest{Body: &b}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Items) != len(part) {
		return nil, lost(ctx, errShort)
	}
	now := e.o.Clock().UnixMicro()
	items := make([]bulkItem, len(part))
	for i := range answer.Items {
		items[i] = answer.Items[i].Create
		e.written.Store(part[i].index, now)
	}
	return items, nil
}

// refusedWhole deals with a request that has no answer per document.
func (w *writing) refusedWhole(ctx context.Context, part []*entry, err error) {
	cause, answered := errors.AsType[*answerError](err)
	switch {
	case errata.ReasonOf(err) == reasonRefused:
		if answered {
			w.e.block(ctx, err)
		}
		w.fail(err)
	case answered && (cause.status == http.StatusRequestEntityTooLarge || cause.status == http.StatusBadRequest):
		w.halve(ctx, part, cause)
	case ctx.Err() != nil, errata.CodeOf(err) != errata.Unavailable && errata.CodeOf(err) != errata.SlowDown:
		w.fail(err)
	default:
		w.retryWhole(part, err)
	}
}

// halve finds the document that has a whole request refused.
func (w *writing) halve(ctx context.Context, part []*entry, cause *answerError) {
	if len(part) == 1 {
		w.reject(ctx, part[0], cause)
		return
	}
	w.part(ctx, part[:len(part)/2])
	w.part(ctx, part[len(part)/2:])
}

// retryWhole tries all again; a request that fails for the last time says that
// the engine is unavailable.
func (w *writing) retryWhole(part []*entry, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range part {
		if x.tries++; x.tries >= attempts {
			w.fatal = err
			return
		}
		w.again = append(w.again, x)
	}
}

func (w *writing) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fatal = err
}

func (w *writing) done(x *entry, status search.ItemStatus, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.results[x.at] = search.ItemResult{Status: status, Reason: reason}
}

// item deals with the answer for one document. The names are those of the
// cluster without "_exception".
func (w *writing) item(ctx context.Context, x *entry, got bulkItem) {
	if got.Error == nil && got.Status < 300 {
		w.done(x, search.Created, "")
		return
	}
	if got.Error == nil {
		got.Error = &answerError{Type: "unknown"}
	}
	cause := got.Error
	cause.status = got.Status
	switch kind := cause.kind(); {
	case got.Status == http.StatusConflict:
		w.done(x, search.Duplicate, "")
	case kind == "cluster_block", kind == "index_closed", got.Status == http.StatusForbidden:
		err := classify(&answerError{status: http.StatusForbidden, Type: cause.Type, Reason: cause.Reason})
		w.e.block(ctx, err)
		w.fail(err)
	case got.Status == http.StatusNotFound && !x.made:
		w.makeIndex(ctx, x, cause)
	case passing(got.Status, kind):
		w.retry(x, cause)
	default:
		w.bareOrRejected(ctx, x, cause)
	}
}

// passing says that it is not the document's fault. validation: the cluster has
// as many shards as it may and makes no index for the day.
func passing(status int, kind string) bool {
	switch kind {
	case "es_rejected_execution", "circuit_breaking", "unavailable_shards", "validation":
		return true
	}
	return status == http.StatusTooManyRequests || status >= http.StatusInternalServerError || status == http.StatusNotFound
}

func (w *writing) retry(x *entry, cause *answerError) {
	if x.tries++; x.tries >= attempts {
		w.e.log.Warn("elasticsearch takes a document later", slog.String("index", x.index), slog.Any("error", cause))
		w.done(x, search.Retry, cause.kind())
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = append(w.again, x)
}

// makeIndex serves clusters that make no index by themselves.
func (w *writing) makeIndex(ctx context.Context, x *entry, cause *answerError) {
	x.made = true
	if err := w.e.create(ctx, x.index, 1); err != nil {
		w.e.log.WarnContext(ctx, "index could not be made", slog.String("index", x.index), slog.Any("error", err))
	}
	w.retry(x, cause)
}

// bareOrRejected tries a document that the mapping refuses once more without
// what could be at fault.
func (w *writing) bareOrRejected(ctx context.Context, x *entry, cause *answerError) {
	if x.bare {
		w.reject(ctx, x, cause)
		return
	}
	x.bare = true
	if err := x.write(); err != nil {
		w.reject(ctx, x, cause)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = append(w.again, x)
}

func (w *writing) reject(ctx context.Context, x *entry, cause *answerError) {
	w.e.log.WarnContext(ctx, "elasticsearch refuses a document", slog.String("event_id", x.doc.EventID), slog.String("index", x.index),
		slog.Any("error", cause))
	w.done(x, search.Rejected, reasonMapping)
}

package elastic

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// scanWait is how long the cluster may take for one page of a scan.
const scanWait = 60 * time.Second

// Scan walks over all matches, oldest first; see search.Engine. Documents never
// change, so pages need no snapshot: each begins behind the last event of the
// one before, in the first index that may hold more.
func (e *Engine) Scan(ctx context.Context, r search.ScanRequest, fn func(*search.Hit) error) error {
	if err := e.open(); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	s := r.Request()
	s.Size, s.Timeout = search.MaxSize, scanWait
	if s.Scope.Empty() || !s.From.Before(s.To) {
		return nil
	}
	for at := r.After; ; {
		hits, err := e.scanPage(ctx, s, at)
		if err != nil {
			return err
		}
		for i := range hits {
			if err := fn(&hits[i]); err != nil {
				return err
			}
		}
		if len(hits) < s.Size {
			return nil
		}
		at = search.PlaceOf(&hits[len(hits)-1])
	}
}

// scanPage reads what follows a place. A page with a hole is an error.
func (e *Engine) scanPage(ctx context.Context, s search.Request, at search.Place) ([]search.Hit, error) {
	t, err := e.scanTask(&s, at)
	if err != nil {
		return nil, err
	}
	members, err := e.sendSettled(ctx, []task{t})
	if err == nil {
		err = refusedMember(&members[0])
	}
	if err != nil {
		return nil, err
	}
	if gaps := e.gaps(t.r, &members[0]); len(gaps) > 0 {
		return nil, search.Torn(gaps[0])
	}
	hits, err := e.hits(t.r, members[0].Hits.Hits)
	if err != nil {
		return nil, because(errata.Internal, reasonFault, "The event store answered in a way we do not know.", err)
	}
	return hits, nil
}

// scanTask is the request for the page behind a place; indices of days before
// the place are not asked again.
func (e *Engine) scanTask(s *search.Request, at search.Place) (task, error) {
	started := at != (search.Place{})
	if started {
		s.From = later(s.From, time.UnixMicro(at.Time).UTC())
	}
	h, b, err := e.compose(s)
	if err != nil {
		return task{}, err
	}
	b.page(s, true)
	b.Size = s.Size
	if started {
		b.After = []string{stampMicros(at.Time), at.EventID, at.Project}
	}
	return newTask(0, s, h, b)
}

// Erase deletes matches by id, page after page; see search.Engine. The bytes
// go with the next Purge.
func (e *Engine) Erase(ctx context.Context, r search.EraseRequest) (report search.EraseReport, err error) {
	if r.DryRun {
		err = e.Scan(ctx, r.Scan(), func(*search.Hit) error { report.Events++; return nil })
		return report, err
	}
	var lines bytes.Buffer
	waiting := 0
	flush := func() error {
		if waiting == 0 {
			return nil
		}
		n, err := e.delete(ctx, lines.Bytes())
		report.Events += n
		lines.Reset()
		waiting = 0
		return err
	}
	err = e.Scan(ctx, r.Scan(), func(h *search.Hit) error {
		line, err := marshal(map[string]any{"delete": map[string]string{
			"_index": indexName(e.o.Prefix, h.Class, h.Time), "_id": documentID(h.Project, h.EventID),
		}})
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
		if waiting++; waiting < search.MaxDocs {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if report.Events == 0 && err != nil {
		return report, err
	}
	return report, errors.Join(err, e.Refresh(ctx), e.flush(ctx))
}

var errNotErased = errors.New("a document was not deleted")

// delete sends the lines of a bulk request and returns how many documents went.
func (e *Engine) delete(ctx context.Context, lines []byte) (n int64, err error) {
	var answer struct {
		Items []struct {
			Delete struct {
				Status int `json:"status"`
			} `json:"delete"`
		} `json:"items"`
	}
	err = e.o.Bulk(ctx, func(ctx context.Context) error {
		return e.client.do(ctx, esapi.BulkRequest{Body: bytes.NewReader(lines)}, &answer)
	})
	if err != nil {
		return 0, err
	}
	for _, it := range answer.Items {
		switch it.Delete.Status {
		case http.StatusOK:
			n++
		case http.StatusNotFound: // gone before
		default:
			err = because(errata.Unavailable, reasonUnreachable, "Events could not be erased.", errNotErased)
		}
	}
	return n, err
}

// flush makes the cluster drop the log that holds what was erased.
func (e *Engine) flush(ctx context.Context) error {
	return e.read(ctx, func(ctx context.Context) error {
		lenient := true
		return e.client.do(ctx, esapi.IndicesFlushRequest{
			Index: []string{e.o.Prefix + "-events-r*"}, AllowNoIndices: &lenient, IgnoreUnavailable: &lenient,
		}, nil)
	})
}

// Purge rewrites the indices that hold erased events without them. Call it at
// night: sooner than a minute after Erase the bytes stay, because the cluster
// keeps what a copy may still have to be told.
func (e *Engine) Purge(ctx context.Context) error {
	var places []index
	err := e.read(ctx, func(ctx context.Context) (err error) {
		places, err = e.list(ctx, e.o.Prefix+"-events-r*")
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range places {
		if p.erased == 0 {
			continue
		}
		if err := e.expunge(ctx, p.name); err != nil {
			return err
		}
	}
	return nil
}

// expunge is outside of the guard, as merge is.
func (e *Engine) expunge(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, sealLimit)
	defer cancel()
	only, lenient, wait := true, true, false
	err := e.client.do(ctx, esapi.IndicesForcemergeRequest{
		Index: []string{name}, OnlyExpungeDeletes: &only, IgnoreUnavailable: &lenient, WaitForCompletion: &wait,
	}, nil)
	if err == nil {
		e.log.InfoContext(ctx, "index rewritten without erased events", slog.String("index", name))
	}
	return err
}

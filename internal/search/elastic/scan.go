package elastic

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// Scan walks over all matches, oldest first; see search.Engine. Documents never
// change, so pages need no snapshot.
func (e *Engine) Scan(ctx context.Context, r search.ScanRequest, fn func(*search.Hit) error) error {
	if err := e.open(); err != nil {
		return err
	}
	return search.Walk(ctx, e, r, fn)
}

// Erase deletes matches by id, page after page; see search.Engine.
func (e *Engine) Erase(ctx context.Context, r search.EraseRequest) (report search.EraseReport, err error) {
	var lines bytes.Buffer
	scan, waiting := r.Scan(), 0
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
	err = e.Scan(ctx, scan, func(h *search.Hit) error {
		if r.DryRun {
			report.Events++
			return nil
		}
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
	if err != nil || r.DryRun {
		return report, err
	}
	if err := flush(); err != nil {
		return report, err
	}
	return report, e.Refresh(ctx)
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

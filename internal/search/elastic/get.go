package elastic

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// found is a document by its id.
type found struct {
	Index  string   `json:"_index"`
	Found  bool     `json:"found"`
	Source document `json:"_source"`

	Error *answerError `json:"error"`
}

// Get returns one event at once after Index; see search.Engine. Pairs, terms,
// keys and words are not returned: they follow from the payload.
func (e *Engine) Get(ctx context.Context, s search.Scope, ref errata.Ref) (*search.Doc, error) {
	if !s.Sees(ref.Project) || ref.EventID == "" {
		return nil, errata.E(errata.NotFound, "There is no such event.", nil)
	}
	var doc *search.Doc
	err := e.read(ctx, func(ctx context.Context) (err error) {
		if ref.Time != 0 && ref.Class != 0 {
			doc, err = e.getFrom(ctx, indexName(e.o.Prefix, ref.Class, ref.Time), ref)
		} else {
			doc, err = e.getAnywhere(ctx, ref)
		}
		return err
	})
	return doc, err
}

func (e *Engine) getFrom(ctx context.Context, index string, ref errata.Ref) (*search.Doc, error) {
	var f found
	err := e.client.do(ctx, esapi.GetRequest{Index: index, DocumentID: documentID(ref.Project, ref.EventID)}, &f)
	if err != nil {
		return nil, err
	}
	return e.documentOf(&f)
}

func (e *Engine) documentOf(f *found) (*search.Doc, error) {
	d, err := f.Source.decode(e.o.Prefix, f.Index)
	if err != nil {
		return nil, because(errata.Internal, reasonFault, "The event store answered in a way we do not know.", err)
	}
	return d, nil
}

// getAnywhere asks every index that may hold the event: those of its day, or
// all. Names must be exact here, so they are listed first.
func (e *Engine) getAnywhere(ctx context.Context, ref errata.Ref) (*search.Doc, error) {
	pattern := e.o.Prefix + "-events-r*"
	if ref.Time != 0 {
		pattern += "-" + time.UnixMicro(ref.Time).UTC().Format(dayForm)
	}
	places, err := e.list(ctx, pattern)
	if err != nil {
		return nil, err
	}
	type want struct {
		Index string `json:"_index"`
		ID    string `json:"_id"`
	}
	var ask struct {
		Docs []want `json:"docs"`
	}
	for _, p := range places {
		if ref.Class == 0 || p.class == ref.Class {
			ask.Docs = append(ask.Docs, want{p.name, documentID(ref.Project, ref.EventID)})
		}
	}
	if len(ask.Docs) == 0 {
		return nil, errata.E(errata.NotFound, "There is no such event.", nil)
	}
	text, err := marshal(ask)
	if err != nil {
		return nil, err
	}
	docs, err := e.mget(ctx, text)
	for wait := firstSettle; err == nil && slices.ContainsFunc(docs, unassigned) && wait < lastSettle && sleep(ctx, wait); wait *= 2 {
		docs, err = e.mget(ctx, text)
	}
	if err != nil {
		return nil, err
	}
	for i := range docs {
		if docs[i].Found {
			return e.documentOf(&docs[i])
		}
	}
	return nil, notFound(docs)
}

func (e *Engine) mget(ctx context.Context, text []byte) ([]found, error) {
	var answer struct {
		Docs []found `json:"docs"`
	}
	err := e.client.do(ctx, esapi.MgetRequest{Body: bytes.NewReader(text)}, &answer)
	return answer.Docs, err
}

// unassigned says whether an index has no shard that can be asked: for a moment
// while it is made, see settling, or because it is lost.
func unassigned(d found) bool { return d.Error != nil && d.Error.kind() == noShard }

// notFound is the error of an event that no index has: where one could not be
// asked, nobody knows.
func notFound(docs []found) error {
	for i := range docs {
		if cause := docs[i].Error; cause != nil && cause.kind() != "index_not_found" {
			return because(errata.Unavailable, reasonUnreachable, "The event store cannot answer now.", cause)
		}
	}
	return errata.E(errata.NotFound, "There is no such event.", nil)
}

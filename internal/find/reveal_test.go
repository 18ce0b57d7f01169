package find_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// accessed lists who was shown what in clear, newest first.
func accessed(t *testing.T, p *partstest.Parts) (out []string) {
	t.Helper()
	p.Read(func(tx *store.Tx) error {
		rows, err := tx.Audit(t.Context(), store.AuditQuery{Stream: errata.StreamAccess, Scope: store.Scope{All: true}, Size: 1000})
		for _, a := range rows {
			out = append(out, string(a.Action)+" "+a.ActorID+" "+a.Object)
		}
		return err
	})
	return out
}

// Personal data is masked for everybody until somebody with the right asks for
// it, which is written down before they see it.
func TestReveal(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "u-1"})))
		p.Drained()
		v := view(t, p, shop, 1)
		e := p.Find.Event(t.Context(), partstest.Reader, v, find.Last)
		if e.Err != nil || e.Event.User.ID != find.Masked || !e.Masked || len(accessed(t, p)) != 0 {
			t.Errorf("before: %+v %v, %v", e.Event, e.Err, accessed(t, p))
		}
		limited := partstest.Reader
		limited.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.IssueRead, errata.EventRead}}
		if e, err := p.Find.Reveal(t.Context(), limited, v, find.Last); errata.CodeOf(err) != errata.Forbidden || e.Event != nil || len(accessed(t, p)) != 0 {
			t.Errorf("without the right: %+v %v, %v", e.Event, err, accessed(t, p))
		}
		e, err := p.Find.Reveal(t.Context(), partstest.Reader, v, find.Last)
		if err != nil || e.Event.User.ID != "u-1" || e.Masked {
			t.Errorf("revealed: %+v %v", e.Event, err)
		}
		want := []string{"event:read_pii 1 event:" + shop.ID + "/" + partstest.EventID(1)}
		if d := cmp.Diff(want, accessed(t, p)); d != "" {
			t.Error(d)
		}
		blind := partstest.Reader
		blind.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}}
		if e := p.Find.Event(t.Context(), blind, v, find.Last); errata.CodeOf(e.Err) != errata.Forbidden || e.Event != nil {
			t.Errorf("without the right to events: %+v %v", e.Event, e.Err)
		}
	})
}

// Without a row in the audit nobody sees anything in clear.
func TestNoAuditNoAnswer(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "u-1"})))
		p.Drained()
		v := view(t, p, shop, 1)
		away, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "away.db"), Clock: clock})
		if err == nil {
			err = away.Close() // the event itself comes from the engine
		}
		if err != nil {
			t.Fatal(err)
		}
		s := find.New(find.Options{Store: away, Engine: p.Engine, Clock: clock, Decide: storetest.Decide, Log: slog.New(slog.DiscardHandler)})
		if _, err := s.Reveal(t.Context(), partstest.Reader, v, find.Last); err == nil {
			t.Error("revealed without a row")
		}
	})
}

package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

func reportRun(id string, asOf int64) errata.ReportRun {
	return errata.ReportRun{
		ID: id, Kind: "weekly", Title: "Week", Params: `{"services":["1"]}`, From: start, To: start + 7*24*hour, Zone: "Europe/Berlin", AsOf: asOf,
		CreatedBy: "u1", CreatedAt: asOf + 1,
		Data: errata.Document{Title: "Week", AsOf: asOf, Zone: "Europe/Berlin", Sections: []errata.Section{{
			ID: "a", Title: "A", Table: &errata.Table{
				Columns: []errata.Column{{Key: "n", Title: "N", Kind: errata.ColumnInt}}, Rows: [][]errata.Cell{{errata.IntCell(asOf)}, {{}}},
			},
		}}},
	}
}

func TestReportRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var all []errata.ReportRun
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i := range int64(5) {
				r := reportRun(fmt.Sprint("r", i), start+i/2)
				if i == 4 {
					r.Restates, r.Zone = "r1", "UTC"
				}
				if err := tx.CreateReportRun(ctx, r); err != nil {
					return err
				}
				data, err := json.Marshal(r.Data)
				if err != nil {
					return err
				}
				sum := sha256.Sum256(data)
				r.SHA256 = hex.EncodeToString(sum[:])
				all = append(all, r)
			}
			return nil
		})
		view(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, want := range all {
				got, err := tx.ReportRun(ctx, want.ID)
				if d := cmp.Diff(want, got); d != "" || err != nil {
					t.Error(err, d)
				}
			}
			if _, err := tx.ReportRun(ctx, "none"); errata.CodeOf(err) != errata.NotFound {
				t.Errorf("an unknown run: %v", err)
			}
			var order []string
			at := store.ReportPlace{}
			for {
				page, err := tx.ReportRuns(ctx, "weekly", at, 2)
				if err != nil {
					return err
				}
				for _, r := range page {
					order, at = append(order, r.ID), store.ReportPlace{AsOf: r.AsOf, ID: r.ID}
				}
				if len(page) < 2 {
					break
				}
			}
			if d := cmp.Diff([]string{"r4", "r3", "r2", "r1", "r0"}, order); d != "" {
				t.Error(d)
			}
			for like, want := range map[string]string{"Europe/Berlin": "r3", "UTC": "r4", "Asia/Tokyo": ""} {
				r := reportRun("x", 0)
				r.Zone = like
				if id, err := tx.LastReportRun(ctx, r); id != want || err != nil {
					t.Errorf("the last of %s: %q, %v", like, id, err)
				}
			}
			return nil
		})
	})
}

// A run that was kept cannot be changed or removed, whoever asks.
func TestReportRunsNeverChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.CreateReportRun(ctx, reportRun("r", start)) })
		for _, text := range []string{`UPDATE report_run SET title = 'x'`, `UPDATE report_run SET data = '{}'`, `DELETE FROM report_run`} {
			err := s.InTx(t.Context(), func(tx *store.Tx) error {
				tx.System("test")
				_, err := tx.Change(t.Context(), text)
				return err
			})
			if err == nil || !strings.Contains(fmt.Sprintf("%v %#v", err, err), "append-only") {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}

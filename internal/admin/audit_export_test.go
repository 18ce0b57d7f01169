package admin_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/store"
)

// What is written down while the audit is read is not in what is handed out,
// and nobody gets rows that their list does not have.
func TestEachAudit(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		keeper := o.person("keeper", errata.Grant{Role: errata.RoleMaintainer, Project: o.shop.ID})
		reader := o.person("reader", errata.Grant{Role: errata.RoleViewer})
		for _, id := range []string{o.shop.ID, o.pay.ID, o.shop.ID} {
			o.change(func(tx *store.Tx) error {
				_, err := tx.Permit(o.boss, errata.KeyWrite, errata.On(id, "project", id))
				return err
			})
		}
		read := func(who errata.Actor, q store.AuditQuery) (said int64, filters []string, rows [][]errata.Cell, err error) {
			q.Stream = errata.StreamChange
			err = o.EachAudit(t.Context(), who, q, 100, func(n int64, f []string) error {
				said, filters = n, f
				o.change(func(tx *store.Tx) error {
					_, err := tx.Permit(o.boss, errata.KeyWrite, errata.On(o.shop.ID, "project", o.shop.ID))
					return err
				})
				return nil
			}, func(page [][]errata.Cell) error { rows = append(rows, page...); return nil })
			return said, filters, rows, err
		}
		n, filters, rows, err := read(o.boss, store.AuditQuery{Action: errata.KeyWrite, Actor: o.boss.ID})
		if err != nil || n != 3 || len(rows) != 3 || len(rows[0]) != len(o.AuditColumns()) {
			t.Errorf("%d rows said, %d handed out, %v", n, len(rows), err)
		}
		if d := cmp.Diff([]string{"Stream: change", "Who: BOSS", "Action: key:write"}, filters); d != "" {
			t.Error(d)
		}
		if n, filters, rows, err = read(keeper, store.AuditQuery{Action: errata.KeyWrite}); err != nil || n != 3 || len(rows) != 3 || len(filters) != 3 {
			t.Errorf("of one service: %d rows said, %d handed out, %v, %v", n, len(rows), filters, err) // two, and the one made meanwhile
		}
		if _, _, rows, err = read(reader, store.AuditQuery{}); errata.CodeOf(err) != errata.Forbidden || rows != nil {
			t.Errorf("a viewer: %v", err)
		}
		if _, _, _, err = read(o.boss, store.AuditQuery{From: 2, To: 1}); errata.CodeOf(err) != errata.Invalid {
			t.Errorf("a range that ends before it begins: %v", err)
		}
		none := func([][]errata.Cell) error { t.Error("rows were handed out"); return nil }
		err = o.EachAudit(t.Context(), o.boss, store.AuditQuery{Stream: errata.StreamChange}, 1, func(n int64, _ []string) error {
			if n != 2 {
				t.Errorf("%d said, want one more than asked for", n)
			}
			return errors.New("too many")
		}, none)
		if err == nil {
			t.Error("a refusal is lost")
		}
		if err := o.EachAudit(t.Context(), o.boss, store.AuditQuery{Stream: errata.StreamAccess}, 9, func(n int64, _ []string) error {
			if n != 0 {
				t.Errorf("%d rows of an empty stream", n)
			}
			return nil
		}, none); err != nil {
			t.Error(err)
		}
	})
}

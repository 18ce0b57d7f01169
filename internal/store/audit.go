package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"errata/internal/errata"
)

const auditColumns = `stream, seq, at, actor_kind, actor_id, via, action, result, project_id, object, detail, ip, request_id, prev_hash, hash`

func scanAudit(r scanner) (a errata.AuditRow, err error) {
	err = r.Scan(&a.Stream, &a.Seq, &a.At, &a.ActorKind, &a.ActorID, &a.Via, &a.Action, &a.Result, &a.ProjectID, &a.Object, &a.Detail,
		&a.IP, &a.RequestID, &a.PrevHash, &a.Hash)
	return a, err
}

// genesis stands before the first row of the chain.
var genesis = strings.Repeat("0", 2*sha256.Size)

// linkHash is SHA-256 over the hash of the row before and every field of this
// one, each with its length in 4 bytes before it, hex.
func linkHash(prev string, a errata.AuditRow) string {
	sum := sha256.New()
	sum.Write([]byte(prev))
	for _, field := range []string{
		string(a.Stream), strconv.FormatInt(a.Seq, 10), strconv.FormatInt(a.At, 10), string(a.ActorKind), a.ActorID, a.Via,
		string(a.Action), string(a.Result), a.ProjectID, a.Object, a.Detail, a.IP, a.RequestID,
	} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(field))) //nolint:gosec // a field is no 4 GiB
		sum.Write(size[:])
		sum.Write([]byte(field))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

var insertAudit = bulk{head: `INSERT INTO audit (` + auditColumns + `) VALUES `, width: 15}

// writeAudit appends lines to a stream. The head is locked until the end of the
// transaction, so this comes last.
func (tx *Tx) writeAudit(ctx context.Context, stream errata.Stream, lines []*Line) error {
	if len(lines) == 0 {
		return nil
	}
	var seq int64
	var hash string
	err := tx.changeRows(ctx, `UPDATE audit_head SET seq = seq + $2 WHERE stream = $1 RETURNING seq, hash`,
		[]any{string(stream), len(lines)}, func(r scanner) error { return r.Scan(&seq, &hash) })
	if err != nil {
		return err
	}
	if seq == 0 {
		return fmt.Errorf("the audit has no head of the stream %s", stream)
	}
	rows := make([]errata.AuditRow, len(lines))
	for i, l := range lines {
		if rows[i], err = l.finish(stream, tx.act.at); err != nil {
			return err
		}
		rows[i].Seq = seq - int64(len(lines)-1-i)
		if stream == errata.StreamChange {
			rows[i].PrevHash = hash
			hash = linkHash(hash, rows[i])
			rows[i].Hash = hash
		}
	}
	if err := tx.insertAudit(ctx, rows); err != nil || stream != errata.StreamChange {
		return err
	}
	_, err = tx.change(ctx, `UPDATE audit_head SET hash = $2 WHERE stream = $1`, string(stream), hash)
	return err
}

func (tx *Tx) insertAudit(ctx context.Context, rows []errata.AuditRow) error {
	return tx.changeBulk(ctx, &insertAudit, len(rows), nil, func(args []any, i int) []any {
		a := rows[i]
		return append(args, string(a.Stream), a.Seq, a.At, string(a.ActorKind), a.ActorID, a.Via, string(a.Action), string(a.Result),
			a.ProjectID, a.Object, a.Detail, a.IP, a.RequestID, a.PrevHash, a.Hash)
	})
}

// AuditQuery asks for a page of the audit, newest first. Empty fields ask for
// all. From and To are µs, [From, To).
type AuditQuery struct {
	Stream   errata.Stream
	Actor    string // id
	Action   errata.Action
	Object   string
	Result   errata.AuditResult
	Scope    Scope // rows of these projects; All: of the installation too
	From, To int64
	Last     int64      // seq of the newest row that counts; 0 = no bound
	After    AuditPlace // the last row of the page before
	Size     int
}

// AuditPlace is where a page ends. The zero place is before the newest row.
type AuditPlace struct{ At, Seq int64 }

// Audit returns one row more than Size when there are further ones.
func (tx *Tx) Audit(ctx context.Context, f AuditQuery) (out []errata.AuditRow, err error) {
	q := &query{}
	q.text(`SELECT `, auditColumns, ` FROM audit WHERE `)
	if !f.where(q) {
		return nil, nil
	}
	q.text(` ORDER BY at DESC, seq DESC LIMIT `, q.arg(f.Size+1))
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		row, err := scanAudit(r)
		out = append(out, row)
		return err
	})
	return out, err
}

// where writes the condition; false = nothing can match.
func (f *AuditQuery) where(q *query) bool {
	q.text(`stream = `, q.arg(string(f.Stream)))
	for _, c := range []struct{ column, value string }{
		{"actor_id", f.Actor}, {"action", string(f.Action)}, {"object", f.Object}, {"result", string(f.Result)},
	} {
		if c.value != "" {
			q.text(` AND `, c.column, ` = `, q.arg(c.value))
		}
	}
	if !f.Scope.All {
		if len(f.Scope.Projects) == 0 {
			return false
		}
		q.text(` AND project_id IN (`, q.list(f.Scope.Projects), `)`)
	}
	if f.From != 0 {
		q.text(` AND at >= `, q.arg(f.From))
	}
	if f.To != 0 {
		q.text(` AND at < `, q.arg(f.To))
	}
	if f.Last != 0 {
		q.text(` AND seq <= `, q.arg(f.Last))
	}
	if f.After != (AuditPlace{}) {
		q.text(` AND (at, seq) < (`, q.arg(f.After.At), `, `, q.arg(f.After.Seq), `)`)
	}
	return true
}

// Verified is what a walk along the chain found. Broken is the seq of the first
// row that was changed, removed or inserted, and Why says which; Why is empty
// when the chain is whole.
type Verified struct {
	Rows, Broken int64
	Why          string
	Head         string // the hash the chain ends with
}

// verifyPage is how many rows are held at a time.
const verifyPage = 1000

// VerifyAudit recomputes the chain of changes from its first row to its head.
func (s *Store) VerifyAudit(ctx context.Context) (v Verified, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		v = Verified{Head: genesis}
		for from := int64(math.MinInt64); ; from = v.Rows + 1 {
			rows, err := tx.auditFrom(ctx, from)
			if err != nil {
				return err
			}
			if !v.follow(rows) {
				return nil
			}
			if len(rows) < verifyPage {
				return tx.verifyHead(ctx, &v)
			}
		}
	})
	return v, err
}

// auditFrom reads the chain from seq on.
func (tx *Tx) auditFrom(ctx context.Context, seq int64) (out []errata.AuditRow, err error) {
	err = tx.rows(ctx, `SELECT `+auditColumns+` FROM audit WHERE stream = 'change' AND seq >= $1 ORDER BY seq LIMIT $2`,
		[]any{seq, verifyPage}, func(r scanner) error {
			row, err := scanAudit(r)
			out = append(out, row)
			return err
		})
	return out, err
}

// follow walks on and stops at the first row that does not fit.
func (v *Verified) follow(rows []errata.AuditRow) bool {
	for _, a := range rows {
		switch {
		case a.Seq < 1:
			v.Broken, v.Why = a.Seq, "the row was added from outside"
		case a.Seq != v.Rows+1:
			v.Broken, v.Why = v.Rows+1, "the row is missing"
		case a.PrevHash != v.Head:
			v.Broken, v.Why = a.Seq, "the row does not follow the one before it"
		case a.Hash != linkHash(v.Head, a):
			v.Broken, v.Why = a.Seq, "the row was changed"
		}
		if v.Why != "" {
			return false
		}
		v.Rows, v.Head = a.Seq, a.Hash
	}
	return true
}

// verifyHead compares the end of the chain with what the head says: rows cut
// off or put on at the end change no row before them.
func (tx *Tx) verifyHead(ctx context.Context, v *Verified) error {
	var seq int64
	var hash string
	if _, err := tx.row(ctx, `SELECT seq, hash FROM audit_head WHERE stream = 'change'`, nil, &seq, &hash); err != nil {
		return err
	}
	switch {
	case seq > v.Rows:
		v.Broken, v.Why = v.Rows+1, "the row is missing"
	case seq < v.Rows:
		v.Broken, v.Why = seq+1, "the row was added from outside"
	case hash != v.Head:
		v.Broken, v.Why = max(seq, 1), "the head of the chain was changed"
	}
	return nil
}

// SweepAccess removes rows of who read what from before (µs).
func (tx *Tx) SweepAccess(ctx context.Context, before int64) (int64, error) {
	return tx.sweepBy(ctx, "audit", "at", `stream = 'access' AND `, nil, before, MaxSwept)
}

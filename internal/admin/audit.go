package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// AuditForm asks for a page of the audit. Empty fields ask for all; From and To
// are µs, [From, To).
type AuditForm struct {
	Stream   errata.Stream
	Actor    string // account id
	Action   errata.Action
	Result   errata.AuditResult
	From, To int64
	After    store.AuditPlace
}

// auditShown is how many rows a page of the audit has.
const auditShown = 50

// AuditPage is a page of the audit, newest first. Whole says that the reader
// sees the rows of the installation too, else only those of services whose
// audit they may read.
type AuditPage struct {
	Rows      []errata.AuditRow
	Next      store.AuditPlace // zero: this is the last
	Whole     bool
	MayVerify bool
	AuditNames
}

// AuditNames are the names of what rows mention, by id.
type AuditNames struct {
	People   map[string]errata.Person
	Projects map[string]errata.Project
	Issues   map[string]string // short ids
	Teams    map[string]errata.Team
}

// Audit reads a page of the audit.
func (s *Service) Audit(ctx context.Context, who errata.Actor, f AuditForm) (out AuditPage, err error) {
	if err := s.Decide(who, errata.AuditRead, ""); err != nil {
		return out, err
	}
	if err := checkAuditForm(f); err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		scope, err := s.auditScope(ctx, tx, who)
		if err != nil {
			return err
		}
		out = AuditPage{Whole: scope.All, MayVerify: s.Decide(who, errata.AuditVerify, "") == nil}
		out.Rows, err = tx.Audit(ctx, store.AuditQuery{
			Stream: f.Stream, Actor: f.Actor, Action: f.Action, Result: f.Result, From: f.From, To: f.To, After: f.After, Scope: scope, Size: auditShown,
		})
		if err != nil {
			return err
		}
		if len(out.Rows) > auditShown {
			out.Rows = out.Rows[:auditShown]
			last := out.Rows[auditShown-1]
			out.Next = store.AuditPlace{At: last.At, Seq: last.Seq}
		}
		out.AuditNames, err = s.auditNames(ctx, tx, who, out.Rows)
		return err
	})
	if err == nil {
		s.viewed(who, errata.Resource{Name: "audit:" + string(f.Stream)})
	}
	return out, err
}

// viewed writes down that somebody has read the audit.
func (s *Service) viewed(who errata.Actor, on errata.Resource) {
	if s.Views != nil {
		s.Views.Note(who, errata.AuditRead, on)
	}
}

// AuditRow reads one row with its names; not_found also for a row that the
// reader may not see.
func (s *Service) AuditRow(ctx context.Context, who errata.Actor, stream errata.Stream, seq int64) (row errata.AuditRow, names AuditNames, err error) {
	if err := s.Decide(who, errata.AuditRead, ""); err != nil {
		return row, names, err
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		scope, err := s.auditScope(ctx, tx, who)
		if err != nil {
			return err
		}
		if row, err = tx.AuditRow(ctx, stream, seq); err != nil {
			return err
		}
		if !scope.All && !slices.Contains(scope.Projects, row.ProjectID) {
			return errata.E(errata.NotFound, "There is no such row.", nil)
		}
		names, err = s.auditNames(ctx, tx, who, []errata.AuditRow{row})
		return err
	})
	if err == nil {
		s.viewed(who, errata.On(row.ProjectID, "audit", string(stream)+"/"+strconv.FormatInt(seq, 10)))
	}
	return row, names, err
}

// VerifyAudit computes the chain of changes anew.
func (s *Service) VerifyAudit(ctx context.Context, who errata.Actor) (store.Verified, error) {
	if err := s.Decide(who, errata.AuditVerify, ""); err != nil {
		return store.Verified{}, err
	}
	s.viewed(who, errata.Resource{Name: "audit:" + string(errata.StreamChange)})
	return s.Store.VerifyAudit(ctx)
}

func checkAuditForm(f AuditForm) error {
	var wrong []errata.Detail
	if f.Stream != errata.StreamChange && f.Stream != errata.StreamAccess {
		wrong = append(wrong, field("stream", "unknown", "The streams are change and access."))
	}
	known := []errata.AuditResult{"", errata.AuditDone, errata.AuditNoop, errata.AuditDenied, errata.AuditFailed}
	if !slices.Contains(known, f.Result) {
		wrong = append(wrong, field("result", "unknown", "The results are done, noop, denied and failed."))
	}
	if f.From != 0 && f.To != 0 && f.From >= f.To {
		wrong = append(wrong, field("to", "range", "The range must begin before it ends."))
	}
	return invalid(wrong)
}

// auditScope are the services whose audit the actor may read. Who may verify
// the chain reads all of it.
func (s *Service) auditScope(ctx context.Context, tx *store.Tx, who errata.Actor) (store.Scope, error) {
	if s.Decide(who, errata.AuditVerify, "") == nil {
		return store.Scope{All: true}, nil
	}
	all, err := tx.Projects(ctx)
	var out store.Scope
	for _, p := range all {
		if s.Decide(who, errata.AuditRead, p.ID) == nil {
			out.Projects = append(out.Projects, p.ID)
		}
	}
	return out, err
}

func (s *Service) auditNames(ctx context.Context, tx *store.Tx, who errata.Actor, rows []errata.AuditRow) (out AuditNames, err error) {
	out = AuditNames{People: map[string]errata.Person{}, Issues: map[string]string{}, Teams: map[string]errata.Team{}}
	if out.Projects, err = s.seen(ctx, tx, who); err != nil {
		return out, err
	}
	teams, err := tx.Teams(ctx)
	if err != nil {
		return out, err
	}
	for _, t := range teams {
		out.Teams[t.ID] = t
	}
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return out, err
	}
	for _, a := range accounts {
		out.People[a.ID] = errata.Person{ID: a.ID, Name: a.Name, Login: a.Login}
	}
	var ids []string
	for _, r := range rows {
		if id, ok := strings.CutPrefix(r.Object, "issue:"); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	issues, err := tx.IssuesByID(ctx, ids)
	for _, i := range issues {
		if p, seen := out.Projects[i.ProjectID]; seen {
			out.Issues[i.ID] = errata.ShortID(p.Prefix, i.Number)
		}
	}
	return out, err
}

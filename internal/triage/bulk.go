package triage

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// MaxBulk is how many issues one act may name.
const MaxBulk = 500

// BulkForm does one act to several issues: ack, assign, resolve, reopen or
// ignore.
type BulkForm struct {
	IDs          []string // short ids
	Act          string
	Assignee     string
	Cause        errata.Cause
	Reason, Note string

	issues []string // internal ids of issues that the actor saw in a list, instead of IDs
}

// What becomes of an issue in bulk.
const (
	FateChange    = "change" // in a preview: it would change
	FateDone      = "done"
	FateSame      = "same" // was so already
	FateIllegal   = "illegal"
	FateForbidden = "forbidden"
	FateBusy      = "busy"
)

// BulkItem says what becomes, or became, of one issue, and why not.
type BulkItem struct {
	ID, Title, Fate, Why string
}

// member is one issue of a bulk.
type member struct {
	*scene
	item *BulkItem
}

// Preview says what Bulk would do. Errors: invalid (act.nothing_chosen,
// act.too_many, and those of the act's form), not_found when one of the issues
// is absent or may not be seen.
func (s *Service) Preview(ctx context.Context, who errata.Actor, f BulkForm) (items []BulkItem, err error) {
	t, err := s.bulk(who, &f)
	if err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		var all []member
		if items, all, err = s.members(ctx, tx, who, f); err != nil {
			return err
		}
		return s.foresee(all, t)
	})
	return items, err
}

// foresee says what would become of issues.
func (s *Service) foresee(all []member, t *attempt) error {
	for _, m := range all {
		if err := s.Decide(t.who, t.right(m.issue), m.issue.ProjectID); err != nil {
			if m.refused(err) {
				continue
			}
			return err
		}
		step, _, err := t.decide(m.scene)
		switch {
		case err != nil && !m.refused(err):
			return err
		case err == nil && step.Changed():
			m.item.Fate = FateChange
		case err == nil:
			m.item.Fate = FateSame
		}
	}
	return nil
}

// bulk reads the form into an attempt that fits each issue.
func (s *Service) bulk(who errata.Actor, f *BulkForm) (*attempt, error) {
	f.IDs = unique(f.IDs)
	switch {
	case f.issues != nil:
	case len(f.IDs) == 0:
		return nil, refuse("ids", "act.nothing_chosen", "Choose at least one issue.")
	case len(f.IDs) > MaxBulk:
		return nil, refuse("ids", "act.too_many", "At most 500 issues are changed at once.")
	}
	d, err := s.deedOf(who, f)
	return s.attempt(who, Form{Note: f.Note}, d), err
}

// unique keeps the first of equal ids, in their order.
func unique(ids []string) (out []string) {
	seen := map[string]bool{}
	for _, id := range ids {
		if id = strings.ToUpper(id); !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func (s *Service) deedOf(who errata.Actor, f *BulkForm) (deed, error) {
	switch f.Act {
	case errata.ActAck:
		return acknowledge(), nil
	case errata.ActAssign:
		return s.assign(who, f.Assignee), nil
	case errata.ActResolve:
		return resolve(f.Cause), nil
	case errata.ActReopen:
		return reopen(), nil
	case errata.ActIgnore:
		return ignore(f.Reason), nil
	}
	return deed{}, refuse("act", "act.unknown", "Several issues can be acknowledged, assigned, resolved, reopened or ignored.")
}

// members reads the issues. One that is absent or invisible fails them all.
func (s *Service) members(ctx context.Context, tx *store.Tx, who errata.Actor, f BulkForm) ([]BulkItem, []member, error) {
	if f.issues != nil {
		return s.listed(ctx, tx, who, f.issues)
	}
	ids := f.IDs
	items, all := make([]BulkItem, len(ids)), make([]member, len(ids))
	for n, id := range ids {
		c, err := s.open(ctx, tx, who, id)
		if err != nil {
			return nil, nil, err
		}
		items[n] = BulkItem{ID: errata.ShortID(c.project.Prefix, c.issue.Number), Title: c.issue.Title}
		all[n] = member{c, &items[n]}
	}
	return items, all, nil
}

// ofIssue are the reasons of invalid acts that lie in an issue; others lie in
// the form.
var ofIssue = []string{errata.ReasonNote, errata.ReasonAssignee, errata.ReasonTooOld}

// refused notes why nothing becomes of this issue; false for an error that is
// none of the issue's.
func (m member) refused(err error) bool {
	switch errata.CodeOf(err) {
	case errata.Forbidden:
		m.item.Fate = FateForbidden
	case errata.Conflict:
		m.item.Fate = FateIllegal
		if errata.ReasonOf(err) == reasonBusy {
			m.item.Fate = FateBusy
		}
	case errata.Invalid:
		if !slices.Contains(ofIssue, errata.ReasonOf(err)) {
			return false
		}
		m.item.Fate = FateIllegal
	default:
		return false
	}
	m.item.Why = errata.MessageOf(err)
	return true
}

// Bulk does the act to every issue that admits it, in one transaction: a row of
// the ledger for each, and one line of the audit for the whole of each service.
// When nothing at all is permitted the error is forbidden.
func (s *Service) Bulk(ctx context.Context, who errata.Actor, f BulkForm) (items []BulkItem, err error) {
	t, err := s.bulk(who, &f)
	if err != nil {
		return nil, err
	}
	if err := s.Fail("triage.before"); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		t.ids.Rewind()
		var all []member
		if items, all, err = s.members(ctx, tx, who, f); err != nil {
			return err
		}
		return s.settleAll(tx, all, t)
	})
	if err != nil {
		return nil, err
	}
	return items, s.Fail("triage.after")
}

// settleAll acts on issues in the order of their ids, as everybody does who
// changes several.
func (s *Service) settleAll(tx *store.Tx, all []member, t *attempt) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b member) int { return cmp.Compare(a.issue.ID, b.issue.ID) })
	permits := permits{tx: tx, who: t.who, asked: map[errata.Resource]*permit{}}
	for _, m := range all {
		p := permits.ask(t.right(m.issue), m.issue.ProjectID)
		err := p.err
		var out Result
		if err == nil {
			out, err = s.settle(m.scene, t)
		}
		if err := m.became(out, err); err != nil {
			return err
		}
		if m.item.Fate == FateDone {
			p.issues = append(p.issues, m.issue.ID)
		}
	}
	return permits.close(t.name)
}

// became notes what came of an act. It returns errors that are none of the
// issue's.
func (m member) became(out Result, err error) error {
	switch {
	case err != nil && !m.refused(err):
		return err
	case err == nil && out.Changed:
		m.item.Fate = FateDone
	case err == nil:
		m.item.Fate = FateSame
	}
	return nil
}

// permits remembers what was permitted, so that one line of the audit stands
// for all issues of a service.
type permits struct {
	tx    *store.Tx
	who   errata.Actor
	asked map[errata.Resource]*permit // by project, and action as the name
}

type permit struct {
	line   *store.Line
	err    error
	issues []string
}

func (p *permits) ask(what errata.Action, project string) *permit {
	key := errata.Resource{Project: project, Name: string(what)}
	if p.asked[key] == nil {
		one := &permit{}
		one.line, one.err = p.tx.Permit(p.who, what, errata.Resource{Project: project})
		p.asked[key] = one
	}
	return p.asked[key]
}

// close completes the lines. Nothing permitted is a refusal of the whole.
func (p *permits) close(act string) (refused error) {
	granted := false
	for _, one := range p.asked {
		if one.err != nil {
			refused = one.err
			continue
		}
		granted = true
		one.line.Detail("act", act)
		one.line.Detail("issues", one.issues)
		if len(one.issues) == 0 {
			one.line.Noop()
		}
	}
	if granted {
		return nil
	}
	return refused
}

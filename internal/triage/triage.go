// Package triage is what people do to issues: acknowledge, assign, resolve,
// ignore, comment. The rules are the domain's; here they meet permission, the
// audit and the store, one transaction per act.
package triage

import (
	"context"
	"log/slog"
	"strings"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/store"
)

// Options are what the service is made of.
type Options struct {
	Store  *store.Store
	Clock  errata.Clock
	Decide errata.Decide
	Log    *slog.Logger
	Find   *find.Service            // for acts on all that a query lists
	Jobs   *jobs.Runner             // does those on many
	Fail   func(point string) error // asked at each step; tests let it fail. nil = never
}

// Service acts on issues.
type Service struct{ Options }

// New returns a service.
func New(o Options) *Service {
	if o.Fail == nil {
		o.Fail = func(string) error { return nil }
	}
	s := &Service{o}
	if o.Jobs != nil {
		o.Jobs.Handle(errata.JobBulk, s.doBulk)
	}
	return s
}

// Form is what every act may carry. Version is that of the issue as it was
// shown; 0 = act on whatever it is now.
type Form struct {
	Version int64
	Note    string
}

// AssignForm gives an issue to somebody: "user:<id>", "me" or "none".
type AssignForm struct {
	Form
	Assignee string
}

// ResolveForm resolves. At P0 it needs a note. The kind is "now", or nothing.
type ResolveForm struct {
	Form
	Kind  string
	Cause errata.Cause
}

// IgnoreForm ignores, for a reason of errata.IgnoreReasons.
type IgnoreForm struct {
	Form
	Reason string
}

// SeverityForm sets a severity: "P0" to "P3", or "auto", which lets events set
// it again.
type SeverityForm struct {
	Form
	Severity string
}

// StageForm says how far the work is; "" clears.
type StageForm struct {
	Form
	Stage errata.Stage
}

// Result is the issue after an act. Not Changed: it was so already, made by the
// account By ("" = by no person) at At (µs).
type Result struct {
	Issue   errata.Issue
	Changed bool
	By      string
	At      int64
}

// Acknowledge says that the actor has seen the issue.
func (s *Service) Acknowledge(ctx context.Context, who errata.Actor, id string, f Form) (Result, error) {
	return s.act(ctx, who, id, f, acknowledge())
}

// Unacknowledge takes an acknowledgement back.
func (s *Service) Unacknowledge(ctx context.Context, who errata.Actor, id string, f Form) (Result, error) {
	return s.act(ctx, who, id, f, deed{name: errata.ActUnack, right: always(errata.IssueAck), do: func(c *scene, a errata.Act) (errata.Step, error) {
		return c.issue.Unacknowledge(c.episode, a)
	}})
}

// Assign gives the issue to somebody who can read it, or to nobody.
func (s *Service) Assign(ctx context.Context, who errata.Actor, id string, f AssignForm) (Result, error) {
	return s.act(ctx, who, id, f.Form, s.assign(who, f.Assignee))
}

// Resolve resolves the issue from now on.
func (s *Service) Resolve(ctx context.Context, who errata.Actor, id string, f ResolveForm) (Result, error) {
	d := resolve(f.Cause)
	if f.Kind != "" && f.Kind != errata.ResolutionNow {
		d.wrong = refuse("kind", "act.unknown_kind", "The kind of a resolution is now.")
	}
	return s.act(ctx, who, id, f.Form, d)
}

// Reopen takes a resolution back.
func (s *Service) Reopen(ctx context.Context, who errata.Actor, id string, f Form) (Result, error) {
	return s.act(ctx, who, id, f, reopen())
}

// Ignore sets the issue aside.
func (s *Service) Ignore(ctx context.Context, who errata.Actor, id string, f IgnoreForm) (Result, error) {
	return s.act(ctx, who, id, f.Form, ignore(f.Reason))
}

// Unignore takes an ignored issue up again.
func (s *Service) Unignore(ctx context.Context, who errata.Actor, id string, f Form) (Result, error) {
	return s.act(ctx, who, id, f, deed{name: errata.ActUnignore, right: always(errata.IssueIgnore), do: func(c *scene, a errata.Act) (errata.Step, error) {
		return c.issue.Unignore(c.episode, a)
	}})
}

// Undo takes back what the actor did to the issue at most ten minutes ago, if
// nothing else has happened since. Version is the one that the act made. Errors:
// conflict (undo_late, undo_not_last).
func (s *Service) Undo(ctx context.Context, who errata.Actor, id string, f Form) (Result, error) {
	d := undo(who, f.Version)
	f.Version = 0
	return s.act(ctx, who, id, f, d)
}

// Severity sets the severity by hand, or frees it.
func (s *Service) Severity(ctx context.Context, who errata.Actor, id string, f SeverityForm) (Result, error) {
	to, known := errata.ParseSeverity(f.Severity)
	auto := strings.EqualFold(f.Severity, "auto")
	var wrong error
	if !known && !auto {
		wrong = refuse("severity", errata.ReasonSeverity, "A severity is P0, P1, P2, P3, or auto.")
	}
	return s.act(ctx, who, id, f.Form, deed{
		name: errata.ActSeverity, right: always(errata.IssueSeverity), fields: []string{"severity", "severity_locked"}, wrong: wrong,
		do: func(c *scene, a errata.Act) (errata.Step, error) {
			if auto {
				return c.issue.FreeSeverity(c.episode, a)
			}
			return c.issue.SetSeverity(c.episode, a, to)
		},
	})
}

// Stage says how far the work on an acknowledged issue is.
func (s *Service) Stage(ctx context.Context, who errata.Actor, id string, f StageForm) (Result, error) {
	return s.act(ctx, who, id, f.Form, deed{
		name: errata.ActStage, right: always(errata.IssueAck), fields: []string{"stage"},
		do: func(c *scene, a errata.Act) (errata.Step, error) { return c.issue.SetStage(c.episode, a, f.Stage) },
	})
}

func refuse(field, reason, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: reason, Field: field, Message: message})
}

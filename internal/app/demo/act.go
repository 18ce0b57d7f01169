package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"errata/internal/errata"
	"errata/internal/triage"
)

// perform does one act, or several of the same kind at once, at its time.
func (d *Demo) perform(ctx context.Context, acts []act) error {
	a := acts[0]
	if ends(a.do) && d.waits(acts) {
		if err := d.deliver(ctx, a.at); err != nil {
			return err
		}
	}
	err := d.do(ctx, acts)
	if errata.CodeOf(err) == errata.Conflict { // nothing that a visitor would miss
		d.skipped.Add(1)
		d.Log.WarnContext(ctx, "act of the demo refused", slog.String("issue", name(a.of)), slog.String("act", string(a.do)), slog.Any("error", err))
		return nil
	}
	if err != nil {
		cause := fmt.Errorf("%s, %s of %s at %s: %w", a.who, a.do, name(a.of), a.at.Format(time.RFC3339), err)
		return errata.E(errata.Internal, "The story of the demo does not fit.", cause)
	}
	return nil
}

// name is the id of an issue, "" of none.
func name(s *subject) string {
	if s == nil {
		return ""
	}
	return s.id
}

// ends says whether the act closes an episode. What happened before it must be
// counted then, or it would come late.
func ends(v verb) bool { return v == resolve || v == ignore || v == tidy }

// waits says whether events of the issues are still to be delivered.
func (d *Demo) waits(acts []act) bool {
	for _, e := range d.plan.deliveries {
		if e.at.After(acts[0].at) {
			return false
		}
		for _, a := range acts {
			if e.of == a.of {
				return true
			}
		}
	}
	return false
}

func (d *Demo) do(ctx context.Context, acts []act) (err error) {
	a := acts[0]
	if a.of == nil {
		d.Clock.Set(a.at)
		return d.visit(ctx, d.browsers[a.who], http.MethodGet, a.to)
	}
	if err := d.look(ctx, a); err != nil {
		return err
	}
	d.Clock.Set(a.at)
	who, id := d.people[a.who], a.of.id
	form := triage.Form{Note: a.text}
	switch a.do {
	case ack:
		_, err = d.Triage.Acknowledge(ctx, who, id, form)
	case assign:
		_, err = d.Triage.Assign(ctx, who, id, triage.AssignForm{Form: form, Assignee: d.assignee(a.to)})
	case resolve:
		_, err = d.Triage.Resolve(ctx, who, id, triage.ResolveForm{Form: form, Cause: errata.Cause(a.to)})
	case reopen:
		_, err = d.Triage.Reopen(ctx, who, id, form)
	case ignore:
		_, err = d.Triage.Ignore(ctx, who, id, triage.IgnoreForm{Form: form, Reason: a.to})
	case comment:
		_, err = d.Triage.Comment(ctx, who, id, a.text)
	case stage:
		_, err = d.Triage.Stage(ctx, who, id, triage.StageForm{Stage: errata.Stage(a.to)})
	case severity:
		_, err = d.Triage.Severity(ctx, who, id, triage.SeverityForm{Form: form, Severity: a.to})
	case reveal:
		err = d.visit(ctx, d.browsers[a.who], http.MethodPost, "/issues/"+id+"/events/recommended/reveal")
	case watch:
		err = d.Triage.Watch(ctx, who, id, true)
	case tidy:
		err = d.tidy(ctx, acts)
	case browse: // has no issue
	}
	return err
}

func (d *Demo) assignee(to string) string {
	if who, ok := d.people[to]; ok {
		return "user:" + who.ID
	}
	return to
}

func (d *Demo) tidy(ctx context.Context, acts []act) error {
	a := acts[0]
	f := triage.BulkForm{Act: errata.ActResolve, Cause: errata.Cause(a.to), Note: a.text}
	for _, one := range acts {
		f.IDs = append(f.IDs, one.of.id)
	}
	_, err := d.Triage.Bulk(ctx, d.people[a.who], f)
	return err
}

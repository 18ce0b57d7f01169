package app

import (
	"context"
	"log/slog"
	"time"

	"errata/internal/errata"
	"errata/internal/rbac"
)

// gate is the policy for the store that it is kept in: the store is opened
// first, and may be asked by nobody but the program until the policy is read.
type gate struct {
	*rbac.Policy
	log *slog.Logger
}

// refreshWait is how long reading the policy after a change may take, whatever
// became of the request; the poll is behind it.
const refreshWait = 5 * time.Second

// Decide says who may do what.
func (g *gate) Decide(who errata.Actor, what errata.Action, project string) error {
	if g.Policy == nil {
		return errata.E(errata.Unavailable, "Permissions are not read yet.", nil)
	}
	return g.Policy.Decide(who, what, project)
}

// Poll reads the policy when another process has changed it.
func (g *gate) Poll(ctx context.Context) error {
	if g.Policy == nil {
		return nil
	}
	return g.Policy.Poll(ctx)
}

// refused audits what a route did not let through: a change in the chain, a
// reading behind the answer.
func (a *App) refused(ctx context.Context, who errata.Actor, what errata.Action, change bool) {
	if change {
		a.store.Refused(ctx, who, what, errata.Resource{})
		return
	}
	a.views.Refused(who, what, errata.Resource{})
}

// changed reads the policy after this process has changed it.
func (g *gate) changed(ctx context.Context) {
	if g.Policy == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshWait)
	defer cancel()
	if err := g.Refresh(ctx); err != nil {
		g.log.WarnContext(ctx, "policy not read after a change", slog.Any("error", err))
	}
}

// Package rbac decides who may do what, with Casbin over the roles that stand
// in the database. One immutable generation of the policy is in force at a
// time; whatever cannot be decided is refused.
package rbac

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"errata/internal/errata"
)

// Source is where the policy is kept.
type Source interface {
	// PolicyEpoch returns the number that every change raises.
	PolicyEpoch(ctx context.Context) (int64, error)
	// Policy returns everything, of one moment.
	Policy(ctx context.Context) (errata.Policy, error)
}

// Options are what a policy is made of.
type Options struct {
	Source Source
	Clock  errata.Clock
	Log    *slog.Logger
}

// pollEvery is how often a change of another process is looked for, so that it
// is in force within five seconds.
const pollEvery = 4 * time.Second

// maxDecisions bounds the decisions that are remembered.
const maxDecisions = 200_000

// Policy decides. It is safe for concurrent use.
type Policy struct {
	opt   Options
	now   atomic.Pointer[generation] // nil: nothing can be decided
	known *otter.Cache[question, bool]
	mu    sync.Mutex // one reads the policy at a time
}

// question is what a decision depends on; of is the number of the generation, so
// that answers do not keep generations.
type question struct {
	of           int64
	sub, project string
	what         errata.Action
}

// New reads the policy.
func New(ctx context.Context, opt Options) (*Policy, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	known, err := otter.New(&otter.Options[question, bool]{MaximumSize: maxDecisions})
	if err != nil {
		return nil, err
	}
	p := &Policy{opt: opt, known: known}
	return p, p.Refresh(ctx)
}

// Run looks for changes of other processes until ctx ends.
func (p *Policy) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := p.Poll(ctx); err != nil && ctx.Err() == nil {
				p.opt.Log.WarnContext(ctx, "policy not read", slog.Any("error", err))
			}
		}
	}
}

// Poll reads the policy again when it has changed. While the database is away
// the last one stays in force.
func (p *Policy) Poll(ctx context.Context) error {
	epoch, err := p.opt.Source.PolicyEpoch(ctx)
	if err != nil {
		return err
	}
	if g := p.now.Load(); g != nil && g.policy.Epoch == epoch {
		return nil
	}
	return p.Refresh(ctx)
}

// Refresh reads the policy now. One that cannot be understood takes every right
// away until it is mended: what it denies is not known.
func (p *Policy) Refresh(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	policy, err := p.opt.Source.Policy(ctx)
	if err != nil {
		return err
	}
	g, err := newGeneration(policy)
	if err != nil {
		p.now.Store(nil)
		p.opt.Log.ErrorContext(ctx, "policy not understood: nobody may do anything", slog.Any("error", err))
		return err
	}
	p.now.Store(g)
	p.opt.Log.DebugContext(ctx, "policy in force", slog.Int64("epoch", policy.Epoch), slog.Int("lines", len(policy.Lines)))
	return nil
}

// renew drops what casbin remembers.
func (p *Policy) renew(old *generation) {
	if fresh, err := newGeneration(old.policy); err == nil {
		p.now.CompareAndSwap(old, fresh)
	}
}

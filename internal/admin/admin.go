// Package admin is the running of an installation: first set-up, people who
// sign in, services and their keys, tokens, and what the operator wants to know.
package admin

import (
	"context"
	"log/slog"
	"time"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/queue"
	"errata/internal/search"
	"errata/internal/store"
)

// Options are what the service is made of. Queue and Engine are nil in a
// command beside a running server.
type Options struct {
	Store     *store.Store
	Queue     *queue.Queue
	Engine    search.Engine
	Passwords *auth.Passwords
	Master    auth.MasterKey
	Clock     errata.Clock
	Decide    errata.Decide
	Poll      func(context.Context) error // reads the policy if another process has changed it
	Log       *slog.Logger
	Mail      Mailer       // nil: no mail server is set
	Views     *store.Views // who read the audit; nil in a command
	URL       string       // public base URL, without a final slash
	DataDir   string
	Version   string
}

// Service runs an installation.
type Service struct {
	Options
	attempts *attempts
	watch    watch
	started  int64
}

// New returns a service.
func New(o Options) *Service {
	if o.Poll == nil {
		o.Poll = func(context.Context) error { return nil }
	}
	return &Service{Options: o, attempts: newAttempts(), watch: watch{last: map[string]Dependency{}}, started: o.Clock().UnixMicro()}
}

func (s *Service) now() int64 { return s.Clock().UnixMicro() }

// inTx runs one change.
func (s *Service) inTx(ctx context.Context, do func(*store.Tx) error) error {
	return s.Store.InTx(ctx, do)
}

const (
	minute = int64(time.Minute / time.Microsecond)
	day    = 24 * 60 * minute
)

// field is a refusal that belongs to one field of a form.
func field(name, reason, message string) errata.Detail {
	return errata.Detail{Reason: reason, Field: name, Message: message}
}

// invalid joins the refusals of a form; nil when there are none.
func invalid(details []errata.Detail) error {
	if len(details) == 0 {
		return nil
	}
	return errata.Because(errata.Invalid, details[0].Message, nil, details...)
}

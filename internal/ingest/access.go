package ingest

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"errata/internal/errata"
	"errata/internal/redact"
)

// Access is a key that was found, with its project.
type Access struct {
	Project    errata.Project
	Key        errata.IngestKey
	Remembered bool // the database was away; the worker looks at the key again
	redactor   *redact.Redactor
	rate       *rate.Limiter // nil = no limit
}

// How long answers about keys are kept: known ones are asked for again after a
// minute, and serve for an hour while the database is away; unknown ones are
// remembered for a minute, so that guessing costs no queries.
const (
	keyFresh = time.Minute
	keyStale = time.Hour
)

// An address may have this many keys refused per minute before it is told to
// slow down. Keys that are accepted are never counted.
const refusalsPerMinute = 60

// remembered is an answer about a key, and when it was given.
type remembered struct {
	access Access
	known  bool
	at     time.Time
}

// Project checks a key, and that it belongs to the project of the address ("" =
// any). Unknown, disabled and foreign keys get one text. Errors:
// unauthenticated, forbidden (reason key), slow_down (reasons ip, unavailable).
func (s *Service) Project(ctx context.Context, key, projectID, ip string) (Access, error) {
	if key == "" {
		s.Refused("missing_key")
		return Access{}, errata.Because(errata.Unauthenticated, "An ingest key is missing.", nil,
			errata.Detail{Reason: "missing_key", Message: "Send the key of the DSN."})
	}
	have, seen := s.keys.GetIfPresent(key)
	if (!seen || !have.known) && !s.addressMayAsk(ip) {
		s.Refused("ip")
		return Access{}, tooManyKeys()
	}
	got, stale, err := s.lookup(ctx, key, have)
	if err != nil {
		s.Refused("unavailable")
		return Access{}, refuse("unavailable", "The database is away and this key was not seen before.", err)
	}
	if why := reject(got, projectID); why != "" {
		return Access{}, s.forbid(why, ip)
	}
	a := got.access
	a.Remembered = stale
	return a, nil
}

func reject(r remembered, projectID string) string {
	switch {
	case !r.known:
		return "unknown_key"
	case r.access.Key.DisabledAt != 0:
		return "disabled_key"
	case projectID != "" && projectID != r.access.Project.ID:
		return "wrong_project"
	}
	return ""
}

func (s *Service) forbid(why, ip string) error {
	if !s.bucket(ip).AllowN(s.clock(), 1) {
		s.Refused("ip")
		return tooManyKeys()
	}
	s.Refused(why)
	return errata.Because(errata.Forbidden, "This key may not send events to this project.", nil,
		errata.Detail{Reason: "key", Message: "The key is unknown, disabled, or belongs to another project."})
}

func tooManyKeys() error { return refuse("ip", "Too many refused keys from this address.", nil) }

// bucket holds how many more keys an address may have refused.
func (s *Service) bucket(ip string) *rate.Limiter {
	l, _ := s.addresses.ComputeIfAbsent(ip, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(refusalsPerMinute)/60, refusalsPerMinute), false
	})
	return l
}

// addressMayAsk says whether an unknown key of this address is worth a query.
func (s *Service) addressMayAsk(ip string) bool {
	l, ok := s.addresses.GetIfPresent(ip)
	return !ok || l.TokensAt(s.clock()) >= 1
}

// lookup returns what is known of a key; stale says that it is older than it
// should be, because the database did not answer.
func (s *Service) lookup(ctx context.Context, key string, have remembered) (got remembered, stale bool, err error) {
	if s.fresh(have) {
		return have, false, nil
	}
	v, err, _ := s.flight.Do(key, func() (any, error) { return s.load(ctx, key) })
	if err == nil {
		return v.(remembered), false, nil
	}
	if have.known && s.clock().Sub(have.at) < keyStale {
		return have, true, nil
	}
	return remembered{}, false, err
}

func (s *Service) fresh(r remembered) bool { return !r.at.IsZero() && s.clock().Sub(r.at) < keyFresh }

func (s *Service) load(ctx context.Context, key string) (remembered, error) {
	old, _ := s.keys.GetIfPresent(key)
	if s.fresh(old) { // another request has just asked; its bucket is the one that counts
		return old, nil
	}
	out := remembered{at: s.clock()}
	project, k, err := s.keyOf(ctx, key)
	switch errata.CodeOf(err) {
	case "":
		out.known = true
		out.access = Access{Project: project, Key: k, redactor: redact.New(project.Settings), rate: limiter(k.PerMinute, old.access.rate)}
	case errata.NotFound:
	default:
		return out, err
	}
	s.keys.Set(key, out)
	return out, nil
}

// limiter keeps the old bucket while its size is the same, so that asking the
// database again does not fill it.
func limiter(perMinute int64, old *rate.Limiter) *rate.Limiter {
	if perMinute <= 0 {
		return nil
	}
	if old != nil && old.Burst() == int(perMinute) {
		return old
	}
	return rate.NewLimiter(rate.Limit(perMinute)/60, int(perMinute))
}

func refuse(reason, message string, cause error) error {
	return errata.Because(errata.SlowDown, message, cause, errata.Detail{Reason: reason, Message: message})
}

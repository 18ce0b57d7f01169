package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/maypok86/otter/v2"

	"errata/internal/errata"
)

// How long a session lives without use, and at most.
const (
	SessionIdle = 8 * time.Hour
	SessionLife = 7 * 24 * time.Hour
)

// SessionStore keeps sessions; the store of the product satisfies it.
type SessionStore interface {
	FindSession(ctx context.Context, id string, now int64) (errata.Session, bool, error)
	SaveSession(ctx context.Context, row errata.Session) error
	// KeepSession writes a session that is still there; one that has ended stays ended.
	KeepSession(ctx context.Context, row errata.Session) error
	DeleteSession(ctx context.Context, id string) error
}

// Sessions are the signed-in browsers.
type Sessions struct {
	*scs.SessionManager
}

// NewSessions returns a session manager over the store. secure is for https:
// the cookie is then bound to the host and never sent in the clear.
func NewSessions(store SessionStore, secure bool, now func() time.Time) *Sessions {
	// Not scs.New: it starts a sweeper of a store in memory that cannot be
	// stopped without a data race. Ours has a sweep of its own.
	m := &scs.SessionManager{
		Store: newSessionStore(store, now), Codec: jsonCodec{}, HashTokenInStore: true, IdleTimeout: SessionIdle, Lifetime: SessionLife,
		Cookie: scs.SessionCookie{Name: "errata", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Persist: true},
		ErrorFunc: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		},
	}
	if secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-errata", true
	}
	return &Sessions{m}
}

// The keys of a session's data.
const (
	keyUser  = "user"
	keyIP    = "ip"
	keyAgent = "agent"
	keyBegan = "began" // µs
)

// SignIn gives the browser a new token and ties it to the account.
func (s *Sessions) SignIn(ctx context.Context, userID, ip, agent string, now time.Time) error {
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	s.Put(ctx, keyUser, userID)
	s.Put(ctx, keyIP, ip)
	s.Put(ctx, keyAgent, clip(agent, 200))
	s.Put(ctx, keyBegan, float64(now.UnixMicro()))
	return nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// ID is the name of the session in the store, "" when there is none yet.
func (s *Sessions) ID(ctx context.Context) string {
	token := s.Token(ctx)
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token)) // as HashTokenInStore does
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// UserID returns the account of the session, "" when nobody is signed in.
func (s *Sessions) UserID(ctx context.Context) string { return s.GetString(ctx, keyUser) }

// jsonCodec writes a session's values as JSON: gob would run what it reads.
type jsonCodec struct{}

type sessionData struct {
	Deadline time.Time      `json:"deadline"`
	Values   map[string]any `json:"values"`
}

func (jsonCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(sessionData{deadline, values})
}

func (jsonCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	var d sessionData
	err := json.Unmarshal(b, &d)
	return d.Deadline, d.Values, err
}

// seenEvery is how often the use of a session is written down; it may so live
// this much shorter than SessionIdle.
const seenEvery = time.Minute

// sessionStore lets scs work on our store. scs commits a session after every
// request, to note its use; what has not changed is written once a minute.
type sessionStore struct {
	store SessionStore
	now   func() time.Time
	known *otter.Cache[string, written]
	// ended holds tokens that were signed out here, so that a request that was
	// under way then does not bring its session back to life.
	ended *otter.Cache[string, struct{}]
	mu    *sync.Mutex
}

// written is what the store has of a session.
type written struct {
	data []byte
	at   int64 // µs
}

func newSessionStore(store SessionStore, now func() time.Time) sessionStore {
	return sessionStore{
		store: store, now: now, known: otter.Must(&otter.Options[string, written]{MaximumSize: 10_000}),
		ended: otter.Must(&otter.Options[string, struct{}]{MaximumSize: 10_000}), mu: &sync.Mutex{},
	}
}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	row, ok, err := s.store.FindSession(ctx, token, s.now().UnixMicro())
	if ok && err == nil {
		s.known.Set(token, written{row.Data, row.SeenAt})
	} else if err == nil {
		s.known.Invalidate(token)
	}
	return row.Data, ok, err
}

// CommitCtx writes a session. Its end follows from our clock alone: SessionIdle
// from now, and at most SessionLife after its begin.
func (s sessionStore) CommitCtx(ctx context.Context, token string, b []byte, _ time.Time) error {
	now := s.now()
	have, known := s.known.GetIfPresent(token)
	same := bytes.Equal(have.data, b)
	if same && now.UnixMicro()-have.at < seenEvery.Microseconds() {
		return nil
	}
	row, err := sessionRow(token, b, now)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ended := s.ended.GetIfPresent(token); ended {
		return nil
	}
	save := s.store.SaveSession
	if known { // somebody may have ended it since this request began
		save = s.store.KeepSession
	}
	if err = save(ctx, row); err != nil && same {
		return nil // the use was not noted; the page need not fail for that
	}
	return err
}

func sessionRow(token string, b []byte, now time.Time) (errata.Session, error) {
	var d sessionData
	if err := json.Unmarshal(b, &d); err != nil {
		return errata.Session{}, err
	}
	text := func(key string) string { v, _ := d.Values[key].(string); return v }
	began := now.UnixMicro()
	if v, ok := d.Values[keyBegan].(float64); ok {
		began = int64(v)
	}
	end := min(now.Add(SessionIdle).UnixMicro(), began+SessionLife.Microseconds())
	return errata.Session{
		ID: token, UserID: text(keyUser), IP: text(keyIP), Agent: text(keyAgent), Data: b, CreatedAt: began,
		SeenAt: now.UnixMicro(), Expires: end,
	}, nil
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended.Set(token, struct{}{})
	s.known.Invalidate(token)
	return s.store.DeleteSession(ctx, token)
}

// The methods without a context are never called by scs when the others exist.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"errata/internal/errata"
	"errata/internal/handlers"
)

// Limits of every request. Bodies are limited by the package that reads them.
const (
	maxURL        = 8 << 10
	maxHeaders    = 16 << 10
	headerTimeout = 5 * time.Second
	idleTimeout   = 60 * time.Second
	requestGrace  = 10 * time.Second
)

// server answers HTTP on a listener that is bound before anything is announced.
type server struct {
	listener net.Listener
	http     *http.Server
}

// listen binds address; port 0 takes a free one.
func listen(ctx context.Context, address string, handler http.Handler, log *slog.Logger) (*server, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &server{listener: l, http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10, // net/http's own refusal is 431 for all; limits tells the URL from the headers
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}

// addr returns where the server listens, as host:port.
func (s *server) addr() string { return s.listener.Addr().String() }

// Run serves until ctx ends, then lets requests under way finish.
func (s *server) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestGrace-time.Second)
	defer cancel()
	err := s.http.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) { // say, a page that streams
		err = s.http.Close()
	}
	<-failed //nolint:errcheck // http.ErrServerClosed, which Shutdown has said before
	return err
}

// close gives the listener back when the server never ran.
func (s *server) close() error {
	err := s.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// limits refuses requests with too long an address or too large headers, before
// anything looks at them.
func limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case len(r.RequestURI) > maxURL:
			refuse(w, r, http.StatusRequestURITooLong, "The address", len(r.RequestURI), maxURL)
		case headerSize(r) > maxHeaders:
			refuse(w, r, http.StatusRequestHeaderFieldsTooLarge, "What precedes the body", headerSize(r), maxHeaders)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refuse says how long something is, and how long it may be.
func refuse(w http.ResponseWriter, r *http.Request, status int, what string, size, limit int) {
	w.Header().Set("Connection", "close")
	sentence := fmt.Sprintf("%s has %d bytes; at most %d are taken.", what, size, limit)
	if !strings.HasPrefix(r.URL.Path, "/api/v1/") {
		http.Error(w, sentence, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(handlers.ErrorBody(errata.E(errata.Invalid, sentence, nil), sentence, "", time.Now())) //nolint:gosec // JSON that holds two numbers of ours; the client has left if this fails
}

// headerSize is what the headers took on the wire.
func headerSize(r *http.Request) int {
	n := len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// compress packs answers of more than 1 KiB. Random jitter hides lengths that
// would tell a secret beside text of a stranger's choosing (BREACH).
func compress(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(1024),
		gzhttp.RandomJitter(32, 0, false),
		gzhttp.ExceptContentTypes([]string{"text/event-stream", "font/woff2", "image/png"}),
		gzhttp.SuffixETag("-gzip"),
	)
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}

package elastic

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// Reasons of this engine, beside those of package search.
const (
	reasonUnreachable = "search.unreachable" // unavailable: no connection, or 502 to 504
	reasonRefused     = "search.refused"     // unavailable: 401 or 403, or an index is blocked
	reasonUnreadable  = "search.unreadable"  // unavailable, or a gap: an index is closed, or blocked for reading
	reasonForeign     = "search.foreign"     // what answers is no usable Elasticsearch
	reasonFault       = "search.fault"       // internal: an answer that should not be
)

// maxAnswer bounds the body of any answer.
const maxAnswer = 256 << 20

// client sends requests and turns answers into values or errors with a code.
type client struct {
	transport *elastictransport.Client
	http      http.RoundTripper
}

func newClient(o *Options) (*client, error) {
	var urls []*url.URL
	for _, text := range o.URLs {
		u, err := url.Parse(strings.TrimSuffix(text, "/"))
		if err != nil {
			return nil, fmt.Errorf("elasticsearch: %w", err)
		}
		urls = append(urls, u)
	}
	base := o.Transport
	if base == nil {
		base = newTransport(o.Certificate)
	}
	options := []elastictransport.Option{
		elastictransport.WithURLs(urls...), elastictransport.WithUserAgent("errata"), elastictransport.WithTransport(base),
		elastictransport.WithDisableRetry(), // the guard and the bulk writer are the only ones that retry
	}
	t, err := elastictransport.NewClient(append(options, credentials(o)...)...)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: %w", err)
	}
	return &client{transport: t, http: base}, nil
}

// credentials are how the cluster knows us, and we the cluster.
func credentials(o *Options) []elastictransport.Option {
	var all []elastictransport.Option
	if o.APIKey != "" {
		all = append(all, elastictransport.WithAPIKey(o.APIKey))
	}
	if o.Username != "" {
		all = append(all, elastictransport.WithBasicAuth(o.Username, o.Password))
	}
	if len(o.CACert) > 0 {
		all = append(all, elastictransport.WithCACert(o.CACert))
	}
	if o.CAFingerprint != "" {
		all = append(all, elastictransport.WithCertificateFingerprint(strings.NewReplacer(":", "", " ", "").Replace(o.CAFingerprint)))
	}
	return all
}

func newTransport(cert *tls.Certificate) *http.Transport {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if cert != nil {
		settings.Certificates = []tls.Certificate{*cert}
	}
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       settings,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConnsPerHost:   32, // the default of 2 reconnects all the time
		IdleConnTimeout:       90 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		ForceAttemptHTTP2:     true,
	}
}

func (c *client) close() {
	if t, ok := c.http.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

const (
	mediaJSON   = "application/vnd.elasticsearch+json;compatible-with=8"
	mediaNDJSON = "application/vnd.elasticsearch+x-ndjson;compatible-with=8"
)

// Perform asks for the wire format of version 8, which 9 speaks too.
func (c *client) Perform(r *http.Request) (*http.Response, error) {
	r.Header.Set("Accept", mediaJSON)
	if r.Body != nil && r.Body != http.NoBody {
		media := mediaJSON
		if strings.HasSuffix(r.URL.Path, "/_bulk") || strings.HasSuffix(r.URL.Path, "/_msearch") {
			media = mediaNDJSON
		}
		r.Header.Set("Content-Type", media)
	}
	return c.transport.Perform(r)
}

// answerError is a refusal in the words of the cluster; for the log, and for
// the writer's table.
type answerError struct {
	status int
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

func (e *answerError) Error() string {
	return fmt.Sprintf("elasticsearch: %d %s: %s", e.status, e.Type, cut(e.Reason, 300))
}

// kind is the type without its "_exception".
func (e *answerError) kind() string { return strings.TrimSuffix(e.Type, "_exception") }

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// do sends a request and decodes the answer into out, which may be nil.
func (c *client) do(ctx context.Context, request esapi.Request, out any) error {
	res, err := request.Do(ctx, c)
	if err != nil {
		return lost(ctx, err)
	}
	defer res.Body.Close()
	body := io.LimitReader(res.Body, maxAnswer)
	if res.IsError() {
		return refused(ctx, res.StatusCode, body)
	}
	if res.Header.Get("X-Elastic-Product") != "Elasticsearch" {
		return because(errata.Internal, reasonForeign, "What answers at the address is no Elasticsearch.", nil)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, body)
	} else {
		err = json.NewDecoder(body).Decode(out)
	}
	if err != nil {
		return lost(ctx, fmt.Errorf("unreadable answer: %w", err))
	}
	return nil
}

// lost is the error of a request without an answer that can be used.
func lost(ctx context.Context, err error) error {
	wait, timed := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return because(errata.Unavailable, search.ReasonCancelled, "The request was cancelled.", err)
	case ctx.Err() != nil, timed && wait.Timeout():
		return because(errata.Unavailable, search.ReasonTimeout, "The search took too long. Shorten the range.", err)
	}
	return because(errata.Unavailable, reasonUnreachable, "The event store cannot be reached.", err)
}

// refused turns an answer of 400 and above into an error with a code.
func refused(ctx context.Context, status int, body io.Reader) error {
	cause := &answerError{status: status}
	text, err := io.ReadAll(io.LimitReader(body, 1<<20))
	if err != nil {
		return lost(ctx, err)
	}
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(text, &answer) != nil || json.Unmarshal(answer.Error, cause) != nil {
		cause.Reason = string(bytes.TrimSpace(text)) // a proxy's page, or an error that is a string
	}
	return classify(cause)
}

func classify(cause *answerError) error {
	switch s := cause.status; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden, cause.kind() == "cluster_block", cause.kind() == "index_closed":
		return because(errata.Unavailable, reasonRefused, "The event store refuses us.", cause)
	case s == http.StatusTooManyRequests, cause.kind() == "es_rejected_execution", cause.kind() == "circuit_breaking":
		return because(errata.SlowDown, search.ReasonBusy, "Too many searches are running. Try again in a moment.", cause)
	case s == http.StatusNotFound:
		return errata.E(errata.NotFound, "There is no such event.", cause)
	case s == http.StatusRequestEntityTooLarge:
		return because(errata.TooLarge, search.ReasonBatch, "The batch of events is too large.", cause)
	case s == http.StatusBadGateway, s == http.StatusServiceUnavailable, s == http.StatusGatewayTimeout:
		return because(errata.Unavailable, reasonUnreachable, "The event store cannot answer now.", cause)
	case cause.kind() == "too_many_buckets":
		return because(errata.Invalid, search.ReasonRequest, "The chart has too many parts. Choose a wider step.", cause)
	case s == http.StatusBadRequest:
		return because(errata.Invalid, search.ReasonQuery, "A part of this search cannot be answered here.", cause)
	}
	return because(errata.Internal, reasonFault, "The event store answered in a way we do not know.", cause)
}

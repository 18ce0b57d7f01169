package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"errata/internal/apptest"
)

// failing is what stands between the product and Elasticsearch: it passes
// everything on until it is told to fail.
type failing struct {
	*httptest.Server
	mode atomic.Pointer[func(w http.ResponseWriter, r *http.Request)]
}

func openFailing(t *testing.T) *failing {
	t.Helper()
	es := os.Getenv("ERRATA_TEST_ES_URL")
	if es == "" {
		if strings.Contains(os.Getenv("ERRATA_TEST_REQUIRE"), "elastic") {
			t.Fatal("ERRATA_TEST_REQUIRE lists elastic, and ERRATA_TEST_ES_URL is not set")
		}
		t.Skip("no Elasticsearch: set ERRATA_TEST_ES_URL (scripts/elasticsearch start)")
	}
	target, err := url.Parse(es)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(target)
	pass.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	f := &failing{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if do := f.mode.Load(); do != nil {
			(*do)(w, r)
			if r.Context().Value(delayed) == nil {
				return
			}
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

type contextKey string

const delayed contextKey = "delayed"

// The ways in which a cluster is away.
var outages = map[string]func(w http.ResponseWriter, r *http.Request){
	"cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"slow": func(_ http.ResponseWriter, r *http.Request) {
		t := time.NewTimer(5 * time.Second)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		}
		*r = *r.WithContext(context.WithValue(r.Context(), delayed, true)) // and pass it on
	},
	"429": refuseWith(http.StatusTooManyRequests, "es_rejected_execution_exception"),
	"503": refuseWith(http.StatusServiceUnavailable, "unavailable_shards_exception"),
}

func refuseWith(status int, kind string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"type":%q,"reason":"on purpose"},"status":%d}`, kind, status)
	}
}

func (f *failing) set(mode string) {
	if mode == "" {
		f.mode.Store(nil)
		return
	}
	do := outages[mode]
	f.mode.Store(&do)
	f.CloseClientConnections()
}

// patience is how long any answer may take while the cluster is away.
const patience = 5 * time.Second

// outage is a product whose cluster is about to go away.
type outage struct {
	*apptest.Product
	t      *testing.T
	engine *failing
	to     apptest.Project
	token  string
	client *http.Client
	sent   int
}

func newOutage(t *testing.T, from string) *outage {
	t.Helper()
	f := openFailing(t)
	f.set(from)
	o := &outage{t: t, engine: f, Product: apptest.Start(t, apptest.Options{Stores: apptest.Scaled, Elastic: f.URL})}
	o.to, o.token, o.client = o.NewProject("shop"), o.Token(apptest.AllScopes), o.SignIn()
	o.client.Timeout = patience
	return o
}

// send sends n events, in turn of two kinds; each is answered at once.
func (o *outage) send(n int) {
	o.t.Helper()
	for range n {
		o.sent++
		body := payload(eventID(o.sent), []string{"KeyError", "ValueError"}[o.sent%2])
		ctx, cancel := context.WithTimeout(o.t.Context(), patience)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL+"/api/"+o.to.ID+"/store/", strings.NewReader(body))
		if err != nil {
			o.t.Fatal(err)
		}
		req.Header.Set("X-Sentry-Auth", "Sentry sentry_version=7, sentry_key="+o.to.Key)
		r, err := http.DefaultClient.Do(req)
		if err != nil {
			o.t.Fatalf("event %d: %v", o.sent, err)
		}
		if _ = r.Body.Close(); r.StatusCode != http.StatusOK {
			o.t.Errorf("event %d: %s", o.sent, r.Status)
		}
		cancel()
	}
}

// counted waits until the list, which needs no engine, counts everything.
func (o *outage) counted() (ids []string) {
	o.t.Helper()
	o.Until(time.Minute, "events counted", func() bool {
		var list issueList
		o.Get(o.token, "/api/v1/issues", &list)
		sum := int64(0)
		ids = nil
		for _, is := range list.Items {
			sum += is.Events
			ids = append(ids, is.ID)
		}
		return sum == int64(o.sent)
	})
	return ids
}

// ask reads a page or an answer of the API; it must come, and soon.
func (o *outage) ask(path string) (int, string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, o.URL+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/api/") {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	r, err := o.client.Do(req)
	if err != nil {
		o.t.Errorf("%s does not answer: %v", path, err)
		return 0, ""
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		o.t.Errorf("%s: %v", path, err)
	}
	return r.StatusCode, string(text)
}

const (
	noList     = "The list could not be read."
	noChart    = "The chart could not be drawn."
	noEvent    = "The event could not be read."
	titlesOnly = "words were looked for in titles only"
)

// honest checks what every page and answer says while the engine is away.
func (o *outage) honest(ids []string) {
	o.t.Helper()
	away := []int{http.StatusServiceUnavailable, http.StatusTooManyRequests}
	fine := []int{http.StatusOK}
	for _, tt := range []struct {
		path      string
		codes     []int
		says, not []string
	}{
		{"/issues", fine, ids, []string{noList, noChart, titlesOnly}},
		{"/issues?q=env%3Aproduction", fine, ids, []string{noList, noChart, titlesOnly}},
		{"/issues?q=wrong", fine, append([]string{titlesOnly, noChart}, ids...), []string{noList}},
		{"/issues?q=logger%3Ashop", fine, []string{noList, noChart}, ids},
		{"/issues/" + ids[0], fine, []string{noEvent, "Error"}, []string{noChart}},
		{"/services", fine, []string{"shop"}, nil},
		{"/system", fine, nil, nil},
		{"/api/v1/issues", fine, ids, nil},
		{"/api/v1/issues?q=wrong", fine, ids, nil},
		{"/api/v1/issues?q=logger%3Ashop", away, []string{`"error"`, `"request_id"`}, nil},
		{"/api/v1/issues/" + ids[0], fine, []string{`"events"`}, nil},
		{"/api/v1/issues/" + ids[0] + "/events", away, []string{`"error"`}, nil},
		{"/api/v1/events/" + eventID(1), away, []string{`"error"`}, nil},
		{"/api/v1/analytics/volume", fine, []string{`"source":"counters"`, fmt.Sprintf(`"total":%d`, o.sent)}, nil},
		{"/api/v1/analytics/volume?bucket=1m&range=1h", fine, []string{`"source":"counters"`, `"bucket":"30m"`}, nil},
		{"/api/v1/analytics/volume?q=unasked", away, []string{`"error"`}, nil}, // what was asked just before is remembered for 3 s
		{"/readyz", fine, nil, nil},
	} {
		code, text := o.ask(tt.path)
		if code != tt.codes[0] && code != tt.codes[len(tt.codes)-1] {
			o.t.Errorf("%s answers %d, want %v", tt.path, code, tt.codes)
		}
		for _, s := range tt.says {
			if !strings.Contains(text, s) {
				o.t.Errorf("%s does not say %q", tt.path, s)
			}
		}
		for _, s := range tt.not {
			if strings.Contains(text, s) {
				o.t.Errorf("%s says %q", tt.path, s)
			}
		}
	}
}

// complete waits until each event is found once.
func (o *outage) complete() {
	o.t.Helper()
	o.Until(2*time.Minute, "each event found", func() bool {
		ids, _, code := tryFound(o.t, o.Product, o.token)
		return code == http.StatusOK && len(ids) == o.sent
	})
	ids, counted := found(o.t, o.Product, o.token)
	for id, n := range ids {
		if n != 1 {
			o.t.Errorf("event %s is there %d times", id, n)
		}
	}
	if got := outcomes(o.t, o.Product); counted != int64(o.sent) || got["stored/full"] != int64(o.sent) || len(got) != 1 {
		o.t.Errorf("sent %d, the list counts %d, outcomes %v", o.sent, counted, got)
	}
}

func TestElasticsearchGoesAway(t *testing.T) {
	t.Parallel()
	for mode := range outages {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // mostly waiting
			o := newOutage(t, "")
			o.send(4)
			o.complete()
			o.engine.set(mode)
			o.send(6)
			ids := o.counted()
			o.honest(ids)
			o.send(2)
			o.counted()
			o.engine.set("")
			o.complete()
		})
	}
}

func TestElasticsearchIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	o := newOutage(t, "cut")
	o.send(6)
	o.honest(o.counted())
	o.engine.set("")
	o.complete()
}

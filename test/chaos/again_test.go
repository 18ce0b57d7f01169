package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"errata/internal/apptest"
)

// asked keeps what the cluster is asked.
type asked struct {
	mu     sync.Mutex
	bodies []string
}

func (a *asked) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.bodies
	a.bodies = nil
	return out
}

// listen passes requests on to the cluster and keeps its searches.
func (a *asked) listen(t *testing.T) string {
	t.Helper()
	upstream, err := url.Parse(strings.TrimSuffix(address(t), "/"))
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(upstream)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/_msearch" {
			text, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(text))
			a.mu.Lock()
			a.bodies = append(a.bodies, limits.ReplaceAllString(string(text), ""))
			a.mu.Unlock()
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// stopped is a clock that can be stopped at a time.
type stopped struct {
	mu sync.Mutex
	at time.Time
}

func (s *stopped) stop(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
}

func (s *stopped) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		return time.Now()
	}
	return s.at
}

// limits are how long the parts of a page still may take.
var limits = regexp.MustCompile(`"timeout":"\d+ms",`)

// TestAskedAgain loads pages twice within a few seconds: the second time the
// same is asked, which the engine has just been told. What was late the first
// time may be sent again, but nothing else.
func TestAskedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the product on an Elasticsearch")
	}
	var a asked
	var clock stopped
	p := apptest.Start(t, apptest.Options{Stores: apptest.Scaled, Elastic: a.listen(t), Clock: clock.now, Log: logs(t)})
	d := data{shop: p.NewProject("checkout"), event: fmt.Sprintf("%032x", 1), trace: strings.Repeat("0af7", 8)}
	p.NewProject("search")
	p.NewProject("payment")
	r := newReader(p)
	d.send(t, p, atFirst, func(n int) bool { return n%2 == 1 })
	d.all(t, p, r.token)
	at := time.Now().Truncate(10 * time.Second).Add(10*time.Second + 1234567)
	for _, path := range []string{
		"/issues?q=deadlock&range=7d", "/issues?q=is%3Aopen+os%3AiOS&range=24h", "/events?range=7d", "/events?q=deadlock&as=chart&by=os&range=7d",
		"/events?as=counts&by=env,os&range=24h", "/issues/facets?key=os&q=deadlock&range=7d", "/issues/CHE-1?q=os%3AiOS&range=7d",
	} {
		t.Run(path, func(t *testing.T) {
			var sent [2][]string
			for i := range sent {
				clock.stop(at.Add(time.Duration(i) * 1100 * time.Millisecond))
				a.take()
				if got := r.get(t, page{path: path}); got.status != http.StatusOK {
					t.Fatal(got.status, got.text)
				}
				sent[i] = a.take()
			}
			if more := without(sent[1], sent[0]); len(sent[0]) == 0 || len(more) > 0 {
				t.Errorf("first %d searches, then others:\n%.2000s", len(sent[0]), more)
			}
			at = at.Add(10 * time.Second)
		})
	}
}

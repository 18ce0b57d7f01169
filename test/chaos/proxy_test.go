package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// cluster is the real Elasticsearch with two things in front of it: toxiproxy,
// which breaks the connection, and a proxy that gives answers of its own.
type cluster struct {
	t      *testing.T
	URL    string // what the product knows
	real   string
	toxi   string       // where toxiproxy takes orders
	status atomic.Int32 // answered in place of the cluster; 0: nothing is
}

// address returns the cluster that the tests may use, or skips.
func address(t *testing.T) string {
	t.Helper()
	u := os.Getenv("ERRATA_TEST_ES_URL")
	if u == "" && strings.Contains(os.Getenv("ERRATA_TEST_REQUIRE"), "elastic") {
		t.Fatal("ERRATA_TEST_REQUIRE lists elastic, and ERRATA_TEST_ES_URL is not set")
	}
	if u == "" {
		t.Skip("ERRATA_TEST_ES_URL is not set; scripts/elasticsearch start prints it")
	}
	return u
}

// inFront puts the proxies in front of the cluster until the test ends.
func inFront(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, real: strings.TrimSuffix(address(t), "/"), toxi: toxiproxy(t)}
	script := httptest.NewServer(c.scripted())
	t.Cleanup(script.Close)
	var made struct{ Listen string }
	c.order(http.MethodPost, "/proxies", map[string]any{
		"name": "elasticsearch", "listen": "127.0.0.1:0", "upstream": strings.TrimPrefix(script.URL, "http://"), "enabled": true,
	}, &made)
	c.URL = "http://" + made.Listen
	return c
}

// toxiproxy builds and runs the program and returns its address.
func toxiproxy(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "toxiproxy")
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=tools/go.mod", "-o", binary, "github.com/Shopify/toxiproxy/v2/cmd/server")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building toxiproxy: %v\n%s", err, out)
	}
	addr := freeAddress(t)
	host, port, _ := net.SplitHostPort(addr)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "-host", host, "-port", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	until(t, 10*time.Second, "toxiproxy answers", func() bool {
		r, err := http.Get("http://" + addr + "/version")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return "http://" + addr
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// until polls until ok.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// scripted passes requests on, or answers them with the status that is set.
func (c *cluster) scripted() http.Handler {
	upstream, err := url.Parse(c.real)
	if err != nil {
		c.t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(upstream)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := int(c.status.Load())
		if status == 0 {
			pass.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"type":"es_rejected_execution_exception","reason":"queue capacity reached"},"status":%d}`, status)
	})
}

// order tells toxiproxy what to do.
func (c *cluster) order(method, path string, body, out any) {
	request(c.t, method, c.toxi+path, body, out)
}

// ask sends a request to the cluster itself, past the proxies.
func (c *cluster) ask(method, path string, body, out any) {
	request(c.t, method, c.real+path, body, out)
}

func request(t *testing.T, method, address string, body, out any) {
	t.Helper()
	var text io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, address, text)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	answer, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %v %.500s", method, address, r.Status, err, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
}

// fault is one way in which the cluster fails. It returns what ends it.
type fault struct {
	name  string
	begin func(c *cluster, prefix string) (end func())
}

var faults = []fault{
	{"stopped", func(c *cluster, _ string) func() {
		c.order(http.MethodPost, "/proxies/elasticsearch", map[string]any{"enabled": false}, nil)
		return func() { c.order(http.MethodPost, "/proxies/elasticsearch", map[string]any{"enabled": true}, nil) }
	}},
	{"five seconds late", func(c *cluster, _ string) func() {
		c.order(http.MethodPost, "/proxies/elasticsearch/toxics", map[string]any{
			"name": "late", "type": "latency", "stream": "downstream", "attributes": map[string]int{"latency": 5000},
		}, nil)
		return func() { c.order(http.MethodDelete, "/proxies/elasticsearch/toxics/late", nil, nil) }
	}},
	{"429", func(c *cluster, _ string) func() {
		c.status.Store(http.StatusTooManyRequests)
		return func() { c.status.Store(0) }
	}},
	{"cut off", func(c *cluster, _ string) func() {
		c.order(http.MethodPost, "/proxies/elasticsearch/toxics", map[string]any{
			"name": "cut", "type": "limit_data", "stream": "downstream", "attributes": map[string]int{"bytes": 150},
		}, nil)
		return func() { c.order(http.MethodDelete, "/proxies/elasticsearch/toxics/cut", nil, nil) }
	}},
	{"a day is closed", func(c *cluster, prefix string) func() {
		index := "/" + yesterday(c, prefix)
		c.ask(http.MethodPost, index+"/_close", nil, nil)
		return func() { c.ask(http.MethodPost, index+"/_open", nil, nil) }
	}},
	{"a day is missing", func(c *cluster, prefix string) func() {
		// A shard has no node to be on, as after the loss of a disk; its index is one
		// beside the day's own, which is closed meanwhile so that nothing of the day
		// can be read.
		index := yesterday(c, prefix)
		_, day, _ := strings.Cut(index, "-events-r")
		_, day, _ = strings.Cut(day, "-")
		homeless := "/" + prefix + "-events-r77-" + day
		c.ask(http.MethodPut, homeless+"?wait_for_active_shards=0", map[string]any{
			"settings": map[string]any{"index.routing.allocation.require._name": "nowhere"},
		}, nil)
		c.ask(http.MethodPost, "/"+index+"/_close", nil, nil)
		return func() {
			c.ask(http.MethodPost, "/"+index+"/_open", nil, nil)
			c.ask(http.MethodDelete, homeless, nil, nil)
		}
	}},
}

// yesterday is the name of the one index of yesterday.
func yesterday(c *cluster, prefix string) string {
	day := time.Now().UTC().AddDate(0, 0, -1).Format("2006.01.02")
	var rows []struct{ Index string }
	c.ask(http.MethodGet, "/_cat/indices/"+prefix+"-events-r*-"+day+"?format=json", nil, &rows)
	if len(rows) != 1 {
		c.t.Fatalf("yesterday has %d indices", len(rows))
	}
	return rows[0].Index
}

package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"errata/internal/querylang"
	"errata/internal/search"
)

// reply is one answer of the fake cluster; err breaks the connection, cut ends
// the body early.
type reply struct {
	status int
	body   string
	err    error
	cut    bool
	alien  bool // without the product header
}

// action is one document of a bulk request.
type action struct {
	index, id string
	source    string
}

// fake is a cluster for answers that a real one gives rarely. It lives in
// memory, so that waiting costs nothing inside a synctest bubble.
type fake struct {
	mu       sync.Mutex
	version  string
	template reply        // to GET of the template
	put      reply        // to PUT of the template
	indices  reply        // to the list of indices
	state    func() reply // of the cluster
	bulk     func(n int, docs []action) reply
	msearch  func(n int, lines []string) reply
	down     bool

	bulks, searches int
	log             []string // method and path of everything else
	last            []action
	sent            [][]byte // bodies of _msearch
}

func newFake() *fake {
	return &fake{version: "8.19.21", template: reply{status: 404, body: `{"error":{"type":"resource_not_found_exception"},"status":404}`}, put: reply{status: 200, body: `{}`}}
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := []byte(nil)
	if r.Body != nil {
		text, _ = io.ReadAll(r.Body)
	}
	a := f.answer(r, text)
	if f.down {
		a = reply{err: errors.New("connection refused")}
	}
	if a.err != nil {
		return nil, a.err
	}
	h := http.Header{}
	if a.status < 300 && !a.alien {
		h.Set("X-Elastic-Product", "Elasticsearch")
	}
	var body io.Reader = strings.NewReader(a.body)
	if a.cut {
		body = io.MultiReader(strings.NewReader(a.body[:len(a.body)/2]), brokenReader{})
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(body), Request: r}, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (f *fake) answer(r *http.Request, text []byte) reply {
	switch path := r.URL.Path; {
	case path == "/_bulk":
		f.bulks++
		f.last = actions(text)
		return f.bulk(f.bulks, f.last)
	case path == "/_msearch":
		f.searches++
		f.sent = append(f.sent, text)
		return f.msearch(f.searches, strings.Split(strings.TrimSpace(string(text)), "\n"))
	case strings.HasPrefix(path, "/_nodes"):
		return reply{status: 200, body: fmt.Sprintf(`{"nodes":{"n":{"version":%q}}}`, f.version)}
	case strings.HasPrefix(path, "/_index_template") && r.Method == http.MethodGet:
		return f.template
	case strings.HasPrefix(path, "/_index_template"):
		return f.put
	}
	if strings.HasPrefix(r.URL.Path, "/_cat/indices") {
		return f.indices
	}
	if strings.HasPrefix(r.URL.Path, "/_cluster/state") {
		return f.state()
	}
	f.log = append(f.log, r.Method+" "+r.URL.RequestURI())
	return reply{status: 200, body: `{}`}
}

func actions(text []byte) []action {
	var all []action
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for i := 0; i+1 < len(lines); i += 2 {
		var a struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"create"`
		}
		if err := json.Unmarshal(lines[i], &a); err != nil {
			panic(err)
		}
		all = append(all, action{a.Create.Index, a.Create.ID, string(lines[i+1])})
	}
	return all
}

// items answers every document by what of says of it: "201", or a status and a
// type, as "429 es_rejected_execution_exception".
func items(docs []action, of func(i int, d action) string) reply {
	all := make([]string, len(docs))
	for i, d := range docs {
		status, kind, bad := strings.Cut(of(i, d), " ")
		all[i] = fmt.Sprintf(`{"create":{"_id":%q,"status":%s}}`, d.id, status)
		if bad {
			all[i] = fmt.Sprintf(`{"create":{"_id":%q,"status":%s,"error":{"type":%q,"reason":"because"}}}`, d.id, status, kind)
		}
	}
	return reply{status: 200, body: `{"errors":true,"items":[` + strings.Join(all, ",") + `]}`}
}

func allItems(what string) func(int, []action) reply {
	return func(_ int, docs []action) reply { return items(docs, func(int, action) string { return what }) }
}

// refusal is a whole request refused with a status and a type.
func refusal(status int, kind string) reply {
	return reply{status: status, body: fmt.Sprintf(`{"error":{"type":%q,"reason":"because"},"status":%d}`, kind, status)}
}

// open returns an engine over f.
func open(t *testing.T, f *fake, with func(*Options)) *Engine {
	t.Helper()
	o := Options{URLs: []string{"http://cluster.test:9200"}, Clock: time.Now, Transport: f}
	if with != nil {
		with(&o)
	}
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// docs returns n documents of one day.
func docs(n int) []search.Doc {
	all := make([]search.Doc, n)
	for i := range all {
		all[i] = search.Doc{Class: 30, Payload: []byte(`{"n":1}`), Record: querylang.Record{
			Time: noon.Add(time.Duration(i) * time.Second).UnixMicro(), Received: noon.UnixMicro(), Project: "42", Issue: "i1",
			EventID: fmt.Sprintf("%032x", i), Service: "shop", Level: "error", Env: "production",
			Terms: []string{"env=production"}, Keys: []string{"env"}, Pairs: []string{"os=iOS"}, Words: [3]string{"one two", "a error", ""},
		}}
	}
	return all
}

// guardFunc makes a guard that counts.
func guardFunc(calls *int, refuse error) Guard {
	return func(ctx context.Context, call func(context.Context) error) error {
		*calls++
		if refuse != nil {
			return refuse
		}
		return call(ctx)
	}
}

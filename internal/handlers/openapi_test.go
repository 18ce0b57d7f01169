package handlers_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/apptest"
	"errata/internal/auth"
	"errata/internal/errata"
)

var update = flag.Bool("update", false, "write the examples of openapi.json anew")

// noon is when the products of these tests start.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// hands is a clock that runs from noon and can be put forward.
type hands struct {
	began time.Time
	ahead atomic.Int64
}

func (h *hands) now() time.Time {
	return noon.Add(time.Since(h.began) + time.Duration(h.ahead.Load())).UTC()
}

func (h *hands) forward(d time.Duration) { h.ahead.Add(int64(d)) }

func newHands() *hands { return &hands{began: time.Now()} }

const sharedID = "5c1e7a9d04b84f6e9a2d7f31c0be8842"

// seed sends what the examples show: two issues of checkout, and one of a
// service that has an event with the same id.
func seed(t *testing.T, p *apptest.Product) {
	t.Helper()
	shop, other := p.NewProject("checkout"), p.NewProject("invoices")
	declined := `{"event_id":"%s","timestamp":"%s","platform":"go","level":"error","environment":"production","release":"%s",
		"server_name":"web-2","user":{"id":"%s","email":"ada@example.org","ip_address":"203.0.113.57"},"tags":{"region":"eu"},
		"exception":{"values":[{"type":"PaymentError","value":"card declined","stacktrace":{"frames":[
			{"function":"main","module":"main","filename":"main.go","lineno":31,"in_app":true},
			{"function":"Charge","module":"checkout","filename":"checkout/charge.go","lineno":88,"in_app":true,"context_line":"return PaymentError{reason}"}]}}]}}`
	p.Send(shop, fmt.Sprintf(declined, sharedID, "2026-11-20T10:12:00Z", "shop@1.4.0", "8812"))
	token := p.Token("issue:read")
	p.Until(15*time.Second, "the first event to open its issue", func() bool { // workers do not keep the order
		return p.Get(token, "/api/v1/issues/CHE-1", &struct{}{}) == http.StatusOK
	})
	p.Send(shop, fmt.Sprintf(declined, "0192f3c4a6b84d0e8f7a112233445566", "2026-11-20T11:05:00Z", "shop@1.4.1", "4711"))
	p.Send(shop, `{"event_id":"9b2d7f31c0be88425c1e7a9d04b84f6e","timestamp":"2026-11-20T11:30:00Z","platform":"python","level":"warning",
		"environment":"staging","message":"refund retried"}`)
	p.Send(other, `{"event_id":"`+sharedID+`","timestamp":"2026-11-20T08:00:00Z","level":"fatal","platform":"node","message":"no invoice number left"}`)
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// settled makes what differs from run to run the same.
func settled(v any, p *apptest.Product) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch s, text := x.(string); {
			case text && k == "request_id" && s != "":
				v[k] = "01993a5e-7c4e-7b5a-9d2e-3f1b6a0c8d47"
			case text && k == "next" && s != "":
				v[k] = "eyJzIjoicHJpb3JpdHkifQ"
			case k == "hash" && text:
				v[k] = strings.Repeat("5a", len(s)/2)
			case k == "oldest_s" && x != nil: // grows while the test runs
				v[k] = 14400.0
			case k == "terms":
				v[k] = []any{"5a5a5a5a5a5a5a5a"}
			default:
				v[k] = settled(x, p)
			}
		}
	case []any:
		for i := range v {
			v[i] = settled(v[i], p)
		}
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil && !at.Before(noon) && at.Before(noon.Add(30*time.Minute)) {
			return noon.Format(time.RFC3339)
		}
		if uuidForm.MatchString(v) {
			return "01993a5e-7c4e-7b5a-9d2e-3f1b6a0c8d47"
		}
		if p != nil {
			return strings.ReplaceAll(v, p.URL, "https://errors.example.com")
		}
	}
	return v
}

// example is one example of the description.
type example struct {
	Request string          `json:"x-request"`
	Before  []string        `json:"x-before"` // requests that lead there
	Token   string          `json:"x-token"`
	Error   errata.Code     `json:"x-error"`
	Value   json.RawMessage `json:"value"`
}

type media struct {
	Schema   json.RawMessage    `json:"schema"`
	Examples map[string]example `json:"examples"`
}

type response struct {
	Ref     string           `json:"$ref"`
	Content map[string]media `json:"content"`
	Headers map[string]any   `json:"headers"`
}

type description struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Security    []map[string][]string `json:"security"`
		Responses   map[string]response   `json:"responses"`
	} `json:"paths"`
	Components struct {
		Responses map[string]response       `json:"responses"`
		Schemas   map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

// shown is a response that is described, with its status.
type shown struct {
	where  string
	status string
	response
}

// all returns every described response once.
func (d description) all() (out []shown) {
	statuses := map[string]string{}
	for path, ops := range d.Paths {
		for _, op := range ops {
			for status, r := range op.Responses {
				if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
					statuses[name] = status
					continue
				}
				out = append(out, shown{"paths " + path + " " + status, status, r})
			}
		}
	}
	for name, r := range d.Components.Responses {
		out = append(out, shown{"components responses " + name, statuses[name], r})
	}
	slices.SortFunc(out, func(a, b shown) int { return strings.Compare(a.where, b.where) })
	return out
}

func readDescription(t *testing.T) (d description) {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every example of the description is what a running product answers, in shape
// and in values.
func TestOpenAPIExamples(t *testing.T) {
	d := readDescription(t)
	answers := map[string]any{}
	apptest.Each(t, apptest.Options{Clock: newHands().now}, func(t *testing.T, p *apptest.Product) {
		seed(t, p)
		tokens := map[string]string{"none": "", "unknown": auth.NewToken(), "all": p.Token(apptest.AllScopes)}
		p.Until(15*time.Second, "all events searchable", func() bool {
			var v struct{ Total int }
			p.Get(tokens["all"], "/api/v1/analytics/volume?from=2026-11-20T00:00:00Z&q=platform:go,python,node", &v)
			return v.Total == 4
		})
		for _, r := range d.all() {
			m := r.Content["application/json"]
			for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
				x := m.Examples[name]
				if x.Request == "" {
					continue // TestOpenAPIErrors
				}
				t.Run(r.where+" "+name, func(t *testing.T) {
					if _, ok := tokens[x.Token]; !ok {
						tokens[x.Token] = p.Token(x.Token)
					}
					for _, first := range x.Before {
						ask(t, p, tokens[x.Token], first)
					}
					status, header, got := ask(t, p, tokens[x.Token], x.Request)
					if fmt.Sprint(status) != r.status {
						t.Fatalf("answered %d, described as %s: %v", status, r.status, got)
					}
					for name := range r.Headers {
						if header.Get(name) == "" {
							t.Errorf("no header %s", name)
						}
					}
					for _, problem := range d.problems("", schemaOf(t, m), got) {
						t.Error(problem)
					}
					got = settled(got, p)
					answers[r.where+" "+name] = got
					if diff := cmp.Diff(decode(t, x.Value), got); diff != "" && !*update {
						t.Errorf("the example differs (-update writes it anew):\n%s", diff)
					}
				})
			}
		}
	})
	if *update {
		writeExamples(t, answers)
	}
}

// ask sends "/path", "METHOD /path" or "METHOD /path body".
func ask(t *testing.T, p *apptest.Product, token, request string) (int, http.Header, any) {
	t.Helper()
	method, path, ok := strings.Cut(request, " ")
	if !ok {
		method, path = http.MethodGet, request
	}
	path, sent, _ := strings.Cut(path, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if sent != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var body any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Errorf("%s: Content-Type %q", request, kind)
	}
	return r.StatusCode, r.Header, body
}

func decode(t *testing.T, raw json.RawMessage) (v any) {
	t.Helper()
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func schemaOf(t *testing.T, m media) map[string]any {
	t.Helper()
	s, _ := decode(t, m.Schema).(map[string]any)
	if s == nil {
		t.Fatal("no schema")
	}
	return s
}

// problems checks a value against a schema, as far as our schemas go.
func (d description) problems(at string, s map[string]any, v any) (out []string) {
	if ref, ok := s["$ref"].(string); ok {
		named, found := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !found {
			return []string{at + ": no schema " + ref}
		}
		return d.problems(at, named, v)
	}
	if !ofType(s["type"], v) {
		return []string{fmt.Sprintf("%s: %v is no %v", at, v, s["type"])}
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		out = append(out, fmt.Sprintf("%s: %v is none of %v", at, v, enum))
	}
	text, _ := v.(string)
	if form, ok := s["pattern"].(string); ok && !regexp.MustCompile(form).MatchString(text) {
		out = append(out, fmt.Sprintf("%s: %q does not match %s", at, text, form))
	}
	if _, err := time.Parse(time.RFC3339, text); s["format"] == "date-time" && err != nil {
		out = append(out, fmt.Sprintf("%s: %v", at, err))
	}
	switch v := v.(type) {
	case map[string]any:
		out = append(out, d.members(at, s, v)...)
	case []any:
		items, _ := s["items"].(map[string]any)
		for i, x := range v {
			out = append(out, d.problems(fmt.Sprintf("%s[%d]", at, i), items, x)...)
		}
	}
	return out
}

func (d description) members(at string, s, v map[string]any) (out []string) {
	props, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			out = append(out, fmt.Sprintf("%s: %v is missing", at, name))
		}
	}
	for name, x := range v {
		sub, ok := props[name].(map[string]any)
		switch {
		case ok:
			out = append(out, d.problems(at+"."+name, sub, x)...)
		case s["additionalProperties"] == false:
			out = append(out, at+"."+name+" is not described")
		}
	}
	return out
}

func ofType(want, v any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(w any) bool { return ofType(w, v) })
	}
	number, isNumber := v.(float64)
	_, isText := v.(string)
	_, isBool := v.(bool)
	_, isObject := v.(map[string]any)
	_, isList := v.([]any)
	return map[any]bool{
		nil: true, "null": v == nil, "string": isText, "boolean": isBool, "object": isObject, "array": isList,
		"number": isNumber, "integer": isNumber && number == float64(int64(number)),
	}[want]
}

// Every route of the API is described, and nothing else is.
func TestOpenAPIRoutes(t *testing.T) {
	d := readDescription(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", d.OpenAPI)
	}
	described, served := map[string]string{}, map[string]string{}
	for path, ops := range d.Paths {
		for method, op := range ops {
			scope := ""
			if len(op.Security) > 0 {
				scope = strings.Join(op.Security[0]["token"], ",")
			}
			described[strings.ToUpper(method)+" "+path] = scope
			if op.OperationID == "" {
				t.Errorf("%s %s has no operationId", method, path)
			}
		}
	}
	for _, r := range newServer(t, nil).Routes() {
		if strings.HasPrefix(r.Path, "/api/") {
			path := regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")
			served[r.Method+" "+path] = string(r.Action)
		}
	}
	if diff := cmp.Diff(served, described); diff != "" {
		t.Error(diff)
	}
}

// writeExamples puts the answers into openapi.json and keeps its order.
func writeExamples(t *testing.T, answers map[string]any) {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out bytes.Buffer
	if err := json.Indent(&out, ordered(t, dec, nil, answers), "", " "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	if err := os.WriteFile("openapi.json", out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ordered copies the next value, with members in their order, and answers in
// place of the values of examples.
func ordered(t *testing.T, dec *json.Decoder, path []string, answers map[string]any) []byte {
	t.Helper()
	token, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return plainJSON(t, token)
	}
	out := []byte(delim.String())
	for i := 0; dec.More(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		key := fmt.Sprint(i)
		if delim == '{' {
			name, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			key = name.(string)
			out = append(append(out, plainJSON(t, key)...), ':')
		}
		at := append(slices.Clone(path), key)
		value := ordered(t, dec, at, answers)
		if answer, ok := answers[exampleAt(at)]; ok {
			value = plainJSON(t, answer)
		}
		out = append(out, value...)
	}
	end, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	return append(out, end.(json.Delim).String()...)
}

func plainJSON(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// exampleAt names the example whose value stands at a path: paths, the path,
// get, responses, 200, content, application/json, examples, name, value.
func exampleAt(path []string) string {
	n := len(path)
	if n < 7 || path[n-1] != "value" || path[n-3] != "examples" {
		return ""
	}
	if path[0] == "paths" {
		return "paths " + path[1] + " " + path[4] + " " + path[n-2]
	}
	return "components responses " + path[2] + " " + path[n-2]
}

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"errata/internal/apptest"
)

// plant puts one secret into one field of an event. Canary is what must be found
// nowhere.
type plant struct {
	field, canary string
	put           func(e object, canary string)
}

// at puts a text with the canary at a path of the event; a path piece may be the
// index of a list.
func at(path, text string) func(object, string) {
	return func(e object, canary string) {
		var here any = e
		pieces := strings.Split(path, "/")
		for _, p := range pieces[:len(pieces)-1] {
			if list, ok := here.([]any); ok {
				here = list[int(p[0]-'0')]
				continue
			}
			m := here.(object)
			if m[p] == nil {
				m[p] = object{}
			}
			here = m[p]
		}
		value := any(strings.ReplaceAll(text, "CANARY", canary))
		if strings.HasPrefix(text, "JSON:") {
			if err := json.Unmarshal([]byte(strings.TrimPrefix(value.(string), "JSON:")), &value); err != nil {
				panic(err)
			}
		}
		here.(object)[pieces[len(pieces)-1]] = value
	}
}

const (
	thrown = "exception/values/0/"
	frame0 = thrown + "stacktrace/frames/0/"
	thread = "threads/values/0/stacktrace/frames/0/"
	crumb0 = "breadcrumbs/values/0/"
)

// plants lists the fields and the forms in which secrets come. Each goes into an
// event of its own.
func plants() []plant {
	var out []plant
	for i, p := range [][2]string{
		{"request/headers/Authorization", "Bearer CANARY"},
		{"request/headers/Proxy-Authorization", "Basic CANARY"},
		{"request/headers/Cookie", "session=CANARY"},
		{"request/headers/Set-Cookie", "sessionid=CANARY; Path=/; HttpOnly"},
		{"request/headers/X-Api-Key", "CANARY"},
		{"request/headers/X-Auth-Token", "CANARY"},
		{"request/headers", `JSON:[["Authorization","Bearer CANARY"],["Accept","*/*"]]`},
		{"request/headers/Referer", "https://shop.example/reset?token=CANARY"},
		{"request/cookies/sessionid", "CANARY"},
		{"request/cookies", "theme=dark; session=CANARY"},
		{"request/query_string", "page=2&access_token=CANARY"},
		{"request/query_string", `JSON:[["password","CANARY"]]`},
		{"request/url", "https://shop.example/pay?api_key=CANARY"},
		{"request/url", "https://ada:CANARY@shop.example/pay"},
		{"request/data", `JSON:{"user":"ada","password":"CANARY"}`},
		{"request/data", `JSON:{"lines":[{"apiKey":"CANARY"}]}`},
		{"request/data", `{"client_secret":"CANARY"}`},
		{"request/data", "user=ada&passwd=CANARY"},
		{"request/env/HTTP_AUTHORIZATION", "Bearer CANARY"},
		{"extra/password", "CANARY"},
		{"extra/config", `JSON:{"db":{"passwd":"CANARY"}}`},
		{"extra/dump", "{'password': 'CANARY', 'user': 'ada'}"},
		{"extra/pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIECANARYMIIE\n-----END RSA PRIVATE KEY-----"},
		{"contexts/vault/secret_key", "CANARY"},
		{"contexts/response/headers", `JSON:{"Set-Cookie":"session=CANARY"}`},
		{"tags/token", "CANARY"},
		{"tags/dsn", "postgres://app:CANARY@db.internal/shop"},
		{frame0 + "vars/password", "CANARY"},
		{frame0 + "vars/config", `JSON:{"nested":[{"private_key":"CANARY"}]}`},
		{frame0 + "vars/request", "<Request Authorization='Bearer CANARY'>"},
		{frame0 + "context_line", `    client = connect(password="CANARY")`},
		{frame0 + "pre_context", `JSON:["    api_key = 'CANARY'"]`},
		{frame0 + "post_context", `JSON:["    token: \"CANARY\","]`},
		{thread + "vars/credentials", `JSON:{"secret":"CANARY"}`},
		{thrown + "value", "cannot reach postgres://app:CANARY@db.internal:5432/shop"},
		{thrown + "value", "refused: Authorization: Bearer CANARY"},
		{thrown + "value", "no mailbox for CANARY@example.com"},
		{crumb0 + "data/password", "CANARY"},
		{crumb0 + "data/url", "https://api.shop.example/v1?token=CANARY"},
		{crumb0 + "message", "POST /login password=CANARY"},
		{crumb0 + "data/headers", `JSON:{"Authorization":"Bearer CANARY"}`},
		{"message", "sign-in failed with password=CANARY"},
		{"message", "mail to CANARY@example.com bounced"},
		{"logentry", `JSON:{"message":"login %s","params":["CANARY@example.com"],"formatted":"login CANARY@example.com"}`},
		{"transaction", "/users/CANARY@example.com/orders"},
		{"user/email", "CANARY@example.com"},
		{"user/username", "CANARY"},
		{"user/name", "CANARY"},
		{"user/data", `JSON:{"password":"CANARY"}`},
		{"fingerprint", `JSON:["{{ default }}","CANARY@example.com"]`},
		{"level", "password=CANARY"},
		{"timestamp", "token=CANARY"},
		{"sdk", "password=CANARY"},
		{"contexts", "token=CANARY"},
	} {
		canary := fmt.Sprintf("cnry%02dq7xkz", i)
		out = append(out, plant{p[0], canary, at(p[0], p[1])})
	}
	for _, p := range [][3]string{ // secrets that have a form of their own
		{"user/ip_address", "203.0.113.77", "CANARY"},
		{"request/env/REMOTE_ADDR", "198.51.100.23", "CANARY"},
		{"extra/card", "4111 1111 1111 1111", "paid with CANARY"},
		{thrown + "value", "5500005555555559", "card CANARY was declined"},
		{"extra/aws", "AKIACNRY7QXKZ2345678", "using CANARY"},
		{frame0 + "vars/header", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjbnJ5In0.c2lnbmF0dXJlY25yeXE3eA", "JSON:\"'CANARY'\""},
		{"message", "ghp_cnryQ7xkzcnryQ7xkzcnryQ7xkzcnry012345", "push with CANARY refused"},
	} {
		out = append(out, plant{p[0], p[1], at(p[0], p[2])})
	}
	return out
}

// event is an ordinary event with this one secret.
func (p plant) event(n int) string {
	frames := func() object {
		return object{"frames": []any{object{
			"function": "pay", "module": "shop.pay", "filename": "shop/pay.py", "lineno": 7, "in_app": true,
			"context_line": "    connect()", "vars": object{"order": "991"},
		}}}
	}
	e := object{
		"event_id": eventID(n), "platform": "python", "level": "error",
		"exception":   object{"values": []any{object{"type": fmt.Sprintf("Planted%c%c", 'A'+n/26, 'a'+n%26), "value": "payment failed, " + plain, "stacktrace": frames()}}},
		"threads":     object{"values": []any{object{"id": "1", "stacktrace": frames()}}},
		"breadcrumbs": object{"values": []any{object{"category": "http", "data": object{"method": "GET"}}}},
		"user":        object{"id": "customer-17"}, "logger": plain,
	}
	if strings.HasPrefix(p.field, "message") || p.field == "logentry" {
		delete(e, "exception")
		e["fingerprint"] = []any{eventID(n)}
	}
	p.put(e, p.canary)
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A secret in any field of an event is found nowhere: in no file, no table, no
// index, no log, no page and no answer.
func TestCanary(t *testing.T) {
	gate := make(chan struct{})
	hold := func(point string) error {
		if point == "sql.before" { // events stay in the queue until it has been searched
			<-gate
		}
		return nil
	}
	apptest.Each(t, apptest.Options{Log: &logged, Fail: hold}, func(t *testing.T, p *apptest.Product) {
		logged.reset()
		gate = make(chan struct{})
		open := sync.OnceFunc(func() { close(gate) })
		defer open()
		shop := p.NewProject("shop")
		all := plants()
		for n, s := range all {
			p.Send(shop, s.event(n))
		}
		all = append(all, refusals(t, p, shop)...)
		h := &hunt{t: t, all: all, seen: map[string]bool{}}
		h.files("queue", filepath.Join(p.DataDir, "queue"))
		open()
		issues := issuesByEvent(t, p, len(plants()))
		h.pages(p, issues)
		h.database(openSQL(t, p))
		h.elastic(p)
		h.files("packed", p.DataDir)
		p.Stop()
		h.files("packed", p.DataDir)
		h.look("log", "the log", logged.bytes())
		h.control(p)
	})
}

// refusals sends secrets with what is refused; the answers must not repeat them.
func refusals(t *testing.T, p *apptest.Product, to apptest.Project) []plant {
	t.Helper()
	out := []plant{
		{field: "broken JSON", canary: "cnryBrokenq7xkz"},
		{field: "query of the address", canary: "cnryQueryq7xkz"},
		{field: "refused key", canary: "cnryKeyq7xkz"},
		{field: "wrong password", canary: "cnryPassq7xkz"},
	}
	look := func(n int, text string) {
		if strings.Contains(text, out[n].canary) {
			t.Errorf("the answer repeats the secret of a %s: %s", out[n].field, text)
		}
	}
	_, text := p.Post(to, "/api/"+to.ID+"/store/", nil, []byte(`{"extra":{"password":"`+out[0].canary+`"`))
	look(0, text)
	_, text = p.Post(to, "/api/"+to.ID+"/store/?sentry_secret="+out[1].canary, nil, []byte(`{"message":"x","event_id":"`+eventID(999)+`"`))
	look(1, text)
	_, text = p.Post(to, "/api/"+to.ID+"/store/", http.Header{"X-Sentry-Auth": {"Sentry sentry_version=7, sentry_key=" + out[2].canary}}, []byte(`{}`))
	look(2, text)
	r := p.Form(p.Browser(), "/login", url.Values{"email": {apptest.Email}, "password": {out[3].canary}})
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	look(3, string(body))
	return out
}

// hunt looks for all secrets in one place after the other.
type hunt struct {
	t    *testing.T
	all  []plant
	seen map[string]bool // kinds of places that show the text which is no secret
}

// plain is no secret: every event says it, and where it is not found nothing
// would be.
const plain = "order-991-is-no-secret"

// control requires that the hunt read what each place holds.
func (h *hunt) control(p *apptest.Product) {
	h.t.Helper()
	kinds := []string{"page", "answer", "table", "queue"}
	if p.Config.Elasticsearch() {
		kinds = append(kinds, "index")
	} else {
		kinds = append(kinds, "file", "packed")
	}
	for _, kind := range kinds {
		if !h.seen[kind] {
			h.t.Errorf("no %s holds %q, which all events say: the hunt is blind there", kind, plain)
		}
	}
	if len(logged.bytes()) == 0 {
		h.t.Error("nothing was logged")
	}
}

// look searches bytes for every secret, as text and as hex digits.
func (h *hunt) look(kind, where string, b []byte) {
	h.t.Helper()
	h.seen[kind] = h.seen[kind] || bytes.Contains(b, []byte(plain))
	for _, p := range h.all {
		for _, form := range []string{p.canary, hex.EncodeToString([]byte(p.canary))} {
			if i := bytes.Index(b, []byte(form)); i >= 0 {
				h.t.Errorf("the secret of %s is in %s: … %q …", p.field, where, b[max(0, i-60):min(len(b), i+60)])
			}
		}
	}
}

func (h *hunt) pages(p *apptest.Product, issues map[string]string) {
	h.t.Helper()
	r := newReader(h.t, p, apptest.Email, apptest.Password)
	token := p.Token(apptest.AllScopes)
	for _, path := range []string{"/issues", "/issues?size=100", "/services", "/services/shop/setup", "/system", "/metrics"} {
		h.look("page", path, []byte(r.page(h.t, path)))
	}
	h.look("answer", "the API's list", []byte(api(h.t, p, token, "/api/v1/issues?size=100")))
	for event, issue := range issues {
		for _, path := range parts(issue, event) {
			h.look("page", path, []byte(r.page(h.t, path)))
		}
		h.look("answer", "the API's event "+event, []byte(api(h.t, p, token, "/api/v1/events/"+event)))
		h.look("answer", "the API's issue "+issue, []byte(api(h.t, p, token, "/api/v1/issues/"+issue)))
	}
}

// database reads every column of every table.
func (h *hunt) database(db *sql.DB) {
	h.t.Helper()
	const postgres = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	tables, err := column(db, postgres)
	if err != nil {
		if tables, err = column(db, `SELECT name FROM sqlite_master WHERE type = 'table'`); err != nil {
			h.t.Fatal(err)
		}
	}
	if len(tables) < 15 {
		h.t.Errorf("only the tables %v were found", tables)
	}
	for _, table := range tables {
		text, err := dump(db, table)
		if err != nil {
			h.t.Fatalf("%s: %v", table, err)
		}
		h.look("table", "the table "+table, text)
	}
}

func column(db *sql.DB, query string) (out []string, err error) {
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// dump is every value of a table.
func dump(db *sql.DB, table string) ([]byte, error) {
	rows, err := db.QueryContext(context.Background(), `SELECT * FROM "`+table+`"`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for rows.Next() {
		row, into := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Fprintf(&out, "%s=%v\n", names[i], v)
		}
	}
	return out.Bytes(), rows.Err()
}

// elastic reads every document of the product's indices.
func (h *hunt) elastic(p *apptest.Product) {
	h.t.Helper()
	if !p.Config.Elasticsearch() {
		return
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet,
		p.Config.Search.Elastic.URLs[0]+"/"+p.Config.Search.Elastic.Prefix+"-*/_search?size=1000", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(`"_source"`)); n < len(plants()) {
		h.t.Errorf("Elasticsearch shows %d documents of %d", n, len(plants()))
	}
	h.look("index", "Elasticsearch", text)
}

// files reads every file of the data directory, and what is packed in them.
func (h *hunt) files(kind, dir string) {
	h.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h.look("file", path, b)
		for _, text := range unpack(b) {
			h.look(kind, "packed in "+path, text)
		}
		return nil
	})
	if err != nil {
		h.t.Error(err)
	}
}

// unpack finds zstd frames and returns what they hold; those that need a
// dictionary are read by the API.
func unpack(b []byte) (out [][]byte) {
	magic := []byte{0x28, 0xb5, 0x2f, 0xfd}
	for i := bytes.Index(b, magic); i >= 0; {
		if d, err := zstd.NewReader(bytes.NewReader(b[i:]), zstd.WithDecoderConcurrency(1), zstd.IgnoreChecksum(true)); err == nil {
			plain, _ := io.ReadAll(io.LimitReader(d, 4<<20)) // what follows the frame is no frame
			d.Close()
			if len(plain) > 0 {
				out = append(out, plain)
			}
		}
		next := bytes.Index(b[i+1:], magic)
		if next < 0 {
			return out
		}
		i += 1 + next
	}
	return out
}

// logged takes what the product logs.
var logged logBuffer

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

func (l *logBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

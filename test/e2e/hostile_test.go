package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/chromedp/chromedp"

	"errata/internal/apptest"
)

// hostile texts try to leave the place that they are shown in.
var hostile = []struct{ name, text string }{
	{"script", `<script>alert(1)</script>`},
	{"attribute", `"><img src=x onerror=alert(1)>`},
	{"single quote", `' onmouseover='alert(1)' autofocus onfocus='alert(1)`},
	{"textarea", `</textarea></pre></code></svg><svg onload=alert(1)>`},
	{"title", `</title></style></script><script>alert(2)</script>`},
	{"comment", `--><script>alert(3)</script><!--`},
	{"templates", `{{7*7}} ${7*7} <%= 7*7 %> #{7*7} {{constructor.constructor('alert(1)')()}}`},
	{"script address", `javascript:alert(1)//https://shop.example/`},
	{"split address", "java\tscript:alert(1)"},
	{"data address", `data:text/html,<script>alert(1)</script>`},
	{"entity", `&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;img src=x onerror=alert(1)&#x3e;`},
	{"htmx", `<a hx-get="/nowhere" hx-trigger="load" data-key="a" popovertarget="m-user">x</a>`},
	{"other sites", `<link rel=stylesheet href=//evil.example/x.css><img src=https://evil.example/x.png><base href=https://evil.example/>`},
	{"turned round", "invoice\u202egnp.exe\u2066\u2067\u202d end"},
	{"zero width", "pass\u200b\u200d\u2060word\ufeff\u00ad"},
	{"combining marks", "Z" + strings.Repeat("\u0335\u0301", 500)},
	{"control", "bell\u0007 esc\u001b[31mred\u0008\u0085 nul\u0000 end"},
	{"long word", strings.Repeat("Wurst", 2000)},
	{"right to left", "فشل الاتصال بقاعدة البيانات <b>x</b>"},
	{"marks", "[email] [redacted] [creditcard] [Filtered]"},
}

// hostileEvent puts a text into every field that an SDK can fill.
func hostileEvent(n int, s string) string {
	address := "https://shop.example/" + s
	if strings.Contains(s, "script:") || strings.HasPrefix(s, "data:") {
		address = s
	}
	frame := object{
		"function": s, "module": s, "filename": s + ".py", "abs_path": "/srv/" + s, "package": s, "lineno": 7, "colno": 3, "in_app": true,
		"context_line": s, "pre_context": []string{s, "x = 1"}, "post_context": []string{"y = 2", s}, "vars": object{s: s, "deep": object{s: []any{s, object{s: s}}}},
	}
	far := object{"function": s, "module": s, "filename": s, "in_app": false}
	e := object{
		"event_id": eventID(n), "platform": "python", "level": "error", "logger": s, "transaction": s, "server_name": s, "release": s, "dist": s, "environment": s,
		"message": object{"formatted": s, "message": s, "params": []any{s}},
		"exception": object{"values": []any{
			object{"type": s, "value": s, "module": s},
			object{"type": s, "value": s, "module": s, "mechanism": object{"type": s, "handled": false, "source": s}, "stacktrace": object{"frames": []any{far, frame}}},
		}},
		"threads":     object{"values": []any{object{"id": s, "name": s, "crashed": true, "stacktrace": object{"frames": []any{frame}}}}},
		"user":        object{"id": s, "email": s, "username": s, "name": s, "geo": object{"city": s}, "data": object{s: s}},
		"tags":        object{s: s, "key": s},
		"contexts":    object{s: object{s: s}, "browser": object{"name": s, "version": s}, "os": object{"name": s}, "runtime": object{"name": s}, "trace": object{"op": s}},
		"extra":       object{s: s, "list": []any{s}},
		"modules":     object{s: s},
		"sdk":         object{"name": s, "version": s},
		"fingerprint": []any{"{{ default }}", eventID(n)},
		"request": object{
			"url": address, "method": s, "query_string": []any{[]any{s, s}}, "headers": object{s: s, "Referer": address, "User-Agent": s},
			"cookies": object{s: s}, "data": object{s: s}, "env": object{s: s},
		},
		"breadcrumbs": object{"values": []any{
			object{"type": s, "category": s, "message": s, "level": s, "data": object{s: s}},
			object{"category": "http", "data": object{"url": address, "method": s, "status_code": s}},
			object{"category": "navigation", "data": object{"from": s, "to": address}},
		}},
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func eventID(n int) string { return fmt.Sprintf("%032x", 0xfeed0000+n) }

// Whatever an event says, its pages show it as text.
func TestHostileText(t *testing.T) {
	browser(t)
	apptest.Each(t, apptest.Options{}, func(t *testing.T, p *apptest.Product) {
		shop := p.NewProject("shop")
		for n, h := range hostile {
			p.Send(shop, hostileEvent(n, h.text))
		}
		issues := issuesByEvent(t, p, len(hostile))
		b := newTab(t, p.URL, true)
		b.signIn(apptest.Email, apptest.Password)
		b.arrive("/overview")
		for n, h := range hostile {
			t.Run(h.name, func(t *testing.T) {
				b.t = t
				b.hostileIssue(issues[eventID(n)], h.text)
			})
		}
		b.t = t
		if p.Config.Elasticsearch() { // what follows asks no event engine
			return
		}
		b.hostileService()
		b.hostileAddresses()
		for _, path := range []string{"/issues", "/issues?size=100", "/services", "/services/shop/setup", "/system"} {
			b.open(path)
			b.inert(path)
		}
	})
}

// issuesByEvent waits until n events have their issues, and can be read.
func issuesByEvent(t testing.TB, p *apptest.Product, n int) map[string]string {
	t.Helper()
	token := p.Token(apptest.AllScopes)
	found := map[string]string{}
	p.Until(patience, "all events readable", func() bool {
		clear(found)
		var issues, events struct{ Items []struct{ ID string } }
		if p.Get(token, "/api/v1/issues?size=100", &issues) != http.StatusOK {
			return false
		}
		for _, i := range issues.Items {
			if p.Get(token, "/api/v1/issues/"+i.ID+"/events", &events) != http.StatusOK {
				return false
			}
			for _, e := range events.Items {
				found[e.ID] = i.ID
			}
		}
		return len(found) == n
	})
	return found
}

// hostileIssue looks at every part of an event's page.
func (b *tab) hostileIssue(issue, text string) {
	b.t.Helper()
	if issue == "" {
		b.t.Fatal("the event has no issue")
	}
	for _, path := range parts(issue, "last") {
		b.open(path)
		b.inert(path)
		b.shows(path, text)
		for _, o := range b.overflow(390) {
			b.t.Errorf("%s: %s", path, o)
		}
		b.size(1440, 900)
	}
	for _, part := range []string{"breadcrumbs", "request", "tags", "json"} { // swapped into the page
		b.click(`.tabs a[href$="/` + part + `"]`)
		b.arrive("/" + part)
		b.inert("swapped " + part)
	}
}

// shows requires that the words of a text stand on the page as they are.
func (b *tab) shows(path, text string) {
	b.t.Helper()
	page := ask[string](b, `document.querySelector("#event").textContent`)
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
		word = clipRunes(word, 24)
		if strings.HasSuffix(path, "/json") { // there it is part of a JSON text
			word = strings.Trim(quote(word), `"`)
			word = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(word)
		}
		if !strings.Contains(page, word) {
			b.t.Errorf("%s does not show %q", path, word)
			return
		}
	}
}

func clipRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// harm lists what no page of ours holds, whoever made it.
const harm = `(() => {
	const out = [];
	for (const e of document.querySelectorAll("*")) {
		for (const a of e.attributes) {
			if (/^on|^style$|^srcdoc$|^hx-on/i.test(a.name)) out.push(e.tagName + " has " + a.name + "=" + a.value.slice(0, 60));
			if (/^(href|src|action|formaction|xlink:href|poster|data)$/.test(a.name) && !/^(data-)/.test(a.name)) {
				const u = new URL(a.value, location.href);
				if (u.protocol !== "http:" && u.protocol !== "https:") out.push(e.tagName + " leads to " + a.value.slice(0, 60));
				const away = u.origin !== location.origin;
				if (away && e.tagName !== "A") out.push(e.tagName + " loads " + u);
				if (away && e.tagName === "A" && !["noopener", "noreferrer", "nofollow"].every(w => e.relList.contains(w))) out.push("link to " + u + " has rel=" + e.rel);
			}
			if (a.name.startsWith("hx-get") && new URL(a.value, location.href).origin !== location.origin) out.push("hx-get " + a.value);
		}
	}
	for (const e of document.querySelectorAll("img, iframe, object, embed, base, style, meta[http-equiv]")) out.push("there is a " + e.outerHTML.slice(0, 80));
	for (const e of document.querySelectorAll("script")) if (e.textContent || !e.src.startsWith(location.origin + "/static/")) out.push("there is a script " + e.outerHTML.slice(0, 80));
	for (const e of document.querySelectorAll("a[href]")) if (!e.href.startsWith("http")) out.push("a link to " + e.href);
	return out;
})()`

// inert requires that the page holds nothing that acts, and that nothing did.
func (b *tab) inert(where string) {
	b.t.Helper()
	for _, h := range ask[[]string](b, harm) {
		b.t.Errorf("%s: %s", where, h)
	}
	b.clean(where)
}

// hostileService gives a service a hostile name; its pages show it.
func (b *tab) hostileService() {
	b.t.Helper()
	b.expectOnly(422)
	for n, h := range hostile[:7] {
		b.open("/services/new")
		b.fill("#f-name", clipRunes(h.text, 60))
		b.fill("#f-slug", fmt.Sprintf("svc-%d", n))
		b.submit("button.primary")
		b.inert("service " + h.name)
	}
	b.expectOnly()
}

// hostileAddresses puts the texts where addresses are shown again.
func (b *tab) hostileAddresses() {
	b.t.Helper()
	b.expectOnly(400, 404, 422)
	for _, h := range hostile {
		text := clipRunes(h.text, 500)
		for _, path := range []string{
			"/issues?q=" + url.QueryEscape(text), "/issues?q=" + url.QueryEscape("service:"+quote(text)), "/issues?tz=" + url.QueryEscape(text),
			"/issues?range=" + url.QueryEscape(text), "/issues?cursor=" + url.QueryEscape(text), "/issues?" + url.QueryEscape(text) + "=1&" + url.QueryEscape(text) + "=2",
			"/issues/" + url.PathEscape(text), "/services/" + url.PathEscape(text) + "/setup", "/" + url.PathEscape(text),
		} {
			if strings.ContainsAny(text, "\u0000") && !strings.Contains(path, "?") {
				continue // no browser sends it
			}
			if err := b.tryOpen(path); err != nil {
				b.t.Errorf("%s: %v", clip(path, 80), err)
				continue
			}
			b.inert(clip(path, 80))
		}
	}
	b.expectOnly()
}

func (b *tab) tryOpen(path string) error { return chromedp.Do(b.ctx, chromedp.Navigate(b.base+path)) }

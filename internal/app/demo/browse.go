package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// recent is how far back people are seen to look at pages: what they looked at
// earlier nobody would find.
const recent = 40 * time.Hour

// browser is one person's, with the cookies it was given.
type browser struct {
	person
	password string
	cookies  map[string]*http.Cookie
	seen     map[string]time.Time // when it showed an issue
}

// look has somebody open an issue before acting on it.
func (d *Demo) look(ctx context.Context, a act) error {
	b := d.browsers[a.who]
	if d.plan.now.Sub(a.at) > recent || a.at.Sub(b.seen[a.of.id]) < time.Hour {
		return nil
	}
	b.seen[a.of.id] = a.at
	d.Clock.Set(a.at.Add(-40 * time.Second))
	return d.visit(ctx, b, http.MethodGet, "/issues/"+a.of.id)
}

// visit asks for a page, or posts an empty form, and signs in where that is
// asked for.
func (d *Demo) visit(ctx context.Context, b *browser, method, path string) error {
	w, err := d.ask(ctx, b, method, path, nil)
	if err != nil {
		return err
	}
	if w.status == http.StatusOK {
		return nil
	}
	form := url.Values{"email": {b.email()}, "password": {b.password}}
	if w, err = d.ask(ctx, b, http.MethodPost, "/login", form); err == nil && w.status == http.StatusSeeOther {
		w, err = d.ask(ctx, b, method, path, nil)
	}
	if err == nil && w.status != http.StatusOK {
		err = fmt.Errorf("%s %s by %s was answered %d", method, path, b.login, w.status)
	}
	return err
}

// ask sends one request of a browser.
func (d *Demo) ask(ctx context.Context, b *browser, method, path string, form url.Values) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = "192.0.2.40:40200"
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", d.URL)
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	d.Pages.ServeHTTP(w, r)
	got := http.Response{Header: w.header}
	for _, c := range got.Cookies() {
		b.cookies[c.Name] = c
	}
	return w, nil
}

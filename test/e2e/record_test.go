package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// record keeps what a clean page never does: write to the console, throw, break
// the content security policy, open a dialog, or ask another site.
type record struct {
	base   string
	mu     sync.Mutex
	events []string
	status map[int]bool // answers that the test expects
}

// note is called for every event of the tab.
func (r *record) note(ev any) {
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, a := range e.Args {
			words = append(words, string(a.Value)+a.Description)
		}
		r.add("console %s: %s", e.Type, strings.Join(words, " "))
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		r.add("exception: %s", text)
	case *log.EventEntryAdded:
		if !r.foreseen(e.Entry) && !strings.HasPrefix(e.Entry.Text, "Clear-Site-Data header") { // signing out does that
			r.add("log %s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			r.add("policy: %s %s", d.ViolatedDirective, d.BlockedURL)
		}
	case *page.EventJavascriptDialogOpening:
		r.add("dialog: %s", e.Message)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, r.base+"/") && !strings.HasPrefix(u, "data:") && u != "about:blank" {
			r.add("foreign request: %s", clip(u, 300))
		}
	}
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

// foreseen says that the browser reports an answer that the test asked for, or
// that a test was in a field before the page could put the focus there.
func (r *record) foreseen(e *log.Entry) bool {
	if strings.HasPrefix(e.Text, "Autofocus processing was blocked") {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for code := range r.status {
		if e.Source == log.EntrySourceNetwork && strings.Contains(e.Text, fmt.Sprintf("status of %d", code)) {
			return true
		}
	}
	return false
}

// expect lets answers with a status pass from now on.
func (r *record) expect(codes ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status == nil {
		r.status = map[int]bool{}
	}
	for _, c := range codes {
		r.status[c] = true
	}
}

// expectOnly lets answers with these statuses pass, and no other.
func (r *record) expectOnly(codes ...int) {
	r.mu.Lock()
	r.status = nil
	r.mu.Unlock()
	r.expect(codes...)
}

// take returns what was recorded, and forgets it.
func (r *record) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.events)
	r.events = nil
	return out
}

// clean fails the test for everything that was recorded.
func (b *tab) clean(where string) {
	b.t.Helper()
	for _, e := range b.take() {
		b.t.Errorf("%s: %s", where, clip(e, 600))
	}
}

// quote writes a text for JavaScript.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

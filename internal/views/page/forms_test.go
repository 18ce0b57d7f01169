package page

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

func TestSignInSaysTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		in              SignInIn
		problem, notice string
	}{
		"first":      {SignInIn{}, "", ""},
		"refused":    {SignInIn{Err: errata.E(errata.Unauthenticated, "Wrong.", errors.New("no such user"))}, "Wrong.", ""},
		"internal":   {SignInIn{Err: errors.New("sql: connection refused")}, "Something broke on our side.", ""},
		"wait":       {SignInIn{Wait: 8}, "Too many attempts. Try again in 8 s.", ""},
		"wait long":  {SignInIn{Wait: 128}, "Too many attempts. Try again in 3 min.", ""},
		"expired":    {SignInIn{Expired: true}, "", "Your session has ended. Sign in to go on."},
		"signed out": {SignInIn{SignedOut: true}, "", "You are signed out."},
	} {
		t.Run(name, func(t *testing.T) {
			got := NewSignIn(layout.Chrome{}, c.in)
			if got.Problem != c.problem || got.Notice != c.notice {
				t.Errorf("problem %q, notice %q", got.Problem, got.Notice)
			}
		})
	}
}

func TestFormProblems(t *testing.T) {
	for name, c := range map[string]struct {
		err        error
		top, field string
	}{
		"none":       {nil, "", ""},
		"of a field": {errata.Because(errata.Invalid, "Refused.", nil, errata.Detail{Field: "slug", Message: "Taken."}), "", "Taken."},
		"of none":    {errata.E(errata.Unavailable, "Try later.", nil), "Try later.", ""},
		"of another": {errata.Because(errata.Invalid, "Refused.", nil, errata.Detail{Field: "x", Message: "Odd."}), "Odd.", ""},
		"a stranger": {errors.New("secret"), "Something broke on our side.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewNewService(layout.Chrome{}, NewServiceIn{Err: c.err})
			if got := strings.Join(m.Problems, " "); got != c.top || m.Fields[1].Error != c.field {
				t.Errorf("top %q, field %q", got, m.Fields[1].Error)
			}
		})
	}
}

func TestSteps(t *testing.T) {
	var got []string
	for _, s := range newSteps(StepService) {
		w := s.Text
		if s.Done {
			w += " done"
		}
		if s.Current {
			w += " now"
		}
		got = append(got, w)
	}
	if diff := cmp.Diff([]string{"Administrator done", "Store check done", "First service now", "First event"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSnippets(t *testing.T) {
	in := ServiceSetupIn{DSN: "https://key@host/1", Store: "https://host/api/1/store/", Key: errata.IngestKey{Key: "key"}, MayReadKey: true}
	for _, p := range platforms {
		in.Platform = p.Value
		m := NewServiceSetup(layout.Chrome{}, in)
		var all strings.Builder
		for _, s := range m.Snippets {
			all.WriteString(s.Code)
			var joined strings.Builder
			for _, span := range s.spans() {
				joined.WriteString(span.Text)
			}
			if joined.String() != s.Code {
				t.Errorf("%s: colouring changed the code", p.Value)
			}
		}
		if !strings.Contains(all.String(), in.DSN) && !strings.Contains(all.String(), in.Store) || strings.ContainsAny(all.String(), "\r") || strings.Contains(all.String(), "{DSN}") || strings.Contains(all.String(), "{KEY}") {
			t.Errorf("%s: %s", p.Value, all.String())
		}
	}
}

func TestSnippetPlatform(t *testing.T) {
	for _, c := range []struct{ asked, own, want string }{
		{"", "go", "go"}, {"java", "go", "java"}, {"", "python-django", "python"}, {"", "javascript", "browser"}, {"", "", "curl"}, {"<x>", "other", "curl"},
	} {
		if got := snippetPlatform(c.asked, c.own); got != c.want {
			t.Errorf("snippetPlatform(%q, %q) = %q, want %q", c.asked, c.own, got, c.want)
		}
	}
}

func TestTick(t *testing.T) {
	in := ServiceSetupIn{Moment: now, Service: errata.Project{Slug: "shop", Platform: "go"}, MayReadKey: true}
	waiting := NewServiceSetup(layout.Chrome{}, in).Tick
	if waiting.Poll != "/services/shop/setup?platform=go" || waiting.Arrived || waiting.Skip != nil {
		t.Errorf("waiting: %+v", waiting)
	}
	in.First = &FirstEvent{Issue: "SHO-1", Title: "x", At: before(1e9), Environment: "production"}
	arrived := NewServiceSetup(layout.Chrome{}, in).Tick
	if arrived.Poll != "" || !arrived.Arrived || arrived.Next.URL != "/issues/SHO-1" || arrived.Checks[0].OK || !arrived.Checks[1].OK {
		t.Errorf("arrived: %+v", arrived)
	}
}

func TestErrorPages(t *testing.T) {
	for name, c := range map[string]struct {
		in                  ErrorIn
		heading, text, next string
	}{
		"404":            {ErrorIn{Status: 404}, "Nothing here", "There is no such page, or you may not see it.", "Check the address, or start from the issue list."},
		"403 who":        {ErrorIn{Status: 403, Message: "Needs system:read.", Grant: "Ask Ada."}, "Not allowed", "Needs system:read.", "Ask Ada."},
		"429 when":       {ErrorIn{Status: 429, RetryAfter: 40}, "Too many requests", "There were too many requests from you in a short time.", "Try again in 40 s."},
		"unknown is 500": {ErrorIn{Status: 599}, "Something broke on our side", "The page could not be made. What happened is in the server's log under the id below.", "Try again; if it stays, give the id to whoever runs this server."},
	} {
		t.Run(name, func(t *testing.T) {
			got := NewError(layout.Chrome{}, c.in)
			if got.Heading != c.heading || got.Text != c.text || got.Next != c.next || got.Home == "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestErrorFromHidesStrangers(t *testing.T) {
	if in := ErrorFrom(errors.New("password=hunter2"), 500, "r1"); in.Message != "" || in.RequestID != "r1" {
		t.Errorf("%+v", in)
	}
	if in := ErrorFrom(errata.Because(errata.Conflict, "Changed by Ada.", nil, errata.Detail{Hint: "Reload."}), 409, ""); in.Message != "Changed by Ada." || in.Hint != "Reload." {
		t.Errorf("%+v", in)
	}
}

func TestCanned(t *testing.T) {
	for _, status := range []int{500, 503} {
		c, err := NewCanned(status)
		if err != nil {
			t.Fatal(err)
		}
		b := c.With("01JD4R8W6KQ2-a_b<script>\"" + strings.Repeat("x", 99))
		if !bytes.Contains(b, []byte("<code>01JD4R8W6KQ2-a_bscript")) || bytes.Contains(b, []byte(cannedID)) || len(b) > 4096 {
			t.Errorf("%d: %s", status, b)
		}
		if !bytes.HasPrefix(bytes.ToLower(b), []byte("<!doctype html>")) || !bytes.HasSuffix(b, []byte("</html>")) {
			t.Errorf("%d is no whole page", status)
		}
	}
}

func TestSystem(t *testing.T) {
	key := func(project string, o errata.Outcome, reason string) errata.OutcomeKey {
		return errata.OutcomeKey{ProjectID: project, Hour: before(0), Category: errata.CategoryError, Outcome: o, Reason: reason}
	}
	in := SystemIn{Moment: now, Queued: 2, Outcomes: errata.Outcomes{
		key("1", errata.Stored, "full"): {Items: 5, Bytes: 10}, key("2", errata.Stored, "full"): {Items: 3, Bytes: 4}, key("1", errata.Rejected, "bad_json"): {Items: 1, Bytes: 1},
		key("1", errata.Rejected, "too_deep"): {Items: 4, Bytes: 1},
	}}
	got := newOutcomes(in)
	if got.Received != "15" {
		t.Errorf("received %s", got.Received)
	}
	var terms, rows []string
	for _, f := range got.Terms {
		terms = append(terms, f.Name+" "+f.Value)
	}
	for _, r := range got.Rows {
		rows = append(rows, strings.Join([]string{r.Outcome, r.Reason, r.Items, r.Share}, " "))
	}
	if diff := cmp.Diff([]string{"Stored 8", "Deduplicated 0", "Filtered 0", "Rate limited 0", "Rejected 5", "Dead letters 0", "Queued 2"}, terms); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Stored full 8 53%", "Rejected too_deep 4 27%", "Rejected bad_json 1 6.7%"}, rows); diff != "" {
		t.Error(diff)
	}
}

func TestSystemSummary(t *testing.T) {
	ok, slow, down := Dependency{Name: "Queue", State: LightOK}, Dependency{Name: "Disk", State: LightSlow}, Dependency{Name: "Engine", State: LightDown}
	for want, all := range map[string][]Dependency{
		"ok":   {ok, {Name: "Mail", State: LightUnknown}},
		"warn": {ok, slow}, "bad": {slow, down},
	} {
		if got := summary(all, false); got.Tone != want {
			t.Errorf("%+v: %+v, want %s", all, got, want)
		}
	}
	if got := summary([]Dependency{ok}, true); got.Tone != "warn" {
		t.Errorf("not all could be read: %+v", got)
	}
	if got := newDependencyRow(Dependency{Name: "X", State: "odd"}, ui.Moment{}); got.Word != "Not checked" {
		t.Errorf("an unknown state: %+v", got)
	}
}

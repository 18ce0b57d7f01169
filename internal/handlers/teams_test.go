package handlers_test

import (
	"strings"
	"testing"

	"errata/internal/apptest"
	"errata/internal/errata"
)

func TestTeamPages(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	p.NewProject("checkout")
	p.NewProject("payments")
	bo := p.NewUser("bo@example.com", errata.RoleResponder, "checkout")
	boss, reader := p.SignIn(), p.SignInAs("bo@example.com")

	see(t, p, boss, 200, "/teams", "No team yet", "Make the team", `href="/teams"`)
	lacks(t, "what a reader is offered", see(t, p, reader, 200, "/teams", "No team yet", "Ask Ada"), "Make the team")
	if code, text, _ := post(t, p, boss, "/teams", "name", "", "slug", "Pay"); code != 422 || !strings.Contains(text, "at most 80 characters") || !strings.Contains(text, "1 to 50 characters") {
		t.Errorf("a team without a name: %d %.300s", code, text)
	}
	code, _, at := post(t, p, boss, "/teams", "name", "Payments & more")
	if code != 303 || at != "/teams/payments-more" {
		t.Fatalf("made: %d, %s", code, at)
	}
	see(t, p, boss, 200, at, "The team is made.", "Nobody is in this team yet.", "Delete the team")
	for path, form := range map[string][]string{
		"/members": {"user", bo, "role", "lead"}, "/services": {"project", "2"}, "/rename": {"name", "Money"},
	} {
		if code, _, to := post(t, p, boss, at+path, form...); code != 303 || to != at {
			t.Errorf("%s: %d, %s", path, code, to)
		}
	}
	if code, text, _ := post(t, p, boss, at+"/members", "user", "nobody", "role", "lead"); code != 422 || !strings.Contains(text, "There is no such account.") {
		t.Errorf("nobody: %d", code)
	}
	see(t, p, boss, 200, at, "Money", "Person bo@example.com", "lead", "payments", "1 service has no team afterwards.", "checkout")
	see(t, p, boss, 200, "/services/payments/setup", "answers for it", `href="/teams/payments-more"`)
	see(t, p, boss, 200, "/users/"+bo, "Money")
	see(t, p, boss, 200, "/audit?action=team:manage", "team:manage", "Money")
	see(t, p, reader, 200, "/me", "Teams", "Money")
	text := see(t, p, reader, 200, at, "Money", "answers for no service that you may see", "Ask Ada")
	lacks(t, "the page of a service out of sight", text, "payments</", "Delete the team")
	lacks(t, "the list of a reader", see(t, p, reader, 200, "/teams", "Money", "yours"), ">payments<")

	if code, _, to := post(t, p, boss, at+"/delete"); code != 303 || to != "/teams" {
		t.Errorf("deleted: %d, %s", code, to)
	}
	see(t, p, boss, 200, "/teams", "The team is deleted.", "No team yet")
	see(t, p, boss, 404, at)
}

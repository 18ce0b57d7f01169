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

	see(t, p, boss, 200, "/teams", "No team yet", "Create the team", `href="/teams"`)
	lacks(t, "what a reader is offered", see(t, p, reader, 200, "/teams", "No team yet", "Ask Ada"), "Create the team")
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

// A view for a team stands under its name, for its members alone.
func TestTeamViewPages(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	p.NewProject("checkout")
	bo := p.NewUser("bo@example.com", errata.RoleResponder, "checkout")
	p.NewUser("cleo@example.com", errata.RoleResponder, "checkout")
	boss, member, other := p.SignIn(), p.SignInAs("bo@example.com"), p.SignInAs("cleo@example.com")
	post(t, p, boss, "/teams", "name", "Payments")
	post(t, p, boss, "/teams/payments/members", "user", bo, "role", "member")

	if code, text, _ := post(t, p, boss, "/views", "title", "Ours", "here", "/issues?q=is:open", "visibility", "team:payments"); code != 422 || !strings.Contains(text, "a team that its owner is in") {
		t.Errorf("for a team of others: %d", code)
	}
	see(t, p, member, 200, "/issues?q=is:open", `value="team:payments"`)
	lacks(t, "the form of who is in no team", see(t, p, other, 200, "/issues?q=is:open", `value="all"`), "team:payments")
	code, _, at := post(t, p, member, "/views", "title", "Ours alone", "here", "/issues?q=is:open", "visibility", "team:payments")
	if code != 303 {
		t.Fatalf("saved: %d", code)
	}
	slug := at[strings.LastIndex(at, "=")+1:]
	post(t, p, boss, "/teams/payments/members", "user", bossID(t, p), "role", "lead")
	see(t, p, boss, 200, "/views", `aria-label="Payments"`, "Ours alone", "Person bo@example.com")
	see(t, p, boss, 200, "/issues", `<h3 class="l trunc"><bdi>Payments</bdi></h3>`, "Ours alone")
	see(t, p, boss, 200, "/teams/payments", "1 saved view is shared with the team")
	lacks(t, "the views of who is not in the team", see(t, p, other, 200, "/views"), "Ours alone", "Payments")
	absent := strings.ReplaceAll(see(t, p, other, 404, "/views/ours-alone-00000000"), "ours-alone-00000000", "")
	if hidden := strings.ReplaceAll(see(t, p, other, 404, "/views/"+slug), slug, ""); len(hidden) != len(absent) {
		t.Errorf("a view of others is told from one that does not exist")
	}
	post(t, p, member, "/views/"+slug, "title", "Still ours")
	see(t, p, boss, 200, "/views", "Still ours")
	post(t, p, member, "/views/"+slug+"/share", "visibility", "private")
	lacks(t, "a view taken back", see(t, p, boss, 200, "/views"), "Still ours")
	post(t, p, member, "/views/"+slug+"/share", "visibility", "team:payments")
	post(t, p, boss, "/teams/payments/delete")
	lacks(t, "the view of a team that is gone", see(t, p, boss, 200, "/views"), "Still ours")
	see(t, p, member, 200, "/views", "Still ours")
}

// bossID is the account of the administrator.
func bossID(t *testing.T, p *apptest.Product) string {
	t.Helper()
	return column(t, database(t, p), `SELECT id FROM app_user WHERE email = '`+apptest.Email+`'`)[0]
}

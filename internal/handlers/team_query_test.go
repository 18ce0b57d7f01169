package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
	"errata/internal/errata"
)

// What a team answers for is found by its name: on pages, in the API, and while
// it is typed.
func TestQueriesOfTeams(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	for _, slug := range []string{"checkout", "invoices"} {
		p.Send(p.NewProject(slug), `{"level":"error","environment":"production","message":"broken in `+slug+`"}`)
	}
	p.Until(10*time.Second, "both issues", func() bool {
		return column(t, database(t, p), `SELECT COUNT(*) FROM issue`)[0] == "2"
	})
	bo := p.NewUser("bo@example.com", errata.RoleResponder, "checkout")
	boss, member := p.SignIn(), p.SignInAs("bo@example.com")
	for _, form := range [][]string{{"/teams", "name", "Billing"}, {"/teams/billing/services", "project", "2"}, {"/teams/billing/members", "user", bo, "role", "member"}} {
		if code, text, _ := post(t, p, boss, form[0], form[1:]...); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %.300s", form[0], code, text)
		}
	}
	for _, page := range []string{"/issues", "/events"} {
		text := see(t, p, boss, 200, page+"?q=team:billing&range=7d", "broken in invoices", "team:billing")
		lacks(t, page+" of a team", text, "broken in checkout")
		text = see(t, p, boss, 200, page+"?q=!team:billing&range=7d", "broken in checkout")
		lacks(t, page+" of all others", text, "broken in invoices")
		lacks(t, page+" of a member who may not see the service", see(t, p, member, 200, page+"?q=team:my_teams&range=7d", "team:my_teams"), "broken in")
		see(t, p, boss, 422, page+"?q=team:absent&range=7d", "There is no team “absent”, or you may not see it.")
	}
	see(t, p, boss, 200, "/issues/suggest?q=team:b&at=6&range=7d", `data-text="billing"`, "Billing<")
	see(t, p, boss, 200, "/issues/facets?key=team&range=7d", "Team of issues", `q=team:billing&`, `q=team:none&`)
	see(t, p, boss, 200, "/help/query", "team:my_teams,none")

	token := p.Token(apptest.AllScopes + ",user:read")
	for q, want := range map[string]int64{"team:billing": 1, "team:none,billing": 2, "has:team": 1, "team:billing service:checkout": 0} {
		for _, path := range []string{"/api/v1/issues", "/api/v1/events", "/api/v1/aggregate", "/api/v1/analytics/volume"} {
			if got := totalOf(t, p, token, path+"?q="+strings.ReplaceAll(q, " ", "+")); got != want {
				t.Errorf("%s %s: %d, want %d", path, q, got, want)
			}
		}
	}
	if code := p.Get(p.Token(apptest.AllScopes), "/api/v1/issues?q=team:billing", nil); code != http.StatusUnprocessableEntity {
		t.Errorf("a token that may not read who else there is: %d", code)
	}
	var explained struct{ Canonical, Way string }
	if code := p.Get(token, "/api/v1/query/explain?in=events&q=team:%23Billing", &explained); code != 200 || explained.Canonical != "team:Billing" || explained.Way != "events" {
		t.Errorf("%d, %+v", code, explained)
	}
}

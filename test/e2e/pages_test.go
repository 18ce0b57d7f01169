package e2e

import (
	"strings"
	"testing"

	"errata/internal/apptest"
)

// realPage is a page of the product that a signed-in person can ask for.
type realPage struct {
	name, path string
	status     []int // other than 200
}

// realPages lists every kind of page with the data of the shop.
func realPages(t testing.TB, p *apptest.Product) []realPage {
	t.Helper()
	token := p.Token(apptest.AllScopes)
	issue := func(q string) string { return items(t, api(t, p, token, "/api/v1/issues?q="+q))[0] }
	rich, js, python := issue("deadlock"), issue("rates"), issue("greenlet_spawn")
	ev := "/issues/" + rich + "/events/recommended"
	return []realPage{
		{name: "issues", path: "/issues"},
		{name: "issues-filtered", path: "/issues?q=service:checkout-api+env:production"},
		{name: "issues-empty", path: "/issues?q=nosuchword"},
		{name: "issues-wrong", path: "/issues?q=env%3A(", status: []int{422}},
		{name: "issues-7d", path: "/issues?range=7d"},
		{name: "issue", path: "/issues/" + rich},
		{name: "issue-all", path: "/issues/" + rich + "?frames=all"},
		{name: "issue-raw", path: "/issues/" + rich + "?frames=raw"},
		{name: "issue-browser", path: "/issues/" + js},
		{name: "issue-python", path: "/issues/" + python + "/events/last"},
		{name: "issue-breadcrumbs", path: ev + "/breadcrumbs"},
		{name: "issue-request", path: ev + "/request"},
		{name: "issue-tags", path: ev + "/tags"},
		{name: "issue-json", path: ev + "/json"},
		{name: "issue-no-event", path: "/issues/" + rich + "/events/" + strings.Repeat("0", 31) + "1", status: []int{404}},
		{name: "services", path: "/services"},
		{name: "service-new", path: "/services/new"},
		{name: "service-setup", path: "/services/checkout-api/setup"},
		{name: "service-setup-java", path: "/services/checkout-api/setup?platform=java"},
		{name: "system", path: "/system"},
		{name: "not-found", path: "/nowhere", status: []int{404}},
		{name: "wrong-zone", path: "/issues?tz=Mars", status: []int{400}},
	}
}

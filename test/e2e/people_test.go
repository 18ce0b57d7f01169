package e2e

import (
	"strings"
	"testing"

	"errata/internal/apptest"
)

// choose picks an option as a person does with the keyboard; also where scripts
// of pages are off.
func (b *tab) choose(css, option string) {
	b.t.Helper()
	b.until("the option "+option, `(() => { const s = document.querySelector(`+quote(css)+`);
		const o = [...s.options].find(o => o.text === `+quote(option)+`); if (!o) return false; s.value = o.value; return true; })()`)
}

// An administrator invites somebody, who joins, is given a role, and is signed
// out when the account is disabled; with and without JavaScript.
func TestPeopleJourney(t *testing.T) {
	browser(t)
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) { peopleJourney(t, script) })
	}
}

func peopleJourney(t *testing.T, script bool) {
	p := apptest.Start(t, apptest.Options{})
	p.NewProject("checkout")
	p.NewProject("payments")
	boss, bo := newTab(t, p.URL, script), newTab(t, p.URL, script)
	boss.signIn(apptest.Email, apptest.Password)
	boss.open("/users")
	boss.follow(`a[href="/users/invite"]`, "/users/invite")
	boss.fill("#f-email", "bo@shop.example")
	boss.choose("#f-role", "No role everywhere")
	boss.click("details.unfold summary")
	boss.until("the services open", `document.querySelector("details.unfold").open`)
	boss.choose(".rolegrid select", "Responder") // checkout comes first
	boss.submit("form.formcard button.primary")
	boss.contains("main", "No mail server is set", "responder on checkout")
	link := strings.TrimPrefix(boss.text("#invite-link"), p.URL)
	if !strings.HasPrefix(link, "/invite/") {
		t.Fatalf("link %q", link)
	}

	bo.open(link)
	bo.contains("main", "Ada Lovelace invites you", "bo@shop.example", "responder on checkout")
	bo.fill("#f-name", "Bo Berg")
	bo.fill("#f-password", apptest.Password)
	bo.submit("form.formcard button.primary")
	bo.open("/me")
	bo.contains("main", "Bo Berg", "this browser", "responder on checkout")
	if bo.has(`.side a[href="/roles"]`) || bo.has(`.side a[href="/audit"]`) || !bo.has(`.side a[href="/users"]`) {
		t.Error("the navigation does not fit a responder")
	}
	other := newTab(t, p.URL, script)
	other.expectOnly(409)
	other.open(link)
	other.contains("h1", "This invitation has been used")

	boss.open("/users")
	boss.follow(".ptbl tbody tr:last-child a.pwho", "/users/") // by name: Ada, Bo
	boss.contains("h1", "Bo Berg")
	boss.choose("#f-role", "Maintainer")
	boss.choose("#f-project", "payments")
	boss.submit("form.inline-form button.primary")
	boss.contains("main", "maintainer on payments")
	boss.contains("#toasts", "The role is given.")
	bo.open("/audit")
	bo.contains("main", "Rows of your services are shown")
	boss.submit("button.danger")
	boss.contains("main", "disabled", "Enable the account")
	bo.open("/me")
	bo.arrive("/login")
	for _, b := range []*tab{boss, bo, other} {
		b.clean("people")
	}
}

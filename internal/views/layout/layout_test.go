package layout

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

func TestNavShowsWhatMayBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		may  []errata.Action
		want string
	}{
		"all":          {errata.Actions, "Overview, Issues, Events, Analytics, Service set-up, Reports, Users, Teams, Roles, Audit, System"},
		"issues alone": {[]errata.Action{errata.IssueRead}, "Overview, Issues"},
		"people alone": {[]errata.Action{errata.UserRead}, "Users, Teams"},
		"nothing":      {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, n := range Nav(func(a errata.Action) bool { return slices.Contains(c.may, a) }) {
				got = append(got, n.Text)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func html(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAppearanceIsWrittenByTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		theme, density string
		want           string
	}{
		"nothing chosen": {"", "", `<html lang="en">`},
		"dark":           {"dark", "comfortable", `<html lang="en" data-theme="dark">`},
		"compact":        {"system", "compact", `<html lang="en" data-density="compact">`},
		"both":           {"light", "compact", `<html lang="en" data-density="compact" data-theme="light">`},
		"a bad cookie":   {`"><script>`, "x", `<html lang="en">`},
	} {
		t.Run(name, func(t *testing.T) {
			got := html(t, Base(Chrome{Theme: ParseTheme(c.theme), Density: ParseDensity(c.density)}))
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s", got[:120])
			}
		})
	}
}

func TestApp(t *testing.T) {
	c := Chrome{
		Title: "Issues", Org: "<b>", Here: "/issues?q=a", User: &User{Name: "Ada <i>", Note: "ada@shop.example"}, Section: SectionIssues, Theme: Dark,
		Nav: Nav(func(errata.Action) bool { return true }), Health: []Health{{What: "Search degraded", Since: ui.Time{ISO: "x", Text: "today 16:17"}, URL: "/system"}},
	}
	got := html(t, App(c, templ.NopComponent))
	for _, want := range []string{
		`<title>Issues · Errata</title>`, `<a href="/issues?q=is:unresolved" title="Issues" aria-current="page" data-key="g i">`, `Search degraded since today 16:17`,
		`<form method="post" action="/logout">`, `<input type="hidden" name="next" value="/issues?q=a">`, `value="dark" checked`, `&lt;b&gt;`, `Ada &lt;i&gt;`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if n := strings.Count(got, `aria-current="page"`); n != 2 { // sidebar and narrow navigation
		t.Errorf("%d current places", n)
	}
}

func TestAppWithoutUser(t *testing.T) {
	if got := html(t, App(Chrome{}, templ.NopComponent)); strings.Contains(got, "/logout") || strings.Contains(got, "Account") {
		t.Error("nobody is signed in, and there is an account menu")
	}
}

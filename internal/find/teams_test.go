package find_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/store"
)

// teamed gives two services to a team each: shop to web, in which the reader
// is, and secret to vault. The third has none.
func teamed(t *testing.T, p *partstest.Parts) (shop, secret errata.Project) {
	t.Helper()
	shop, secret = spread(t, p)
	p.NewProject("loose", errata.ProjectSettings{})
	ctx := t.Context()
	p.Write(func(tx *store.Tx) error {
		for _, one := range []struct {
			slug string
			of   errata.Project
		}{{"web", shop}, {"vault", secret}, {"idle", errata.Project{}}} {
			if err := tx.CreateTeam(ctx, errata.Team{ID: "t-" + one.slug, Slug: one.slug, Name: strings.ToUpper(one.slug), CreatedAt: 1}); err != nil {
				return err
			}
			if one.of.ID == "" {
				continue
			}
			if _, err := tx.SetProjectTeam(ctx, one.of.ID, "t-"+one.slug); err != nil {
				return err
			}
		}
		if _, err := tx.CreateAccount(ctx, errata.Account{ID: "1", Email: "ada@example.com", Login: "ada", State: errata.UserActive}); err != nil {
			return err
		}
		_, err := tx.SetMember(ctx, errata.Membership{TeamID: "t-web", UserID: "1", Role: errata.TeamMember, At: 1})
		return err
	})
	return shop, secret
}

// alone may read both services, and not who else there is.
func alone(p errata.Project, more ...errata.Project) errata.Actor {
	who := only(p)
	for _, m := range more {
		who.Scopes.Projects = append(who.Scopes.Projects, m.ID)
	}
	who.Scopes.Actions = []errata.Action{errata.IssueRead, errata.EventRead, errata.AnalyticsRead}
	return who
}

// answers asks a query everywhere and returns how many issues and events it
// has; the reason when it is refused.
func answers(t *testing.T, f *find.Service, who errata.Actor, q string) (issues, events int64, reason string) {
	t.Helper()
	ctx := t.Context()
	list, err := f.Issues(ctx, who, find.IssueQuery{Q: q, Range: lately})
	page, other := f.Events(ctx, who, find.EventsQuery{Q: q, Range: lately})
	chart, third := f.Volume(ctx, who, find.VolumeQuery{Q: q, Range: lately})
	counted, fourth := f.Aggregate(ctx, who, find.AggregateQuery{Q: q, Range: lately, By: []querylang.Key{{Name: "service"}}})
	reason = errata.ReasonOf(err)
	for _, err := range []error{other, third, fourth} {
		if errata.ReasonOf(err) != reason {
			t.Errorf("%s: %v here, %s there", q, err, reason)
		}
	}
	if reason != "" {
		return 0, 0, reason
	}
	if chart.Total != page.Total.Value || counted.Total.Value != page.Total.Value {
		t.Errorf("%s: %d events, %d in the chart, %d counted", q, page.Total.Value, chart.Total, counted.Total.Value)
	}
	for _, text := range []string{list.Query.Text, page.Query.Text, chart.Query.Text, counted.Query.Text} {
		if text != q {
			t.Errorf("%s is shown as %s", q, text)
		}
	}
	return list.Total.Value, page.Total.Value, ""
}

func TestTeams(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, secret := teamed(t, p)
		type want struct {
			issues, events int64
			reason         string
		}
		for _, tt := range []struct {
			name, q string
			who     errata.Actor
			want    want
		}{
			{"own", "team:web", partstest.Reader, want{3, 6, ""}},
			{"another", "team:vault", partstest.Reader, want{3, 6, ""}},
			{"both", "team:vault,web", partstest.Reader, want{6, 12, ""}},
			{"of nothing", "team:idle", partstest.Reader, want{}},
			{"not of nothing", "!team:idle", partstest.Reader, want{6, 12, ""}},
			{"none", "team:none", partstest.Reader, want{}},
			{"mine", "team:my_teams env:staging", partstest.Reader, want{1, 1, ""}},
			{"not mine", "!team:my_teams", partstest.Reader, want{3, 6, ""}},
			{"any", "has:team", partstest.Reader, want{6, 12, ""}},
			{"wild", "team:va*", partstest.Reader, want{3, 6, ""}},
			{"or an event", "team:web OR env:staging", partstest.Reader, want{4, 7, ""}},
			{"or nothing", "env:staging OR team:idle", partstest.Reader, want{2, 2, ""}},
			{"absent", "team:absent", partstest.Reader, want{0, 0, "query.unknown_name"}},

			{"of a service that is not seen", "team:vault", only(shop), want{}},
			{"not of one that is not seen", "!team:vault", only(shop), want{3, 6, ""}},
			{"own, of a token", "team:web", alone(shop, secret), want{3, 6, ""}},
			{"a team that is not known", "team:vault", alone(shop, secret), want{0, 0, "query.unknown_name"}},
			{"not one that is not known", "!team:vault", alone(shop, secret), want{0, 0, "query.unknown_name"}},
			{"one that is not known is none", "team:none", alone(shop, secret), want{3, 6, ""}},
			{"is not there", "has:team", alone(shop, secret), want{3, 6, ""}},
			{"and is no pattern's", "team:vau*", alone(shop, secret), want{}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				var got want
				got.issues, got.events, got.reason = answers(t, p.Find, tt.who, tt.q)
				if got != tt.want {
					t.Errorf("%s: %+v, want %+v", tt.q, got, tt.want)
				}
			})
		}
		explained(t, p)
		suggestedTeams(t, p, shop, secret)
		viewsOfTeams(t, p, alone(shop, secret))
	})
}

// explained checks that events of a team are asked of the engine alone.
func explained(t *testing.T, p *partstest.Parts) {
	t.Helper()
	for q, want := range map[string]find.Way{"team:web timeout": find.WayEvents, "team:web is:open": find.WaySets} {
		x, err := p.Find.Explain(t.Context(), partstest.Reader, find.Asked{Q: q, In: querylang.InEvents, Over: lately})
		if err != nil || x.Way != want || x.Query.Text != q {
			t.Errorf("%s: %s %q, %v; want %s", q, x.Way, x.Query.Text, err, want)
		}
	}
	_, err := p.Find.Explain(t.Context(), partstest.Reader, find.Asked{Q: "team:web", In: querylang.InRule, Over: lately})
	if errata.ReasonOf(err) != "query.wrong_scope" {
		t.Errorf("a rule: %v", err)
	}
}

func suggestedTeams(t *testing.T, p *partstest.Parts, shop, secret errata.Project) {
	t.Helper()
	for _, tt := range []struct {
		name, q string
		in      querylang.Place
		who     errata.Actor
		want    string
	}{
		{"the key", "tea|", querylang.InIssues, partstest.Reader, "field team:\n"},
		{"with issues", "team:|", querylang.InIssues, partstest.Reader, "value team:vault 3\nvalue team:web 3\nvalue team:my_teams\nvalue team:none\nvalue team:idle\n"},
		{"beside other conditions", "env:staging team:w|", querylang.InIssues, partstest.Reader, "value env:staging team:web 1\n"},
		{"with the sign", "team:#va|", querylang.InIssues, partstest.Reader, "value team:vault 3\n"},
		{"of events", "team:v|", querylang.InEvents, partstest.Reader, "value team:vault\n"},
		{"not counted where not seen", "team:v|", querylang.InIssues, only(shop), "value team:vault\n"},
		{"not known", "team:|", querylang.InIssues, alone(shop, secret), "value team:none 3\nvalue team:web 3\nvalue team:my_teams\n"},
		{"not known, by its beginning", "team:v|", querylang.InIssues, alone(shop, secret), ""},
	} {
		t.Run("suggested, "+tt.name, func(t *testing.T) {
			at := strings.Index(tt.q, "|")
			q := strings.Replace(tt.q, "|", "", 1)
			got, err := p.Find.Suggest(t.Context(), tt.who, find.SuggestQuery{Q: q, At: at, In: tt.in, Over: lately})
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(tt.want, suggested(q, got)); d != "" {
				t.Error(d)
			}
		})
	}
}

// viewsOfTeams checks that a shared view that names a team is hidden from who
// does not know it.
func viewsOfTeams(t *testing.T, p *partstest.Parts, who errata.Actor) {
	t.Helper()
	p.Write(func(tx *store.Tx) error {
		if _, err := tx.CreateAccount(t.Context(), errata.Account{ID: "9", Email: "eve@example.com", Login: "eve", State: errata.UserActive}); err != nil {
			return err
		}
		for i, q := range []string{"team:vault", "!team:va*", "team:web,none", "has:team !team:my_teams"} {
			v := errata.SavedView{
				ID: "v" + string(rune('a'+i)), Slug: "v" + string(rune('a'+i)), OwnerID: "9", Visibility: errata.ViewForAll, Page: "issues",
				Title: q, Query: q, Position: int64(i), Version: 1, CreatedAt: 1, UpdatedAt: 1,
			}
			if err := tx.CreateView(t.Context(), v); err != nil {
				return err
			}
		}
		return nil
	})
	for name, one := range map[string]struct {
		who  errata.Actor
		want string
	}{
		"known": {partstest.Reader, "team:vault | !team:va* | team:web,none | has:team !team:my_teams"}, "not known": {who, "team:web,none | has:team !team:my_teams"},
	} {
		views, err := p.Find.SavedViews(t.Context(), one.who)
		var titles []string
		for _, v := range views {
			titles = append(titles, v.Title)
		}
		if got := strings.Join(titles, " | "); got != one.want || err != nil {
			t.Errorf("%s: %s, %v; want %s", name, got, err, one.want)
		}
	}
}

// A service that goes to another team is counted there at once: an answer that
// was kept is not that of before.
func TestResponseOfATeamThatChanges(t *testing.T) {
	p, f, clock := answered(t, func(errata.Action, string) bool { return true })
	count := func(q string) int64 {
		r, err := f.Response(t.Context(), partstest.Reader, asking(clock, func(r *find.ResponseQuery) { r.Q = q }))
		if err != nil || r.Query.Text != q {
			t.Fatalf("%s: %q, %v", q, r.Query.Text, err)
		}
		return r.Total.N
	}
	p.Write(func(tx *store.Tx) error {
		return tx.CreateTeam(t.Context(), errata.Team{ID: "t", Slug: "web", Name: "Web", CreatedAt: 1})
	})
	const joined = "team:web OR team:web severity:P3"
	if n, m := count("team:web"), count(joined); n != 0 || m != 0 {
		t.Errorf("a team of nothing: %d and %d", n, m)
	}
	p.Write(func(tx *store.Tx) error {
		_, err := tx.SetProjectTeam(t.Context(), "1", "t")
		return err
	})
	if n, m := count("team:web"), count(joined); n != 1 || m != 1 {
		t.Errorf("a team of one service: %d and %d, want 1", n, m)
	}
}

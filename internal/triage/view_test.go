package triage_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	parts "errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/triage"
)

// limited is a person who may do nothing but these actions.
func limited(who errata.Actor, actions ...errata.Action) errata.Actor {
	who.Scopes = &errata.TokenScopes{Actions: actions}
	return who
}

// Grace sees and saves views; she neither shares them nor manages accounts.
var plainGrace = limited(grace, errata.IssueRead, errata.EventRead, errata.ViewSave)

func viewForm(title, query string) triage.ViewForm {
	return triage.ViewForm{Title: title, Page: "issues", Query: query, Params: map[string]string{"range": "7d"}, Visibility: errata.ViewPrivate}
}

func titles(t *testing.T, w *world, who errata.Actor) (out []string) {
	t.Helper()
	all, err := w.Find.SavedViews(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		out = append(out, v.Title)
	}
	return out
}

func TestSavedViews(t *testing.T) {
	worlds(t, parts.Options{Idle: true}, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.begin(t, "Views")
		mine, err := w.Triage.SaveView(ctx, ada, viewForm("  Checkout, P0  ", "severity:P0 service:shop-views"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Find.SavedView(ctx, ada, mine.Slug)
		if d := cmp.Diff(mine, got.SavedView); d != "" || err != nil || !got.Mine {
			t.Errorf("%v\n%s", err, d)
		}
		if !strings.HasPrefix(mine.Slug, "checkout-p0-") || mine.Title != "Checkout, P0" {
			t.Errorf("slug %q, title %q", mine.Slug, mine.Title)
		}
		again, err := w.Triage.SaveView(ctx, ada, viewForm("Checkout, P0", ""))
		if err != nil || again.Slug == mine.Slug {
			t.Errorf("the same title again: %q, %v", again.Slug, err)
		}

		f := viewForm("Renamed", "is:open")
		f.Version = mine.Version
		changed, err := w.Triage.ChangeView(ctx, ada, mine.Slug, f)
		if err != nil || changed.Version != 2 || changed.Title != "Renamed" || changed.Slug != mine.Slug {
			t.Errorf("%+v, %v", changed, err)
		}
		if _, err = w.Triage.ChangeView(ctx, ada, mine.Slug, f); errata.ReasonOf(err) != "view.changed" {
			t.Errorf("an old version: %v", err)
		}
		if err = w.Triage.DeleteView(ctx, ada, mine.Slug, 1); errata.ReasonOf(err) != "view.changed" {
			t.Errorf("deleting an old version: %v", err)
		}
		if err = w.Triage.DeleteView(ctx, ada, mine.Slug, 2); err != nil {
			t.Error(err)
		}
		if got := titles(t, w, ada); !slices.Equal(got, []string{"Checkout, P0"}) {
			t.Errorf("left: %q", got)
		}
	})
}

// A private view is known to its owner alone, whatever rights others have.
func TestPrivateViewsAreInvisible(t *testing.T) {
	worlds(t, parts.Options{Idle: true}, func(t *testing.T, w *world) {
		ctx := t.Context()
		v, err := w.Triage.SaveView(ctx, plainGrace, viewForm("Grace's own", "is:open"))
		if err != nil {
			t.Fatal(err)
		}
		if got := titles(t, w, ada); got != nil {
			t.Errorf("the administrator is shown %q", got)
		}
		_, read := w.Find.SavedView(ctx, ada, v.Slug)
		_, changed := w.Triage.ChangeView(ctx, ada, v.Slug, viewForm("Taken", ""))
		deleted := w.Triage.DeleteView(ctx, ada, v.Slug, 0)
		_, absent := w.Find.SavedView(ctx, ada, "no-such-view")
		for what, err := range map[string]error{"read": read, "changed": changed, "deleted": deleted} {
			if errata.CodeOf(err) != errata.NotFound || err.Error() != absent.Error() {
				t.Errorf("%s: %v, want what is said of a view that does not exist: %v", what, err, absent)
			}
		}
		if got := titles(t, w, plainGrace); !slices.Equal(got, []string{"Grace's own"}) {
			t.Errorf("grace has %q", got)
		}
	})
}

func TestSharedViews(t *testing.T) {
	worlds(t, parts.Options{Idle: true}, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.begin(t, "Shared")
		secret := w.NewProject("secret", errata.ProjectSettings{})
		outsider := plainGrace
		outsider.Scopes = &errata.TokenScopes{Actions: plainGrace.Scopes.Actions, Projects: []string{w.shop.ID}}

		share := func(title, query string) triage.ViewForm {
			f := viewForm(title, query)
			f.Visibility = errata.ViewForAll
			return f
		}
		if _, err := w.Triage.SaveView(ctx, plainGrace, share("Not allowed", "")); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("shared without view:share: %v", err)
		}
		all, err := w.Triage.SaveView(ctx, ada, share("For all", "is:open"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Triage.SaveView(ctx, ada, share("About secret", "service:"+secret.Slug)); err != nil {
			t.Fatal(err)
		}
		for title, query := range map[string]string{"Like secret": "service:secr*", "Not secret": "!service:*ecret", "Like shop": "service:sho*"} {
			v, err := w.Triage.SaveView(ctx, ada, share(title, query))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Find.SavedView(ctx, outsider, v.Slug); (errata.CodeOf(err) == errata.NotFound) != (title != "Like shop") {
				t.Errorf("%s of who does not see the service: %v", query, err)
			}
			if err := w.Triage.DeleteView(ctx, ada, v.Slug, 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := titles(t, w, plainGrace); !slices.Equal(got, []string{"About secret", "For all"}) {
			t.Errorf("who sees all services is shown %q", got)
		}
		if got := titles(t, w, outsider); !slices.Equal(got, []string{"For all"}) {
			t.Errorf("who does not see the service is shown %q", got)
		}

		sharer := limited(grace, errata.IssueRead, errata.ViewSave, errata.ViewShare)
		if _, err := w.Triage.ChangeView(ctx, sharer, all.Slug, share("Hers now", "")); errata.ReasonOf(err) != "view.not_yours" {
			t.Errorf("changed by somebody else: %v", err)
		}
		if err := w.Triage.DeleteView(ctx, sharer, all.Slug, 0); errata.ReasonOf(err) != "view.not_yours" {
			t.Errorf("deleted by somebody else: %v", err)
		}
		noShare := limited(ada, errata.IssueRead, errata.ViewSave)
		if _, err := w.Triage.ChangeView(ctx, noShare, all.Slug, viewForm("Back", "")); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("taken back without view:share: %v", err)
		}
		if err := w.Triage.DeleteView(ctx, grace, all.Slug, 0); err != nil {
			t.Errorf("who manages accounts could not delete it: %v", err)
		}
	})
}

func TestViewsRefused(t *testing.T) {
	worlds(t, parts.Options{Idle: true}, func(t *testing.T, w *world) {
		many := map[string]string{}
		for i := range 21 {
			many["p"+strings.Repeat("x", i)] = "1"
		}
		for name, c := range map[string]struct {
			change func(*triage.ViewForm)
			reason string
		}{
			"no name":                 {func(f *triage.ViewForm) { f.Title = " \n" }, "view.title"},
			"two lines":               {func(f *triage.ViewForm) { f.Title = "a\nb" }, "view.title"},
			"long name":               {func(f *triage.ViewForm) { f.Title = strings.Repeat("ü", 81) }, "view.title"},
			"plain user":              {func(f *triage.ViewForm) { f.Query = "user:ada@example.com" }, "view.query"},
			"plain user in a negated": {func(f *triage.ViewForm) { f.Query = "is:open !user:7" }, "view.query"},
			"not canonical":           {func(f *triage.ViewForm) { f.Query = "environment:a" }, "view.query"},
			"no query":                {func(f *triage.ViewForm) { f.Query = "is:(" }, "view.query"},
			"for some":                {func(f *triage.ViewForm) { f.Visibility = "some" }, "view.visibility"},
			"for no team":             {func(f *triage.ViewForm) { f.Visibility = errata.ViewForTeam }, "view.team"},
			"for an unknown team":     {func(f *triage.ViewForm) { f.Visibility, f.Team = errata.ViewForTeam, "nowhere" }, "view.team"},
			"of another page":         {func(f *triage.ViewForm) { f.Page = "users" }, "view.params"},
			"many parameters":         {func(f *triage.ViewForm) { f.Params = many }, "view.params"},
			"a place in the list":     {func(f *triage.ViewForm) { f.Params = map[string]string{"cursor": "x"} }, "view.params"},
			"strange parameter":       {func(f *triage.ViewForm) { f.Params = map[string]string{"a&b": "x"} }, "view.params"},
			"long parameter":          {func(f *triage.ViewForm) { f.Params = map[string]string{"a": strings.Repeat("x", 500)} }, "view.params"},
		} {
			f := viewForm("Name", "is:open")
			c.change(&f)
			if _, err := w.Triage.SaveView(t.Context(), ada, f); errata.ReasonOf(err) != c.reason {
				t.Errorf("%s: %v, want %s", name, err, c.reason)
			}
		}
		if _, err := w.Triage.SaveView(t.Context(), robot, viewForm("Robot", "")); errata.CodeOf(err) != errata.Forbidden {
			t.Errorf("a program saved a view: %v", err)
		}
		for i := range 100 {
			if _, err := w.Triage.SaveView(t.Context(), ada, viewForm("View "+strconv.Itoa(i), "")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Triage.SaveView(t.Context(), ada, viewForm("One more", "")); errata.ReasonOf(err) != "view.too_many" {
			t.Errorf("the 101st: %v", err)
		}
	})
}

func TestRecentQueries(t *testing.T) {
	worlds(t, parts.Options{Idle: true}, func(t *testing.T, w *world) {
		ctx := t.Context()
		for i := range 12 {
			if err := w.Triage.Remember(ctx, ada, "issues", "word"+strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Triage.Remember(ctx, ada, "issues", "word5"); err != nil {
			t.Fatal(err)
		}
		if err := w.Triage.Remember(ctx, ada, "events", "env:a"); err != nil {
			t.Fatal(err)
		}
		if err := w.Triage.Remember(ctx, ada, "issues", "user:ada@example.com"); errata.ReasonOf(err) != "view.query" {
			t.Errorf("a plain identifier: %v", err)
		}
		got, err := w.Triage.Recent(ctx, ada, "issues")
		want := []string{"word5", "word11", "word10", "word9", "word8", "word7", "word6", "word4", "word3", "word2"}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%v\n%s", err, d)
		}
		if got, _ := w.Triage.Recent(ctx, ada, "events"); !slices.Equal(got, []string{"env:a"}) {
			t.Errorf("events: %q", got)
		}
		if got, _ := w.Triage.Recent(ctx, grace, "issues"); got != nil {
			t.Errorf("somebody else is shown %q", got)
		}
	})
}

// Counts of views are made behind the pages and follow the reader's rights.
func TestViewTotals(t *testing.T) {
	worlds(t, parts.Options{}, func(t *testing.T, w *world) {
		w.begin(t, "Totals")
		w.at("00:00:01")
		w.event(parts.Event{Message: "one"})
		other := w.NewProject("other", errata.ProjectSettings{})
		outsider := ada
		outsider.ID, outsider.Scopes = grace.ID, &errata.TokenScopes{Actions: errata.Actions, Projects: []string{other.ID}}
		f := viewForm("All", "is:open")
		f.Visibility = errata.ViewForAll
		if _, err := w.Triage.SaveView(t.Context(), ada, f); err != nil {
			t.Fatal(err)
		}
		go func() { _ = w.Find.CountViews(t.Context()) }()
		over := find.Range{From: w.day.AddDate(0, 0, -1), To: w.day.AddDate(0, 0, 1)}
		total := func(who errata.Actor) (n int64) {
			views, err := w.Find.SavedViews(t.Context(), who)
			if err != nil || len(views) != 1 {
				t.Fatalf("%v, %v", views, err)
			}
			w.Until(10*time.Second, "count", func() bool {
				totals, known := w.Find.ViewTotals(who, []find.ViewAsked{{ViewRow: views[0], Over: over}})
				n = totals[0].Value
				return known[0]
			})
			return n
		}
		if n := total(ada); n != 1 {
			t.Errorf("ada: %d", n)
		}
		if n := total(outsider); n != 0 {
			t.Errorf("who sees another service: %d", n)
		}
	})
}

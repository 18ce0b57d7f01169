package find_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
)

// spread sends events of two services: in each three issues, of which one is in
// staging, with releases, hosts and tags.
func spread(t *testing.T, p *partstest.Parts) (shop, secret errata.Project) {
	t.Helper()
	shop, secret = p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("secret", errata.ProjectSettings{})
	b := p.Batch()
	for n, to := range []errata.Project{shop, secret} {
		for i := range 6 {
			e := partstest.Event{
				ID: partstest.EventID(10*n + i + 1), Type: fmt.Sprintf("Kind%d%sError", i%3, to.Slug), Message: "no such key", Env: "production",
				Level: []string{"fatal", "error", "info"}[i%3], Time: now.Add(-time.Duration(i) * time.Minute), Release: to.Slug + "@1." + fmt.Sprint(i%2),
				Host: to.Slug + "-host", Tags: map[string]string{to.Slug + "region": "eu-" + to.Slug},
			}
			if i == 0 {
				e.Message, e.Env = "timeout of a backend", "staging"
			}
			b.Entries = append(b.Entries, p.Entry(to, e))
		}
	}
	p.Publish(b)
	p.Drained()
	if err := p.Engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return shop, secret
}

var lately = find.Range{From: now.Add(-24 * time.Hour), To: now}

// only sees one service.
func only(p errata.Project) errata.Actor {
	who := partstest.Reader
	who.Scopes = &errata.TokenScopes{Actions: errata.Actions, Projects: []string{p.ID}}
	return who
}

func facetText(all []find.Facet) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "%s:", f.Key)
		for _, v := range f.Values {
			fmt.Fprintf(&b, " %s=%d", v.Value, v.Count)
		}
		if f.Unknown {
			b.WriteString(" unknown")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestFacets(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, _ := spread(t, p)
		for _, tt := range []struct {
			name, q string
			in      querylang.Place
			who     errata.Actor
			keys    []string
			want    string
		}{
			{
				"issues by what their rows know", "", querylang.InIssues, partstest.Reader,
				[]string{"service", "is", "assigned", "env"},
				"service: secret=3 shop=3\nis: open=6\nassigned: none=6\nenv: production=6 staging=2\n",
			},
			{
				"the own key does not count", "service:shop env:staging", querylang.InIssues, partstest.Reader,
				[]string{"service", "env"},
				"service: secret=1 shop=1\nenv: production=3 staging=1\n",
			},
			{
				"a service that is not seen", "", querylang.InIssues, only(shop),
				[]string{"service", "env", "release", "type", "tags[secretregion]"},
				"service: shop=3\nenv: production=3 staging=1\nrelease: shop@1.0=3 shop@1.1=3\ntype: Kind0shopError=1 Kind1shopError=1 Kind2shopError=1\ntags[secretregion]:\n",
			},
			{
				"issues by what events know", "service:shop", querylang.InIssues, partstest.Reader,
				[]string{"host", "tags[shopregion]", "level"},
				"host: shop-host=3\ntags[shopregion]: eu-shop=3\nlevel: error=1 fatal=1 info=1\n",
			},
			{
				"the same event", "timeout service:shop", querylang.InIssues, partstest.Reader,
				[]string{"env", "release"},
				"env: staging=1\nrelease: shop@1.0=1\n",
			},
			{
				"events", "service:shop", querylang.InEvents, partstest.Reader,
				[]string{"env", "release", "service"},
				"env: production=5 staging=1\nrelease: shop@1.0=3 shop@1.1=3\nservice: secret=6 shop=6\n",
			},
			{
				"nothing matches", "service:shop env:nowhere", querylang.InIssues, partstest.Reader,
				[]string{"is", "host"},
				"is:\nhost:\n",
			},
		} {
			t.Run(tt.name, func(t *testing.T) {
				got, err := p.Find.Facets(t.Context(), tt.who, find.FacetQuery{Q: tt.q, In: tt.in, Over: lately, Keys: tt.keys, Wait: 5 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				if d := gocmp.Diff(tt.want, facetText(got)); d != "" {
					t.Error(d)
				}
			})
		}
		for _, key := range []string{"frame", "user", "first_seen", "trace", "nonsense", "watching"} {
			_, err := p.Find.Facets(t.Context(), partstest.Reader, find.FacetQuery{Over: lately, Keys: []string{key}})
			if errata.ReasonOf(err) != "facet_key" {
				t.Errorf("%s: %v", key, err)
			}
		}
	})
}

func TestFacetsAreCut(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		spread(t, p)
		for _, key := range []string{"service", "release", "host"} {
			got, err := p.Find.Facets(t.Context(), partstest.Reader, find.FacetQuery{
				In: querylang.InIssues, Over: lately, Keys: []string{key}, Size: 1, Wait: 5 * time.Second,
			})
			if err != nil || len(got[0].Values) != 1 || !got[0].More {
				t.Errorf("%s: %+v, %v", key, got, err)
			}
			got, err = p.Find.Facets(t.Context(), partstest.Reader, find.FacetQuery{
				In: querylang.InIssues, Over: lately, Keys: []string{key}, Prefix: "SEC", Wait: 5 * time.Second,
			})
			if err != nil || len(got[0].Values) == 0 || strings.Contains(facetText(got), "shop") {
				t.Errorf("%s beginning with SEC: %+v, %v", key, got, err)
			}
		}
	})
}

func TestHint(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, _ := spread(t, p)
		for _, tt := range []struct {
			name, q, token string
			in             querylang.Place
			total          int64
			none           bool
		}{
			{name: "of issues", q: "service:shop env:nowhere", token: "env:nowhere", in: querylang.InIssues, total: 3},
			{name: "what hides most", q: "type:Kind0shopError env:production level:info", token: "type:Kind0shopError", in: querylang.InEvents, total: 2},
			{name: "of a service that is not seen", q: "type:Kind0secretError env:staging", token: "type:Kind0secretError", in: querylang.InIssues, total: 1},
			{name: "one condition", q: "env:nowhere", in: querylang.InIssues, none: true},
			{name: "all hide all", q: "env:nowhere env:neither", in: querylang.InIssues, none: true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				tree, _, err := querylang.Parse(tt.q)
				if err != nil {
					t.Fatal(err)
				}
				got, ok := p.Find.Hint(t.Context(), only(shop), find.Query{Text: tt.q, Tree: tree}, tt.in, lately)
				if ok == tt.none || got.Token != tt.token || got.Total.Value != tt.total {
					t.Errorf("%+v, %v", got, ok)
				}
			})
		}
	})
}

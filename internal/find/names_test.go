package find_test

import (
	"fmt"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/search"
	"errata/internal/store"
)

// tagged takes in an event of a project with a tag.
func tagged(t *testing.T, p *partstest.Parts, project errata.Project, id int, tag string) {
	t.Helper()
	p.Publish(p.Batch(p.Entry(project, partstest.Event{ID: partstest.EventID(id), Tags: map[string]string{tag: "9"}})))
}

// A key that resembles a field is a tag only where the reader's events have it.
func TestKeysThatAreTags(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, other := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("other", errata.ProjectSettings{})
		tagged(t, p, shop, 1, "servise")
		tagged(t, p, other, 2, "evnts")
		p.Drained()
		only := find.New(find.Options{Store: p.Store, Engine: p.Engine, Clock: p.Clock, UserSecret: partstest.Secret, Decide: func(_ errata.Actor, _ errata.Action, project string) error {
			if project != shop.ID {
				return errata.E(errata.NotFound, "There is no such service.", nil)
			}
			return nil
		}})
		for _, tt := range []struct {
			q, text, reason string
		}{
			{"servise:9", "tags[servise]:9", ""},
			{"evnts:9", "", "query.unknown_key"}, // a tag of the other service
			{"evnts:9 servise:9", "", "query.unknown_key"},
			{"servise:9 release:9", "tags[servise]:9 release:9", ""},
		} {
			page, err := only.Issues(t.Context(), partstest.Reader, find.IssueQuery{Q: tt.q, Range: month()})
			if errata.ReasonOf(err) != tt.reason || err == nil && page.Query.Text != tt.text {
				t.Errorf("%s: %q, %v; want %q, %s", tt.q, page.Query.Text, err, tt.text, tt.reason)
			}
			x, err := only.Explain(t.Context(), partstest.Reader, find.Asked{Q: tt.q, In: querylang.InEvents, Over: month()})
			if errata.ReasonOf(err) != tt.reason || err == nil && x.Query.Text != tt.text {
				t.Errorf("%s explained: %q, %v; want %q, %s", tt.q, x.Query.Text, err, tt.text, tt.reason)
			}
		}
	})
}

// More releases than may be named, and names that several services share.
func TestReleasesByTheirOrder(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock, Idle: true}, func(t *testing.T, p *partstest.Parts) {
		shop, other := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("other", errata.ProjectSettings{})
		var all []errata.Release
		add := func(project errata.Project, version string, seen int64) {
			pack, number := errata.ParseRelease(version)
			all = append(all, errata.Release{
				ID: fmt.Sprintf("r%05d", len(all)), ProjectID: project.ID, Version: version, Package: pack, Semver: number, FirstSeen: seen,
			})
		}
		for i := range 1001 {
			add(shop, fmt.Sprintf("1.%d.0", i), int64(i+1))
			add(other, fmt.Sprintf("1.%d.0", i/2), int64(i+1))
		}
		for i, sha := range []string{"aaa", "bbb", "ccc"} {
			add(shop, sha, int64(5000+i))
		}
		add(other, "bbb", 9000)
		p.Write(func(tx *store.Tx) error { return tx.SeeReleases(t.Context(), unique(all)) })
		for _, tt := range []struct{ q, reason string }{
			{"release:>=1.0.0", "query.too_broad"},
			{"release:>1.0.0", ""},
			{"release:>=1.0.0 service:other", ""},
			{"!release:<2.0", "query.too_broad"},
			{"release:>=bbb", ""},
			{"release:>=zzz", "query.unknown_name"},
			{"release:2.0..1.0", "query.bad_value"},
			{"release:latest", ""},
			{`release:"latest"`, ""},
		} {
			_, err := p.Find.Issues(t.Context(), partstest.Reader, find.IssueQuery{Q: tt.q, Range: month()})
			_, events := p.Find.Volume(t.Context(), partstest.Reader, find.VolumeQuery{Q: tt.q, Range: month()})
			if errata.ReasonOf(err) != tt.reason || errata.ReasonOf(events) != tt.reason {
				t.Errorf("%s: list %v, chart %v; want %q", tt.q, err, events, tt.reason)
			}
		}
		byDate(t, p, shop, other)
	})
}

func unique(all []errata.Release) (out []errata.Release) {
	seen := map[[2]string]bool{}
	for _, r := range all {
		if k := [2]string{r.ProjectID, r.Version}; !seen[k] {
			seen[k] = true
			out = append(out, r)
		}
	}
	return out
}

// byDate checks that releases without numbers are compared within their service.
func byDate(t *testing.T, p *partstest.Parts, shop, other errata.Project) {
	t.Helper()
	n := 0
	for _, in := range []errata.Project{shop, other} {
		for _, version := range []string{"aaa", "bbb", "ccc"} {
			n++
			d := search.Doc{Class: 30, Payload: []byte("{}")}
			d.Time, d.Received, d.Project, d.Service = now.UnixMicro()-1e6, now.UnixMicro(), in.ID, in.Slug
			d.EventID, d.Issue, d.Release, d.Level = partstest.EventID(n), "i", version, errata.LevelError
			d.Terms, d.Keys = []string{"release=" + version, "service=" + in.Slug}, []string{"release"}
			if _, err := p.Engine.Index(t.Context(), []search.Doc{d}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.Engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]int64{
		"release:>=bbb": 3, "release:>bbb": 1, "release:bbb": 2, "release:>=bbb service:other": 1,
		"release:latest": 2, "!release:latest": 4, "release:latest,aaa": 4, "release:>ccc": 0, "release:aaa..bbb": 2,
	} {
		v, err := p.Find.Volume(t.Context(), partstest.Reader, find.VolumeQuery{Q: q, Range: month()})
		if err != nil || v.Total != want {
			t.Errorf("%s: %d events, %v; want %d", q, v.Total, err, want)
		}
	}
}

package find_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
)

// suggested writes suggestions one a line: what the query would be, and the
// count.
func suggested(q string, all []find.Suggestion) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%s %s", s.Kind, q[:s.Start]+s.Text+q[s.End:])
		if s.Counted {
			fmt.Fprintf(&b, " %d", s.Count)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestSuggest(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, _ := spread(t, p)
		for _, tt := range []struct {
			name, q string // the caret is at |
			in      querylang.Place
			who     errata.Actor
			want    string
		}{
			{"a key", "is:open sev|", querylang.InIssues, partstest.Reader, "field is:open severity:\n"},
			{"an alias", "environm|", querylang.InIssues, partstest.Reader, "field env:\n"},
			{"a tag", "shopre|", querylang.InEvents, partstest.Reader, "field tags[shopregion]: 6\n"},
			{"a tag that is not seen", "secretre|", querylang.InEvents, only(shop), ""},
			{"a tag with its prefix", "tags[secr|", querylang.InEvents, partstest.Reader, "field tags[secretregion]: 6\n"},
			{"values with counts of issues", "service:shop env:|", querylang.InIssues, partstest.Reader, "value service:shop env:production 3\nvalue service:shop env:staging 1\n"},
			{"values with counts of events", "service:shop env:s|", querylang.InEvents, partstest.Reader, "value service:shop env:staging 1\n"},
			{"values that are not seen", "release:|", querylang.InIssues, only(shop), "value release:shop@1.0 3\nvalue release:shop@1.1 3\nvalue release:latest\n"},
			{"services that are not seen", "service:s|", querylang.InIssues, only(shop), "value service:shop 3\n"},
			{"types that are not seen", "type:Kind0|", querylang.InEvents, only(shop), "value type:Kind0shopError 2\n"},
			{"values of a tag", "tags[shopregion]:|", querylang.InIssues, partstest.Reader, "value tags[shopregion]:eu-shop 3\n"},
			{"words of the language", "is:res|", querylang.InIssues, partstest.Reader, "value is:resolved\n"},
			{"in a list", "env:production,sta|", querylang.InIssues, partstest.Reader, "value env:production,staging 2\n"},
			{"a time", "first_seen:-2|", querylang.InIssues, partstest.Reader, "value first_seen:-24h\n"},
			{"keys that are there", "has:tags.shop|", querylang.InEvents, partstest.Reader, "value has:tags[shopregion] 6\n"},
			{"no identifier of a user", "user:|", querylang.InEvents, partstest.Reader, ""},
			{"what cannot be read beside it", `is:( env:sta|`, querylang.InIssues, partstest.Reader, "value is:( env:staging 2\n"},
		} {
			t.Run(tt.name, func(t *testing.T) {
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
	})
}

// Nothing typed: where to begin, what was asked before, and what others share.
func TestSuggestWholeQueries(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock, Idle: true}, func(t *testing.T, p *partstest.Parts) {
		got, err := p.Find.Suggest(t.Context(), partstest.Reader, find.SuggestQuery{In: querylang.InIssues, Over: lately, Recent: []string{"is:open timeout", "deadlock"}})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[find.SuggestionKind]int{}
		for _, s := range got {
			kinds[s.Kind]++
		}
		if kinds[find.SuggestField] != 8 || kinds[find.SuggestRecent] != 2 {
			t.Errorf("%+v", got)
		}
		got, err = p.Find.Suggest(t.Context(), partstest.Reader, find.SuggestQuery{Q: "DEADL", At: 5, In: querylang.InIssues, Over: lately, Recent: []string{"is:open timeout", "deadlock"}})
		if d := gocmp.Diff("recent deadlock\n", suggested("DEADL", got)); d != "" || err != nil {
			t.Errorf("%v\n%s", err, d)
		}
	})
}

// Releases are counted by SQL, the most frequent first: one that is typed is
// found behind them.
func TestSuggestRareRelease(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop := p.NewProject("shop", errata.ProjectSettings{})
		b := p.Batch()
		for i := range 25 {
			kind, release := "CommonError", fmt.Sprintf("9.%d", i)
			if i == 24 {
				kind, release = "RareError", "1.0-rare"
			}
			b.Entries = append(b.Entries, p.Entry(shop, partstest.Event{
				ID: partstest.EventID(i + 1), Type: kind, Message: "no such key", Time: now.Add(-time.Duration(i) * time.Minute), Release: release,
			}))
			b.Entries = append(b.Entries, p.Entry(shop, partstest.Event{
				ID: partstest.EventID(100 + i), Type: "OtherError", Message: "no such key", Time: now.Add(-time.Duration(i) * time.Minute), Release: "9." + fmt.Sprint(i%24),
			}))
		}
		p.Publish(b)
		p.Drained()
		q := "release:1.0"
		got, err := p.Find.Suggest(t.Context(), partstest.Reader, find.SuggestQuery{Q: q, At: len(q), In: querylang.InIssues, Over: lately})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(got, func(s find.Suggestion) bool { return s.Text == "1.0-rare" && s.Count == 1 }) {
			t.Errorf("suggested for %s: %+v", q, got)
		}
	})
}

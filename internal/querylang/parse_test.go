package querylang

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

// TestCanonical lists forms that the vectors leave open.
func TestCanonical(t *testing.T) {
	tests := map[string]struct{ query, want string }{
		"spaces":                    {"  a \t b\u3000c ", "a b c"},
		"deep parentheses":          {"((((a OR (b)))) c)", "(a OR b) c"},
		"flat or":                   {"a OR (b OR c) OR d", "a OR b OR c OR d"},
		"or of ands":                {"(a b) OR (c d)", "a b OR c d"},
		"negated group":             {"!(a OR b) !!c !(!d)", "!(a OR b) c d"},
		"negated or":                {"NOT(a OR b)", "!(a OR b)"},
		"adjacent quotes":           {`a"b c"d`, `a "b c" d`},
		"quoted keyword":            {`env:"production"`, "env:production"},
		"quotes needed":             {`env:"a b",c`, `env:"a b",c`},
		"keyword of brackets":       {`env:"[a]"`, `env:"[a]"`},
		"keyword with colon first":  {`env:":a","//b"`, `env:"//b",":a"`},
		"keyword with quote":        {`env:"say \"hi\""`, `env:"say \"hi\""`},
		"keyword with backslash":    {`culprit:App\Cart`, `culprit:App\Cart`},
		"backslash at the end":      {`culprit:App\`, `culprit:App\\`},
		"backslash before star":     {`culprit:App\\*x`, `culprit:App\\*x`},
		"wildcard with literal":     {`culprit:a\**b`, `culprit:a\**b`},
		"wildcard in quotes":        {`culprit:"a b*"`, `culprit:"a b*"`},
		"parentheses of a value":    {"culprit:main()", "culprit:main()"},
		"open parenthesis":          {`culprit:"main("`, `culprit:"main("`},
		"word with parentheses":     {"main(a,b)", "main(a,b)"},
		"word with an escape":       {`main\(`, `main\(`},
		"word like a pair":          {`env\:qa`, `env\:qa`},
		"word like a minus":         {`-env\:qa`, `-env\:qa`},
		"word like not":             {`\!a`, `\!a`},
		"word like an operator":     {`NOT\(a\)`, `NOT\(a\)`},
		"word with comma":           {"a,b", "a,b"},
		"list of words":             {`message:b,a\,c`, `message:a\,c,b`},
		"phrase with quote":         {`"say \"hi\" \\"`, `"say \"hi\" \\"`},
		"phrase with star":          {`"a * b"`, `"a * b"`},
		"phrase of a text key":      {`message:"a b",c`, `message:"a b",c`},
		"prefix in quotes":          {`message:"dead*"`, "message:dead*"},
		"signs are words":           {"決済*", "決済*"},
		"has several":               {"has:os,browser", "has:os OR has:browser"},
		"has several with more":     {"!has:os,browser a", "!(has:os OR has:browser) a"},
		"has a tag":                 {"has:tags[Region],ctx.Cart.items", "has:tags[region] OR has:ctx.cart.items"},
		"has an unknown key":        {"has:shop", "has:tags[shop]"},
		"missing or":                {`os:iOS,""`, "os:iOS OR !has:os"},
		"there or":                  {"os:iOS,*", "has:os"},
		"several stars":             {"os:**", "has:os"},
		"text key missing":          {`message:""`, "!has:message"},
		"keys ignore case":          {"ENV:x Tags[A]:x CTX.Items:1 timesSeen:1", "env:x tags[a]:x ctx.items:1 events:1"},
		"tag by its term":           {"tags.region:x", "tags[region]:x"},
		"tag of a known name":       {"tag[os]:x", "tags[os]:x"},
		"inverted alias":            {"error.unhandled:true", "handled:false"},
		"inverted list":             {"error.unhandled:no,yes", "handled:false,true"},
		"bool words":                {"handled:YES", "handled:true"},
		"level words":               {"level:WARN,critical,log", "level:fatal,info,warning"},
		"status words":              {"is:acked,muted,archived,escalating,unacked", "is:acknowledged,escalated,ignored,open"},
		"severity words":            {"severity:low..Critical", "severity:P3..P0"},
		"same value, other case":    {"os:ios,iOS,IOS", "os:IOS"},
		"sentry times":              {"timestamp:+1d", "timestamp:<=-1d"},
		"quoted time":               {`timestamp:>"2026-11-19 10:00"`, `timestamp:>"2026-11-19 10:00"`},
		"quoted range":              {`timestamp:"2026-11-18".."2026-11-19"`, "timestamp:2026-11-18..2026-11-19"},
		"open range":                {"timestamp:2026-11-18..", "timestamp:2026-11-18.."},
		"version range":             {`release:1.2.."a b"`, `release:1.2.."a b"`},
		"version of dots":           {`release:"1..2".."3"`, `release:"1..2"..3`},
		"release that compares":     {`release:">=4"`, `release:">=4"`},
		"release named latest":      {`release:"latest"`, `release:"latest"`},
		"user that looks like hash": {`user:"~9f2c51d0ab34e877"`, `user:"~9f2c51d0ab34e877"`},
		"event id as uuid":          {"event:4C79F60C-1121-4eb3-8604-f4ae0781bfb2", "event:4C79F60C-1121-4eb3-8604-f4ae0781bfb2"},
		"url in a value":            {"url.path:http://x/y?a=b", "url.path:http://x/y?a=b"},
		"namespace in a value":      {"type:Foo::Bar", "type:Foo::Bar"},
		"one letter is no key":      {`c:\temp x:y`, `c:\temp x:y`},
		"dropped in or":             {"€ OR a", "a"},
		"dropped and negated":       {"!€ ()a", ""},
		"dropped alone":             {"- ... \"\"", ""},
		"comma list with spaces":    {"level:[ info , error ]", "level:error,info"},
		"unknown key, empty":        {"foo: bar", "foo: bar"},
		"operator words in a value": {"message:OR", "message:OR"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x, _, err := Parse(strings.Replace(tt.query, " ()a", "", 1))
			if err != nil {
				t.Fatal(err)
			}
			got := Print(x)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			y, _, err := Parse(got)
			if err != nil || Print(y) != got {
				t.Errorf("%s prints again as %s, %v", got, Print(y), err)
			}
		})
	}
}

func TestParseProblems(t *testing.T) {
	n := func(reason string, start, end int) wantDetail { return wantDetail{"query." + reason, &start, end, ""} }
	tests := map[string]struct {
		query string
		want  []wantDetail
	}{
		"empty parentheses":         {"a () b", []wantDetail{n("unexpected", 2, 4)}},
		"nothing to negate":         {"a NOT OR b !", []wantDetail{n("unexpected", 2, 5), n("unexpected", 11, 12)}},
		"operators in a row":        {"a OR OR b AND AND c", []wantDetail{n("unexpected", 2, 4), n("unexpected", 14, 17)}},
		"key without value in list": {"level:info, error", []wantDetail{n("missing_value", 11, 11)}},
		"bracket left open":         {"level:[info error] a", []wantDetail{n("unbalanced", 6, 7)}},
		"in a group":                {"(type: OR level:bad) x)", []wantDetail{n("missing_value", 6, 6), n("bad_value", 16, 19), n("unbalanced", 22, 23)}},
		"or list in a group":        {"(type:(a OR b) c)", []wantDetail{n("unbalanced", 6, 7)}},
		"word with open paren":      {"call f(a b) c", []wantDetail{n("unbalanced", 6, 7)}},
		"star in a word":            {"a*b foo", []wantDetail{n("prefix_one_word", 0, 3)}},
		"short prefix":              {"ab* abc*", []wantDetail{n("wildcard_short", 0, 3)}},
		"prefix after a sign":       {"abc.*", []wantDetail{n("prefix_one_word", 0, 5)}},
		"always there":              {`level:* has:service event:"" age:*`, []wantDetail{n("bad_value", 6, 7), n("bad_value", 12, 19), n("bad_value", 26, 28), n("bad_value", 33, 34)}},
		"no key to have":            {"has:a,has,*", []wantDetail{n("bad_value", 4, 5), n("bad_value", 6, 9), n("bad_value", 10, 11)}},
		"flag with value":           {"feedback:yes", []wantDetail{n("bad_value", 9, 12)}},
		"tags alone":                {"tags:x ctx:y has:tags", []wantDetail{n("unknown_key", 0, 4), n("unknown_key", 7, 10), n("unknown_key", 17, 21)}},
		"bad tag key":               {"tags[a=b]:x tags[]:x", []wantDetail{n("unexpected", 0, 9), n("unexpected", 12, 18)}},
		"bad numbers":               {"events:>x users:1.5 http.status:5* events:5..1 users:..", []wantDetail{n("bad_value", 7, 9), n("bad_value", 16, 19), n("bad_value", 32, 34), n("bad_value", 42, 46), n("bad_value", 53, 55)}},
		"bad times":                 {"timestamp:soon age:-7d first_seen:.. received:2026-02-30", []wantDetail{n("bad_value", 10, 14), n("bad_value", 19, 22), n("bad_value", 34, 36), n("bad_value", 46, 56)}},
		"bad enum":                  {"is:closed level:50 handled:maybe severity:P1..P9", []wantDetail{n("bad_value", 3, 9), n("bad_value", 16, 18), n("bad_value", 27, 32), n("bad_value", 42, 48)}},
		"version without ends":      {"release:.. release:>", []wantDetail{n("bad_value", 8, 10), n("missing_value", 20, 20)}},
		"quote in a value":          {`env:"a`, []wantDetail{n("unterminated", 4, 6)}},
		"slip of a key":             {"enviroment:x tyep:y serverity:P1", []wantDetail{n("unknown_key", 0, 10), n("unknown_key", 13, 17), n("unknown_key", 20, 29)}}, //nolint:misspell // the slip itself
		"minus on a tag":            {"a (-tags[x]:y)", []wantDetail{n("unexpected", 3, 4)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := Parse(tt.query)
			compareDetails(t, "detail", errata.DetailsOf(err), tt.want)
		})
	}
}

func TestParseLimits(t *testing.T) {
	tests := map[string]struct {
		fits, over string
		reason     string
	}{
		"bytes":           {strings.Repeat("a", MaxBytes), strings.Repeat("a", MaxBytes+1), "query.too_long"},
		"depth":           {deep(MaxDepth, "x"), deep(MaxDepth+1, "x"), "query.too_deep"},
		"depth of a list": {deep(MaxDepth-1, "has:os,sdk"), deep(MaxDepth, "has:os,sdk"), "query.too_deep"},
		"leaves":          {strings.Repeat("a ", MaxLeaves), strings.Repeat("a ", MaxLeaves+1), "query.too_many"},
		"list items":      {"os:x" + strings.Repeat(",x", MaxListItems-1), "os:x" + strings.Repeat(",x", MaxListItems), "query.too_many"},
		"wildcards":       {strings.Repeat("os:ab* ", MaxWildcards), strings.Repeat("os:ab* ", MaxWildcards) + "abc*", "query.too_many"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Parse(tt.fits); err != nil {
				t.Error("at the limit:", err)
			}
			_, _, err := Parse(tt.over)
			if ds := errata.DetailsOf(err); len(ds) != 1 || ds[0].Reason != tt.reason {
				t.Errorf("over the limit: %+v", ds)
			}
		})
	}
	_, _, err := Parse(strings.Repeat(") ", 2000))
	if n := len(errata.DetailsOf(err)); n != maxProblems {
		t.Errorf("%d problems reported, want %d", n, maxProblems)
	}
}

// deep nests parentheses that the canonical form needs as well.
func deep(n int, x string) string {
	for range n {
		x = "!(a " + x + ")"
	}
	return x
}

func TestNotices(t *testing.T) {
	tests := map[string][]string{
		"not found and gone":     {"lowercase_operator", "lowercase_operator"},
		"Not found AND Or gone":  nil,
		"shop:x has:node":        {"tag_assumed", "tag_assumed"},
		"tags[shop]:x":           nil,
		"€ message:€,a ✓":        {"empty_word", "empty_word", "empty_word"},
		"*dead *dead* message:a": {"word_start_only", "word_start_only"},
	}
	for q, want := range tests {
		t.Run(q, func(t *testing.T) {
			_, notices, err := Parse(q, "node")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range notices {
				got = append(got, strings.TrimPrefix(d.Reason, "query."))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKnownTagsAreNoSlips(t *testing.T) {
	for _, q := range []string{"evnts:5", "user.plan:x", "node:x"} {
		if _, _, err := Parse(q); errata.ReasonOf(err) != "query.unknown_key" {
			t.Errorf("%s: %v", q, err)
		}
		if x, _, err := Parse(q, "Evnts", "user.plan", "node"); err != nil || x.(*Leaf).Key.Name != "tags" {
			t.Errorf("%s with such a tag: %v", q, err)
		}
	}
}

// TestCatalog reads the table of keys of the design again, from memory of its
// columns: a key that is lost or changes sides breaks saved queries.
func TestCatalog(t *testing.T) {
	columns := map[Column]string{
		OfIssue: "is severity assigned team watching first_seen last_seen resolved_at age events users episodes first_release incident ticket fingerprint feedback",
		OfBoth:  "service issue type code culprit",
		OfEvent: "env platform logger transaction mechanism host os os.version browser browser.version device sdk sdk.version url.path url.domain http.method release level event.severity handled http.status trace span event request_id session_id user timestamp received message stack frame tags ctx",
	}
	got := map[Column][]string{}
	for _, f := range Fields() {
		got[f.Column] = append(got[f.Column], f.Name)
		if f.Help == "" {
			t.Errorf("%s has no help", f.Name)
		}
	}
	for c, names := range columns {
		if diff := cmp.Diff(strings.Fields(names), got[c]); diff != "" {
			t.Errorf("column %d:\n%s", c, diff)
		}
	}
	aliases := map[string]string{
		"priority": "severity", "issue.priority": "severity", "assignee": "assigned", "assigned_to": "assigned",
		"firstSeen": "first_seen", "lastSeen": "last_seen", "resolvedAt": "resolved_at", "timesSeen": "events", "project": "service",
		"short_id": "issue", "error.type": "type", "environment": "env", "server_name": "host", "error.handled": "handled",
		"error.unhandled": "handled",
	}
	for a, want := range aliases {
		if f, _, _ := lookup(Fold(a)); f == nil || f.Name != want {
			t.Errorf("%s is not %s", a, want)
		}
	}
	n := 0
	for _, f := range Fields() {
		n += len(slices.DeleteFunc(slices.Clone(f.Aliases), func(a string) bool { return a == "tag" || a == "extra" }))
	}
	if n != len(aliases) {
		t.Errorf("%d aliases, want %d", n, len(aliases))
	}
}

func TestTermKey(t *testing.T) {
	for k, want := range map[Key][2]string{
		{Name: "os"}:                     {"os", "os"},
		{Name: "tags", Arg: "region"}:    {"tags.region", "tags[region]"},
		{Name: "ctx", Arg: "cart.items"}: {"ctx.cart.items", "ctx.cart.items"},
	} {
		if got := [2]string{TermKey(k), k.String()}; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestQuoteAndAll(t *testing.T) {
	for _, v := range []string{"a", "a b", `"`, `\`, `\*`, "*", "a,b", "(", ")", "[x]", ":", "//", "", "latest", ">=4", "1..2", "~9f2c51d0ab34e877", "ä\n"} {
		for _, k := range []string{"type", "release", "user", "tags[x]"} {
			x := mustParse(t, k+":"+Quote(v))
			if v == "" {
				if _, ok := x.(*Not); !ok {
					t.Errorf("%s without a value is %s", k, Print(x))
				}
				continue
			}
			got := x.(*Leaf).Values[0]
			if got.Kind != Equal || got.Raw != v || got.Text != Fold(v) {
				t.Errorf("%s:%s is %+v", k, Quote(v), got)
			}
		}
	}
	x := All(nil, mustParse(t, "a b"), nil, mustParse(t, "c OR d"), mustParse(t, "!(e f)"))
	if got, want := Print(x), "a b (c OR d) !(e f)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if All() != nil || All(nil) != nil {
		t.Error("nothing is something")
	}
}

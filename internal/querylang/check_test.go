package querylang

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func mustParse(t testing.TB, q string) Expr {
	t.Helper()
	x, _, err := Parse(q)
	if err != nil {
		t.Fatal(q, err)
	}
	return x
}

func reasons(err error) (out []string) {
	for _, d := range errata.DetailsOf(err) {
		out = append(out, strings.TrimPrefix(d.Reason, "query."))
	}
	return out
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		query string
		in    Place
		days  float64
		want  []string
	}{
		"nothing":               {"", InIssues, 90, nil},
		"present pages":         {`refused "a b" service:web env:qa severity:P1 level:error release:4.1* type:A issue:W-1 !os:iOS timestamp:>-1h`, InIssues, 7, nil},
		"later keys":            {"team:a watching:me incident:1 ticket:2 episodes:>1 has:feedback", InIssues, 1, slices.Repeat([]string{"unsupported"}, 3)},
		"is, now":               {"is:open,acked,resolved,muted,new,regressed,reopened,unresolved", InIssues, 1, nil},
		"is, later":             {"is:open is:open,snoozed", InIssues, 1, []string{"unsupported"}},
		"release compared":      {"release:>=4 release:1..2 release:4 has:release", InEvents, 1, nil},
		"release latest":        {"release:latest", InIssues, 1, nil},
		"compared in a rule":    {"release:>=4 release:latest release:4 http.status:>5", InRule, 1, []string{"unsupported", "unsupported"}},
		"release named latest":  {`release:"latest"`, InEvents, 1, nil},
		"issue key in rule":     {"severity:P0 is:open events:>5", InRule, 0, []string{"wrong_scope", "wrong_scope"}},
		"team in a rule":        {"team:a !has:team", InRule, 0, []string{"wrong_scope", "wrong_scope"}},
		"both key in rule":      {"service:web issue:W-1 type:A", InRule, 0, nil},
		"issue keys in filter":  {"severity:P0 issue:W-1 service:web type:A code:1 culprit:f os:iOS x", InFilter, 0, []string{"wrong_scope", "wrong_scope"}},
		"cheap for long":        {"env:qa type:A", InIssues, 2000, nil},
		"two keywords too long": {"env:qa type:A", InEvents, 1001, []string{"too_expensive"}},
		"word at its limit":     {"a", InEvents, 1000, nil},
		"word beyond":           {"a", InEvents, 1001, []string{"too_expensive"}},
		"leading star":          {"env:*qa", InEvents, 251, []string{"too_expensive"}},
		"a list counts once":    {"env:a,b,c,d,e", InEvents, 2000, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := Check(mustParse(t, tt.query), Context{In: tt.in, Days: tt.days})
			if diff := cmp.Diff(tt.want, reasons(err)); diff != "" {
				t.Error(diff)
			}
			if err != nil && errata.CodeOf(err) != errata.Invalid {
				t.Errorf("code %q", errata.CodeOf(err))
			}
		})
	}
	if err := Check(mustParse(t, "a"), Context{In: InEvents, Days: 4000, Budget: 10000}); err != nil {
		t.Error("the budget of an export does not count:", err)
	}
}

func TestNames(t *testing.T) {
	got := Names(mustParse(t, `(service:web,ab* OR !project:Payments) issue:chk-2,CHK-2 short_id:w-1 user:ada type:x`))
	want := Named{Services: []string{"payments", "web"}, Issues: []string{"CHK-2", "W-1"}, Users: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = Names(mustParse(t, "team:Web,#payments,none,ab* !team:web OR has:team"))
	if diff := cmp.Diff(Named{Teams: []string{"payments", "web"}, OfTeams: true}, got); diff != "" {
		t.Error(diff)
	}
	if !Names(mustParse(t, "has:team")).OfTeams {
		t.Error("has:team asks nothing of teams")
	}
	if Names(mustParse(t, "user:~9f2c51d0ab34e877")).Users {
		t.Error("a hash needs no secret")
	}
	if !Names(mustParse(t, `user:"~9f2c51d0ab34e877"`)).Users {
		t.Error("a quoted value is an identifier")
	}
}

func TestBindUsers(t *testing.T) {
	env := Env{Now: testNow, UserSecret: []byte("secret")}
	tests := map[string]struct{ query, want string }{
		"id":          {"user:42", "user:~93c121e7aa437a1e"},
		"folded":      {`user:" Ada@Example.org "`, "user:~" + UserHash(env.UserSecret, "ada@example.org")},
		"hash":        {"user:~9F2C51D0AB34E877", "user:~9F2C51D0AB34E877"},
		"like a hash": {`user:"~9f2c51d0ab34e877"`, "user:~" + UserHash(env.UserSecret, "~9f2c51d0ab34e877")},
		"sorted":      {"user:3,1,2", "user:~" + strings.Join(slices.Sorted(slices.Values([]string{UserHash(env.UserSecret, "1"), UserHash(env.UserSecret, "2"), UserHash(env.UserSecret, "3")})), ",~")},
		"both":        {"!user:~9f2c51d0ab34e877,42", "!user:~93c121e7aa437a1e,~9f2c51d0ab34e877"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x, err := Bind(mustParse(t, tt.query), env)
			if err != nil {
				t.Fatal(err)
			}
			p := Print(x)
			if p != tt.want {
				t.Errorf("canonical %q, want %q", p, tt.want)
			}
			again, err := Bind(mustParse(t, p), env)
			if err != nil {
				t.Fatal(err)
			}
			if Print(again) != p {
				t.Errorf("canonical %q becomes %q", p, Print(again))
			}
			Each(again, func(l *Leaf) {
				for _, v := range l.Values {
					r := Record{Terms: []string{"user=" + v.Text}}
					if len(v.Text) != 16 || !Match(&Leaf{Key: l.Key, Values: []Value{v}}, &r) {
						t.Errorf("value %+v is no hash", v)
					}
				}
			})
		})
	}
}

func TestUserHash(t *testing.T) {
	secret := []byte("secret")
	same := [][2]string{{"Ada@Example.org", " ada@example.ORG "}, {"2001:DB8::1", "2001:0db8:0:0:0:0:0:1"}, {"::ffff:203.0.113.7", "203.0.113.7"}}
	for _, p := range same {
		if UserHash(secret, p[0]) != UserHash(secret, p[1]) {
			t.Errorf("%q and %q differ", p[0], p[1])
		}
	}
	// echo -n 42 | openssl dgst -sha256 -hmac secret
	if got, want := UserHash(secret, "42"), "93c121e7aa437a1e"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if UserHash([]byte("other"), "42") == UserHash(secret, "42") {
		t.Error("the secret does not count")
	}
}

func TestBindIssuesAndServices(t *testing.T) {
	env := Env{Now: testNow, Services: map[string]bool{"web": true}, Issues: map[string][]string{"W-1": {"i1", "i7"}}}
	x, err := Bind(mustParse(t, "issue:w-1 service:web,pay*"), env)
	if err != nil {
		t.Fatal(err)
	}
	if p := Print(x); p != "issue:w-1 service:pay*,web" {
		t.Errorf("bound, it prints %q", p)
	}
	for issue, want := range map[string]bool{"i1": true, "i7": true, "i2": false} {
		r := Record{Issue: issue, Service: "web", Terms: []string{"service=web"}}
		if Match(x, &r) != want {
			t.Errorf("issue %s: %v, want %v", issue, !want, want)
		}
	}
	_, err = Bind(mustParse(t, "issue:W-2 !service:secret OR service:web"), env)
	want := []errata.Detail{
		{Reason: "query.unknown_name", Field: "q", Start: 0, End: 9, Message: "There is no issue “W-2”, or you may not see it."},
		{Reason: "query.unknown_name", Field: "q", Start: 11, End: 25, Message: "There is no service “secret”, or you may not see it."},
	}
	if diff := cmp.Diff(want, errata.DetailsOf(err)); diff != "" {
		t.Error(diff)
	}
	if _, err := Bind(mustParse(t, "service:any"), Env{Services: map[string]bool{}}); err == nil {
		t.Error("who sees no service names one")
	}
}

func TestBindTeams(t *testing.T) {
	env := Env{Now: testNow, Teams: map[string]bool{"payments": true, "me": false}}
	for q, want := range map[string]string{ // canonical form, or the hint after !
		"team:payments":            "team:payments",
		"team:#Payments,payments":  "team:Payments",
		"!team:#payments,#none":    "!team:none,payments",
		"team:my_teams":            "team:my_teams",
		"has:team":                 "has:team",
		"team:*":                   "has:team",
		`team:""`:                  "!has:team",
		"team:#pay*,ab*":           "team:ab*,pay*",
		"team:secret":              "!",
		"team:me":                  "!Write team:my_teams for the teams that you are in.",
		"team:payments,#":          "!",
		"is:open OR !team:#secret": "!",
	} {
		x, err := Bind(mustParse(t, q), env)
		if hint, refused := strings.CutPrefix(want, "!"); refused && !strings.HasPrefix(hint, "team") && !strings.HasPrefix(hint, "has") {
			if ds := errata.DetailsOf(err); len(ds) != 1 || ds[0].Reason != "query.unknown_name" || ds[0].Hint != hint {
				t.Errorf("%s: %+v", q, ds)
			}
			continue
		}
		if err != nil || Print(x) != want {
			t.Errorf("%s: %v, %v; want %s", q, x, err, want)
		}
	}
	_, err := Bind(mustParse(t, "env:qa team:Secret"), env)
	want := []errata.Detail{{Reason: "query.unknown_name", Field: "q", Start: 7, End: 18, Message: "There is no team “Secret”, or you may not see it."}}
	if diff := cmp.Diff(want, errata.DetailsOf(err)); diff != "" {
		t.Error(diff)
	}
	for q, hint := range map[string]string{
		"assigned:#payments": "Write team:payments for the issues of a team's services.",
		"assigned:my_teams":  "Write team:my_teams for the issues of your teams' services.",
	} {
		_, err = Bind(mustParse(t, q), env)
		if ds := errata.DetailsOf(err); len(ds) != 1 || ds[0].Reason != "query.unsupported" || ds[0].Hint != hint {
			t.Errorf("%s: %+v", q, ds)
		}
	}
}

func TestBindStatus(t *testing.T) {
	x, err := Bind(mustParse(t, "is:for_review,unresolved,muted"), Env{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range x.(*Leaf).Values {
		got = append(got, v.Text)
	}
	if diff := cmp.Diff([]string{"ignored", "open", "open", "acknowledged"}, got); diff != "" {
		t.Error(diff)
	}
	if p := Print(x); p != "is:ignored,open,unresolved" {
		t.Errorf("bound, it prints %q", p)
	}
}

// end writes a bound in units; open ends are dots.
func end(n *int64, unit float64) string {
	if n == nil {
		return "…"
	}
	return strconv.FormatFloat(float64(*n)/unit, 'f', -1, 64)
}

// bound writes a time bound in seconds from now.
func bound(n *int64) string {
	if n == nil {
		return end(n, 1)
	}
	d := *n - testNow.UnixMicro()
	return end(&d, 1e6)
}

func TestBindRanges(t *testing.T) {
	tests := map[string]string{ // [lo, hi) in seconds before now
		"timestamp:-2h":          "-7200 …",
		"timestamp:+2h":          "… -7200",
		"timestamp:-2h..-1h":     "-7200 -3600",
		"timestamp:..-1h":        "… -3600",
		"timestamp:>=-1h30m":     "-5400 …",
		"timestamp:<=now":        "… 0",
		"timestamp:today":        "-46800 39600",
		"received:>today":        "39600 …",
		"first_seen:<yesterday":  "… -133200",
		"last_seen:..2026-11-20": "… 39600",
		"age:>1h":                "… -3600",
		"age:<1h":                "-3599.999999 …",
		"age:>=1h":               "… -3599.999999",
		"age:<=1h":               "-3600 …",
		"age:1h..2h":             "-7200 -3599.999999",
		"age:..2h":               "-7200 …",
		"age:1h":                 "-7199.999999 -3599.999999",
	}
	for q, want := range tests {
		t.Run(q, func(t *testing.T) {
			x, err := Bind(mustParse(t, q), Env{Now: testNow, Zone: zone(t, "Europe/Berlin")})
			if err != nil {
				t.Fatal(err)
			}
			v := x.(*Leaf).Values[0]
			if got := bound(v.Lo) + " " + bound(v.Hi); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	for _, q := range []string{"timestamp:-1h..-2h", "timestamp:-1h..-1h", "age:2h..1h", "timestamp:2026-11-20..2026-11-19"} {
		if _, err := Bind(mustParse(t, q), Env{Now: testNow}); errata.ReasonOf(err) != "query.bad_value" {
			t.Errorf("%s: %v, want query.bad_value", q, err)
		}
	}
}

func TestNumericRanges(t *testing.T) {
	tests := map[string]string{
		"http.status:500": "500 501", "http.status:>500": "501 …", "http.status:<=499": "… 500", "http.status:<500": "… 500",
		"http.status:500..599": "500 600", "http.status:500..": "500 …", "events:>1k": "1001 …", "events:2.5k": "2500 2501",
		"users:-1..3m": "-1 3000001", "severity:P1": "1 2", "severity:>=P1": "0 2", "severity:>P1": "0 1", "severity:<P1": "2 4",
		"severity:<=high": "1 4", "severity:P2..P0": "0 3", "event.severity:..P1": "1 4", "event.severity:P2..": "0 3",
	}
	for q, want := range tests {
		t.Run(q, func(t *testing.T) {
			v := mustParse(t, q).(*Leaf).Values[0]
			if got := end(v.Lo, 1) + " " + end(v.Hi, 1); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

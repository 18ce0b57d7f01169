package searchtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

//go:embed testdata/match.json
var table4 []byte

// vector is an event of table 4 in a short form.
type vector struct {
	ID, Service, Env, Release, Level, Type, Message, Time string
	RequestID                                             string `json:"request_id"`
	Values                                                []string
	Frames                                                []errata.Frame
	Contexts                                              map[string]json.RawMessage
	Tags                                                  [][2]string
	Status                                                int
}

func (v *vector) doc(t testing.TB) search.Doc {
	t.Helper()
	when, err := time.Parse(time.RFC3339, v.Time)
	if err != nil {
		t.Fatal(err)
	}
	ev := errata.Event{
		ID: strings.Repeat(strings.ToLower(v.ID), 32), ProjectID: "1", Timestamp: when.UnixMicro(), ReceivedAt: when.UnixMicro(),
		Level: errata.Level(v.Level), Environment: v.Env, Release: v.Release, Message: v.Message, RequestID: v.RequestID, Class: 30,
	}
	for i, s := range v.Values {
		x := errata.Exception{Value: s}
		if i == len(v.Values)-1 {
			x.Type, x.Frames = v.Type, v.Frames
		}
		ev.Exceptions = append(ev.Exceptions, x)
	}
	for _, p := range v.Tags {
		tag(p[0], p[1])(&ev)
	}
	for k, c := range v.Contexts {
		contextOf(k, string(c))(&ev)
	}
	if v.Status > 0 {
		ev.Request = &errata.Request{Status: v.Status}
	}
	return search.Doc{Record: querylang.NewRecord(&ev, querylang.Meta{Service: v.Service, Issue: "i"}), Class: 30, Payload: []byte("{}")}
}

var matchCases = []testCase{
	{"table_4", func(f *fixture) {
		var table struct {
			Zone    string
			Events  []vector
			Queries []struct{ Query, Hits string }
		}
		f.ok(json.Unmarshal(table4, &table))
		zone := location(f, table.Zone)
		for i := range table.Events {
			f.index(table.Events[i].doc(f))
		}
		for _, q := range table.Queries {
			r := f.everything()
			r.Query = f.query(q.Query, zone)
			var found strings.Builder
			for _, v := range table.Events {
				for _, h := range f.agree(r).Hits {
					if h.EventID[0] == strings.ToLower(v.ID)[0] {
						found.WriteString(v.ID)
					}
				}
			}
			if found.String() != q.Hits {
				f.Errorf("%s: found %q, want %q", q.Query, found.String(), q.Hits)
			}
		}
	}},
	{"missing_and_not", func(f *fixture) {
		f.index(doc(1, typed("A", "")), doc(2), doc(3, typed("B", ""), tag("k", "v")))
		f.finds("!type:a", "2 3")
		f.finds("!tags[k]:v", "1 2")
		f.finds("!tags[k]:*v*x*", "1 2 3")
		f.finds("!http.status:500..599", "1 2 3")
		f.finds("!release:1", "1 2 3")
		f.finds("!deadlock", "1 2 3")
		f.finds("!message:deadlock", "1 2 3")
		f.finds("NOT (type:a OR tags[k]:v)", "2")
	}},
	{"has_and_empty", func(f *fixture) {
		f.index(doc(1, typed("A", "x"), user("00112233445566ff"), func(ev *errata.Event) { ev.Request = &errata.Request{Status: 500} }), doc(2, tag("k", "v"), message("m")),
			doc(3, func(ev *errata.Event) {
				ev.Exceptions = []errata.Exception{{Frames: []errata.Frame{{Function: "f", File: "f.go"}}}}
			}))
		f.finds("has:type", "1")
		f.finds(`type:""`, "2 3")
		f.finds("has:tags[k]", "2")
		f.finds(`tags[k]:""`, "1 3")
		f.finds("has:user", "1")
		f.finds("has:http.status", "1")
		f.finds("!has:http.status", "2 3")
		f.finds("has:message", "1 2")
		f.finds("has:stack", "3")
		f.finds("has:frame", "3")
		f.finds("has:env", "1 2 3")
		f.finds("has:trace", "")
	}},
	{"case_unicode", func(f *fixture) {
		f.index(doc(1, typed("ÄrgerFehler", "STRASSE"), tag("stadt", "ZÜRICH"), environment("ÖDE")), doc(2, typed("arger", "")))
		f.finds("type:ÄRGERFEHLER", "1")
		f.finds("type:ärger*", "1")
		f.finds("tags[stadt]:zürich", "1")
		f.finds("env:öde", "1")
		f.finds("ärger", "1")
		f.finds("strasse", "1")
		f.finds("straße", "")
		f.finds("zurich", "")
	}},
	{"wildcard_escaped", func(f *fixture) {
		f.index(doc(1, tag("k", "5*x"), typed("a*b", "")), doc(2, tag("k", "5yx"), typed("ayb", "")))
		f.finds(`tags[k]:5\*x`, "1")
		f.finds(`tags[k]:5*x`, "1 2")
		f.finds(`type:a\*b`, "1")
		f.finds(`type:*\**b`, "1")
	}},
	{"wildcard_special", func(f *fixture) {
		f.index(doc(1, tag("k", `a?[b]\c.d+e^f{g}%_`), typed(`x?[y]\z.+`, "")), doc(2, tag("k", `aXbYc.d+e`), typed("xAyBz.+", "")))
		f.finds(`tags[k]:"a?[b]\\c.d+*"`, "1")
		f.finds(`tags[k]:"a?*"`, "1")
		f.finds(`tags[k]:"a*[b]*"`, "1")
		f.finds(`tags[k]:"*%_"`, "1")
		f.finds(`type:"x?*"`, "1")
		f.finds(`type:"x*[y]*"`, "1")
		f.finds(`type:"*z.+"`, "1 2")
	}},
	{"tag_vs_key", func(f *fixture) {
		f.index(doc(1, tag("os", "linux")), doc(2, contextOf("os", `{"name":"linux"}`)), doc(3, contextOf("box", `{"os":"linux"}`)),
			doc(4, tag("type", "T")), doc(5, typed("T", "")))
		f.finds("tags[os]:linux", "1")
		f.finds("os:linux", "2")
		f.finds("ctx.box.os:linux", "3")
		f.finds("type:t", "5")
		f.finds("tags[type]:t", "4")
		f.finds("tags[type]:t*t", "")
	}},
	{"tag_with_equals_and_dot", func(f *fixture) {
		f.index(doc(1, tag("a", "b=c")), doc(2, tag("a.b", "c")), doc(3, tag("a", "b.c=d e")), doc(4, tag("ab", "c")))
		f.finds("tags[a]:b=c", "1")
		f.finds("tags[a.b]:c", "2")
		f.finds(`tags[a]:"b.c=d e"`, "3")
		f.finds("tags[a]:b*c*", "1 3")
		f.finds("has:tags[a]", "1 3")
		f.finds("tags[ab]:c", "4")
	}},
	{"many_values", func(f *fixture) {
		f.index(doc(1, tag("k", "a")), doc(2, tag("k", "b")), doc(3, tag("k", "c")), doc(4))
		f.finds("tags[k]:a,c", "1 3")
		f.finds("!tags[k]:a,c", "2 4")
		f.finds("tags[k]:a,b*b,zz", "1")
		var list []string
		for i := range 200 {
			list = append(list, fmt.Sprintf("v%d", i))
		}
		list[150] = "b"
		f.finds("tags[k]:"+strings.Join(list, ","), "2")
		f.finds("env:"+strings.Join(list, ","), "")
	}},
	{"user_hash", func(f *fixture) {
		id, mail := querylang.UserHash([]byte("secret"), "42"), querylang.UserHash([]byte("secret"), "a@b.example")
		f.index(doc(1, user(id, mail)), doc(2, user(mail)), doc(3, tag("user", id)))
		f.finds("user:42", "1")
		f.finds("user:a@b.example", "1 2")
		f.finds("user:~"+id, "1")
		f.finds("!user:42", "2 3")
	}},
	{"issue_and_children", func(f *fixture) {
		f.index(doc(1, issue("issue-3")), doc(2, issue("issue-4")), doc(3, issue("issue-5")), doc(4, issue("issue-8"), environment("qa")))
		f.finds("issue:ERR-3", "1 2")
		f.finds("issue:err-3,err-8", "1 2 4")
		f.finds("issue:err-3,err-8 env:qa", "4")
		f.finds("issue:err-3 OR env:qa", "1 2 4")
		f.finds("issue:err-3 OR issue:err-4", "1 2 3")
		f.finds("!issue:err-3", "3 4")
		f.finds("issue:err-40", "")
		r, many := f.everything(), querylang.Leaf{Key: key("issue")}
		for i := range 2000 {
			many.Values = append(many.Values, querylang.Value{Text: fmt.Sprintf("issue-%d", 4+i*4)})
		}
		r.Query = &many
		if got := ids(f.agree(r).Hits); got != "2 4" {
			f.Errorf("a large set of issues finds %q", got)
		}
	}},
	{"phrase_boundary", func(f *fixture) {
		f.index(doc(1, typed("X", "payment timeout"), typed("Y", "retry later")), doc(2, message("payment timeout retry later")))
		f.finds(`"timeout retry"`, "2")
		f.finds(`"payment timeout"`, "1 2")
		f.finds(`"retry payment"`, "")
		f.finds(`"later"`, "1 2")
	}},
	{"long_run", func(f *fixture) {
		long := strings.Repeat("a", 70)
		f.index(doc(1, message(long)), doc(2, message(strings.Repeat("a", 63))))
		f.finds(long, "1")
		f.finds(strings.Repeat("a", 64), "1")
		f.finds(strings.Repeat("a", 63)+"*", "1 2")
	}},
	{"stream_limit", func(f *fixture) {
		words := make([]string, 5000)
		for i := range words {
			words[i] = fmt.Sprintf("w%d", i)
		}
		f.index(doc(1, message(strings.Join(words, " "))))
		f.finds("w0", "1")
		f.finds("w4999", "")
	}},
	{"symbols_only", func(f *fixture) {
		f.index(doc(1, message("€ ✓ -- !")), doc(2, message("€ 5 ✓")))
		f.finds("5", "2")
		f.finds("has:message", "2")
	}},
	{"unsupported", func(f *fixture) {
		f.index(doc(1))
		for _, q := range []string{"is:open", "deadlock !is:resolved", "events:>5 OR env:production"} {
			r := f.everything()
			r.Query = f.query(q)
			_, err := f.e.Search(f.Context(), r)
			f.refused(err, errata.Invalid, search.ReasonQuery)
		}
		f.ok(nil)
	}},
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

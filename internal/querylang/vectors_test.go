package querylang

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

var testNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// vectors reads a file of testdata.
func vectors[T any](t testing.TB, name string) (v T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(name, err)
	}
	return v
}

type wantDetail struct {
	Reason string
	Start  *int
	End    int
	Says   string
}

// compareDetails checks reasons and places; Says must stand in message or hint.
func compareDetails(t *testing.T, kind string, got []errata.Detail, want []wantDetail) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d %+v, want %d", kind, len(got), got, len(want))
		return
	}
	for i, w := range want {
		g := got[i]
		if g.Reason != w.Reason || w.Start != nil && (g.Start != *w.Start || g.End != w.End) ||
			!strings.Contains(strings.ToLower(g.Message+" "+g.Hint), strings.ToLower(w.Says)) {
			t.Errorf("%s %d: got %+v, want %s %v–%d %q", kind, i, g, w.Reason, w.Start, w.End, w.Says)
		}
	}
}

func TestParseVectors(t *testing.T) {
	type vector struct {
		N         int
		Query     string
		Canonical *string
		Plan      string
		Details   []wantDetail
		Notices   []wantDetail
		Where     string // parse, check, bind or rule: who reports Details
	}
	env := Env{
		Now: testNow, Zone: zone(t, "Europe/Berlin"), UserSecret: []byte("k"),
		Issues: map[string][]string{"CHK-2187": {"01h8x4c9"}},
	}
	seen := map[int]bool{}
	for _, v := range vectors[[]vector](t, "parse.json") {
		seen[v.N] = true
		t.Run(strconv.Itoa(v.N), func(t *testing.T) {
			x, notices, err := Parse(v.Query, "browser", "region", "path")
			compareDetails(t, "notice", notices, v.Notices)
			if v.Canonical == nil {
				if errata.CodeOf(err) != errata.Invalid {
					t.Errorf("code %q, want invalid", errata.CodeOf(err))
				}
				compareDetails(t, "detail", errata.DetailsOf(err), v.Details)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := Print(x); got != *v.Canonical {
				t.Errorf("canonical %q, want %q", got, *v.Canonical)
			}
			if got := describe(Split(x, InIssues)); got != v.Plan {
				t.Errorf("plan %s, want %s", got, v.Plan)
			}
			place := InIssues
			if v.Where == "rule" {
				place = InRule
			}
			err = Check(x, Context{In: place, Days: 1})
			if err == nil {
				_, err = Bind(x, env)
			}
			compareDetails(t, "detail", errata.DetailsOf(err), v.Details)
		})
	}
	for n := 1; n <= 73; n++ {
		if !seen[n] {
			t.Errorf("vector %d is missing", n)
		}
	}
}

// describe writes a plan: S for SQL, E for one event.
func describe(p Plan) string {
	switch p.Kind {
	case PlanAll:
		return "all"
	case PlanSQL:
		return "S{" + Print(p.Expr) + "}"
	case PlanEvents:
		return "E{" + Print(p.Expr) + "}"
	}
	word := map[PlanKind]string{PlanAnd: " AND ", PlanOr: " OR "}[p.Kind]
	var kids []string
	for _, k := range p.Kids {
		s := describe(k)
		if k.Kind == PlanAnd || k.Kind == PlanOr {
			s = "(" + s + ")"
		}
		kids = append(kids, s)
	}
	return strings.Join(kids, word)
}

func TestTimeVectors(t *testing.T) {
	for _, v := range vectors[[]struct{ Literal, Zone, Lo, Hi string }](t, "times.json") {
		zones := []string{v.Zone}
		if v.Zone == "any" {
			zones = []string{"UTC", "Europe/Berlin", "Asia/Kathmandu"}
		}
		for _, z := range zones {
			t.Run(v.Literal+" "+z, func(t *testing.T) {
				x, _, err := Parse(`timestamp:"` + v.Literal + `"`)
				if v.Lo == "" {
					if r := errata.ReasonOf(err); r != "query.bad_value" {
						t.Fatalf("reason %q, want query.bad_value", r)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				lo, hi, ok := instant(v.Literal, testNow, zone(t, z))
				if !ok {
					t.Fatal("not a time")
				}
				got := fmt.Sprint(lo.UTC().Format(time.RFC3339Nano), " ", hi.UTC().Format(time.RFC3339Nano))
				if want := v.Lo + " " + v.Hi; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				if _, err := Bind(x, Env{Now: testNow, Zone: zone(t, z)}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestTokenVectors(t *testing.T) {
	for _, v := range vectors[[]struct {
		Texts  []string
		Stream string
	}](t, "tokens.json") {
		t.Run(strings.Join(v.Texts, "|"), func(t *testing.T) {
			got, cut := Stream(MaxTextTokens, v.Texts...)
			if diff := cmp.Diff(v.Stream, got); diff != "" || cut {
				t.Error(cut, diff)
			}
		})
	}
}

// matchVector is an event of the table in a short form.
type matchVector struct {
	ID, Service, Env, Release, Level, Type, Message, Time string
	RequestID                                             string `json:"request_id"`
	Values                                                []string
	Frames                                                []errata.Frame
	Contexts                                              map[string]json.RawMessage
	Tags                                                  [][2]string
	Status                                                int
}

func (v matchVector) event(t testing.TB) *errata.Event {
	t.Helper()
	at, err := time.Parse(time.RFC3339, v.Time)
	if err != nil {
		t.Fatal(err)
	}
	ev := &errata.Event{
		ID: v.ID, ProjectID: "1", Timestamp: at.UnixMicro(), ReceivedAt: at.UnixMicro(),
		Level: errata.Level(v.Level), Environment: v.Env, Release: v.Release, Message: v.Message, RequestID: v.RequestID,
	}
	for i, s := range v.Values {
		x := errata.Exception{Value: s}
		if i == len(v.Values)-1 {
			x.Type, x.Frames = v.Type, v.Frames
		}
		ev.Exceptions = append(ev.Exceptions, x)
	}
	for _, p := range v.Tags {
		ev.Tags = append(ev.Tags, errata.Pair{Key: p[0], Value: p[1]})
	}
	for k, c := range v.Contexts {
		ev.Contexts = append(ev.Contexts, errata.Member{Key: k, Value: c})
	}
	if v.Status > 0 {
		ev.Request = &errata.Request{Status: v.Status}
	}
	return ev
}

func TestMatchVectors(t *testing.T) {
	table := vectors[struct {
		Now     time.Time
		Zone    string
		Events  []matchVector
		Queries []struct{ Query, Hits string }
	}](t, "match.json")
	var records []Record
	for _, v := range table.Events {
		records = append(records, NewRecord(v.event(t), Meta{Service: v.Service}))
	}
	if n := len(table.Queries); n != 48 {
		t.Errorf("%d queries, want 48", n)
	}
	for _, q := range table.Queries {
		t.Run(q.Query, func(t *testing.T) {
			x, _, err := Parse(q.Query)
			if err != nil {
				t.Fatal(err)
			}
			if x, err = Bind(x, Env{Now: table.Now, Zone: zone(t, table.Zone)}); err != nil {
				t.Fatal(err)
			}
			var hits strings.Builder
			for i := range records {
				if Match(x, &records[i]) {
					hits.WriteString(records[i].EventID)
				}
			}
			if hits.String() != q.Hits {
				t.Errorf("hits %q, want %q", hits.String(), q.Hits)
			}
		})
	}
}

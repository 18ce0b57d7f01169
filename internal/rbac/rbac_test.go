package rbac_test

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/rbac"
)

// memory is a policy that tests write.
type memory struct {
	mu  sync.Mutex
	p   errata.Policy
	err error
}

func (m *memory) PolicyEpoch(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p.Epoch, m.err
}

func (m *memory) Policy(context.Context) (errata.Policy, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p, m.err
}

func (m *memory) add(l ...errata.PolicyLine) { m.set(append(m.p.Lines, l...)) }

// set replaces the lines.
func (m *memory) set(l []errata.PolicyLine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.Lines = l
	m.p.Epoch++
}

// away makes the database fail, or work again.
func (m *memory) away(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) grant(user string, role errata.Role, project string) {
	m.add(errata.Grant{UserID: user, Role: role, Project: project}.Line())
}

func newMemory() *memory {
	return &memory{p: errata.Policy{
		Epoch: 1, Projects: map[string]string{"1": "checkout", "2": "search"},
		Admins: []errata.Person{{ID: "ad", Name: "A. Rivera"}, {ID: "b", Name: "B. Chen"}, {ID: "c", Name: "C. Okafor"}},
	}}
}

func start(t testing.TB, m *memory) *rbac.Policy {
	t.Helper()
	p, err := rbac.New(t.Context(), rbac.Options{Source: m, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func user(id string) errata.Actor {
	return errata.Actor{Kind: errata.ActorUser, ID: id, Active: true}
}

// The table in testdata is the design's, written by hand: what casbin answers
// must agree with it for every action, role and place.
func TestRoles(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "roles.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	for _, r := range errata.Roles {
		m.grant("all-"+string(r), r, "")
		m.grant("one-"+string(r), r, "1")
	}
	p := start(t, m)
	var listed []errata.Action
	for _, row := range rows[1:] {
		what, extent := errata.Action(row[0]), row[1]
		listed = append(listed, what)
		for i, r := range errata.Roles {
			if rows[0][i+2] != string(r) {
				t.Fatalf("column %d is %s, want %s", i+2, rows[0][i+2], r)
			}
			has := row[i+2] == "yes"
			everywhere, one := user("all-"+string(r)), user("one-"+string(r))
			for _, c := range []struct {
				name, project string
				who           errata.Actor
				want          bool
			}{
				{"everywhere, in a project", "1", everywhere, has},
				{"everywhere, at large", "", everywhere, has},
				{"in one, there", "1", one, has && extent != "installation"},
				{"in one, elsewhere", "2", one, has && extent == "anywhere"},
				{"in one, at large", "", one, has && extent != "installation"},
				{"nobody", "1", user("stranger"), false},
				{"nobody, at large", "", user("stranger"), false},
			} {
				if got := p.Decide(c.who, what, c.project) == nil; got != c.want {
					t.Errorf("%s, %s, %s: %v, want %v", what, r, c.name, got, c.want)
				}
			}
		}
	}
	if d := cmp.Diff(errata.Actions, listed, sorted); d != "" {
		t.Errorf("actions without a line in the table, or the other way (-want +got):\n%s", d)
	}
	var shown []errata.Action
	for _, r := range rbac.Matrix() {
		shown = append(shown, r.Action)
	}
	if d := cmp.Diff(errata.Actions, shown); d != "" {
		t.Errorf("matrix (-want +got):\n%s", d)
	}
}

var sorted = cmp.Transformer("sort", func(a []errata.Action) []string {
	out := make([]string, len(a))
	for i := range a {
		out[i] = string(a[i])
	}
	slices.Sort(out)
	return out
})

func TestRefusals(t *testing.T) {
	m := newMemory()
	m.grant("v", errata.RoleViewer, "1")
	m.grant("r", errata.RoleResponder, "")
	m.add(errata.PolicyLine{Type: "p", V0: "user:r", V1: "event:read_pii", V2: "1/*", V3: "deny"})
	p := start(t, m)
	gone := user("r")
	gone.Active = false
	token := func(who string, s errata.TokenScopes) errata.Actor {
		a := user(who)
		a.Scopes = &s
		return a
	}
	reads := errata.TokenScopes{Actions: []errata.Action{errata.IssueRead, errata.UserManage, errata.IssueAck}}
	narrow := errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}, Projects: []string{"2"}}
	for name, c := range map[string]struct {
		who     errata.Actor
		what    errata.Action
		project string
		code    errata.Code
		message string
	}{
		"nobody":                     {errata.Actor{}, errata.IssueRead, "1", errata.Unauthenticated, "Sign in first."},
		"a disabled account":         {gone, errata.IssueRead, "1", errata.Unauthenticated, "Sign in first."},
		"a right is missing":         {user("v"), errata.IssueAck, "1", errata.Forbidden, "Needs responder on checkout. Ask A. Rivera or B. Chen."},
		"of the installation":        {user("v"), errata.UserManage, "", errata.Forbidden, "Needs admin everywhere. Ask A. Rivera or B. Chen."},
		"anywhere":                   {user("v"), errata.ProjectCreate, "", errata.Forbidden, "Needs maintainer on some service. Ask A. Rivera or B. Chen."},
		"a service never seen":       {user("v"), errata.IssueAck, "2", errata.NotFound, "There is no such page."},
		"a service that is not":      {user("v"), errata.IssueAck, "3", errata.NotFound, "There is no such page."},
		"denied by a line":           {user("r"), errata.EventReadPII, "1", errata.Forbidden, "Withdrawn on checkout by a rule. Ask A. Rivera or B. Chen."},
		"not denied elsewhere":       {user("r"), errata.EventReadPII, "2", "", ""},
		"the token lacks it":         {token("r", reads), errata.IssueResolve, "1", errata.Forbidden, "This token lacks the scope issue:resolve."},
		"the owner lacks it":         {token("v", reads), errata.IssueAck, "1", errata.Forbidden, "Needs responder on checkout. Ask A. Rivera or B. Chen."},
		"the token may":              {token("r", reads), errata.IssueAck, "1", "", ""},
		"never by token":             {token("r", reads), errata.UserManage, "", errata.Forbidden, "No token may do user:manage."},
		"a project of no token":      {token("r", narrow), errata.IssueRead, "1", errata.NotFound, "There is no such page."},
		"a project of the token":     {token("r", narrow), errata.IssueRead, "2", "", ""},
		"a command":                  {errata.System("cli", "cli"), errata.UserManage, "", "", ""},
		"a service account":          {errata.Actor{Kind: errata.ActorService, ID: "r", Active: true}, errata.IssueRead, "1", errata.NotFound, "There is no such page."},
		"an account named as a role": {user("role:admin"), errata.IssueRead, "1", errata.NotFound, "There is no such page."},
		"no such action":             {user("r"), "issue:eat", "1", errata.Unavailable, "Permissions cannot be checked at the moment."},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second answer comes from memory
				err := p.Decide(c.who, c.what, c.project)
				if errata.CodeOf(err) != c.code || c.code != "" && errata.MessageOf(err) != c.message {
					t.Errorf("got %v %q", errata.CodeOf(err), errata.MessageOf(err))
				}
				if a := p.Allowed(c.who, c.what, c.project); a.OK != (c.code == "") || a.Why != c.message {
					t.Errorf("allowed: %+v", a)
				}
			}
		})
	}
	detail := errata.DetailsOf(p.Decide(user("v"), errata.IssueAck, "1"))[0]
	want := map[string]any{"action": "issue:ack", "role": "responder", "project": "checkout", "ask": []string{"A. Rivera", "B. Chen"}}
	if d := cmp.Diff(want, detail.Data); d != "" || detail.Reason != rbac.ReasonPermission {
		t.Error(detail.Reason, d)
	}
}

// Without a policy that can be understood nobody may do anything.
func TestDeniesWhenUndecided(t *testing.T) {
	good := errata.Grant{UserID: "a", Role: errata.RoleAdmin}.Line()
	circle := []errata.PolicyLine{{Type: "g", V0: "role:x", V1: "role:y", V2: "*/*"}, {Type: "g", V0: "role:y", V1: "role:x", V2: "*/*"}}
	var deep []errata.PolicyLine
	for i := range 12 {
		deep = append(deep, errata.PolicyLine{Type: "g", V0: "role:" + strconv.Itoa(i), V1: "role:" + strconv.Itoa(i+1), V2: "*/*"})
	}
	for name, broken := range map[string][]errata.PolicyLine{
		"kind":      {{Type: "x", V0: "user:a", V1: "role:admin", V2: "*/*"}},
		"effect":    {{Type: "p", V0: "user:a", V1: "event:read_pii", V2: "*/*", V3: "Deny"}},
		"no effect": {{Type: "p", V0: "user:a", V1: "event:read_pii", V2: "*/*"}},
		"scope":     {{Type: "g", V0: "user:a", V1: "role:admin", V2: "1"}},
		"no scope":  {{Type: "g", V0: "user:a", V1: "role:admin"}},
		"halves":    {{Type: "p", V0: "user:a", V1: "event:read_pii", V2: "1/2/3", V3: "deny"}},
		"nobody":    {{Type: "g", V1: "role:admin", V2: "*/*"}},
		"circle":    circle,
		"deep":      deep,
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			m.add(good)
			p := start(t, m)
			if err := p.Decide(user("a"), errata.UserManage, ""); err != nil {
				t.Fatal(err)
			}
			m.add(broken...)
			if err := p.Poll(t.Context()); err == nil {
				t.Error("understood")
			}
			for _, what := range errata.Actions {
				if err := p.Decide(user("a"), what, "1"); errata.CodeOf(err) != errata.Unavailable {
					t.Errorf("%s: %v", what, err)
				}
			}
			if e := p.Explain("a", errata.UserManage, ""); e.OK || !e.Undecided {
				t.Errorf("explained %+v", e)
			}
			m.set([]errata.PolicyLine{good})
			if err := p.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := p.Decide(user("a"), errata.UserManage, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// A change of another process is in force within five seconds; while the
// database is away the last policy stays.
func TestChangeOfAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.grant("a", errata.RoleResponder, "1")
		p := start(t, m)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		may := func() bool { return p.Decide(user("a"), errata.IssueAck, "1") == nil }
		after := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		if !may() {
			t.Fatal("not from the start")
		}
		m.set(nil)
		after(5 * time.Second)
		if may() {
			t.Error("still allowed after five seconds")
		}
		m.grant("a", errata.RoleResponder, "1")
		m.away(errors.New("away"))
		after(5 * time.Second)
		if may() {
			t.Error("allowed by what was not read")
		}
		m.away(nil)
		after(5 * time.Second)
		if !may() {
			t.Error("not allowed after five seconds")
		}
		m.away(errors.New("away"))
		after(time.Minute)
		if !may() {
			t.Error("the last policy is gone while the database is away")
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestExplain(t *testing.T) {
	m := newMemory()
	m.grant("a", errata.RoleMaintainer, "1")
	m.grant("a", errata.RoleViewer, "")
	m.add(errata.PolicyLine{Type: "p", V0: "user:a", V1: "event:read_pii", V2: "1/*", V3: "deny"},
		errata.PolicyLine{Type: "p", V0: "user:a", V1: "key:read", V2: "2/*", V3: "allow"})
	p := start(t, m)
	ask := []string{"A. Rivera", "B. Chen"}
	responders := []errata.Role{errata.RoleResponder, errata.RoleMaintainer, errata.RoleAdmin}
	held := []errata.Role{errata.RoleViewer, errata.RoleResponder, errata.RoleMaintainer}
	for name, c := range map[string]struct {
		what    errata.Action
		project string
		want    rbac.Explanation
	}{
		"by a role that inherits": {errata.IssueResolve, "1", rbac.Explanation{
			OK: true, Why: "Allowed as maintainer.", Extent: rbac.OfProject, Line: "p, role:responder, issue:resolve, */*, allow",
			Path: []string{"user:a", "role:maintainer", "role:responder"}, Held: held, Needs: responders, Ask: ask,
		}},
		"not there": {errata.IssueResolve, "2", rbac.Explanation{
			Why: "Needs responder on search. Ask A. Rivera or B. Chen.", Extent: rbac.OfProject, Held: held[:1], Needs: responders, Ask: ask,
		}},
		"denied": {errata.EventReadPII, "1", rbac.Explanation{
			Why: "Withdrawn on checkout by a rule. Ask A. Rivera or B. Chen.", Extent: rbac.OfProject,
			Line: "p, user:a, event:read_pii, 1/*, deny", Held: held, Needs: responders, Ask: ask,
		}},
		"a line of its own": {errata.KeyRead, "2", rbac.Explanation{
			OK: true, Why: "Allowed by a line for this account.", Extent: rbac.OfProject, Line: "p, user:a, key:read, 2/*, allow",
			Held: held[:1], Needs: responders[1:], Ask: ask,
		}},
		"of the installation": {errata.UserManage, "", rbac.Explanation{
			Why: "Needs admin everywhere. Ask A. Rivera or B. Chen.", Extent: rbac.OfInstallation, Held: held[:1],
			Needs: []errata.Role{errata.RoleAdmin}, Ask: ask,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, p.Explain("a", c.what, c.project)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Many questions do not pile up in casbin's memory, nor change an answer.
func TestManyQuestions(t *testing.T) {
	m := newMemory()
	m.grant("a", errata.RoleViewer, "")
	p := start(t, m)
	for i := range 25_000 {
		if p.Decide(user("a"), errata.IssueAck, strconv.Itoa(i)) == nil {
			t.Fatal("allowed")
		}
	}
	if err := p.Decide(user("a"), errata.IssueRead, "1"); err != nil {
		t.Error(err)
	}
}

// bigPolicy has n lines: grants of people on services, a tenth of them lines
// that deny.
func bigPolicy(n int) *memory {
	m := newMemory()
	for i := range n {
		project := strconv.Itoa(i%50 + 1)
		m.p.Projects[project] = "service-" + project
		if i%10 == 9 {
			m.add(errata.PolicyLine{Type: "p", V0: "user:" + strconv.Itoa(i/10), V1: "event:read_pii", V2: project + "/*", V3: "deny"})
			continue
		}
		m.grant(strconv.Itoa(i/10), errata.Roles[i%4], project)
	}
	for i := range 50 {
		m.grant("reader", errata.RoleResponder, strconv.Itoa(i+1))
	}
	return m
}

// acts are what a row of the list asks for.
var acts = []errata.Action{
	errata.IssueAck, errata.IssueAssignSelf, errata.IssueAssign, errata.IssueResolve, errata.IssueReopen, errata.IssueIgnore,
	errata.IssueSeverity, errata.IssueComment, errata.IssueWatch, errata.EventReadPII,
}

// BenchmarkCan is what a page of 50 issues of 10 services asks: what its reader
// can do to each. cold: right after a change of the policy.
func BenchmarkCan(b *testing.B) {
	for _, lines := range []int{365, 10_000} {
		for _, cold := range []bool{false, true} {
			b.Run(strings.Join([]string{"lines=" + strconv.Itoa(lines), map[bool]string{true: "cold", false: "warm"}[cold]}, "/"), func(b *testing.B) {
				p := start(b, bigPolicy(lines))
				for b.Loop() {
					if cold {
						b.StopTimer()
						if err := p.Refresh(b.Context()); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
					}
					for row := range 50 {
						for _, what := range acts {
							if a := p.Allowed(user("reader"), what, strconv.Itoa(row%10+1)); !a.OK {
								b.Fatal(a.Why)
							}
						}
					}
				}
			})
		}
	}
}

func BenchmarkGeneration(b *testing.B) {
	p := start(b, bigPolicy(10_000))
	for b.Loop() {
		if err := p.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

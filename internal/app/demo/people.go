package demo

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/errata"
)

// person is an account of the demo.
type person struct {
	login, name string
	role        errata.Role
	services    []string // where the role holds; none = everywhere
}

// people are the company. Each built-in role is somebody's.
var people = []person{
	{login: "astrid", name: "Astrid Rivera", role: errata.RoleAdmin},
	{login: "jonas", name: "Jonas Berg", role: errata.RoleMaintainer},
	{login: "mira", name: "Mira Okafor", role: errata.RoleResponder},
	{login: "priya", name: "Priya Nair", role: errata.RoleResponder},
	{login: "tomas", name: "Tomás Lindqvist", role: errata.RoleResponder, services: []string{"payments-worker", "billing-svc", "notifications"}},
	{login: "yuki", name: "Yuki Tanaka", role: errata.RoleResponder, services: []string{"storefront-web", "storefront-api", "inventory-svc", "notifications"}},
	{login: "lena", name: "Lena Fischer", role: errata.RoleViewer},
	{login: "samuel", name: "Samuel Osei", role: errata.RoleAuditor},
}

// team is people who answer for services together, the lead first.
type team struct {
	name              string
	members, services []string
}

// teams are those of the company; somebody may be in two.
var teams = []team{
	{"Storefront", []string{"yuki", "mira"}, []string{"storefront-web", "storefront-api", "checkout-api"}},
	{"Payments", []string{"tomas", "priya"}, []string{"payments-worker", "billing-svc"}},
	{"Operations", []string{"priya", "jonas", "yuki"}, []string{"inventory-svc", "notifications"}},
}

// organisation is the name of the company.
const organisation = "Fjord & Leaf"

func (p person) email() string { return p.login + "@fjordleaf.example" }

// SignIn is how a visitor of the demo becomes one of its people.
type SignIn struct {
	Role                  errata.Role
	Name, Email, Password string
}

// cast are the accounts of the people, by login.
type cast map[string]errata.Actor

// settle makes organisation, people and services, in the first hours.
func (d *Demo) settle(ctx context.Context) (signIns []SignIn, err error) {
	d.people, d.browsers = cast{}, map[string]*browser{}
	d.Clock.Set(d.plan.from)
	if err := d.found(ctx, &signIns); err != nil {
		return nil, err
	}
	for i, s := range d.plan.services {
		d.Clock.Set(d.plan.from.Add(time.Duration(i+1) * 7 * time.Minute))
		if err := d.open(ctx, s); err != nil {
			return nil, err
		}
	}
	for i, p := range people[1:] {
		d.Clock.Set(d.plan.from.Add(2*time.Hour + time.Duration(i)*13*time.Minute))
		if err := d.join(ctx, p, &signIns); err != nil {
			return nil, err
		}
	}
	d.Clock.Set(d.plan.from.Add(4 * time.Hour))
	return signIns, d.team(ctx)
}

// found makes the first administrator.
func (d *Demo) found(ctx context.Context, signIns *[]SignIn) error {
	p := people[0]
	password := auth.NewSecret(8)
	acc, err := d.Admin.CreateAdmin(ctx, errata.System("demo", "cli"), admin.AdminForm{Org: organisation, Email: p.email(), Name: p.name, Password: password})
	if err != nil {
		return err
	}
	return d.enter(ctx, p, acc.ID, password, signIns)
}

// enter notes an account under its login.
func (d *Demo) enter(ctx context.Context, p person, id, password string, signIns *[]SignIn) (err error) {
	*signIns = append(*signIns, SignIn{p.role, p.name, p.email(), password})
	d.browsers[p.login] = &browser{person: p, password: password, cookies: map[string]*http.Cookie{}, seen: map[string]time.Time{}}
	d.people[p.login], err = d.Admin.SessionActor(ctx, id)
	return err
}

// open makes a service. Its second key may rate errors P0.
func (d *Demo) open(ctx context.Context, s *service) error {
	who := d.people[people[0].login]
	p, err := d.Admin.CreateProject(ctx, who, admin.ProjectForm{Slug: s.slug, Name: s.name, Platform: s.platform, Prefix: s.prefix})
	if err != nil {
		return err
	}
	key, err := d.Admin.CreateKey(ctx, who, s.slug, errata.KeyServer)
	s.id, s.key = p.ID, key.Key
	return err
}

// team makes the teams, whose people and services are there.
func (d *Demo) team(ctx context.Context) error {
	who := d.people[people[0].login]
	for _, t := range teams {
		made, err := d.Admin.CreateTeam(ctx, who, admin.TeamForm{Name: t.name})
		if err != nil {
			return err
		}
		for i, login := range t.members {
			role := errata.TeamMember
			if i == 0 {
				role = errata.TeamLead
			}
			if _, err := d.Admin.SetMember(ctx, who, made.Slug, d.people[login].ID, role); err != nil {
				return err
			}
		}
		for _, s := range d.plan.services {
			if !slices.Contains(t.services, s.slug) {
				continue
			}
			if _, err := d.Admin.GiveService(ctx, who, made.Slug, s.id, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// join invites somebody, who accepts a little later.
func (d *Demo) join(ctx context.Context, p person, signIns *[]SignIn) error {
	f := admin.InviteForm{Email: p.email(), Grants: []errata.Grant{{Role: p.role}}}
	if len(p.services) > 0 {
		f.Grants = nil
	}
	for _, s := range d.plan.services {
		if slices.Contains(p.services, s.slug) {
			f.Grants = append(f.Grants, errata.Grant{Role: p.role, Project: s.id})
		}
	}
	invited, err := d.Admin.Invite(ctx, d.people[people[0].login], f)
	if err != nil {
		return err
	}
	d.Clock.Set(d.Clock.Now().Add(5 * time.Minute))
	password := auth.NewSecret(8)
	_, token, _ := strings.Cut(invited.Link, "/invite/")
	acc, err := d.Admin.AcceptInvite(ctx, errata.Actor{}, admin.AcceptForm{Token: token, Name: p.name, Password: password})
	if err != nil {
		return err
	}
	return d.enter(ctx, p, acc.ID, password, signIns)
}

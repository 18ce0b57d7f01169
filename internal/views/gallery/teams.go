package gallery

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/views/page"
)

var payments = errata.Team{ID: "t1", Slug: "payments", Name: "Payments and billing", CreatedAt: ago(60 * day)}

func paymentsTeam() page.TeamIn {
	t := page.TeamIn{Team: payments, Services: []errata.Project{services[0], services[5]}}
	for i, role := range []errata.TeamRole{errata.TeamLead, errata.TeamMember, errata.TeamMember} {
		a := crew[[]int{1, 0, 4}[i]]
		t.Members = append(t.Members, page.TeamMemberIn{
			Person: errata.Person{ID: a.ID, Name: a.Name, Login: a.Login}, Role: role, Disabled: a.State == errata.UserDisabled,
		})
	}
	return t
}

func teamsStates() []state {
	teams := func(change func(*page.TeamsIn)) page.Teams {
		storefront := page.TeamIn{Team: errata.Team{ID: "t2", Slug: "storefront", Name: "Storefront", CreatedAt: ago(9 * day)}, Services: services[1:]}
		empty := page.TeamIn{Team: errata.Team{ID: "t3", Slug: "platform", Name: "Platform", CreatedAt: ago(day)}}
		in := page.TeamsIn{Teams: []page.TeamIn{paymentsTeam(), empty, storefront}, Self: "u1", MayManage: true}
		change(&in)
		return page.NewTeams(chrome("/teams"), in)
	}
	const why = "Needs admin everywhere. Ask Ada Rivera."
	return []state{
		{"many", teams(func(*page.TeamsIn) {})},
		{"one", teams(func(in *page.TeamsIn) { in.Teams = in.Teams[:1] })},
		{"none", teams(func(in *page.TeamsIn) { in.Teams = nil })},
		{"forbidden", teams(func(in *page.TeamsIn) { in.MayManage, in.Why = false, why })},
		{"none-forbidden", teams(func(in *page.TeamsIn) { in.Teams, in.MayManage, in.Why = nil, false, why })},
		{"refused", teams(func(in *page.TeamsIn) {
			in.Name, in.Slug = "Payments", "payments"
			in.Err = errata.Because(errata.Conflict, "Refused.", nil, errata.Detail{Reason: "slug_taken", Field: "slug", Message: "There is a team with this name in its address."})
		})},
		{"hostile", teams(func(in *page.TeamsIn) {
			in.Teams = in.Teams[:2]
			in.Teams[0].Team.Name, in.Teams[1].Team.Name = hostile, longWord
			in.Teams[0].Members[0].Name = hebrew + bidi
			in.Name, in.Slug = hostile, strings.Repeat("x", 50)
		})},
	}
}

func teamStates() []state {
	team := func(change func(*page.TeamPageIn)) page.TeamPage {
		in := page.TeamPageIn{
			Moment: moment, TeamIn: paymentsTeam(), Names: map[string]string{"t1": payments.Name, "t2": "Storefront"}, MayManage: true, Views: 1,
			People: []errata.Person{{ID: "u3", Name: "Chidi Okafor", Login: "chidi"}, {ID: "u4", Name: "Dana Weiss", Login: "dana"}}, Projects: services[1:4],
		}
		in.Projects = append([]errata.Project{}, in.Projects...)
		in.Projects[1].TeamID = "t2"
		change(&in)
		return page.NewTeamPage(chrome("/teams/payments"), in)
	}
	return []state{
		{"many", team(func(*page.TeamPageIn) {})},
		{"none", team(func(in *page.TeamPageIn) { in.Members, in.Services, in.Views = nil, nil, 0 })},
		{"complete", team(func(in *page.TeamPageIn) { in.People, in.Projects = nil, nil })},
		{"forbidden", team(func(in *page.TeamPageIn) {
			in.MayManage, in.People, in.Projects, in.Views, in.Why = false, nil, nil, 0, "Needs admin everywhere. Ask Ada Rivera."
		})},
		{"refused", team(func(in *page.TeamPageIn) {
			in.Err = errata.E(errata.Invalid, "A team has a name of one line, at most 80 characters.", nil)
		})},
		{"hostile", team(func(in *page.TeamPageIn) {
			in.Team.Name = hostile + longWord
			in.Members[0].Name, in.Members[1].Login = hostile, longWord
			in.Services[0].Slug, in.Names["t2"] = longWord, bidi+arabic
		})},
	}
}

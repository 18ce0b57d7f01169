package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// TeamMember is somebody in a team.
type TeamMember struct {
	errata.Person
	Role     errata.TeamRole
	Disabled bool // cannot sign in at present
}

// Team is a team as somebody sees it: of its services those that the reader
// may know of. Members are by role and name, services by short name.
type Team struct {
	errata.Team
	Members  []TeamMember
	Services []errata.Project
}

// Teams are all teams by name.
type Teams struct {
	Teams     []Team
	MayManage bool
}

// Teams lists the teams.
func (s *Service) Teams(ctx context.Context, who errata.Actor) (out Teams, err error) {
	if err := s.Decide(who, errata.UserRead, ""); err != nil {
		return out, err
	}
	out.MayManage = s.managesTeams(who)
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out.Teams, err = s.teams(ctx, tx, who)
		return err
	})
	return out, err
}

func (s *Service) managesTeams(who errata.Actor) bool {
	return s.Decide(who, errata.TeamManage, "") == nil
}

// teams reads the teams with their members and the services that the actor may
// know of.
func (s *Service) teams(ctx context.Context, tx *store.Tx, who errata.Actor) ([]Team, error) {
	all, err := tx.Teams(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	people := map[string]errata.Account{}
	for _, a := range accounts {
		people[a.ID] = a
	}
	members, err := tx.Memberships(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := s.seen(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	out := make([]Team, len(all))
	for i, t := range all {
		out[i] = newTeam(t, members, people, seen)
	}
	slices.SortStableFunc(out, func(a, b Team) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out, nil
}

func newTeam(t errata.Team, members []errata.Membership, people map[string]errata.Account, seen map[string]errata.Project) Team {
	out := Team{Team: t}
	for _, m := range members {
		if m.TeamID == t.ID {
			a := people[m.UserID]
			out.Members = append(out.Members, TeamMember{
				Person: errata.Person{ID: m.UserID, Name: a.Name, Login: a.Login}, Role: m.Role, Disabled: a.State == errata.UserDisabled,
			})
		}
	}
	slices.SortFunc(out.Members, func(a, b TeamMember) int {
		return cmp.Or(cmp.Compare(slices.Index(errata.TeamRoles, a.Role), slices.Index(errata.TeamRoles, b.Role)),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	for _, p := range seen {
		if p.TeamID == t.ID {
			out.Services = append(out.Services, p)
		}
	}
	slices.SortFunc(out.Services, func(a, b errata.Project) int { return strings.Compare(a.Slug, b.Slug) })
	return out
}

// TeamView is one team. People and Projects are filled for those who manage
// teams: who may be taken in, and which services may be given to it.
type TeamView struct {
	Team
	Names     map[string]string // of teams, by id
	People    []errata.Person
	Projects  []errata.Project
	Views     int64 // shared with it; counted for those who manage
	MayManage bool
}

// Team reads one team; not_found.
func (s *Service) Team(ctx context.Context, who errata.Actor, slug string) (out TeamView, err error) {
	if err := s.Decide(who, errata.UserRead, ""); err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = TeamView{MayManage: s.managesTeams(who), Names: map[string]string{}}
		all, err := s.teams(ctx, tx, who)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(t Team) bool { return t.Slug == slug })
		if at < 0 {
			return errata.E(errata.NotFound, "There is no such team.", nil)
		}
		out.Team = all[at]
		for _, t := range all {
			out.Names[t.ID] = t.Name
		}
		if !out.MayManage {
			return nil
		}
		return s.choices(ctx, tx, who, &out)
	})
	return out, err
}

// choices reads what may be added to a team.
func (s *Service) choices(ctx context.Context, tx *store.Tx, who errata.Actor, v *TeamView) (err error) {
	if v.Views, err = tx.CountTeamViews(ctx, v.ID); err != nil {
		return err
	}
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		in := slices.ContainsFunc(v.Members, func(m TeamMember) bool { return m.ID == a.ID })
		if a.State == errata.UserActive && !in {
			v.People = append(v.People, errata.Person{ID: a.ID, Name: a.Name, Login: a.Login})
		}
	}
	slices.SortFunc(v.People, func(a, b errata.Person) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	seen, err := s.seen(ctx, tx, who)
	for _, p := range seen {
		if p.TeamID != v.ID {
			v.Projects = append(v.Projects, p)
		}
	}
	slices.SortFunc(v.Projects, func(a, b errata.Project) int { return strings.Compare(a.Slug, b.Slug) })
	return err
}

// TeamForm asks for a team. Slug is proposed when empty.
type TeamForm struct{ Slug, Name string }

// noTeam is no name: it would be read as the lack of a team.
const noTeam = "none"

// CreateTeam makes a team without members and services. Errors: invalid (name,
// slug); conflict (slug_taken).
func (s *Service) CreateTeam(ctx context.Context, who errata.Actor, f TeamForm) (t errata.Team, err error) {
	f.Name, f.Slug = strings.TrimSpace(f.Name), strings.TrimSpace(f.Slug)
	if f.Slug == "" {
		f.Slug = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(f.Name), "-"), "-")
		f.Slug = strings.TrimRight(f.Slug[:min(len(f.Slug), 50)], "-")
	}
	wrong := checkTeamName(f.Name)
	if !slugForm.MatchString(f.Slug) || f.Slug == noTeam {
		wrong = append(wrong, field("slug", "format", "The short name has 1 to 50 characters of a-z, 0-9 and -, and is not “none”."))
	}
	if err := invalid(wrong); err != nil {
		return t, err
	}
	var ids store.IDs
	t = errata.Team{ID: ids.Next(), Slug: f.Slug, Name: f.Name, CreatedAt: s.now()}
	err = s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.TeamManage, errata.On("", "team", t.ID))
		if err != nil {
			return err
		}
		line.Detail("act", "create")
		return tx.CreateTeam(ctx, t)
	})
	return t, err
}

func checkTeamName(name string) []errata.Detail {
	if n := len([]rune(name)); n == 0 || n > 80 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return []errata.Detail{field("name", "length", "A team has a name of one line, at most 80 characters.")}
	}
	return nil
}

// onTeam runs a change of a team by somebody who manages teams; act is how the
// audit calls it.
func (s *Service) onTeam(ctx context.Context, who errata.Actor, slug, act string, do func(*store.Tx, errata.Team, *store.Line) error) error {
	return s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.TeamManage, errata.Resource{})
		if err != nil {
			return err
		}
		t, err := tx.TeamBySlug(ctx, slug)
		if err != nil {
			return err
		}
		line.Touches(errata.On("", "team", t.ID))
		line.Detail("act", act)
		return do(tx, t, line)
	})
}

// RenameTeam gives a team another name; its short name stays, because addresses
// and stored reports hold it. Errors: not_found; invalid (name).
func (s *Service) RenameTeam(ctx context.Context, who errata.Actor, slug, name string) error {
	name = strings.TrimSpace(name)
	if err := invalid(checkTeamName(name)); err != nil {
		return err
	}
	return s.onTeam(ctx, who, slug, "rename", func(tx *store.Tx, t errata.Team, line *store.Line) error {
		changed, err := tx.RenameTeam(ctx, t.ID, name)
		return noop(line, changed, err)
	})
}

// DeleteTeam removes a team. Its services have none afterwards, and the views
// shared with it are their owners' alone. Errors: not_found.
func (s *Service) DeleteTeam(ctx context.Context, who errata.Actor, slug string) error {
	return s.onTeam(ctx, who, slug, "delete", func(tx *store.Tx, t errata.Team, line *store.Line) error {
		services, views, err := tx.DeleteTeam(ctx, t.ID)
		line.Detail("services", services)
		line.Detail("views", views)
		return err
	})
}

// SetMember takes somebody into a team, or changes what they are in it, and says
// whether that was not so before. Errors: not_found; invalid (user, role).
func (s *Service) SetMember(ctx context.Context, who errata.Actor, slug, userID string, role errata.TeamRole) (changed bool, err error) {
	if !slices.Contains(errata.TeamRoles, role) {
		return false, invalid([]errata.Detail{field("role", "unknown", "In a team somebody is lead or member.")})
	}
	err = s.onTeam(ctx, who, slug, "member", func(tx *store.Tx, t errata.Team, line *store.Line) error {
		switch _, err := tx.AccountByID(ctx, userID); errata.CodeOf(err) {
		case "":
		case errata.NotFound:
			return invalid([]errata.Detail{field("user", "unknown", "There is no such account.")})
		default:
			return err
		}
		line.Detail("user", userID)
		line.Detail("role", string(role))
		changed, err = tx.SetMember(ctx, errata.Membership{TeamID: t.ID, UserID: userID, Role: role, At: s.now()})
		return noop(line, changed, err)
	})
	return changed, err
}

// RemoveMember takes somebody out of a team; views that they shared with it are
// private from then on. It says whether they were in. Errors: not_found.
func (s *Service) RemoveMember(ctx context.Context, who errata.Actor, slug, userID string) (was bool, err error) {
	err = s.onTeam(ctx, who, slug, "remove", func(tx *store.Tx, t errata.Team, line *store.Line) error {
		var views int64
		if views, was, err = tx.RemoveMember(ctx, t.ID, userID); err != nil {
			return err
		}
		if was { // what is not an account's id is text that somebody typed
			line.Detail("user", userID)
			line.Detail("views", views)
		}
		return noop(line, was, err)
	})
	return was, err
}

// GiveService makes a team answer for a service; take = no longer. It says
// whether that was not so before. Errors: not_found; invalid (project).
func (s *Service) GiveService(ctx context.Context, who errata.Actor, slug, projectID string, take bool) (changed bool, err error) {
	act := "service"
	if take {
		act = "service_taken"
	}
	err = s.onTeam(ctx, who, slug, act, func(tx *store.Tx, t errata.Team, line *store.Line) error {
		p, err := tx.ProjectByID(ctx, projectID)
		if errata.CodeOf(err) == errata.NotFound {
			return invalid([]errata.Detail{field("project", "unknown", "There is no such service.")})
		} else if err != nil {
			return err
		}
		line.Detail("project", p.ID)
		to := t.ID
		if take {
			if to = ""; p.TeamID != t.ID {
				return noop(line, false, nil)
			}
		} else if p.TeamID != "" && p.TeamID != t.ID {
			line.Detail("from", p.TeamID)
		}
		changed, err = tx.SetProjectTeam(ctx, p.ID, to)
		return noop(line, changed, err)
	})
	return changed, err
}

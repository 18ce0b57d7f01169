package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// Person is an account as others see it. Email and SessionCount are filled for
// those who manage people, and for oneself. Grants on services that the reader
// cannot see are left out.
type Person struct {
	errata.Account
	Grants       []errata.Grant
	SessionCount int64
}

// People are all accounts by name. Invites are filled for those who manage.
type People struct {
	People    []Person
	Invites   []errata.Invite
	Projects  map[string]errata.Project // that the reader sees, by id
	Names     map[string]string         // of accounts, by id
	MayManage bool
}

// People lists who has an account.
func (s *Service) People(ctx context.Context, who errata.Actor) (out People, err error) {
	if err := s.Decide(who, errata.UserRead, ""); err != nil {
		return out, err
	}
	manages := s.manages(who)
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = People{MayManage: manages, Names: map[string]string{}}
		if out.Projects, err = s.seen(ctx, tx, who); err != nil {
			return err
		}
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		grants, err := tx.Grants(ctx)
		if err != nil {
			return err
		}
		sums, err := tx.SumSessions(ctx, s.now())
		if err != nil {
			return err
		}
		if manages {
			if out.Invites, err = tx.Invites(ctx); err != nil {
				return err
			}
		}
		for _, a := range accounts {
			out.Names[a.ID] = a.Name
			p := Person{Account: public(a, manages || a.ID == who.ID), Grants: seenGrants(grants, a.ID, out.Projects)}
			p.SeenAt = max(p.SeenAt, sums[a.ID].Seen)
			if manages {
				p.SessionCount = sums[a.ID].Count
			}
			out.People = append(out.People, p)
		}
		return nil
	})
	slices.SortFunc(out.People, func(a, b Person) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return out, err
}

// manages says whether the actor may invite, grant and disable.
func (s *Service) manages(who errata.Actor) bool { return s.Decide(who, errata.UserManage, "") == nil }

// seen returns the services that the actor may read, by id.
func (s *Service) seen(ctx context.Context, tx *store.Tx, who errata.Actor) (map[string]errata.Project, error) {
	all, err := tx.Projects(ctx)
	out := map[string]errata.Project{}
	for _, p := range all {
		if s.Decide(who, errata.ProjectRead, p.ID) == nil {
			out[p.ID] = p
		}
	}
	return out, err
}

// public takes from an account what is nobody's business, and the address
// unless it is shown.
func public(a errata.Account, address bool) errata.Account {
	a.PasswordHash, a.LoginFailures, a.LoginAfter = "", 0, 0
	if !address {
		a.Email = ""
	}
	return a
}

// seenGrants are the roles of an account, everywhere first, then by service.
func seenGrants(all []errata.Grant, id string, projects map[string]errata.Project) (out []errata.Grant) {
	for _, g := range all {
		_, seen := projects[g.Project]
		if g.UserID == id && (g.Project == "" || seen) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b errata.Grant) int {
		return cmp.Or(
			strings.Compare(projects[a.Project].Slug, projects[b.Project].Slug),
			cmp.Compare(slices.Index(errata.Roles, a.Role), slices.Index(errata.Roles, b.Role)))
	})
	return out
}

// assignedShown is how many open issues of a person a page lists.
const assignedShown = 20

// PersonView is one account with what it holds. Sessions and Tokens are filled
// for those who manage people.
type PersonView struct {
	Person
	Teams         []errata.Team
	Sessions      []errata.Session
	Tokens        []errata.Token
	Assigned      []errata.Issue // the first unresolved ones that the reader sees
	AssignedTotal int64
	Projects      map[string]errata.Project // that the reader sees, by id
	MayManage     bool
	Self          bool // the reader's own account
	LastAdmin     bool // nobody else administers the installation
}

// Person reads one account; not_found.
func (s *Service) Person(ctx context.Context, who errata.Actor, id string) (out PersonView, err error) {
	if err := s.Decide(who, errata.UserRead, ""); err != nil {
		return out, err
	}
	manages := s.manages(who)
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = PersonView{MayManage: manages, Self: who.Kind == errata.ActorUser && who.ID == id}
		acc, err := tx.AccountByID(ctx, id)
		if err != nil {
			return err
		}
		if out.Projects, err = s.seen(ctx, tx, who); err != nil {
			return err
		}
		grants, err := tx.GrantsOf(ctx, id)
		if err != nil {
			return err
		}
		out.Person = Person{Account: public(acc, manages || out.Self), Grants: seenGrants(grants, id, out.Projects)}
		if out.Teams, err = tx.TeamsOf(ctx, id); err != nil {
			return err
		}
		sums, err := tx.SumSessions(ctx, s.now())
		if err != nil {
			return err
		}
		out.SeenAt = max(out.SeenAt, sums[id].Seen)
		if out.Assigned, out.AssignedTotal, err = tx.AssignedIssues(ctx, id, s.issueScope(who, out.Projects), assignedShown); err != nil || !manages {
			return err
		}
		return out.secrets(ctx, tx, s.now())
	})
	return out, err
}

// issueScope are the services whose issues the actor may read.
func (s *Service) issueScope(who errata.Actor, seen map[string]errata.Project) (out store.Scope) {
	for id := range seen {
		if s.Decide(who, errata.IssueRead, id) == nil {
			out.Projects = append(out.Projects, id)
		}
	}
	return out
}

// secrets reads what only those see who manage people.
func (v *PersonView) secrets(ctx context.Context, tx *store.Tx, now int64) (err error) {
	if v.Sessions, err = tx.SessionsOf(ctx, v.ID, now); err != nil {
		return err
	}
	v.SessionCount = int64(len(v.Sessions))
	if v.Tokens, err = tx.TokensOf(ctx, v.ID); err != nil {
		return err
	}
	admins, err := tx.Admins(ctx)
	v.LastAdmin = len(admins) == 1 && admins[0].ID == v.ID
	return err
}

// GrantRole gives an account a role in a project, "" = everywhere. It says
// whether the account did not have it. Errors: not_found; forbidden
// (own_rights); invalid (role, everywhere_only).
func (s *Service) GrantRole(ctx context.Context, who errata.Actor, g errata.Grant) (changed bool, err error) {
	if err := invalid(checkGrant(g)); err != nil {
		return false, err
	}
	err = s.onPerson(ctx, who, g.UserID, func(tx *store.Tx, _ errata.Account, line *store.Line) error {
		if isSelf(who, g.UserID) {
			return ownRights("Nobody gives themselves a role. Another administrator can.")
		}
		if err := projectThere(ctx, tx, g.Project); err != nil {
			return err
		}
		noteGrant(line, g)
		changed, err = tx.AddPolicy(ctx, g.Line())
		return noop(line, changed, err)
	})
	return changed, err
}

// RevokeRole takes a role from an account. It says whether the account had it.
// Errors: not_found; conflict (last_admin).
func (s *Service) RevokeRole(ctx context.Context, who errata.Actor, g errata.Grant) (changed bool, err error) {
	err = s.onPerson(ctx, who, g.UserID, func(tx *store.Tx, _ errata.Account, line *store.Line) error {
		noteGrant(line, g)
		if changed, err = tx.RemovePolicy(ctx, g.Line()); err != nil || !changed {
			return noop(line, changed, err)
		}
		return someAdmin(ctx, tx, g.Role == errata.RoleAdmin && g.Project == "")
	})
	return changed, err
}

// DisableUser ends the sessions of an account and keeps it from signing in; its
// tokens do nothing while it is disabled. It returns how many sessions ended.
// Errors: not_found; forbidden (own_rights); conflict (last_admin).
func (s *Service) DisableUser(ctx context.Context, who errata.Actor, id string) (ended int64, err error) {
	err = s.onPerson(ctx, who, id, func(tx *store.Tx, _ errata.Account, line *store.Line) error {
		if isSelf(who, id) {
			return ownRights("Nobody disables their own account. Another administrator can.")
		}
		changed, err := tx.SetAccountState(ctx, id, errata.UserDisabled, s.now())
		if err != nil || !changed {
			return noop(line, changed, err)
		}
		if ended, err = tx.EndSessionsOf(ctx, id, ""); err != nil {
			return err
		}
		line.Detail("state", string(errata.UserDisabled))
		line.Detail("sessions", ended)
		if err := tx.RaisePolicy(ctx); err != nil { // who can help has changed
			return err
		}
		grants, err := tx.GrantsOf(ctx, id)
		if err != nil {
			return err
		}
		return someAdmin(ctx, tx, slices.Contains(grants, errata.Grant{UserID: id, Role: errata.RoleAdmin}))
	})
	return ended, err
}

// EnableUser lets a disabled account sign in again, with the roles it had.
func (s *Service) EnableUser(ctx context.Context, who errata.Actor, id string) error {
	return s.onPerson(ctx, who, id, func(tx *store.Tx, _ errata.Account, line *store.Line) error {
		changed, err := tx.SetAccountState(ctx, id, errata.UserActive, 0)
		if err != nil || !changed {
			return noop(line, changed, err)
		}
		line.Detail("state", string(errata.UserActive))
		return tx.RaisePolicy(ctx)
	})
}

// EndSessionsOf signs an account out everywhere and returns of how many
// sessions.
func (s *Service) EndSessionsOf(ctx context.Context, who errata.Actor, id string) (ended int64, err error) {
	err = s.onPerson(ctx, who, id, func(tx *store.Tx, _ errata.Account, line *store.Line) error {
		ended, err = tx.EndSessionsOf(ctx, id, "")
		line.Detail("sessions", ended)
		return noop(line, ended > 0, err)
	})
	return ended, err
}

// onPerson runs a change of an account by somebody who manages people.
func (s *Service) onPerson(ctx context.Context, who errata.Actor, id string, do func(*store.Tx, errata.Account, *store.Line) error) error {
	return s.inTx(ctx, func(tx *store.Tx) error {
		line, err := tx.Permit(who, errata.UserManage, errata.On("", "user", id))
		if err != nil {
			return err
		}
		acc, err := tx.AccountByID(ctx, id)
		if err != nil {
			return err
		}
		return do(tx, acc, line)
	})
}

func noop(line *store.Line, changed bool, err error) error {
	if err == nil && !changed {
		line.Noop()
	}
	return err
}

func noteGrant(line *store.Line, g errata.Grant) {
	line.Detail("role", string(g.Role))
	line.Detail("project", cmp.Or(g.Project, "*"))
}

func isSelf(who errata.Actor, id string) bool { return who.Kind == errata.ActorUser && who.ID == id }

func ownRights(message string) error {
	return errata.Because(errata.Forbidden, message, nil, errata.Detail{Reason: "own_rights", Message: message})
}

// someAdmin refuses a change after which nobody could grant roles any more.
// Asked after the change and behind the lock of the policy's epoch, it sees
// those that ran beside it.
func someAdmin(ctx context.Context, tx *store.Tx, one bool) error {
	if !one {
		return nil
	}
	left, err := tx.Admins(ctx)
	if err != nil || len(left) > 0 {
		return err
	}
	const message = "This is the last administrator. Make somebody else administrator first."
	return errata.Because(errata.Conflict, message, nil, errata.Detail{Reason: "last_admin", Message: message})
}

func projectThere(ctx context.Context, tx *store.Tx, id string) error {
	if id == "" {
		return nil
	}
	_, err := tx.ProjectByID(ctx, id)
	if errata.CodeOf(err) == errata.NotFound {
		return invalid([]errata.Detail{field("project", "unknown", "There is no such service.")})
	}
	return err
}

func checkGrant(g errata.Grant) (wrong []errata.Detail) {
	switch {
	case !slices.Contains(errata.Roles, g.Role):
		wrong = append(wrong, field("role", "unknown", "“"+clip(string(g.Role), 100)+"” is no role. Known: viewer, responder, maintainer, admin, auditor."))
	case g.Role == errata.RoleAdmin && g.Project != "":
		wrong = append(wrong, field("project", "everywhere_only", "Administrators are administrators everywhere. On one service, maintainer is the highest role."))
	}
	return wrong
}

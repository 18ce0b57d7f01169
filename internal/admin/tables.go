package admin

import (
	"context"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/rbac"
)

func column(key, title string, kind errata.ColumnKind) errata.Column {
	return errata.Column{Key: key, Title: title, Kind: kind}
}

// words is a cell of text; "" is a missing value.
func words(s string) errata.Cell {
	if s == "" {
		return errata.Cell{}
	}
	return errata.TextCell(s)
}

// moment is a cell of time (µs); 0 is a missing value.
func moment(us int64) errata.Cell {
	if us == 0 {
		return errata.Cell{}
	}
	return errata.IntCell(us)
}

func stamp(us int64) string { return errata.FromMicros(us).Format(time.RFC3339) }

// UserTables are the list of accounts as tables, with what the reader may know:
// addresses, sessions and open invitations are for those who manage people.
// Errors: forbidden.
func (s *Service) UserTables(ctx context.Context, who errata.Actor) ([]errata.Section, error) {
	all, err := s.People(ctx, who)
	if err != nil {
		return nil, err
	}
	accounts := errata.Section{ID: "accounts", Title: "Accounts", Table: accountTable(all)}
	if !all.MayManage {
		accounts.Text = "E-mail addresses are for those who manage people."
	}
	out := []errata.Section{accounts}
	if len(all.Invites) > 0 {
		out = append(out, errata.Section{ID: "invitations", Title: "Open invitations", Table: inviteTable(all)})
	}
	return out, nil
}

func accountTable(all People) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{
		column("id", "Id", errata.ColumnText), column("name", "Name", errata.ColumnText), column("login", "Login", errata.ColumnText),
		column("email", "E-mail", errata.ColumnText), column("state", "State", errata.ColumnText), column("roles", "Roles", errata.ColumnText),
		column("last_seen", "Last seen", errata.ColumnTime),
	}}
	if all.MayManage {
		t.Columns = append(t.Columns, column("sessions", "Sessions", errata.ColumnInt))
	}
	for _, p := range all.People {
		row := []errata.Cell{words(p.ID), words(p.Name), words(p.Login), words(p.Email), words(string(p.State)), words(grantWords(p.Grants, all.Projects)), moment(p.SeenAt)}
		if all.MayManage {
			row = append(row, errata.IntCell(p.SessionCount))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func inviteTable(all People) *errata.Table {
	t := &errata.Table{Columns: []errata.Column{
		column("email", "E-mail", errata.ColumnText), column("roles", "Roles", errata.ColumnText), column("by", "Created by", errata.ColumnText),
		column("created", "Created", errata.ColumnTime), column("expires", "Until", errata.ColumnTime),
	}}
	for _, i := range all.Invites {
		by := all.Names[i.CreatedBy]
		if by == "" {
			by = i.CreatedBy
		}
		t.Rows = append(t.Rows, []errata.Cell{words(i.Email), words(grantWords(i.Grants, all.Projects)), words(by), moment(i.CreatedAt), moment(i.ExpiresAt)})
	}
	return t
}

// grantWords lists roles as "viewer, responder on checkout".
func grantWords(all []errata.Grant, projects map[string]errata.Project) string {
	var out []string
	for _, g := range all {
		role := string(g.Role)
		if p, seen := projects[g.Project]; seen {
			role += " on " + p.Slug
		} else if g.Project != "" {
			role += " on a service that has gone"
		}
		out = append(out, role)
	}
	return strings.Join(out, ", ")
}

// RoleTables are the built-in roles as a table: one row per action, with who
// holds it. Errors: forbidden.
func (s *Service) RoleTables(_ context.Context, who errata.Actor) ([]errata.Section, error) {
	if err := s.Decide(who, errata.RoleRead, ""); err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: []errata.Column{column("action", "Action", errata.ColumnText)}}
	for _, r := range errata.Roles {
		t.Columns = append(t.Columns, column(string(r), string(r), errata.ColumnBool))
	}
	t.Columns = append(t.Columns, column("extent", "Asked", errata.ColumnText))
	for _, right := range rbac.Matrix() {
		row := []errata.Cell{words(string(right.Action))}
		for _, r := range errata.Roles {
			row = append(row, errata.BoolCell(right.Has(r)))
		}
		t.Rows = append(t.Rows, append(row, words(string(right.Extent))))
	}
	return []errata.Section{{ID: "roles", Title: "Built-in roles", Table: t}}, nil
}

// TeamTables are the list of teams as a table, with the services that the reader
// may know of. Errors: forbidden.
func (s *Service) TeamTables(ctx context.Context, who errata.Actor) ([]errata.Section, error) {
	all, err := s.Teams(ctx, who)
	if err != nil {
		return nil, err
	}
	t := &errata.Table{Columns: []errata.Column{
		column("slug", "Short name", errata.ColumnText), column("name", "Name", errata.ColumnText), column("people", "People", errata.ColumnText),
		column("people_count", "Number of people", errata.ColumnInt), column("services", "Services", errata.ColumnText),
		column("services_count", "Number of services", errata.ColumnInt),
	}}
	for _, team := range all.Teams {
		var people, services []string
		for _, m := range team.Members {
			name := m.Name
			if name == "" {
				name = m.Login
			}
			people = append(people, name)
		}
		for _, p := range team.Services {
			services = append(services, p.Slug)
		}
		t.Rows = append(t.Rows, []errata.Cell{
			words(team.Slug), words(team.Name), words(strings.Join(people, ", ")), errata.IntCell(int64(len(people))),
			words(strings.Join(services, ", ")), errata.IntCell(int64(len(services))),
		})
	}
	return []errata.Section{{ID: "teams", Title: "Teams", Table: t}}, nil
}

package admin

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"errata/internal/auth"
	"errata/internal/errata"
	"errata/internal/store"
)

// ProjectForm asks for a service. Slug and Prefix are proposed when empty.
type ProjectForm struct{ Slug, Name, Platform, Prefix string }

// NewProject is a service with its first key.
type NewProject struct {
	errata.Project
	Key errata.IngestKey
	DSN string
}

var (
	slugForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,49}$`)
	prefixForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,4}$`)
	notSlug    = regexp.MustCompile(`[^a-z0-9]+`)
)

// Platforms are the ones with a set-up page of their own.
var Platforms = []string{"go", "node", "python", "java", "browser", "other"}

// CreateProject makes a service with a first, public key.
func (s *Service) CreateProject(ctx context.Context, who errata.Actor, f ProjectForm) (NewProject, error) {
	f.Name, f.Slug, f.Prefix = strings.TrimSpace(f.Name), strings.TrimSpace(f.Slug), strings.ToUpper(strings.TrimSpace(f.Prefix))
	if f.Slug == "" {
		f.Slug = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(f.Name), "-"), "-")
	}
	if f.Name == "" {
		f.Name = f.Slug
	}
	if err := checkProject(f); err != nil {
		return NewProject{}, err
	}
	out := NewProject{Project: errata.Project{
		Slug: f.Slug, Prefix: f.Prefix, Name: f.Name, Platform: f.Platform,
		CreatedAt: s.now(), CreatedBy: who.ID,
	}}
	key := s.newKey(who, errata.KeyPublic)
	err := s.inTx(ctx, func(tx *store.Tx) (err error) {
		line, err := tx.Permit(who, errata.ProjectCreate, errata.Resource{})
		if err != nil {
			return err
		}
		if out.Project, err = tx.CreateProject(ctx, out.Project); err != nil {
			return err
		}
		line.Touches(errata.On(out.ID, "project", out.ID))
		if err := tx.RaisePolicy(ctx); err != nil { // refusals name the service
			return err
		}
		key.ProjectID = out.ID
		return tx.CreateKey(ctx, key)
	})
	out.Key, out.DSN = key, s.DSN(key)
	return out, err
}

func checkProject(f ProjectForm) error {
	var wrong []errata.Detail
	if len([]rune(f.Name)) > 100 {
		wrong = append(wrong, field("name", "length", "The name has more than 100 characters."))
	}
	if !slugForm.MatchString(f.Slug) {
		wrong = append(wrong, field("slug", "format", "The short name has 1 to 50 characters of a-z, 0-9 and -."))
	}
	if f.Prefix != "" && (!prefixForm.MatchString(f.Prefix) || f.Prefix == "INC") {
		wrong = append(wrong, field("prefix", "format", "The prefix has 2 to 5 characters of A-Z and 0-9, begins with a letter, and is not INC."))
	}
	if f.Platform != "" && !slices.Contains(Platforms, f.Platform) {
		wrong = append(wrong, field("platform", "unknown", "Choose a platform of: "+strings.Join(Platforms, ", ")+"."))
	}
	return invalid(wrong)
}

func (s *Service) newKey(who errata.Actor, kind errata.KeyKind) errata.IngestKey {
	return errata.IngestKey{Key: auth.NewSecret(16), Kind: kind, CreatedAt: s.now(), CreatedBy: who.ID}
}

// CreateKey makes a further key of a service.
func (s *Service) CreateKey(ctx context.Context, who errata.Actor, slug string, kind errata.KeyKind) (errata.IngestKey, error) {
	if kind != errata.KeyPublic && kind != errata.KeyServer {
		return errata.IngestKey{}, invalid([]errata.Detail{field("kind", "unknown", "The kind is public or server.")})
	}
	key := s.newKey(who, kind)
	err := s.inTx(ctx, func(tx *store.Tx) error {
		p, err := tx.ProjectBySlug(ctx, slug)
		if err != nil {
			return err
		}
		if _, err := tx.Permit(who, errata.KeyWrite, errata.On(p.ID, "project", p.ID)); err != nil {
			return err
		}
		key.ProjectID = p.ID
		return tx.CreateKey(ctx, key)
	})
	return key, err
}

// DSN is what an SDK is given for a key.
func (s *Service) DSN(k errata.IngestKey) string {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User = url.User(k.Key)
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + k.ProjectID
	return u.String()
}

// Projects lists the services that the actor may read, by name.
func (s *Service) Projects(ctx context.Context, who errata.Actor) (all []errata.Project, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Projects(ctx)
		return err
	})
	all = slices.DeleteFunc(all, func(p errata.Project) bool { return s.Decide(who, errata.ProjectRead, p.ID) != nil })
	slices.SortFunc(all, func(a, b errata.Project) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all, err
}

// ServiceSetup is what the set-up page of a service shows.
type ServiceSetup struct {
	Project errata.Project
	Team    errata.Team      // that answers for it; zero = none
	Key     errata.IngestKey // the newest that works
	DSN     string           // "" = no key works
	First   *errata.Issue    // the issue seen last; nil while no event has come

	FirstEnvironment string
}

// ServiceSetup reads a service, its keys, and whether an event has come.
func (s *Service) ServiceSetup(ctx context.Context, who errata.Actor, slug string) (out ServiceSetup, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.ProjectBySlug(ctx, slug)
		if err != nil {
			return err
		}
		if err := s.Decide(who, errata.KeyRead, p.ID); err != nil {
			return errata.E(errata.NotFound, "There is no such service.", err)
		}
		out = ServiceSetup{Project: p}
		if out.Team, err = teamOf(ctx, tx, p); err != nil {
			return err
		}
		keys, err := tx.KeysOf(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.DisabledAt == 0 {
				out.Key, out.DSN = k, s.DSN(k)
			}
		}
		return out.newestIssue(ctx, tx)
	})
	return out, err
}

// teamOf returns the team that answers for a service; zero = none.
func teamOf(ctx context.Context, tx *store.Tx, p errata.Project) (errata.Team, error) {
	if p.TeamID == "" {
		return errata.Team{}, nil
	}
	return tx.TeamByID(ctx, p.TeamID)
}

func (out *ServiceSetup) newestIssue(ctx context.Context, tx *store.Tx) error {
	rows, err := tx.Issues(ctx, store.IssueFilter{Scope: store.Scope{Projects: []string{out.Project.ID}}}, store.IssuePage{Sort: store.SortLastSeen, Size: 1})
	if err != nil || len(rows) == 0 {
		return err
	}
	out.First = &rows[0]
	envs, err := tx.EnvironmentsOf(ctx, rows[0].ID)
	if len(envs) > 0 {
		out.FirstEnvironment = envs[0].Name
	}
	return err
}

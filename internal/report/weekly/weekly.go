// Package weekly is the report "Weekly errors and response": figures of one
// week as a document, kept as it was made. Its figures are those of the pages.
package weekly

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
)

// Kind is what runs of this report are called.
const Kind = "weekly"

// Options are what the service is made of.
type Options struct {
	Store  *store.Store
	Find   *find.Service
	Clock  errata.Clock
	Decide errata.Decide
	Views  *store.Views // journal of who looked at which report; nil: none
}

// Service runs the report and shows its runs.
type Service struct{ Options }

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// Ask says what a run is about: services by slug, none = all that the actor may
// take figures of. With Again it is about what that run was about.
type Ask struct {
	Services []string
	Again    string // id of a run
	Zone     *time.Location
}

// params are what a run was asked, as it is stored. Projects are ids, sorted: a
// run is about them and no others, whatever comes later.
type params struct {
	Projects []string `json:"projects"`
}

func paramsOf(r errata.ReportRun) (p params, err error) {
	if err := json.Unmarshal([]byte(r.Params), &p); err != nil {
		return p, fmt.Errorf("params of report run %s: %w", r.ID, err)
	}
	return p, nil
}

// needed are the rights to run the report in a project.
var needed = []errata.Action{errata.ReportRead, errata.IssueRead, errata.AnalyticsRead, errata.IssueExport}

// Run computes the report of the last week that is over and keeps it. Where an
// earlier run was about the same, the new one restates it: it lists what has
// changed and why. Errors: invalid (report.no_service, too_many_rows), not_found
// for a service or run that is absent or invisible, forbidden.
func (s *Service) Run(ctx context.Context, who errata.Actor, a Ask) (string, error) {
	run, ids, err := s.plan(ctx, who, a)
	if err != nil {
		return "", err
	}
	zone, err := time.LoadLocation(run.Zone)
	if err != nil {
		return "", err
	}
	w, err := s.Find.Weekly(ctx, who, find.WeekQuery{
		Projects: ids, Week: find.Range{From: errata.FromMicros(run.From), To: errata.FromMicros(run.To)}, Zone: zone,
	})
	if err != nil {
		return "", err
	}
	run.Data, run.AsOf, run.CreatedAt = Document(w, zone), w.AsOf, s.Clock().UnixMicro()
	run.Title = run.Data.Title
	if err := s.restate(ctx, &run, ids, zone); err != nil {
		return "", err
	}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := s.may(who, ids, needed); err != nil {
			return err
		}
		line, err := tx.Permit(who, errata.IssueExport, errata.Resource{Name: "report:" + run.ID})
		if err != nil {
			return err
		}
		line.Detail("kind", Kind)
		line.Detail("services", ids)
		return tx.CreateReportRun(ctx, run)
	})
	return run.ID, err
}

// plan says which week of which projects is asked for.
func (s *Service) plan(ctx context.Context, who errata.Actor, a Ask) (run errata.ReportRun, ids []string, err error) {
	run = errata.ReportRun{ID: uuid.Must(uuid.NewV7()).String(), Kind: Kind, CreatedBy: who.ID}
	if a.Again != "" {
		old, err := s.read(ctx, who, a.Again)
		if err != nil {
			return run, nil, err
		}
		p, err := paramsOf(old)
		if err != nil {
			return run, nil, err
		}
		run.From, run.To, run.Zone, run.Params = old.From, old.To, old.Zone, old.Params
		return run, p.Projects, s.may(who, p.Projects, needed)
	}
	if a.Zone == nil {
		a.Zone = time.UTC
	}
	week := find.LastWeek(s.Clock(), a.Zone)
	run.From, run.To, run.Zone = week.From.UnixMicro(), week.To.UnixMicro(), a.Zone.String()
	if ids, err = s.projects(ctx, who, a.Services); err != nil {
		return run, nil, err
	}
	text, err := json.Marshal(params{ids})
	run.Params = string(text)
	return run, ids, err
}

// projects returns the ids of services that the report is run of.
func (s *Service) projects(ctx context.Context, who errata.Actor, slugs []string) (ids []string, err error) {
	var all []errata.Project
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Projects(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	bySlug := map[string]string{}
	for _, p := range all {
		if s.Decide(who, errata.IssueRead, p.ID) == nil {
			bySlug[p.Slug] = p.ID
		}
	}
	for slug, id := range bySlug {
		if len(slugs) == 0 && s.may(who, []string{id}, needed) == nil || slices.Contains(slugs, slug) {
			ids = append(ids, id)
		}
	}
	for _, slug := range slugs {
		if bySlug[slug] == "" {
			return nil, errata.E(errata.NotFound, "There is no such service.", nil)
		}
	}
	if len(ids) == 0 {
		const sentence = "There is no service whose figures you may take along."
		return nil, errata.Because(errata.Forbidden, sentence, nil, errata.Detail{Reason: "report.no_service", Field: "service", Message: sentence})
	}
	slices.Sort(ids)
	return ids, s.may(who, ids, needed)
}

// may says whether the actor has all rights in all projects.
func (s *Service) may(who errata.Actor, projects []string, rights []errata.Action) error {
	for _, id := range projects {
		for _, right := range rights {
			if err := s.Decide(who, right, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// restate compares a run with the latest earlier one about the same.
func (s *Service) restate(ctx context.Context, run *errata.ReportRun, projects []string, zone *time.Location) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		id, err := tx.LastReportRun(ctx, *run)
		if err != nil || id == "" {
			return err
		}
		old, err := tx.ReportRun(ctx, id)
		if err != nil {
			return err
		}
		var since Since
		in, before := store.Scope{Projects: projects}, find.LastWeek(errata.FromMicros(run.From), zone)
		if since.Week, err = tx.ChangedSince(ctx, in, old.AsOf, run.From, run.To); err != nil {
			return err
		}
		if since.Before, err = tx.ChangedSince(ctx, in, old.AsOf, before.From.UnixMicro(), before.To.UnixMicro()); err != nil {
			return err
		}
		run.Restates = id
		run.Data.Sections = append([]errata.Section{Changes(&old.Data, &run.Data, since)}, run.Data.Sections...)
		return nil
	})
}

// readable are the rights to read a run in each of its projects.
var readable = []errata.Action{errata.ReportRead, errata.IssueRead, errata.AnalyticsRead}

// read returns a run that the actor may read; one that is absent and one that
// they may not read are not found.
func (s *Service) read(ctx context.Context, who errata.Actor, id string) (run errata.ReportRun, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		run, err = tx.ReportRun(ctx, id)
		return err
	})
	if err != nil {
		return errata.ReportRun{}, err
	}
	if ok, err := s.mayRead(who, run); err != nil || !ok {
		return errata.ReportRun{}, orNotFound(err)
	}
	return run, nil
}

func orNotFound(err error) error {
	if err == nil {
		err = errata.E(errata.NotFound, "There is no such report.", nil)
	}
	return err
}

// mayRead says whether the actor may read every project that a run is about.
func (s *Service) mayRead(who errata.Actor, run errata.ReportRun) (bool, error) {
	p, err := paramsOf(run)
	return err == nil && s.may(who, p.Projects, readable) == nil, err
}

// Shown is a run as somebody reads it.
type Shown struct {
	errata.ReportRun
	By   errata.Person // who ran it; zero = an account that is no more
	Take error         // why the reader may not take it along as a file, nil = may
}

// Read returns a run. That somebody reads it is written down behind the answer.
// Errors: not_found.
func (s *Service) Read(ctx context.Context, who errata.Actor, id string) (out Shown, err error) {
	run, err := s.read(ctx, who, id)
	if err != nil {
		return out, err
	}
	out = Shown{ReportRun: run}
	p, err := paramsOf(run)
	if err != nil {
		return out, err
	}
	out.Take = s.may(who, p.Projects, []errata.Action{errata.IssueExport})
	if s.Views != nil {
		s.Views.Note(who, errata.ReportRead, errata.Resource{Name: "report:" + id})
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		people, err := tx.People(ctx, []string{run.CreatedBy})
		out.By = people[run.CreatedBy]
		return err
	})
	return out, err
}

// Take returns a run that is about to leave as a file; that is written down
// first. Errors: not_found, forbidden.
func (s *Service) Take(ctx context.Context, who errata.Actor, id string) (run errata.ReportRun, err error) {
	if run, err = s.read(ctx, who, id); err != nil {
		return run, err
	}
	p, err := paramsOf(run)
	if err != nil {
		return run, err
	}
	if err := s.may(who, p.Projects, []errata.Action{errata.IssueExport}); err != nil {
		return errata.ReportRun{}, err
	}
	return run, s.Store.NoteAccess(ctx, who, errata.IssueExport, errata.Resource{Name: "report:" + id})
}

// Page is runs, newest first, without their documents. Next is where the page
// behind begins, "" = this is the last.
type Page struct {
	Runs   []errata.ReportRun
	Next   store.ReportPlace
	People map[string]errata.Person
}

// pieces bounds how many runs are read at once, and how often, while looking for
// those that the reader may see.
const (
	piece  = 200
	pieces = 50
)

// List returns the runs that the actor may read.
func (s *Service) List(ctx context.Context, who errata.Actor, after store.ReportPlace, size int) (out Page, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		out = Page{}
		at := after
		for range pieces {
			runs, err := tx.ReportRuns(ctx, Kind, at, piece)
			if err != nil {
				return err
			}
			for _, r := range runs {
				if len(out.Runs) == size {
					out.Next = at
					return s.name(ctx, tx, &out)
				}
				ok, err := s.mayRead(who, r)
				if err != nil {
					return err
				}
				if at = (store.ReportPlace{AsOf: r.AsOf, ID: r.ID}); ok {
					out.Runs = append(out.Runs, r)
				}
			}
			if len(runs) < piece {
				break
			}
		}
		return s.name(ctx, tx, &out)
	})
	return out, err
}

func (s *Service) name(ctx context.Context, tx *store.Tx, p *Page) (err error) {
	var ids []string
	for _, r := range p.Runs {
		ids = append(ids, r.CreatedBy)
	}
	p.People, err = tx.People(ctx, ids)
	return err
}

// FileName is what a file of a run is called, without its ending.
func FileName(run errata.ReportRun) string {
	return "errata-" + run.Kind + "-" + errata.FromMicros(run.AsOf).Format("20060102T150405Z") + "-" + run.ID[max(0, len(run.ID)-8):]
}

package report

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/jobs"
	"errata/internal/report/encode"
	"errata/internal/search"
	"errata/internal/store"
)

// Ask has a file prepared, however many rows it has, and returns the id of the
// job. What cannot be read or may not be taken along is refused at once.
// Errors: as Send, and slow_down (too_many_jobs).
func (s *Service) Ask(ctx context.Context, who errata.Actor, e Export) (string, error) {
	if err := e.check(); err != nil {
		return "", err
	}
	if !e.What.Lists() {
		return "", errata.Because(errata.Invalid, "Figures are taken along at once.", nil, errata.Detail{Reason: "unknown", Field: "what", Message: "Figures are taken along at once."})
	}
	if err := s.plan(ctx, who, &e); err != nil {
		return "", err
	}
	if err := s.take(who); err != nil {
		return "", err
	}
	params, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	j := errata.Job{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: errata.JobExport, OwnerID: who.ID, Params: params, Total: -1, CreatedAt: s.Clock().UnixMicro(),
	}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := tx.AddJob(ctx, j); err != nil {
			return err
		}
		return tx.NoteExport(ctx, who, e.What.Action(), resource(j.ID), false, e.details("asked", -1))
	})
	if err == nil {
		s.Jobs.Wake()
	}
	return j.ID, err
}

// plan reads the query as the job will, up to the first row, and gives it its
// canonical form and what is to be said of it.
func (s *Service) plan(ctx context.Context, who errata.Actor, e *Export) error {
	begin := func(h find.ExportHead) error {
		e.Q, e.Notices = h.Query.Text, h.Query.Notices
		return errStop
	}
	var err error
	switch e.What {
	case Issues:
		err = s.Find.ExportIssues(ctx, who, e.issueQuery(), 1, begin, nil)
	case Episodes:
		err = s.Find.ExportEpisodes(ctx, who, e.episodeQuery(), func(h find.EpisodeHead) error { return begin(h.ExportHead) }, nil)
	case Events:
		q, qerr := e.eventQuery()
		if qerr != nil {
			return qerr
		}
		err = s.Find.ExportEvents(ctx, who, q, 1, func(h find.ExportHead, _ search.Total) error { return begin(h) }, nil)
	case Response, Counts, Trends, Overview, Trace, Tags, Audit, Users, Roles, Services, Teams:
	}
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// progress is the cursor of a job: how far it has come on disk.
type progress struct {
	Listed   bool         `json:"listed,omitempty"` // the ids are written
	Filled   bool         `json:"filled,omitempty"` // all rows are written
	Total    int64        `json:"total"`            // -1 = not known
	Done     int64        `json:"done"`             // rows that are written, or ids that have been looked up
	Rows     int64        `json:"rows"`
	Bytes    int64        `json:"bytes"`              // of the rows
	Place    search.Place `json:"place,omitzero"`     // of the last event
	Projects []string     `json:"projects,omitempty"` // of the rows, sorted
	Revealed []string     `json:"revealed,omitempty"` // those of them whose rows hold personal data, sorted
}

// File is a finished export, as the result of its job says it. Projects are
// those of its rows, Revealed those whose rows hold personal data: whoever takes
// it must still be allowed to.
type File struct {
	Name     string   `json:"name"`
	Rows     int64    `json:"rows"`
	Bytes    int64    `json:"bytes"`
	SHA256   string   `json:"sha256"` // hex, of the packed file
	Projects []string `json:"projects"`
	Revealed []string `json:"revealed,omitempty"`
}

// making is a file in the making.
type making struct {
	s    *Service
	w    *jobs.Work
	who  errata.Actor
	e    Export
	at   progress
	rows *spool
}

// runExport makes the file of a job: first the rows, which a job that died goes
// on with, then the file of them. What is cancelled leaves nothing.
func (s *Service) runExport(ctx context.Context, w *jobs.Work) (any, error) {
	m := &making{s: s, w: w, at: progress{Total: -1}}
	j := w.Job()
	if err := json.Unmarshal(j.Params, &m.e); err != nil {
		return nil, err
	}
	if j.Cursor != "" {
		if err := json.Unmarshal([]byte(j.Cursor), &m.at); err != nil {
			return nil, err
		}
	}
	file, err := m.run(ctx, j)
	if err == nil {
		return file, nil // also when the wish to cancel came too late: the file is whole, and stays
	}
	if errors.Is(err, jobs.ErrCancelled) || errors.Is(context.Cause(ctx), jobs.ErrCancelled) {
		s.drop(j.ID)
	}
	return nil, err
}

func (m *making) run(ctx context.Context, j errata.Job) (f File, err error) {
	if m.who, err = m.s.owner(ctx, j.OwnerID); err != nil {
		return f, err
	}
	if m.e.Zone != "" {
		m.who.Zone = m.e.Zone // times in the query are those of the page
	}
	if err := m.s.note(ctx, m.who, m.e, j.ID, "start", -1, false); err != nil {
		return f, err
	}
	if err := os.MkdirAll(m.s.Folder, 0o700); err != nil {
		return f, err
	}
	if m.half() || m.lost(j.ID) {
		m.at = progress{Total: -1}
	}
	if err := m.fill(ctx, j); err != nil {
		return f, err
	}
	if err := m.s.Fail("export.filled"); err != nil {
		return f, err
	}
	if f, err = m.pack(ctx, j); err != nil {
		return f, err
	}
	return f, m.s.note(ctx, m.who, m.e, j.ID, "end", f.Rows, false)
}

// half says that what is there is a part of a list that is whole only as of one
// moment: episodes prove a figure, and some of one moment with the rest of a
// later one prove none.
func (m *making) half() bool { return m.e.What == Episodes && !m.at.Filled }

// lost says that what the cursor tells of is not on this disk: another machine
// wrote it.
func (m *making) lost(id string) bool {
	size := func(extension string) int64 {
		st, err := os.Stat(m.s.path(id, extension))
		if err != nil {
			return -1
		}
		return st.Size()
	}
	rows := size(".rows")
	return m.at.Bytes > max(rows, 0) || m.at.Filled && rows < 0 || m.at.Listed && size(".ids") != m.at.Total*idLine
}

// owner is who asked, as they are now.
func (s *Service) owner(ctx context.Context, id string) (who errata.Actor, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		a, err := tx.AccountByID(ctx, id)
		if err == nil && a.State != errata.UserActive {
			err = errata.E(errata.Forbidden, "The account that asked is not active any more.", nil)
		}
		who = errata.Actor{Kind: errata.ActorUser, ID: a.ID, Name: a.Name, Email: a.Email, Via: "session", Zone: a.Zone, Active: err == nil}
		return err
	})
	return who, err
}

func (s *Service) path(id, extension string) string { return filepath.Join(s.Folder, id+extension) }

// fill writes the rows, unless they are all there.
func (m *making) fill(ctx context.Context, j errata.Job) (err error) {
	if m.at.Filled {
		return nil
	}
	if m.rows, err = openSpool(m.s.path(j.ID, ".rows"), m.at.Bytes); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.rows.close()) }()
	switch m.e.What {
	case Issues:
		err = m.issues(ctx, j)
	case Events:
		err = m.events(ctx)
	case Episodes:
		err = m.episodes(ctx)
	case Response, Counts, Trends, Overview, Trace, Tags, Audit, Users, Roles, Services, Teams:
	}
	if err != nil {
		return err
	}
	m.at.Filled = true
	return m.save(ctx)
}

// save makes the rows survive and notes how far they are.
func (m *making) save(ctx context.Context) error {
	if err := m.rows.sync(); err != nil {
		return err
	}
	m.at.Bytes = m.rows.at
	cursor, err := json.Marshal(m.at)
	if err != nil {
		return err
	}
	return m.w.Save(ctx, string(cursor), m.at.Done, m.at.Total)
}

// with puts a project into a sorted list unless it is there.
func with(all []string, project string) []string {
	i, ok := slices.BinarySearch(all, project)
	if ok {
		return all
	}
	return slices.Insert(all, i, project)
}

func (m *making) add(project string, cells []errata.Cell) error {
	m.at.Projects = with(m.at.Projects, project)
	m.at.Rows++
	switch {
	case m.e.Format == encode.XLSX && m.at.Rows > encode.MaxXLSXRows:
		return encode.TooManyForXLSX()
	case m.at.Rows > maxRows || m.rows.at > maxBytes:
		return tooMany(maxRows, "prepared as one file", "Shorten the range, or narrow the query.")
	}
	return m.rows.add(cells)
}

// issues writes the ids in order, in one snapshot of the database, then the
// rows: a job cannot hold a snapshot over a restart.
func (m *making) issues(ctx context.Context, j errata.Job) error {
	path := m.s.path(j.ID, ".ids")
	if !m.at.Listed {
		if err := m.list(ctx, path); err != nil {
			return err
		}
	}
	list, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = list.Close() }() // it was only read
	if _, err := list.Seek(m.at.Done*idLine, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewScanner(list)
	for more := true; more; {
		var ids []string
		for len(ids) < pieceOfJob && more {
			if more = lines.Scan(); more {
				ids = append(ids, lines.Text())
			}
		}
		if err := errors.Join(lines.Err(), m.issuesOf(ctx, ids)); err != nil {
			return err
		}
	}
	return nil
}

// pieceOfJob is after how many rows a job saves; an id and its line end have
// idLine bytes.
const (
	pieceOfJob = 500
	idLine     = int64(37)
)

// list writes the ids of the issues.
func (m *making) list(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	m.at.Total = 0
	_, err = m.s.Find.ExportIssueIDs(ctx, m.who, m.e.issueQuery(), func(ids []string) error {
		for _, id := range ids {
			if _, err := w.WriteString(id + "\n"); err != nil {
				return err
			}
		}
		m.at.Total += int64(len(ids))
		return nil
	})
	if err = errors.Join(err, w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	m.at.Listed = true
	return m.save(ctx)
}

func (m *making) issuesOf(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := m.s.Find.ExportedIssues(ctx, m.who, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := m.add(r.Project.ID, m.s.issueCells(r)); err != nil {
			return err
		}
	}
	m.at.Done += int64(len(ids))
	return m.save(ctx)
}

// countEvents is how far the events of a job are counted beforehand.
const countEvents = 1_000_000

// events are written page by page; a page that was written is not read again.
func (m *making) events(ctx context.Context) error {
	cells, err := m.e.eventRows()
	if err != nil {
		return err
	}
	q, err := m.e.eventQuery()
	if err != nil {
		return err
	}
	q.After = m.at.Place
	begin := func(_ find.ExportHead, total search.Total) error {
		if m.at.Total = -1; total.Exact {
			m.at.Total = m.at.Done + total.Value
		}
		return m.save(ctx)
	}
	return m.s.Find.ExportEvents(ctx, m.who, q, countEvents, begin, func(page []find.ExportedEvent) error {
		for i := range page {
			row, err := cells(&page[i])
			if err != nil {
				return err
			}
			if page[i].Revealed {
				m.at.Revealed = with(m.at.Revealed, page[i].Project.ID)
			}
			if err := m.add(page[i].Project.ID, row); err != nil {
				return err
			}
		}
		m.at.Place = page[len(page)-1].Place()
		m.at.Done += int64(len(page))
		return m.save(ctx)
	})
}

// episodes are read in one snapshot, so a job that died before its end begins
// anew. They are few.
func (m *making) episodes(ctx context.Context) error {
	return m.s.Find.ExportEpisodes(ctx, m.who, m.e.episodeQuery(), func(find.EpisodeHead) error { return m.save(ctx) }, func(page find.EpisodePage) error {
		for i := range page.Rows {
			if err := m.add(page.Rows[i].ProjectID, episodeCells(&page.Rows[i], m.e.Episodes.Rules)); err != nil {
				return err
			}
		}
		m.at.Done += int64(len(page.Rows))
		return m.save(ctx)
	})
}

package report

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report/encode"
	"errata/internal/store"
)

// manifest says in manifest.json what the file beside it is.
type manifest struct {
	Export   string          `json:"export"`
	What     What            `json:"what"`
	File     string          `json:"file"`
	Format   string          `json:"format"`
	Query    string          `json:"query"`
	Address  string          `json:"address"`
	From     time.Time       `json:"from"`
	To       time.Time       `json:"to"`
	Zone     string          `json:"zone"`
	AsOf     time.Time       `json:"as_of"`
	Order    string          `json:"order,omitempty"`
	Notices  []errata.Detail `json:"notices,omitempty"`
	Actor    actor           `json:"actor"`
	Personal bool            `json:"personal_data"`
	Columns  []string        `json:"columns,omitempty"`
	Rows     int64           `json:"rows"`
	SHA256   string          `json:"sha256"` // hex, of the file
}

type actor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// pack makes of the rows the file that people get: a ZIP with the rows in their
// format, and the manifest.
func (m *making) pack(ctx context.Context, j errata.Job) (f File, err error) {
	name := fileName(m.e, j.ID)
	part, err := os.OpenFile(m.s.path(j.ID, ".part"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return f, err
	}
	whole := counting{w: part, hash: sha256.New()}
	err = m.zip(ctx, j, &whole, name)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return f, err
	}
	if err := errors.Join(os.Rename(part.Name(), m.s.path(j.ID, ".zip")), syncFolder(m.s.Folder)); err != nil {
		return f, err
	}
	m.s.remove(m.s.path(j.ID, ".rows"), m.s.path(j.ID, ".ids"))
	return File{Name: name + ".zip", Rows: m.at.Rows, Bytes: whole.n, SHA256: hex.EncodeToString(whole.hash.Sum(nil)), Projects: m.at.Projects, Revealed: m.at.Revealed}, nil
}

// syncFolder makes the names in a folder survive a crash.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (m *making) zip(ctx context.Context, j errata.Job, w io.Writer, name string) error {
	z := zip.NewWriter(w)
	inside := name + "." + string(m.e.Format)
	now := m.s.Clock()
	entry, err := z.CreateHeader(&zip.FileHeader{Name: inside, Method: zip.Deflate, Modified: now})
	if err != nil {
		return err
	}
	sum := counting{w: entry, hash: sha256.New()}
	if err := m.encode(ctx, j, &sum); err != nil {
		return err
	}
	note, err := z.CreateHeader(&zip.FileHeader{Name: "manifest.json", Method: zip.Deflate, Modified: now})
	if err != nil {
		return err
	}
	out := json.NewEncoder(note)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	err = out.Encode(manifest{
		Export: j.ID, What: m.e.What, File: inside, Format: string(m.e.Format), Query: m.e.Q, Address: m.e.Address(m.e.Q), From: m.e.Range.From.UTC(), To: m.e.Range.To.UTC(),
		Zone: m.e.Zone, AsOf: errata.FromMicros(m.e.AsOf), Order: m.e.Sort, Notices: m.e.Notices, Actor: actor{m.who.ID, m.who.Name}, Personal: m.e.Personal,
		Columns: m.e.Columns, Rows: m.at.Rows, SHA256: hex.EncodeToString(sum.hash.Sum(nil)),
	})
	return errors.Join(err, z.Close())
}

// encode writes the rows in their format.
func (m *making) encode(ctx context.Context, j errata.Job, w io.Writer) error {
	columns, err := m.s.columns(&m.e)
	if err != nil {
		return err
	}
	head := find.ExportHead{Query: find.Query{Text: m.e.Q, Notices: m.e.Notices}, Range: m.e.Range, AsOf: m.e.AsOf}
	file, err := m.e.file(w, m.e.about(m.who, Head{ID: j.ID}, head), columns)
	if err != nil {
		return err
	}
	if err := m.copyRows(ctx, file, len(columns), j.ID); err != nil {
		return err
	}
	return file.Close()
}

func (m *making) copyRows(ctx context.Context, file encode.Encoder, columns int, id string) error {
	return readSpool(m.s.path(id, ".rows"), columns, func(cells []errata.Cell) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return file.Row(cells)
	})
}

// counting counts and sums up what passes.
type counting struct {
	w    io.Writer
	n    int64
	hash hash.Hash
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	_, _ = c.hash.Write(b[:n]) // never fails
	return n, err
}

// Taken is an export of somebody: its job, what was asked, and while it can be
// had its file and until when (µs).
type Taken struct {
	Job   errata.Job
	Asked Export
	File  *File
	Until int64
}

// Mine lists the exports of the actor, newest first.
func (s *Service) Mine(ctx context.Context, who errata.Actor) ([]Taken, error) {
	all, err := s.Jobs.Mine(ctx, who)
	var out []Taken
	for _, j := range all {
		if j.Kind == errata.JobExport {
			t, terr := s.told(j)
			err = errors.Join(err, terr)
			out = append(out, t)
		}
	}
	return out, err
}

// One returns an export of the actor; not_found also for those of others.
func (s *Service) One(ctx context.Context, who errata.Actor, id string) (Taken, error) {
	j, err := s.Jobs.Job(ctx, who, id)
	if err == nil && j.Kind != errata.JobExport {
		err = errata.E(errata.NotFound, "There is no such export.", nil)
	}
	if err != nil {
		return Taken{}, err
	}
	return s.told(j)
}

// told reads what a job says.
func (s *Service) told(j errata.Job) (t Taken, err error) {
	t.Job = j
	if err := json.Unmarshal(j.Params, &t.Asked); err != nil {
		return t, err
	}
	if j.State != errata.JobDone {
		return t, nil
	}
	t.Until = errata.FromMicros(j.FinishedAt).Add(keepFiles).UnixMicro()
	if s.Clock().UnixMicro() < t.Until {
		t.File = &File{}
		err = json.Unmarshal(j.Result, t.File)
	}
	return t, err
}

// Open hands out the file of an export. Whoever asks must be who asked for it,
// and still be allowed to take along what is in it; that it leaves is written
// down first. Errors: not_found, forbidden.
func (s *Service) Open(ctx context.Context, who errata.Actor, id string) (*os.File, File, error) {
	t, err := s.One(ctx, who, id)
	if err != nil {
		return nil, File{}, err
	}
	if t.File == nil {
		return nil, File{}, errata.E(errata.NotFound, "There is no such file, or it has been dropped after its seven days.", nil)
	}
	if err := s.mayStill(who, t); err != nil {
		return nil, File{}, err
	}
	f, err := os.Open(s.path(id, ".zip"))
	if errors.Is(err, os.ErrNotExist) {
		err = errata.E(errata.NotFound, "The file of this export is gone.", err)
	}
	if err != nil {
		return nil, File{}, err
	}
	if err := s.note(ctx, who, t.Asked, id, "download", t.File.Rows, false); err != nil {
		return nil, File{}, errors.Join(err, f.Close())
	}
	return f, *t.File, nil
}

// mayStill asks for the rights again, for each service that has rows in it.
func (s *Service) mayStill(who errata.Actor, t Taken) error {
	actions := []errata.Action{t.Asked.What.Action()}
	if t.Asked.What == Events {
		actions = append(actions, errata.EventRead)
	} else {
		actions = append(actions, errata.IssueRead)
	}
	for _, project := range t.File.Projects {
		for _, a := range actions {
			if err := s.Decide(who, a, project); err != nil {
				return err
			}
		}
	}
	for _, project := range t.File.Revealed {
		if err := s.Decide(who, errata.EventReadPII, project); err != nil {
			return err
		}
	}
	return nil
}

// drop removes what a job has on disk.
func (s *Service) drop(id string) {
	s.remove(s.path(id, ".ids"), s.path(id, ".rows"), s.path(id, ".part"), s.path(id, ".zip"))
}

func (s *Service) remove(paths ...string) {
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.Log.Warn("file of an export not removed", slog.String("file", filepath.Base(p)), slog.Any("error", err))
		}
	}
}

// sweepEvery is how often files are looked for whose time is over.
const sweepEvery = time.Hour

// Run drops files whose seven days are over, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "files of exports not swept", slog.Any("error", err))
		}
		t.Reset(sweepEvery)
	}
}

// Sweep drops the files of exports that failed, were cancelled, or ended more
// than seven days ago, and those that no job knows.
func (s *Service) Sweep(ctx context.Context) error {
	entries, err := os.ReadDir(s.Folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		id, _, _ := strings.Cut(e.Name(), ".")
		stale, serr := s.stale(ctx, id)
		if err = errors.Join(err, serr); stale {
			s.remove(filepath.Join(s.Folder, e.Name()))
		}
	}
	return err
}

func (s *Service) stale(ctx context.Context, id string) (bool, error) {
	var j errata.Job
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		j, err = tx.JobByID(ctx, id)
		return err
	})
	switch {
	case errata.CodeOf(err) == errata.NotFound:
		return true, nil
	case err != nil:
		return false, err
	}
	return j.State.Over() && (j.State != errata.JobDone || s.Clock().Sub(errata.FromMicros(j.FinishedAt)) >= keepFiles), nil
}

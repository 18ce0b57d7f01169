package triage

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/store"
)

// tries is how often an act is decided again because somebody else was faster.
const tries = 3

// attempt is one act of one person, made before its transaction: that may run
// twice.
type attempt struct {
	who  errata.Actor
	form Form
	deed
	at  int64
	job string // of an act on many, "" = none
	ids store.IDs
}

func (s *Service) act(ctx context.Context, who errata.Actor, id string, f Form, d deed) (out Result, err error) {
	if err := s.Fail("triage.before"); err != nil {
		return Result{}, err
	}
	t := s.attempt(who, f, d)
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		t.ids.Rewind()
		c, err := s.open(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if d.look != nil {
			if err := d.look(c); err != nil {
				return err
			}
		}
		line, err := tx.Permit(who, d.right(c.issue), c.resource())
		if err != nil {
			return err
		}
		if out, err = s.settle(c, t); err != nil {
			return err
		}
		line.Detail("act", d.name)
		if !out.Changed {
			line.Noop()
			return nil
		}
		line.Detail("version", out.Issue.Version)
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	return out, s.Fail("triage.after")
}

func (s *Service) attempt(who errata.Actor, f Form, d deed) *attempt {
	f.Note = clean(f.Note)
	if utf8.RuneCountInString(f.Note) > errata.MaxNote {
		d.wrong = refuse("note", errata.ReasonLong, "A note has at most 20,000 characters.")
	}
	return &attempt{who: who, form: f, deed: d, at: s.Clock().UnixMicro()}
}

// clean makes of what somebody typed what both databases keep.
func clean(text string) string {
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD"))
}

// open reads an issue by its short id. What the actor may not see is not found.
func (s *Service) open(ctx context.Context, tx *store.Tx, who errata.Actor, id string) (*scene, error) {
	prefix, number, ok := errata.ParseShortID(id)
	if !ok {
		return nil, noIssue()
	}
	i, err := tx.IssueByNumber(ctx, prefix, number)
	if err != nil {
		return nil, err
	}
	switch err := s.Decide(who, errata.IssueRead, i.ProjectID); errata.CodeOf(err) {
	case "":
	case errata.Unavailable:
		return nil, err
	default:
		return nil, noIssue()
	}
	c := &scene{ctx: ctx, tx: tx, issue: i}
	if c.project, err = tx.ProjectByID(ctx, i.ProjectID); err != nil {
		return nil, err
	}
	c.episode, err = tx.EpisodeOf(ctx, i.ID)
	return c, err
}

func noIssue() error { return errata.E(errata.NotFound, "There is no such issue.", nil) }

func (c *scene) resource() errata.Resource { return errata.On(c.issue.ProjectID, "issue", c.issue.ID) }

// reload reads the issue again, after somebody else was faster.
func (c *scene) reload() (err error) {
	if c.issue, err = c.tx.IssueByID(c.ctx, c.issue.ID); err != nil {
		return err
	}
	c.episode, err = c.tx.EpisodeOf(c.ctx, c.issue.ID)
	return err
}

// settle decides and writes, again when somebody was faster.
func (s *Service) settle(c *scene, t *attempt) (Result, error) {
	for range tries {
		step, noteID, err := t.decide(c)
		same := err == nil && !step.Changed()
		if stale := t.form.Version != 0 && t.form.Version != c.issue.Version; stale || same {
			return t.already(c, same, stale)
		}
		if err != nil {
			return Result{}, err
		}
		done, err := s.write(c, t, &step, noteID)
		if err != nil {
			return Result{}, err
		}
		if done {
			last := step.Rows[len(step.Rows)-1]
			return Result{Issue: step.Issue, Changed: true, By: t.who.ID, At: last.At}, nil
		}
		if err := c.reload(); err != nil {
			return Result{}, err
		}
	}
	return Result{}, busy()
}

func busy() error {
	const message = "This issue is being changed by others all the time. Try again in a moment."
	return errata.Because(errata.Conflict, message, nil, errata.Detail{Reason: reasonBusy, Message: message})
}

// reasonBusy is the reason of an act that always met somebody faster.
const reasonBusy = "busy"

// decide asks the rule. A note gets its id first, since rules ask for one.
func (t *attempt) decide(c *scene) (step errata.Step, noteID string, err error) {
	if t.wrong != nil {
		return step, "", t.wrong
	}
	if t.form.Note != "" {
		noteID = t.ids.Next()
	}
	step, err = t.do(c, errata.Act{At: t.at, Who: t.who, NoteID: noteID})
	step.Name(t.ids.Next)
	return step, noteID, err
}

// already answers an act that changes nothing. Who decided on an older version
// is told who was faster, unless that was they themselves.
func (t *attempt) already(c *scene, same, stale bool) (Result, error) {
	rows, err := c.tx.TransitionsOf(c.ctx, c.issue.ID)
	if err != nil {
		return Result{}, err
	}
	made := t.trace(rows)
	if stale && (!same || made.ActorKind != errata.ActorUser || made.ActorID != t.who.ID) {
		return Result{}, c.stale(rows)
	}
	out := Result{Issue: c.issue, At: made.At}
	if made.ActorKind == errata.ActorUser {
		out.By = made.ActorID
	}
	return out, nil
}

// trace returns the row that made the issue what the act wants it to be.
func (t *attempt) trace(rows []errata.Transition) errata.Transition {
	for _, row := range slices.Backward(rows) {
		if len(t.fields) == 0 && (row.From != row.To || row.Rule == errata.RuleAcknowledge) {
			return row
		}
		for _, f := range t.fields {
			if _, ok := row.Detail[f]; ok {
				return row
			}
		}
	}
	return errata.Transition{}
}

func (c *scene) stale(rows []errata.Transition) error {
	if len(rows) == 0 {
		return errata.Stale(c.issue, errata.Transition{At: c.issue.StatusAt}, errata.Person{})
	}
	last := rows[len(rows)-1]
	if last.ActorKind != errata.ActorUser {
		return errata.Stale(c.issue, last, errata.Person{})
	}
	people, err := c.tx.People(c.ctx, []string{last.ActorID})
	if err != nil {
		return err
	}
	return errata.Stale(c.issue, last, people[last.ActorID])
}

// write writes one step. False: the issue has another version by now, and
// nothing was written.
func (s *Service) write(c *scene, t *attempt, step *errata.Step, noteID string) (bool, error) {
	done, err := c.tx.UpdateIssueState(c.ctx, c.issue.Version, step.Issue)
	if err != nil || !done {
		return false, err
	}
	var writes []func() error
	add := func(do func() error) { writes = append(writes, do) }
	if noteID != "" {
		add(func() error {
			return c.tx.CreateNote(c.ctx, errata.IssueNote{ID: noteID, IssueID: c.issue.ID, Kind: errata.NoteReason, AuthorID: t.who.ID, At: step.Rows[0].At, Body: t.form.Note})
		})
	}
	if step.Resolution != nil {
		add(func() error { return c.tx.CreateResolution(c.ctx, *step.Resolution) })
	}
	if step.Undone != nil { // before another one is open again
		add(func() error { return c.tx.UpdateEpisode(c.ctx, *step.Undone) })
	}
	if step.Opened {
		add(func() error { return c.tx.CreateEpisode(c.ctx, step.Episode) })
	} else if step.Episode != c.episode {
		add(func() error { return c.tx.UpdateEpisode(c.ctx, step.Episode) })
	}
	if t.name == errata.ActUndo {
		add(func() error { return c.tx.RestoreEpisode(c.ctx, step.Episode, step.Undone) })
	}
	for _, row := range step.Rows {
		row.JobID = t.job
		add(func() error { return c.tx.CreateTransition(c.ctx, row) })
	}
	if t.owner != "" {
		add(func() error { return c.tx.AddWatch(c.ctx, c.issue.ID, t.owner, store.WatchAssigned, t.at) })
	}
	for _, do := range writes {
		if err := s.Fail("triage.inside"); err != nil {
			return false, err
		}
		if err := do(); err != nil {
			return false, err
		}
	}
	return true, s.Fail("triage.inside")
}

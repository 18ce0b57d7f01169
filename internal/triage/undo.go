package triage

import "errata/internal/errata"

// undo takes back the act that made a version.
func undo(who errata.Actor, version int64) deed {
	past := errata.Past{Version: version}
	right := errata.IssueAck
	look := func(c *scene) (err error) {
		if past.Rows, err = c.tx.TransitionsOf(c.ctx, c.issue.ID); err != nil {
			return err
		}
		right = rightOf(past, who)
		past.Episodes, err = c.tx.EpisodesOf(c.ctx, c.issue.ID)
		return err
	}
	return deed{
		name: errata.ActUndo, look: look, right: func(errata.Issue) errata.Action { return right },
		do: func(c *scene, a errata.Act) (errata.Step, error) {
			if err := look(c); err != nil { // again: somebody may have been faster
				return errata.Step{}, err
			}
			return c.issue.Undo(past, a)
		},
	}
}

// rightOf is the right that the row took which is to be undone.
func rightOf(p errata.Past, who errata.Actor) errata.Action {
	for _, r := range p.Rows {
		if r.Seq == p.Version {
			return r.Right(who)
		}
	}
	return errata.IssueAck
}

package triage

import (
	"context"
	"strings"

	"errata/internal/errata"
	"errata/internal/store"
)

// deed is one act in the making: its word, the right it takes, the fields by
// which its traces are found in the ledger (none: the status), and the rule.
type deed struct {
	name   string
	right  func(errata.Issue) errata.Action
	fields []string
	do     func(*scene, errata.Act) (errata.Step, error)
	owner  string             // account that has the issue afterwards, "" = not an assignment
	look   func(*scene) error // reads what right needs to know; nil: nothing
	wrong  error              // what the form asks for in vain; told to those who may act at all
}

// scene is an issue as a transaction sees it.
type scene struct {
	ctx     context.Context // of the transaction, as long as which it lives
	tx      *store.Tx
	project errata.Project
	issue   errata.Issue
	episode errata.Episode
}

func always(what errata.Action) func(errata.Issue) errata.Action {
	return func(errata.Issue) errata.Action { return what }
}

func acknowledge() deed {
	return deed{name: errata.ActAck, right: always(errata.IssueAck), do: func(c *scene, a errata.Act) (errata.Step, error) {
		return c.issue.Acknowledge(c.episode, a)
	}}
}

func resolve(cause errata.Cause) deed {
	return deed{name: errata.ActResolve, right: always(errata.IssueResolve), do: func(c *scene, a errata.Act) (errata.Step, error) {
		return c.issue.Resolve(c.episode, a, cause)
	}}
}

func ignore(reason string) deed {
	return deed{name: errata.ActIgnore, right: always(errata.IssueIgnore), do: func(c *scene, a errata.Act) (errata.Step, error) {
		return c.issue.Ignore(c.episode, a, reason)
	}}
}

func reopen() deed {
	return deed{name: errata.ActReopen, right: always(errata.IssueReopen), do: func(c *scene, a errata.Act) (errata.Step, error) {
		if c.issue.Status != errata.Resolved {
			return c.issue.Reopen(c.episode, a, errata.Resolution{}, "")
		}
		r, err := c.tx.ResolutionByID(c.ctx, c.issue.ResolutionID)
		if err != nil {
			return errata.Step{}, err
		}
		was, err := c.before(r)
		if err != nil {
			return errata.Step{}, err
		}
		return c.issue.Reopen(c.episode, a, r, was)
	}}
}

// before returns the status from which the issue was resolved.
func (c *scene) before(r errata.Resolution) (was errata.Status, err error) {
	rows, err := c.tx.TransitionsOf(c.ctx, c.issue.ID)
	for _, t := range rows {
		if t.Detail["resolution"][1] == r.ID {
			was = t.From
		}
	}
	return was, err
}

// assign reads who is to have the issue. Whoever gets it must be able to read
// it. Taking it oneself, or giving up what one has, is a right of its own.
func (s *Service) assign(who errata.Actor, to string) deed {
	account, named := strings.CutPrefix(to, "user:")
	var wrong error
	switch {
	case to == "me" && who.Human():
		account = who.ID
	case to == "none":
		account = ""
	case !named || account == "":
		wrong = refuse("assignee", errata.ReasonAssignee, "Write user:<id>, me or none.")
	}
	return deed{
		name: errata.ActAssign, fields: []string{"assignee"}, owner: account, wrong: wrong,
		right: func(i errata.Issue) errata.Action {
			if who.Human() && (account == who.ID || account == "" && i.AssigneeID == who.ID) {
				return errata.IssueAssignSelf
			}
			return errata.IssueAssign
		},
		do: func(c *scene, a errata.Act) (errata.Step, error) {
			if account != "" && account != who.ID {
				if err := s.canRead(c, account); err != nil {
					return errata.Step{}, err
				}
			}
			return c.issue.Assign(c.episode, a, account)
		},
	}
}

// canRead refuses an assignee who is no active account or may not see the issue.
func (s *Service) canRead(c *scene, account string) error {
	a, err := c.tx.AccountByID(c.ctx, account)
	if err != nil && errata.CodeOf(err) != errata.NotFound {
		return err
	}
	if err != nil || !s.mayRead(a, c.issue.ProjectID) {
		return refuse("assignee", errata.ReasonAssignee, "There is no such person, or they cannot see this issue.")
	}
	return nil
}

func (s *Service) mayRead(a errata.Account, project string) bool {
	active := a.State == errata.UserActive
	return active && s.Decide(errata.Actor{Kind: errata.ActorUser, ID: a.ID, Active: true}, errata.IssueRead, project) == nil
}

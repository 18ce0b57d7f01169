package pipeline

import (
	"fmt"

	"errata/internal/errata"
	"errata/internal/grouping"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/queue"
	"errata/internal/search"
)

// item is one event of a turn, with everything that follows from it alone.
type item struct {
	batch       string
	entry       queue.Entry
	event       *errata.Event
	fingerprint string
	group       grouping.Result
	title       string
	doc         search.Doc
	issue       string // decided by the transaction
	dropped     bool   // by the transaction: revoked, or the twin of another in the turn
}

// prepare reads an entry. An event that cannot be read, or on which our code
// panics, is poison: it becomes a dead letter and harms no other.
func prepare(batch string, e queue.Entry, p errata.Project) (it *item, err error) {
	defer func() {
		if r := recover(); r != nil {
			it, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	ev, err := normalize.Decode(e.Payload)
	if err != nil {
		return nil, err
	}
	res := grouping.Fingerprint(ev, p)
	it = &item{
		batch: batch, entry: e, event: ev, fingerprint: res.Hash, group: res, title: grouping.Title(ev),
		issue: e.IssueID,
	}
	it.doc = search.Doc{
		Class: ev.Class, Payload: e.Payload,
		Record: querylang.NewRecord(ev, querylang.Meta{Service: p.Slug, Issue: e.IssueID, Title: it.title}),
	}
	return it, nil
}

// why explains the grouping, for the first event of an issue. The rest do not
// pay for it: it takes as long as reading an event. An explanation that cannot
// be written is no reason to lose the event.
func (it *item) why() (text string) {
	defer func() {
		if recover() != nil {
			text = "{}"
		}
	}()
	return it.group.Why()
}

// sighting is what the event tells its issue.
func (it *item) sighting() errata.Sighting {
	ev := it.event
	return errata.Sighting{
		Ref:       errata.Ref{Project: ev.ProjectID, EventID: ev.ID, Time: ev.Timestamp, Class: ev.Class},
		Timestamp: ev.Timestamp, ReceivedAt: ev.ReceivedAt, Clamped: ev.Clamped, Environment: ev.Environment, Severity: ev.Severity,
		Title: it.title, Type: ev.Type(), Code: ev.Code, Culprit: ev.Culprit,
		Platform: ev.Platform, Level: ev.Level, Release: ev.Release, Score: grouping.Score(ev),
	}
}

// user returns the hash that counts the event's user, or "".
func (it *item) user() string {
	if it.event.User == nil {
		return ""
	}
	return it.event.User.Hash
}

package loadtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"errata/internal/store"
)

// sighting is an event that the product shows: in which issue, how often.
type sighting struct {
	issue int64 // number of the issue
	times int
}

// audit compares three accounts of the same events: what was sent and
// answered, what the event engine finds, and what the SQL store counted.
type audit struct {
	ledger *Ledger
	sent   map[string]*record
	found  map[string]*sighting
	listed map[int64]int64 // events by number of the issue, as the list of issues says
	books  *books
	exact  bool // the server lived through it all, so nothing counted in memory was lost

	faults []string
	kinds  map[string]int
}

// faultsShown bounds the lines of one kind.
const faultsShown = 5

func (a *audit) fault(kind, format string, args ...any) {
	if a.kinds == nil {
		a.kinds = map[string]int{}
	}
	if a.kinds[kind]++; a.kinds[kind] <= faultsShown {
		a.faults = append(a.faults, kind+": "+fmt.Sprintf(format, args...))
	}
}

// run returns what does not agree; nothing is the only good answer.
func (a *audit) run() []string {
	a.sent = a.ledger.byID()
	a.events()
	a.ledgerTable()
	a.issues()
	a.outcomes()
	for kind, n := range a.kinds {
		if n > faultsShown {
			a.faults = append(a.faults, fmt.Sprintf("%s: %d in all", kind, n))
		}
	}
	return a.faults
}

// events: answered ⊆ found ⊆ sent, each once.
func (a *audit) events() {
	for id, r := range a.sent {
		if r.answers > 0 && a.found[id] == nil {
			a.fault("lost", "%s was answered and is not found", id)
		}
	}
	for id, s := range a.found {
		if a.sent[id] == nil {
			a.fault("foreign", "%s is found and was never sent", id)
		}
		if s.times > 1 {
			a.fault("doubled", "%s is found %d times", id, s.times)
		}
	}
}

// ledgerTable: the SQL store knows exactly the events that are found, in the
// same issues.
func (a *audit) ledgerTable() {
	for id, issue := range a.books.applied {
		s := a.found[id]
		if s == nil {
			a.fault("not searchable", "%s is counted and not found", id)
		} else if n := a.books.issues[issue].number; n != s.issue {
			a.fault("moved", "%s is counted in issue %d and found in %d", id, n, s.issue)
		}
	}
	for id := range a.found {
		if _, ok := a.books.applied[id]; !ok {
			a.fault("not counted", "%s is found and not counted", id)
		}
	}
}

// recount is what the counters of one issue must be.
type recount struct {
	groups         map[int32]bool
	users          map[int32]bool
	envs, releases map[string]int64
	events         int64
}

func (a *audit) recount() map[int64]*recount {
	out := map[int64]*recount{}
	for id, s := range a.found {
		r := a.sent[id]
		if r == nil {
			continue
		}
		c := out[s.issue]
		if c == nil {
			c = &recount{groups: map[int32]bool{}, users: map[int32]bool{}, envs: map[string]int64{}, releases: map[string]int64{}}
			out[s.issue] = c
		}
		c.events++
		c.groups[r.issue], c.users[r.user] = true, true
		c.envs[environments[r.environment]]++
		c.releases[releaseName(int(r.release))]++
	}
	return out
}

// issues: every counter of every issue equals a recount of what was found in it.
func (a *audit) issues() {
	want := a.recount()
	home := map[int32]int64{}
	total := int64(0)
	for number, c := range want {
		total += c.events
		if len(c.groups) > 1 {
			a.fault("mixed", "issue %d holds %d kinds of errors", number, len(c.groups))
		}
		for g := range c.groups {
			if other, ok := home[g]; ok {
				a.fault("split", "one kind of error is in the issues %d and %d", number, other)
			}
			home[g] = number
		}
	}
	for id, row := range a.books.issues {
		c := want[row.number]
		if c == nil {
			a.fault("empty issue", "issue %d counts %d events and holds none", row.number, row.events)
			continue
		}
		a.issue(id, row, c)
		delete(want, row.number)
	}
	for number := range want {
		a.fault("no issue", "issue %d is not in the SQL store", number)
	}
	if a.books.quarters != total {
		a.fault("miscounted", "the project counts %d events of %d", a.books.quarters, total)
	}
}

func (a *audit) issue(id string, row issueRow, want *recount) {
	for _, c := range []struct {
		name string
		got  int64
		want int64
	}{
		{"events", row.events, want.events},
		{"events in the list", a.listed[row.number], want.events},
		{"events by hour", a.books.hours[id], want.events},
		{"rows of users", a.books.users[id], row.users},
	} {
		if c.got != c.want {
			a.fault("miscounted", "issue %d: %s %d, recounted %d", row.number, c.name, c.got, c.want)
		}
	}
	// An issue that has many users takes no more, from the turn after on.
	if n := int64(len(want.users)); row.users != n && (n < row.users || row.users < store.MaxIssueUsers) {
		a.fault("miscounted", "issue %d: users %d, recounted %d", row.number, row.users, n)
	}
	if !maps.Equal(a.books.envs[id], want.envs) {
		a.fault("miscounted", "issue %d: environments %v, recounted %v", row.number, a.books.envs[id], want.envs)
	}
	if !maps.Equal(a.books.releases[id], want.releases) {
		a.fault("miscounted", "issue %d: releases %v, recounted %v", row.number, a.books.releases[id], want.releases)
	}
}

// deduplicated returns the least and the most repetitions that the server may
// have counted: a repetition without an answer came through or did not.
func (a *audit) deduplicated() (least, most int64) {
	for id, r := range a.sent {
		if a.found[id] != nil {
			least += int64(max(r.answers, 1)) - 1
			most += int64(r.sends) - 1
		}
	}
	if a.exact && a.ledger.silent == 0 {
		most = least
	}
	return least, most
}

// outcomes: every item that was sent ended in one outcome.
func (a *audit) outcomes() {
	if got := a.books.outcomes["stored/full"]; got != int64(len(a.found)) {
		a.fault("outcomes", "%d stored, %d found", got, len(a.found))
	}
	least, most := a.deduplicated()
	if got := a.books.outcomes["deduplicated/event_id"]; got < least || got > most {
		a.fault("outcomes", "%d deduplicated, expected %d to %d", got, least, most)
	}
	refused, limited := int64(a.ledger.refused[429]), int64(0)
	for _, key := range slices.Sorted(maps.Keys(a.books.outcomes)) {
		n := a.books.outcomes[key]
		switch outcome, _, _ := strings.Cut(key, "/"); {
		case key == "stored/full", key == "deduplicated/event_id", n == 0:
		case outcome == "rate_limited":
			limited += n
		default:
			a.fault("outcomes", "%d %s, expected none", n, key)
		}
	}
	if limited > refused+int64(a.ledger.silent) || a.exact && a.ledger.silent == 0 && limited != refused {
		a.fault("outcomes", "%d rate limited, %d were answered so", limited, refused)
	}
	if a.books.letters > 0 {
		a.fault("outcomes", "%d dead letters", a.books.letters)
	}
}

// issueNumber returns the number in a short id.
func issueNumber(short string) int64 {
	_, digits, _ := strings.Cut(short, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

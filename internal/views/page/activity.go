package page

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// ActivityIn is what the story of an issue is made from: the rows of its ledger
// and its notes, in any order.
type ActivityIn struct {
	ID          string // short id of the issue
	Me, Next    string
	Transitions []errata.Transition
	Notes       []errata.IssueNote // comments, and the texts beside acts
	People      map[string]errata.Person
	Comment     errata.Allowed
	Undo        *errata.Transition // what the reader can undo, nil = nothing
	Refused     *Refused           // a comment that was not taken
	Failed      *ui.Failure
}

// Activity is the story of an issue, newest first.
type Activity struct {
	ID, Next string
	Count    string
	Rows     []ActivityRow
	Earlier  []ActivityRow
	More     string // "Show 7 earlier"
	Composer bool
	Why      string // why there is none
	Draft    string
	Problem  string
	DraftOf  string // note whose edit was not taken
	Failed   *ui.Failure
}

// ActivityRow is one thing that happened. Who nil: an event or the product
// itself did it.
type ActivityRow struct {
	Icon, Tone string
	Who        *ui.Person
	Words      []Word
	Via        string
	At         ui.Time
	Times      string // "3 times", "" = once
	Note       string // what was written beside it, Markdown
	Event      string // address of the event that did it
	Comment    *Comment
	Undo       *ui.Undo
}

// NewUndo is the form that takes back the act which made a version.
func NewUndo(id string, version int64, next string) *ui.Undo {
	return &ui.Undo{URL: Acts{ID: id}.url(errata.ActUndo), Version: strconv.FormatInt(version, 10), Next: next}
}

// Word is a piece of a sentence.
type Word struct {
	Text   string
	Strong bool
}

// Comment is what somebody wrote.
type Comment struct {
	ID, Body        string
	Edited, Deleted bool
	Mine            bool
}

// shownActivity is how many rows are shown at once.
const shownActivity = 8

func newActivity(m ui.Moment, in ActivityIn) Activity {
	a := Activity{ID: in.ID, Next: in.Next, Failed: in.Failed}
	if in.Failed != nil {
		return a
	}
	a.Composer = may(in.Comment)
	if !a.Composer && in.Comment.Applies {
		a.Why = in.Comment.Why
	}
	if r := in.Refused; r != nil {
		a.Draft, a.Problem, a.DraftOf = r.Fields["body"], errata.MessageOf(r.Err), r.Fields["note"]
	}
	rows := in.rows(m)
	a.Count = ui.Num(int64(len(rows)))
	a.Rows = rows[:min(len(rows), shownActivity)]
	if rest := rows[len(a.Rows):]; len(rest) > 0 {
		a.Earlier, a.More = rest, "Show "+ui.Num(int64(len(rest)))+" earlier"
	}
	return a
}

// entry is a row with what it is ordered and collapsed by.
type entry struct {
	row  ActivityRow
	at   int64
	seq  int64
	what string // equal in rows that repeat each other, "" = never
	n    int
}

func (in ActivityIn) rows(m ui.Moment) []ActivityRow {
	notes := map[string]errata.IssueNote{}
	var all []entry
	for _, n := range in.Notes {
		notes[n.ID] = n
		if n.Kind == errata.NoteComment {
			all = append(all, entry{row: in.comment(m, n), at: n.At})
		}
	}
	for _, t := range in.Transitions {
		row := in.transition(t)
		row.At, row.Note = m.Ago(t.At), notes[t.NoteID].Body
		if u := in.Undo; u != nil && u.ID == t.ID {
			row.Undo = NewUndo(in.ID, t.Seq, in.Next)
		}
		e := entry{row: row, at: t.At, seq: t.Seq}
		if row.Note == "" {
			e.what = t.ActorID + "|" + string(t.Rule) + "|" + sentence(row.Words)
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.seq, a.seq)) })
	return collapse(all)
}

// collapse makes one row of neighbours that say the same.
func collapse(all []entry) []ActivityRow {
	var kept []entry
	for _, e := range all {
		if n := len(kept); n > 0 && e.what != "" && kept[n-1].what == e.what {
			kept[n-1].n++
			continue
		}
		e.n = 1
		kept = append(kept, e)
	}
	out := make([]ActivityRow, 0, len(kept))
	for _, e := range kept {
		if e.n > 1 {
			e.row.Times = strconv.Itoa(e.n) + " times"
		}
		out = append(out, e.row)
	}
	return out
}

func sentence(words []Word) string {
	var s strings.Builder
	for _, w := range words {
		s.WriteString(w.Text + " ")
	}
	return s.String()
}

func (in ActivityIn) person(id string) ui.Person { return ui.NewPerson(in.People[id]) }

func (in ActivityIn) comment(m ui.Moment, n errata.IssueNote) ActivityRow {
	who := in.person(n.AuthorID)
	r := ActivityRow{Who: &who, At: m.Ago(n.At)}
	r.Comment = &Comment{ID: n.ID, Body: n.Body, Edited: n.EditedAt != 0, Deleted: n.Ended != 0, Mine: n.AuthorID == in.Me && n.Ended == 0}
	if n.Ended != 0 {
		r.Words = []Word{{Text: "deleted a comment"}}
	}
	return r
}

// transition tells a row of the ledger in words.
func (in ActivityIn) transition(t errata.Transition) ActivityRow {
	r := ActivityRow{Via: viaWords[t.Via]}
	if t.ActorKind == errata.ActorUser {
		who := in.person(t.ActorID)
		r.Who = &who
	}
	if t.EventID != "" {
		r.Event = IssueURL{ID: in.ID, Event: t.EventID}.String()
	}
	r.Icon, r.Tone, r.Words = in.told(t, r.Who != nil)
	if r.Who == nil && t.ActorKind == errata.ActorService {
		r.Words = append([]Word{{Text: "A token:"}}, r.Words...)
	}
	return r
}

func (in ActivityIn) told(t errata.Transition, somebody bool) (icon, tone string, words []Word) {
	to := func(text string) []Word { return []Word{{Text: text}} }
	switch t.Rule {
	case errata.RuleNew:
		return "circle-dashed", "late", to("First seen")
	case errata.RuleRegressed:
		return "rotate-ccw", "reg", to("Regressed: an event came after it was resolved")
	case errata.RuleAcknowledge:
		return "check", "ok", to("acknowledged")
	case errata.RuleAssign:
		return "user", "", in.assigned(t)
	case errata.RuleUnack:
		if somebody {
			return "circle-dashed", "late", to("took the acknowledgement back")
		}
		return "circle-dashed", "late", to("Open again: it became more severe")
	case errata.RuleResolve:
		return "circle-check", "ok", because("resolved", orRaw(causeWords, errata.Cause(t.Detail["cause"][1])))
	case errata.RuleReopenSame:
		return "rotate-ccw", "reg", to("reopened within ten minutes; the clocks ran on")
	case errata.RuleReopen:
		return "rotate-ccw", "reg", to("reopened")
	case errata.RuleIgnore:
		return "eye-off", "", because("ignored", orRaw(ignoreWords, t.Detail["ignore_reason"][1]))
	case errata.RuleUnignore:
		return "eye", "reg", to("stopped ignoring")
	case errata.RuleUndo:
		return "history", "", in.undid(t)
	case errata.RuleField:
		return in.fields(t, somebody)
	}
	return "circle-small", "", to(string(t.Rule))
}

// undid says what was taken back.
func (in ActivityIn) undid(t errata.Transition) []Word {
	for _, r := range in.Transitions {
		if r.ID == t.UndoOf {
			_, _, words := in.told(r, true)
			return append([]Word{{Text: "undid:"}}, words...)
		}
	}
	return []Word{{Text: "undid the act before"}}
}

func because(verb, reason string) []Word {
	if reason == "" {
		return []Word{{Text: verb}}
	}
	return []Word{{Text: verb + ":"}, {Text: reason, Strong: true}}
}

func (in ActivityIn) assigned(t errata.Transition) []Word {
	var words []Word
	switch is := t.Detail["assignee"][1]; is {
	case "":
		if _, changed := t.Detail["assignee"]; !changed { // took what was theirs already
			words = []Word{{Text: "took it"}}
		} else {
			words = []Word{{Text: "unassigned"}, {Text: in.person(t.Detail["assignee"][0]).Name, Strong: true}}
		}
	case t.ActorID:
		words = []Word{{Text: "took it"}}
	default:
		words = []Word{{Text: "assigned it to"}, {Text: in.person(is).Name, Strong: true}}
	}
	if t.From == errata.Open && t.To == errata.Acknowledged {
		words = append(words, Word{Text: "and so acknowledged"})
	}
	return words
}

// fields tells changes that leave the status alone.
func (in ActivityIn) fields(t errata.Transition, somebody bool) (icon, tone string, words []Word) {
	icon = "activity"
	if c, ok := t.Detail["severity"]; ok {
		words = append(words, changedWords(c, somebody)...)
		if c[1] < c[0] {
			tone = "late"
		}
	}
	if c, ok := t.Detail["severity_locked"]; ok && len(words) == 0 {
		words = []Word{{Text: map[bool]string{true: "locked the severity", false: "let events set the severity again"}[c[1] == "true"]}}
	}
	if c, ok := t.Detail["stage"]; ok {
		icon = "timer"
		if c[1] == "" {
			words = append(words, Word{Text: "cleared the stage"})
		} else {
			words = append(words, Word{Text: "set the stage to"}, Word{Text: orRaw(stageWords, errata.Stage(c[1])), Strong: true})
		}
	}
	if len(words) == 0 {
		for _, name := range slices.Sorted(maps.Keys(t.Detail)) {
			words = append(words, Word{Text: "changed " + name})
		}
	}
	return icon, tone, words
}

func changedWords(c [2]string, somebody bool) []Word {
	verb := "lowered"
	if c[1] < c[0] { // P0 is the most urgent
		verb = "raised"
	}
	if somebody {
		verb += " the severity"
	} else {
		verb = "Severity " + verb + " by an event"
	}
	return []Word{{Text: verb + " from"}, {Text: c[0]}, {Text: "to"}, {Text: c[1], Strong: true}}
}

// url is where the forms of comments go: note "" writes one.
func (a Activity) url(note string) string {
	u := "/issues/" + url.PathEscape(a.ID) + "/comments"
	if note != "" {
		u += "/" + note
	}
	return u
}

func (a Activity) swap(note string) templ.Attributes {
	return templ.Attributes{"hx-post": a.url(note), "hx-target": "#activity", "hx-swap": "outerHTML"}
}

// draft is the text of a form: what was typed when it was not taken.
func (a Activity) draft(note, body string) string {
	if a.Problem != "" && a.DraftOf == note {
		return a.Draft
	}
	return body
}

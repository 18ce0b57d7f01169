package page

import (
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// Light is how a dependency does.
type Light string

// The lights.
const (
	LightOK      Light = "ok"
	LightSlow    Light = "degraded"
	LightDown    Light = "down"
	LightUnknown Light = "unknown"
)

// Dependency is one thing that Errata stands on. Since is when the state
// began, LastOK when it last answered, µs, 0 = unknown.
type Dependency struct {
	Name, Detail  string
	State         Light
	Since, LastOK int64
	Error         string
}

// QueueState is what waits between intake and store. Oldest is µs, 0 = none.
type QueueState struct {
	Events, Messages, Bytes int64
	Oldest                  int64
	NotSearchable           int64 // stored, but not in the engine yet
}

// StorageState is what is kept. Zero fields are not shown.
type StorageState struct {
	Engine               string
	Events, Bytes        int64
	Oldest               int64
	SQLBytes, QueueBytes int64
	DiskFree, DiskTotal  int64
	Places               int
	PlacesName           string // "files", "indices"
}

// DeadLetter is an event that could not be stored.
type DeadLetter struct {
	Service, EventID, Reason, Error string
	Tries                           int64
	Counted                         bool // SQL already counts it
	First, Last                     int64
	State                           string // parked, retried, discarded
}

// SystemIn is what the system page is made from. Outcomes are those of the
// time since Since; Queued counts what is accepted and not yet one of them.
type SystemIn struct {
	Moment       ui.Moment
	Version      string
	Started      int64
	Dependencies []Dependency
	Queue        *QueueState
	Outcomes     errata.Outcomes
	Since        int64
	Queued       int64
	Storage      *StorageState
	Letters      []DeadLetter
	LettersTotal int64
	Failed       map[string]*ui.Failure // by card: queue, outcomes, storage, letters
}

// SystemPage is the page of the installation's state.
type SystemPage struct {
	layout.Chrome
	noParts
	Summary  ui.Notice
	Lights   []DependencyRow
	Queue    []Fact
	Storage  []ui.Row
	Outcomes Outcomes
	Letters  Letters
	About    []ui.Row
	Failed   map[string]*ui.Failure
}

// DependencyRow is one light.
type DependencyRow struct {
	Name, Detail, Word, Tone, Icon string
	Since, LastOK                  ui.Time
	Error                          string
}

// Outcomes is how everything that was received has ended.
type Outcomes struct {
	Since    ui.Time
	Received string
	Terms    []Fact // the equation: one per outcome, and what is queued
	Rows     []OutcomeRow
}

// OutcomeRow is one counter.
type OutcomeRow struct {
	Outcome, Tone, Reason, Category string
	Items, Bytes, Share             string
}

// Letters is the list of dead letters.
type Letters struct {
	Count string
	Rows  []LetterRow
}

// LetterRow is one dead letter.
type LetterRow struct {
	Reason, Error, Detail, State string
	Event                        string // whole id
	Last                         ui.Time
}

var lights = map[Light]DependencyRow{
	LightOK:      {Word: "Works", Tone: "ok", Icon: "circle-check"},
	LightSlow:    {Word: "Degraded", Tone: "warn", Icon: "triangle-alert"},
	LightDown:    {Word: "Down", Tone: "bad", Icon: "circle-x"},
	LightUnknown: {Word: "Not checked", Tone: "", Icon: "circle-dashed"},
}

// NewSystem makes the page of the installation's state.
func NewSystem(c layout.Chrome, in SystemIn) SystemPage {
	c.Title, c.Section, c.Keys = "System", layout.SectionSystem, plainKeys
	m := SystemPage{Chrome: c, Failed: in.Failed, Outcomes: newOutcomes(in), Letters: newLetters(in)}
	for _, d := range in.Dependencies {
		m.Lights = append(m.Lights, newDependencyRow(d, in.Moment))
	}
	m.Summary = summary(in.Dependencies, len(in.Failed) > 0)
	m.Queue, m.Storage, m.About = queueFacts(in), storageRows(in), aboutRows(in)
	return m
}

func newDependencyRow(d Dependency, m ui.Moment) DependencyRow {
	r, ok := lights[d.State]
	if !ok {
		r = lights[LightUnknown]
	}
	r.Name, r.Detail, r.Error = d.Name, d.Detail, ui.Clip(d.Error, 300)
	r.Since, r.LastOK = m.At(d.Since), m.Ago(d.LastOK)
	return r
}

func summary(all []Dependency, partly bool) ui.Notice {
	var bad []string
	down := false
	for _, d := range all {
		if d.State == LightDown || d.State == LightSlow {
			bad = append(bad, d.Name)
			down = down || d.State == LightDown
		}
	}
	switch {
	case len(bad) == 0 && partly:
		return ui.Notice{Tone: "warn", Text: "Everything answers, but not all that stands here could be read."}
	case len(bad) == 0:
		return ui.Notice{Tone: "ok", Text: "Everything works."}
	case down:
		return ui.Notice{Tone: "bad", Text: strings.Join(bad, ", ") + ": needs attention. Events are still accepted as long as the queue works."}
	}
	return ui.Notice{Tone: "warn", Text: strings.Join(bad, ", ") + ": degraded."}
}

func queueFacts(in SystemIn) []Fact {
	q := in.Queue
	if q == nil {
		return nil
	}
	lag := "none"
	if q.Oldest != 0 {
		lag = ui.Duration(in.Moment.Now.Sub(time.UnixMicro(q.Oldest)))
	}
	return []Fact{
		{"Waiting events", ui.Num(q.Events), ui.Exact(q.Events)},
		{"Oldest waits", lag, "Age of the oldest message"},
		{"Size", ui.Bytes(q.Bytes), ui.Exact(q.Messages) + " messages"},
		{"Not searchable yet", ui.Num(q.NotSearchable), "Stored and counted, waiting for the event engine"},
	}
}

func storageRows(in SystemIn) []ui.Row {
	s := in.Storage
	if s == nil {
		return nil
	}
	oldest := in.Moment.Ago(s.Oldest)
	rows := []ui.Row{{Name: "Engine", Value: s.Engine}, {Name: "Events", Value: ui.Num(s.Events), Note: ui.Bytes(s.Bytes)}}
	if s.Oldest != 0 {
		rows = append(rows, ui.Row{Name: "Oldest event", Time: &oldest})
	}
	if s.Places > 0 {
		rows = append(rows, ui.Row{Name: "Kept in", Value: ui.Count(int64(s.Places), singular(s.PlacesName), s.PlacesName)})
	}
	if s.SQLBytes > 0 {
		rows = append(rows, ui.Row{Name: "SQL store", Value: ui.Bytes(s.SQLBytes)})
	}
	if s.QueueBytes > 0 {
		rows = append(rows, ui.Row{Name: "Queue", Value: ui.Bytes(s.QueueBytes)})
	}
	if s.DiskTotal > 0 {
		rows = append(rows, ui.Row{Name: "Disk free", Value: ui.Bytes(s.DiskFree), Note: ui.Percent(s.DiskFree, s.DiskTotal) + " of " + ui.Bytes(s.DiskTotal)})
	}
	return rows
}

// singular of the few words that a store's places go by.
func singular(name string) string {
	if name == "indices" {
		return "index"
	}
	return strings.TrimSuffix(name, "s")
}

func aboutRows(in SystemIn) []ui.Row {
	started := in.Moment.Ago(in.Started)
	rows := []ui.Row{{Name: "Version", Value: in.Version, Mono: true}}
	if in.Started != 0 {
		rows = append(rows, ui.Row{Name: "Started", Time: &started})
	}
	return append(rows, ui.Row{Name: "Times in", Value: in.Moment.ZoneName()})
}

// outcomeOrder is the order of the equation's terms.
var outcomeOrder = []struct {
	outcome    errata.Outcome
	word, tone string
}{
	{errata.Stored, "Stored", "ok"},
	{errata.Deduplicated, "Deduplicated", ""},
	{errata.Filtered, "Filtered", ""},
	{errata.RateLimited, "Rate limited", "warn"},
	{errata.Rejected, "Rejected", "warn"},
	{errata.DeadLettered, "Dead letters", "bad"},
}

func newOutcomes(in SystemIn) Outcomes {
	byOutcome, rows := map[errata.Outcome]int64{}, map[errata.OutcomeKey]errata.OutcomeCount{}
	received := in.Queued
	for k, c := range in.Outcomes {
		byOutcome[k.Outcome] += c.Items
		received += c.Items
		k.ProjectID, k.Hour = "", 0
		sum := rows[k]
		rows[k] = errata.OutcomeCount{Items: sum.Items + c.Items, Bytes: sum.Bytes + c.Bytes}
	}
	o := Outcomes{Since: in.Moment.At(in.Since), Received: ui.Num(received)}
	for _, t := range outcomeOrder {
		o.Terms = append(o.Terms, Fact{t.word, ui.Num(byOutcome[t.outcome]), ui.Exact(byOutcome[t.outcome])})
		o.Rows = append(o.Rows, outcomeRows(rows, t.outcome, t.word, t.tone, received)...)
	}
	o.Terms = append(o.Terms, Fact{"Queued", ui.Num(in.Queued), ui.Exact(in.Queued)})
	return o
}

func outcomeRows(all map[errata.OutcomeKey]errata.OutcomeCount, outcome errata.Outcome, word, tone string, received int64) []OutcomeRow {
	var keys []errata.OutcomeKey
	for k := range all {
		if k.Outcome == outcome {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b errata.OutcomeKey) int {
		if d := all[b].Items - all[a].Items; d != 0 {
			return int(max(min(d, 1), -1))
		}
		return strings.Compare(a.Reason+string(a.Category), b.Reason+string(b.Category))
	})
	var out []OutcomeRow
	for _, k := range keys {
		c := all[k]
		out = append(out, OutcomeRow{
			Outcome: word, Tone: tone, Reason: k.Reason, Category: string(k.Category),
			Items: ui.Exact(c.Items), Bytes: ui.Bytes(c.Bytes), Share: ui.Percent(c.Items, received),
		})
	}
	return out
}

func newLetters(in SystemIn) Letters {
	l := Letters{Count: ui.Count(max(in.LettersTotal, int64(len(in.Letters))), "dead letter", "dead letters")}
	for _, d := range in.Letters {
		r := LetterRow{Reason: d.Reason, Error: ui.Clip(d.Error, 300), Event: d.EventID, State: d.State, Last: in.Moment.Ago(d.Last)}
		r.Detail = d.Service + ", event " + shortEvent(d.EventID) + ", " + ui.Count(d.Tries, "try", "tries")
		if d.Counted {
			r.Detail += ", counted"
		}
		l.Rows = append(l.Rows, r)
	}
	return l
}

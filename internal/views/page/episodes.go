package page

import (
	"time"

	"errata/internal/errata"
	"errata/internal/stats"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// EpisodesIn is what a list of episodes is made from: one page of those behind
// a figure. Group is what the group of the address is called, "" = no group.
type EpisodesIn struct {
	Moment   ui.Moment
	URL      EpisodesURL
	Query    string
	Group    string
	From, To time.Time
	Rows     []EpisodeIn
	Next     string
	People   map[string]errata.Person
	Export   *ExportIn
}

// EpisodeIn is one episode. Took is 0 while nothing was measured.
type EpisodeIn struct {
	errata.Episode
	Issue        errata.Issue
	Service      errata.Project
	Took, Target time.Duration
	Out          stats.Exclusion
}

// Episodes is a list of episodes.
type Episodes struct {
	layout.Chrome
	noParts
	Heading string
	Back    string
	Facts   []ui.Row
	Rows    []EpisodeRow
	Top     string // address of the first page, "" = this is it
	Next    string
	Empty   *Empty
	Export  *ExportMenu
}

// EpisodeRow is one line of the list.
type EpisodeRow struct {
	Severity      errata.Severity
	ID, URL       string
	Type, Message string
	Service       ui.Service
	Opened        ui.Time
	Answered      string
	Took          string
	Target        *ui.Chip
	State         ui.Chip
}

// showWords say what a list holds.
var showWords = map[string]string{
	"measured": "measured", "met": "within the target", "missed": "beyond the target", "open": "open now", "waiting": "that nobody has answered",
	"regressed": "that regressed within 30 days", "reopened": "that a person reopened",
}

// NewEpisodes makes the list.
func NewEpisodes(c layout.Chrome, in EpisodesIn) Episodes {
	c.Title, c.Section, c.Keys = "Episodes", layout.SectionResponse, plainKeys
	back := in.URL.AnalyticsURL
	if in.URL.From != "" { // of a bucket: the whole range is unknown here
		back.From, back.To, back.Range = "", "", ""
	}
	e := Episodes{Chrome: c, Back: back.String(), Heading: in.heading(), Facts: in.facts(), Export: NewExport(in.Export)}
	for _, r := range in.Rows {
		e.Rows = append(e.Rows, in.row(r))
	}
	if in.URL.Cursor != "" {
		u := in.URL
		u.Cursor = ""
		e.Top = u.String()
	}
	if in.Next != "" {
		u := in.URL
		u.Cursor = in.Next
		e.Next = u.String()
	}
	if len(e.Rows) == 0 {
		e.Empty = &Empty{Icon: "inbox", Title: "No episode", Text: "Nothing in this range fits."}
	}
	return e
}

func (in EpisodesIn) heading() string {
	what := showWords[in.URL.Show]
	if what == "" {
		what = showWords["measured"]
	}
	if w, ok := exclusionWords[stats.Exclusion(in.URL.Show)]; ok {
		what = "left out: " + w
	}
	for _, w := range metricWords {
		if string(w.metric) == in.URL.Metric {
			return w.label + ", episodes " + what
		}
	}
	return "Episodes " + what
}

// facts say which episodes they are.
func (in EpisodesIn) facts() (out []ui.Row) {
	if in.URL.Show != "open" && in.URL.Show != "waiting" {
		out = append(out, ui.Row{Name: "Range", Value: in.Moment.At(in.From.UnixMicro()).Text + " to " + in.Moment.At(in.To.UnixMicro()).Text})
	}
	if in.Query != "" {
		out = append(out, ui.Row{Name: "Search", Value: in.Query, Mono: true})
	}
	if in.URL.Key != nil {
		name := in.Group
		if name == "" {
			name = "none"
		}
		out = append(out, ui.Row{Name: word(in.URL.By == "user", "Person", "Group"), Value: name})
	}
	switch {
	case in.URL.Over > 0 && in.URL.Under > 0:
		out = append(out, ui.Row{Name: "Took", Value: ui.Duration(in.URL.Over) + " to " + ui.Duration(in.URL.Under)})
	case in.URL.Over > 0:
		out = append(out, ui.Row{Name: "Took", Value: ui.Duration(in.URL.Over) + " and more"})
	case in.URL.Under > 0:
		out = append(out, ui.Row{Name: "Took", Value: "less than " + ui.Duration(in.URL.Under)})
	}
	return append(out, ui.Row{Name: "Times in", Value: in.Moment.ZoneName()})
}

func (in EpisodesIn) row(r EpisodeIn) EpisodeRow {
	out := EpisodeRow{
		Severity: r.SeverityPeak, ID: errata.ShortID(r.Service.Prefix, r.Issue.Number), Service: ui.NewService(r.Service, r.Issue.Platform),
		Opened: in.Moment.At(r.OpenedAt), Took: "–", Answered: in.answered(r), State: stateOf(r.Episode),
	}
	out.URL = IssueURL{ID: out.ID}.String()
	out.Type, out.Message = splitTitle(r.Issue)
	if r.Took > 0 || r.Out == stats.Included && in.measured(r) {
		out.Took = ui.Duration(r.Took)
		out.Target = targetChip(r.Took, r.Target)
	}
	return out
}

// measured says that a time of zero is one.
func (in EpisodesIn) measured(r EpisodeIn) bool {
	if in.URL.Metric == string(stats.TTR) {
		return r.ResolvedAt != 0
	}
	return r.RespondedAt != 0
}

func targetChip(took, target time.Duration) *ui.Chip {
	switch {
	case target == 0:
		return nil
	case took <= target:
		return &ui.Chip{Text: "within " + ui.Duration(target), Tone: "ok"}
	}
	return &ui.Chip{Text: ui.Duration(took-target) + " over", Tone: "late", Title: "Target " + ui.Duration(target)}
}

// answered says who responded first, and how.
func (in EpisodesIn) answered(r EpisodeIn) string {
	if r.RespondedAt == 0 {
		return "nobody"
	}
	name := in.People[r.RespondedBy].Name
	if name == "" {
		name = "deleted account"
	}
	return name + ", " + orRaw(responseWords, r.ResponseKind)
}

var responseWords = map[errata.ResponseKind]string{
	errata.RespondedAck: "acknowledged", errata.RespondedAssign: "assigned", errata.RespondedResolve: "resolved", errata.RespondedIgnore: "ignored",
}

// stateOf says how an episode stands or how it ended.
func stateOf(e errata.Episode) ui.Chip {
	switch {
	case e.ClosedAt == 0 && e.RespondedAt == 0:
		return ui.Chip{Text: "waiting", Tone: "warn"}
	case e.ClosedAt == 0:
		return ui.Chip{Text: "open", Tone: "line"}
	case e.CloseReason == errata.ClosedResolved:
		return ui.Chip{Text: "resolved", Tone: "ok"}
	}
	return ui.Chip{Text: string(e.CloseReason)}
}

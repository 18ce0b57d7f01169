package page

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// JobURL is the address of a job.
func JobURL(id string) string { return "/jobs/" + url.PathEscape(id) }

// JobIn is what the page of a bulk act that runs as a job is made from. Counts
// are its issues by what became of them: pending, done, same, skipped, failed.
type JobIn struct {
	Moment    ui.Moment
	Job       errata.Job
	Act       string
	Query     string
	Counts    map[string]int64
	Unchanged []JobItemIn // the first of which nothing became
}

// JobItemIn is an issue of which nothing became, and why.
type JobItemIn struct{ ID, Title, Why string }

// JobPage is the page of a bulk act that runs as a job.
type JobPage struct {
	layout.Chrome
	State JobState
}

// JobState is the part of the page that changes while the job runs.
type JobState struct {
	Heading   string
	Word      string
	Icon      string
	Tone      string
	Query     string
	Done      string // as the element takes it
	Total     string
	Sentence  string // "4,200 of 20,000 issues"
	Times     []ui.Row
	Counts    []ui.Row
	Error     string
	Unchanged []BulkLine
	More      string
	Poll      string // asked again there, "" = it is over
	Cancel    string // address of the form, "" = nothing to cancel
	Stopping  bool
	Reload    string
}

var jobWords = map[errata.JobState][3]string{
	errata.JobQueued:    {"Waiting", "clock", ""},
	errata.JobRunning:   {"Running", "play", ""},
	errata.JobDone:      {"Done", "circle-check", "ok"},
	errata.JobFailed:    {"Failed", "circle-alert", "bad"},
	errata.JobCancelled: {"Cancelled", "circle-x", "warn"},
}

// jobCounts in the order in which people want to know of them.
var jobCounts = []struct{ state, name string }{
	{"done", "Changed"},
	{"same", "Already so"},
	{"skipped", "Not changed: not possible, or not allowed"},
	{"failed", "Not changed: somebody else was faster"},
	{"pending", "Not done"},
}

// NewJob makes the page.
func NewJob(c layout.Chrome, in JobIn) JobPage {
	s := newJobState(in)
	c.Title, c.Section, c.Keys = s.Heading, layout.SectionIssues, plainKeys
	return JobPage{Chrome: c, State: s}
}

func newJobState(in JobIn) JobState {
	j, word := in.Job, jobWords[in.Job.State]
	s := JobState{
		Heading: bulkVerbs[in.Act][0] + " " + exactIssues(j.Total), Word: word[0], Icon: word[1], Tone: word[2], Query: in.Query,
		Done: strconv.FormatInt(j.Done, 10), Total: strconv.FormatInt(j.Total, 10), Error: j.Error, Reload: JobURL(j.ID),
		Sentence: ui.Exact(j.Done) + " of " + exactIssues(j.Total),
	}
	if !j.State.Over() {
		s.Poll, s.Cancel, s.Stopping = JobURL(j.ID), JobURL(j.ID)+"/cancel", j.Cancel
	}
	if s.Stopping {
		s.Cancel = ""
	}
	for _, t := range []struct {
		name string
		at   int64
	}{{"Asked for", j.CreatedAt}, {"Started", j.StartedAt}, {"Finished", j.FinishedAt}} {
		if t.at != 0 {
			at := in.Moment.Ago(t.at)
			s.Times = append(s.Times, ui.Row{Name: t.name, Time: &at})
		}
	}
	s.outcome(in)
	return s
}

// outcome says what became of the issues.
func (s *JobState) outcome(in JobIn) {
	for _, c := range jobCounts {
		if n := in.Counts[c.state]; n > 0 && (c.state != "pending" || in.Job.State.Over()) {
			s.Counts = append(s.Counts, ui.Row{Name: c.name, Value: ui.Exact(n)})
		}
	}
	for _, i := range in.Unchanged {
		s.Unchanged = append(s.Unchanged, BulkLine{ID: i.ID, URL: IssueURL{ID: i.ID}.String(), Title: ui.Clip(i.Title, 160), Why: i.Why})
	}
	if rest := in.Counts["skipped"] + in.Counts["failed"] - int64(len(in.Unchanged)); rest > 0 && len(in.Unchanged) > 0 {
		s.More = "and " + ui.Exact(rest) + " more"
	}
}

// Whole shows the page.
func (m JobPage) Whole() templ.Component { return jobPage(m) }

// Part shows how far the job has come.
func (m JobPage) Part(name string) (templ.Component, bool) {
	if name == "job" {
		return jobState(m.State), true
	}
	return nil, false
}

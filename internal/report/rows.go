package report

import (
	"encoding/json"
	"strings"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/normalize"
	"errata/internal/querylang"
	"errata/internal/report/encode"
	"errata/internal/stats"
)

func col(key, title string, kind errata.ColumnKind) errata.Column {
	return errata.Column{Key: key, Title: title, Kind: kind}
}

// issueColumns are the columns of issues.
var issueColumns = []errata.Column{
	col("id", "Id", errata.ColumnText), col("title", "Title", errata.ColumnText), col("type", "Type", errata.ColumnText),
	col("project", "Service", errata.ColumnText), col("environments", "Environments", errata.ColumnText), col("severity", "Severity", errata.ColumnText),
	col("status", "Status", errata.ColumnText), col("reason", "Reason", errata.ColumnText), col("assignee", "Owner", errata.ColumnText),
	col("events", "Events", errata.ColumnInt), col("users", "Users", errata.ColumnInt), col("first_seen", "First seen", errata.ColumnTime),
	col("last_seen", "Last seen", errata.ColumnTime), col("release", "Release", errata.ColumnText), col("code", "Code", errata.ColumnText),
	col("tta_s", "Time to acknowledge", errata.ColumnDuration), col("ttr_s", "Time to resolve", errata.ColumnDuration), col("url", "Address", errata.ColumnText),
}

// text is a cell of text; "" is a missing value.
func text(s string) errata.Cell {
	if s == "" {
		return errata.Cell{}
	}
	return errata.TextCell(s)
}

// moment is a cell of time; 0 is a missing value.
func moment(us int64) errata.Cell {
	if us == 0 {
		return errata.Cell{}
	}
	return errata.IntCell(us)
}

// known is how many users there are; none is none that an event named.
func known(users int64) errata.Cell {
	if users == 0 {
		return errata.Cell{}
	}
	return errata.IntCell(users)
}

// issueCells are one issue under issueColumns.
func (s *Service) issueCells(r find.ExportedIssue) []errata.Cell {
	i := r.Issue
	return []errata.Cell{
		text(r.ShortID()), text(i.Title), text(i.Type), text(r.Project.Slug), text(strings.Join(r.Environments, ", ")), text(i.Severity.String()),
		text(string(i.Status)), text(string(i.Reason)), text(r.Owner.Name), errata.IntCell(i.Events), known(i.Users), moment(i.FirstSeen),
		moment(i.LastSeen), text(i.LastRelease), text(i.Code), took(stats.TTA, &r.Episode), took(stats.TTR, &r.Episode),
		text(s.URL + "/issues/" + r.ShortID()),
	}
}

// took is what a metric measured of an episode, in seconds.
func took(m stats.Metric, e *errata.Episode) errata.Cell {
	p := stats.Rules{Metric: m}.Place(e)
	if e.ID == "" || p.Out != stats.Included || p.At == 0 {
		return errata.Cell{}
	}
	return seconds(p.Took)
}

func seconds(us int64) errata.Cell { return errata.NumCell(float64(us) / 1e6) }

// eventColumns are the columns of events, before the chosen ones.
var eventColumns = []errata.Column{
	col("time", "Time", errata.ColumnTime), col("id", "Id", errata.ColumnText), col("issue", "Issue", errata.ColumnText), col("project", "Service", errata.ColumnText),
	col("environment", "Environment", errata.ColumnText), col("release", "Release", errata.ColumnText), col("level", "Level", errata.ColumnText),
	col("severity", "Severity", errata.ColumnText), col("type", "Type", errata.ColumnText), col("message", "Message", errata.ColumnText),
	col("user", "User", errata.ColumnText), col("trace", "Trace", errata.ColumnText), col("url", "Address", errata.ColumnText),
}

func eventColumnsWith(keys []querylang.Key) []errata.Column {
	out := append([]errata.Column{}, eventColumns...)
	for _, k := range keys {
		out = append(out, col(k.String(), k.String(), errata.ColumnText))
	}
	return out
}

// eventCells are one event under eventColumns and the chosen keys.
func eventCells(e *find.ExportedEvent, keys []querylang.Key) []errata.Cell {
	trace, url := "", ""
	if t := e.Event.Trace; t != nil {
		trace = t.TraceID
	}
	if r := e.Event.Request; r != nil {
		url = r.URL
	}
	out := []errata.Cell{
		moment(e.Time), text(e.EventID), text(e.Issue), text(e.Project.Slug), text(e.Env), text(e.Release), text(string(e.Level)),
		text(e.Severity.String()), text(e.Type), text(e.Title), text(userOf(e)), text(trace), text(url),
	}
	for _, k := range keys {
		out = append(out, text(e.Values[querylang.TermKey(k)]))
	}
	return out
}

// userOf is who met an error: by a keyed hash, or where personal data are
// shown by the most telling name.
func userOf(e *find.ExportedEvent) string {
	if u := e.Event.User; u != nil && e.Revealed {
		for _, name := range []string{u.Email, u.Username, u.ID, u.IP} {
			if name != "" {
				return name
			}
		}
	}
	if e.UserHash == "" {
		return ""
	}
	return "~" + e.UserHash
}

// wholeColumns are those of an event as NDJSON: all of it.
var wholeColumns = []errata.Column{col("event", "Event", errata.ColumnText)}

// wholeEvent is one event as a line of JSON, with what people call its service
// and its issue.
func wholeEvent(e *find.ExportedEvent) ([]errata.Cell, error) {
	body, err := normalize.Encode(e.Event)
	if err != nil {
		return nil, err
	}
	names, err := json.Marshal(struct {
		Issue   string `json:"issue"`
		Service string `json:"service"`
	}{e.Issue, e.Project.Slug})
	if err != nil {
		return nil, err
	}
	return []errata.Cell{errata.TextCell(string(names[:len(names)-1]) + "," + string(body[1:]))}, nil
}

// episodeColumns are the columns of episodes.
var episodeColumns = []errata.Column{
	col("issue", "Issue", errata.ColumnText), col("project", "Service", errata.ColumnText), col("title", "Title", errata.ColumnText),
	col("seq", "Episode", errata.ColumnInt), col("open_reason", "Opened because", errata.ColumnText), col("environment", "Environment", errata.ColumnText),
	col("release", "Release", errata.ColumnText), col("code", "Code", errata.ColumnText), col("severity_open", "Severity at first", errata.ColumnText),
	col("severity_peak", "Worst severity", errata.ColumnText), col("first_event_at", "First event", errata.ColumnTime),
	col("opened_at", "Opened", errata.ColumnTime), col("alerted_at", "Alerted", errata.ColumnTime), col("start", "Clock started", errata.ColumnTime),
	col("responded_at", "Answered", errata.ColumnTime), col("response_kind", "Answered by", errata.ColumnText), col("acked_at", "Acknowledged", errata.ColumnTime),
	col("resolved_at", "Resolved", errata.ColumnTime), col("resolution_kind", "Resolution", errata.ColumnText), col("closed_at", "Closed", errata.ColumnTime),
	col("close_reason", "Closed because", errata.ColumnText), col("reopen_count", "Reopened", errata.ColumnInt), col("events", "Events", errata.ColumnInt),
	col("tta_s", "Time to acknowledge", errata.ColumnDuration), col("ttr_s", "Time to resolve", errata.ColumnDuration),
	col("target_s", "Target", errata.ColumnDuration), col("excluded_reason", "Left out because", errata.ColumnText), col("imported", "Imported", errata.ColumnBool),
}

// episodeCells are one episode under episodeColumns: start, target and why it is
// left out are those of the metric that the list is about.
func episodeCells(r *find.EpisodeRow, rules stats.Rules) []errata.Cell {
	e := &r.Episode
	target := errata.Cell{}
	if r.Target > 0 {
		target = seconds(r.Target.Microseconds())
	}
	return []errata.Cell{
		text(errata.ShortID(r.Project.Prefix, r.Issue.Number)), text(r.Project.Slug), text(r.Issue.Title), errata.IntCell(e.Seq), text(string(e.OpenReason)),
		text(e.Environment), text(e.Release), text(e.Code), text(e.SeverityOpen.String()), text(e.SeverityPeak.String()), moment(e.FirstEventAt),
		moment(e.OpenedAt), moment(e.AlertedAt), moment(rules.Start(e)), moment(e.RespondedAt), text(string(e.ResponseKind)), moment(e.AckedAt),
		moment(e.ResolvedAt), text(e.ResolutionKind), moment(e.ClosedAt), text(string(e.CloseReason)), errata.IntCell(e.ReopenCount), errata.IntCell(e.Events),
		measured(stats.TTA, rules, e), measured(stats.TTR, rules, e), target, text(string(r.Out)), errata.BoolCell(e.Imported),
	}
}

// measured is a time by the rules of a list, in seconds.
func measured(m stats.Metric, rules stats.Rules, e *errata.Episode) errata.Cell {
	rules.Metric = m
	p := rules.Place(e)
	if p.Out != stats.Included || p.At == 0 {
		return errata.Cell{}
	}
	return seconds(p.Took)
}

// columns are those of the file.
func (s *Service) columns(e *Export) ([]errata.Column, error) {
	switch e.What {
	case Issues:
		return issueColumns, nil
	case Episodes:
		return episodeColumns, nil
	case Audit:
		return s.Office.AuditColumns(), nil
	case Events, Response, Counts, Trends, Overview, Trace, Tags, Users, Roles, Services, Teams:
	}
	if e.Format == encode.NDJSON {
		return wholeColumns, nil
	}
	keys, err := e.keys()
	return eventColumnsWith(keys), err
}

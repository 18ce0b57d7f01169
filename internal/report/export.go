package report

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/report/encode"
	"errata/internal/stats"
)

// What names what is taken along.
type What string

// The lists and pages that can be taken along.
const (
	Issues   What = "issues"
	Events   What = "events"
	Episodes What = "episodes"
	Response What = "response"
	Counts   What = "counts"
	Trends   What = "trends"
	Overview What = "overview"
	Trace    What = "trace"
	Tags     What = "tags"
	Audit    What = "audit"
	Users    What = "users"
	Roles    What = "roles"
	Services What = "services"
	Teams    What = "teams"
)

// titles are what files and print pages are called.
var titles = map[What]string{
	Issues: "Issues", Events: "Events", Episodes: "Episodes", Response: "Response times", Counts: "Counts of events", Trends: "Trends", Overview: "Overview",
	Trace: "Trace", Tags: "Tags", Audit: "Audit", Users: "Users", Roles: "Roles", Services: "Services", Teams: "Teams",
}

// actions are the rights that taking something along needs, where it is not
// issue:export: lists of the installation need no other than their page.
var actions = map[What]errata.Action{
	Events: errata.EventExport, Counts: errata.EventExport, Trace: errata.EventExport, Tags: errata.EventExport,
	Audit: errata.AuditRead, Users: errata.UserRead, Roles: errata.RoleRead, Services: errata.ProjectRead, Teams: errata.UserRead,
}

// Action is the right that taking it along needs, in every service it is about.
func (w What) Action() errata.Action {
	return cmp.Or(actions[w], errata.IssueExport)
}

// Lists says that it is rows, however many, which a job may prepare; all else is
// a few tables, taken along at once.
func (w What) Lists() bool { return w == Issues || w == Events || w == Episodes }

// Export is what the page asks for, in full: nothing in it moves with the
// clock, so that a job asks the same later.
type Export struct {
	What     What            `json:"what"`
	Format   encode.Format   `json:"format"`
	Q        string          `json:"q"`
	Params   string          `json:"params,omitempty"` // of the page's address, beside q
	Range    find.Range      `json:"range"`
	Zone     string          `json:"zone"`
	AsOf     int64           `json:"as_of"` // µs
	Sort     string          `json:"sort,omitempty"`
	Columns  []string        `json:"columns,omitempty"`  // of events: keys beside the usual ones
	Personal bool            `json:"personal,omitempty"` // personal data in clear, where the reader may read it
	BOM      bool            `json:"bom,omitempty"`
	Episodes *EpisodesOf     `json:"episodes,omitempty"`
	Response *ResponseOf     `json:"response,omitempty"`
	Counts   *CountsOf       `json:"counts,omitempty"`
	Overview *OverviewOf     `json:"overview,omitempty"`
	Trace    string          `json:"trace,omitempty"` // id of a trace or request
	Tags     *TagsOf         `json:"tags,omitempty"`
	Audit    *AuditOf        `json:"audit,omitempty"`
	Notices  []errata.Detail `json:"notices,omitempty"` // of the query, when a job was asked for
	words    []string        // filters in words, of a list without a query
}

// EpisodesOf are the parameters of a list of episodes.
type EpisodesOf struct {
	Rules       stats.Rules     `json:"rules"`
	Show        find.Show       `json:"show"`
	By          stats.Dimension `json:"by,omitempty"`
	Key         string          `json:"key,omitempty"`
	Over, Under time.Duration
}

// ResponseOf are the parameters of response times.
type ResponseOf struct {
	Rules    stats.Rules       `json:"rules"`
	Interval stats.Interval    `json:"interval,omitempty"`
	By       []stats.Dimension `json:"by"`
}

// Head says of a file, before its first byte, what it is. Rows is -1 where
// nobody has counted.
type Head struct {
	ID, Name, ContentType string
	What                  What
	AsOf                  int64 // µs
	Rows                  int64
	Notices               []errata.Detail // of its query
}

// Provenance is what the header X-Errata-Export says.
func (h Head) Provenance() string {
	out := "id=" + h.ID + "; what=" + string(h.What) + "; as_of=" + stamp(h.AsOf, time.RFC3339)
	if h.Rows >= 0 {
		out += "; rows=" + strconv.FormatInt(h.Rows, 10)
	}
	for _, n := range h.Notices {
		if said := "; notice=" + n.Reason; !strings.Contains(out, said) {
			out += said
		}
	}
	return out
}

func stamp(us int64, form string) string { return errata.FromMicros(us).Format(form) }

// newHead names a file: errata-<what>-<as of>-<id>.
func newHead(e Export, extension string) Head {
	id := uuid.Must(uuid.NewV7()).String()
	return Head{
		ID: id, What: e.What, AsOf: e.AsOf, Rows: -1, ContentType: e.Format.ContentType(),
		Name: fileName(e, id) + extension,
	}
}

func fileName(e Export, id string) string {
	return "errata-" + string(e.What) + "-" + stamp(e.AsOf, "20060102T150405Z") + "-" + id[len(id)-8:]
}

// paths are the pages that have one address.
var paths = map[What]string{
	Issues: "/issues", Events: "/events", Episodes: "/analytics/response/episodes", Response: "/analytics/response", Counts: "/events", Trends: "/analytics/trends", Overview: "/overview",
	Audit: "/audit", Users: "/users", Roles: "/roles", Services: "/services", Teams: "/teams",
}

// path is that of the page.
func (e *Export) path() string {
	switch {
	case e.What == Trace:
		return "/traces/" + url.PathEscape(e.Trace)
	case e.What == Tags && e.Tags != nil:
		return "/issues/" + url.PathEscape(e.Tags.Issue) + "/tags/" + url.PathEscape(e.Tags.Key)
	}
	return paths[e.What]
}

// Address is that of the page, with the query in its canonical form: no plain
// identifier of a user is in it.
func (e *Export) Address(q string) string {
	var parts []string
	if q != "" {
		parts = append(parts, "q="+url.QueryEscape(q))
	}
	if e.Params != "" {
		parts = append(parts, e.Params)
	}
	if len(parts) == 0 {
		return e.path()
	}
	return e.path() + "?" + strings.Join(parts, "&")
}

// check refuses what cannot be taken along.
func (e *Export) check() error {
	switch {
	case titles[e.What] == "":
		return errata.Because(errata.Invalid, "This cannot be taken along.", nil, errata.Detail{Reason: "unknown", Field: "what", Message: "This cannot be taken along."})
	case !e.Format.Known():
		return encode.Unknown(string(e.Format))
	}
	_, err := e.keys()
	return err
}

// maxColumns bounds the columns of events that one chooses: as many as the page
// shows.
const maxColumns = 30

// keys reads the chosen columns.
func (e *Export) keys() (out []querylang.Key, err error) {
	if len(e.Columns) > maxColumns {
		return nil, refuseColumns("There are at most 30 columns.")
	}
	for _, c := range e.Columns {
		k, ok := querylang.ParseKey(c)
		if !ok {
			return nil, refuseColumns("There is no such column.")
		}
		out = append(out, k)
	}
	return out, nil
}

func refuseColumns(message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: "unknown", Field: "cols", Message: message})
}

// zone is the one in which times are told.
func (e *Export) zone() *time.Location {
	l, err := time.LoadLocation(e.Zone)
	if err != nil || e.Zone == "Local" { // the machine's zone is nobody's
		return time.UTC
	}
	return l
}

// about says of a file what it is.
func (e *Export) about(who errata.Actor, h Head, head find.ExportHead) encode.Meta {
	m := encode.Meta{Title: titles[e.What], BOM: e.BOM}
	add := func(name, value string) {
		if value != "" {
			m.About = append(m.About, encode.Fact{Name: name, Value: value})
		}
	}
	add("Export", h.ID)
	add("As of", stamp(e.AsOf, time.RFC3339))
	add("Taken by", who.Name)
	add("Query", head.Query.Text)
	for _, n := range head.Query.Notices {
		add("Notice", n.Message)
	}
	if !head.Range.To.IsZero() {
		add("From", head.Range.From.UTC().Format(time.RFC3339))
		add("To", head.Range.To.UTC().Format(time.RFC3339))
	}
	add("Filters", strings.Join(e.words, "; "))
	add("Order", e.Sort)
	add("Time zone of the reader", e.Zone)
	add("Page", e.Address(head.Query.Text))
	add("Left out", head.LeftWords())
	if e.What == Events && !e.Personal {
		add("Personal data", "masked; a user is told by a keyed hash")
	}
	return m
}

// filters say in words what a print page holds.
func (e *Export) filters(head find.ExportHead) (out []string) {
	if head.Query.Text != "" {
		out = append(out, "Query: "+head.Query.Text)
	}
	for _, n := range head.Query.Notices {
		out = append(out, n.Message)
	}
	out = append(out, e.words...)
	if e.Sort != "" {
		out = append(out, "Sorted by "+strings.ReplaceAll(e.Sort, "_", " "))
	}
	if w := head.LeftWords(); w != "" {
		out = append(out, w)
	}
	return out
}

// tooMany names the limit that a list is beyond.
func tooMany(limit int, where, hint string) error {
	sentence := "More than " + thousands(limit) + " rows are not " + where + "."
	return errata.Because(errata.TooLarge, sentence, nil, errata.Detail{
		Reason: encode.ReasonTooMany, Message: sentence, Hint: hint, Data: map[string]any{"limit": limit},
	})
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	var parts []string
	for len(s) > 3 {
		parts, s = append(parts, s[len(s)-3:]), s[:len(s)-3]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return strings.Join(parts, ",")
}

// note writes down that rows leave, strictly: without the row there are none.
func (s *Service) note(ctx context.Context, who errata.Actor, e Export, id string, phase string, rows int64, failed bool) error {
	return s.Store.NoteExport(ctx, who, e.What.Action(), resource(id), failed, e.details(phase, rows))
}

func resource(id string) errata.Resource { return errata.Resource{Name: "export:" + id} }

// details are what the audit says of an export; rows -1 = not known.
func (e *Export) details(phase string, rows int64) map[string]any {
	out := map[string]any{"what": string(e.What), "format": string(e.Format), "phase": phase, "as_of": e.AsOf}
	if rows >= 0 {
		out["rows"] = rows
	}
	if e.Personal {
		out["personal"] = true
	}
	return out
}

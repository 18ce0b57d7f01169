package page

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// RangePicker chooses the time range.
type RangePicker struct {
	Label, Zone string
	Title       string // what a range means here
	Items       []ui.Link
	Action      string
	Hidden      []Param
	From, To    string // values of the two date fields, local time
	Custom      bool
}

// Filters is the form beside the list.
type Filters struct {
	Action string
	Hidden []Param
	Groups []Filter
	Clear  string // address without any pick, "" = nothing is picked
	More   []MoreFacet
}

// Filter is one group of choices.
type Filter struct {
	Key, Title string
	Options    []FilterOption
	Note       string // "about", when the figures are

	counts map[string]int64 // matches by value; nil = not counted
}

// FilterOption is one choice of a Filter.
type FilterOption struct {
	Value, Text string
	Severity    *errata.Severity // draws its sign
	On          bool
	Count       string // matches, "" = not counted
}

// FacetIn is how the list spreads over the values of a key. Unknown: it was not
// counted; About: over the newest matches alone.
type FacetIn struct {
	Key     string
	Values  []FacetValue
	More    bool
	About   bool
	Unknown bool
}

// FacetValue is one value with its matches.
type FacetValue struct {
	Value string
	Count int64
}

var rangeWords = map[string]string{
	"15m": "15 minutes", "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "today": "Today", AnyTime: "Any time",
}

var rangeLong = map[string]string{
	"15m": "Last 15 minutes", "1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days",
	"90d": "Last 90 days", "today": "Today",
}

func newRange(u ListURL, m ui.Moment) RangePicker {
	p := RangePicker{
		Zone: m.ZoneName(), Action: u.Path, Hidden: u.Hidden("range", "from", "to"),
	}
	if u.Q != "" {
		p.Hidden = append([]Param{{"q", u.Q}}, p.Hidden...)
	}
	current := u.Range
	if current == "" && u.From == "" && u.To == "" {
		current = DefaultRange
	}
	for _, r := range Ranges {
		p.Items = append(p.Items, ui.Link{Text: rangeLong[r], URL: u.WithRange(r).String(), Current: r == current})
	}
	if current == AnyTime { // not offered, but links of figures lead here
		p.Items = append(p.Items, ui.Link{Text: rangeWords[AnyTime], URL: u.String(), Current: true})
	}
	p.Label, p.Custom = rangeWords[current], current == ""
	if p.Label == "" {
		p.Label = strings.TrimSpace(current)
	}
	p.From, p.To = localInput(u.From, m), localInput(u.To, m)
	if p.Custom {
		p.Label = customLabel(u, m)
	}
	return p
}

func newFilters(in IssuesIn) Filters {
	f := Filters{Action: in.URL.Path, Hidden: in.URL.Hidden()}
	if in.Query.Others != "" {
		f.Hidden = append([]Param{{"q", in.Query.Others}}, f.Hidden...)
	}
	if len(in.Query.Picked) > 0 {
		f.Clear = in.URL.WithQ(in.Query.Others).String()
	}
	for _, g := range []Filter{severityFilter(), statusFilter(), serviceFilter(in.Services), ownerFilter(), envFilter(in.Envs)} {
		g.count(in.Facets)
		if g = ticked(g, in.Query.Picked[g.Key]); len(g.Options) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	if len(in.Services) > 0 {
		f.More = moreFacets(in.URL)
	}
	return f
}

func severityFilter() Filter {
	f := Filter{Key: "severity", Title: "Severity"}
	for _, s := range errata.Severities {
		f.Options = append(f.Options, FilterOption{Value: s.String(), Text: s.String() + " " + s.Word(), Severity: &s})
	}
	return f
}

func statusFilter() Filter {
	f := Filter{Key: "is", Title: "Status"}
	for _, v := range statusValues {
		f.Options = append(f.Options, FilterOption{Value: v, Text: strings.ToUpper(v[:1]) + v[1:]})
	}
	return f
}

func ownerFilter() Filter {
	return Filter{Key: "assigned", Title: "Owner", Options: []FilterOption{{Value: "me", Text: "Me"}, {Value: "none", Text: "Nobody"}}}
}

// maxOptions is how many values of a key the filters show at first.
const maxOptions = 8

// count writes the matches behind the choices. Of keys with many values the
// ones with most matches are left, first.
func (f *Filter) count(facets []FacetIn) {
	i := slices.IndexFunc(facets, func(x FacetIn) bool { return x.Key == f.Key })
	if i < 0 || facets[i].Unknown {
		f.Options = f.Options[:min(len(f.Options), maxOptions)]
		return
	}
	x := facets[i]
	f.counts = map[string]int64{}
	for _, v := range x.Values {
		f.counts[v.Value] = v.Count
	}
	if f.Key == "service" || f.Key == "env" {
		slices.SortStableFunc(f.Options, func(a, b FilterOption) int { return cmp.Compare(f.counts[b.Value], f.counts[a.Value]) })
		f.Options = f.Options[:min(len(f.Options), maxOptions)]
	}
	for i := range f.Options {
		f.Options[i].Count = f.countOf(f.Options[i].Value)
	}
	if x.About {
		f.Note = "about"
	}
}

// countOf are the matches of a value, "" when they were not counted.
func (f *Filter) countOf(value string) string {
	if f.counts == nil {
		return ""
	}
	return ui.Num(f.counts[value])
}

func serviceFilter(services []errata.Project) Filter {
	f := Filter{Key: "service", Title: "Service"}
	for _, p := range services {
		f.Options = append(f.Options, FilterOption{Value: p.Slug, Text: p.Slug})
	}
	return f
}

func envFilter(envs []string) Filter {
	f := Filter{Key: "env", Title: "Environment"}
	for _, e := range envs {
		f.Options = append(f.Options, FilterOption{Value: e, Text: e})
	}
	return f
}

// ticked marks what is picked; a picked value that is no choice is added, so
// that it can be taken back.
func ticked(f Filter, picked []string) Filter {
	for _, v := range picked {
		i := slices.IndexFunc(f.Options, func(o FilterOption) bool { return strings.EqualFold(o.Value, v) })
		if i < 0 {
			f.Options = append(f.Options, FilterOption{Value: v, Text: v, On: true, Count: f.countOf(v)})
			continue
		}
		f.Options[i].On = true
	}
	return f
}

// dateField is the form of a datetime-local input.
const dateField = "2006-01-02T15:04"

// localInput turns a parameter into the value of a date field, "" if it is no
// time.
func localInput(param string, m ui.Moment) string {
	t, err := time.Parse(time.RFC3339, param)
	if err != nil {
		return ""
	}
	return m.In(t.UnixMicro()).Format(dateField)
}

func customLabel(u ListURL, m ui.Moment) string {
	word := func(param, open string) string {
		t, err := time.Parse(time.RFC3339, param)
		if err != nil {
			return open
		}
		return m.Date(t.UnixMicro())
	}
	return word(u.From, "the beginning") + " to " + word(u.To, "now")
}

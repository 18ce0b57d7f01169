package elastic

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"errata/internal/querylang"
	"errata/internal/search"
)

// header is the first line of a member of _msearch. Patterns match closed
// indices too: the cluster then refuses the member, and would otherwise leave
// them out without a word.
type header struct {
	Index      []string `json:"index"`
	Expand     string   `json:"expand_wildcards"`
	AllowNone  bool     `json:"allow_no_indices"`
	Preference string   `json:"preference,omitempty"`
	Cache      bool     `json:"request_cache"`
}

// body is the second line, but for its time limit.
type body struct {
	Size       int              `json:"size"`
	TrackTotal any              `json:"track_total_hits"`
	Source     any              `json:"_source,omitempty"`
	Stored     string           `json:"stored_fields,omitempty"`
	Fields     []field          `json:"docvalue_fields,omitempty"`
	Sort       []map[string]any `json:"sort,omitempty"`
	After      []string         `json:"search_after,omitempty"`
	Query      query            `json:"query"`
	Aggs       map[string]agg   `json:"aggs,omitempty"`
}

// agg is one aggregation; one of the kinds is set.
type agg struct {
	Terms       *termsAgg       `json:"terms,omitempty"`
	Histogram   *histogramAgg   `json:"date_histogram,omitempty"`
	Cardinality *cardinalityAgg `json:"cardinality,omitempty"`
	Min         *fieldAgg       `json:"min,omitempty"`
	Max         *fieldAgg       `json:"max,omitempty"`
	Sub         map[string]agg  `json:"aggs,omitempty"`
}

type termsAgg struct {
	Field     string `json:"field"`
	Size      int    `json:"size"`
	ShardSize int    `json:"shard_size"`
	Include   string `json:"include,omitempty"`
	Collect   string `json:"collect_mode,omitempty"`
}

type histogramAgg struct {
	Field    string `json:"field"`
	Fixed    string `json:"fixed_interval,omitempty"`
	Calendar string `json:"calendar_interval,omitempty"`
	Zone     string `json:"time_zone,omitempty"`
	MinDocs  int    `json:"min_doc_count"`
}

type fieldAgg struct {
	Field string `json:"field"`
}

type cardinalityAgg struct {
	Field     string `json:"field"`
	Threshold int    `json:"precision_threshold"`
}

// compose makes the two lines of a request, which has passed Check.
func (e *Engine) compose(r *search.Request) (header, body, error) {
	scope := search.Scope{Projects: slices.Sorted(slices.Values(r.Scope.Projects)), All: r.Scope.All} // in one order: caches compare bytes
	filter, err := planner{scope}.filter(r)
	if err != nil {
		return header{}, body{}, err
	}
	at, newer, paged, err := r.Place()
	if err != nil {
		return header{}, body{}, err
	}
	h := header{
		Index: patterns(e.o.Prefix, r.From, r.To), Expand: "open,closed", AllowNone: true,
		Preference: preference(scope), Cache: r.Size == 0,
	}
	b := body{TrackTotal: trackTotal(r), Query: filter}
	if r.Size > 0 {
		b.page(r, newer)
	}
	if r.Size > 0 && paged {
		b.After = []string{stampMicros(at.Time), at.EventID, at.Project}
	}
	b.Aggs = aggs(r.Aggs, r.From, 3000)
	return h, b, nil
}

// page asks for the hits and one more, which tells whether others follow.
func (b *body) page(r *search.Request, newer bool) {
	order := "desc"
	if newer {
		order = "asc"
	}
	b.Size = min(r.Size+1, search.MaxSize+1)
	b.Fields = listFields
	b.Sort = []map[string]any{
		{"@timestamp": map[string]string{"order": order, "format": nanos}}, {"event.id": order}, {"errata.project_id": order},
	}
	if r.Fields == search.FieldsFull {
		b.Source = []string{"errata.payload"}
	} else {
		b.Source, b.Stored = false, "_none_"
	}
}

// trackTotal counts one further than asked, to tell "exactly" from "at least";
// lists of values need every event counted for what is in none of them.
func trackTotal(r *search.Request) any {
	if slices.ContainsFunc(r.Aggs, func(a search.Agg) bool { return a.Kind == search.Terms }) {
		return true
	}
	if r.TotalUpTo == 0 {
		return false
	}
	return r.TotalUpTo + 1
}

// preference sends one reader's searches to the same copies, whose caches know
// them. A leading underscore would be refused, hence hex.
func preference(s search.Scope) string {
	if s.All {
		return "all"
	}
	h := fnv.New64a()
	for _, p := range s.Projects {
		_, _ = h.Write([]byte(p + "\x00"))
	}
	return strconv.FormatUint(h.Sum64(), 16)
}

// aggName names aggregations by their place: callers' names could hold
// characters that the cluster gives a meaning.
func aggName(i int) string { return "a" + strconv.Itoa(i) }

func aggs(list []search.Agg, from time.Time, threshold int) map[string]agg {
	if len(list) == 0 {
		return nil
	}
	all := make(map[string]agg, len(list))
	for i := range list {
		if a, ok := one(&list[i], from, threshold); ok {
			all[aggName(i)] = a
		}
	}
	return all
}

func one(a *search.Agg, from time.Time, threshold int) (agg, bool) {
	sub := aggs(a.Sub, from, 200)
	switch a.Kind {
	case search.Histogram:
		return agg{Histogram: histogram(a, from), Sub: sub}, true
	case search.MinTime:
		return agg{Min: &fieldAgg{"@timestamp"}}, true
	case search.MaxTime:
		return agg{Max: &fieldAgg{"@timestamp"}}, true
	case search.Cardinality:
		name, include := fieldOf(a.Key)
		if include != "" { // a pair's values share a field with all pairs: list them
			return agg{Terms: &termsAgg{Field: name, Size: maxPairs, ShardSize: maxPairs, Include: include}}, true
		}
		return agg{Cardinality: &cardinalityAgg{Field: name, Threshold: threshold}}, true
	case search.Terms:
		if a.Size == 0 {
			return agg{}, false // the cluster refuses a list of none
		}
		name, include := fieldOf(a.Key)
		if a.Prefix != "" && name != "event.severity" {
			include = strings.TrimSuffix(include, ".*") + anyCase(a.Prefix) + ".*"
		}
		t := &termsAgg{Field: name, Size: a.Size, ShardSize: max(5*a.Size, 100), Include: include}
		if a.Size > 1000 {
			t.ShardSize = a.Size
		}
		if len(a.Sub) > 0 {
			t.Collect = "breadth_first"
		}
		return agg{Terms: t, Sub: sub}, true
	}
	return agg{}, false
}

// maxPairs bounds how many values of a pair are told apart.
const maxPairs = 10_000

func histogram(a *search.Agg, from time.Time) *histogramAgg {
	h := &histogramAgg{Field: "@timestamp", MinDocs: 1}
	if !a.Interval.Calendar() {
		h.Fixed = fixed(a.Interval.Width())
		return h
	}
	h.Calendar = map[string]string{"1d": "day", "1w": "week"}[string(a.Interval)]
	h.Zone = zoneName(a.Zone, from)
	return h
}

func fixed(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + "s" }

// zoneName is the IANA name of a zone, or its offset when it has none.
func zoneName(zone *time.Location, at time.Time) string {
	if zone == nil || zone == time.UTC || zone.String() == "UTC" {
		return ""
	}
	if _, err := time.LoadLocation(zone.String()); err == nil && zone != time.Local {
		return zone.String()
	}
	return at.In(zone).Format("-07:00")
}

// fields of the keys that have a column.
var fields = map[string]string{
	"issue": "errata.issue_id", "project": "errata.project_id", "severity": "event.severity", "event.severity": "event.severity",
	"level": "log.level", "env": "service.environment", "release": "service.version", "service": "service.name",
	"type": "error.type", "code": "error.code", "culprit": "error.culprit", "user": "user.hash",
}

// anyCase is the regular expression for a text in any case.
func anyCase(text string) string {
	var b strings.Builder
	for _, low := range querylang.Fold(text) {
		forms := []rune{low}
		for r := unicode.SimpleFold(low); r != low; r = unicode.SimpleFold(r) {
			if unicode.ToLower(r) == low {
				forms = append(forms, r)
			}
		}
		if low == 'i' {
			forms = append(forms, 'İ') // folds to i, though not back
		}
		if len(forms) == 1 {
			b.WriteString(luceneSpecial.ReplaceAllString(string(forms), `\$0`))
		} else {
			b.WriteString("[" + string(forms) + "]")
		}
	}
	return b.String()
}

// fieldOf returns the field that holds a key's values, and for pairs the
// pattern that picks the key's own.
func fieldOf(k querylang.Key) (name, include string) {
	if name = fields[k.Name]; name != "" {
		return name, ""
	}
	if k.Name == search.HasKey {
		return "errata.keys", ""
	}
	return "errata.pairs", pairPrefix(k) + ".*"
}

// pairPrefix escapes "key=" for the cluster's regular expressions, which know
// a few more special characters than ours.
func pairPrefix(k querylang.Key) string {
	return luceneSpecial.ReplaceAllString(querylang.TermKey(k)+"=", `\$0`)
}

var luceneSpecial = regexp.MustCompile(`[^\p{L}\p{N}_=]`)

// key is what an error calls an aggregation.
func key(a *search.Agg) string { return fmt.Sprintf("%s of %s", a.Kind, a.Key.String()) }

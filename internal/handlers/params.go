package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/querylang"
	"errata/internal/stats"
)

// repeatable are the parameters that may stand several times in an address:
// queries and filters everywhere, lists of fields where events are explored.
func repeatable(path string) []string {
	out := append([]string{"q"}, pickable...)
	if path == "/api/v1/events" || path == "/api/v1/aggregate" || strings.HasPrefix(path, "/events") {
		out = append(out, repeatedLists...)
	}
	return out
}

// pickable are the keys that filters send as parameters of their own.
var pickable = []string{"service", "env", "severity", "level", "is", "assigned"}

// listIn is the state of a list as its address says it.
type listIn struct {
	q            string
	rangeWord    string // "24h"; "" when from and to are given
	from, to     string
	span         find.Range
	zone         *time.Location
	sort, cursor string
	size         int
	compare      bool
}

// query joins q and the shorthand parameters into one query text.
func query(v url.Values) string {
	parts := slices.Clone(v["q"])
	for _, k := range pickable {
		if vals := given(v[k]); len(vals) > 0 {
			if k == "is" && len(vals) == 2 && slices.Contains(vals, "open") && slices.Contains(vals, "acknowledged") {
				vals = []string{"unresolved"}
			}
			parts = append(parts, k+":"+strings.Join(vals, ","))
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// given leaves out what a form sends of a field that was not filled in.
func given(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
}

func paramError(field, reason, message string) error {
	return errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: reason, Field: field, Message: message})
}

// single refuses a parameter that stands twice: two readers could take
// different ones.
func single(v url.Values, but ...string) error {
	for _, k := range slices.Sorted(maps.Keys(v)) {
		if len(v[k]) > 1 && !slices.Contains(but, k) {
			return paramError(clip(k), "duplicate_parameter", "The parameter “"+clip(k)+"” stands "+strconv.Itoa(len(v[k]))+" times; once is taken.")
		}
	}
	return nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

// listParams reads the parameters that all lists share.
func (s *Server) listParams(c echo.Context, who errata.Actor) (in listIn, err error) {
	v := c.QueryParams()
	in = listIn{q: query(v), sort: v.Get("sort"), cursor: v.Get("cursor"), compare: v.Get("compare") != "none"}
	if in.zone, err = zoneParam(v, who); err != nil {
		return in, err
	}
	if in.size, err = sizeParam(v.Get("size")); err != nil {
		return in, err
	}
	in.from, in.to = v.Get("from"), v.Get("to")
	if in.from == "" && in.to == "" {
		in.rangeWord = v.Get("range")
		if in.rangeWord == "" {
			in.rangeWord = "24h"
		}
	}
	in.span, err = s.span(in)
	return in, err
}

func zoneParam(v url.Values, who errata.Actor) (*time.Location, error) {
	name := v.Get("tz")
	if name == "" {
		name = who.Zone
	}
	if name == "Local" { // the machine's zone is nobody's
		name = ""
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, paramError("tz", "zone", "“"+clip(name)+"” is no time zone. Write one like Europe/Berlin.")
	}
	return l, nil
}

func sizeParam(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 100 {
		return 0, paramError("size", "range", "The size of a page is 1 to 100, not “"+clip(s)+"”.")
	}
	return n, nil
}

// span turns the range into times.
func (s *Server) span(in listIn) (find.Range, error) {
	now := s.Clock().UTC()
	if in.rangeWord != "" {
		return relative(in.rangeWord, now, in.zone)
	}
	var r find.Range
	var err error
	if r.From, err = moment("from", in.from, in.zone); err != nil {
		return r, err
	}
	if r.To = upTo(now, now.Sub(r.From)); in.to != "" {
		if r.To, err = moment("to", in.to, in.zone); err != nil {
			return r, err
		}
	}
	if in.from == "" {
		r.From = r.To.Add(-24 * time.Hour)
	}
	if !r.Valid() {
		return r, paramError("from", "range", "The range must begin before it ends and be shorter than ten years.")
	}
	return r, nil
}

func relative(word string, now time.Time, zone *time.Location) (find.Range, error) {
	if word == "today" {
		return find.Range{From: stats.Interval("1d").Start(now, zone), To: upTo(now, 24*time.Hour)}, nil
	}
	unit := units[word[len(word)-1]]
	n, err := strconv.Atoi(word[:len(word)-1])
	if err == nil && unit > 0 && n > int(maxRange/unit) {
		return find.Range{}, paramError("range", "range", "“"+clip(word)+"” is longer than ten years, which is the most.")
	}
	if err != nil || unit == 0 || n < 1 {
		return find.Range{}, paramError("range", "range", "“"+clip(word)+"” is no range. Write one like 24h, 7d or today.")
	}
	to := upTo(now, time.Duration(n)*unit)
	return find.Range{From: to.Add(-time.Duration(n) * unit), To: to}, nil
}

// upTo is the end of a range of that length that ends now: with the ten seconds
// that are running, or the second where ten are much of it. Those who ask again
// meanwhile ask the same, whose answer engines remember.
func upTo(now time.Time, length time.Duration) time.Time {
	step := 10 * time.Second
	if length < time.Hour {
		step = time.Second
	}
	return now.Add(step - 1).Truncate(step)
}

var units = map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// maxRange is what find.Range takes.
const maxRange = 10*366*24*time.Hour - 1

// moment reads a time: RFC 3339, or what a date field of a browser sends, in
// the reader's zone.
func moment(field, s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return querylang.AtClock(t, zone), nil
		}
	}
	return time.Time{}, paramError(field, "time", "“"+clip(s)+"” is no time. Write one like 2026-11-20T10:00:00Z.")
}

// volumeParams reads what /analytics/volume takes. severity= is the event's.
func (s *Server) volumeParams(c echo.Context, who errata.Actor) (find.VolumeQuery, error) {
	v := c.QueryParams()
	if sev := given(v["severity"]); len(sev) > 0 {
		v["q"] = append(v["q"], "event.severity:"+strings.Join(sev, ","))
	}
	delete(v, "severity")
	in, err := s.listParams(c, who)
	if err != nil {
		return find.VolumeQuery{}, err
	}
	out := find.VolumeQuery{
		Q: in.q, Range: in.span, Zone: in.zone, Interval: stats.Interval(v.Get("bucket")), By: find.By(v.Get("by")),
		Compare: v.Get("compare") == "prev",
	}
	if out.By == "" {
		out.By = find.BySeverity
	}
	if out.By != find.BySeverity && out.By != find.ByLevel && out.By != find.ByService && out.By != find.ByEnvironment {
		return out, paramError("by", "unknown", "“"+clip(string(out.By))+"” is no split. Known: severity, level, service, environment.")
	}
	if out.Interval != "" && out.Interval != "auto" && !out.Interval.Valid() {
		return out, paramError("bucket", "unknown", "“"+clip(string(out.Interval))+"” is no bucket. Known: 1s to 12h, 1d, 1w, auto.")
	}
	if cmp := v.Get("compare"); cmp != "" && cmp != "prev" && cmp != "none" {
		return out, paramError("compare", "unknown", "“"+clip(cmp)+"” is nothing to compare with. Known: prev, none.")
	}
	if out.Interval == "auto" {
		out.Interval = ""
	}
	return out, nil
}

// canonical answers an event in its canonical JSON.
func canonical(c echo.Context, ev *errata.Event) error {
	b, err := encodeEvent(ev)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, b)
}

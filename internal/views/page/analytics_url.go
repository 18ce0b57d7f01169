package page

import (
	"slices"
	"strconv"
	"time"

	"errata/internal/stats"
)

// DefaultResponseRange is how far response times look back unless told.
const DefaultResponseRange = "90d"

// AnalyticsURL is the state of the page of response times as its address holds
// it: equal state gives an equal address. From and To (RFC 3339) are set only
// when Range is "".
type AnalyticsURL struct {
	Q, Range string
	From, To string
	Zone     string // tz; "" = the reader's own
	Bucket   string // hour, day, week, month; "" = fitting
	By       string // "" = severity
	Basis    string // alert (default), event
	Response string // any (default), explicit
	Cohort   string // completed (default), opened
}

// DefaultBy is what episodes are grouped by unless told.
const DefaultBy = "severity"

const analyticsPath = "/analytics/response"

// String writes the address: defaults left out, fixed order.
func (u AnalyticsURL) String() string { return analyticsPath + u.params().String() }

func (u AnalyticsURL) params() params {
	var p params
	for _, one := range u.all() {
		p.add(one.Name, one.Value, "")
	}
	return p
}

// all are the parameters that are not their defaults.
func (u AnalyticsURL) all() (out []Param) {
	add := func(name, value, unless string) {
		if value != "" && value != unless {
			out = append(out, Param{name, value})
		}
	}
	add("q", u.Q, "")
	if u.From != "" || u.To != "" {
		add("from", u.From, "")
		add("to", u.To, "")
	} else {
		add("range", u.Range, DefaultResponseRange)
	}
	add("tz", u.Zone, "")
	add("bucket", u.Bucket, "auto")
	add("by", u.By, DefaultBy)
	add("basis", u.Basis, "alert")
	add("response", u.Response, "any")
	add("cohort", u.Cohort, "completed")
	return out
}

// Hidden are the parameters that a form carries along beside those it shows.
func (u AnalyticsURL) Hidden(shown ...string) []Param {
	return slices.DeleteFunc(u.all(), func(p Param) bool { return slices.Contains(shown, p.Name) })
}

// WithQ is the same page with another query.
func (u AnalyticsURL) WithQ(q string) AnalyticsURL { u.Q = q; return u }

// WithRange is the same page over a relative range.
func (u AnalyticsURL) WithRange(r string) AnalyticsURL { u.Range, u.From, u.To = r, "", ""; return u }

// WithBy is the same page with other groups.
func (u AnalyticsURL) WithBy(by string) AnalyticsURL { u.By = by; return u }

// EpisodesURL is the state of a list of episodes: those behind one figure of
// the page of response times. Show is a word of find.Show.
type EpisodesURL struct {
	AnalyticsURL
	Metric, Show string
	Key          *string // the value of By; nil = not one group
	Over, Under  time.Duration
	Cursor       string
}

// String writes the address.
func (u EpisodesURL) String() string {
	p := u.params()
	p.add("metric", u.Metric, string(stats.TTA))
	p.add("show", u.Show, "measured")
	if u.Key != nil {
		p = append(p, "key="+escapeParam(*u.Key))
	}
	if u.Over > 0 {
		p.add("over", strconv.FormatFloat(u.Over.Seconds(), 'f', -1, 64), "")
	}
	if u.Under > 0 {
		p.add("under", strconv.FormatFloat(u.Under.Seconds(), 'f', -1, 64), "")
	}
	p.add("cursor", u.Cursor, "")
	return analyticsPath + "/episodes" + p.String()
}

// episodes is the list behind a figure of one metric. Only a group needs to say
// what it is grouped by.
func (u AnalyticsURL) episodes(m stats.Metric, show string) EpisodesURL {
	u.By, u.Bucket = "", ""
	return EpisodesURL{AnalyticsURL: u, Metric: string(m), Show: show}
}

// within is the same list over one bucket.
func (u EpisodesURL) within(from, to time.Time) EpisodesURL {
	u.Range, u.From, u.To = "", from.UTC().Format(time.RFC3339Nano), to.UTC().Format(time.RFC3339Nano)
	return u
}

// of is the same list of one group.
func (u EpisodesURL) of(by, key string) EpisodesURL { u.By, u.Key = by, &key; return u }

// took is the same list of times in [over, under).
func (u EpisodesURL) took(over, under time.Duration) EpisodesURL {
	u.Over, u.Under = over, under
	return u
}

// rangeURL is the range as other lists hold it, for the picker.
func (u AnalyticsURL) rangeURL() ListURL { return ListURL{Range: u.Range, From: u.From, To: u.To} }

package search

import (
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/querylang"
)

func TestFault(t *testing.T) {
	good := Doc{Record: querylang.Record{EventID: mark.EventID, Project: "1", Time: 1}, Class: 30, Payload: []byte("{}")}
	for _, c := range []struct {
		name, want string
		change     func(*Doc)
	}{
		{"good", "", func(*Doc) {}},
		{"short id", "event_id", func(d *Doc) { d.EventID = d.EventID[1:] }},
		{"capitals", "event_id", func(d *Doc) { d.EventID = "A" + d.EventID[1:] }},
		{"not hex", "event_id", func(d *Doc) { d.EventID = "g" + d.EventID[1:] }},
		{"no project", "project", func(d *Doc) { d.Project = "" }},
		{"no time", "time", func(d *Doc) { d.Time = 0 }},
		{"before 1970", "time", func(d *Doc) { d.Time = -1 }},
		{"year 10000", "time", func(d *Doc) { d.Time = maxTime }},
		{"no class", "class", func(d *Doc) { d.Class = 0 }},
		{"class", "class", func(d *Doc) { d.Class = MaxClass + 1 }},
		{"no payload", "payload", func(d *Doc) { d.Payload = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := good
			if c.change(&d); d.Fault() != c.want {
				t.Errorf("got %q, want %q", d.Fault(), c.want)
			}
		})
	}
}

func TestRequestCheck(t *testing.T) {
	histogram := Agg{Name: "h", Kind: Histogram, Interval: "1d"}
	terms := Agg{Name: "t", Kind: Terms, Key: querylang.Key{Name: "issue"}, Size: 5}
	within := func(outer Agg, sub ...Agg) []Agg { outer.Sub = sub; return []Agg{outer} }
	for _, c := range []struct {
		name   string
		ok     bool
		change func(*Request)
	}{
		{"plain", true, func(*Request) {}},
		{"no range", false, func(r *Request) { r.To = time.Time{} }},
		{"backwards", false, func(r *Request) { r.From, r.To = r.To, r.From }},
		{"both ways", false, func(r *Request) { r.After, r.Before = "a", "b" }},
		{"size", false, func(r *Request) { r.Size = MaxSize + 1 }},
		{"negative total", false, func(r *Request) { r.TotalUpTo = -1 }},
		{"aggregations", true, func(r *Request) { r.Aggs = []Agg{histogram, terms} }},
		{"terms within histogram", true, func(r *Request) { r.Aggs = within(histogram, terms) }},
		{"all within terms", true, func(r *Request) { r.Aggs = within(terms, histogram, terms, Agg{Name: "c", Kind: Cardinality}) }},
		{"histogram within histogram", false, func(r *Request) { r.Aggs = within(histogram, histogram) }},
		{"within cardinality", false, func(r *Request) { r.Aggs = within(Agg{Name: "c", Kind: Cardinality}, terms) }},
		{"two levels", false, func(r *Request) { r.Aggs = within(terms, within(terms, terms)...) }},
		{"many aggregations", false, func(r *Request) { r.Aggs = make([]Agg, MaxAggs+1) }},
		{"many buckets", false, func(r *Request) { r.Aggs = []Agg{{Name: "h", Kind: Histogram, Interval: "30s"}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request()
			c.change(&r)
			if err := r.Check(); (err == nil) != c.ok || err != nil && errata.ReasonOf(err) != ReasonRequest {
				t.Error(err)
			}
		})
	}
}

package elastic

import (
	"fmt"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// query is one node of the cluster's query language; one field is set.
type query struct {
	Bool        *boolQuery          `json:"bool,omitempty"`
	Term        map[string]any      `json:"term,omitempty"`
	Terms       map[string][]string `json:"terms,omitempty"`
	Wildcard    map[string]string   `json:"wildcard,omitempty"`
	Prefix      map[string]string   `json:"prefix,omitempty"`
	MatchPhrase map[string]string   `json:"match_phrase,omitempty"`
	Range       map[string]bounds   `json:"range,omitempty"`
	IDs         *idsQuery           `json:"ids,omitempty"`
	MatchNone   *struct{}           `json:"match_none,omitempty"`
	MatchAll    *struct{}           `json:"match_all,omitempty"`
}

type boolQuery struct {
	Filter  []query `json:"filter,omitempty"`
	Should  []query `json:"should,omitempty"`
	MustNot []query `json:"must_not,omitempty"`
	AtLeast int     `json:"minimum_should_match,omitempty"`
}

type bounds struct {
	From any `json:"gte,omitempty"`
	To   any `json:"lt,omitempty"`
}

type idsQuery struct {
	Values []string `json:"values"`
}

func none() query { return query{MatchNone: &struct{}{}} }

func every() query { return query{MatchAll: &struct{}{}} }

func term(field string, value any) query { return query{Term: map[string]any{field: value}} }

// anyOf is true when one of the kids is.
func anyOf(kids []query) query {
	switch len(kids) {
	case 0:
		return none()
	case 1:
		return kids[0]
	}
	return query{Bool: &boolQuery{Should: kids, AtLeast: 1}}
}

// planner turns a bound query into the cluster's.
type planner struct {
	scope search.Scope
}

// filter is the whole condition of a request: scope, range, query.
func (p planner) filter(r *search.Request) (query, error) {
	conditions := []query{{Range: map[string]bounds{"@timestamp": {stamp(r.From), stamp(r.To)}}}}
	if !p.scope.All {
		conditions = append([]query{{Terms: map[string][]string{"errata.project_id": p.scope.Projects}}}, conditions...)
	}
	if r.Query != nil {
		q, err := p.expr(r.Query)
		if err != nil {
			return query{}, err
		}
		conditions = append(conditions, q)
	}
	return query{Bool: &boolQuery{Filter: conditions}}, nil
}

func (p planner) expr(x querylang.Expr) (query, error) {
	switch x := x.(type) {
	case *querylang.And:
		kids, err := p.kids(x.Kids)
		if len(kids) == 0 {
			return every(), err
		}
		return query{Bool: &boolQuery{Filter: kids}}, err
	case *querylang.Or:
		kids, err := p.kids(x.Kids)
		return anyOf(kids), err
	case *querylang.Not:
		kid, err := p.expr(x.Kid)
		return query{Bool: &boolQuery{MustNot: []query{kid}}}, err
	case *querylang.Leaf:
		return p.leaf(x)
	case nil:
		return every(), nil
	}
	return query{}, fmt.Errorf("unknown node %T", x)
}

func (p planner) kids(all []querylang.Expr) ([]query, error) {
	out := make([]query, 0, len(all))
	for _, k := range all {
		q, err := p.expr(k)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

// leaf joins the values of a leaf; those that are plain terms become one list.
func (p planner) leaf(l *querylang.Leaf) (query, error) {
	var kids []query
	lists := map[string][]string{}
	for i := range l.Values {
		q, err := p.value(l, &l.Values[i])
		if err != nil {
			return query{}, err
		}
		if name, text, ok := plain(q); ok && len(l.Values) > 1 {
			lists[name] = append(lists[name], text)
			continue
		}
		kids = append(kids, q)
	}
	if len(lists) > 0 {
		kids = append(kids, query{Terms: lists})
	}
	return anyOf(kids), nil
}

func plain(q query) (name, text string, ok bool) {
	for n, v := range q.Term {
		if s, isText := v.(string); isText {
			return n, s, true
		}
	}
	return "", "", false
}

func (p planner) value(l *querylang.Leaf, v *querylang.Value) (query, error) {
	if querylang.FieldOf(l.Key).Column == querylang.OfIssue {
		return query{}, unsupported(l) // SQL knows it
	}
	if v.Kind == querylang.Present {
		return term("errata.keys", querylang.TermKey(l.Key)), nil
	}
	switch l.Key.Name {
	case "":
		return textQuery(l, v, "message", "type", "stack")
	case "message", "stack":
		return textQuery(l, v, l.Key.Name)
	case "timestamp", "received", "event.severity", "http.status":
		return rangeQuery(l, v)
	case "issue", "level":
		return equal(l, v, map[string]string{"issue": "errata.issue_id", "level": "log.level"}[l.Key.Name])
	case "handled":
		if v.Kind == querylang.Equal && (v.Text == "true" || v.Text == "false") {
			return term("error.handled", v.Text == "true"), nil
		}
		return query{}, unsupported(l)
	case "event":
		return p.event(l, v)
	}
	switch v.Kind {
	case querylang.Equal:
		return term("errata.terms", querylang.TermKey(l.Key)+"="+v.Text), nil
	case querylang.Wildcard:
		return query{Wildcard: map[string]string{"errata.terms": wildcard(querylang.TermKey(l.Key), v.Parts)}}, nil
	default:
		return query{}, unsupported(l)
	}
}

func equal(l *querylang.Leaf, v *querylang.Value, field string) (query, error) {
	if v.Kind != querylang.Equal {
		return query{}, unsupported(l)
	}
	return term(field, v.Text), nil
}

// event finds by id: by the ids of documents where the projects are known.
func (p planner) event(l *querylang.Leaf, v *querylang.Value) (query, error) {
	if v.Kind != querylang.Equal {
		return query{}, unsupported(l)
	}
	if p.scope.All {
		return term("event.id", v.Text), nil // reads the doc values of the whole range
	}
	ids := make([]string, len(p.scope.Projects))
	for i, project := range p.scope.Projects {
		ids[i] = documentID(project, v.Text)
	}
	return query{IDs: &idsQuery{ids}}, nil
}

func textQuery(l *querylang.Leaf, v *querylang.Value, streams ...string) (query, error) {
	var kids []query
	for _, s := range streams {
		name := "errata.words." + s
		switch v.Kind {
		case querylang.Words, querylang.Phrase:
			if len(v.Tokens) == 0 {
				return none(), nil
			}
			if len(v.Tokens) == 1 {
				kids = append(kids, term(name, v.Tokens[0]))
			} else {
				kids = append(kids, query{MatchPhrase: map[string]string{name: strings.Join(v.Tokens, " ")}})
			}
			if v.Joined != "" {
				kids = append(kids, term(name, v.Joined))
			}
		case querylang.Prefix:
			kids = append(kids, query{Prefix: map[string]string{name: v.Text}})
		default:
			return query{}, unsupported(l)
		}
	}
	return anyOf(kids), nil
}

// maxMicros is the last time that the cluster can hold.
var maxMicros = horizon.UnixMicro()

func rangeQuery(l *querylang.Leaf, v *querylang.Value) (query, error) {
	if v.Kind != querylang.Range {
		return query{}, unsupported(l)
	}
	name := map[string]string{
		"timestamp": "@timestamp", "received": "event.ingested",
		"event.severity": "event.severity", "http.status": "http.response.status_code",
	}[l.Key.Name]
	var b bounds
	if l.Key.Name == "timestamp" || l.Key.Name == "received" {
		if v.Hi != nil && *v.Hi <= 0 || v.Lo != nil && *v.Lo > maxMicros {
			return none(), nil // the cluster cannot hold such times, so no event has one
		}
		// Never open below: the server then fails to round the least time there
		// is for a chart of a field in nanoseconds, and answers with a gap.
		b.From = stampMicros(0)
		if v.Lo != nil && *v.Lo > 0 {
			b.From = stampMicros(*v.Lo)
		}
		if v.Hi != nil && *v.Hi < maxMicros {
			b.To = stampMicros(*v.Hi)
		}
	} else {
		if v.Lo != nil {
			b.From = *v.Lo
		}
		if v.Hi != nil {
			b.To = *v.Hi
		}
	}
	return query{Range: map[string]bounds{name: b}}, nil
}

var wildcardEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

// wildcard is the pattern key=part*part, everything else literal.
func wildcard(key string, parts []string) string {
	var b strings.Builder
	b.WriteString(wildcardEscape.Replace(key) + "=")
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('*')
		}
		b.WriteString(wildcardEscape.Replace(part))
	}
	return b.String()
}

// unsupported is the answer to a part that no event engine can evaluate.
func unsupported(l *querylang.Leaf) error {
	return errata.Because(errata.Invalid, "A part of this search cannot be answered here.", nil, errata.Detail{
		Reason: search.ReasonQuery, Field: "q", Start: l.Start, End: l.End,
		Message: fmt.Sprintf("“%s” cannot be searched for in this way.", l.Key.String()),
	})
}

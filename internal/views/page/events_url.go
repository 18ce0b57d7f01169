package page

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"errata/internal/querylang"
)

// The faces of the explorer of events.
const (
	AsTable  = "table"  // rows, with a chart by severity above
	AsChart  = "chart"  // counted over time
	AsCounts = "counts" // counted by up to two fields
)

// DefaultColumns are what the table shows beside the time when the address does
// not say.
var DefaultColumns = []string{"service", "event.severity", "message", "issue", "env", "release"}

// DefaultTop is how many groups a chart tells apart when the address does not
// say.
const DefaultTop = 8

// EventsURL is the state of the explorer as its address holds it: equal state
// gives an equal address. Its List is a plain one: what More would hold stands
// here.
type EventsURL struct {
	List    ListURL
	As      string   // "" = table
	Columns []string // nil = DefaultColumns
	Measure string   // "" = events, users
	By      []string
	Bucket  string // "" = fitting the range
	Top     int    // 0 = DefaultTop
	Field   string // whose values are listed too
	Open    string // the opened row: service.event id
}

// String writes the address.
func (u EventsURL) String() string { return u.Plain().String() }

// Plain is the address as one of a list.
func (u EventsURL) Plain() ListURL {
	l := u.List
	l.More = nil
	add := func(name, value, unless string) {
		if value != "" && value != unless {
			l.More = append(l.More, Param{name, value})
		}
	}
	add("as", u.As, AsTable)
	if u.As == "" || u.As == AsTable {
		add("cols", strings.Join(u.Columns, ","), strings.Join(DefaultColumns, ","))
	} else {
		add("measure", u.Measure, "count")
		add("by", strings.Join(u.By, ","), "")
		if u.As == AsChart {
			add("bucket", u.Bucket, "auto")
		}
		if u.Top > 0 {
			add("top", strconv.Itoa(u.Top), strconv.Itoa(DefaultTop))
		}
	}
	add("field", u.Field, "")
	add("open", u.Open, "")
	return l
}

// columns are those that are shown.
func (u EventsURL) columns() []string {
	if len(u.Columns) == 0 {
		return DefaultColumns
	}
	return u.Columns
}

func (u EventsURL) with(change func(*EventsURL)) EventsURL {
	u.By = slices.Clone(u.By)
	change(&u)
	return u
}

// withQ is the same view, first page, of another query.
func (u EventsURL) withQ(q string) EventsURL {
	u.List, u.Open = u.List.WithQ(q), ""
	return u
}

// span is the same view over [from, to), both RFC 3339.
func (u EventsURL) span(from, to string) EventsURL {
	u.List.Range, u.List.From, u.List.To, u.List.Cursor, u.Open = "", from, to, "", ""
	return u
}

// as is another face of the same events.
func (u EventsURL) as(face string) EventsURL {
	u.As, u.List.Cursor, u.Open = face, "", ""
	return u
}

// withPair adds a pair to a query, "" with the tree of what it was added to when
// nothing can be added.
func withPair(tree querylang.Expr, key, value string, negated bool) string {
	k, ok := querylang.ParseKey(key)
	if !ok {
		return querylang.Print(tree)
	}
	text := k.String() + ":"
	switch {
	case k.Name == "user": // quotes would make a value of the hash
		text += value
	case value == "":
		text = "!has:" + k.String()
	default:
		text += querylang.Quote(value)
	}
	if negated {
		text = "!" + text
	}
	pair, _, err := querylang.Parse(text)
	if err != nil {
		return querylang.Print(tree)
	}
	if has(tree, pair) {
		return querylang.Print(tree)
	}
	return querylang.Print(querylang.All(tree, pair))
}

// has says that a query asks for a pair already.
func has(tree, pair querylang.Expr) bool {
	kids := []querylang.Expr{tree}
	if and, ok := tree.(*querylang.And); ok {
		kids = and.Kids
	}
	return slices.ContainsFunc(kids, func(x querylang.Expr) bool { return x != nil && querylang.Print(x) == querylang.Print(pair) })
}

// fieldWords are what fields are called; others are called by their key.
var fieldWords = map[string]string{
	"service": "Service", "event.severity": "Severity", "message": "Message", "issue": "Issue", "env": "Environment", "release": "Release",
	"type": "Type", "level": "Level", "code": "Code", "culprit": "Function", "host": "Host", "transaction": "Transaction",
	"platform": "Platform", "os": "System", "browser": "Browser", "user": "User", "trace": "Trace", "url.path": "Path",
	"http.method": "Method", "http.status": "Status", "request_id": "Request", "logger": "Logger", "mechanism": "Mechanism",
	"device": "Device", "sdk": "SDK", "browser.version": "Browser version", "os.version": "System version", "sdk.version": "SDK version", "url.domain": "Domain", "handled": "Handled",
}

// fieldWord is what a field is called; key is as a query writes it.
func fieldWord(key string) string {
	if w := fieldWords[key]; w != "" {
		return w
	}
	return key
}

// parsed reads a canonical query; printed writes one.
func parsed(q string) querylang.Expr {
	x, _, err := querylang.Parse(q)
	if err != nil {
		return nil
	}
	return x
}

func printed(x querylang.Expr) string { return querylang.Print(x) }

// TraceURL is where everything of a trace or request id stands.
func TraceURL(id string) string { return "/traces/" + url.PathEscape(id) }

func pathEscape(s string) string { return url.PathEscape(s) }

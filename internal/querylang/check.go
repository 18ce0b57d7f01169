package querylang

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"errata/internal/errata"
)

// Place is where a query is asked.
type Place uint8

// The places.
const (
	InIssues Place = iota // issue lists and their charts
	InEvents              // events, their charts and exports
	InRule                // filters of alert rules: one event and the issue's severity
	InFilter              // inbound filters, severity and triage rules: one event
)

// DefaultBudget is the cost a page allows; see Check.
const DefaultBudget = 2000

// Context is what Check needs to know about the reader of a query.
type Context struct {
	In     Place
	Days   float64 // length of the searched range
	Budget float64 // highest cost; 0 = DefaultBudget
}

// Check says whether a query may be asked in a place: reasons
// query.wrong_scope, query.unsupported for what is parsed but not answered yet,
// and query.too_expensive when the weights of its conditions times the days of
// the range exceed the budget.
func Check(x Expr, c Context) error {
	var ds []errata.Detail
	Each(x, func(l *Leaf) {
		f := FieldOf(l.Key)
		if d, bad := allowed(l, &f, c.In); bad {
			d.Field, d.Start, d.End = "q", l.Start, l.End
			ds = append(ds, d)
		}
	})
	budget := c.Budget
	if budget == 0 {
		budget = DefaultBudget
	}
	if days := math.Max(c.Days, 0); Weight(x, c.In)*days > budget {
		ds = append(ds, errata.Detail{
			Reason: "query.too_expensive", Field: "q",
			Message: fmt.Sprintf("This search over %.0f days is too expensive.", math.Ceil(days)),
			Hint:    "Shorten the range, or leave out wildcards and words.",
		})
	}
	if len(ds) == 0 {
		return nil
	}
	return errata.Because(errata.Invalid, ds[0].Message, nil, ds...)
}

// Weight is what a query costs per day of its range: the sum over the
// conditions that the event engine answers.
func Weight(x Expr, in Place) (sum float64) {
	Each(x, func(l *Leaf) {
		f := FieldOf(l.Key)
		if f.Column == OfEvent || f.Column == OfBoth && in != InIssues {
			sum += weight(l)
		}
	})
	return sum
}

func allowed(l *Leaf, f *Field, in Place) (errata.Detail, bool) {
	switch {
	case in >= InRule && !inRules(f, in):
		return errata.Detail{
			Reason: "query.wrong_scope", Message: f.Name + " cannot be asked here.",
			Hint: "Here a query is about one event.",
		}, true
	case f.Later:
		return unsupported(f.Name+" cannot be searched yet.", ""), true
	case f.Name == "is":
		for _, v := range l.Values {
			if slices.Contains(isLater, v.Text) {
				return unsupported("is:"+v.Text+" cannot be searched yet.",
					"These work: "+strings.Join(isNow(), " ")+"."), true
			}
		}
	case in >= InRule && f.Type == Version && slices.ContainsFunc(l.Values, Compared):
		return unsupported("Releases cannot be compared here.", "Write the release itself, or release:4.1* for all that begin so."), true
	}
	return errata.Detail{}, false
}

func unsupported(message, hint string) errata.Detail {
	return errata.Detail{Reason: "query.unsupported", Message: message, Hint: hint}
}

// Compared says that a value of release: names its releases by their order:
// latest, or a comparison. Which those are only the table of releases knows; an
// engine that is asked for such a value finds nothing.
func Compared(v Value) bool { return len(v.Parts) > 0 && v.Kind == Range || Latest(v) }

// Latest says that a value of release: is the word latest.
func Latest(v Value) bool { return v.Kind == Equal && v.Raw == "latest" && !v.Quoted }

func isNow() []string {
	return slices.DeleteFunc(slices.Clone(isValues), func(s string) bool { return slices.Contains(isLater, s) })
}

// inRules says whether a rule or filter may ask for f.
func inRules(f *Field, in Place) bool {
	switch f.Column {
	case OfEvent:
		return true
	case OfBoth:
		return in == InRule || f.Name != "issue"
	default:
		return in == InRule && f.Name == "severity"
	}
}

// weight estimates what a leaf costs per day of range.
func weight(l *Leaf) float64 {
	sum, equal := 0.0, false
	for _, v := range l.Values {
		switch v.Kind {
		case Words:
			sum += 2
		case Phrase, Prefix:
			sum += 4
		case Wildcard:
			if sum += 4; v.Parts[0] == "" {
				sum += 4
			}
		default:
			equal = true
		}
	}
	if equal {
		sum++
	}
	return sum
}

package querylang

import "slices"

// Offered returns the values of an enumeration that can be asked for now.
func (f Field) Offered() []string {
	if f.Name == "is" {
		return isNow()
	}
	return slices.Clone(f.Values)
}

// examples are conditions that show a field better than its type does.
var examples = map[string]string{
	"is":            "is:open,regressed",
	"severity":      "severity:>=P1",
	"assigned":      "assigned:me,none",
	"watching":      "watching:me",
	"team":          "team:my_teams,none",
	"age":           "age:>7d",
	"users":         "users:10..50",
	"episodes":      "episodes:>2",
	"fingerprint":   "fingerprint:5a1f*",
	"service":       "service:checkout-*",
	"issue":         "issue:CHK-2187",
	"type":          "type:*Timeout*",
	"env":           "env:production,staging",
	"transaction":   `transaction:"POST /orders"`,
	"url.path":      "url.path:/orders/*",
	"os":            "os:iOS",
	"os.version":    "os.version:17.*",
	"browser":       `browser:Chrome*`,
	"release":       "release:>=4.13.0",
	"first_release": "first_release:4.13.0",
	"http.method":   "http.method:POST",
	"http.status":   "http.status:500..599",
	"level":         "level:error,fatal",
	"timestamp":     "timestamp:-6h..-1h",
	"received":      "received:>=2026-11-19T10:00",
	"message":       `message:"connection refused"`,
	"stack":         "stack:reserve.go",
	"frame":         "frame:(*Store).Reserve",
	"tags":          "tags[region]:eu-*",
	"ctx":           "ctx.cart.items:3",
	"user":          "user:ada@example.org",
	"platform":      "platform:go",
	"culprit":       "culprit:orders.*",
}

// Example returns a condition on the field.
func (f Field) Example() string {
	if x := examples[f.Name]; x != "" {
		return x
	}
	switch f.Type {
	case Enum, Ordered:
		return f.Name + ":" + f.Offered()[0]
	case Bool:
		return f.Name + ":false"
	case Int:
		return f.Name + ":>1k"
	case Time:
		return f.Name + ":-24h"
	case Duration:
		return f.Name + ":>1h30m"
	case Exact:
		return f.Name + ":7f3a9c"
	case Flag:
		return "has:" + f.Name
	case Person:
		return f.Name + ":me"
	case Version:
		return f.Name + ":latest"
	case Text:
		return f.Name + ":deadlock"
	case Keyword, User, Team:
	}
	return "has:" + f.Name
}

// Form is a way to write something, with what it means.
type Form struct{ Write, Means string }

// FormGroup is a part of the grammar.
type FormGroup struct {
	Title string
	Forms []Form
}

// Grammar shows every form of the language by example; each one parses.
func Grammar() []FormGroup {
	return []FormGroup{
		{"Words", []Form{
			{"deadlock detected", "both words, in the message, the type or the stack of one event"},
			{`"deadlock detected"`, "the words side by side"},
			{"NullPointerException", "its parts side by side, or the word in one piece"},
			{"nullpointer*", "words that begin so; at least three characters"},
		}},
		{"Joining", []Form{
			{"timeout payment", "both; AND can be written and need not be"},
			{"timeout OR refused", "either; capitals only"},
			{"!env:staging", "not; also NOT env:staging. True as well where the field is missing"},
			{"(timeout OR refused) env:production", "parentheses join first; then NOT, AND, OR"},
		}},
		{"Fields", []Form{
			{"env:production", "equal; capitals make no difference"},
			{"level:error,fatal", "one of several"},
			{"!level:info,debug", "none of them"},
			{"type:*Timeout*", "a star stands for anything; at least two other characters"},
			{`transaction:"POST /orders"`, "quotes around spaces, commas and parentheses"},
			{`tags[note]:5\*`, "a star that means itself"},
			{"has:release", "the field is there"},
			{"!has:release", `it is missing; also release:""`},
		}},
		{"Comparing", []Form{
			{"events:>1k", "also >= < <=; k and m stand for thousands and millions"},
			{"http.status:500..599", "from and to, both included"},
			{"http.status:..399", "one end may stay open"},
			{"severity:>=P1", "P1 or more urgent"},
			{"release:>=4.13.0", "versions by their numbers, others by when they were first seen"},
			{"release:latest", "the newest release of each service"},
		}},
		{"Times", []Form{
			{"first_seen:-24h", "within the last 24 hours; m, h, d and w, also 1h30m"},
			{"last_seen:+7d", "longer ago than seven days"},
			{"timestamp:2026-11-19", "on that day, in your time zone"},
			{"timestamp:2026-11-19T10:00", "in that minute; with Z or +05:30 in that zone"},
			{"timestamp:yesterday", "also today and now"},
			{"timestamp:-6h..-1h", "between two times"},
			{"age:>7d", "first seen more than seven days ago"},
		}},
		{"Issues and events together", []Form{
			{"is:open release:4.13.0 os:iOS", "open issues with one event that has both, the release and the system"},
			{"is:open OR env:production", "open issues, and those with an event in production"},
		}},
	}
}

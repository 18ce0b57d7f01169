package ui

import (
	"strings"

	"errata/internal/errata"
)

// Link is a place to go. Key is the single key that follows it, "" = none.
type Link struct {
	Text, URL string
	Current   bool
	Key       string
	Count     string // small figure behind the text, "" = none
}

// Row is a name with its value, for lists of facts.
type Row struct {
	Name, Value string
	Note        string // muted, behind the value
	Masked      string // shown in place of the value: what is hidden
	Mono        bool   // the value is code
	Title       string // said on hover
	URL         string // the value leads there
	Time        *Time  // shown in place of the value
}

// Service is a project as it is named beside other things.
type Service struct {
	Name string // slug
	Mark string // two letters for its platform
}

// NewService names a project; an event's platform is more exact than the
// project's own.
func NewService(p errata.Project, platform string) Service {
	if platform == "" {
		platform = p.Platform
	}
	return Service{Name: p.Slug, Mark: PlatformMark(platform)}
}

var platformMarks = map[string]string{
	"go": "Go", "python": "Py", "java": "Jv", "kotlin": "Kt", "javascript": "JS", "node": "JS", "browser": "JS",
	"ruby": "Rb", "php": "Ph", "csharp": "C#", "rust": "Rs", "native": "C", "c": "C", "cocoa": "Sw", "swift": "Sw",
	"objc": "Oc", "elixir": "Ex", "perl": "Pl", "dart": "Da", "haskell": "Hs", "other": "··",
}

// PlatformMark is the two-letter mark of a platform.
func PlatformMark(platform string) string {
	base, _, _ := strings.Cut(strings.ToLower(platform), "-")
	if m, ok := platformMarks[base]; ok {
		return m
	}
	return "··"
}

// Status is a status in words, with its icon and tone.
type Status struct{ Word, Icon, Tone string }

// NewStatus returns how a status is shown.
func NewStatus(s errata.Status) Status {
	switch s {
	case errata.Acknowledged:
		return Status{"Acknowledged", "circle-dot", "ack"}
	case errata.Resolved:
		return Status{"Resolved", "circle-check", "done"}
	case errata.Ignored:
		return Status{"Ignored", "eye-off", "done"}
	default:
		return Status{"Open", "circle-dashed", "un"}
	}
}

// Chip is a short word in a pill. Tone: "", new, reg, esc, warn, ok, line, mono.
type Chip struct{ Text, Tone, Icon, Title string }

// Notice is a sentence above what it is about. Tone: info, warn, bad.
type Notice struct {
	Tone, Text string
	Link       *Link
}

// Failure is a part of a page that could not be made: what, why, since when
// (0 = unknown), and where to try again. Cause is a sentence for the reader.
type Failure struct {
	What, Cause string
	Since       Time
	RequestID   string
	Retry       string // path that repeats the attempt
	Target      string // id of the part that Retry replaces, "" = the page
}

// Field is one labelled input of a form.
type Field struct {
	Name, Label, Hint, Value, Error string
	Type                            string // text, email, password, …; "select" uses Options
	Autocomplete, Placeholder       string
	Options                         []Option
	Optional, Autofocus             bool
	MaxLength                       int
}

// Option is one choice of a select.
type Option struct{ Value, Text string }

// HasErrors says whether any field was refused.
func HasErrors(fields []Field) bool {
	for _, f := range fields {
		if f.Error != "" {
			return true
		}
	}
	return false
}

// FieldErrors puts the messages of err's details at the fields they name, and
// returns those that name none.
func FieldErrors(fields []Field, details []errata.Detail) []string {
	var rest []string
next:
	for _, d := range details {
		for i := range fields {
			if fields[i].Name == d.Field {
				fields[i].Error = d.Message
				continue next
			}
		}
		rest = append(rest, d.Message)
	}
	return rest
}

package grouping_test

import (
	"strings"
	"testing"

	"errata/internal/errata"
	"errata/internal/grouping"
)

func TestTitle(t *testing.T) {
	x := func(name, value string, synthetic bool) []errata.Exception {
		return []errata.Exception{{Type: "Old"}, {
			Type: name, Value: value, Mechanism: &errata.Mechanism{Synthetic: synthetic},
			Frames: []errata.Frame{{Function: "main", InApp: new(true)}, {Function: "lib", InApp: new(false)}},
		}}
	}
	for name, c := range map[string]struct {
		ev   errata.Event
		want string
	}{
		"type and first line":      {errata.Event{Exceptions: x("E", "\n one \r\ntwo", false)}, "E: one"},
		"type alone":               {errata.Event{Exceptions: x("E", " ", false), Message: "m"}, "E"},
		"no type":                  {errata.Event{Exceptions: x("", "one\ntwo", false)}, "one"},
		"synthetic":                {errata.Event{Exceptions: x("Error", "text", true)}, "text"},
		"synthetic without a text": {errata.Event{Exceptions: x("Error", "", true), Message: "message"}, "message"},
		"newest function":          {errata.Event{Exceptions: x("", "", false)}, "main"},
		"message":                  {errata.Event{Message: "hello\nworld"}, "hello"},
		"transaction":              {errata.Event{Transaction: "/pay"}, "/pay"},
		"nothing":                  {errata.Event{}, "Event without a message"},
		"200 characters":           {errata.Event{Exceptions: x("E", strings.Repeat("ü", 300), false)}, "E: " + strings.Repeat("ü", 197)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := grouping.Title(&c.ev); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Package page holds the pages. Each is a pair of files: x.go turns values
// into a display-ready model, x.templ shows it. Models are made by pure
// constructors: they get the moment and the zone, and never ask for more.
package page

import "github.com/a-h/templ"

// Model is a page that can be shown whole or by one of its parts. Part returns
// false for a name that is not in the page's closed list; then the whole page
// is the answer.
type Model interface {
	Whole() templ.Component
	Part(name string) (templ.Component, bool)
}

// noParts is embedded by pages that are only shown whole.
type noParts struct{}

// Part knows no part.
func (noParts) Part(string) (templ.Component, bool) { return nil, false }

// Gap is a range of event time that could not be read.
type Gap struct {
	From, To int64 // µs
	Reason   string
}

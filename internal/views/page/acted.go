package page

import "github.com/a-h/templ"

// Whole shows the page.
func (m ActPage) Whole() templ.Component { return actPage(m) }

// Whole shows the page.
func (m Bulk) Whole() templ.Component { return bulkPage(m) }

// Whole shows the changed line.
func (m ActedRow) Whole() templ.Component { return actedRow(m) }

// Whole shows the changed parts.
func (m Acted) Whole() templ.Component { return acted(m) }

// Story shows the activity alone: what a comment changes.
func (m Acted) Story() templ.Component { return told(m) }

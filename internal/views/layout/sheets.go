package layout

// paletteSheet is what a script adds when it opens the palette.
const paletteSheet = "css/pages/palette.css"

// sheets are the stylesheets of a section, in the order in which its pages link
// them behind the one of all pages. A section without an entry needs no more
// than that one. What two sections share belongs into it, or into a file that
// both name.
var sheets = map[Section][]string{
	SectionOverview: {"css/pages/overview.css"},
	SectionIssues:   {"css/pages/issue.css", "css/pages/act.css", "css/pages/search.css", "css/pages/events.css"},
	SectionEvents:   {"css/pages/overview.css", "css/pages/search.css", "css/pages/events.css"},
	SectionResponse: {"css/pages/overview.css", "css/pages/response.css", "css/pages/search.css", "css/pages/trends.css"},
	SectionReports:  {"css/pages/people.css", "css/pages/reports.css"},
	SectionSystem:   {"css/pages/system.css"},
	SectionUsers:    {"css/pages/people.css"},
	SectionTeams:    {"css/pages/people.css"},
	SectionRoles:    {"css/pages/people.css"},
	SectionAudit:    {"css/pages/people.css"},
	SectionHelp:     {"css/pages/help.css"},
	SectionExports:  {"css/pages/people.css", "css/pages/export.css"},
	SectionPrint:    {"css/pages/print.css"},
	SectionSearch:   {paletteSheet},
	SectionAccount:  {"css/pages/people.css"},
	SectionViews:    {"css/pages/search.css"},
}

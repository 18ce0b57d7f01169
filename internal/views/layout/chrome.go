// Package layout holds the frames around pages: the document, the frame of the
// application with its navigation, and the bare frame of sign-in, set-up and
// errors.
package layout

import (
	"errata/internal/errata"
	"errata/internal/views/ui"
)

// Theme is the colour scheme a reader chose.
type Theme string

// The themes. System follows the machine.
const (
	System Theme = "system"
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// ParseTheme reads a cookie or a form value; anything else is System.
func ParseTheme(s string) Theme {
	if t := Theme(s); t == Light || t == Dark {
		return t
	}
	return System
}

// Density is how close the rows of a list stand.
type Density string

// The densities.
const (
	Comfortable Density = "comfortable"
	Compact     Density = "compact"
)

// ParseDensity reads a cookie or a form value; anything else is Comfortable.
func ParseDensity(s string) Density {
	if Density(s) == Compact {
		return Compact
	}
	return Comfortable
}

// Section is an entry of the navigation.
type Section string

// The sections that exist so far. The reader's own account has none of its own
// in the navigation.
const (
	SectionNone     Section = ""
	SectionOverview Section = "overview"
	SectionIssues   Section = "issues"
	SectionEvents   Section = "events"
	SectionResponse Section = "response"
	SectionReports  Section = "reports"
	SectionServices Section = "services"
	SectionSystem   Section = "system"
	SectionUsers    Section = "users"
	SectionTeams    Section = "teams"
	SectionRoles    Section = "roles"
	SectionAudit    Section = "audit"
	SectionAccount  Section = "account"
	SectionHelp     Section = "help"
	SectionSearch   Section = "search"
	SectionViews    Section = "views"
	SectionExports  Section = "exports" // has no entry in the navigation
	SectionPrint    Section = "print"   // has none either
)

// NavItem is one entry of the navigation.
type NavItem struct {
	Text, URL, Icon string
	Section         Section
	Count           string // small figure behind the text, "" = none
	Keys            string // key that follows g, "" = none
	Foot            bool   // stands at the foot of the sidebar
	View            string // slug of the saved view that it opens
	Group           string // heading above the first of its kind, "" = none
}

// User is who is signed in. Note is a second line: a role or an e-mail address.
type User struct{ Name, Note string }

// Health is a part of the product that does not work, for the pill in the
// header: what and since when.
type Health struct {
	What  string
	Since ui.Time
	URL   string // where more is said, "" = nowhere
}

// Chrome is everything around a page's content. User nil means nobody is
// signed in. Here is the path and query of this page: where the appearance
// form returns to.
type Chrome struct {
	Title   string // of the page, without the product's name
	Org     string
	Here    string
	User    *User
	Theme   Theme
	Density Density
	Section Section
	Nav     []NavItem
	Views   []NavItem // saved views of the reader, and those for everybody
	View    string    // slug of the one that this page was opened by
	Health  []Health
	Notices []ui.Notice // of the whole installation: read-only, for example
	Keys    []KeyGroup  // of this page, for the list of shortcuts
	Said    *ui.Toast   // what the act before this page came to
}

// IssuesStart is where the navigation leads for issues: those that are not
// over.
const IssuesStart = "/issues?q=is:unresolved"

// Nav returns the entries that the reader may follow.
func Nav(may func(errata.Action) bool) []NavItem {
	all := []struct {
		NavItem
		action errata.Action
	}{
		{NavItem{Text: "Overview", URL: "/overview", Icon: "layout-dashboard", Section: SectionOverview, Keys: "o"}, errata.IssueRead},
		{NavItem{Text: "Issues", URL: IssuesStart, Icon: "circle-dot", Section: SectionIssues, Keys: "i"}, errata.IssueRead},
		{NavItem{Text: "Events", URL: "/events", Icon: "list", Section: SectionEvents, Keys: "e"}, errata.EventRead},
		{NavItem{Text: "Analytics", URL: "/analytics/trends", Icon: "chart-no-axes-combined", Section: SectionResponse, Keys: "a"}, errata.AnalyticsRead},
		{NavItem{Text: "Service set-up", URL: "/services", Icon: "boxes", Section: SectionServices, Keys: "s"}, errata.KeyRead},
		{NavItem{Text: "Reports", URL: "/reports", Icon: "table-2", Section: SectionReports, Keys: "p"}, errata.ReportRead},
		{NavItem{Text: "Users", URL: "/users", Icon: "users", Section: SectionUsers, Keys: "u", Foot: true}, errata.UserRead},
		{NavItem{Text: "Teams", URL: "/teams", Icon: "network", Section: SectionTeams, Foot: true}, errata.UserRead},
		{NavItem{Text: "Roles", URL: "/roles", Icon: "shield-check", Section: SectionRoles, Foot: true}, errata.RoleRead},
		{NavItem{Text: "Audit", URL: "/audit", Icon: "scroll-text", Section: SectionAudit, Foot: true}, errata.AuditRead},
		{NavItem{Text: "System", URL: "/system", Icon: "heart-pulse", Section: SectionSystem, Keys: "y", Foot: true}, errata.SystemRead},
	}
	var out []NavItem
	for _, n := range all {
		if may(n.action) {
			out = append(out, n.NavItem)
		}
	}
	return out
}

// FullTitle is the document's title.
func (c Chrome) FullTitle() string {
	if c.Title == "" {
		return "Errata"
	}
	return c.Title + " · Errata"
}

// maxShownViews is how many saved views the navigation has room for.
const maxShownViews = 8

func (c Chrome) shownViews() []NavItem { return c.Views[:min(len(c.Views), maxShownViews)] }

// heads says whether a heading stands above an entry: the first of its group.
func heads(all []NavItem, i int) bool {
	return all[i].Group != "" && (i == 0 || all[i-1].Group != all[i].Group)
}

func (c Chrome) places(foot bool) []NavItem {
	var out []NavItem
	for _, n := range c.Nav {
		if n.Foot == foot {
			out = append(out, n)
		}
	}
	return out
}

// maxBar is how many entries the bar of narrow screens has room for.
const maxBar = 4

// bar are the entries of narrow screens.
func (c Chrome) bar() []NavItem {
	all := c.places(false)
	return all[:min(len(all), maxBar)]
}

// behindBar are those that stand in the menu More there.
func (c Chrome) behindBar() []NavItem {
	all := c.places(false)
	return append(all[min(len(all), maxBar):], c.places(true)...)
}

// Key is one shortcut: the keys as they are pressed, and what they do.
type Key struct {
	Keys []string
	Does string
}

// KeyGroup is the shortcuts of one place.
type KeyGroup struct {
	Where string
	Keys  []Key
}

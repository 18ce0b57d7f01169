package page

import "github.com/a-h/templ"

// Whole shows the page.
func (m Issues) Whole() templ.Component { return issuesPage(m) }

// Part shows the list or the trend.
func (m Issues) Part(name string) (templ.Component, bool) {
	switch name {
	case "list":
		return issueList(m.List), true
	case "trend":
		return issuesTrend(m.Trend), true
	}
	return nil, false
}

// Whole shows the page.
func (m Issue) Whole() templ.Component { return issuePage(m) }

// Part shows the head, the trend or the event.
func (m Issue) Part(name string) (templ.Component, bool) {
	switch name {
	case "head":
		return issueHead(m.Head), true
	case "trend":
		return issueTrend(m), true
	case "event":
		return issueEvent(m.Event), true
	case "response":
		return responseCard(m.Response), true
	case "activity":
		return activityCard(m.Activity), true
	}
	return nil, false
}

// Whole shows the page.
func (m ServiceSetup) Whole() templ.Component { return serviceSetupPage(m) }

// Part shows the live part.
func (m ServiceSetup) Part(name string) (templ.Component, bool) {
	if name == "tick" {
		return tick(m.Tick), true
	}
	return nil, false
}

// Whole shows the page.
func (m SignIn) Whole() templ.Component { return signInPage(m) }

// Whole shows the page.
func (m SetupAdmin) Whole() templ.Component { return setupAdminPage(m) }

// Whole shows the page.
func (m SetupStore) Whole() templ.Component { return setupStorePage(m) }

// Whole shows the page.
func (m NewService) Whole() templ.Component { return newServicePage(m) }

// Whole shows the page.
func (m Services) Whole() templ.Component { return servicesPage(m) }

// Whole shows the page.
func (m Error) Whole() templ.Component { return errorPage(m) }

// Whole shows the page.
func (m SystemPage) Whole() templ.Component { return systemPage(m) }

// Whole shows the page.
func (m Analytics) Whole() templ.Component { return analyticsPage(m) }

// Whole shows the page.
func (m Episodes) Whole() templ.Component { return episodesPage(m) }

// Whole shows the page.
func (m Events) Whole() templ.Component { return eventsPage(m) }

// Part shows the list, the chart or the fields.
func (m Events) Part(name string) (templ.Component, bool) {
	switch {
	case name == "list":
		return eventResults(m), true
	case name == "chart" && m.Chart != nil:
		return explorerChart(*m.Chart), true
	case name == "fields":
		return fieldsPart(m.Fields), true
	}
	return nil, false
}

// Whole shows the page.
func (m TracePage) Whole() templ.Component { return tracePage(m) }

// Whole shows the page.
func (m TagsPage) Whole() templ.Component { return tagsPage(m) }

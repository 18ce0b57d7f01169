package page

import "github.com/a-h/templ"

// Whole shows the page.
func (m People) Whole() templ.Component { return peoplePage(m) }

// Whole shows the page.
func (m PersonPage) Whole() templ.Component { return personPage(m) }

// Whole shows the page.
func (m InviteForm) Whole() templ.Component { return invitePage(m) }

// Whole shows the page.
func (m Invited) Whole() templ.Component { return invitedPage(m) }

// Whole shows the page.
func (m Join) Whole() templ.Component { return joinPage(m) }

// Whole shows the page.
func (m JoinRefused) Whole() templ.Component { return joinRefusedPage(m) }

// Whole shows the page.
func (m Roles) Whole() templ.Component { return rolesPage(m) }

// Whole shows the page.
func (m Account) Whole() templ.Component { return accountPage(m) }

// Whole shows the page.
func (m TokenMade) Whole() templ.Component { return tokenMadePage(m) }

// Whole shows the page.
func (m Audit) Whole() templ.Component { return auditPage(m) }

// Whole shows the page.
func (m AuditDetail) Whole() templ.Component { return auditDetailPage(m) }

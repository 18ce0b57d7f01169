package gallery

import "regexp"

// accountForms are where forms of people, roles, the own account and the audit
// may lead.
var accountForms = regexp.MustCompile(`^(post /users/(invite|invites/[0-9a-f]+/(renew|withdraw)|u[0-9]+/(grant|revoke|disable|enable|sessions))` +
	`|post /invite/[0-9a-f]+|post /me/(profile|password|tokens|sessions/(end|others))|post /tokens/t[0-9]+/revoke|get /(roles|audit))$`)

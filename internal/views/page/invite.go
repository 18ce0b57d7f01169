package page

import (
	"strings"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// InviteIn is what the form of an invitation is made from. Roles are the
// choices so far by project id, "" = everywhere.
type InviteIn struct {
	Email    string
	Roles    map[string]string
	Projects map[string]errata.Project
	Mails    bool // a mail server is set
	Err      error
}

// InviteForm asks for the address and the roles of somebody new.
type InviteForm struct {
	layout.Chrome
	noParts
	Email      ui.Field
	Everywhere ui.Field
	Services   []ui.Field // a role on each
	Open       bool       // the roles on services are shown
	Problems   []string
	Words      []RoleWord
	Verb, Note string
}

// RoleWord is a role with what it is for.
type RoleWord struct{ Role, Does string }

// RoleField is the field of the role on a project, "" = everywhere.
func RoleField(project string) string {
	if project == "" {
		return "role"
	}
	return "role-" + project
}

// NewInviteForm makes the form of an invitation.
func NewInviteForm(c layout.Chrome, in InviteIn) InviteForm {
	c.Title, c.Section, c.Keys = "Invite", layout.SectionUsers, plainKeys
	m := InviteForm{
		Chrome: c, Verb: "Create the invitation", Note: "You get a link to pass on. It works once, for 7 days.",
		Email: ui.Field{Name: "email", Label: "E-mail", Type: "email", Value: in.Email, Autocomplete: "off", MaxLength: 254, Autofocus: in.Err == nil},
		Everywhere: ui.Field{
			Name: RoleField(""), Label: "Role everywhere", Type: "select", Value: in.Roles[""], Options: roleOptions("No role everywhere", errata.Roles),
			Hint: "Also on services that are made later.",
		},
	}
	if in.Mails {
		m.Verb, m.Note = "Send the invitation", "A link is mailed. It works once, for 7 days."
	}
	for _, p := range bySlug(in.Projects) {
		m.Services = append(m.Services, ui.Field{
			Name: RoleField(p.ID), Label: p.Slug, Type: "select", Value: in.Roles[p.ID], Options: roleOptions("No role", rolesOnService),
		})
		m.Open = m.Open || in.Roles[p.ID] != ""
	}
	fields := []ui.Field{m.Email, m.Everywhere}
	m.Problems = refusals(fields, in.Err)
	m.Email, m.Everywhere = fields[0], fields[1]
	for _, r := range errata.Roles {
		m.Words = append(m.Words, RoleWord{string(r), RoleWords[r]})
	}
	return m
}

func (m InviteForm) fields() []ui.Field { return []ui.Field{m.Email, m.Everywhere} }

// InvitedIn is an invitation that was just made. Link stands in the page this
// once; it is "" when it was mailed.
type InvitedIn struct {
	Moment   ui.Moment
	Invite   errata.Invite
	Link     string
	Mailed   bool
	MailErr  error
	Projects map[string]errata.Project
}

// Invited says what became of an invitation.
type Invited struct {
	layout.Chrome
	noParts
	Address string
	Roles   []RoleChip
	Link    string
	Notice  ui.Notice
	Ends    ui.Time
}

// NewInvited makes the page after an invitation.
func NewInvited(c layout.Chrome, in InvitedIn) Invited {
	c.Title, c.Section, c.Keys = "Invitation", layout.SectionUsers, plainKeys
	m := Invited{Chrome: c, Address: in.Invite.Email, Roles: roleChips(in.Invite.Grants, in.Projects), Link: in.Link, Ends: in.Moment.At(in.Invite.ExpiresAt)}
	switch {
	case in.Mailed:
		m.Link = ""
		m.Notice = ui.Notice{Tone: "ok", Text: "The link is on its way to " + in.Invite.Email + "."}
	case in.MailErr != nil:
		m.Notice = ui.Notice{Tone: "warn", Text: "The mail could not be sent: " + errata.MessageOf(in.MailErr) + " Pass the link on by hand."}
	default:
		m.Notice = ui.Notice{Tone: "info", Text: "No mail server is set, so nothing was sent. Pass the link on by hand."}
	}
	return m
}

// JoinIn is what the page behind the link of an invitation is made from.
type JoinIn struct {
	Token, Email, By string
	Grants           []errata.Grant
	Projects         map[string]errata.Project
	Name             string
	Err              error // of the form
}

// Join asks an invited person for name and password.
type Join struct {
	layout.Chrome
	noParts
	Action, Lead string
	Address      string
	Roles        []RoleChip
	Fields       []ui.Field
	Problems     []string
}

// NewJoin makes the page behind the link of an invitation. Field names: name,
// password.
func NewJoin(c layout.Chrome, in JoinIn) Join {
	c.Title = "Join Errata"
	by := in.By
	if by == "" {
		by = "An administrator"
	}
	at := ""
	if c.Org != "" {
		at = " at " + c.Org
	}
	m := Join{
		Chrome: c, Action: "/invite/" + in.Token, Lead: by + " invites you to Errata" + at + ". Choose a name and a password.", Address: in.Email,
		Roles: roleChips(in.Grants, in.Projects), Fields: []ui.Field{
			{Name: "name", Label: "Your name", Type: "text", Value: in.Name, Autocomplete: "name", MaxLength: 100, Autofocus: in.Err == nil},
			{
				Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", MaxLength: 128,
				Hint: "12 characters or more. A few unrelated words are good.",
			},
		},
	}
	m.Problems = refusals(m.Fields, in.Err)
	return m
}

// JoinRefused says why the link of an invitation does not work.
type JoinRefused struct {
	layout.Chrome
	noParts
	Title, Text string
}

// NewJoinRefused makes the page of a link that does not work.
func NewJoinRefused(c layout.Chrome, err error) JoinRefused {
	m := JoinRefused{Chrome: c, Title: "This link does not work", Text: errata.MessageOf(err)}
	switch {
	case strings.HasSuffix(errata.ReasonOf(err), "_used"):
		m.Title = "This invitation has been used"
		m.Text = "It makes one account, and that account exists. If it is yours, sign in."
	case strings.HasSuffix(errata.ReasonOf(err), "_expired"):
		m.Title = "This invitation has expired"
		m.Text = "A link works for 7 days. Ask whoever invited you for a new one."
	}
	m.Chrome.Title = m.Title
	return m
}

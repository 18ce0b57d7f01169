package page

import (
	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// AccountIn is what the page of the reader's own account is made from. Here is
// the session that asks. Scopes are the actions that a token of the reader can
// do; Ticked are those of a refused form.
type AccountIn struct {
	Moment      ui.Moment
	Account     errata.Account
	Grants      []errata.Grant
	Teams       []errata.Team
	Projects    map[string]errata.Project
	Tokens      []errata.Token
	Sessions    []errata.Session
	Here        string
	MayToken    bool
	Scopes      []errata.Action
	Name, Zone  string // of a refused form
	ProfileErr  error
	PasswordErr error
	TokenName   string
	Days        string
	Ticked      map[string]bool
	TokenErr    error
}

// Account is the reader's own account.
type Account struct {
	layout.Chrome
	noParts
	Person     ui.Person
	Address    string
	Roles      []GrantRow
	Teams      []ui.Link
	Profile    []ui.Field
	ProfileBad []string
	Password   []ui.Field
	PassBad    []string
	Themes     []Pick
	Densities  []Pick
	MayToken   bool
	Tokens     []TokenRow
	TokenForm  []ui.Field
	Scopes     []ScopeBox
	TokenBad   []string
	ScopeError string
	TokenOpen  bool
	Sessions   []SessionRow
	Others     bool
}

// Pick is one choice of a set.
type Pick struct {
	ID, Value, Text, Icon string
	Current               bool
}

// ScopeBox is a scope that a token can be given.
type ScopeBox struct {
	Name, Action, Does string
	Ticked             bool
}

// ScopeField is the field of a scope in the form of a token.
func ScopeField(a errata.Action) string { return "scope-" + string(a) }

// TokenDays are the lives that a token can be given, in days.
var TokenDays = []string{"7", "30", "90", "180", "365"}

// NewAccount makes the page of the reader's own account. Field names: name,
// zone; current, password; token-name, days, scope-<action>.
func NewAccount(c layout.Chrome, in AccountIn) Account {
	c.Title, c.Section, c.Keys = "Your account", layout.SectionAccount, plainKeys
	m := Account{
		Chrome: c, Person: personOf(in.Account), Address: in.Account.Email, MayToken: in.MayToken,
		Tokens: tokenRows(in.Moment, in.Tokens), Sessions: sessionRows(in.Moment, in.Sessions, in.Here), Others: len(in.Sessions) > 1,
		Teams: teamLinks(in.Teams), TokenOpen: in.TokenErr != nil || len(in.Tokens) == 0,
	}
	for _, g := range in.Grants {
		m.Roles = append(m.Roles, GrantRow{RoleChip: newRoleChip(g, in.Projects), Does: RoleWords[g.Role]})
	}
	m.profile(in)
	m.appearance()
	m.tokenForm(in)
	return m
}

func (m *Account) profile(in AccountIn) {
	name, zone := in.Account.Name, in.Account.Zone
	if in.ProfileErr != nil {
		name, zone = in.Name, in.Zone
	}
	m.Profile = []ui.Field{
		{Name: "name", Label: "Name", Type: "text", Value: name, Autocomplete: "name", MaxLength: 100},
		{Name: "zone", Label: "Time zone", Type: "text", Value: zone, Autocomplete: "off", MaxLength: 60, Hint: "Times are written in it, and days begin in it. As Europe/Berlin or UTC."},
	}
	m.ProfileBad = refusals(m.Profile, in.ProfileErr)
	m.Password = []ui.Field{
		{Name: "current", Label: "Present password", Type: "password", Autocomplete: "current-password", MaxLength: 128},
		{Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", MaxLength: 128, Hint: "12 characters or more. Other browsers are signed out."},
	}
	m.PassBad = refusals(m.Password, in.PasswordErr)
}

func (m *Account) appearance() {
	for _, t := range []Pick{
		{Value: string(layout.System), Text: "Same as the system", Icon: "laptop"},
		{Value: string(layout.Light), Text: "Light", Icon: "sun"},
		{Value: string(layout.Dark), Text: "Dark", Icon: "moon"},
	} {
		t.ID, t.Current = "pick-"+t.Value, layout.ParseTheme(string(m.Theme)) == layout.Theme(t.Value)
		m.Themes = append(m.Themes, t)
	}
	for _, d := range []Pick{{Value: string(layout.Comfortable), Text: "Comfortable", Icon: "rows-2"}, {Value: string(layout.Compact), Text: "Compact", Icon: "rows-4"}} {
		d.ID, d.Current = "pick-"+d.Value, layout.ParseDensity(string(m.Density)) == layout.Density(d.Value)
		m.Densities = append(m.Densities, d)
	}
}

func (m *Account) tokenForm(in AccountIn) {
	days := in.Days
	if days == "" {
		days = "90"
	}
	life := ui.Field{Name: "days", Label: "Works for", Type: "select", Value: days}
	for _, d := range TokenDays {
		life.Options = append(life.Options, ui.Option{Value: d, Text: d + " days"})
	}
	m.TokenForm = []ui.Field{
		{Name: "token-name", Label: "What it is for", Type: "text", Value: in.TokenName, Autocomplete: "off", Placeholder: "wall board", MaxLength: 100}, life,
	}
	for _, a := range in.Scopes {
		m.Scopes = append(m.Scopes, ScopeBox{Name: ScopeField(a), Action: string(a), Does: ActionWords[a], Ticked: in.Ticked[string(a)]})
	}
	if in.TokenErr == nil {
		return
	}
	details := errata.DetailsOf(in.TokenErr)
	for i := range details {
		switch details[i].Field {
		case "name":
			details[i].Field = "token-name"
		case "expires":
			details[i].Field = "days"
		case "scope":
			m.ScopeError = details[i].Message
		}
	}
	m.TokenBad = ui.FieldErrors(m.TokenForm, details)
	if len(details) == 0 {
		m.TokenBad = []string{errata.MessageOf(in.TokenErr)}
	}
}

// TokenMadeIn is a token that was just made.
type TokenMadeIn struct {
	Moment ui.Moment
	Token  errata.Token
	Text   string // shown this once
}

// TokenMade shows a token this once.
type TokenMade struct {
	layout.Chrome
	noParts
	Text string
	Row  TokenRow
}

// NewTokenMade makes the page after a token was made.
func NewTokenMade(c layout.Chrome, in TokenMadeIn) TokenMade {
	c.Title, c.Section, c.Keys = "New token", layout.SectionAccount, plainKeys
	return TokenMade{Chrome: c, Text: in.Text, Row: tokenRows(in.Moment, []errata.Token{in.Token})[0]}
}

package main

import (
	"context"

	"errata/internal/app"
	"errata/internal/config"
)

// cli is the command line: every setting as a flag, and the commands.
type cli struct {
	config.Config `embed:""`

	Serve   serveCmd `cmd:"" default:"withargs" help:"Start the server."`
	Setup   setupCmd `cmd:"" help:"Make the first administrator without a browser."`
	Project struct {
		Create projectCmd `cmd:"" help:"Make a service with its first key."`
	} `cmd:"" help:"Services."`
	Key struct {
		Create keyCmd `cmd:"" help:"Make a further key of a service."`
	} `cmd:"" help:"Ingest keys."`
	Token struct {
		Create tokenCmd  `cmd:"" help:"Make a token of the JSON API."`
		Revoke revokeCmd `cmd:"" help:"End a token of the JSON API."`
	} `cmd:"" help:"Tokens of the JSON API."`
	User struct {
		Create userCmd `cmd:"" help:"Make an account with a role, or an invitation to one."`
	} `cmd:"" help:"People."`
	Audit struct {
		Verify verifyCmd `cmd:"" help:"Recompute the audit's chain and name the first broken row."`
	} `cmd:"" help:"The audit."`
	Settings struct {
		Print printCmd `cmd:"" help:"Print every setting and where it comes from."`
	} `cmd:"" name:"config" help:"Settings."`
}

type serveCmd struct {
	Demo bool `help:"Serve a temporary installation with twelve weeks of an example; it is removed at the end."`
	Dev  bool `help:"Serve /dev/gallery: every page in every state."`
}

type setupCmd struct {
	Email        string `required:"" help:"E-mail address of the first administrator."`
	Name         string `required:"" help:"Name of the first administrator."`
	PasswordFile string `required:"" help:"File whose first line is the password; - reads standard input."`
	Org          string `help:"Name of the organisation."`
	JSON         bool   `help:"Answer in JSON."`
}

// Run makes the first administrator.
func (s *setupCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = s.JSON
	return c.Setup(ctx, s.Email, s.Name, s.PasswordFile, s.Org)
}

type projectCmd struct {
	Slug     string `arg:"" help:"Short name: a-z, 0-9 and -."`
	Name     string `help:"Name for people."`
	Platform string `help:"go, node, python, java, browser or other."`
	JSON     bool   `help:"Answer in JSON."`
}

// Run makes a service.
func (p *projectCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = p.JSON
	return c.ProjectCreate(ctx, p.Slug, p.Name, p.Platform)
}

type keyCmd struct {
	Project string `arg:"" help:"Short name of the service."`
	Kind    string `default:"public" help:"public or server."`
	JSON    bool   `help:"Answer in JSON."`
}

// Run makes a key.
func (k *keyCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = k.JSON
	return c.KeyCreate(ctx, k.Project, k.Kind)
}

type tokenCmd struct {
	User    string `required:"" help:"E-mail address of the owner."`
	Scope   string `required:"" help:"Scopes, separated by commas: issue:read,event:read."`
	Expires string `help:"Life of the token: 90d, 36h; at most 366d. 90 days when absent."`
	JSON    bool   `help:"Answer in JSON."`
}

// Run makes a token.
func (t *tokenCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = t.JSON
	return c.TokenCreate(ctx, t.User, t.Scope, t.Expires)
}

type userCmd struct {
	Email        string `required:"" help:"E-mail address."`
	Name         string `help:"Name for people; an invited person chooses their own."`
	Role         string `required:"" help:"viewer, responder, maintainer, admin or auditor."`
	Project      string `help:"Short name of the service that the role is for. Everywhere when absent."`
	PasswordFile string `help:"File whose first line is the password; - reads standard input. An invitation link is printed when absent."`
	JSON         bool   `help:"Answer in JSON."`
}

// Run makes an account or an invitation.
func (u *userCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = u.JSON
	return c.UserCreate(ctx, app.UserForm{Email: u.Email, Name: u.Name, Role: u.Role, Project: u.Project, PasswordFile: u.PasswordFile})
}

type verifyCmd struct {
	JSON bool `help:"Answer in JSON."`
}

// Run verifies the audit.
func (v *verifyCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = v.JSON
	return c.AuditVerify(ctx)
}

type revokeCmd struct {
	ID   string `arg:"" help:"Id of the token, as it was printed when it was made."`
	JSON bool   `help:"Answer in JSON."`
}

// Run ends a token.
func (r *revokeCmd) Run(ctx context.Context, c *app.Command) error {
	c.JSON = r.JSON
	return c.TokenRevoke(ctx, r.ID)
}

type printCmd struct{}

// Run prints the settings.
func (printCmd) Run(c *app.Command) error { return c.Config.Print(c.Out) }

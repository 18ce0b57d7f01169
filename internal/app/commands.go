package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"errata/internal/admin"
	"errata/internal/config"
	"errata/internal/errata"
	"errata/internal/handlers"
)

// Command is one `web` command beside the server: it works through the same
// services as the pages, as actor system, via cli.
type Command struct {
	Config *config.Config
	Clock  errata.Clock
	Log    *slog.Logger
	Out    io.Writer
	JSON   bool
}

var commandActor = errata.System("cli", "cli")

// with opens the installation for one command, and logs how that ended.
func (c Command) with(ctx context.Context, name string, do func(*admin.Service) error) error {
	log := c.logger()
	b, err := openBase(ctx, c.Config, c.Clock, log)
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }()
	err = do(b.admin)
	log.InfoContext(ctx, "command", slog.String("command", name), slog.String("via", commandActor.Via), slog.String("code", string(errata.CodeOf(err))))
	return err
}

// logger leaves standard error to what the operator must know; a log file gets
// all.
func (c Command) logger() *slog.Logger {
	if c.Config.Log.File != "" {
		return c.Log
	}
	return slog.New(warnings{c.Log.Handler()})
}

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

// print writes the answer: one object of JSON, or lines for people.
func (c Command) print(answer any, lines ...string) error {
	if c.JSON {
		return json.NewEncoder(c.Out).Encode(answer)
	}
	_, err := fmt.Fprintln(c.Out, strings.Join(lines, "\n"))
	return err
}

// Setup makes the first administrator and ends the first run.
func (c Command) Setup(ctx context.Context, email, name, passwordFile, org string) error {
	password, err := readPassword(passwordFile)
	if err != nil {
		return err
	}
	return c.with(ctx, "setup", func(a *admin.Service) error {
		acc, err := a.CreateAdmin(ctx, commandActor, admin.AdminForm{Org: org, Email: email, Name: name, Password: password})
		if err != nil {
			return err
		}
		return c.print(map[string]string{"email": acc.Email, "login": acc.Login}, "Administrator "+acc.Email+" made. Sign in at "+c.Config.URL+"/login")
	})
}

// readPassword takes the first line of a file, "-" for standard input.
func readPassword(file string) (string, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(io.LimitReader(os.Stdin, 4096))
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		message := "The password file cannot be read: " + err.Error()
		return "", errata.Because(errata.Invalid, message, err, errata.Detail{Reason: "file", Field: "password_file", Message: message})
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// ProjectCreate makes a service with its first key.
func (c Command) ProjectCreate(ctx context.Context, slug, name, platform string) error {
	return c.with(ctx, "project create", func(a *admin.Service) error {
		p, err := a.CreateProject(ctx, commandActor, admin.ProjectForm{Slug: slug, Name: name, Platform: platform})
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": p.ID, "slug": p.Slug, "prefix": p.Prefix, "key": p.Key.Key, "dsn": p.DSN},
			"Service "+p.Slug+" (issues are "+p.Prefix+"-1, "+p.Prefix+"-2 …)", "DSN "+p.DSN)
	})
}

// KeyCreate makes a further key of a service.
func (c Command) KeyCreate(ctx context.Context, slug, kind string) error {
	return c.with(ctx, "key create", func(a *admin.Service) error {
		k, err := a.CreateKey(ctx, commandActor, slug, errata.KeyKind(kind))
		if err != nil {
			return err
		}
		return c.print(map[string]string{"key": k.Key, "kind": string(k.Kind), "dsn": a.DSN(k)}, "DSN "+a.DSN(k))
	})
}

// TokenCreate makes a token of the JSON API for an account.
func (c Command) TokenCreate(ctx context.Context, email, scopes, expires string) error {
	f := admin.TokenForm{Email: email, Name: "made on the command line"}
	for s := range strings.SplitSeq(scopes, ",") {
		if s = strings.TrimSpace(s); s != "" {
			f.Actions = append(f.Actions, errata.Action(s))
		}
	}
	var err error
	if f.Life, err = life(expires); err != nil {
		return err
	}
	return c.with(ctx, "token create", func(a *admin.Service) error {
		token, row, err := a.CreateToken(ctx, commandActor, f)
		if err != nil {
			return err
		}
		until := errata.FromMicros(row.ExpiresAt).Format(time.RFC3339)
		return c.print(map[string]string{"id": row.ID, "token": token, "expires_at": until}, token, "It is shown this once only and works until "+until+". End it with: web token revoke "+row.ID)
	})
}

// TokenRevoke ends a token of the JSON API at once.
func (c Command) TokenRevoke(ctx context.Context, id string) error {
	return c.with(ctx, "token revoke", func(a *admin.Service) error {
		if _, err := a.RevokeToken(ctx, commandActor, id); err != nil {
			return err
		}
		return c.print(map[string]string{"id": id, "state": "revoked"}, "Token "+id+" works no more.")
	})
}

// life reads 90d, 36h; "" is the default.
func life(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 100_000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return d, nil
	}
	message := "“" + s + "” is no length of time. Write one like 90d or 36h."
	return 0, errata.Because(errata.Invalid, message, nil, errata.Detail{Reason: "format", Field: "expires", Message: message})
}

// Usage turns a command line that cannot be read into a refusal.
func Usage(err error) error {
	if _, ok := errors.AsType[*config.Error](err); ok {
		return err
	}
	return errata.Because(errata.Invalid, err.Error(), err, errata.Detail{Reason: "usage", Message: err.Error()})
}

// Report writes why a command was refused and returns its exit code: 78 for a
// wrong setting, else 1.
func Report(err error, asJSON bool, now time.Time, w io.Writer) int {
	if c, ok := errors.AsType[*config.Error](err); ok {
		fmt.Fprintln(w, c.Error())
		return config.ExitCode
	}
	message := errata.MessageOf(err)
	if errata.CodeOf(err) == errata.Internal {
		message = err.Error() // the operator's own terminal
	}
	if asJSON {
		_, _ = w.Write(handlers.ErrorBody(err, message, "", now))
	} else {
		fmt.Fprintln(w, message)
	}
	return 1
}

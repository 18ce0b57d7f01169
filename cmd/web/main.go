// Command web is Errata: the server, and the commands of an installation.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
	_ "time/tzdata" // zones also where the system has none

	"github.com/alecthomas/kong"

	"errata/internal/app"
	"errata/internal/config"
	"errata/internal/telemetry"
)

func main() { os.Exit(run()) }

// run returns the exit code: 0 done, 1 refused, 78 a wrong setting.
func run() int {
	var c cli
	chosen, err := config.Parse(&c, &c.Config, os.Args[1:], os.Getenv, kong.Name("web"), kong.Description("Errata, a self-hosted error tracker."))
	if err != nil {
		return app.Report(app.Usage(err), slices.Contains(os.Args, "--json"), time.Now(), os.Stderr)
	}
	log, file := telemetry.NewLogger(telemetry.LogOptions{
		Level: c.Log.Level, Format: c.Log.Format, File: c.Log.File,
		MaxSize: int64(c.Log.MaxSize), Keep: c.Log.Keep, Stderr: os.Stderr,
	})
	defer func() { _ = file.Close() }()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	cmd := &app.Command{Config: &c.Config, Clock: time.Now, Log: log, Out: os.Stdout}
	chosen.BindTo(ctx, (*context.Context)(nil))
	if err := chosen.Run(cmd); err != nil {
		return app.Report(err, cmd.JSON, time.Now(), os.Stderr)
	}
	return 0
}

// Run starts the server and returns when it has stopped.
func (s *serveCmd) Run(ctx context.Context, c *app.Command) error {
	if s.Demo {
		a, err := app.NewDemo(ctx, c.Config, c.Clock, c.Log, c.Out, app.Options{Dev: s.Dev})
		if err != nil {
			return err
		}
		return a.Run(ctx)
	}
	a, err := app.New(ctx, c.Config, c.Clock, c.Log, app.Options{Dev: s.Dev})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "Errata listens on %s (http://%s)\n", c.Config.URL, a.Addr())
	if link := a.SetupLink(); link != "" {
		fmt.Fprintf(c.Out, "Set it up within an hour, with this one-time link:\n\n    %s\n\n", link)
	}
	return a.Run(ctx)
}

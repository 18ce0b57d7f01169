// Load sends realistic Sentry events to a real Errata at a fixed rate, whether
// or not it keeps up, remembers each id and its answer, and compares them with
// what the engine finds and the SQL store counted. With -kills it kills the
// server with SIGKILL while it works.
//
//	go run ./test/load -rate 3000 -for 60s
//	go run ./test/load -rate 500 -kills 20 -repeats 50
//	env $(scripts/postgres env) $(scripts/elasticsearch env) sh -c \
//	  'go run ./test/load -rate 1000 -database $ERRATA_TEST_POSTGRES_URL -elastic $ERRATA_TEST_ES_URL'
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"errata/test/load/loadtest"
)

func main() {
	var o loadtest.Options
	flag.StringVar(&o.Binary, "binary", "", "the web binary; built when empty")
	flag.StringVar(&o.Data, "data", "", "data directory, empty or absent; a temporary one when not given")
	flag.StringVar(&o.Database, "database", "", "address of a PostgreSQL server, for a database of this run; SQLite when empty")
	flag.StringVar(&o.Elastic, "elastic", "", "address of an Elasticsearch, for indices of this run; the embedded engine when empty")
	flag.IntVar(&o.Rate, "rate", 3000, "events per second")
	flag.DurationVar(&o.Length, "for", 60*time.Second, "how long to send")
	flag.IntVar(&o.Issues, "issues", 2000, "different errors")
	flag.IntVar(&o.Repeats, "repeats", 0, "send every n-th event twice, as a retrying client would")
	flag.IntVar(&o.Kills, "kills", 0, "kill the server so many times while sending; replaces -for")
	flag.DurationVar(&o.Idle, "idle", 10*time.Second, "wait before the idle memory is read")
	flag.StringVar(&o.Profile, "profile", "", "existing folder for profiles of processor and heap; the server then runs with --dev")
	keep := flag.Bool("keep", false, "keep a temporary data directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, o loadtest.Options, keep bool) error {
	dir, err := os.MkdirTemp("", "errata-load-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Fprintln(os.Stdout, "data        ", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	if o.Data == "" {
		o.Data = filepath.Join(dir, "data")
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return err
	}
	if o.Binary == "" {
		if o.Binary, err = loadtest.Build(ctx, dir); err != nil {
			return err
		}
	}
	report, err := loadtest.Run(ctx, o)
	if err != nil {
		return err
	}
	report.Print(os.Stdout)
	if len(report.Faults) > 0 {
		return errors.New("the accounts do not agree")
	}
	return nil
}

// Package loadtest runs the product as a process of its own, sends it events at
// a fixed rate whether or not it keeps up, kills it if asked to, and compares
// what was answered with what the engine finds and the SQL store counted.
package loadtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options describe one run.
type Options struct {
	Binary   string        // of the product
	Data     string        // an empty directory
	Database string        // address of a PostgreSQL server; a database is made and dropped. "" = SQLite
	Elastic  string        // address of an Elasticsearch; indices are made and dropped. "" = the embedded engine
	Rate     int           // events per second
	Length   time.Duration // how long to send; with Kills, until they are done
	Issues   int           // different errors
	Repeats  int           // every n-th event is sent twice; 0 = none
	Kills    int           // how often the server is killed while it works
	Idle     time.Duration // how long to wait before the idle memory is read
	Profile  string        // folder for profiles of processor and heap; the server then runs with --dev
}

// Report is what came of a run.
type Report struct {
	Sent, Answered, Found int // different events
	Repeats               int // sends beyond the first of an event
	Refused               map[int]int
	Silent                int // sends without an answer
	Sending, Behind       time.Duration
	P50, P95, P99, Max    time.Duration
	Idle, Peak, After     int64         // bytes resident: before, at most, when the queue was empty
	CPU, Own              time.Duration // processor time for it all: of the server, of the sender
	Disk                  map[string]int64
	Kills                 int
	Ready                 time.Duration // the slowest start
	Alarms                []string      // errors in the server's log
	Faults                []string      // what does not agree
}

// Run does one run. An error means that it could not be carried out; what the
// product did wrong stands in the report.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	st, err := openStores(ctx, o.Database, o.Elastic)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.close(context.WithoutCancel(ctx))) }()
	s, err := newServer(o.Binary, o.Data, st)
	if err != nil {
		return nil, err
	}
	if o.Profile != "" {
		s.args = []string{"--dev"}
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	r := &runner{Options: o, stores: st, server: s, ledger: newLedger()}
	return &r.report, r.run(ctx)
}

type runner struct {
	Options
	stores *stores
	server *Server
	ledger *Ledger
	report Report
	before map[string]int64 // bytes on disk
	found  map[string]*sighting
	listed map[int64]int64
}

func (r *runner) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.begin, r.load, r.drain, r.read, r.end} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin starts the server and looks at it while it has nothing to do.
func (r *runner) begin(ctx context.Context) (err error) {
	if err := r.server.start(ctx); err != nil {
		return err
	}
	select {
	case <-time.After(r.Idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	r.report.Idle = r.server.usage().rss
	r.before, err = r.disk(ctx)
	return err
}

func (r *runner) disk(ctx context.Context) (map[string]int64, error) {
	sizes, err := r.stores.sizes(ctx)
	if err == nil {
		maps.Copy(sizes, r.server.disk())
	}
	return sizes, err
}

// load sends, and kills if asked to.
func (r *runner) load(ctx context.Context) error {
	s := newSender(r.server, &r.Options, r.ledger)
	cpu, own := r.server.usage().cpu, ownTime()
	r.report.CPU, r.report.Own = -cpu, -own
	sending, stop := context.WithTimeout(ctx, r.Length)
	if r.Kills > 0 {
		sending, stop = context.WithCancel(ctx)
	}
	defer stop()
	failed := make(chan error, 1)
	go func() {
		var err error
		switch {
		case r.Kills > 0:
			err = r.kill(sending)
			stop()
		case r.Profile != "":
			err = r.profile(sending)
		}
		failed <- err
	}()
	r.report.Sending = s.run(sending, r.Rate)
	r.report.Own += ownTime()
	return <-failed
}

// kill ends the server at random moments, one time in four while it is still
// starting, and lets the last one work for a second.
func (r *runner) kill(ctx context.Context) error {
	for range r.Kills {
		if !pause(ctx, rand.N(3*time.Second)) {
			return ctx.Err()
		}
		r.server.kill()
		r.report.Kills++
		if rand.IntN(4) == 0 {
			if err := r.server.launch(); err != nil {
				return err
			}
			pause(ctx, rand.N(300*time.Millisecond))
			r.server.kill()
		}
		if err := r.server.start(ctx); err != nil {
			return err
		}
	}
	pause(ctx, time.Second)
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// profile asks the server for profiles of the middle of the load.
func (r *runner) profile(ctx context.Context) error {
	pause(ctx, r.Length/4)
	seconds := max(int(r.Length.Seconds()/2), 1)
	for name, path := range map[string]string{"cpu": "profile?seconds=" + strconv.Itoa(seconds), "heap": "heap", "allocs": "allocs"} {
		body, err := ask(context.WithoutCancel(ctx), http.MethodGet, r.server.url+"/debug/pprof/"+path, "")
		if err == nil {
			err = os.WriteFile(filepath.Join(r.Profile, name+".pprof"), body, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// drain waits until the queue is empty and the engine finds what was counted.
func (r *runner) drain(ctx context.Context) error {
	began := time.Now()
	err := poll(ctx, 5*time.Minute, "the queue is empty", func() (bool, error) {
		n, err := r.queued(ctx)
		return n == 0, err
	})
	if err != nil {
		return err
	}
	u := r.server.usage()
	r.report.CPU += u.cpu
	r.report.After, r.report.Peak = u.rss, u.peak
	err = poll(ctx, time.Minute, "the engine finds every event that was counted", func() (bool, error) {
		var counted, found struct{ Total int }
		if err := r.server.get(ctx, "/api/v1/analytics/volume?range=24h", &counted); err != nil {
			return false, err
		}
		if err := r.server.get(ctx, "/api/v1/analytics/volume?range=24h&q=refused", &found); err != nil {
			return false, err
		}
		return found.Total == counted.Total, nil
	})
	r.report.Behind = time.Since(began)
	return err
}

// queued reads how many events wait in the queue and for the engine.
func (r *runner) queued(ctx context.Context) (n int64, err error) {
	text, err := r.server.read(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "errata_queue_items{") {
			continue
		}
		f := strings.Fields(line)
		v, err := strconv.ParseFloat(f[len(f)-1], 64)
		if err != nil {
			return 0, err
		}
		n += int64(v)
		seen++
	}
	if seen == 0 {
		return 0, errors.New("/metrics does not tell errata_queue_items")
	}
	return n, nil
}

// read pages through every issue and every event of it, as a reader would.
func (r *runner) read(ctx context.Context) error {
	r.found, r.listed = map[string]*sighting{}, map[int64]int64{}
	type issue struct {
		ID     string
		Events int64
	}
	issues, err := pages[issue](ctx, r.server, "/api/v1/issues?range=24h&size=100")
	if err != nil {
		return err
	}
	for _, is := range issues {
		number := issueNumber(is.ID)
		r.listed[number] = is.Events
		events, err := pages[struct{ ID string }](ctx, r.server, "/api/v1/issues/"+is.ID+"/events?range=24h&size=100")
		if err != nil {
			return err
		}
		for _, e := range events {
			if s := r.found[e.ID]; s != nil {
				s.times++
				continue
			}
			r.found[e.ID] = &sighting{number, 1}
		}
	}
	return nil
}

// end stops the server in order, and compares.
func (r *runner) end(ctx context.Context) error {
	if err := r.server.stop(); err != nil {
		return err
	}
	sizes, err := r.disk(ctx)
	if err != nil {
		return err
	}
	for part, n := range r.before {
		sizes[part] -= n
	}
	db, err := r.stores.open(r.Data)
	if err != nil {
		return err
	}
	defer db.Close()
	b, err := readBooks(ctx, db)
	if err != nil {
		return fmt.Errorf("reading the SQL store: %w", err)
	}
	a := audit{ledger: r.ledger, found: r.found, listed: r.listed, books: b, exact: r.Kills == 0}
	r.report.Faults = a.run()
	if put, err := os.ReadDir(filepath.Join(r.Data, "quarantine")); err == nil && len(put) > 0 {
		r.report.Faults = append(r.report.Faults, fmt.Sprintf("%d batches were damaged", len(put)))
	}
	r.report.Disk, r.report.Alarms, r.report.Ready = sizes, r.server.alarms(), r.server.slowest
	r.tell()
	return nil
}

// tell copies what the ledger knows into the report.
func (r *runner) tell() {
	p, l := &r.report, r.ledger
	p.Sent, p.Answered, p.Found, p.Refused, p.Silent = len(l.records), l.answered(), len(r.found), l.refused, l.silent
	for i := range l.records {
		p.Repeats += int(l.records[i].sends) - 1
	}
	p.P50, p.P95, p.P99, p.Max = l.percentile(0.5), l.percentile(0.95), l.percentile(0.99), l.percentile(1)
}

// ask does one request and returns the body of its answer.
func ask(ctx context.Context, method, address, token string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, address, a.Status, body)
	}
	return body, err
}

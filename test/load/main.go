// Load sends realistic Sentry events to a real Errata at a fixed rate, whether
// or not it keeps up, remembers each id and its answer, and compares them with
// what the store holds afterwards. With -kills it kills the server with
// SIGKILL while it works.
//
//	go run ./test/load -rate 3000 -for 60s
//	go run ./test/load -rate 500 -kills 20
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

type options struct {
	binary, database, elastic, data string
	rate, issues, kills, repeats    int
	length                          time.Duration
	keep                            bool
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "", "the web binary; built when empty")
	flag.StringVar(&o.database, "database", "", "database.url; empty = SQLite")
	flag.StringVar(&o.elastic, "elastic", "", "search.elastic.urls; empty = embedded engine")
	flag.StringVar(&o.data, "data", "", "data directory; a temporary one when empty")
	flag.IntVar(&o.rate, "rate", 2000, "events per second")
	flag.DurationVar(&o.length, "for", 60*time.Second, "how long to send")
	flag.IntVar(&o.issues, "issues", 2000, "distinct errors")
	flag.IntVar(&o.kills, "kills", 0, "kill the server so many times while sending")
	flag.IntVar(&o.repeats, "repeats", 0, "send every n-th event twice, as a retrying client would")
	flag.BoolVar(&o.keep, "keep", false, "keep the data directory")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.data == "" {
		dir, err := os.MkdirTemp("", "errata-load-")
		if err != nil {
			return err
		}
		o.data = dir
		if !o.keep {
			defer os.RemoveAll(dir)
		}
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	if o.binary == "" {
		o.binary = filepath.Join(o.data, "web")
		if out, err := exec.Command("go", "build", "-o", o.binary, "./cmd/web").CombinedOutput(); err != nil { //nolint:gosec,noctx // a build
			return fmt.Errorf("build: %w: %s", err, out)
		}
	}
	t, err := newTarget(o.binary, o.data, o.database, o.elastic)
	if err != nil {
		return err
	}
	if err := t.prepare(); err != nil {
		return err
	}
	if err := t.start(ctx); err != nil {
		return err
	}
	defer func() { t.stop() }()
	idle, _ := t.memory()
	before := t.disk()
	l := newLedger()
	took, err := send(ctx, o, t, l)
	if err != nil {
		return err
	}
	return report(ctx, o, t, l, took, idle, before)
}

// send keeps the rate: an event is due at its time, and its latency counts
// from there, however late the server lets it go.
func send(ctx context.Context, o options, t *target, l *ledger) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, o.length+time.Minute+time.Duration(o.kills)*time.Minute)
	defer cancel()
	killed := make(chan error, 1)
	go func() { killed <- killer(ctx, o, t) }()
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512}}
	g := newGenerator(uint64(time.Now().UnixNano()), o.issues)
	ready := make(chan event, 4096)
	go func() {
		defer close(ready)
		for ctx.Err() == nil {
			select {
			case ready <- g.next(time.Now()):
			case <-ctx.Done():
			}
		}
	}()
	var wg sync.WaitGroup
	began := time.Now()
	for i := 0; ; i++ {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(o.rate))
		if o.kills == 0 && due.Sub(began) >= o.length {
			break
		}
		if d := time.Until(due); d > 0 {
			select {
			case <-time.After(d):
			case err := <-killed:
				wg.Wait()
				return time.Since(began), err
			}
		}
		e := <-ready
		l.sent(e)
		wg.Go(func() { post(ctx, client, t, l, e, due) })
		if o.repeats > 0 && i%o.repeats == 0 {
			wg.Go(func() { post(ctx, client, t, l, e, due) })
		}
	}
	wg.Wait()
	return time.Since(began), nil
}

func post(ctx context.Context, client *http.Client, t *target, l *ledger, e event, due time.Time) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+"/api/"+t.project+"/envelope/", bytes.NewReader(e.body))
	if err != nil {
		return
	}
	req.Header.Set("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client=load/1, sentry_key="+t.key)
	status := 0
	if r, err := client.Do(req); err == nil {
		status = r.StatusCode
		r.Body.Close()
	}
	l.answer(e.id, status, time.Since(due))
}

// killer kills and restarts the server at random moments; without kills it waits.
func killer(ctx context.Context, o options, t *target) error {
	if o.kills == 0 {
		<-ctx.Done()
		return nil
	}
	for range o.kills {
		select {
		case <-time.After(500*time.Millisecond + rand.N(2500*time.Millisecond)): //nolint:gosec // not secret
		case <-ctx.Done():
			return ctx.Err()
		}
		t.kill()
		if err := t.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func report(ctx context.Context, o options, t *target, l *ledger, took time.Duration, idle, before int64) error {
	behind, err := t.drained(ctx, int64(len(l.answered)))
	if err != nil {
		return fmt.Errorf("the engine does not find all answered events: %w", err)
	}
	rss, peak := t.memory()
	n := float64(len(l.answered))
	fmt.Printf("sent %d, accepted %d (%.0f/s), refused or unanswered %v, repeats %d\n", len(l.issue), len(l.answered), n/took.Seconds(), l.refused, l.repeats)
	fmt.Printf("searchable %.0f/s, all searchable %.1f s after the load\n", n/(took+behind).Seconds(), behind.Seconds())
	fmt.Printf("ack p50 %s p95 %s p99 %s max %s\n", l.percentile(0.5).Round(time.Millisecond/10), l.percentile(0.95).Round(time.Millisecond/10),
		l.percentile(0.99).Round(time.Millisecond/10), l.percentile(1).Round(time.Millisecond/10))
	fmt.Printf("RSS idle %d MiB, now %d, peak %d; disk %.0f bytes per event\n", idle>>20, rss>>20, peak>>20, float64(t.disk()-before)/n)
	v, err := t.verify(ctx, l)
	if err != nil {
		return err
	}
	fmt.Printf("found %d, lost %d, doubled %d, foreign %d, miscounted %d, counters %d\n", v.found, v.lost, v.doubled, v.foreign, len(v.miscounted), v.counted)
	if v.bad() {
		return fmt.Errorf("the store differs from what was answered: %v", v.miscounted)
	}
	return nil
}

package embedded

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"errata/internal/search"
)

// TestKill ends a process that stores events with SIGKILL, again and again in
// the same directory: every event it was told is stored is found once.
// ERRATA_KILL=n kills n times instead of a few.
func TestKill(t *testing.T) {
	if os.Getenv("ERRATA_KILL_DIR") != "" {
		storeUntilKilled(t)
	}
	rounds := 3
	if s := os.Getenv("ERRATA_KILL"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir, answered := t.TempDir(), map[string]bool{}
	for round := range rounds {
		for _, id := range killed(t, dir, round) {
			answered[id] = true
		}
		e := open(t, Options{Dir: dir})
		found := map[string]int{}
		r := everything()
		for {
			res, err := e.Search(t.Context(), r)
			if err != nil || len(res.Gaps) > 0 {
				t.Fatal(res, err)
			}
			for i := range res.Hits {
				found[res.Hits[i].EventID]++
			}
			if r.After = res.Next; r.After == "" {
				break
			}
		}
		for id := range answered {
			if found[id] != 1 {
				t.Errorf("round %d: event %s is there %d times", round, id, found[id])
			}
		}
		for id, n := range found {
			if n != 1 {
				t.Errorf("round %d: event %s is there %d times", round, id, n)
			}
		}
		t.Logf("round %d: %d events answered so far, %d stored", round, len(answered), len(found))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killed runs a process until it has answered a number of events, kills it, and
// returns their ids.
func killed(t *testing.T, dir string, round int) (ids []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), "ERRATA_KILL_DIR="+dir, "ERRATA_KILL_ROUND="+strconv.Itoa(round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "stored "); ok {
			ids = append(ids, id)
		}
		if len(ids) == 400+round*170 { // a little later, so that it hits batches everywhere
			time.AfterFunc(time.Duration(round%7)*1500*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || len(ids) < 400 {
		t.Fatalf("the process ended by itself after %d events: %v", len(ids), err)
	}
	return ids
}

// storeUntilKilled is the process: several goroutines store batches over a few
// days and print the ids that are answered.
func storeUntilKilled(t *testing.T) {
	round, err := strconv.Atoi(os.Getenv("ERRATA_KILL_ROUND"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(context.Background(), Options{Dir: os.Getenv("ERRATA_KILL_DIR"), Clock: time.Now, DaysPerFile: 2})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1000)
	for w := range 3 {
		go func() {
			for b := 0; ; b++ {
				var docs []search.Doc
				for i := range 20 {
					n := ((round*10+w)*1_000_000 + b) * 100
					docs = append(docs, sent(n+i, noon.Add(-time.Duration(i)*5*time.Hour)))
				}
				if _, err := e.Index(context.Background(), docs); err != nil {
					panic(err)
				}
				for i := range docs {
					answered <- docs[i].EventID
				}
			}
		}()
	}
	for id := range answered {
		fmt.Println("stored", id)
	}
}

// Command suite runs the test suites that exist in this tree, prints what
// failed, what was skipped and why, and one line of counts for each suite.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// suite is one call of go test. dir is where it runs and must exist.
type suite struct {
	name, dir string
	args      []string
}

// suites lists what there may be; what lies in no folder yet is left out.
func suites() []suite {
	unit := suite{"unit", ".", []string{"./cmd/...", "./internal/...", "./migrations/...", "./static/...", "./scripts/..."}}
	unit.args = slices.DeleteFunc(unit.args, func(pattern string) bool { return !has(strings.TrimSuffix(pattern, "/..."), ".go") })
	all := []suite{unit}
	for _, name := range []string{"load", "kill", "chaos", "e2e"} {
		if dir := "test/" + name; has(dir, "_test.go") {
			all = append(all, suite{name, ".", []string{"-count=1", "-timeout=15m", "./" + dir + "/..."}})
		}
	}
	for _, dir := range []string{"test/clients", "examples/sentry-go"} {
		if has(dir, "_test.go") {
			all = append(all, suite{filepath.Base(dir), dir, []string{"-count=1", "-timeout=15m", "./..."}})
		}
	}
	return all
}

var errFound = errors.New("found")

// has says whether a file with that ending lies in or below dir.
func has(dir, ending string) bool {
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ending) {
			return errFound
		}
		return err
	})
	return errors.Is(err, errFound)
}

// tally counts tests, subtests included; failed also counts packages that did
// not build or ended early.
type tally struct{ passed, failed, skipped int }

func (t *tally) add(u tally) {
	t.passed, t.failed, t.skipped = t.passed+u.passed, t.failed+u.failed, t.skipped+u.skipped
}

// event is one line of go test -json (cmd/test2json).
type event struct {
	Action, Package, Test, Output string
}

// read follows one run and returns its counts. Output of failed and skipped
// tests goes to w.
func read(r io.Reader, w io.Writer) (tally, error) {
	var t tally
	output := map[string][]string{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			t.add(take(line, output, w))
		}
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

// take handles one line; a line that is no event is shown as it is.
func take(line string, output map[string][]string, w io.Writer) (t tally) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		fmt.Fprint(w, line)
		return t
	}
	id := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		output[id] = append(output[id], e.Output)
		return t
	case "build-output":
		fmt.Fprint(w, e.Output)
		return t
	case "pass":
		t.passed = one(e.Test)
	case "skip":
		t.skipped = one(e.Test)
		if e.Test != "" {
			fmt.Fprintf(w, "skipped %s %s\n", e.Package, reason(e.Test, output[id]))
		}
	case "fail":
		// A package fails with each of its tests; alone it counts when none of them did.
		t.failed = one(e.Test)
		if e.Test == "" && output["failed "+e.Package] == nil {
			t.failed = 1
		}
		output["failed "+e.Package] = []string{e.Test}
		fmt.Fprintf(w, "failed %s %s\n%s", e.Package, e.Test, strings.Join(output[id], ""))
	default:
		return t
	}
	delete(output, id)
	return t
}

func one(test string) int {
	if test == "" {
		return 0
	}
	return 1
}

// reason returns a test's name with what it said before it was skipped.
func reason(test string, output []string) string {
	var said []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	return strings.TrimSpace(test + ": " + strings.Join(said, " "))
}

// run runs one suite and prints its line.
func run(ctx context.Context, s suite) (tally, error) {
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, s.args...)...)
	cmd.Dir, cmd.Stderr = s.dir, os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return tally{}, err
	}
	if err := cmd.Start(); err != nil {
		return tally{}, err
	}
	t, err := read(pipe, os.Stdout)
	ended := cmd.Wait()
	if ended != nil && t.failed == 0 { // say, a pattern that go test refuses
		t.failed = 1
		fmt.Fprintln(os.Stdout, "go test:", ended)
	}
	fmt.Fprintf(os.Stdout, "suite %-10s %5d passed, %d failed, %d skipped in %.1f min\n",
		s.name, t.passed, t.failed, t.skipped, time.Since(began).Minutes())
	return t, err
}

func main() {
	var all tally
	for _, s := range suites() {
		t, err := run(context.Background(), s)
		all.add(t)
		if err != nil {
			fmt.Fprintln(os.Stderr, "suite:", err)
			os.Exit(2)
		}
	}
	fmt.Fprintf(os.Stdout, "%d passed, %d failed, %d skipped\n", all.passed, all.failed, all.skipped)
	if all.failed > 0 || all.passed == 0 {
		os.Exit(1)
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"errata/internal/store/storetest"
)

// serve starts the server; it returns its address and what stops it in order.
func (p place) serve(args ...string) (address, printed string, stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, binary, args...)
	c.Env, c.Dir = p.env, p.dir
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	var log bytes.Buffer
	c.Stderr = &log
	out, err := c.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := c.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			p.t.Errorf("the server ended with %v: %s", err, log.String())
		}
	}
	p.t.Cleanup(stop)
	lines := bufio.NewScanner(out)
	listens := regexp.MustCompile(`\(http://([0-9.:]+)\)`)
	for lines.Scan() {
		printed += lines.Text() + "\n"
		if m := listens.FindStringSubmatch(lines.Text()); m != nil {
			address = m[1]
		}
		if address != "" && (strings.Contains(printed, "token=") || len(args) > 0) {
			break
		}
	}
	if address == "" {
		p.t.Fatalf("the server says %s", log.String())
	}
	go func() {
		for lines.Scan() { // the pipe must not fill
		}
	}()
	return address, printed, stop
}

func TestBesideAServer(t *testing.T) {
	p := newPlace(t)
	address, printed, stop := p.serve()
	link := regexp.MustCompile(`http://errors\.example\.com:9000(/setup/admin\?token=[0-9a-f]{32})\n`).FindStringSubmatch(printed)
	if link == nil || !strings.HasPrefix(printed, "Errata listens on http://errors.example.com:9000 (http://"+address+")\n") {
		t.Fatalf("printed %s", printed)
	}
	status := func(path, bearer string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		r, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return r.StatusCode
	}
	deadline := time.Now().Add(10 * time.Second)
	for status("/readyz", "") != 200 && time.Now().Before(deadline) {
		<-time.After(20 * time.Millisecond)
	}
	if got := status(link[1], ""); got != 200 {
		t.Errorf("the set-up link answers %d", got)
	}
	p.done("setup", "--email", "ada@example.com", "--name", "Ada", "--password-file", p.file("password"))
	if got := status(link[1], ""); got != 404 {
		t.Errorf("the link of a finished set-up answers %d", got)
	}
	p.json("project", "create", "checkout")
	token := p.json("token", "create", "--user", "ada@example.com", "--scope", "issue:read")["token"]
	if got := status("/api/v1/issues", token); got != 200 {
		t.Errorf("a new token: %d", got)
	}
	key := p.json("key", "create", "checkout")["key"]
	body := strings.NewReader("{}\n{\"type\":\"event\"}\n{\"message\":\"hello\"}")
	r, err := http.Post("http://"+address+"/api/1/envelope/?sentry_key="+key, "", body)
	if err != nil || r.StatusCode != 200 {
		t.Errorf("a new key: %v %v", r, err)
	}
	t.Run("a second server", func(t *testing.T) {
		_, problems, code := p.web("serve")
		if want := "data_dir: another server uses " + p.file("data") + "; stop it, or name another directory\n"; code != 78 || problems != want {
			t.Errorf("exit %d: %s", code, problems)
		}
	})
	t.Run("the same address", func(t *testing.T) {
		other := newPlace(t, "ERRATA_LISTEN="+address)
		if _, problems, code := other.web(); code != 78 || !strings.Contains(problems, "listen: ") {
			t.Errorf("exit %d: %s", code, problems)
		}
	})
	stop()
	if _, printed, _ := p.serve("serve"); strings.Contains(printed, "token=") {
		t.Errorf("a link although set-up is finished: %s", printed)
	}
}

// What does not belong together is refused, by the server and by commands.
func TestRefusesOtherData(t *testing.T) {
	made := func(t *testing.T, env ...string) place {
		p := newPlace(t, env...)
		p.done("project", "create", "checkout")
		return p
	}
	refused := func(t *testing.T, p place, key string) {
		t.Helper()
		for _, args := range [][]string{{"serve"}, {"project", "create", "other"}} {
			out, problems, code := p.web(args...)
			if code != 78 || out != "" || !strings.HasPrefix(lastLine(problems), key+": ") || !strings.Contains(lastLine(problems), "; ") {
				t.Errorf("%v: exit %d, %q %q", args, code, out, problems)
			}
		}
	}
	t.Run("the database is missing", func(t *testing.T) {
		p := made(t)
		for _, f := range []string{"errata.db", "errata.db-wal", "errata.db-shm"} {
			_ = os.Remove(p.file("data/" + f))
		}
		refused(t, p, "data_dir")
		if _, err := os.Stat(p.file("data/errata.db")); !errors.Is(err, os.ErrNotExist) {
			t.Error("an empty database was made")
		}
	})
	t.Run("another master key", func(t *testing.T) {
		p := made(t)
		if err := os.WriteFile(p.file("data/master.key"), []byte(strings.Repeat("ab", 32)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, p, "master_key")
	})
	t.Run("no master key any more", func(t *testing.T) {
		p := made(t)
		if err := os.Remove(p.file("data/master.key")); err != nil {
			t.Fatal(err)
		}
		refused(t, p, "master_key")
	})
	t.Run("a damaged master key", func(t *testing.T) {
		p := made(t)
		if err := os.WriteFile(p.file("data/master.key"), []byte("abc\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, p, "master_key")
	})
	t.Run("another event engine", func(t *testing.T) {
		p := made(t)
		p.env = append(p.env, "ERRATA_SEARCH_ELASTIC_URLS=http://127.0.0.1:9")
		refused(t, p, "search.elastic.urls")
	})
	t.Run("a database of another directory", func(t *testing.T) {
		p, other := made(t), made(t)
		for _, f := range []string{"errata.db", "errata.db-wal", "errata.db-shm", "master.key", "engine.id"} {
			_ = os.Remove(p.file("data/" + f))
			if text, err := os.ReadFile(other.file("data/" + f)); err == nil {
				if err := os.WriteFile(p.file("data/"+f), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		refused(t, p, "data_dir")
	})
	t.Run("PostgreSQL without a master key", func(t *testing.T) {
		refused(t, newPlace(t, "ERRATA_DATABASE_URL=postgres://127.0.0.1:1/errata"), "master_key")
	})
	t.Run("a directory that is a file", func(t *testing.T) {
		p := newPlace(t)
		if err := os.WriteFile(p.file("data"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, p, "data_dir")
	})
	t.Run("a second embedded engine beside a shared database", func(t *testing.T) {
		url := storetest.PostgresURL(t)
		one := newPlace(t, "ERRATA_DATABASE_URL="+url)
		if err := os.WriteFile(one.file("key"), []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		one.env = append(one.env, "ERRATA_MASTER_KEY=file:"+one.file("key"))
		one.done("project", "create", "checkout")
		two := newPlace(t, "ERRATA_DATABASE_URL="+url, "ERRATA_MASTER_KEY=file:"+one.file("key"))
		refused(t, two, "search.elastic.urls")
		one.done("key", "create", "checkout")
	})
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// A demo that is interrupted while it makes its history leaves nothing behind.
func TestDemoInterrupted(t *testing.T) {
	p := newPlace(t, "ERRATA_LISTEN=127.0.0.1:0")
	if err := os.Mkdir(p.file("tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := p.command("serve", "--demo")
	c.Env = append(c.Env, "TMPDIR="+p.file("tmp"))
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 6)
	if _, err := io.ReadFull(out, first); err != nil || string(first) != "Making" {
		t.Errorf("begins with %q, %v", first, err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Error(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("ends with %v", err)
	}
	if left, err := os.ReadDir(p.file("tmp")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := os.Stat(p.file("data")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the demo touched the data directory that is configured")
	}
}

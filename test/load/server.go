package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// target is the server under load, run as its own process from the real binary.
type target struct {
	binary, data, url string
	env               []string
	cmd               *exec.Cmd
	exited            chan struct{}
	key, project      string
	token             string
}

func newTarget(binary, data, database, elastic string) (*target, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	t := &target{binary: binary, data: data, url: "http://" + addr}
	t.env = append(os.Environ(), "ERRATA_LISTEN="+addr, "ERRATA_URL="+t.url, "ERRATA_DATA_DIR="+data, "ERRATA_LOG_FORMAT=text")
	if database != "" {
		t.env = append(t.env, "ERRATA_DATABASE_URL="+database, "ERRATA_MASTER_KEY=file:"+filepath.Join(data, "master.key"))
		if err := os.WriteFile(filepath.Join(data, "master.key"), []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	if elastic != "" {
		t.env = append(t.env, "ERRATA_SEARCH_ELASTIC_URLS="+elastic, fmt.Sprintf("ERRATA_SEARCH_ELASTIC_PREFIX=load%d", time.Now().UnixNano()))
	}
	return t, nil
}

// command runs one `web` command and decodes its JSON answer into out, if any.
func (t *target) command(out any, args ...string) error {
	cmd := exec.Command(t.binary, args...) //nolint:gosec,noctx // our own binary
	cmd.Env = t.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("web %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(stdout.Bytes(), out)
}

// prepare makes an administrator, a project and a reading token, as a person would.
func (t *target) prepare() error {
	secret := filepath.Join(t.data, "password")
	if err := os.WriteFile(secret, []byte("seven green lanterns\n"), 0o600); err != nil {
		return err
	}
	if err := t.command(nil, "setup", "--email", "load@example.com", "--name", "Load", "--password-file", secret); err != nil {
		return err
	}
	var p struct{ ID, Key string }
	if err := t.command(&p, "project", "create", "load", "--name", "Load", "--platform", "python", "--json"); err != nil {
		return err
	}
	var tok struct{ Token string }
	if err := t.command(&tok, "token", "create", "--user", "load@example.com", "--scope", "issue:read,event:read,analytics:read", "--json"); err != nil {
		return err
	}
	t.project, t.key, t.token = p.ID, p.Key, tok.Token
	return nil
}

// start runs the server and returns when it is ready.
func (t *target) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(t.data, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	t.cmd = exec.Command(t.binary, "serve") //nolint:gosec,noctx // it outlives every context, until it is killed
	t.cmd.Env, t.cmd.Stdout, t.cmd.Stderr = t.env, log, log
	if err := t.cmd.Start(); err != nil {
		return err
	}
	t.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) { _ = cmd.Wait(); close(exited) }(t.cmd, t.exited)
	return poll(ctx, 60*time.Second, func() (bool, error) {
		select {
		case <-t.exited:
			return false, errors.New("the server ended while starting; see server.log")
		default:
		}
		r, err := http.Get(t.url + "/readyz") //nolint:noctx // a local server
		if err != nil {
			return false, nil //nolint:nilerr // not up yet
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK, nil
	})
}

func (t *target) kill() {
	_ = t.cmd.Process.Kill()
	<-t.exited
}

func (t *target) stop() {
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-t.exited:
	case <-time.After(30 * time.Second):
		t.kill()
	}
}

// memory returns the resident bytes now and at their highest.
func (t *target) memory() (now, peak int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	return now, peak
}

// disk returns the bytes below the data directory.
func (t *target) disk() (sum int64) {
	_ = filepath.WalkDir(t.data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(path) != "server.log" {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// get reads one page of the JSON API.
func (t *target) get(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+t.token)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		return fmt.Errorf("GET %s: %s: %s", path, r.Status, b.String())
	}
	return json.NewDecoder(r.Body).Decode(out)
}

// poll asks until the answer is yes, an error, or too late.
func poll(ctx context.Context, limit time.Duration, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := ask(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not within %s", limit)
		}
	}
}

package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Build compiles the product into dir and returns the path of the binary.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "web")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "errata/cmd/web").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return binary, nil
}

// Server is the product as a process of its own.
type Server struct {
	Project, Key string // made by prepare
	binary, data string
	address, url string
	token        string
	env, args    []string
	process      *exec.Cmd
	exited       chan struct{}
	slowest      time.Duration // from start to ready
}

func newServer(binary, data string, st *stores) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // local
	if err != nil {
		return nil, err
	}
	s := &Server{binary: binary, data: data, address: l.Addr().String()}
	s.url = "http://" + s.address
	if err := l.Close(); err != nil {
		return nil, err
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ERRATA_") {
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "ERRATA_LISTEN="+s.address, "ERRATA_URL="+s.url, "ERRATA_DATA_DIR="+data, "ERRATA_LOG_FORMAT=text")
	if st.database != "" {
		key := filepath.Join(data, "master.key")
		if err := os.WriteFile(key, []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
			return nil, err
		}
		s.env = append(s.env, "ERRATA_DATABASE_URL="+st.database, "ERRATA_MASTER_KEY=file:"+key)
	}
	if st.elastic != "" {
		s.env = append(s.env, "ERRATA_SEARCH_ELASTIC_URLS="+st.elastic, "ERRATA_SEARCH_ELASTIC_PREFIX="+st.prefix)
	}
	return s, nil
}

// command runs one `web` command and decodes its JSON answer into out, if any.
func (s *Server) command(ctx context.Context, out any, args ...string) error {
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = s.env
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

// prepare makes an administrator, a service and a reading token, as a person would.
func (s *Server) prepare(ctx context.Context) error {
	secret := filepath.Join(s.data, "password")
	if err := os.WriteFile(secret, []byte("seven green lanterns\n"), 0o600); err != nil {
		return err
	}
	if err := s.command(ctx, nil, "setup", "--email", "load@example.com", "--name", "Load", "--password-file", secret); err != nil {
		return err
	}
	var made struct{ ID, Key string }
	if err := s.command(ctx, &made, "project", "create", "load", "--name", "Load", "--platform", "python", "--json"); err != nil {
		return err
	}
	var token struct{ Token string }
	if err := s.command(ctx, &token, "token", "create", "--user", "load@example.com", "--scope", "issue:read,event:read,analytics:read", "--json"); err != nil {
		return err
	}
	s.Project, s.Key, s.token = made.ID, made.Key, token.Token
	return nil
}

const startWait = 60 * time.Second

// launch runs the server without waiting for it.
func (s *Server) launch() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(s.binary, append([]string{"serve"}, s.args...)...) //nolint:noctx // it outlives every context, until it is killed
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.exited = cmd, make(chan struct{})
	go func(exited chan struct{}) { _ = cmd.Wait(); close(exited) }(s.exited)
	return nil
}

// start runs the server and returns when it is ready.
func (s *Server) start(ctx context.Context) error {
	began := time.Now()
	if err := s.launch(); err != nil {
		return err
	}
	err := poll(ctx, startWait, "the server is ready", func() (bool, error) {
		select {
		case <-s.exited:
			return false, errors.New("the server ended while starting: " + s.logTail())
		default:
		}
		r, err := http.Get(s.url + "/readyz") //nolint:noctx // a local server
		if err != nil {
			return false, nil //nolint:nilerr // not up yet
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK, nil
	})
	s.slowest = max(s.slowest, time.Since(began))
	return err
}

// kill ends the process as a power cut would end it.
func (s *Server) kill() {
	_ = s.process.Process.Kill()
	<-s.exited
}

// stop ends the server in order; one that does not end in time is an error.
func (s *Server) stop() error {
	if s.process == nil {
		return nil
	}
	select {
	case <-s.exited:
		return nil
	default:
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
		if code := s.process.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("the server stopped with exit code %d: %s", code, s.logTail())
		}
		return nil
	case <-time.After(60 * time.Second):
		s.kill()
		return errors.New("the server did not stop within 60 s: " + s.logTail())
	}
}

func (s *Server) logFile() string { return filepath.Join(s.data, "server.log") }

func (s *Server) logTail() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// alarms returns the lines of the log that nobody may overlook.
func (s *Server) alarms() (out []string) {
	text, _ := os.ReadFile(s.logFile()) // no log, no alarms
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// disk returns the bytes of each part of the data directory.
func (s *Server) disk() map[string]int64 {
	sizes := map[string]int64{}
	_ = filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == s.logFile() {
			return err
		}
		rel, err := filepath.Rel(s.data, path)
		if err != nil {
			return err
		}
		part, _, _ := strings.Cut(rel, string(filepath.Separator))
		part, _, _ = strings.Cut(part, "-") // errata.db-wal belongs to errata.db
		if info, err := d.Info(); err == nil {
			sizes[part] += info.Size()
		}
		return nil
	})
	return sizes
}

// get reads one page of the JSON API.
func (s *Server) get(ctx context.Context, path string, out any) error {
	body, err := s.read(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, out)
}

func (s *Server) read(ctx context.Context, path string) ([]byte, error) {
	return ask(ctx, http.MethodGet, s.url+path, s.token)
}

type list[T any] struct {
	Items []T
	Next  string
}

// pages reads a list of the API to its end.
func pages[T any](ctx context.Context, s *Server, path string) (all []T, err error) {
	at := path
	for {
		var p list[T]
		if err := s.get(ctx, at, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if p.Next == "" {
			return all, nil
		}
		at = path + "&cursor=" + url.QueryEscape(p.Next)
	}
}

// poll asks until the answer is yes, an error, or too late.
func poll(ctx context.Context, limit time.Duration, what string, ask func() (bool, error)) error {
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
			return fmt.Errorf("not within %s: %s", limit, what)
		}
	}
}

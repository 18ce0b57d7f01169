package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// binary is the program itself, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "errata-web-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "web")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// place is a data directory with the settings of its installation.
type place struct {
	t   *testing.T
	dir string
	env []string
}

func newPlace(t *testing.T, env ...string) place {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("seven green lanterns\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := place{t, dir, append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "ERRATA_DATA_DIR=" + filepath.Join(dir, "data"),
		"ERRATA_LISTEN=127.0.0.1:0", "ERRATA_URL=http://errors.example.com:9000", "ERRATA_QUEUE_MAX_BYTES=64MiB",
	}, env...)}
	return p
}

func (p place) file(name string) string { return filepath.Join(p.dir, name) }

func (p place) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(p.t.Context(), binary, args...)
	c.Env, c.Dir = p.env, p.dir
	return c
}

// web runs a command to its end.
func (p place) web(args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	c := p.command(args...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		p.t.Fatal(err)
	} else if ok {
		code = exit.ExitCode()
	}
	return out.String(), problems.String(), code
}

// done runs a command that must succeed and returns what it printed.
func (p place) done(args ...string) string {
	p.t.Helper()
	out, problems, code := p.web(args...)
	if code != 0 || problems != "" {
		p.t.Fatalf("%v: exit %d, %s%s", args, code, out, problems)
	}
	return out
}

func (p place) json(args ...string) map[string]string {
	p.t.Helper()
	answer := map[string]string{}
	if err := json.Unmarshal([]byte(p.done(append(args, "--json")...)), &answer); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

const (
	hex32 = `[0-9a-f]{32}`
	when  = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
	uuid  = `[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`
)

// One installation, from its very first command on, and what each prints.
func TestCommands(t *testing.T) {
	p := newPlace(t)
	setup := []string{"setup", "--email", "Ada@Example.com", "--name", "Ada Lovelace", "--password-file", p.file("password"), "--org", "Example Shop"}
	tests := []struct {
		name     string
		args     []string
		code     int
		out, err string // whole, as regular expressions
	}{
		{
			"first of all a service",
			[]string{"project", "create", "checkout", "--name", "Checkout", "--platform", "go"},
			0,
			`Service checkout \(issues are CHE-1, CHE-2 …\)\nDSN http://` + hex32 + `@errors\.example\.com:9000/1\n`, ``,
		},
		{
			"service in JSON",
			[]string{"project", "create", "search-api", "--json"},
			0,
			`{"dsn":"http://` + hex32 + `@errors\.example\.com:9000/2","id":"2","key":"` + hex32 + `","prefix":"[A-Z][A-Z0-9]{1,4}","slug":"search-api"}\n`, ``,
		},
		{"service again", []string{"project", "create", "checkout"}, 1, ``, `[^\n]+\n`},
		{
			"service again, in JSON",
			[]string{"project", "create", "checkout", "--json"},
			1, ``,
			`{"error":{"code":"conflict","message":"[^"]+","timestamp":"` + when + `","details":\[{"reason":"slug_taken".*}\]}}\n`,
		},
		{"bad slug", []string{"project", "create", "No Slug"}, 1, ``, `The short name has 1 to 50 characters of a-z, 0-9 and -\.\n`},
		{"bad platform", []string{"project", "create", "x", "--platform", "cobol", "--json"}, 1, ``, `{"error":{"code":"invalid".*"field":"platform".*}}\n`},
		{
			"token before there is anybody",
			[]string{"token", "create", "--user", "ada@example.com", "--scope", "issue:read"},
			1, ``,
			`There is no account with the address “ada@example\.com”\.\n`,
		},
		{"weak password", []string{"setup", "--email", "a@example.com", "--name", "A", "--password-file", p.file("none")}, 1, ``, `The password file cannot be read: .*none: no such file or directory\n`},
		{"bad address", []string{"setup", "--email", "nobody", "--name", "A", "--password-file", p.file("password"), "--json"}, 1, ``, `{"error":{"code":"invalid".*"field":"email".*}}\n`},
		{"setup", setup, 0, `Administrator ada@example\.com made\. Sign in at http://errors\.example\.com:9000/login\n`, ``},
		{"setup again", setup, 1, ``, `There is an administrator already\.\n`},
		{"setup again, in JSON", append(setup, "--json"), 1, ``, `{"error":{"code":"conflict","message":"There is an administrator already\.","timestamp":"` + when + `","details":\[\]}}\n`},
		{"key", []string{"key", "create", "checkout"}, 0, `DSN http://` + hex32 + `@errors\.example\.com:9000/1\n`, ``},
		{
			"key in JSON",
			[]string{"key", "create", "checkout", "--kind", "server", "--json"},
			0,
			`{"dsn":"http://` + hex32 + `@errors\.example\.com:9000/1","key":"` + hex32 + `","kind":"server"}\n`, ``,
		},
		{"key of nothing", []string{"key", "create", "nothing"}, 1, ``, `There is no such (project|service)\.\n`},
		{"key of no kind", []string{"key", "create", "checkout", "--kind", "golden"}, 1, ``, `The kind is public or server\.\n`},
		{
			"token",
			[]string{"token", "create", "--user", "ADA@example.com", "--scope", "issue:read, event:read"},
			0,
			`err_\w{49}\nIt is shown this once only and works until ` + when + `\. End it with: web token revoke ` + uuid + `\n`, ``,
		},
		{
			"token in JSON",
			[]string{"token", "create", "--user", "ada@example.com", "--scope", "issue:read", "--expires", "36h", "--json"},
			0,
			`{"expires_at":"` + when + `","id":"` + uuid + `","token":"err_\w{49}"}\n`, ``,
		},
		{"revoking no token", []string{"token", "revoke", "nothing"}, 1, ``, `There is no such token\.\n`},
		{"token for ever", []string{"token", "create", "--user", "ada@example.com", "--scope", "issue:read", "--expires", "367d"}, 1, ``, `A token lives at least a minute and at most a year \(366d\)\.\n`},
		{"token for no time", []string{"token", "create", "--user", "ada@example.com", "--scope", "issue:read", "--expires", "0h"}, 1, ``, `“0h” is no length of time\. .*\n`},
		{"token of the past", []string{"token", "create", "--user", "ada@example.com", "--scope", "issue:read", "--expires=-5h", "--json"}, 1, ``, `{"error":{"code":"invalid".*"field":"expires".*}}\n`},
		{"token for nothing", []string{"token", "create", "--user", "ada@example.com", "--scope", ","}, 1, ``, `Name at least one scope, as issue:read\.\n`},
		{"token for too much", []string{"token", "create", "--user", "ada@example.com", "--scope", "root"}, 1, ``, `“root” is no scope\. Known: .*\n`},
		{
			"person",
			[]string{"user", "create", "--email", "Ben@example.com", "--name", "Ben", "--role", "responder", "--project", "checkout", "--password-file", p.file("password")},
			0, `Account ben@example\.com made\. Sign in at http://errors\.example\.com:9000/login\n`, ``,
		},
		{
			"person again",
			[]string{"user", "create", "--email", "ben@example.com", "--name", "Ben", "--role", "viewer", "--password-file", p.file("password"), "--json"},
			1, ``, `{"error":{"code":"conflict".*"reason":"email_taken".*}}\n`,
		},
		{
			"invitation",
			[]string{"user", "create", "--email", "cleo@example.com", "--role", "auditor", "--json"},
			0, `{"email":"cleo@example\.com","expires_at":"` + when + `","link":"http://errors\.example\.com:9000/invite/[0-9a-f]{64}","role":"auditor"}\n`, ``,
		},
		{"person of no role", []string{"user", "create", "--email", "d@example.com", "--role", "king"}, 1, ``, `“king” is no role\. Known: .*\n`},
		{"person of no service", []string{"user", "create", "--email", "d@example.com", "--role", "viewer", "--project", "nothing"}, 1, ``, `There is no service “nothing”\.\n`},
		{"administrator of one service", []string{"user", "create", "--email", "d@example.com", "--role", "admin", "--project", "checkout"}, 1, ``, `Administrators are .*\n`},
		{"audit", []string{"audit", "verify"}, 0, `The audit is whole: 9 rows, the last with hash [0-9a-f]{64}\.\n`, ``},
		{"audit in JSON", []string{"audit", "verify", "--json"}, 0, `{"head":"[0-9a-f]{64}","rows":"9"}\n`, ``},
		{"no such command", []string{"destroy"}, 1, ``, `unexpected argument destroy\n`},
		{"no such flag", []string{"key", "create", "checkout", "--golden"}, 1, ``, `unknown flag --golden\n`},
		{"a missing flag, in JSON", []string{"setup", "--email", "a@example.com", "--json"}, 1, ``, `{"error":{"code":"invalid","message":"missing flags: .*","timestamp":"` + when + `","details":\[{"reason":"usage".*}\]}}\n`},
		{"a wrong setting", []string{"key", "create", "checkout", "--listen", "nowhere"}, 78, ``, `listen: [^\n]+; write host:port[^\n]*\n`},
		{"a wrong setting of the server", []string{"serve", "--workers", "1000"}, 78, ``, `workers: 1000 is not from 0 to 64 \(flag --workers\); [^\n]*\n`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, problems, code := p.web(tt.args...)
			for what, c := range map[string]struct{ got, want string }{"stdout": {out, tt.out}, "stderr": {problems, tt.err}} {
				if !regexp.MustCompile(`^` + c.want + `$`).MatchString(c.got) {
					t.Errorf("%s: %q, want %s", what, c.got, c.want)
				}
			}
			if code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}
		})
	}
}

func TestAuditVerifyNamesTheRow(t *testing.T) {
	p := newPlace(t)
	for _, slug := range []string{"a", "b", "c"} {
		p.done("project", "create", slug)
	}
	db, err := sql.Open("sqlite", p.file("data/errata.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{"DROP TRIGGER audit_update", "UPDATE audit SET actor_id = 'nobody' WHERE seq = 2"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if _, problems, code := p.web("audit", "verify"); code != 1 || problems != "The audit is broken at row 2: the row was changed.\n" {
		t.Errorf("exit %d: %s", code, problems)
	}
	if _, problems, code := p.web("audit", "verify", "--json"); code != 1 || !strings.Contains(problems, `"reason":"audit_broken"`) || !strings.Contains(problems, `"row":2`) {
		t.Errorf("exit %d: %s", code, problems)
	}
}

func TestPasswordFromStandardInput(t *testing.T) {
	p := newPlace(t)
	c := p.command("setup", "--email", "ada@example.com", "--name", "Ada", "--password-file", "-")
	c.Stdin = strings.NewReader("seven green lanterns\r\n")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v", out, err)
	}
}

func TestConfigPrint(t *testing.T) {
	p := newPlace(t, "ERRATA_SEARCH_ELASTIC_URLS=http://127.0.0.1:9200", "ERRATA_SEARCH_ELASTIC_API_KEY=topsecretkey")
	if err := os.WriteFile(p.file("errata.yaml"), []byte("workers: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := p.done("config", "print", "--config", p.file("errata.yaml"), "--log.level", "warn")
	for _, want := range []string{
		`(?m)^workers +3 +file .*errata\.yaml:1$`, `(?m)^log\.level +warn +flag --log.level$`, `(?m)^listen +127\.0\.0\.1:0 +environment ERRATA_LISTEN$`,
		`(?m)^drain_delay +0s +default$`, `(?m)^search\.elastic\.api_key +[•*.]+ +environment ERRATA_SEARCH_ELASTIC_API_KEY$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(out, "topsecretkey") {
		t.Error("a secret is printed")
	}
	if _, err := os.Stat(p.file("data")); !errors.Is(err, os.ErrNotExist) {
		t.Error("printing settings made a data directory")
	}
}

// Commands that are the first thing that ever runs may run side by side.
func TestFirstCommandsTogether(t *testing.T) {
	p := newPlace(t)
	const n = 4
	failed := make(chan string, n)
	for i := range n {
		go func() {
			c := p.command("project", "create", fmt.Sprintf("service-%d", i))
			out, err := c.CombinedOutput()
			if err != nil {
				failed <- string(out)
				return
			}
			failed <- ""
		}()
	}
	for range n {
		if problem := <-failed; problem != "" {
			t.Error(problem)
		}
	}
}

func TestTokenRevoked(t *testing.T) {
	p := newPlace(t)
	p.done("setup", "--email", "ada@example.com", "--name", "Ada", "--password-file", p.file("password"))
	id := p.json("token", "create", "--user", "ada@example.com", "--scope", "issue:read")["id"]
	if out := p.done("token", "revoke", id); out != "Token "+id+" works no more.\n" {
		t.Error(out)
	}
	db, err := sql.Open("sqlite", p.file("data/errata.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var ended bool
	if err := db.QueryRowContext(t.Context(), "SELECT revoked_at IS NOT NULL FROM api_token WHERE id = ?", id).Scan(&ended); err != nil || !ended {
		t.Errorf("the token still works: %v", err)
	}
}

package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/config.md")

type cli struct {
	Config `embed:""`
	Serve  struct {
		Dev bool
	} `cmd:"" default:"withargs"`
	Print struct{} `cmd:""`
}

// parse runs args with the environment given as NAME=value.
func parse(t *testing.T, env []string, args ...string) (*Config, error) {
	t.Helper()
	vars := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	var c cli
	_, err := Parse(&c, &c.Config, args, func(name string) string { return vars[name] })
	return &c.Config, err
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "errata.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func origins(c *Config) map[string]string {
	all := map[string]string{}
	for _, s := range c.Settings() {
		all[s.Key] = s.Origin
	}
	return all
}

func TestDefaults(t *testing.T) {
	c, err := parse(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.Intake.MaxCompressed != 20<<20 || c.Intake.BodyTimeout != 30*time.Second ||
		c.Postgres() || c.Elasticsearch() || c.WorkerCount() != 1 {
		t.Errorf("%+v", c)
	}
	for key, origin := range origins(c) {
		if origin != "default" {
			t.Errorf("%s comes from %s", key, origin)
		}
	}
	if path, create := c.MasterKeyFile(); path != filepath.Join("data", "master.key") || !create {
		t.Error(path, create)
	}
}

func TestOrder(t *testing.T) {
	yaml := file(t, `
listen: 127.0.0.1:1
workers: 3
data_dir: fromfile
search:
  elastic:
    urls: [http://a:9200, http://b:9200]
    max_inflight: 2
`)
	env := []string{"ERRATA_DATA_DIR=fromenv", "ERRATA_WORKERS=4", "ERRATA_URL="}
	c, err := parse(t, env, "--config", yaml, "--workers=5", "serve", "--dev")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"http://a:9200", "http://b:9200"}, c.Search.Elastic.URLs); d != "" {
		t.Error(d)
	}
	if c.Listen != "127.0.0.1:1" || c.Workers != 5 || c.DataDir != "fromenv" || c.URL != "http://localhost:8080" {
		t.Errorf("%+v", c)
	}
	want := map[string]string{
		"listen": "file " + yaml + ":2", "workers": "flag --workers", "data_dir": "environment ERRATA_DATA_DIR",
		"url": "default", "search.elastic.max_inflight": "file " + yaml + ":8",
	}
	got := origins(c)
	for key, origin := range want {
		if got[key] != origin {
			t.Errorf("%s comes from %q, want %q", key, got[key], origin)
		}
	}
}

func TestFileNamedByEnvironment(t *testing.T) {
	c, err := parse(t, []string{"ERRATA_CONFIG=" + file(t, "log: {level: debug}")})
	if err != nil || c.Log.Level != "debug" {
		t.Error(c.Log.Level, err)
	}
}

func TestWrongSettings(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		yaml string
		args []string
		want string // with FILE for the path
	}{
		{"unknown key", nil, "databse:\n  url: x", nil, "databse: no such setting (file FILE:1); web config print lists all keys"},
		{"near key", nil, "log:\n  leval: debug", nil, "log.leval: no such setting (file FILE:2); did you mean log.level"},
		{"key in file", nil, "config: x", nil, "config: a file cannot name another (file FILE:1); use --config or ERRATA_CONFIG"},
		{"not yaml", nil, "a: [", nil, "FILE: not valid YAML: [1:4] sequence end token ']' not found; correct the line it names"},
		{"section is a value", nil, "log: 5", nil, "log: settings are expected here (file FILE:1); write key: value below it"},
		{"value is a section", nil, "url: {a: b}", nil, "url: a single value or a list is expected (file FILE:1); write the address people open, as https://errata.example.com"},
		{"list in the file", nil, "- a", nil, "settings are expected here (file FILE:1); write key: value below it"},
		{"file is missing", []string{"ERRATA_CONFIG=/nowhere.yaml"}, "", nil, "config: open /nowhere.yaml: no such file or directory; name a file that exists and may be read"},
		{"number in environment", []string{"ERRATA_WORKERS=many"}, "", nil, `workers: expected a valid 64 bit int but got "many" (environment ERRATA_WORKERS); write a whole number from 0 to 64`},
		{"size in file", nil, "intake: {max_event: 1 parsec}", nil, "intake.max_event: a size is written 512, 64KiB, 20MiB or 8GiB (file FILE:1); write a whole number above 0; sizes as 64KiB, 20MiB"},
		{"number in flag", nil, "", []string{"--workers=many"}, `workers: expected a valid 64 bit int but got "many" (flag --workers); write a whole number from 0 to 64`},
		{"out of range", nil, "", []string{"--workers=99"}, "workers: 99 is not from 0 to 64 (flag --workers); write a whole number from 0 to 64"},
		{"listen", nil, "listen: here", nil, `listen: "here" is not host:port (file FILE:1); write host:port, as 127.0.0.1:8080 or :8080`},
		{"url", []string{"ERRATA_URL=errata.example.com"}, "", nil, "url: not an address that begins with http:// or https:// (environment ERRATA_URL); write the address people open, as https://errata.example.com"},
		{"database scheme", []string{"ERRATA_DATABASE_URL=mysql://root:hunter2@x"}, "", nil, "database.url: not an address that begins with postgres:// (environment ERRATA_DATABASE_URL); write postgres://user:password@host:5432/name"},
		{"secret file", []string{"ERRATA_DATABASE_URL=file:/nowhere"}, "", nil, "database.url: the secret's file cannot be read: stat /nowhere: no such file or directory (environment ERRATA_DATABASE_URL); write postgres://user:password@host:5432/name"},
		{"master key", nil, "", []string{"--database.url=postgres://h/n"}, "master_key: is missing and PostgreSQL is used, where several processes must share it (default); make one by: openssl rand -hex 32 > master.key, and set file:master.key"},
		{"both ways to sign in", nil, "", []string{"--search.elastic.api-key=k", "--search.elastic.username=u"}, "search.elastic.api_key: stands beside a user name (flag --search.elastic.api-key); set either the API key or user name and password"},
		{"password in address", nil, "", []string{"--search.elastic.urls=http://a:9200,http://u:hunter2@b:9200"}, "search.elastic.urls: an address must not hold a user name or password (flag --search.elastic.urls); write https://host:9200, several joined by commas"},
		{"proxies", nil, "trusted_proxies: [10.0.0.0/8, all]", nil, `trusted_proxies: "all" is no address and no network (file FILE:1); write addresses or networks, as 10.0.0.0/8,192.168.1.4`},
		{"mail without a server", nil, "smtp: {from: errata@example.com}", nil, "smtp.host: is missing though other smtp settings are set (default); name the mail server"},
		{"mail from nobody", nil, "smtp: {host: mail}", nil, `smtp.from: "" is no address (default); write the sender's address, as errata@example.com`},
		{"mail's protection", nil, "smtp: {host: mail, from: a@b.c, tls: some}", nil, `smtp.tls: "some" is none of starttls, tls, none (file FILE:1); write starttls, tls or none`},
		{"mail's password", nil, "smtp: {host: mail, from: a@b.c, username: u}", nil, "smtp.username: one of user name and password is missing (file FILE:1); set user name and password together"},
		{"level", nil, "log: {level: loud}", nil, `log.level: "loud" is none of debug, info, warn, error (file FILE:1); write debug, info, warn or error`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := ""
			if tt.yaml != "" {
				path = file(t, tt.yaml)
				tt.args = append(tt.args, "--config="+path)
			}
			_, err := parse(t, tt.env, tt.args...)
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("error is %T %v", err, err)
			}
			got := err.Error()
			if path != "" {
				got = strings.ReplaceAll(got, path, "FILE")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, "\n") {
				t.Error("the message tells a secret or has several lines")
			}
		})
	}
}

func TestUsageIsNoSetting(t *testing.T) {
	for _, args := range [][]string{{"--nonsense"}, {"print", "extra"}} {
		_, err := parse(t, nil, args...)
		if _, ok := errors.AsType[*Error](err); ok || err == nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestSecretNeverPrints(t *testing.T) {
	const word = "hunter2"
	holder := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(holder, []byte("postgres://u:"+word+"@h/n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("a1", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parse(t, []string{"ERRATA_DATABASE_URL=file:" + holder, "ERRATA_MASTER_KEY=file:" + key},
		"--search.elastic.api-key="+word)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Database.URL.Reveal(); got != "postgres://u:"+word+"@h/n" {
		t.Errorf("secret read as %q", got)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	enc, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(enc)
	fmt.Fprintf(&out, "%v %+v %#v %s", c, c, c, c.Database.URL)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", slog.Any("url", c.Database.URL))
	if strings.Contains(out.String(), word) {
		t.Error(out.String())
	}
	if !strings.Contains(out.String(), dots) {
		t.Error("no dots printed")
	}
}

func TestSize(t *testing.T) {
	tests := []struct {
		in   string
		want Size
		out  string
	}{
		{"0", 0, "0"}, {"512", 512, "512"}, {"64KiB", 64 << 10, "64KiB"}, {"1024", 1024, "1KiB"}, {" 20 MiB", 20 << 20, "20MiB"}, {"8GiB", 8 << 30, "8GiB"}, {"7B", 7, "7"},
	}
	for _, tt := range tests {
		var s Size
		if err := s.UnmarshalText([]byte(tt.in)); err != nil || s != tt.want || s.String() != tt.out {
			t.Errorf("%q = %d %q %v", tt.in, s, s, err)
		}
	}
	for _, bad := range []string{"", "-1", "1.5MiB", "1MB", "MiB", "99999999999GiB"} {
		var s Size
		if err := s.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q = %d", bad, s)
		}
	}
}

func TestDocumentIsCurrent(t *testing.T) {
	var b bytes.Buffer
	if err := Document(&b); err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/config.md"
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(have), b.String()); d != "" {
		t.Error("run go test ./internal/config -update", d)
	}
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{"", "a: [", "url: x\nurl: y", "search: {elastic: {urls: [a, b]}}", "- 1", "log: |\n  x", "a: &x [*x]", "? {a: b}\n: c", "url: !!binary x", "---\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseFile("f", text)
		if err == nil {
			for key := range found {
				if !known()[key] {
					t.Errorf("unknown key %q was taken", key)
				}
			}
		}
	})
}

package config

import (
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// remedies say what a key wants, for messages.
var remedies = map[string]string{ //nolint:gosec // the password is a placeholder
	"listen":                        "write host:port, as 127.0.0.1:8080 or :8080",
	"url":                           "write the address people open, as https://errata.example.com",
	"data_dir":                      "name a folder",
	"master_key":                    "make one by: openssl rand -hex 32 > master.key, and set file:master.key",
	"trusted_proxies":               "write addresses or networks, as 10.0.0.0/8,192.168.1.4",
	"workers":                       "write a whole number from 0 to 64",
	"drain_delay":                   "write a time from 0s to 5m, as 5s",
	"database.url":                  "write postgres://user:password@host:5432/name",
	"search.embedded.memory":        "write 0, or a size as 512MiB",
	"search.elastic.urls":           "write https://host:9200, several joined by commas",
	"search.elastic.api_key":        "set either the API key or user name and password",
	"search.elastic.username":       "set user name and password together",
	"search.elastic.ca_file":        "name a PEM file that exists",
	"search.elastic.ca_fingerprint": "write the 64 hex digits of the authority's SHA-256 fingerprint",
	"search.elastic.client_cert":    "name two PEM files that belong together",
	"search.elastic.prefix":         "use lower-case letters, digits, - and _, beginning with a letter",
	"search.elastic.replicas":       "write a number, or a range as 0-1 or 0-all",
	"search.elastic.max_inflight":   "write a whole number from 1 to 64",
	"queue.max_bytes":               "write 0, or at least 64MiB",
	"smtp.host":                     "name the mail server",
	"smtp.port":                     "write a number from 1 to 65535",
	"smtp.username":                 "set user name and password together",
	"smtp.from":                     "write the sender's address, as errata@example.com",
	"smtp.tls":                      "write starttls, tls or none",
	"log.level":                     "write debug, info, warn or error",
	"log.format":                    "write auto, text or json",
	"log.keep":                      "write a whole number from 0 to 1000",
	"intake.body_timeout":           "write a time from 1s to 10m, as 30s",
}

func remedy(key string) string {
	if r := remedies[key]; r != "" {
		return r
	}
	if strings.HasPrefix(key, "intake.") || strings.HasSuffix(key, "max_size") {
		return "write a whole number above 0; sizes as 64KiB, 20MiB"
	}
	return "see docs/config.md"
}

// check is one rule: problem is "" when the value will do.
type check struct{ key, problem string }

// validate returns the first wrong setting as an *Error.
func (c *Config) validate() error {
	for _, group := range [][]check{c.general(), c.Search.Elastic.checks(), c.SMTP.checks(), c.limits()} {
		for _, k := range group {
			if k.problem != "" {
				return &Error{Key: k.key, Problem: k.problem + c.from(k.key), Remedy: remedy(k.key)}
			}
		}
	}
	return nil
}

// from says in brackets where a setting comes from, for messages.
func (c *Config) from(key string) string {
	for _, s := range c.settings {
		if s.Key == key {
			return " (" + s.Origin + ")"
		}
	}
	return ""
}

func (c *Config) general() []check {
	return []check{
		{"listen", listenProblem(c.Listen)},
		{"url", webProblem(c.URL)},
		{"data_dir", when(c.DataDir == "", "is empty")},
		{"database.url", databaseProblem(c.Database.URL.Reveal())},
		{"master_key", c.masterKeyProblem()},
		{"trusted_proxies", c.proxyProblem()},
		{"workers", outside(c.Workers, 0, 64)},
		{"drain_delay", when(c.DrainDelay < 0 || c.DrainDelay.Minutes() > 5, c.DrainDelay.String()+" is out of range")},
		{"queue.max_bytes", when(c.Queue.MaxBytes != 0 && c.Queue.MaxBytes < 64<<20, c.Queue.MaxBytes.String()+" is too small")},
		{"log.level", oneOf(c.Log.Level, "debug", "info", "warn", "error")},
		{"log.format", oneOf(c.Log.Format, "auto", "text", "json")},
		{"log.max_size", when(c.Log.MaxSize < 1<<20, c.Log.MaxSize.String()+" is below 1MiB")},
		{"log.keep", outside(c.Log.Keep, 0, 1000)},
	}
}

func (c *Config) limits() []check {
	i := c.Intake
	return []check{
		{"intake.max_compressed", positive(i.MaxCompressed)},
		{"intake.max_decompressed", positive(i.MaxDecompressed)},
		{"intake.max_ratio", outside(i.MaxRatio, 1, 100_000)},
		{"intake.max_event", when(i.MaxEvent < 1 || i.MaxEvent > 1<<20, i.MaxEvent.String()+" is not above 0 and at most 1MiB")},
		{"intake.max_items", outside(i.MaxItems, 1, 1_000_000)},
		{"intake.max_header_line", positive(i.MaxHeaderLine)},
		{"intake.max_client_report", positive(i.MaxClientReport)},
		{"intake.max_inflight", when(i.MaxInflight < i.MaxDecompressed, i.MaxInflight.String()+" is less than intake.max_decompressed")},
		{"intake.body_timeout", when(i.BodyTimeout.Seconds() < 1 || i.BodyTimeout.Minutes() > 10, i.BodyTimeout.String()+" is out of range")},
	}
}

var (
	prefixForm      = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	replicasForm    = regexp.MustCompile(`^[0-9]{1,2}(-([0-9]{1,2}|all))?$`)
	fingerprintMark = strings.NewReplacer(":", "", " ", "")
)

func (e *Elastic) checks() []check {
	both := e.APIKey != "" && (e.Username != "" || e.Password != "")
	_, hexErr := hex.DecodeString(fingerprintMark.Replace(e.CAFingerprint))
	badPrint := hexErr != nil || len(fingerprintMark.Replace(e.CAFingerprint)) != 64
	all := []check{
		{"search.elastic.api_key", when(both, "stands beside a user name")},
		{"search.elastic.username", when((e.Username == "") != (e.Password == ""), "one of user name and password is missing")},
		{"search.elastic.ca_file", fileProblem(e.CAFile)},
		{"search.elastic.ca_fingerprint", when(e.CAFingerprint != "" && badPrint, "is not a SHA-256 fingerprint")},
		{"search.elastic.client_cert", e.certProblem()},
		{"search.elastic.prefix", when(!prefixForm.MatchString(e.Prefix), strconv.Quote(e.Prefix)+" cannot begin an index name")},
		{"search.elastic.replicas", when(!replicasForm.MatchString(e.Replicas), strconv.Quote(e.Replicas)+" is no number of copies")},
		{"search.elastic.max_inflight", outside(e.MaxInflight, 1, 64)},
	}
	for _, u := range e.URLs {
		all = append(all, check{"search.elastic.urls", webProblem(u)})
	}
	return all
}

func (m *SMTP) checks() []check {
	if m.Host == "" {
		return []check{{"smtp.host", when(m.From != "" || m.Username != "", "is missing though other smtp settings are set")}}
	}
	_, err := mail.ParseAddress(m.From)
	return []check{
		{"smtp.port", outside(m.Port, 1, 65535)},
		{"smtp.username", when((m.Username == "") != (m.Password == ""), "one of user name and password is missing")},
		{"smtp.from", when(err != nil, strconv.Quote(m.From)+" is no address")},
		{"smtp.tls", oneOf(m.TLS, "starttls", "tls", "none")},
	}
}

func (e *Elastic) certProblem() string {
	if e.ClientCert == "" && e.ClientKey == "" {
		return ""
	}
	if _, err := tls.LoadX509KeyPair(e.ClientCert, e.ClientKey); err != nil {
		return err.Error()
	}
	return ""
}

func (c *Config) masterKeyProblem() string {
	if c.MasterKey == "" {
		return when(c.Postgres(), "is missing and PostgreSQL is used, where several processes must share it")
	}
	path, ok := strings.CutPrefix(c.MasterKey, "file:")
	if !ok {
		return "does not begin with file:"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	return when(err != nil || len(key) != 32, "is a file that does not hold 64 hex digits")
}

func (c *Config) proxyProblem() string {
	_, err := c.ProxyNetworks()
	return message(err)
}

// ProxyNetworks returns the trusted proxies as networks.
func (c *Config) ProxyNetworks() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range c.TrustedProxies {
		if addr, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no address and no network", text)
		}
		all = append(all, network)
	}
	return all, nil
}

func listenProblem(s string) string {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return strconv.Quote(s) + " is not host:port"
	}
	n, err := strconv.Atoi(port)
	return when(err != nil || n < 0 || n > 65535, strconv.Quote(port)+" is no port")
}

func webProblem(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "not an address" // the parser's words repeat the text, which may hold a password
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "not an address that begins with http:// or https://"
	case u.User != nil:
		return "an address must not hold a user name or password"
	case u.RawQuery != "" || u.Fragment != "":
		return "an address must not hold ? or #"
	}
	return ""
}

func databaseProblem(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	return when(err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql"), "not an address that begins with postgres://")
}

func fileProblem(path string) string {
	if path == "" {
		return ""
	}
	_, err := os.Stat(path)
	return message(err)
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func when(bad bool, problem string) string {
	if bad {
		return problem
	}
	return ""
}

func positive(s Size) string { return when(s < 1, s.String()+" is not above 0") }

func outside(n, low, high int) string {
	return when(n < low || n > high, fmt.Sprintf("%d is not from %d to %d", n, low, high))
}

func oneOf(s string, words ...string) string {
	return when(!slices.Contains(words, s), strconv.Quote(s)+" is none of "+strings.Join(words, ", "))
}

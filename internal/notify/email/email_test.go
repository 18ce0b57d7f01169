package email_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/notify/email"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// script is how a mail server answers: by the first word of what it is told;
// "" is how it greets, "tls" says that it begins with TLS.
type script map[string]string

// plain takes everything.
var plain = script{"": "220 mail.test ready", "EHLO": "250-mail.test\r\n250 8BITMIME", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 taken", "NOOP": "250 ok", "RSET": "250 ok", "QUIT": "221 bye"}

func (s script) but(word, answer string) script {
	out := script{word: answer}
	for k, v := range s {
		if k != word {
			out[k] = v
		}
	}
	return out
}

// server is a mail server that follows a script, one connection at a time.
type server struct {
	port  int
	roots *x509.CertPool
	heard chan []string // the lines of each connection
}

func serve(t *testing.T, s script) *server {
	t.Helper()
	cert, roots := certificate(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &server{port: l.Addr().(*net.TCPAddr).Port, roots: roots, heard: make(chan []string, 8)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			srv.heard <- talk(c, s, cert)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return srv
}

// talk follows the script until the other side leaves, and returns what it said.
func talk(c net.Conn, s script, cert tls.Certificate) (heard []string) {
	defer func() { _ = c.Close() }()
	if s["tls"] != "" {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	say := func(line string) { _, _ = c.Write([]byte(line + "\r\n")) }
	say(s[""])
	in, body := bufio.NewReader(c), false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return heard
		}
		line = strings.TrimRight(line, "\r\n")
		heard = append(heard, line)
		word, _, _ := strings.Cut(line, " ")
		switch {
		case body && line != ".":
			continue
		case body:
			body = false
		}
		say(s[word])
		switch word {
		case "DATA":
			body = strings.HasPrefix(s[word], "354")
		case "STARTTLS":
			secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
			c, in = secure, bufio.NewReader(secure)
		case "QUIT":
			return heard
		}
	}
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// sender returns a sender to the server, changed by change.
func (s *server) sender(t *testing.T, change func(*email.Options)) *email.Sender {
	t.Helper()
	o := email.Options{Host: "127.0.0.1", Port: s.port, From: "Errata <errata@example.com>", TLS: email.Plain, Clock: func() time.Time { return noon }}
	if change != nil {
		change(&o)
	}
	out, err := email.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// said are the commands of a connection without the lines of the message.
func said(lines []string) (commands []string, message string) {
	for i, l := range lines {
		if l == "DATA" {
			end := len(lines)
			for j, m := range lines[i:] {
				if m == "." {
					end = i + j
				}
			}
			return append(lines[:i+1:i+1], lines[end:]...), strings.Join(lines[i+1:end], "\n")
		}
	}
	return lines, ""
}

func TestSend(t *testing.T) {
	s := serve(t, plain)
	err := s.sender(t, nil).Send(t.Context(), email.Message{To: "bo@example.com", Subject: "Come in", Text: "Open this:\nhttp://localhost/invite/abc\n"})
	if err != nil {
		t.Fatal(err)
	}
	commands, message := said(<-s.heard)
	commands[0] = "EHLO"
	want := []string{"EHLO", "NOOP", "MAIL FROM:<errata@example.com> BODY=8BITMIME", "RCPT TO:<bo@example.com>", "DATA", ".", "NOOP", "RSET", "QUIT"}
	if d := cmp.Diff(want, commands); d != "" {
		t.Error(d)
	}
	for _, line := range []string{"From: \"Errata\" <errata@example.com>", "To: <bo@example.com>", "Subject: Come in", "Date: Fri, 20 Nov 2026 12:00:00 +0000", "Auto-Submitted: auto-generated", "http://localhost/invite/abc"} {
		if !strings.Contains("\n"+message+"\n", "\n"+line+"\n") {
			t.Errorf("%q is not in\n%s", line, message)
		}
	}
}

func TestStartTLSAndPassword(t *testing.T) {
	offer := plain.but("EHLO", "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN").but("STARTTLS", "220 go").but("AUTH", "235 welcome")
	s := serve(t, offer)
	secret := func(o *email.Options) {
		o.TLS, o.Username, o.Password, o.Roots = email.StartTLS, "errata", "three blue boats", s.roots
	}
	if err := s.sender(t, secret).Send(t.Context(), email.Message{To: "bo@example.com", Subject: "s", Text: "t"}); err != nil {
		t.Fatal(err)
	}
	heard := <-s.heard
	if heard[1] != "STARTTLS" {
		t.Errorf("before TLS: %q", heard)
	}
	if want := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00errata\x00three blue boats")); !cmp.Equal(want, heard[3]) {
		t.Errorf("signed in by %q", heard[3])
	}
	err := s.sender(t, func(o *email.Options) { secret(o); o.Roots = nil }).Send(t.Context(), email.Message{To: "bo@example.com", Subject: "s", Text: "t"})
	if errata.ReasonOf(err) != "mail" {
		t.Errorf("a certificate of nobody: %v", err)
	}
	for _, line := range <-s.heard {
		if strings.HasPrefix(line, "AUTH") {
			t.Error("the password went to a stranger")
		}
	}
}

func TestTLS(t *testing.T) {
	s := serve(t, plain.but("tls", "first"))
	err := s.sender(t, func(o *email.Options) { o.TLS, o.Roots = email.TLS, s.roots }).Send(t.Context(), email.Message{To: "bo@example.com", Subject: "s", Text: "t"})
	if heard := <-s.heard; err != nil || !slices.Contains(heard, "RCPT TO:<bo@example.com>") {
		t.Errorf("%v after %q", err, heard)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		script script
		change func(*email.Options)
	}{
		{"no TLS though it is wanted", plain, func(o *email.Options) { o.TLS = email.StartTLS }},
		{"no way to sign in", plain, func(o *email.Options) { o.Username, o.Password = "u", "p" }},
		{"a password in the clear", plain.but("EHLO", "250-mail.test\r\n250 AUTH PLAIN LOGIN"), func(o *email.Options) { o.Username, o.Password = "u", "p" }},
		{"unknown person", plain.but("RCPT", "550 no such person"), nil},
		{"message refused", plain.but(".", "554 looks like spam"), nil},
		{"busy", plain.but("", "421 later"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.script)
			err := s.sender(t, tt.change).Send(t.Context(), email.Message{To: "bo@example.com", Subject: "s", Text: "t"})
			if errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != "mail" {
				t.Errorf("answered %v", err)
			}
		})
	}
	s := serve(t, plain)
	for _, to := range []string{"", "bo", "bo@example.com\r\nBcc: all@example.com", "bo@example.com, eve@example.com", "bo@example.com\x00", strings.Repeat("a", 300) + "@example.com"} {
		if err := s.sender(t, nil).Send(t.Context(), email.Message{To: to, Subject: "s", Text: "t"}); errata.ReasonOf(err) != "address" {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if len(s.heard) > 0 {
		t.Error("the server was called for an address that is none")
	}
}

// What people type never makes a header.
func TestHeaderInjection(t *testing.T) {
	s := serve(t, plain)
	m := email.Message{
		To:      "\"Bo\r\n Bcc: all@example.com\" <bo@example.com>",
		Subject: "Shop\r\nBcc: all@example.com\r\n\r\nbody\u2028x" + strings.Repeat("é", 500), Text: "Bcc: all@example.com",
	}
	if err := s.sender(t, nil).Send(t.Context(), m); err != nil && errata.ReasonOf(err) != "address" {
		t.Fatal(err)
	}
	m.To = "bo@example.com"
	if err := s.sender(t, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for len(s.heard) > 0 || len(m.To) > 0 {
		commands, message := said(<-s.heard)
		m.To = ""
		head, _, _ := strings.Cut(message, "\n\n")
		for line := range strings.Lines(strings.Join(commands, "\n") + "\n" + head) {
			if low := strings.ToLower(line); strings.HasPrefix(low, "bcc") || strings.HasPrefix(low, "rcpt to") && !strings.Contains(low, "<bo@example.com>") {
				t.Errorf("injected %q", line)
			}
			if len(line) > 1000 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
}

func TestNew(t *testing.T) {
	if s, err := email.New(email.Options{}); s != nil || err != nil {
		t.Errorf("without a server: %v, %v", s, err)
	}
	if _, err := email.New(email.Options{Host: "mail", From: "nobody"}); errata.ReasonOf(err) != "address" {
		t.Errorf("no sender's address: %v", err)
	}
}

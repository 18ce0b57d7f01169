// Package email sends mail over SMTP.
package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"errata/internal/errata"
)

// How a connection is protected.
const (
	StartTLS = "starttls" // in the clear at first, then TLS; refused without it
	TLS      = "tls"      // TLS from the first byte
	Plain    = "none"     // in the clear: for a relay on the same machine
)

// patience is how long one mail may take altogether.
const patience = 15 * time.Second

// maxSubject bounds a subject, in characters.
const maxSubject = 200

// Options say which server sends and as whom. Host "" means that there is none.
type Options struct {
	Host               string
	Port               int
	Username, Password string
	From               string // an address, as "Errata <errata@example.com>"
	TLS                string
	Roots              *x509.CertPool // authorities of the server's certificate; nil = the system's
	Clock              errata.Clock
}

// Message is one mail to one person, plain text.
type Message struct{ To, Subject, Text string }

// Sender sends mail. It keeps no connection and is safe for concurrent use.
type Sender struct {
	o    Options
	from *mail.Address
}

// New returns a sender, or nil when no server is set. Error: From is no address.
func New(o Options) (*Sender, error) {
	if o.Host == "" {
		return nil, nil //nolint:nilnil // no server is no sender, and no mistake
	}
	from, err := Address(o.From)
	if err != nil {
		return nil, err
	}
	return &Sender{o: o, from: from}, nil
}

// Address reads one address, with or without a name before it. Error: invalid
// (address).
func Address(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || strings.ContainsFunc(a.Address, unicode.IsControl) || len(a.Address) > 254 {
		return nil, errata.Because(errata.Invalid, "This is no e-mail address.", err,
			errata.Detail{Reason: "address", Message: "Write an address, like name@example.com."})
	}
	a.Name = oneLine(a.Name)
	return a, nil
}

// Send delivers a message to the server. Errors: invalid (address), unavailable
// (mail) when the server does not take it.
func (s *Sender) Send(ctx context.Context, m Message) error {
	to, err := Address(m.To)
	if err != nil {
		return err
	}
	msg := gomail.NewMsg()
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(s.o.Clock())
	msg.SetMessageID()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no holiday answers to it
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if err := s.deliver(ctx, msg); err != nil {
		return errata.Because(errata.Unavailable, "The mail server did not take the message.", err,
			errata.Detail{Reason: "mail", Message: "The log of the server tells why."})
	}
	return nil
}

func (s *Sender) deliver(ctx context.Context, msg *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	line := &line{secure: &tls.Config{ServerName: s.o.Host, RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12}, atOnce: s.o.TLS == TLS}
	defer line.close()
	client, err := s.client(line)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, msg)
}

// line is the connection of one mail. The library leaves it open when it does
// not like what the server offers, so it is closed here.
type line struct {
	secure *tls.Config
	atOnce bool // TLS from the first byte
	conn   net.Conn
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var err error
	if l.atOnce {
		l.conn, err = (&tls.Dialer{Config: l.secure}).DialContext(ctx, network, address)
	} else {
		l.conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return l.conn, err
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close() // mostly closed already
	}
}

func (s *Sender) client(l *line) (*gomail.Client, error) {
	opts := []gomail.Option{
		gomail.WithPort(s.o.Port), gomail.WithTimeout(patience), gomail.WithTLSConfig(l.secure), gomail.WithDialContextFunc(l.dial),
	}
	switch s.o.TLS {
	case TLS:
		opts = append(opts, gomail.WithSSL())
	case Plain:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.o.Username != "" { // ways that show the password are only taken under TLS
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.o.Username), gomail.WithPassword(s.o.Password))
	}
	return gomail.NewClient(s.o.Host, opts...)
}

// oneLine makes text fit for a header: line breaks, which would begin another
// header, and other control characters become spaces.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
	if r := []rune(s); len(r) > maxSubject {
		s = string(r[:maxSubject])
	}
	return s
}

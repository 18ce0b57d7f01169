package page

import (
	"strconv"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// SignInIn is what the sign-in page is made from. Next is the relative address
// to go on to. Wait is how many seconds the account has to wait, 0 = none.
type SignInIn struct {
	Email, Next string
	Err         error // refused: its sentence is shown
	Wait        int
	Expired     bool // a session has ended
	SignedOut   bool
}

// SignIn is the sign-in page.
type SignIn struct {
	layout.Chrome
	noParts
	Next    string
	Email   ui.Field
	Problem string
	Notice  string
}

// NewSignIn makes the sign-in page. The answer is the same for an unknown
// address and a wrong password.
func NewSignIn(c layout.Chrome, in SignInIn) SignIn {
	c.Title = "Sign in"
	m := SignIn{Chrome: c, Next: in.Next, Email: ui.Field{
		Name: "email", Label: "E-mail", Type: "email", Value: in.Email,
		Autocomplete: "username", Autofocus: in.Email == "", MaxLength: 254,
	}}
	if in.Err != nil {
		m.Problem = errata.MessageOf(in.Err)
	}
	if in.Wait > 0 {
		m.Problem = "Too many attempts. Try again in " + waitWords(in.Wait) + "."
	}
	switch {
	case in.Expired:
		m.Notice = "Your session has ended. Sign in to go on."
	case in.SignedOut:
		m.Notice = "You are signed out."
	}
	return m
}

func waitWords(seconds int) string {
	if seconds < 90 {
		return strconv.Itoa(seconds) + " s"
	}
	return strconv.Itoa((seconds+59)/60) + " min"
}

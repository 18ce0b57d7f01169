package page

import (
	"errata/internal/errata"
	"errata/internal/views/layout"
)

// ErrorIn is what an error page is made from. Message is the sentence for the
// reader, "" = the usual one of the status; Grant says who can give the missing
// right; RetryAfter is in seconds, 0 = unknown.
type ErrorIn struct {
	Status     int
	Message    string
	Hint       string
	RequestID  string
	Grant      string
	RetryAfter int
	Home       string // where the button leads; "" = /issues
}

// Error is a page that says what went wrong.
type Error struct {
	layout.Chrome
	noParts
	Status    int
	Heading   string
	Text      string
	Next      string
	RequestID string
	Home      string
	HomeText  string
}

var errorWords = map[int][3]string{
	400: {"That did not make sense", "The address or the form holds something that cannot be read.", "Go back and try again."},
	401: {"Please sign in", "This page is only for people who are signed in.", "Sign in and come back."},
	403: {"Not allowed", "Your account may not do this.", "An administrator can give the right."},
	404: {"Nothing here", "There is no such page, or you may not see it.", "Check the address, or start from the issue list."},
	405: {"Wrong way in", "This address does not take that kind of request.", "Go back and use the page's own buttons."},
	409: {"Somebody was faster", "What you changed has been changed by somebody else since you opened it.", "Go back, reload and look at the new state."},
	413: {"Too large", "What was sent is larger than is taken here.", "Send less."},
	422: {"That cannot be answered", "The question can be read, but not answered in this form.", "Change it and ask again."},
	429: {"Too many requests", "There were too many requests from you in a short time.", "Wait a moment and try again."},
	500: {"Something broke on our side", "The page could not be made. What happened is in the server's log under the id below.", "Try again; if it stays, give the id to whoever runs this server."},
	503: {"Not available right now", "A part that this page needs does not answer.", "Try again in a moment. Events that arrive are still accepted and kept."},
}

// NewError makes an error page.
func NewError(c layout.Chrome, in ErrorIn) Error {
	words, ok := errorWords[in.Status]
	if !ok {
		words = errorWords[500]
	}
	m := Error{Chrome: c, Status: in.Status, Heading: words[0], Text: words[1], Next: words[2], RequestID: in.RequestID, Home: in.Home, HomeText: "Go to the issues"}
	m.Title = words[0]
	if in.Message != "" {
		m.Text = in.Message
	}
	switch {
	case in.Hint != "":
		m.Next = in.Hint
	case in.Grant != "":
		m.Next = in.Grant
	case in.RetryAfter > 0:
		m.Next = "Try again in " + waitWords(in.RetryAfter) + "."
	}
	if m.Home == "" {
		m.Home = "/issues"
	}
	switch in.Status {
	case 401:
		m.Home, m.HomeText = "/login", "Sign in"
	case 403: // somebody without a role may see the issues no more than this page
		m.Home, m.HomeText = "/me", "Your account and roles"
	}
	return m
}

// ErrorFrom fills ErrorIn from err: its sentence, and the hint of its first
// detail.
func ErrorFrom(err error, status int, requestID string) ErrorIn {
	in := ErrorIn{Status: status, RequestID: requestID}
	if errata.CodeOf(err) != errata.Internal {
		in.Message = errata.MessageOf(err)
	}
	if d := errata.DetailsOf(err); len(d) > 0 {
		in.Hint = d[0].Hint
	}
	return in
}

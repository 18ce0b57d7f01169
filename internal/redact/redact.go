// Package redact removes secrets and personal data from an event before it is
// queued; what it removes is gone for ever.
package redact

import (
	"strings"

	"errata/internal/errata"
)

// The marks that stand where something was.
const (
	markRemoved = "[redacted]" // a value under a secret key, user and password of a URL
	markEmail   = "[email]"
	markIP      = "[ip]"
	markCard    = "[creditcard]"
	markIBAN    = "[iban]"
	markSSN     = "[ssn]"
	markIMEI    = "[imei]"
	markMAC     = "[mac]"
	markPEM     = "[pem]"
	markToken   = "[token]"
	markUser    = "[user]" // the name in /home/NAME
)

// mode says what kind of text is scanned.
type mode uint16

const (
	keyless     mode = 1 << iota // keys mean nothing here
	addressless                  // dotted digits are versions
	cookieText                   // key=value are cookies
	form                         // urlencoded: only & ends a value
	route                        // /home/x is a page
	source                       // program text: only literals are values
	namesOnly                    // file names and the like: e-mail, URL userinfo, user paths
	host                         // a URL: its host stays
)

// Redactor redacts for one project. It is immutable and may be used by many
// goroutines at once.
type Redactor struct {
	keepID, keepEmail, keepUsername, ipMode string

	own, safe map[string]bool // folded keys of the project
	known     *memo
}

// New returns the redactor of a project with these settings. It costs next to
// nothing for a project without keys of its own.
func New(s errata.ProjectSettings) *Redactor {
	r := &Redactor{
		keepID: orDefault(s.KeepID, fieldKeep), keepEmail: orDefault(s.KeepEmail, fieldHash),
		keepUsername: orDefault(s.KeepUsername, fieldHash), ipMode: orDefault(s.IPMode, ipTruncate),
		known: &builtin,
	}
	if len(s.RedactKeys) > 0 || len(s.SafeKeys) > 0 {
		r.own, r.safe, r.known = foldAll(s.RedactKeys), foldAll(s.SafeKeys), new(memo)
	}
	return r
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func foldAll(keys []string) map[string]bool {
	out := make(map[string]bool, len(keys))
	for _, k := range keys {
		out[fold(k)] = true
	}
	return out
}

// Text redacts one text: values by their form, and what follows a secret key
// as in key=value, "key": "value" or Key: value. A text in which nothing was
// found is returned as it is. Text(Text(s)) = Text(s).
func (r *Redactor) Text(s string) string {
	w := newWalk(r)
	defer w.release()
	t, _ := w.leaf(s, 0, 0)
	return t
}

const (
	// budget bounds the work for one event (or one text) to about 10 ms. It is
	// counted in bytes looked at, not in time, so that the same event always
	// gives the same result and the package needs no clock. One unit takes 1 to 3 ns
	// (BenchmarkWorstCase); log lines cost 3 to 6 a byte, so that an event of
	// almost a megabyte is redacted whole.
	budget = 1 << 22

	// What starting a check, looking up a key, and looking around an at sign cost
	// in the same unit.
	checkCost = 8
	keyCost   = 48
	emailCost = 32

	// maxPasses bounds how often a text is scanned until nothing is found any
	// more. Each pass sees the marks of the one before; two are the rule.
	maxPasses = 6

	// maxNest bounds JSON inside strings inside JSON.
	maxNest = 3
)

// leaf redacts one text that is not known to have structure, and says whether
// it changed. Redaction is repeated until it changes nothing, which makes it
// idempotent by construction; a text that does not settle is removed whole.
func (w *walk) leaf(s string, m mode, nest int) (string, bool) {
	t, changed := w.once(s, m, nest)
	if !changed {
		return s, false
	}
	for range maxPasses {
		if t, changed = w.once(t, m, nest); !changed {
			return t, true
		}
	}
	return markRemoved, true
}

// once is one turn of leaf. A text of JSON is walked as such, so that a secret
// key takes its whole value with it, be it an object.
func (w *walk) once(s string, m mode, nest int) (string, bool) {
	if w.spent {
		return markRemoved, s != markRemoved && s != ""
	}
	if nest < maxNest && m&(keyless|namesOnly|source) == 0 && looksJSON(s) {
		if out, ok := w.jsonText(s, m, nest); ok && out == nil {
			return s, false
		} else if ok {
			return string(out), true
		}
	}
	p := pass{r: w.r, s: s, mode: m, work: len(s), limit: w.left}
	if m&namesOnly != 0 {
		p.run(&namesTable)
	} else {
		p.run(&fullTable)
	}
	w.spend(p.work)
	if p.over {
		return markRemoved, true
	}
	if p.out == nil {
		return s, false
	}
	out := string(append(p.out, s[p.done:]...))
	return out, out != s
}

// looksJSON says whether s could be a JSON object or array as a whole.
func looksJSON(s string) bool {
	if s = strings.Trim(s, " \t\r\n"); len(s) < 2 {
		return false
	}
	switch s[0] {
	case '{':
		return s[len(s)-1] == '}'
	case '[':
		return s[len(s)-1] == ']'
	}
	return false
}

package ui

import (
	"strings"
	"unicode/utf8"
)

// Clip cuts text to at most n characters, ending with an ellipsis where it cut.
func Clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	i := 0
	for range n - 1 {
		_, w := utf8.DecodeRuneInString(s[i:])
		i += w
	}
	return s[:i] + "…"
}

// FirstLine returns the first line that is not blank.
func FirstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// Piece is a run of text; Mark says that it is the mark of a removed secret.
type Piece struct {
	Text string
	Mark bool
}

// redactionMarks are the marks that stand for text removed on arrival.
var redactionMarks = []string{
	"[redacted]", "[email]", "[ip]", "[creditcard]", "[iban]", "[ssn]", "[us_ssn]", "[imei]",
	"[mac]", "[pem]", "[private_key]", "[bearer]", "[token]", "[user]", "[username]", "[userinfo]", "[path]", "[password]",
}

// Pieces splits text at redaction marks, so that they can be shown as marks.
func Pieces(s string) []Piece {
	var out []Piece
	rest := s
	for from := 0; ; {
		i := strings.IndexByte(rest[from:], '[')
		if i < 0 {
			break
		}
		i += from
		mark := markAt(rest[i:])
		if mark == "" {
			from = i + 1
			continue
		}
		if i > 0 {
			out = append(out, Piece{Text: rest[:i]})
		}
		out, rest, from = append(out, Piece{Text: mark, Mark: true}), rest[i+len(mark):], 0
	}
	if rest != "" || len(out) == 0 {
		out = append(out, Piece{Text: rest})
	}
	return out
}

// IsMark says whether the whole text is the mark of a removed secret.
func IsMark(s string) bool { return s != "" && markAt(s) == s }

func markAt(s string) string {
	for _, m := range redactionMarks {
		if strings.HasPrefix(s, m) {
			return m
		}
	}
	return ""
}

// SafeLink returns text as a link target when it is an http or https address
// of plain length, else "".
func SafeLink(s string) string {
	low := strings.ToLower(s[:min(len(s), 8)])
	if len(s) > 2048 || strings.ContainsAny(s, "\x00\r\n\t \"<>\\") {
		return ""
	}
	if strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://") {
		return s
	}
	return ""
}

// Initials are the letters of a person's mark: "A. Rivera" gives AR.
func Initials(name string) string {
	var out []rune
	for word := range strings.FieldsSeq(name) {
		r, _ := utf8.DecodeRuneInString(word)
		out = append(out, r)
	}
	if len(out) > 2 {
		out = []rune{out[0], out[len(out)-1]}
	}
	if len(out) == 0 {
		return "?"
	}
	return strings.ToUpper(string(out))
}

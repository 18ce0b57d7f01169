package grouping

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxMessage = 1024 // characters of a text that count
	maxQuoted  = 200  // characters between quotes that become <str>
	plainQuote = 20   // longer quoted text becomes <str> in any case
)

// Parameterise returns what is constant in a text: its first two lines that
// are not empty, in at most 1,024 characters, with the parts that vary from
// event to event replaced by placeholders: "order 17 of bob@example.test"
// becomes "order <num> of <email>". Whole numbers and hex numbers share one
// placeholder, so that ids do not split an error in two.
//
// One scan goes from left to right. At a position that does not follow an
// ASCII letter or digit, the classes are tried in order; the first with a
// match that does not end against a letter, a digit or a placeholder wins,
// with its longest such match. Doing it again changes nothing.
func Parameterise(text string) string {
	text = strings.TrimRight(cutText(firstLines(text), maxMessage), " ")
	s := scanner{in: text}
	s.scan(0, len(text))
	if s.last == 0 {
		return text
	}
	s.flush(len(text))
	if string(s.out) == text {
		return text
	}
	return settle(string(s.out))
}

// firstLines returns the first two lines of text that are not blank, joined by
// a space, each run of white space being one space.
func firstLines(text string) string {
	if isTidy(text) {
		return text
	}
	b := make([]byte, 0, min(len(text), 4*maxMessage))
	lines := 0
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if lines++; lines == 2 {
			b = append(b, ' ')
		}
		b = appendCollapsed(b, line, maxMessage)
		if lines == 2 {
			break
		}
	}
	return string(b)
}

// isTidy says whether text is one line of ASCII without superfluous space.
func isTidy(text string) bool {
	space := true
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c >= utf8.RuneSelf || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space
}

// settle cuts a text that its placeholders made longer than 1,024 characters.
// It cuts where no class can match anew for what is gone: before a space, else
// behind a placeholder, else before punctuation, else behind the last
// character that is not an ASCII letter or digit.
func settle(out string) string {
	head := cutText(out, maxMessage)
	if len(head) == len(out) {
		return out
	}
	if i := strings.LastIndexByte(head, ' '); i >= 0 {
		return head[:i]
	}
	if i := strings.LastIndexByte(head, '>'); i >= 0 {
		return head[:i+1]
	}
	if i := strings.LastIndexFunc(head, func(r rune) bool {
		return r != '<' && r < utf8.RuneSelf && !isAlnum(byte(r)) //nolint:gosec // r is ASCII here
	}); i >= 0 {
		return head[:i]
	}
	if i := strings.LastIndexFunc(head, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
		_, size := utf8.DecodeRuneInString(head[i:])
		return head[:i+size]
	}
	return head
}

// scanner replaces what varies in a text.
type scanner struct {
	in      string
	out     []byte
	last    int    // in[:last] has gone to out
	barrier int    // end of the newest placeholder: what lies before it is no letter or digit
	closing [3]int // per kind of quote: the next closing one, if beyond the position
	at      int    // the next @, if beyond the position
}

// classes in the order in which they are tried. Class 1, the placeholders
// themselves, needs no entry: nothing matches inside them. Class 2, quoted
// text, is scanner.quoted.
var classes = [...]struct {
	placeholder string
	match       func(s *scanner, i int) (end int) // 0 = no match
}{
	{"<bool>", (*scanner).boolean},
	{"<email>", func(s *scanner, i int) int { return s.mark(i, "[email]") }},
	{"<ip>", func(s *scanner, i int) int { return s.mark(i, "[ip]") }},
	{"<email>", (*scanner).email},
	{"<url>", (*scanner).url},
	{"<trace>", (*scanner).traceparent},
	{"<uuid>", (*scanner).uuid},
	{"<date>", (*scanner).date},
	{"<ip>", (*scanner).ip},
	{"<host>", (*scanner).host},
	{"<dur>", (*scanner).duration},
	{"<size>", (*scanner).size},
	{"<path>", (*scanner).path},
	{numPlaceholder, (*scanner).number},
}

const numPlaceholder = "<num>"

// placeholders are the texts that no match may end against.
var placeholders = [...]string{
	"<num>", "<str>", "<bool>", "<email>", "<ip>", "<url>", "<trace>", "<uuid>", "<date>",
	"<host>", "<dur>", "<size>", "<path>",
}

func placeholderAt(s string) bool {
	if s == "" || s[0] != '<' {
		return false
	}
	for _, p := range placeholders {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// ends says whether a match may end at i.
func (s *scanner) ends(i int) bool {
	return i >= len(s.in) || !isAlnum(s.in[i]) && !placeholderAt(s.in[i:])
}

// longer returns end if a match may end there and it is longer, else best.
func (s *scanner) longer(best, end int) int {
	if end > best && s.ends(end) {
		return end
	}
	return best
}

// before returns the character before i; 0 at the start and behind a
// placeholder.
func (s *scanner) before(i int) byte {
	if i <= s.barrier {
		return 0
	}
	return s.in[i-1]
}

// scan replaces in in[i:end].
func (s *scanner) scan(i, end int) {
	for i < end {
		switch c := s.in[i]; {
		case isAlnum(s.before(i)):
			i++
		case isAlnum(c):
			i = s.word(i)
		case c == '\'' || c == '"' || c == '`':
			i = s.quoted(i, end)
		case c == '[' || c == '{' || c == '/' || c == ':':
			end, ok := s.token(i)
			if i++; ok {
				i = end
			}
		default:
			i++
		}
	}
}

// word handles letters and digits that start at i and returns where to go on.
// A word without digits that nothing of interest follows is text.
func (s *scanner) word(i int) int {
	end, digits := i, false
	for ; end < len(s.in) && isAlnum(s.in[end]); end++ {
		digits = digits || isDigit(s.in[end])
	}
	follows := end < len(s.in) && strings.IndexByte(".:@-_+%", s.in[end]) >= 0
	if !digits && !follows && s.before(i) != '=' && !isCalendar(s.in[i:end]) && s.in[i:end] != "localhost" {
		return end
	}
	if next, ok := s.token(i); ok {
		return next
	}
	return end
}

// token tries the classes at i. It returns the end of what it replaced, if any.
func (s *scanner) token(i int) (int, bool) {
	for _, c := range &classes {
		end := c.match(s, i)
		if end == 0 {
			continue
		}
		from := i
		if c.placeholder == numPlaceholder {
			from = s.withSign(i)
		}
		s.flush(from)
		s.out = append(s.out, c.placeholder...)
		s.last, s.barrier = end, end
		return end, true
	}
	return 0, false
}

// withSign returns where a number at i starts with its sign, if it stands
// after a space or one of ( = , or at the start.
func (s *scanner) withSign(i int) int {
	if c := s.before(i); c != '-' && c != '+' {
		return i
	}
	if i == 1 || strings.IndexByte(" (=,", s.before(i-1)) >= 0 {
		return i - 1
	}
	return i
}

func (s *scanner) flush(to int) {
	if s.out == nil {
		s.out = make([]byte, 0, len(s.in)+32)
	}
	s.out = append(s.out, s.in[s.last:to]...)
	s.last = to
}

// quoted handles a quote at i and returns where to go on. Quotes come in
// pairs: the text between is scanned by itself, and the pair is passed over as
// a whole, so that a closing quote never opens. The limit is on the scanned
// text: on the raw one, a second scan of a shortened text would differ.
func (s *scanner) quoted(i, end int) int {
	closing := s.closingQuote(i)
	if closing >= end {
		return i + 1
	}
	content := s.in[i+1 : closing]
	s.flush(i + 1)
	start := len(s.out)
	s.scan(i+1, closing)
	s.flush(closing)
	scanned := s.out[start:]
	if varies(content, scanned) && utf8.RuneCount(scanned) <= maxQuoted {
		s.out = append(s.out[:start], "<str>"...)
	}
	return closing + 1
}

func varies(content string, scanned []byte) bool {
	return string(scanned) != content || strings.ContainsAny(content, "0123456789") ||
		utf8.RuneCountInString(content) > plainQuote
}

// closingQuote returns the next quote of the kind at i that closes, len(in) if
// there is none. The answers are remembered, which keeps the scan linear.
func (s *scanner) closingQuote(i int) int {
	kind := strings.IndexByte("'\"`", s.in[i])
	if s.closing[kind] > i {
		return s.closing[kind]
	}
	at := i + 1
	for at < len(s.in) && (s.in[at] != s.in[i] || !s.closes(at)) {
		at++
	}
	s.closing[kind] = at
	return at
}

// closes says whether a quote at i is on a boundary: whatever is replaced
// behind it, the answer stays the same.
func (s *scanner) closes(i int) bool {
	rest := s.in[i+1:]
	if rest == "" {
		return true
	}
	switch c := rest[0]; c {
	case '[', '{':
		return false
	case '<':
		return !placeholderAt(rest)
	case '/':
		return rootOf(rest) == 0
	case ':':
		return s.ipv6(i+1, s.ends) == 0
	default:
		return !isAlnum(c)
	}
}

// appendCollapsed appends text with each run of white space as one space, at
// most limit characters; text has none at its ends.
func appendCollapsed(b []byte, text string, limit int) []byte {
	space := false
	for i := 0; i < len(text) && limit > 0; {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case r > ' ' && r < utf8.RuneSelf:
			space = false
			b = append(b, text[i])
			limit--
		case !unicode.IsSpace(r):
			space = false
			b = utf8.AppendRune(b, r)
			limit--
		case !space:
			space = true
			b = append(b, ' ')
			limit--
		}
		i += size
	}
	return b
}

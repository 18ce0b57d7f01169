package encode

import (
	"strings"
	"unicode"
)

// triggers begin what a spreadsheet takes for a formula or a command, with the
// wide and small forms that some of them fold.
const triggers = "=+-@\t\r\x00＝＋－＠﹦﹢﹣﹫"

// Guard makes text harmless for spreadsheets: where it would be read as a
// formula it gets a leading apostrophe.
func Guard(s string) string {
	if dangerous(s) {
		return "'" + s
	}
	return s
}

// dangerous looks past blanks: spreadsheets may drop them.
func dangerous(s string) bool {
	for _, r := range s {
		if strings.ContainsRune(triggers, r) {
			return true
		}
		if !blank(r) {
			return false
		}
	}
	return false
}

// blank says whether nothing of the character is seen.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zs, r) || unicode.IsControl(r)
}

package errata

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrefixes(t *testing.T) {
	for slug, want := range map[string][]string{
		"checkout":  {"CHE", "HEC", "ECK", "CKO", "KOU", "OUT", "CHE2"},
		"my-api":    {"MYA", "YAP", "API", "MYA2"},
		"incident":  {"NCI", "CID", "IDE", "DEN", "ENT", "INC2"},
		"db":        {"DB", "DB2"},
		"x":         {"X2", "X3"},
		"24-7":      {"P2", "P3"},
		"service-a": {"SER", "ERV"},
	} {
		if d := cmp.Diff(want, Prefixes(slug)[:len(want)]); d != "" {
			t.Errorf("%s (-want +got):\n%s", slug, d)
		}
	}
}

// Short ids begin with two to five capital letters and digits, a letter first.
func TestPrefixesAreValidAndMany(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z][A-Z0-9]{1,4}$`)
	for _, slug := range []string{"checkout", "x", "24-7", "incident", "", "über"} {
		all := Prefixes(slug)
		if i := slices.IndexFunc(all, func(p string) bool { return p == reservedPrefix || !form.MatchString(p) }); i >= 0 {
			t.Errorf("%q: %q is not valid", slug, all[i])
		}
		sorted := slices.Sorted(slices.Values(all))
		if n := len(slices.Compact(sorted)); n < 900 || n != len(all) {
			t.Errorf("%q: %d of %d differ", slug, n, len(all))
		}
	}
}

package errata

import (
	stdcmp "cmp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRelease(t *testing.T) {
	for name, c := range map[string]struct {
		in, pkg string
		want    *Semver
	}{
		"three numbers":       {"1.2.3", "", &Semver{1, 2, 3, ""}},
		"two numbers":         {"1.2", "", &Semver{1, 2, 0, ""}},
		"a leading v":         {"v1.2.3", "", &Semver{1, 2, 3, ""}},
		"pre-release":         {"1.2.3-rc.1", "", &Semver{1, 2, 3, "rc.1"}},
		"build is ignored":    {"1.2.3-rc.1+sha.5", "", &Semver{1, 2, 3, "rc.1"}},
		"build alone":         {"1.2.3+5", "", &Semver{1, 2, 3, ""}},
		"package":             {"shop@1.2.3", "shop", &Semver{1, 2, 3, ""}},
		"scoped package":      {"@shop/web@1.2.3", "@shop/web", &Semver{1, 2, 3, ""}},
		"scope alone":         {"@shop/web", "", nil},
		"commit":              {"7f3c2a9", "", nil},
		"commit of a package": {"shop@7f3c2a9", "shop", nil},
		"date":                {"20260101", "", nil},
		"four numbers":        {"1.2.3.4", "", nil},
		"empty pre-release":   {"1.2.3-", "", nil},
		"no number":           {"1.x.3", "", nil},
		"a sign":              {"1.+2.3", "", nil},
		"too large a number":  {"1.99999999999999999999.3", "", nil},
		"empty":               {"", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			pkg, got := ParseRelease(c.in)
			if d := cmp.Diff(c.want, got); d != "" || pkg != c.pkg {
				t.Errorf("package %q\n%s", pkg, d)
			}
		})
	}
}

// FuzzParseRelease asks that a version that is read has numbers that are not
// negative and a package that the text begins with.
func FuzzParseRelease(f *testing.F) {
	for _, s := range []string{"1.2.3", "shop@v1.2.3-rc.1+5", "@a/b@1.2", "....", "@", "1.-2.3", "\xff@1.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pkg, v := ParseRelease(s)
		if !strings.HasPrefix(s, pkg) {
			t.Errorf("package %q", pkg)
		}
		if v != nil && (v.Major < 0 || v.Minor < 0 || v.Patch < 0 || strings.Contains(v.Pre, "+")) {
			t.Errorf("%+v", v)
		}
	})
}

func TestSemverCompare(t *testing.T) {
	// The example of semver.org, with numbers around it.
	order := []string{
		"0.9.9", "1.0.0-2", "1.0.0-11", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
		"1.0.0-rc.1", "1.0.0", "1.0.1", "1.2", "1.10.0", "2.0.0",
	}
	for i, a := range order {
		for j, b := range order {
			_, v := ParseRelease(a)
			_, w := ParseRelease(b)
			if got, want := v.Compare(w), stdcmp.Compare(i, j); got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
}

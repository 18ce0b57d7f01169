package errata

import (
	"cmp"
	"strconv"
	"strings"
)

// Release is one version of a service's program, known since its first event.
type Release struct {
	ID, ProjectID    string
	Version, Package string  // Version as sent, "shop@1.4.2"
	Semver           *Semver // nil: versions are ordered by date
	FirstSeen        int64   // µs
}

// Semver is a version that can be ordered by its numbers.
type Semver struct {
	Major, Minor, Patch int64
	Pre                 string // "rc.1", "" = none
}

// ParseRelease splits "package@version" and reads the version: two or three
// numbers, a leading v allowed, then "-pre" and "+build" as in semver 2.0.
// Anything else has no Semver.
func ParseRelease(version string) (pkg string, v *Semver) {
	if at := strings.LastIndexByte(version, '@'); at > 0 {
		pkg, version = version[:at], version[at+1:]
	}
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "+")
	numbers, pre, cut := strings.Cut(version, "-")
	parts := strings.Split(numbers, ".")
	if len(parts) < 2 || len(parts) > 3 || (cut && pre == "") {
		return pkg, nil
	}
	var n [3]int64
	for i, p := range parts {
		x, err := strconv.ParseUint(p, 10, 53)
		if err != nil {
			return pkg, nil
		}
		n[i] = int64(x)
	}
	return pkg, &Semver{Major: n[0], Minor: n[1], Patch: n[2], Pre: pre}
}

// Compare orders versions as semver 2.0 does: by their numbers, a pre-release
// before its release, builds alike.
func (v *Semver) Compare(w *Semver) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch), comparePre(v.Pre, w.Pre))
}

func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if c := compareIdentifier(as[i], bs[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// compareIdentifier orders one part of a pre-release: numbers before words.
func compareIdentifier(a, b string) int {
	x, notA := strconv.ParseUint(a, 10, 64)
	y, notB := strconv.ParseUint(b, 10, 64)
	switch {
	case notA == nil && notB == nil:
		return cmp.Compare(x, y)
	case notA == nil:
		return -1
	case notB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

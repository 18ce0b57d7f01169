package normalize

import (
	"strings"

	"errata/internal/errata"
)

// Derive sets what follows from other fields: the parts of the URL, the
// culprit, the severity and the retention class. It runs after redaction, so
// that nothing derived says what redaction removed. Running it again changes
// nothing.
func Derive(ev *errata.Event, p errata.Project, kind errata.KeyKind) {
	if r := ev.Request; r != nil {
		r.Domain, r.Path = urlParts(r.URL)
	}
	ev.Culprit = culprit(ev)
	ev.Severity = severity(ev, kind)
	ev.Class = p.Settings.Class(ev.Severity)
}

// urlParts splits a URL by hand: after redaction it may hold marks that
// net/url refuses.
func urlParts(u string) (domain, path string) {
	u, _, _ = strings.Cut(u, "#")
	u, _, _ = strings.Cut(u, "?")
	_, rest, ok := strings.Cut(u, "://")
	if !ok {
		if strings.HasPrefix(u, "/") {
			return "", u
		}
		return "", ""
	}
	domain, path = rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		domain, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(domain, '@'); i >= 0 {
		domain = domain[i+1:]
	}
	return strings.ToLower(withoutPort(domain)), path
}

func withoutPort(host string) string {
	if inner, ok := strings.CutPrefix(host, "["); ok { // [::1]:8080
		if ip, _, ok := strings.Cut(inner, "]"); ok && strings.Contains(ip, ":") {
			return ip
		}
		return host
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		return host[:i]
	}
	return host
}

const maxCulprit = 200

// culprit names where it happened: the newest frame of the team's own code,
// else the transaction.
func culprit(ev *errata.Event) string {
	frames := ev.MainFrames()
	for i := len(frames) - 1; i >= 0; i-- {
		if f := &frames[i]; f.IsInApp() {
			if s := place(f); s != "" {
				return cutRunes(s, maxCulprit)
			}
		}
	}
	return cutRunes(ev.Transaction, maxCulprit)
}

// place writes a frame as "module.function", or "function (file)" where the
// language has no modules.
func place(f *errata.Frame) string {
	file, function := baseName(firstOf(f.File, f.AbsPath)), named(f.Function)
	switch {
	case f.Module != "" && strings.HasPrefix(function, f.Module+"."):
		return function
	case f.Module != "" && function != "":
		return f.Module + "." + function
	case f.Module != "":
		return f.Module
	case function != "" && file != "":
		return function + " (" + file + ")"
	case function != "":
		return function
	}
	return file
}

// named returns the name of a function, "" where the runtime knew none.
func named(function string) string {
	switch function = strings.TrimSuffix(function, ".?"); function {
	case "?", "<anonymous>", "<unknown>":
		return ""
	}
	return function
}

func baseName(path string) string {
	if i := strings.IndexAny(path, "?#"); i > 0 {
		path = path[:i]
	}
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// severityTag is the tag by which a client rates its event itself.
const severityTag = "errata.severity"

// severity rates the event: an explicit rating, from a public key at most P1;
// else by level, one step up when nobody handled the error in production.
func severity(ev *errata.Event, kind errata.KeyKind) errata.Severity {
	if s, ok := explicit(ev.Tag(severityTag)); ok {
		if kind != errata.KeyServer {
			s = max(s, errata.P1)
		}
		return s
	}
	var s errata.Severity
	switch ev.Level {
	case errata.LevelFatal:
		s = errata.P1
	case errata.LevelError:
		s = errata.P2
	default:
		s = errata.P3
	}
	if s > errata.P1 && ev.Unhandled() && production(ev.Environment) {
		s--
	}
	return s
}

func explicit(word string) (errata.Severity, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "":
		return 0, false
	case "error":
		return errata.P1, true
	case "warning":
		return errata.P2, true
	case "info":
		return errata.P3, true
	}
	return errata.ParseSeverity(word)
}

// production says whether an environment serves customers: production, prod,
// prd or live, alone or as the first word ("prod-eu").
func production(environment string) bool {
	first := strings.ToLower(environment)
	if i := strings.IndexAny(first, "-_. :/"); i > 0 {
		first = first[:i]
	}
	switch first {
	case "production", "prod", "prd", "live":
		return true
	}
	return false
}

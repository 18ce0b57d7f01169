package grouping

import (
	"strings"

	"errata/internal/errata"
)

// cleanerFor returns how frames of a platform are named. Cleaning drops what
// compilers, frameworks and deployments number anew for the same code.
func cleanerFor(platform string) cleaner {
	switch platform {
	case "java", "kotlin", "scala", "groovy", "android":
		return cleaner{name: jvmName}
	case "python":
		return cleaner{name: plainName, context: true}
	case "javascript", "node":
		return cleaner{name: scriptName, context: true, script: true, folder: "node_modules/", plumbing: scriptPlumbing}
	case "go":
		return cleaner{name: goName}
	case "csharp", "fsharp", "dotnet":
		return cleaner{name: dotnetName}
	case "php":
		return cleaner{name: phpName}
	case "ruby":
		return cleaner{name: rubyName, folder: "gems/", plumbing: rubyPlumbing}
	case "native", "rust", "c", "cpp", "cocoa", "objc", "swift":
		return cleaner{name: nativeName}
	}
	return cleaner{name: plainName}
}

var (
	scriptPlumbing = []string{"@sentry/", "@sentry-internal/", "@opentelemetry/", "@babel/", "core-js/", "core-js-pure/", "tslib/", "regenerator-runtime/"}
	rubyPlumbing   = []string{"sentry-", "opentelemetry-"}
)

// place returns the module, else the base name of the file in lower case,
// without the hash that a build gave it.
func place(f *errata.Frame) string {
	if f.Module != "" {
		return f.Module
	}
	path := f.File
	if path == "" {
		path = f.AbsPath
	}
	return baseName(path)
}

func baseName(path string) string {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	return cutBuildHash(strings.ToLower(path))
}

// cutBuildHash removes each "." or "-" followed by 8 or more hex digits:
// app.3f2a9c1b.js is app.js.
func cutBuildHash(name string) string {
	for i := 0; i < len(name); i++ {
		if name[i] != '.' && name[i] != '-' {
			continue
		}
		end := i + 1
		for end < len(name) && isHex(name[end]) {
			end++
		}
		if end-i > 8 && (end == len(name) || !isAlnum(name[end])) {
			name = name[:i] + name[end:]
			i--
		}
	}
	return name
}

func plainName(f *errata.Frame) (string, string) { return place(f), f.Function }

// jvmName undoes the numbering of lambdas, proxies and reflection.
func jvmName(f *errata.Frame) (string, string) {
	function := f.Function
	if strings.HasPrefix(function, "lambda$") {
		if i := strings.LastIndexByte(function, '$'); i > len("lambda") && allDigits(function[i+1:]) {
			function = function[:i]
		}
	}
	return cutProxy(place(f)), function
}

func cutProxy(class string) string {
	for from := 0; ; {
		i := strings.Index(class[from:], "$$")
		if i < 0 {
			break
		}
		i += from
		rest := class[i+2:]
		if strings.HasPrefix(rest, "Lambda") || strings.HasPrefix(rest, "_javassist") || strings.HasPrefix(rest, "_jvst") ||
			strings.Contains(rest, "CGLIB$$") || strings.HasPrefix(rest, "EnhancerBy") || strings.HasPrefix(rest, "FastClassBy") {
			return strings.TrimSuffix(class[:i], "_")
		}
		from = i + 2
	}
	for _, name := range [...]string{"GeneratedMethodAccessor", "GeneratedConstructorAccessor"} {
		if i := strings.Index(class, name); i >= 0 && allDigits(class[i+len(name):]) {
			return class[:i+len(name)]
		}
	}
	return class
}

// scriptName cuts the address of a served file to its base name and the
// receiver off a function.
func scriptName(f *errata.Frame) (string, string) {
	where := f.Module
	if where == "" {
		path := f.File
		if path == "" {
			path = f.AbsPath
		}
		if i := strings.IndexAny(path, "?#"); i > 0 {
			path = path[:i]
		}
		where = baseName(path)
	}
	function := f.Function
	if i := strings.LastIndexByte(function, '.'); i >= 0 {
		function = function[i+1:]
	}
	return where, function
}

// meaningless says whether a JavaScript function has no name of its own.
func meaningless(function string) bool {
	return function == "?" || function == "<anonymous>" || function == "eval"
}

// goName undoes the numbering of closures and drops type parameters.
func goName(f *errata.Frame) (string, string) {
	name := cutClosures("." + strings.ReplaceAll(f.Function, "[...]", ""))
	return place(f), name[1:]
}

// cutClosures turns each ".func1.2" into ".func".
func cutClosures(name string) string {
	for from := 0; ; {
		i := strings.Index(name[from:], ".func")
		if i < 0 {
			return name
		}
		start := from + i + len(".func")
		end := skipDigits(name, start)
		if end == start {
			from = start
			continue
		}
		for end < len(name) && name[end] == '.' && skipDigits(name, end+1) > end+1 {
			end = skipDigits(name, end+1)
		}
		name, from = name[:start]+name[end:], start
	}
}

// dotnetName names the method that a lambda, iterator or async state machine
// was written in, and cuts the class generated for it.
func dotnetName(f *errata.Frame) (string, string) {
	where, function := place(f), f.Function
	if method, ok := writtenIn(function); ok {
		function = method
	}
	if i := strings.IndexByte(where, '<'); i > 0 && strings.IndexByte(".+/", where[i-1]) >= 0 {
		if method, ok := writtenIn(where[i:]); ok {
			function = method
		}
		where = where[:i-1]
	}
	return where, function
}

// writtenIn returns M of "<M>b__0", "<M>d__7" and "<M>g__Local|0".
func writtenIn(name string) (string, bool) {
	end := strings.IndexByte(name, '>')
	if end < 2 || name[0] != '<' || len(name) < end+4 || name[end+2:end+4] != "__" {
		return "", false
	}
	return name[1:end], strings.IndexByte("bdg", name[end+1]) >= 0
}

// phpName keeps class::method and drops where a closure or an anonymous class
// was defined.
func phpName(f *errata.Frame) (string, string) {
	function := f.Function
	if i := strings.IndexByte(function, '{'); i >= 0 && strings.HasPrefix(function[i:], "{closure") {
		class := ""
		if at := strings.Index(function[:i], "::"); at > 0 {
			class = function[:at+2]
		}
		function = class + "{closure}"
	}
	if i := strings.Index(function, "class@anonymous"); i >= 0 {
		method := ""
		if at := strings.LastIndex(function, "::"); at > i {
			method = function[at:]
		}
		function = function[:i+len("class@anonymous")] + method
	}
	return place(f), function
}

// rubyName undoes the nesting of blocks, the classes that newer Rubies print
// and the numbers of compiled templates.
func rubyName(f *errata.Frame) (string, string) {
	steps := strings.Split(f.Function, " in ")
	kept := steps[:0]
	for i, step := range steps {
		switch {
		case i == len(steps)-1:
			kept = append(kept, rubyMethod(step))
		case step == "rescue" || step == "ensure":
		default:
			if at := strings.Index(step, " ("); at > 0 && strings.HasSuffix(step, " levels)") {
				step = step[:at]
			}
			kept = append(kept, step)
		}
	}
	return place(f), strings.Join(kept, " in ")
}

func rubyMethod(name string) string {
	if i := strings.LastIndexAny(name, "#."); i > 0 && i < len(name)-1 && name[0] != '<' {
		name = name[i+1:]
	}
	if i := strings.Index(name, "_erb_"); i > 0 {
		name = name[:i+len("_erb")]
	}
	return name
}

// nativeName cuts arguments and Rust's hash; a frame without a name is known
// by the base name of its package.
func nativeName(f *errata.Frame) (string, string) {
	where, function := place(f), cutArguments(cutRustHash(f.Function))
	if function == "" && where == "" {
		where = baseName(f.Package)
	}
	return where, function
}

// cutRustHash removes "::h" and 16 hex digits from the end.
func cutRustHash(name string) string {
	const length = len("::h") + 16
	if len(name) <= length || name[len(name)-length:len(name)-16] != "::h" {
		return name
	}
	for i := len(name) - 16; i < len(name); i++ {
		if !isHex(name[i]) {
			return name
		}
	}
	return name[:len(name)-length]
}

// cutArguments removes the argument list of a C++ function and what follows.
func cutArguments(name string) string {
	for i, depth := 0, 0; i < len(name); i++ {
		switch name[i] {
		case '<', '{':
			depth++
		case '>', '}':
			depth--
		case '(':
			if depth > 0 || strings.HasPrefix(name[i:], "(anonymous namespace)") ||
				strings.HasPrefix(name[i:], "()") && strings.HasSuffix(name[:i], "operator") {
				continue
			}
			return strings.TrimRight(name[:i], " ")
		}
	}
	return name
}

func allDigits(s string) bool { return s != "" && skipDigits(s, 0) == len(s) }

// skipDigits returns the end of the run of ASCII digits that starts at i.
func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c-'0' < 10 }
func isLower(c byte) bool { return c-'a' < 26 }
func isUpper(c byte) bool { return c-'A' < 26 }
func isAlnum(c byte) bool { return isDigit(c) || isLower(c|0x20) }
func isHex(c byte) bool   { return isDigit(c) || c|0x20-'a' < 6 }

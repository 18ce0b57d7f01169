package errata

import "strings"

// DecideInApp sets InApp of every frame of one stack: whether the frame is the
// team's own code. Our list of libraries comes first, because SDKs flag
// standard libraries and vendored modules wrongly; then the SDK's flag. A
// frame with neither is the team's own, unless the SDK flagged another one
// outside our list as such: the SDKs of Java and Python flag only those.
// Deciding again changes nothing.
func DecideInApp(frames []Frame, platform string) {
	if len(frames) == 0 {
		return
	}
	decided := make([]bool, len(frames)) // one allocation for all the pointers
	lib := librariesOf(platform)
	flagged := false
	for i := range frames {
		f := &frames[i]
		switch {
		case lib.has(f):
			f.InApp = &decided[i]
		case f.InApp != nil:
			decided[i] = *f.InApp
			f.InApp = &decided[i]
			flagged = flagged || decided[i]
		}
	}
	for i := range frames {
		if frames[i].InApp == nil {
			decided[i] = !flagged
			frames[i].InApp = &decided[i]
		}
	}
}

// libraries tells what is not the team's code on one platform. Names are
// judged by platform, since "core" and "internal" are libraries in one
// language and good names for one's own packages in another.
type libraries struct {
	modules    []string // a module of this name or below it
	separators string   // what may follow such a name
	functions  bool     // the function carries the module (native code)
	scripts    bool     // JavaScript's own places count
}

var (
	jvmLibraries = libraries{separators: ".$", modules: []string{
		"java", "javax", "jdk", "sun", "com.sun",
		"kotlin", "kotlinx", "scala", "akka", "org.springframework", "org.apache", "org.hibernate",
		"org.eclipse.jetty", "io.netty", "reactor", "com.fasterxml", "org.jboss", "org.slf4j",
		"ch.qos.logback", "io.opentelemetry",
	}}
	dotnetLibraries = libraries{separators: ".", modules: []string{"System", "Microsoft"}}
	nativeLibraries = libraries{separators: ":", modules: []string{"std", "core", "alloc"}, functions: true}
	scriptLibraries = libraries{scripts: true}
	otherLibraries  = libraries{}
)

func librariesOf(platform string) *libraries {
	switch platform {
	case "java", "kotlin", "scala", "groovy", "android":
		return &jvmLibraries
	case "csharp", "fsharp", "dotnet":
		return &dotnetLibraries
	case "native", "rust", "c", "cpp":
		return &nativeLibraries
	case "javascript", "node":
		return &scriptLibraries
	}
	return &otherLibraries
}

func (l *libraries) has(f *Frame) bool {
	return l.hasModule(f.Module) || l.functions && l.hasModule(strings.TrimLeft(f.Function, "<")) ||
		l.hasPath(f.AbsPath) || f.File != f.AbsPath && l.hasPath(f.File)
}

func (l *libraries) hasModule(module string) bool {
	if module == "" {
		return false
	}
	for _, name := range l.modules {
		if strings.HasPrefix(module, name) &&
			(len(module) == len(name) || strings.IndexByte(l.separators, module[len(name)]) >= 0) {
			return true
		}
	}
	return false
}

// hasPath judges one path; either slash separates.
//
// The list: **/{site,dist}-packages/**, **/lib/python3.*/**,
// **/node_modules/**, node:*, internal/*, **/pkg/mod/**, **/vendor/**,
// **/go/src/**, /usr/lib/**, **/gems/**, /rustc/**, **/.cargo/{registry,git}/**,
// webpack/bootstrap*, <frozen *, [internal function].
func (l *libraries) hasPath(path string) bool {
	if path == "" {
		return false
	}
	switch path[0] {
	case '<':
		return strings.HasPrefix(path, "<frozen ")
	case '[':
		return path == "[internal function]"
	case '/':
		if strings.HasPrefix(path, "/usr/lib/") || strings.HasPrefix(path, "/rustc/") {
			return true
		}
	case 'n':
		if strings.HasPrefix(path, "node:") {
			return true
		}
	case 'i':
		if l.scripts && strings.HasPrefix(path, "internal/") {
			return true
		}
	}
	return l.hasFolder(path)
}

func (l *libraries) hasFolder(path string) bool {
	parent, start := "", 0
	for i := range len(path) {
		if path[i] != '/' && path[i] != '\\' {
			continue
		}
		name := path[start:i]
		if libraryFolder(parent, name) {
			return true
		}
		parent, start = name, i+1
	}
	return l.scripts && parent == "webpack" && strings.HasPrefix(path[start:], "bootstrap")
}

// libraryFolder says whether what lies in folder parent/name is a library.
func libraryFolder(parent, name string) bool {
	switch name {
	case "site-packages", "dist-packages", "node_modules", "vendor", "gems":
		return true
	case "mod":
		return parent == "pkg"
	case "src":
		return parent == "go"
	case "registry", "git":
		return parent == ".cargo"
	}
	return parent == "lib" && strings.HasPrefix(name, "python3.")
}

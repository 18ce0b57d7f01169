// Package archtest keeps the floors of the building in order.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// floors lists the packages from the ground up. A package may import packages
// of lower floors, its own subfolders and its parents; nothing else. Where a
// row of docs/design.md has an order inside, it stands here as several floors.
var floors = [][]string{
	{"internal/errata", "migrations", "static"},                                       // domain
	{"internal/stacktext", "internal/querylang", "internal/stats", "internal/redact"}, // logic 1
	{"internal/normalize", "internal/grouping", "internal/rule"},                      // logic 2
	{"internal/store", "internal/search", "internal/queue", "internal/archive", "internal/rbac", // adapters
		"internal/notify", "internal/ticket", "internal/auth", "internal/telemetry"},
	{"internal/find", "internal/ingest", "internal/pipeline", "internal/jobs"},    // services 1
	{"internal/triage", "internal/alerting", "internal/report", "internal/admin"}, // services 2
	{"internal/views/ui", "internal/views/chart"},                                 // views
	{"internal/views/layout"},
	{"internal/views/page", "internal/views/print", "internal/views/mail"},
	{"internal/views/gallery"},
	{"internal/intake/wire"}, // transport
	{
		"internal/handlers", "internal/intake/sentry", "internal/intake/otlp",
		"internal/intake/bulk", "internal/intake/native",
	},
	{"internal/config"}, // app
	{"internal/app"},
	{"cmd"},
	{"internal/apptest", "internal/archtest", "test", "scripts", "examples"}, // tests and tools
}

// lowest says how far down a floor may reach where "everything below" is not
// meant: views show values and never fetch.
var lowest = map[string][]string{
	"internal/views": {
		"internal/views", "internal/errata", "migrations", "static", "internal/stacktext", "internal/querylang",
		"internal/stats", "internal/redact", "internal/normalize", "internal/grouping", "internal/rule",
	},
}

// importers names the only packages that may use a library.
var importers = map[string][]string{
	"github.com/labstack/echo":           {"internal/handlers", "internal/intake"},
	"github.com/casbin":                  {"internal/rbac"},
	"github.com/failsafe-go":             {"internal/app/guard"},
	"github.com/elastic":                 {"internal/search/elastic"},
	"github.com/nats-io":                 {"internal/queue"},
	"github.com/go-json-experiment/json": {"internal/normalize/jsonx"},
	"github.com/alexedwards/argon2id":    {"internal/auth"},
	"github.com/alexedwards/scs":         {"internal/auth"},
	"gopkg.in/natefinch/lumberjack.v2":   {"internal/telemetry"},
	"github.com/goccy/go-yaml":           {"internal/config"},
	"github.com/alecthomas/kong":         {"internal/config", "cmd/web"},
	"github.com/wneessen/go-mail":        {"internal/notify/email"},
	"github.com/jackc/pgx":               {"internal/store", "internal/apptest"},
	"github.com/chromedp":                {"test", "internal/apptest"},
	"github.com/xuri/excelize":           {"internal/report/encode"},
}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func anyWithin(pkg string, folders []string) bool {
	for _, f := range folders {
		if within(pkg, f) {
			return true
		}
	}
	return false
}

// floorOf returns the floor of a package and the listed folder it lies in.
func floorOf(pkg string) (int, string) {
	for i, f := range floors {
		for _, p := range f {
			if within(pkg, p) {
				return i, p
			}
		}
	}
	return -1, ""
}

// imports calls fn for every import of non-test Go files in this module.
func imports(t *testing.T, fn func(file, pkg, dep string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipForeign(path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		fn(rel, filepath.ToSlash(filepath.Dir(rel)), "")
		for _, spec := range file.Imports {
			dep, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			fn(rel, filepath.ToSlash(filepath.Dir(rel)), dep)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skipForeign leaves out hidden folders, node_modules, and folders that are
// modules of their own.
func skipForeign(path, name string) error {
	if path == root {
		return nil
	}
	inner, err := filepath.Glob(filepath.Join(path, "go.mod"))
	if err != nil {
		return err
	}
	if len(inner) > 0 || strings.HasPrefix(name, ".") || name == "node_modules" || name == "data" {
		return fs.SkipDir
	}
	return nil
}

func TestFloors(t *testing.T) {
	imports(t, func(file, pkg, dep string) {
		if problem := judge(pkg, dep); problem != "" {
			t.Errorf("%s: %s", file, problem)
		}
	})
}

// judge says what is wrong with one import, "" when nothing is. An empty dep
// asks about the package alone.
func judge(pkg, dep string) string {
	from, home := floorOf(pkg)
	if from < 0 {
		return pkg + " has no floor: add it to floors"
	}
	ours, inside := strings.CutPrefix(dep, "errata/")
	if !inside {
		return judgeOutside(pkg, home, dep)
	}
	to, there := floorOf(ours)
	switch {
	case to < 0:
		return "imports " + ours + ", which has no floor"
	case to > from, to == from && there != home:
		return "imports " + ours + ", which is not below it"
	case there == home && !within(pkg, ours) && !within(ours, pkg):
		return "imports its sibling " + ours + ": only parents and subfolders"
	}
	for folder, allowed := range lowest {
		if within(pkg, folder) && !anyWithin(ours, allowed) {
			return "imports " + ours + ": " + folder + " takes values and never fetches"
		}
	}
	return ""
}

func judgeOutside(pkg, home, dep string) string {
	if floor, _ := floorOf(pkg); floor == 0 && strings.Contains(strings.Split(dep, "/")[0], ".") {
		return home + " imports " + dep + ": the domain keeps to the standard library"
	}
	for library, users := range importers {
		if within(dep, library) && !anyWithin(pkg, users) {
			return "imports " + dep + ", which belongs to " + strings.Join(users, ", ")
		}
	}
	return ""
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name, pkg, dep string
		ok             bool
	}{
		{"down", "internal/store", "errata/internal/errata", true},
		{"up", "internal/errata", "errata/internal/store", false},
		{"sideways", "internal/store", "errata/internal/queue", false},
		{"own subfolder", "internal/normalize", "errata/internal/normalize/jsonx", true},
		{"parent", "internal/search/elastic", "errata/internal/search", true},
		{"sibling", "internal/search/elastic", "errata/internal/search/embedded", false},
		{"services 2 over services 1", "internal/triage", "errata/internal/find", true},
		{"services 1 among themselves", "internal/find", "errata/internal/ingest", false},
		{"view takes values", "internal/views/page", "errata/internal/stats", true},
		{"view over view", "internal/views/page", "errata/internal/views/ui", true},
		{"view fetches", "internal/views/page", "errata/internal/find", false},
		{"view reads the store", "internal/views/ui", "errata/internal/store", false},
		{"intake over its wire", "internal/intake/sentry", "errata/internal/intake/wire", true},
		{"door to door", "internal/handlers", "errata/internal/intake/sentry", false},
		{"app builds all", "internal/app", "errata/internal/handlers", true},
		{"no floor", "internal/util", "fmt", false},
		{"domain outside", "internal/errata", "github.com/google/uuid", false},
		{"library at home", "internal/queue", "github.com/nats-io/nats.go/jetstream", true},
		{"library elsewhere", "internal/store", "github.com/nats-io/nats.go", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if problem := judge(tt.pkg, tt.dep); (problem == "") != tt.ok {
				t.Errorf("judge(%s, %s) = %q", tt.pkg, tt.dep, problem)
			}
		})
	}
}

package handlers_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"errata/internal/errata"
)

// reasons finds in a package what it can give as a reason: what stands in
// errata.Detail, what is handed to a parameter called reason, and constants
// called Reason….
type reasons struct {
	files  []*ast.File
	at     map[string][]int  // functions and methods with a parameter called reason: its places
	prefix map[string]string // what such a function puts in front of it
	consts map[string]string
	found  map[string]bool
}

func textOf(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// value is the text of a literal or of a constant of the package.
func (r *reasons) value(e ast.Expr) (string, bool) {
	if id, ok := e.(*ast.Ident); ok {
		s, known := r.consts[id.Name]
		return s, known
	}
	return textOf(e)
}

func (r *reasons) declare() {
	for _, f := range r.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if n.Type != nil && nameOf(n.Type) == "Reason" {
					return true // why an issue is open is a reason of another kind
				}
				for i, name := range n.Names {
					if i < len(n.Values) {
						if s, ok := textOf(n.Values[i]); ok {
							r.consts[name.Name] = s
						}
					}
				}
			case *ast.FuncDecl:
				place := 0
				for _, p := range n.Type.Params.List {
					for _, name := range p.Names {
						if name.Name == "reason" {
							r.at[n.Name.Name] = append(r.at[n.Name.Name], place)
							r.prefix[n.Name.Name] = cmp.Or(r.prefix[n.Name.Name], r.prefixIn(n))
						}
						place++
					}
				}
			}
			return true
		})
	}
}

// prefixIn finds Reason: "prefix." + reason, or the prefix of the function that
// the reason is handed on to.
func (r *reasons) prefixIn(f *ast.FuncDecl) (prefix string) {
	isReason := func(e ast.Expr) bool { id, ok := e.(*ast.Ident); return ok && id.Name == "reason" }
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.ADD && isReason(n.Y) {
				prefix, _ = textOf(n.X)
			}
		case *ast.CallExpr:
			if slices.ContainsFunc(n.Args, isReason) {
				prefix = cmp.Or(prefix, r.prefix[nameOf(n.Fun)])
			}
		}
		return true
	})
	return prefix
}

// nameOf is the last part of a name: fail of p.fail.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (r *reasons) collect() {
	for _, f := range r.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				r.literal(n)
			case *ast.CallExpr:
				r.call(n)
			}
			return true
		})
	}
	for name, s := range r.consts {
		if strings.HasPrefix(name, "Reason") || strings.HasPrefix(name, "reason") {
			r.found[s] = true
		}
	}
}

func (r *reasons) literal(n *ast.CompositeLit) {
	if nameOf(n.Type) != "Detail" {
		return
	}
	for _, el := range n.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok && nameOf(kv.Key) == "Reason" {
			if s, ok := r.value(kv.Value); ok {
				r.found[s] = true
			}
		}
	}
}

func (r *reasons) call(n *ast.CallExpr) {
	name := nameOf(n.Fun)
	for _, place := range r.at[name] {
		if place >= len(n.Args) {
			continue
		}
		if s, ok := r.value(n.Args[place]); ok && s != "" {
			r.found[r.prefix[name]+s] = true
		}
	}
}

// reasonsOfCode returns every reason that the product can give.
func reasonsOfCode(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	dirs := map[string][]*ast.File{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if strings.HasPrefix(dir, "../views") || strings.HasSuffix(dir, "test") || strings.HasSuffix(dir, "gen") || strings.Contains(dir, "/normalize/jsonx") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		dirs[dir] = append(dirs[dir], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range dirs {
		r := reasons{files: files, at: map[string][]int{}, prefix: map[string]string{}, consts: map[string]string{}, found: found}
		r.declare()
		r.collect()
	}
	for _, list := range errata.OutcomeReasons {
		for _, reason := range list {
			found[reason] = true
		}
	}
	return found
}

// docs/errors.md lists every reason, and nothing that does not exist.
func TestReasonsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		documented[row[1]] = true
	}
	codes := []errata.Code{
		errata.Invalid, errata.Unauthenticated, errata.Forbidden, errata.NotFound, errata.Conflict, errata.TooLarge,
		errata.SlowDown, errata.Unavailable, errata.Internal,
	}
	for _, c := range codes {
		if !documented[string(c)] {
			t.Errorf("the code %s is not documented", c)
		}
	}
	code := reasonsOfCode(t)
	if len(code) < 60 {
		t.Fatalf("only %d reasons were found in the code", len(code))
	}
	for _, reason := range slices.Sorted(maps.Keys(code)) {
		if !documented[reason] {
			t.Errorf("%s is not documented", reason)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(documented)) {
		if !code[reason] && !slices.Contains(codes, errata.Code(reason)) {
			t.Errorf("%s is documented, and nothing gives it", reason)
		}
	}
}

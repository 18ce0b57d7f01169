package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds the configuration file.
const maxFile = 1 << 20

// entry is one value of the file; lists are joined by commas, as in flags.
type entry struct {
	text string
	line int
}

// known is the set of keys; config itself stands in no file.
var known = sync.OnceValue(func() map[string]bool {
	keys := map[string]bool{}
	for _, flag := range model() {
		keys[keyOf(flag.Name)] = true
	}
	return keys
})

func readFile(path string) (map[string]entry, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		return nil, &Error{Key: "config", Problem: path + " is larger than 1 MiB", Remedy: "name a settings file"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{Key: "config", Problem: err.Error(), Remedy: "name a file that exists and may be read"}
	}
	return parseFile(path, text)
}

// parseFile reads settings strictly: every key is known and stands once.
func parseFile(path string, text []byte) (map[string]entry, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, &Error{Problem: path + ": not valid YAML: " + firstLine(err.Error()), Remedy: "correct the line it names"}
	}
	r := &reader{path: path, found: map[string]entry{}}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if err := r.mapping("", doc.Body); err != nil {
			return nil, err
		}
	}
	return r.found, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

type reader struct {
	path  string
	found map[string]entry
}

func (r *reader) mapping(prefix string, n ast.Node) error {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.NullNode, *ast.CommentGroupNode:
		return nil
	default:
		return r.wrong(strings.TrimSuffix(prefix, "."), n, "settings are expected here", "write key: value below it")
	}
	for _, p := range pairs {
		if err := r.pair(prefix+p.Key.String(), p); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) pair(key string, p *ast.MappingValueNode) error {
	if _, twice := r.found[key]; twice {
		return r.wrong(key, p, "stands twice", "keep one of the two")
	}
	switch {
	case key == "config":
		return r.wrong(key, p, "a file cannot name another", "use --config or ERRATA_CONFIG")
	case known()[key]:
		text, ok := scalar(p.Value)
		if !ok {
			return r.wrong(key, p, "a single value or a list is expected", remedy(key))
		}
		r.found[key] = entry{text, lineOf(p)}
		return nil
	case isSection(key):
		return r.mapping(key+".", p.Value)
	}
	hint := "web config print lists all keys"
	if near := nearest(key); near != "" {
		hint = "did you mean " + near
	}
	return r.wrong(key, p, "no such setting", hint)
}

func (r *reader) wrong(key string, n ast.Node, problem, remedy string) error {
	return &Error{Key: key, Problem: fmt.Sprintf("%s (file %s:%d)", problem, r.path, lineOf(n)), Remedy: remedy}
}

func lineOf(n ast.Node) int {
	if p, ok := n.(*ast.MappingValueNode); ok {
		return p.Key.GetToken().Position.Line
	}
	return n.GetToken().Position.Line
}

func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", true
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.SequenceNode:
		items := make([]string, 0, len(n.Values))
		for _, v := range n.Values {
			text, ok := scalar(v)
			if _, nested := v.(*ast.SequenceNode); nested || !ok {
				return "", false
			}
			items = append(items, strings.ReplaceAll(text, ",", `\,`))
		}
		return strings.Join(items, ","), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func isSection(key string) bool {
	for k := range known() {
		if strings.HasPrefix(k, key+".") {
			return true
		}
	}
	return false
}

// nearest returns the known key with the same letters but for two, "" if none.
func nearest(key string) string {
	best, least := "", 3
	for _, k := range slices.Sorted(maps.Keys(known())) {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two short ASCII words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

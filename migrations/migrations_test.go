package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFrozen keeps released migrations as they are: a database that has run one
// would not run it again. A new file gets its line with
// `sha256sum *.sql >frozen.txt`; a line that changes is a mistake once released.
func TestFrozen(t *testing.T) {
	list, err := os.ReadFile("frozen.txt")
	if err != nil {
		t.Fatal(err)
	}
	frozen := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		frozen[name] = sum
	}
	files, err := fs.Glob(FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:]); got != frozen[name] {
			t.Errorf("%s has hash %s, frozen.txt says %q", name, got, frozen[name])
		}
		delete(frozen, name)
	}
	for name := range frozen {
		t.Errorf("%s is frozen and gone", name)
	}
}

// TestForwardOnly asks for the shape of every file: a number, up and no down.
func TestForwardOnly(t *testing.T) {
	files, err := fs.Glob(FS, "*.sql")
	if err != nil || len(files) == 0 || !slices.IsSorted(files) {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "-- +goose Up\n") || strings.Contains(string(text), "+goose Down") ||
			strings.Contains(string(text), "NO TRANSACTION") || strings.Trim(name[:4], "0123456789") != "" || name[4] != '_' {
			t.Errorf("%s is not a step forward in one transaction", name)
		}
	}
}

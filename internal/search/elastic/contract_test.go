package elastic

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"errata/internal/search"
	"errata/internal/search/searchtest"
)

// openStore opens the engine on a prefix made of the store's name.
func openStore(t *testing.T, store string) search.Engine {
	t.Helper()
	o := Options{URLs: []string{address(t, "ERRATA_TEST_ES_URL")}, Prefix: prefixOf(store), Clock: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	t.Cleanup(func() { clean(t, o) })
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// prefixOf is the same for the same name, in this process alone.
func prefixOf(store string) string {
	sum := sha256.Sum256([]byte(processPrefix + store))
	return "t" + hex.EncodeToString(sum[:6])
}

func TestContract(t *testing.T) {
	address(t, "ERRATA_TEST_ES_URL")
	searchtest.Run(t, openStore)
}

// TestAgree compares random answers with the model's. ERRATA_AGREE=n asks n
// questions instead of 100.
func TestAgree(t *testing.T) {
	n := 100
	if s := os.Getenv("ERRATA_AGREE"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal("ERRATA_AGREE is not a number:", s)
		}
	}
	const each = 500
	for seed := uint64(1); n > 0; n, seed = n-each, seed+1 {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) { // its indices go before the next ones come
			e := openStore(t, t.TempDir())
			searchtest.Agree(t, e, 400+int(seed%5)*300, min(n, each), seed)
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

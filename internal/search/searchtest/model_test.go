package searchtest

import (
	"testing"

	"errata/internal/search"
)

// TestModel runs the suite over the model itself, so that a case that no engine
// can pass is noticed here.
func TestModel(t *testing.T) {
	stores := map[string]*modelStore{}
	Run(t, func(t *testing.T, store string) search.Engine {
		if stores[store] == nil {
			stores[store] = &modelStore{seen: map[string]bool{}}
		}
		return &Model{store: stores[store]}
	})
}

func TestModelAgreesWithItself(t *testing.T) { Agree(t, NewModel(), 200, 100, 1) }

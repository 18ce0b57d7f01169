package normalize_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/normalize"
)

func TestRoundTripOfADjangoEvent(t *testing.T) {
	ev, err := normalize.Sentry(payload(t, "python-django.json"), input())
	if err != nil {
		t.Fatal(err)
	}
	normalize.UserTerms(ev, []byte("x"), "")
	normalize.Derive(ev, errata.Project{}, errata.KeyPublic)
	b, err := normalize.Encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	back, err := normalize.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(ev, back); d != "" {
		t.Fatal(d)
	}
}

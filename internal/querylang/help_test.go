package querylang

import (
	"slices"
	"testing"
	"time"
)

// What the help shows must be accepted as it stands.
func TestExamplesOfTheHelpParse(t *testing.T) {
	env := Env{Now: testNow, Zone: time.UTC, Me: "1", Issues: map[string][]string{"CHK-2187": {"i"}}, UserSecret: []byte("k")}
	accepts := func(t *testing.T, q string) {
		t.Helper()
		x, notices, err := Parse(q)
		if err == nil {
			err = Check(x, Context{In: InIssues, Days: 1})
		}
		if err == nil {
			_, err = Bind(x, env)
		}
		if err != nil || len(notices) > 0 || x == nil {
			t.Errorf("%s: %v, notices %v", q, err, notices)
		}
	}
	for _, f := range Fields() {
		if f.Later {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			q := f.Example()
			accepts(t, q)
			x, _, _ := Parse(q)
			named := false
			Each(x, func(l *Leaf) { named = named || l.Key.Name == f.Name })
			if !named {
				t.Errorf("%s says nothing about %s", q, f.Name)
			}
			for _, v := range f.Offered() {
				accepts(t, f.Name+":"+v)
			}
		})
	}
	for _, g := range Grammar() {
		for _, form := range g.Forms {
			t.Run(form.Write, func(t *testing.T) { accepts(t, form.Write) })
		}
	}
	if f := FieldOf(Key{Name: "is"}); slices.Contains(f.Offered(), "snoozed") {
		t.Error("is:snoozed is offered and not answered")
	}
}

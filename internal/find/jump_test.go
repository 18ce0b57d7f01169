package find_test

import (
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/store"
)

// jumpText are the places in words.
func jumpText(j find.Jumps) string {
	var out []string
	if j.On != nil {
		out = append(out, "on "+j.On.ShortID())
	}
	for _, r := range j.Issues {
		out = append(out, r.ShortID())
	}
	for _, p := range j.Services {
		out = append(out, "service "+p.Slug)
	}
	for _, p := range j.People {
		out = append(out, "person "+p.Name)
	}
	for _, v := range j.Views {
		out = append(out, "view "+v.Title)
	}
	return strings.Join(out, ", ")
}

func TestJump(t *testing.T) {
	partstest.Each(t, partstest.Options{Clock: clock}, func(t *testing.T, p *partstest.Parts) {
		shop, secret := p.NewProject("shop", errata.ProjectSettings{}), p.NewProject("secretshop", errata.ProjectSettings{})
		b := p.Batch(
			p.Entry(shop, partstest.Event{ID: partstest.EventID(1), Type: "TimeoutError", Message: "backend is slow", Time: now.Add(-2 * time.Hour)}),
			p.Entry(shop, partstest.Event{ID: partstest.EventID(2), Type: "IdempotencyException", Message: "key was used", Time: now.Add(-time.Hour)}),
			p.Entry(shop, partstest.Event{ID: partstest.EventID(3), Type: "TimeError", Message: "100%_sure", Time: now.Add(-time.Minute)}),
			p.Entry(secret, partstest.Event{ID: partstest.EventID(4), Type: "TimeoutError", Message: "secret backend", Time: now.Add(-time.Hour)}),
		)
		p.Publish(b)
		p.Drained()
		p.Write(func(tx *store.Tx) error {
			_, err := tx.CreateAccount(t.Context(), errata.Account{ID: "u1", Email: "grace@example.com", Login: "grace", Name: "Grace Hopper", State: errata.UserActive})
			if err == nil {
				_, err = tx.CreateAccount(t.Context(), errata.Account{ID: "u2", Email: "gone@example.com", Login: "gone", Name: "Grace Gone", State: errata.UserDisabled})
			}
			return err
		})
		shopID, secretID := errata.ShortID(shop.Prefix, 1), errata.ShortID(secret.Prefix, 1)
		noPeople := partstest.Reader
		noPeople.Scopes = &errata.TokenScopes{Actions: []errata.Action{errata.IssueRead}}
		tests := []struct {
			name, text, on string
			who            errata.Actor
			want           string
		}{
			{"nothing typed", "", "", only(shop), ""},
			{"an id", strings.ToLower(shopID), "", only(shop), shopID},
			{"an id that is not seen", secretID, "", only(shop), ""},
			{"an id that does not exist", shop.Prefix + "-99", "", only(shop), ""},
			{"the beginning of a word", "timeo", "", only(shop), shopID},
			{"two words, in any order", "slow time", "", only(shop), shopID},
			{"only the last word may be begun", "slo timeout", "", only(shop), ""},
			{"newest first", "time", "", only(shop), errata.ShortID(shop.Prefix, 3) + ", " + shopID},
			{"no wildcards", "100%", "", only(shop), errata.ShortID(shop.Prefix, 3)},
			{"a percent sign alone", "%", "", only(shop), ""},
			{"a service", "hop", "", only(shop), "service shop, person Grace Hopper"},
			{"a service that is not seen", "secret", "", only(shop), ""},
			{"a person", "hopp", "", only(shop), "person Grace Hopper"},
			{"a person, without the right", "hopp", "", noPeople, ""},
			{"on an issue", "", shopID, only(shop), "on " + shopID},
			{"on an issue that is not seen", "", secretID, only(shop), ""},
			{"for nobody", "time", shopID, errata.Actor{}, ""},
			{"everything", "secret", "", partstest.Reader, secretID + ", service secretshop"},
			{"long", strings.Repeat("x", 100_000), "", only(shop), ""},
			{"hostile", "'; DROP TABLE issue; --", "", only(shop), ""},
		}
		for _, c := range tests {
			t.Run(c.name, func(t *testing.T) {
				got, err := p.Find.Jump(t.Context(), c.who, c.text, c.on)
				if err != nil {
					t.Fatal(err)
				}
				if d := gocmp.Diff(c.want, jumpText(got)); d != "" {
					t.Error(d)
				}
			})
		}
	})
}

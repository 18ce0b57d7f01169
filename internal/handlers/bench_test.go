//go:build unix

package handlers_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"errata/internal/apptest"
	"errata/internal/apptest/partstest"
)

// serving is the whole product over a data directory, with a browser signed in.
func serving(b *testing.B, dir string) (*apptest.Product, *http.Client) {
	b.Helper()
	p := apptest.Start(b, apptest.Options{DataDir: dir, Clock: partstest.FilledClock, Fresh: true})
	done := filepath.Join(dir, "set-up")
	if _, err := os.Stat(done); err != nil {
		p.Command("setup", "--email", apptest.Email, "--name", "Ada Lovelace", "--org", "Example Shop")
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return p, p.SignIn()
}

// BenchmarkPages asks the running product for pages, as a browser does: session,
// reading, HTML.
func BenchmarkPages(b *testing.B) {
	short := regexp.MustCompile(`/issues/([A-Z0-9]+-[0-9]+)"`)
	for _, events := range []int{10_000, 200_000} {
		p, who := serving(b, partstest.Filled(b, events))
		var issues []string
		seen := map[string]bool{}
		for path := range []int{0, 1, 2} {
			_, text := p.Page(who, fmt.Sprintf("/issues?range=30d&size=100&q=service%%3Aservice-%d", path))
			for _, m := range short.FindAllStringSubmatch(text, -1) {
				if !seen[m[1]] {
					seen[m[1]], issues = true, append(issues, m[1])
				}
			}
		}
		if len(issues) < 100 {
			b.Fatalf("%d issues", len(issues))
		}
		for _, tt := range []struct {
			name string
			path func(i int) string
		}{
			{"issues", func(int) string { return "/issues" }},
			{"issues of 30 days", func(int) string { return "/issues?range=30d" }},
			{"issue", func(i int) string { return "/issues/" + issues[i*7%len(issues)] }},
		} {
			b.Run(fmt.Sprintf("%dk/%s", events/1000, tt.name), func(b *testing.B) {
				partstest.Measured(b, func(i int) error {
					if code, text := p.Page(who, tt.path(i)); code != http.StatusOK {
						return errors.New(text)
					}
					return nil
				})
			})
		}
		p.Stop()
	}
}

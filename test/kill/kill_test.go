// Package kill ends the real server with SIGKILL at random moments while
// events come in, and recounts.
package kill

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"errata/test/load/loadtest"
)

// kills is how often each pair of stores is hit: 3, or ERRATA_TEST_KILLS.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ERRATA_TEST_KILLS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("ERRATA_TEST_KILLS=%s is no number of kills", text)
	}
	return n
}

// server returns the address of an outside server, or skips the test.
func server(t *testing.T, variable, name, script string) string {
	t.Helper()
	if u := os.Getenv(variable); u != "" {
		return u
	}
	if strings.Contains(os.Getenv("ERRATA_TEST_REQUIRE"), name) {
		t.Fatalf("ERRATA_TEST_REQUIRE lists %s, and %s is not set", name, variable)
	}
	t.Skipf("%s is not set; %s start prints it", variable, script)
	return ""
}

// After any number of kills: answered ⊆ found ⊆ sent, each once, and every
// counter equals a recount.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("builds, runs and kills the product")
	}
	binary, err := loadtest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite+embedded", func(t *testing.T) { hit(t, loadtest.Options{Binary: binary}) })
	t.Run("postgres+elastic", func(t *testing.T) {
		hit(t, loadtest.Options{
			Binary:   binary,
			Database: server(t, "ERRATA_TEST_POSTGRES_URL", "postgres", "scripts/postgres"),
			Elastic:  server(t, "ERRATA_TEST_ES_URL", "elastic", "scripts/elasticsearch"),
		})
	})
}

func hit(t *testing.T, o loadtest.Options) {
	o.Data, o.Kills, o.Rate, o.Issues, o.Repeats = t.TempDir(), kills(t), 500, 200, 50
	report, err := loadtest.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	report.Print(&out)
	t.Log("\n" + out.String())
	if len(report.Faults) > 0 {
		t.Errorf("%d faults", len(report.Faults))
	}
	if report.Kills != o.Kills || report.Answered == 0 || report.Repeats == 0 {
		t.Errorf("%d of %d kills, %d answered, %d repeated: too little happened", report.Kills, o.Kills, report.Answered, report.Repeats)
	}
}

package main

import (
	"strings"
	"testing"
	"time"

	"errata/test/load/loadtest"
)

// A small load, for loss and doubles only: figures depend on the machine.
func TestSmallLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the product")
	}
	binary, err := loadtest.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	report, err := loadtest.Run(t.Context(), loadtest.Options{Binary: binary, Data: t.TempDir(), Rate: 200, Length: 5 * time.Second, Issues: 100, Repeats: 10})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	report.Print(&out)
	t.Log("\n" + out.String())
	if len(report.Faults) > 0 || report.Answered != report.Sent {
		t.Errorf("%d of %d answered, %d faults", report.Answered, report.Sent, len(report.Faults))
	}
}

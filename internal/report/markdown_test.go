package report_test

import (
	"bytes"
	"strings"
	"testing"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/report"
	"errata/internal/report/encode"
)

// One issue as a document: personal data masked, hostile words inert.
func TestIssueAsMarkdown(t *testing.T) {
	p := partstest.Open(t, partstest.Options{Clock: clock})
	shop := p.NewProject("shop", errata.ProjectSettings{})
	p.Publish(p.Batch(p.Entry(shop, partstest.Event{ID: partstest.EventID(1), User: "ada@example.org", Message: "<script>alert(1)</script> | [a](http://evil) `x` ```"})))
	p.Drained()
	s := report.New(options(p))
	d, err := s.Issue(t.Context(), partstest.Reader, "SHO-1", "md")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := encode.Markdown(&out, &d); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"# SHO-1 KeyError", "## Response", "## Activity", "new → open", "## Stack", "| User | masked |", "| Target to acknowledge | 24h |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	before, _, _ := strings.Cut(text, "## Stack") // in the fence it is code
	for _, never := range []string{"ada@example.org", "<script>", "](http://"} {
		if strings.Contains(before, never) {
			t.Errorf("%q in\n%s", never, text)
		}
	}
	if _, err := s.Issue(t.Context(), partstest.Reader, "SHO-2", "md"); errata.CodeOf(err) != errata.NotFound {
		t.Errorf("no such issue: %v", err)
	}
}

package report_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/report"
	"errata/internal/report/encode"
	"errata/internal/store/storetest"
)

var now = time.Date(2026, 11, 20, 10, 23, 45, 678_000_000, time.UTC)

func clock() time.Time { return now }

func month() find.Range { return find.Range{From: now.AddDate(0, 0, -30), To: now} }

// options are those of a service over parts.
func options(p *partstest.Parts) report.Options {
	return report.Options{
		Store: p.Store, Find: p.Find, Jobs: p.Jobs, Clock: p.Clock, Decide: storetest.Decide, Log: slog.New(slog.DiscardHandler),
		Folder: filepath.Join(p.Dir, "exports"), URL: "https://errata.example", PerHour: 1000,
	}
}

// many sends n events of their own issues, a minute apart, every third about a
// timeout in staging.
func many(t *testing.T, p *partstest.Parts, n int) errata.Project {
	t.Helper()
	shop := p.NewProject("shop", errata.ProjectSettings{})
	b := p.Batch()
	for i := range n {
		e := partstest.Event{
			ID: partstest.EventID(i + 1), Type: fmt.Sprintf("Kind%dError", i), Message: "=cmd|' /C calc'!A0", User: fmt.Sprintf("user-%d@example.org", i%7),
			Level: []string{"fatal", "error", "info"}[i%3], Time: now.Add(-time.Duration(i) * time.Minute),
		}
		if i%3 == 0 {
			e.Message, e.Env = "timeout of a backend", "staging"
		}
		b.Entries = append(b.Entries, p.Entry(shop, e))
	}
	p.Publish(b)
	p.Drained()
	return shop
}

// paper keeps what is sent.
type paper struct {
	bytes.Buffer
	head    report.Head
	flushes int
}

func (p *paper) Flush() error { p.flushes++; return nil }

func (p *paper) open(h report.Head) report.Out { p.head = h; return p }

// sent hands out a file and returns its lines under the names of the columns.
func sent(t *testing.T, s *report.Service, who errata.Actor, e report.Export) (*paper, []map[string]string) {
	t.Helper()
	var out paper
	if err := s.Send(t.Context(), who, e, out.open); err != nil {
		t.Fatalf("%s %q: %v", e.What, e.Q, err)
	}
	return &out, table(t, out.Bytes())
}

func table(t *testing.T, b []byte) (rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = l[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func asked(what report.What, q string) report.Export {
	return report.Export{What: what, Format: encode.CSV, Q: q, Range: month(), Zone: "Europe/Berlin", AsOf: now.UnixMicro() + 1, Sort: "last_seen"}
}

func column(rows []map[string]string, name string) (out []string) {
	for _, r := range rows {
		out = append(out, r[name])
	}
	return out
}

package find_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"errata/internal/apptest/partstest"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/stats"
	"errata/internal/store"
	"errata/internal/store/storetest"
)

// benchNow is when the benchmark takes place.
var benchNow = time.Date(2026, 11, 20, 10, 23, 45, 0, time.UTC)

// respond fills a store with issues of 40 services and n episodes of the 360
// days before benchNow, one in ten of them open.
func respond(b *testing.B, n int) *store.Store {
	b.Helper()
	s := storetest.Open(b, store.Options{Path: filepath.Join(b.TempDir(), "errata.db"), Clock: func() time.Time { return benchNow }})
	r := rand.New(rand.NewPCG(1, 2))
	write := func(fn func(tx *store.Tx) error) {
		if err := s.InTx(context.Background(), func(tx *store.Tx) error { tx.System("bench"); return fn(tx) }); err != nil {
			b.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		for i := range 40 {
			if _, err := tx.CreateProject(context.Background(), errata.Project{Slug: fmt.Sprintf("service-%d", i), Name: "Service", CreatedBy: "1"}); err != nil {
				return err
			}
		}
		return nil
	})
	for from := 0; from < n; from += 2000 {
		write(func(tx *store.Tx) error {
			for i := from; i < min(from+2000, n); i++ {
				if err := respondOnce(tx, r, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := s.Optimize(context.Background()); err != nil {
		b.Fatal(err)
	}
	return s
}

func respondOnce(tx *store.Tx, r *rand.Rand, i int) error {
	opened := benchNow.Add(-time.Duration(r.Int64N(int64(360 * 24 * time.Hour)))).UnixMicro()
	is := errata.Issue{
		ID: fmt.Sprintf("0199%028d", i), ProjectID: fmt.Sprint(1 + i%40), Number: int64(i + 1), Title: "PaymentError: declined", Type: "PaymentError",
		Level: errata.LevelError, Status: errata.Open, Reason: errata.ReasonNew, Severity: errata.Severity(r.IntN(4)), FirstSeen: opened, LastSeen: opened,
		LastReceived: opened, OpenedAt: opened, EpisodeSeq: 1, Version: 1, Events: 1,
	}
	e := errata.Episode{
		ID: is.ID, IssueID: is.ID, ProjectID: is.ProjectID, Seq: 1, OpenReason: errata.ReasonNew, Environment: "production", Release: fmt.Sprintf("1.%d.0", i%30),
		OpenEventID: is.ID, FirstEventAt: opened, OpenedAt: opened, SeverityOpen: is.Severity, SeverityPeak: is.Severity, Events: 1,
	}
	if i%10 > 0 {
		e.RespondedAt = opened + int64(900e6*math.Exp(r.NormFloat64()))
		e.ResponseKind, e.RespondedBy, e.AckedAt, e.AckedBy = errata.RespondedAck, fmt.Sprint(i%20), e.RespondedAt, fmt.Sprint(i%20)
		e.ResolvedAt = e.RespondedAt + int64(20_000e6*math.Exp(r.NormFloat64()))
		e.ClosedAt, e.CloseReason, e.ResolutionKind, e.ResolvedBy = e.ResolvedAt, errata.ClosedResolved, errata.ResolutionNow, fmt.Sprint(i%20)
		is.Status, is.OpenedAt = errata.Ignored, 0
	}
	if err := tx.CreateIssue(context.Background(), is, store.IssueKeys{Words: " paymenterror declined "}); err != nil {
		return err
	}
	return tx.CreateEpisode(context.Background(), e)
}

// BenchmarkResponseTimes reads what the page of response times shows: both
// metrics, groups, and the period before. Cold: nothing is remembered.
func BenchmarkResponseTimes(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"10k", 10_000}, {"100k", 100_000}} {
		s := respond(b, size.n)
		fresh := func() *find.Service {
			return find.New(find.Options{
				Store: s, Clock: func() time.Time { return benchNow }, Decide: storetest.Decide, Log: slog.New(slog.DiscardHandler), UserSecret: partstest.Secret,
			})
		}
		for _, tt := range []struct {
			name, q string
			days    int
			by      stats.Dimension
		}{
			{"90 days", "", 90, stats.BySeverity},
			{"a year", "", 365, stats.BySeverity},
			{"a year by owner", "", 365, stats.ByOwner},
			{"a year of a release", "release:1.3.0 env:production", 365, stats.ByProject},
		} {
			ask := func(f *find.Service) error {
				_, err := f.Responses(b.Context(), partstest.Reader, find.ResponseQuery{
					Q: tt.q, Range: find.Range{From: benchNow.AddDate(0, 0, -tt.days), To: benchNow}, By: []stats.Dimension{tt.by}, Compare: true,
				}, stats.TTA, stats.TTR)
				return err
			}
			warm := fresh()
			b.Run(size.name+"/"+tt.name+"/cold", func(b *testing.B) { partstest.Measured(b, func(int) error { return ask(fresh()) }) })
			b.Run(size.name+"/"+tt.name+"/warm", func(b *testing.B) { partstest.Measured(b, func(int) error { return ask(warm) }) })
		}
		b.Run(size.name+"/list", func(b *testing.B) {
			f := fresh()
			partstest.Measured(b, func(int) error {
				_, err := f.Episodes(b.Context(), partstest.Reader, find.EpisodeQuery{
					Rules: stats.Rules{Metric: stats.TTA}, Range: find.Range{From: benchNow.AddDate(0, 0, -365), To: benchNow}, Show: find.ShowMissed,
				})
				return err
			})
		})
	}
}

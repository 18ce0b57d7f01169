package search

import (
	"time"

	"errata/internal/stats"
)

// Fill returns the histogram with an empty bucket for every step of [from, to)
// that has none, in order of time. Days and weeks follow the zone (nil = UTC).
// Buckets outside the range are left out.
func Fill(r AggResult, from, to time.Time, i stats.Interval, zone *time.Location) AggResult {
	edges := stats.Edges(from, to, i, zone)
	have := make(map[int64]Bucket, len(r.Buckets))
	for _, b := range r.Buckets {
		have[b.Start] = b
	}
	r.Buckets = make([]Bucket, 0, len(edges)-1)
	for _, e := range edges[:len(edges)-1] {
		b, ok := have[e.UnixMicro()]
		if !ok {
			b = Bucket{Start: e.UnixMicro()}
		}
		r.Buckets = append(r.Buckets, b)
	}
	return r
}

package loadtest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Print writes the report in plain lines.
func (r *Report) Print(w io.Writer) {
	n := float64(max(r.Answered, 1))
	fmt.Fprintf(w, "sent        %d events, %d of them repeated; answered %d (%.0f/s); refused %v, unanswered %d\n",
		r.Sent, r.Repeats, r.Answered, n/r.Sending.Seconds(), r.Refused, r.Silent)
	fmt.Fprintf(w, "searchable  %d events, %.0f/s; the last one %.1f s after the load\n",
		r.Found, float64(r.Found)/(r.Sending+r.Behind).Seconds(), r.Behind.Seconds())
	fmt.Fprintf(w, "answers     p50 %s, p95 %s, p99 %s, max %s\n", short(r.P50), short(r.P95), short(r.P99), short(r.Max))
	if r.Kills > 0 {
		fmt.Fprintf(w, "kills       %d; slowest start %s\n", r.Kills, short(r.Ready))
	} else {
		fmt.Fprintf(w, "processor   %.0f µs per event in the server, %.0f in the sender\n", micros(r.CPU)/n, micros(r.Own)/n)
		fmt.Fprintf(w, "memory      %d MiB idle, %d at most, %d when the queue was empty; ready in %s\n",
			r.Idle>>20, r.Peak>>20, r.After>>20, short(r.Ready))
	}
	var all int64
	for _, v := range r.Disk {
		all += v
	}
	fmt.Fprintf(w, "disk        %.0f bytes per event:", float64(all)/n)
	for _, part := range slices.Sorted(maps.Keys(r.Disk)) {
		if v := r.Disk[part]; v != 0 {
			fmt.Fprintf(w, " %s %.0f", part, float64(v)/n)
		}
	}
	fmt.Fprintln(w)
	for _, line := range r.Alarms[:min(len(r.Alarms), 10)] {
		fmt.Fprintln(w, "log        ", line)
	}
	for _, f := range r.Faults {
		fmt.Fprintln(w, "FAULT      ", f)
	}
	if len(r.Faults) == 0 {
		fmt.Fprintln(w, "accounts    agree: answered ⊆ found ⊆ sent, each once; every counter equals its recount")
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func short(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

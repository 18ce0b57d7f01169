package elastic

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const dayForm = "2006.01.02"

// indexName is where an event lies: a function of retention class and event
// day alone, so that a repeated write meets the first one.
func indexName(prefix string, class int, us int64) string {
	return prefix + "-events-r" + strconv.Itoa(class) + "-" + time.UnixMicro(us).UTC().Format(dayForm)
}

// parseIndex reads what indexName wrote.
func parseIndex(prefix, name string) (class int, day time.Time, ok bool) {
	rest, found := strings.CutPrefix(name, prefix+"-events-r")
	number, date, cut := strings.Cut(rest, "-")
	if !found || !cut {
		return 0, time.Time{}, false
	}
	class, err1 := strconv.Atoi(number)
	day, err2 := time.Parse(dayForm, date)
	return class, day, err1 == nil && err2 == nil && class > 0
}

// Patterns of one request, at most: longer ranges name months, then all.
const (
	maxDays   = 100
	maxMonths = 60
)

// patterns names the indices of [from, to) in every class. Patterns, because
// another process may have begun a class that this one has not met.
func patterns(prefix string, from, to time.Time) []string {
	from, last := from.UTC(), to.Add(-time.Microsecond).UTC()
	start := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	if days := last.Sub(start) / (24 * time.Hour); days < maxDays {
		return steps(prefix, start, last, dayForm, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) })
	}
	start = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
	if months := (last.Year()-start.Year())*12 + int(last.Month()) - int(start.Month()); months < maxMonths {
		return steps(prefix, start, last, "2006.01.*", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) })
	}
	return []string{prefix + "-events-r*"}
}

func steps(prefix string, from, last time.Time, form string, next func(time.Time) time.Time) []string {
	var all []string
	for t := from; !t.After(last); t = next(t) {
		all = append(all, prefix+"-events-r*-"+t.Format(form))
	}
	return all
}

// documentID is unique within an index; create refuses a second one.
func documentID(project, event string) string { return project + "-" + event }

// epoch and horizon bound what the nanosecond dates of the cluster can hold.
var (
	epoch   = time.Unix(0, 0).UTC()
	horizon = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// stamp writes a time as the cluster reads it, to the microsecond; times that
// it cannot hold become the nearest that it can.
func stamp(t time.Time) string {
	if t.Before(epoch) {
		t = epoch
	} else if t.After(horizon) {
		t = horizon
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func stampMicros(us int64) string { return stamp(time.UnixMicro(us)) }

// readStamp reads a time of the cluster as µs.
func readStamp(s string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("a time of the cluster: %w", err)
	}
	return t.UnixMicro(), nil
}

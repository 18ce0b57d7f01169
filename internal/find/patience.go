package find

import (
	"context"
	"time"
)

// patience is how long all the searches of one answer may keep it waiting,
// however many it makes one after the other. What is not known by then is
// missing, and the answer says so. With what SQL and drawing take, a page is
// there within two seconds.
const patience = 1500 * time.Millisecond

type patienceKey struct{}

// Patient returns a context for one answer that somebody waits for: a page, or
// one of the API. Files that are streamed have none.
func Patient(ctx context.Context) context.Context {
	probe, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	until, _ := probe.Deadline()
	return context.WithValue(ctx, patienceKey{}, until)
}

// within bounds a call of the engine by its own time and by what is left of the
// answer's. The engine is told to stop a little earlier, so that what it has
// found by then arrives.
func within(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc, time.Duration) {
	own, cancel := context.WithTimeout(ctx, wait)
	until, hurried := ctx.Value(patienceKey{}).(time.Time)
	if end, _ := own.Deadline(); hurried && until.Before(end) {
		wait = max(wait-end.Sub(until), 1) // 0 would mean the engine's own limit
		all, cancelAll := context.WithDeadline(own, until)
		return all, func() { cancelAll(); cancel() }, wait * 3 / 4
	}
	return own, cancel, wait * 3 / 4
}

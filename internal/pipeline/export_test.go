package pipeline

import (
	"context"
	"time"

	"errata/internal/queue"
)

// Hasten shortens the wait after a failure.
func (w *Worker) Hasten() { w.again = 5 * time.Millisecond }

// Work works batches off in the caller's goroutine.
func (w *Worker) Work(ctx context.Context, batches ...queue.Batch) error {
	return w.workBatches(ctx, batches)
}

// MaxTries is how often a message may fail.
const MaxTries = maxTries

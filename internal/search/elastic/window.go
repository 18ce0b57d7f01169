package elastic

import (
	"context"
	"sync"
)

// window bounds how many bulk requests are under way: it opens by one after
// fifty clean answers and halves when the cluster is short of breath.
type window struct {
	mu    sync.Mutex
	most  int
	limit int
	used  int
	clean int
	queue []chan struct{} // those who wait, oldest first
}

const (
	firstLimit = 2
	cleanRun   = 50
)

func newWindow(most int) *window { return &window{most: most, limit: min(firstLimit, most)} }

// enter waits for a place.
func (w *window) enter(ctx context.Context) error {
	w.mu.Lock()
	if w.used < w.limit && len(w.queue) == 0 {
		w.used++
		w.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	w.queue = append(w.queue, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, t := range w.queue {
		if t == turn {
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
			return lost(ctx, ctx.Err())
		}
	}
	w.used-- // the place was given between the two
	w.wake()
	return lost(ctx, ctx.Err())
}

// leave gives the place back and says whether the cluster was short of breath.
func (w *window) leave(overload bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used--
	if overload {
		w.clean, w.limit = 0, max(w.limit/2, 1)
	} else if w.clean++; w.clean >= cleanRun {
		w.clean, w.limit = 0, min(w.limit+1, w.most)
	}
	w.wake()
}

func (w *window) wake() {
	for w.used < w.limit && len(w.queue) > 0 {
		w.used++
		close(w.queue[0])
		w.queue = w.queue[1:]
	}
}

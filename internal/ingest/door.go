package ingest

import (
	"context"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/queue"
)

// doorEvery is how often the door asks queue and disk how full they are.
const doorEvery = 500 * time.Millisecond

// door refuses events while there is no room. What it knows is at most half a
// second old; the queue itself refuses what does not fit after all.
type door struct {
	queue   *queue.Queue
	dataDir string

	mu    sync.Mutex
	asked time.Time
	share float64
	disk  bool
}

func (d *door) admit(ctx context.Context, now time.Time, level errata.Level) error {
	share, disk := d.look(ctx, now)
	switch {
	case disk:
		return refuse("disk_full", "The disk is full.", nil)
	case share >= shedShare && (level == errata.LevelInfo || level == errata.LevelDebug):
		return refuse("shed_level", "The queue is filling; info and debug are refused until it is not.", nil)
	}
	return nil
}

func (d *door) look(ctx context.Context, now time.Time) (share float64, disk bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.asked) < doorEvery && !now.Before(d.asked) {
		return d.share, d.disk
	}
	d.asked, d.disk = now, queue.DiskFull(d.dataDir)
	if st, err := d.queue.State(ctx, queue.Events); err == nil {
		d.share = st.Share
	}
	return d.share, d.disk
}

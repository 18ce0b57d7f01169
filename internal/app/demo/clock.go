package demo

import (
	"sync/atomic"
	"time"
)

// Clock shows the time at which the story is, and the real one when it has
// been told to the end. It may be read and set from everywhere.
type Clock struct {
	wall func() time.Time
	at   atomic.Int64 // µs; 0 = the real time
}

// NewClock returns a clock that stands at the beginning of the story.
func NewClock(wall func() time.Time) *Clock {
	c := &Clock{wall: wall}
	c.Set(wall().Add(-Span))
	return c
}

// Now returns the time, UTC.
func (c *Clock) Now() time.Time {
	if at := c.at.Load(); at != 0 {
		return time.UnixMicro(at).UTC()
	}
	return c.wall()
}

// Set moves the hands forward; it never moves them back.
func (c *Clock) Set(t time.Time) { c.at.Store(max(c.at.Load(), t.UnixMicro())) }

// Release lets the clock go on by itself, from the real time.
func (c *Clock) Release() { c.at.Store(0) }

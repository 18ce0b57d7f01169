package find

import (
	"sync"
	"time"
)

// Answers are kept as long as nothing has happened, at most a minute, because
// two processes may commit out of order; and only so many of them.
const (
	keepResponses = time.Minute
	maxResponses  = 128
)

// responseCache remembers answers. The zero value is empty.
type responseCache struct {
	mu    sync.Mutex
	kept  map[string]keptResponse
	order []string // oldest first
}

type keptResponse struct {
	at      time.Time
	answers []Response
}

// get returns what was kept, if it is young enough.
func (c *responseCache) get(key string, now time.Time) ([]Response, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[key]
	return k.answers, ok && now.Sub(k.at) < keepResponses && !now.Before(k.at)
}

// put keeps answers in place of the oldest; nobody changes them any more.
func (c *responseCache) put(key string, now time.Time, answers []Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]keptResponse{}
	}
	if _, again := c.kept[key]; !again {
		c.order = append(c.order, key)
	}
	c.kept[key] = keptResponse{now, answers}
	for len(c.order) > maxResponses {
		delete(c.kept, c.order[0])
		c.order = c.order[1:]
	}
}

package embedded

import (
	"fmt"
	"strings"
	"sync"

	"errata/internal/querylang"
)

// postingsBytes is how much the cache of postings takes.
const postingsBytes = 32 << 20

// posting is which of the first n rows of a file have a word, term or frame. It
// does not say whether the rows are still there. A row's words never change, so
// a posting is only ever continued.
type posting struct {
	rows    bitset
	n       int
	missing bool // wildcards may have missed values
}

type postingKey struct {
	p    *partition
	text string
}

// postingText names a value of a key.
func postingText(k querylang.Key, v *querylang.Value) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%s\x00%d\x00%q\x00%q\x00%q\x00%q", k.Name, k.Arg, v.Kind, v.Text, v.Joined, v.Parts, v.Tokens)
	for _, n := range []*int64{v.Lo, v.Hi} {
		if n != nil {
			fmt.Fprintf(&b, "\x00%d", *n)
		} else {
			b.WriteString("\x00-")
		}
	}
	return b.String()
}

// postingCache remembers the postings that were asked last.
type postingCache struct {
	mu    sync.Mutex
	known map[postingKey]*remembrance
	max   int // bytes
	bytes int
	turn  int64
}

type remembrance struct {
	posting
	used int64
}

// get returns what is known of a posting.
func (c *postingCache) get(k postingKey) posting {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.known[k]
	if r == nil {
		return posting{}
	}
	c.turn++
	r.used = c.turn
	return r.posting
}

// put remembers a posting in place of those that nobody has asked for the
// longest. One that is known further stays.
func (c *postingCache) put(k postingKey, p posting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.known[k]; r != nil && r.n >= p.n {
		return
	}
	c.drop(k)
	c.turn++
	c.known[k] = &remembrance{p, c.turn}
	c.bytes += k.bytes(p)
	for c.bytes > c.max && len(c.known) > 1 {
		oldest := k
		for other, r := range c.known {
			if r.used < c.known[oldest].used {
				oldest = other
			}
		}
		c.drop(oldest)
	}
}

func (k postingKey) bytes(p posting) int { return 8*cap(p.rows) + len(k.text) + 128 }

func (c *postingCache) drop(k postingKey) {
	if r := c.known[k]; r != nil {
		c.bytes -= k.bytes(r.posting)
		delete(c.known, k)
	}
}

// knows says whether nothing of a posting must be read.
func (c *postingCache) knows(k postingKey, n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.known[k]
	return r != nil && r.n >= n
}

// forget drops the postings of a file that goes away.
func (c *postingCache) forget(p *partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.known {
		if k.p == p {
			c.drop(k)
		}
	}
}

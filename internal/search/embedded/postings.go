package embedded

import (
	"container/list"
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
	known map[postingKey]*list.Element // of asked
	asked list.List                    // of *knownPosting, the last asked first
	max   int                          // bytes
	bytes int
}

type knownPosting struct {
	key postingKey
	posting
}

func newPostingCache(bytes int) postingCache {
	return postingCache{known: map[postingKey]*list.Element{}, max: bytes}
}

// get returns what is known of a posting.
func (c *postingCache) get(k postingKey) posting {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.known[k]
	if el == nil {
		return posting{}
	}
	c.asked.MoveToFront(el)
	return el.Value.(*knownPosting).posting
}

// put remembers a posting in place of those that nobody has asked for the
// longest. One that is known further stays.
func (c *postingCache) put(k postingKey, p posting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.known[k]; el != nil {
		if el.Value.(*knownPosting).n >= p.n {
			return
		}
		c.drop(el)
	}
	r := &knownPosting{k, p}
	c.known[k] = c.asked.PushFront(r)
	for c.bytes += r.bytes(); c.bytes > c.max && len(c.known) > 1; {
		c.drop(c.asked.Back())
	}
}

func (r *knownPosting) bytes() int { return 8*cap(r.rows) + len(r.key.text) + 160 }

func (c *postingCache) drop(el *list.Element) {
	r := c.asked.Remove(el).(*knownPosting)
	c.bytes -= r.bytes()
	delete(c.known, r.key)
}

// forget drops the postings of a file that goes away.
func (c *postingCache) forget(p *partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, el := range c.known {
		if k.p == p {
			c.drop(el)
		}
	}
}

package embedded

import "sync"

// faceCache remembers the faces that were unpacked last: suggestions and facets
// of one search look at the same newest events with every key and every letter.
type faceCache struct {
	mu    sync.Mutex
	faces map[faceKey]face
	max   int // about 1 KB each
}

type faceKey struct {
	p  *partition
	id int64
}

// remembered is a face with the row it belongs to.
type remembered struct {
	id   int64
	face face
}

// get returns the faces that are known, and the ids of the others.
func (c *faceCache) get(p *partition, ids []int64) (known []remembered, others []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if f, ok := c.faces[faceKey{p, id}]; ok {
			known = append(known, remembered{id, f})
		} else {
			others = append(others, id)
		}
	}
	return known, others
}

// put remembers faces in place of any others.
func (c *faceCache) put(p *partition, packed []body) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range packed {
		for k := range c.faces {
			if len(c.faces) < c.max {
				break
			}
			delete(c.faces, k)
		}
		c.faces[faceKey{p, packed[i].id}] = packed[i].face
	}
}

// forget drops the faces of a file, because some of its events are gone.
func (c *faceCache) forget(p *partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.faces {
		if k.p == p {
			delete(c.faces, k)
		}
	}
}

// forget drops what is remembered of a file that goes away.
func (e *Engine) forget(p *partition) {
	e.faces.forget(p)
	e.postings.forget(p)
	p.cols.Store(nil)
}

package sentry

import "sync"

// pool lends memory for payloads, which live as long as a request.
type pool struct{ sync.Pool }

var payloads pool

// pooled is how large a buffer may be to be kept.
const pooled = 256 << 10

func (p *pool) get(n int) []byte {
	if b, ok := p.Get().(*[]byte); ok && cap(*b) >= n {
		return (*b)[:n]
	}
	return make([]byte, n, max(n, 8<<10))
}

func (p *pool) put(b []byte) {
	if cap(b) > 0 && cap(b) <= pooled {
		p.Put(&b)
	}
}

package page

import (
	"bytes"
	"context"

	"errata/internal/views/layout"
)

// Canned is an error page made at start, so that failing never fails.
type Canned struct{ before, after []byte }

// cannedID stands for the request id until there is one.
const cannedID = "0000000000000000-request-id"

// NewCanned renders the page of a status. It needs no store, no template at
// the time of failure, and nothing that could be down.
func NewCanned(status int) (Canned, error) {
	var b bytes.Buffer
	m := NewError(layout.Chrome{}, ErrorIn{Status: status, RequestID: cannedID})
	if err := m.Whole().Render(context.Background(), &b); err != nil {
		return Canned{}, err
	}
	before, after, _ := bytes.Cut(b.Bytes(), []byte(cannedID))
	return Canned{before: before, after: after}, nil
}

// With returns the page with a request id, whose characters outside letters,
// digits, "-" and "_" are left out.
func (c Canned) With(requestID string) []byte {
	id := make([]byte, 0, len(requestID))
	for i := range min(len(requestID), 64) {
		if b := requestID[i]; b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' {
			id = append(id, b)
		}
	}
	return bytes.Join([][]byte{c.before, id, c.after}, nil)
}

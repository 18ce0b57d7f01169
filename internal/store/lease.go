package store

import (
	"context"
	"fmt"
)

// hold locks a lease until the transaction ends, so that what several processes
// do in its name happens one after the other.
func (tx *Tx) hold(ctx context.Context, name string) error {
	n, err := tx.change(ctx, `UPDATE lease SET beat = beat + 1 WHERE name = $1`, name)
	if err == nil && n == 0 {
		err = fmt.Errorf("there is no lease %s", name)
	}
	return err
}

package store

import (
	"context"

	"errata/internal/errata"
)

// Installation is the one row that says which data belongs together. Times are
// µs, 0 = absent.
type Installation struct {
	ID, Org    string
	Engine     string // elastic, or embedded:<id of the events directory>
	UserSecret []byte // sealed with the master key
	CreatedAt  int64
	SetupHash  string // of the one-time token of the first run, "" once used
	SetupUntil int64
	SetupDone  int64
}

// Installation returns the row, and whether there is one.
func (tx *Tx) Installation(ctx context.Context) (i Installation, found bool, err error) {
	found, err = tx.row(ctx, `SELECT id, org, engine, user_secret, created_at, setup_hash, setup_until, setup_done_at FROM installation WHERE one = 1`,
		nil, &i.ID, &i.Org, &i.Engine, &i.UserSecret, &i.CreatedAt, zero(&i.SetupHash), zero(&i.SetupUntil), zero(&i.SetupDone))
	return i, found, err
}

// CreateInstallation writes the row unless there is one, and says whether it did.
func (tx *Tx) CreateInstallation(ctx context.Context, i Installation) (bool, error) {
	n, err := tx.change(ctx, `INSERT INTO installation (one, id, org, engine, user_secret, created_at, setup_hash, setup_until, setup_done_at)
		VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		i.ID, i.Org, i.Engine, i.UserSecret, i.CreatedAt, null(i.SetupHash), nullInt(i.SetupUntil), nullInt(i.SetupDone))
	return n == 1, err
}

// OfferSetup replaces the one-time token of the first run. Conflict
// (set_up_done) once that has ended.
func (tx *Tx) OfferSetup(ctx context.Context, hash string, until int64) error {
	n, err := tx.change(ctx, `UPDATE installation SET setup_hash = $1, setup_until = $2 WHERE one = 1 AND setup_done_at IS NULL`, hash, until)
	return setUp(n, err)
}

// FinishSetup ends the first run; its token works no more. Conflict
// (set_up_done) when it has ended before.
func (tx *Tx) FinishSetup(ctx context.Context, org string, at int64) error {
	n, err := tx.change(ctx, `UPDATE installation SET org = $1, setup_done_at = $2, setup_hash = NULL, setup_until = NULL
		WHERE one = 1 AND setup_done_at IS NULL`, org, at)
	return setUp(n, err)
}

func setUp(n int64, err error) error {
	if err == nil && n == 0 {
		return conflict(ReasonSetUpDone, "", "Errata is set up already.")
	}
	return err
}

// CheckEngine compares the event engine of this process with the one the
// installation was made with. Conflict when they differ.
func (tx *Tx) CheckEngine(ctx context.Context, engine string) error {
	i, found, err := tx.Installation(ctx)
	if err != nil || !found || i.Engine == engine {
		return err
	}
	return errata.E(errata.Conflict, "This database belongs to the event engine "+i.Engine+", this process has "+engine+".", nil)
}

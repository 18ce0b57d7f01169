package errata

// Visibility says who sees a saved view.
type Visibility string

// The visibilities.
const (
	ViewPrivate Visibility = "private" // the owner
	ViewForTeam Visibility = "team"    // who is in the team of the view
	ViewForAll  Visibility = "all"     // whoever may sign in; what it lists follows the reader's rights
)

// SavedView is a query that somebody keeps, with the page it belongs to. Query
// is canonical, so it holds no plain identifier of a user; Params are the other
// parameters of the page's address.
type SavedView struct {
	ID         string
	Slug       string
	OwnerID    string
	Visibility Visibility
	TeamID     string // of one for a team, else ""
	Page       string // issues or events
	Title      string
	Query      string
	Params     map[string]string
	Position   int64
	Version    int64
	CreatedAt  int64 // µs
	UpdatedAt  int64 // µs
}

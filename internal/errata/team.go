package errata

// Team is people who answer for services together. Being in one gives no
// rights: it says whose something is.
type Team struct {
	ID, Slug, Name string
	CreatedAt      int64 // µs
}

// TeamRole is what somebody is in a team.
type TeamRole string

// The roles in a team, the one who is asked first at the top.
const (
	TeamLead   TeamRole = "lead"
	TeamMember TeamRole = "member"
)

// TeamRoles lists them.
var TeamRoles = []TeamRole{TeamLead, TeamMember}

// Membership is somebody's place in a team, since At (µs).
type Membership struct {
	TeamID, UserID string
	Role           TeamRole
	At             int64
}

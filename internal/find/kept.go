package find

import (
	"fmt"
	"time"

	"errata/internal/errata"
)

// ReasonExpired marks a notice: a search reaches behind the events that are kept.
const ReasonExpired = "query.expired"

// gone says that a range of events reaches back behind what is kept of these
// services: there the engine has nothing, which is not to be read as none.
func (r reader) gone(projects []string, over Range, now time.Time) []errata.Detail {
	shortest, longest := 0, 0
	for _, id := range projects {
		for _, severity := range errata.Severities {
			days := r.projects[id].Settings.Class(severity)
			if shortest == 0 || days < shortest {
				shortest = days
			}
			longest = max(longest, days)
		}
	}
	if shortest == 0 || !over.From.Before(now.UTC().AddDate(0, 0, -shortest).Truncate(24*time.Hour)) {
		return nil
	}
	kept := fmt.Sprintf("%d days", shortest)
	if longest > shortest {
		kept = fmt.Sprintf("%d to %d days, as their service says", shortest, longest)
	}
	return []errata.Detail{{
		Reason: ReasonExpired, Field: "from",
		Message: "Events are kept for " + kept + ", and this search reaches further back: older ones are not in what is found.",
	}}
}

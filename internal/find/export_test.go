package find

// Reach sets how many issues the engine may name at once, and how a longer list
// is walked.
func (s *Service) Reach(named, rounds, step int) { s.reach = reach{named, rounds, step} }

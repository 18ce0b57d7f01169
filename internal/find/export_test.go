package find

// Reach sets how many issues the engine may name at once, and how a longer list
// is walked.
func (s *Service) Reach(named, rounds, step int) { s.reach = reach{named, rounds, step} }

// TopStep sets how many issues are counted at first for the top ones.
func (s *Service) TopStep(n int) { s.topStep = n }

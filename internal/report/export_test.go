package report

// Few lowers the limits of what is handed out at once, printed.
func (s *Service) Few(inline, printed int) { s.inline, s.onPaper = inline, printed }

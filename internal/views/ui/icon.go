package ui

import "errata/internal/errata"

// sevName is the class of a severity and the name of its sign in the sprite.
func sevName(s errata.Severity) string { return "sev-p" + s.String()[1:] }

func sevTitle(s errata.Severity) string { return "Severity " + s.String() + ", " + s.Word() }

package ui

// bars is the class of one bar of a severity's sign.
func bars(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

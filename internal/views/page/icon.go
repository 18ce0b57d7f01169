package page

import "errata/static"

func icon(name string) string { return static.Icon(name) }

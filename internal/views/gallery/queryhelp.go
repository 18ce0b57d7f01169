package gallery

import "errata/internal/views/page"

// queryHelpStates has one state: the page is made from the catalogue alone.
func queryHelpStates() []state {
	return []state{{"many", page.NewQueryHelp(chrome("/help/query"))}}
}

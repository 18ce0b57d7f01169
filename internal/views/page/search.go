package page

import (
	"slices"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// SearchIn is what the search field of a list is made from, whatever it lists.
type SearchIn struct {
	Moment     ui.Moment
	URL        ListURL // canonical; Path is where the form leads
	Query      Query
	What       string // "issues": what is searched for
	RangeTitle string // what a range means here
	Edit       bool   // the whole query stands in the box as text
	Alone      bool   // no list of filters stands beside the page
	Views      ViewsIn
}

// ViewsIn is what the reader may do with saved views here. Opened is the view
// by which the list was opened, as it is kept.
type ViewsIn struct {
	MaySave, MayShare bool
	WhyNotShare       string
	Teams             []errata.Team // that the reader may share a view with
	Opened            *OpenedView
}

// OpenedView is a saved view beside the list that it opened.
type OpenedView struct {
	errata.SavedView
	MayChange bool
	Changed   bool // the list is no longer what the view keeps
}

// Search is the search field with the range picker beside it. Suggest is the
// address of completions.
type Search struct {
	Action, What, Suggest string
	Chips                 []SearchChip
	Words                 string
	Hidden                []Param
	Error                 *QueryError
	Range                 RangePicker
	Filters               int // how many filters are set, for the button of the sheet
	Alone                 bool
	Save                  *SaveView
	AsText                string // address under which the query is edited as text, "" = it is
}

// SearchChip is one pair of the query with the address that removes it. Text is
// what the form carries along.
type SearchChip struct {
	Key, Value, Remove, Text string
	Negated                  bool
}

// SaveView is the form that keeps the list as a view. Here is the list's
// address.
type SaveView struct {
	Here        string
	MayShare    bool
	WhyNotShare string
	Teams       []ViewTeam
	Opened      *OpenedView // set when it is no longer what it keeps
	Reset       string
}

func newSaveView(in SearchIn) *SaveView {
	if !in.Views.MaySave || in.Query.Error != nil {
		return nil
	}
	s := &SaveView{Here: in.URL.WithCursor("").String(), MayShare: in.Views.MayShare, WhyNotShare: in.Views.WhyNotShare, Teams: viewTeams(in.Views.Teams)}
	if o := in.Views.Opened; o != nil && o.Changed {
		s.Opened, s.Reset = o, ViewURL(o.SavedView)
	}
	return s
}

// editParam asks for the query as text in the box.
const editParam = "edit"

// NewSearch makes the search field.
func NewSearch(in SearchIn) Search {
	s := Search{
		Action: in.URL.Path, What: in.What, Suggest: in.URL.Path + "/suggest", Words: in.Query.Words, Hidden: in.URL.Hidden(),
		Error: in.Query.Error, Range: newRange(in.URL, in.Moment), Save: newSaveView(in), Alone: in.Alone,
	}
	s.Range.Title = in.RangeTitle
	for _, picked := range in.Query.Picked {
		s.Filters += len(picked)
	}
	if in.Edit {
		s.Words = in.Query.Text
		return s
	}
	for _, c := range in.Query.Chips {
		s.Chips = append(s.Chips, SearchChip{
			Key: c.Key, Value: c.Value, Negated: c.Negated, Text: c.Key + c.Value, Remove: in.URL.WithQ(c.Without).String(),
		})
	}
	if len(s.Chips) > 0 {
		as := in.URL.WithCursor("")
		as.More = append(slices.Clone(as.More), Param{editParam, "text"})
		s.AsText = as.String()
	}
	return s
}

package page

import "errata/internal/views/layout"

// The shortcuts that exist, by place: what the list behind "?" says. The keys
// themselves are attached to links and buttons by data-key.
var (
	everywhereKeys = layout.KeyGroup{Where: "Everywhere", Keys: []layout.Key{
		{Keys: []string{"?"}, Does: "Show this list"},
		{Keys: []string{"/"}, Does: "Search"},
		{Keys: []string{"Ctrl", "K"}, Does: "Go to anything, or do something"},
		{Keys: []string{"g", "o"}, Does: "Go to the overview"},
		{Keys: []string{"g", "i"}, Does: "Go to issues"},
		{Keys: []string{"g", "e"}, Does: "Go to events"},
		{Keys: []string{"g", "a"}, Does: "Go to response times"},
		{Keys: []string{"g", "s"}, Does: "Go to service set-up"},
		{Keys: []string{"g", "u"}, Does: "Go to users"},
		{Keys: []string{"g", "y"}, Does: "Go to system"},
		{Keys: []string{"Esc"}, Does: "Close, or leave a field"},
		{Keys: []string{"F6"}, Does: "Go to the results of acts"},
	}}
	actKeys = layout.KeyGroup{Where: "Issue, row and ticked rows", Keys: []layout.Key{
		{Keys: []string{"a"}, Does: "Acknowledge"},
		{Keys: []string{"u"}, Does: "Take back: un-acknowledge, reopen, un-ignore"},
		{Keys: []string{"r"}, Does: "Resolve"},
		{Keys: []string{"m"}, Does: "Assign to me"},
		{Keys: []string{"Shift", "m"}, Does: "Assign"},
		{Keys: []string{"e"}, Does: "Ignore"},
		{Keys: []string{"p"}, Does: "Severity"},
		{Keys: []string{"w"}, Does: "Watch"},
	}}
	listKeys = []layout.KeyGroup{everywhereKeys, {Where: "Issue list", Keys: []layout.Key{
		{Keys: []string{"j"}, Does: "Next row"},
		{Keys: []string{"k"}, Does: "Previous row"},
		{Keys: []string{"Enter"}, Does: "Open the row"},
		{Keys: []string{"x"}, Does: "Tick the row"},
		{Keys: []string{"Shift", "x"}, Does: "Tick all rows up to this one"},
		{Keys: []string{"t"}, Does: "Time range"},
		{Keys: []string{"f"}, Does: "Filters"},
	}}, actKeys}
	issueKeys = []layout.KeyGroup{everywhereKeys, {Where: "Issue", Keys: []layout.Key{
		{Keys: []string{"h"}, Does: "Previous event"},
		{Keys: []string{"l"}, Does: "Next event"},
		{Keys: []string{"Shift", "h"}, Does: "First event"},
		{Keys: []string{"Shift", "l"}, Does: "Last event"},
		{Keys: []string{";"}, Does: "Recommended event"},
		{Keys: []string{"1"}, Does: "First tab, and so on to 5"},
		{Keys: []string{"z"}, Does: "Frames: in app, all"},
		{Keys: []string{"c"}, Does: "Comment"},
	}}, actKeys}
	overviewKeys = []layout.KeyGroup{everywhereKeys, {Where: "Overview", Keys: []layout.Key{
		{Keys: []string{"t"}, Does: "Time range"},
		{Keys: []string{"."}, Does: "Pause or resume updates"},
	}}}
	plainKeys = []layout.KeyGroup{everywhereKeys}
)

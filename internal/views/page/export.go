package page

import (
	"net/url"
	"slices"
	"strings"

	"errata/internal/errata"
)

// ExportIn is what the menu Export of a page is made from: the page's own
// address, and what the reader may do. Nil where the page has none.
type ExportIn struct {
	Address  string // canonical path and query of the page
	May      errata.Allowed
	Personal errata.Allowed // personal data in clear; Applies false = the rows have none
	Job      bool           // it can be prepared as a file
	Markdown bool           // one issue: Markdown and print alone
}

// ExportMenu is the menu of a page. The form holds the parameters of the page;
// each button sends it to another face of the page.
type ExportMenu struct {
	Path     string
	Params   []Param
	Why      string // instead of the menu
	Faces    []ExportFace
	Files    []ExportFace
	Address  string
	Personal bool
}

// ExportFace is one form in which the page can be had.
type ExportFace struct{ Text, Note, Action, Format string }

// takeAlong is the menu of a list that whoever sees it may take along.
func takeAlong(address string) *ExportMenu {
	return NewExport(&ExportIn{Address: address, May: errata.Allowed{Applies: true, OK: true}})
}

// notTaken are the parameters that say which page of a list is shown, and how.
var notTaken = []string{"cursor", "size", "compare", "view", "open", "field", "edit", "after"}

// NewExport makes the menu; nil where there is none.
func NewExport(in *ExportIn) *ExportMenu {
	if in == nil {
		return nil
	}
	path, query, _ := strings.Cut(in.Address, "?")
	m := &ExportMenu{Path: path, Address: in.Address}
	if !in.May.OK {
		m.Why = in.May.Why
		return m
	}
	for part := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(part, "=")
		value, err := url.QueryUnescape(value)
		if ok && err == nil && (!slices.Contains(notTaken, name)) {
			m.Params = append(m.Params, Param{name, value})
		}
	}
	m.Personal = in.Personal.Applies && in.Personal.OK
	if in.Markdown {
		m.Faces = []ExportFace{{"Markdown", ".md", path + ".md", ""}, {"Print page", "", path + ".print", ""}}
		return m
	}
	for _, f := range [][3]string{{"CSV", ".csv", ""}, {"Spreadsheet", ".xlsx", ""}, {"JSON lines", ".ndjson", ""}, {"Print page", "", ".print"}} {
		m.Faces = append(m.Faces, ExportFace{Text: f[0], Note: f[1], Action: path + f[1] + f[2]})
	}
	if in.Job {
		for _, f := range [][2]string{{"CSV", "csv"}, {"Spreadsheet", "xlsx"}, {"JSON lines", "ndjson"}} {
			m.Files = append(m.Files, ExportFace{Text: f[0], Format: f[1]})
		}
	}
	return m
}

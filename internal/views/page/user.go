package page

import (
	"net/url"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// userField is one of the identifying fields, with the project's choice to
// keep it.
type userField struct {
	name, value, masked string
	kept                bool
}

// userRows shows what is known of the user. A field that is hidden from the
// reader, or that the project keeps only as a keyed hash, is named as masked.
func userRows(ev *errata.Event, s errata.ProjectSettings, revealed bool) []ui.Row {
	u := ev.User
	if u == nil {
		return nil
	}
	fields := []userField{
		{"Id", u.ID, "id", s.KeepID == "" || s.KeepID == "keep"},
		{"E-mail", u.Email, "email", s.KeepEmail == "keep"},
		{"Name", u.Username, "name", s.KeepUsername == "keep"},
		{"Address", u.IP, "address", s.IPMode != "drop"},
	}
	var rows []ui.Row
	for _, f := range fields {
		if f.value != "" {
			rows = append(rows, maskable(ui.Row{Name: f.name, Value: f.value, Mono: true}, f.masked, revealed))
		}
	}
	rows = append(rows, hashedOnly(fields, len(u.Terms))...)
	if u.Hash != "" {
		rows = append(rows, ui.Row{Name: "Hash", Value: "~" + u.Hash[:min(len(u.Hash), 8)], Mono: true, Note: "counts people"})
	}
	return rows
}

func maskable(r ui.Row, what string, revealed bool) ui.Row {
	if !revealed {
		r.Value, r.Masked = "", what
	}
	return r
}

// hashedOnly names what was sent but is kept only as a hash. terms counts the
// identifiers that came; when fewer are missing than could be, they are not
// told apart.
func hashedOnly(fields []userField, terms int) []ui.Row {
	hidden := terms
	var missing []userField
	for _, f := range fields {
		if f.value != "" {
			hidden--
		} else if !f.kept {
			missing = append(missing, f)
		}
	}
	if hidden <= 0 || len(missing) == 0 {
		return nil
	}
	if hidden >= len(missing) {
		var rows []ui.Row
		for _, f := range missing {
			rows = append(rows, ui.Row{Name: f.name, Masked: f.masked, Note: "kept as a hash"})
		}
		return rows
	}
	var names []string
	for _, f := range missing {
		names = append(names, f.masked)
	}
	return []ui.Row{{Name: "Other", Masked: strings.Join(names, " or "), Note: "kept as a hash"}}
}

// reveal is where the personal data of an event is asked for.
func reveal(u IssueURL, event string) string {
	return "/issues/" + url.PathEscape(u.ID) + "/events/" + url.PathEscape(event) + "/reveal"
}

// identified says whether an event holds personal data that can be shown.
func identified(ev *errata.Event) bool {
	u := ev.User
	return ev.ClientIP != "" || u != nil && (u.ID != "" || u.Email != "" || u.Username != "" || u.IP != "")
}

package page

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"errata/internal/errata"
	"errata/internal/views/ui"
)

// TagSheet is everything that was said about an event in pairs: tags, contexts,
// extra data, modules.
type TagSheet struct {
	Tags   []ui.Row
	Groups []RowGroup
	None   bool
}

// tagsShown is how many tags stand beside an event.
const tagsShown = 8

func topTags(u IssueURL, ev *errata.Event) ([]ui.Row, *ui.Link) {
	rows := pairRows(ev.Tags[:min(len(ev.Tags), tagsShown)])
	if len(ev.Tags) <= tagsShown {
		return rows, nil
	}
	return rows, &ui.Link{Text: "All " + strconv.Itoa(len(ev.Tags)) + " tags", URL: u.withPart(PartTags).String()}
}

func newTagSheet(ev *errata.Event) TagSheet {
	t := TagSheet{Tags: pairRows(ev.Tags)}
	for _, c := range ev.Contexts {
		if rows := objectRows(c.Value); len(rows) > 0 {
			t.Groups = append(t.Groups, RowGroup{Title: contextTitle(c.Key), Rows: rows, Open: true})
		}
	}
	if len(ev.Extra) > 0 {
		t.Groups = append(t.Groups, RowGroup{Title: "Extra", Rows: memberRows(ev.Extra), Open: true})
	}
	if n := len(ev.Modules); n > 0 {
		t.Groups = append(t.Groups, RowGroup{Title: "Modules", Note: strconv.Itoa(n), Rows: pairRows(ev.Modules)})
	}
	t.None = len(t.Tags) == 0 && len(t.Groups) == 0
	return t
}

var contextTitles = map[string]string{
	"os": "Operating system", "runtime": "Runtime", "browser": "Browser", "device": "Device", "app": "App", "trace": "Trace",
	"culture": "Culture", "cloud_resource": "Cloud", "gpu": "GPU", "response": "Response",
}

func contextTitle(key string) string {
	if t, ok := contextTitles[key]; ok {
		return t
	}
	return ui.Clip(key, 80)
}

// objectRows lists the members of a JSON object in their order; anything else
// is one row.
func objectRows(raw json.RawMessage) []ui.Row {
	members, err := orderedMembers(raw)
	if err != nil {
		return []ui.Row{{Name: "value", Value: ui.Clip(plainJSON(raw), 2000), Mono: true}}
	}
	return memberRows(members)
}

func memberRows(members errata.Object) []ui.Row {
	var out []ui.Row
	for _, m := range members {
		if v := plainJSON(m.Value); v != "" {
			out = append(out, ui.Row{Name: ui.Clip(m.Key, 120), Value: ui.Clip(v, 2000), Mono: true})
		}
	}
	return out
}

// orderedMembers reads one JSON object and keeps the order of its members.
func orderedMembers(raw json.RawMessage) (errata.Object, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	var out errata.Object
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		name, _ := key.(string)
		out = append(out, errata.Member{Key: strings.ToValidUTF8(name, "\uFFFD"), Value: value})
	}
	return out, nil
}

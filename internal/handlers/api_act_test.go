package handlers_test

import (
	"strings"
	"testing"
	"time"

	"errata/internal/apptest"
)

// What the API takes as a body, and what it says to the rest.
func TestBodiesOfActs(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Clock: newHands().now})
	seed(t, p)
	token := p.Token("issue:read,issue:ack,issue:assign,issue:assign_self,issue:resolve,issue:comment")
	db := database(t, p)
	p.Until(15*time.Second, "the four events to be counted", func() bool {
		return column(t, db, `SELECT CAST(COUNT(*) AS TEXT) FROM event_applied WHERE project_id <> ''`)[0] == "4"
	})
	const path = "/api/v1/issues/CHE-1/ack"
	before := state(t, p)
	for name, tt := range map[string]struct {
		path, kind, body string
		status           int
		reason           string
	}{
		"a form":          {path, "application/x-www-form-urlencoded", "version=1", 415, "media_type"},
		"no kind":         {path, "", `{"version":1}`, 415, "media_type"},
		"no JSON":         {path, "application/json", `{"version":`, 400, "json"},
		"two values":      {path, "application/json", `{} {}`, 400, "json"},
		"a list":          {path, "application/json", `[]`, 400, "json"},
		"unknown field":   {path, "application/json", `{"versio":1}`, 400, "json"},
		"another's field": {path, "application/json", `{"assignee":"me"}`, 400, "json"},
		"too large":       {path, "application/json", `{"note":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "body_size"},
		"twice":           {path + "?a=1&a=2", "application/json", `{}`, 400, "duplicate_parameter"},
		"no assignee":     {"/api/v1/issues/CHE-1/assign", "application/json", `{}`, 422, "act.assignee"},
		"absent":          {"/api/v1/issues/CHE-99/ack", "application/json", `{}`, 404, ""},
		"stale":           {path, "application/json", `{"version":99}`, 409, "stale_version"},
		"missing scope":   {"/api/v1/issues/CHE-1/ignore", "application/json", `{}`, 403, "scope"},
		"no token":        {"/api/v1/issues/CHE-1/resolve", "application/json", `{}`, 401, "token"},
		"empty comment":   {"/api/v1/issues/CHE-1/comments", "application/json", `{"body":" "}`, 422, "act.empty_comment"},
		"a kind of later": {"/api/v1/issues/CHE-1/resolve", "application/json; charset=utf-8", `{"kind":"in_release"}`, 422, "act.unknown_kind"},
		"undo of nothing": {"/api/v1/issues/CHE-1/undo", "application/json", `{}`, 400, "version"},
		"undo of another": {"/api/v1/issues/CHE-1/undo", "application/json", `{"version":1}`, 409, "undo_not_last"},
	} {
		t.Run(name, func(t *testing.T) {
			header := []string{"Content-Type", tt.kind, "Authorization", "Bearer " + token}
			if tt.status == 401 {
				header = header[:2]
			}
			a := send(t, p, p.Browser(), "POST", tt.path, tt.body, header...)
			if a.StatusCode != tt.status || tt.reason != "" && !strings.Contains(a.text, `"reason":"`+tt.reason+`"`) {
				t.Errorf("answered %s, want %d with %s: %.300s", a.Status, tt.status, tt.reason, a.text)
			}
		})
	}
	if after := state(t, p); withoutAudit(before) != withoutAudit(after) {
		t.Errorf("changed from %s to %s", before, after)
	}
	if a := send(t, p, p.Browser(), "POST", path, "", "Authorization", "Bearer "+token); a.StatusCode != 200 || !strings.Contains(a.text, `"changed":true`) {
		t.Errorf("without a body: %s %.200s", a.Status, a.text)
	}
}

// withoutAudit leaves out the tables in which refusals are written.
func withoutAudit(state string) string {
	var out []string
	for line := range strings.Lines(state) {
		if !strings.HasPrefix(line, "audit") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

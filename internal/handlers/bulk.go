package handlers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/triage"
	"errata/internal/views/page"
)

// bulk is an act on all ticked rows of the list: first a page that says what it
// changes, then the act.
type bulk struct{ *Server }

func (h bulk) post(c echo.Context) error {
	ctx, who := c.Request().Context(), actorOf(c)
	f := triage.BulkForm{
		IDs: c.Request().PostForm["id"], Act: field(c, "act"), Assignee: cmp.Or(field(c, "assignee"), "me"),
		Cause: errata.Cause(cmp.Or(field(c, "cause"), string(errata.CauseFixed))), Reason: cmp.Or(field(c, "reason"), errata.IgnoreReasons[0]), Note: field(c, "note"),
	}
	in := page.BulkIn{Act: f.Act, Me: who.ID, Next: listPath(field(c, "next")), Assignee: f.Assignee, Cause: f.Cause, Reason: f.Reason, Note: f.Note}
	if field(c, "scope") == "query" {
		return h.onQuery(c, f, in)
	}
	if field(c, "confirm") == "" {
		return h.preview(c, f, in)
	}
	items, err := h.Triage.Bulk(ctx, who, f)
	switch errata.CodeOf(err) {
	case "":
	case errata.Invalid, errata.Forbidden:
		in.Err = err
		return h.preview(c, f, in)
	default:
		return err
	}
	return h.done(c, in, items)
}

// preview says what the act would change.
func (h bulk) preview(c echo.Context, f triage.BulkForm, in page.BulkIn) error {
	ctx, who := c.Request().Context(), actorOf(c)
	items, err := h.Triage.Preview(ctx, who, f)
	if err != nil {
		return err
	}
	if f.Act == errata.ActAssign {
		if in.People, err = h.people(ctx, who, f.IDs); err != nil {
			return err
		}
	}
	code := http.StatusOK
	if in.Err != nil {
		code = status(in.Err)
	}
	return h.show(c, code, in, items)
}

func (h bulk) show(c echo.Context, code int, in page.BulkIn, items []triage.BulkItem) error {
	for _, i := range items {
		in.Items = append(in.Items, page.BulkItemIn(i))
	}
	return show(c, code, page.NewBulk(h.chrome(c, h.moment(zoneOf(actorOf(c)))), in).Whole())
}

// people are those who can have at least one of the issues; whom a service is
// closed to, the preview says.
func (h bulk) people(ctx context.Context, who errata.Actor, ids []string) ([]errata.Person, error) {
	now := h.Clock()
	choices, err := h.Find.Choices(ctx, who, find.Range{From: now.Add(-time.Hour), To: now})
	if err != nil {
		return nil, err
	}
	prefixes, known := map[string]bool{}, map[string]errata.Person{}
	for _, id := range ids {
		prefix, _, _ := strings.Cut(strings.ToUpper(id), "-")
		prefixes[prefix] = true
	}
	for _, p := range choices.Projects {
		if !prefixes[p.Prefix] {
			continue
		}
		people, err := h.Find.Assignable(ctx, who, p.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			known[p.ID] = p
		}
	}
	var out []errata.Person
	for _, p := range known {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b errata.Person) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// listPath is the list to return to.
func listPath(next string) string {
	if next = localPath(next); next == "/" {
		return "/issues"
	}
	return next
}

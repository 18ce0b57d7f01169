package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/triage"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// act is what people do to one issue, by the forms of its page and of the list.
type act struct{ issue }

// deed does one act with the fields of its form.
type deed func(ctx context.Context, who errata.Actor, id string, f triage.Form, c echo.Context) (triage.Result, error)

func (h act) deeds() map[string]deed {
	t := h.Triage
	plain := func(do func(context.Context, errata.Actor, string, triage.Form) (triage.Result, error)) deed {
		return func(ctx context.Context, who errata.Actor, id string, f triage.Form, _ echo.Context) (triage.Result, error) {
			return do(ctx, who, id, f)
		}
	}
	return map[string]deed{
		errata.ActAck: plain(t.Acknowledge), errata.ActUnack: plain(t.Unacknowledge),
		errata.ActReopen: plain(t.Reopen), errata.ActUnignore: plain(t.Unignore), errata.ActUndo: plain(t.Undo),
		errata.ActAssign: func(ctx context.Context, who errata.Actor, id string, f triage.Form, c echo.Context) (triage.Result, error) {
			return t.Assign(ctx, who, id, triage.AssignForm{Form: f, Assignee: field(c, "assignee")})
		},
		errata.ActResolve: func(ctx context.Context, who errata.Actor, id string, f triage.Form, c echo.Context) (triage.Result, error) {
			return t.Resolve(ctx, who, id, triage.ResolveForm{Form: f, Cause: errata.Cause(field(c, "cause"))})
		},
		errata.ActIgnore: func(ctx context.Context, who errata.Actor, id string, f triage.Form, c echo.Context) (triage.Result, error) {
			return t.Ignore(ctx, who, id, triage.IgnoreForm{Form: f, Reason: field(c, "reason")})
		},
		errata.ActSeverity: func(ctx context.Context, who errata.Actor, id string, f triage.Form, c echo.Context) (triage.Result, error) {
			return t.Severity(ctx, who, id, triage.SeverityForm{Form: f, Severity: field(c, "severity")})
		},
		errata.ActStage: func(ctx context.Context, who errata.Actor, id string, f triage.Form, c echo.Context) (triage.Result, error) {
			return t.Stage(ctx, who, id, triage.StageForm{Form: f, Stage: errata.Stage(field(c, "stage"))})
		},
	}
}

// to is the handler of one act.
func (h act) to(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		version, err := strconv.ParseInt(field(c, "version"), 10, 64)
		if err != nil || version < 1 {
			return paramError("version", "version", "The form does not say which version of the issue it is about. Load the page again.")
		}
		f := triage.Form{Version: version, Note: field(c, "note")}
		r, err := h.deeds()[name](c.Request().Context(), actorOf(c), c.Param("id"), f, c)
		if err != nil {
			return h.failed(c, name, err)
		}
		return h.changed(c, http.StatusOK, func(in *page.IssueIn) *ui.Toast { return said(name, r, in) })
	}
}

// said is the toast after an act; what was so already is said with who made it
// so.
func said(name string, r triage.Result, in *page.IssueIn) *ui.Toast {
	id := errata.ShortID(in.Service.Prefix, in.Issue.Number)
	if r.Changed {
		toast := &ui.Toast{Text: id + " " + page.Done(name, in)}
		if name != errata.ActUndo {
			toast.Undo = page.NewUndo(id, r.Issue.Version, in.Acts.Next)
		}
		return toast
	}
	return &ui.Toast{Text: id + " was so already" + page.Since(in.Moment, in.Activity.People[r.By], r.At), Tone: "warn"}
}

// failed answers an act that was not done: a form that was not taken is shown
// again, somebody who was faster is named beside the new state.
func (h act) failed(c echo.Context, name string, err error) error {
	switch errata.CodeOf(err) {
	case errata.Invalid:
		return h.changed(c, http.StatusUnprocessableEntity, func(in *page.IssueIn) *ui.Toast {
			in.Acts.Refused = &page.Refused{Act: name, Fields: fields(c), Err: err}
			return &ui.Toast{Text: errata.MessageOf(err), Tone: "bad"}
		})
	case errata.Conflict:
		return h.changed(c, http.StatusConflict, func(in *page.IssueIn) *ui.Toast {
			in.Conflict = page.ConflictWords(*in, err)
			return &ui.Toast{Text: in.Conflict, Tone: "warn"}
		})
	case errata.Forbidden:
		if wantsPart(c.Request()) {
			return h.changed(c, http.StatusForbidden, func(*page.IssueIn) *ui.Toast {
				return &ui.Toast{Text: errata.MessageOf(err), Tone: "bad"}
			})
		}
	default:
	}
	return err
}

// fields are the fields of the form, for when it is shown again.
func fields(c echo.Context) map[string]string {
	out := map[string]string{}
	for k := range c.Request().PostForm {
		out[k] = field(c, k)
	}
	return out
}

// changed answers with what the issue is now: to a script the part that it
// replaces, else the next page, or this one when there is something to say.
func (h act) changed(c echo.Context, code int, tell func(*page.IssueIn) *ui.Toast) error {
	ctx, who := c.Request().Context(), actorOf(c)
	v, err := h.Find.Issue(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	in, err := h.acting(c, v)
	if err != nil {
		return err
	}
	toast := tell(&in)
	if wantsPart(c.Request()) {
		return h.fragment(c, code, v.ShortID(), in, toast)
	}
	if code != http.StatusOK {
		return h.whole(c, code, v, in)
	}
	h.sayNext(c, *toast)
	return c.Redirect(http.StatusSeeOther, in.Acts.Next)
}

// fragment answers a script by the element it puts the answer into.
func (h act) fragment(c echo.Context, code int, id string, in page.IssueIn, toast *ui.Toast) error {
	_, target, _ := strings.Cut(c.Request().Header.Get("HX-Target"), "#")
	switch {
	case target == "head":
		return show(c, code, page.NewActed(in, toast).Whole())
	case target == "activity":
		return show(c, code, page.NewActed(in, toast).Story())
	case target == id && in.Acts.Refused != nil: // the menu of the row stays open, with what is wrong
		h := c.Response().Header()
		h.Set("HX-Retarget", "#m-row")
		h.Set("HX-Reswap", "outerHTML")
		return show(c, code, page.NewRowMenu(in.Issue, in.Service, in.Acts))
	case target == id:
		row, err := h.row(c, id)
		if err != nil {
			return err
		}
		return show(c, code, page.NewActedRow(row, in.Moment, toast).Whole())
	}
	return c.Redirect(http.StatusSeeOther, in.Acts.Next)
}

// row is the line of the list for one issue.
func (h act) row(c echo.Context, id string) (page.IssueRowIn, error) {
	ctx, who := c.Request().Context(), actorOf(c)
	r, err := h.Find.Row(ctx, who, id)
	if err != nil {
		return page.IssueRowIn{}, err
	}
	return rowIn(r, h.Find.Cans(who, []find.IssueRow{r})[0]), nil
}

// menu is all that can be done to one issue.
func (h act) menu(c echo.Context) error {
	v, err := h.Find.Issue(c.Request().Context(), actorOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	in, err := h.acting(c, v)
	if err != nil {
		return err
	}
	if in.Acts.Next = back(c); in.Acts.Next == "" {
		in.Acts.Next = page.IssueURL{ID: v.ShortID()}.String()
	}
	if wantsPart(c.Request()) {
		return show(c, http.StatusOK, page.NewRowMenu(v.Issue, v.Project, in.Acts))
	}
	return show(c, http.StatusOK, page.NewActPage(h.chrome(c, in.Moment), v.Issue, v.Project, in.Acts).Whole())
}

// watch turns the reader's watching on or off.
func (h act) watch(c echo.Context) error {
	on := field(c, "on") == "true"
	if err := h.Triage.Watch(c.Request().Context(), actorOf(c), c.Param("id"), on); err != nil {
		return h.failed(c, "watch", err)
	}
	return h.changed(c, http.StatusOK, func(in *page.IssueIn) *ui.Toast {
		return &ui.Toast{Text: map[bool]string{true: "You watch ", false: "You no longer watch "}[on] + errata.ShortID(in.Service.Prefix, in.Issue.Number)}
	})
}

// comment writes a comment.
func (h act) comment(c echo.Context) error {
	_, err := h.Triage.Comment(c.Request().Context(), actorOf(c), c.Param("id"), field(c, "body"))
	return h.commented(c, "", err, "Comment added")
}

// edit changes an own comment.
func (h act) edit(c echo.Context) error {
	note := c.Param("note")
	return h.commented(c, note, h.Triage.EditComment(c.Request().Context(), actorOf(c), c.Param("id"), note, field(c, "body")), "Comment changed")
}

// remove deletes an own comment.
func (h act) remove(c echo.Context) error {
	note := c.Param("note")
	return h.commented(c, note, h.Triage.DeleteComment(c.Request().Context(), actorOf(c), c.Param("id"), note), "Comment deleted")
}

func (h act) commented(c echo.Context, note string, err error, done string) error {
	if errata.CodeOf(err) == errata.Invalid {
		return h.changed(c, http.StatusUnprocessableEntity, func(in *page.IssueIn) *ui.Toast {
			in.Activity.Refused = &page.Refused{Fields: map[string]string{"body": field(c, "body"), "note": note}, Err: err}
			return &ui.Toast{Text: errata.MessageOf(err), Tone: "bad"}
		})
	}
	if err != nil {
		return h.failed(c, "comment", err)
	}
	return h.changed(c, http.StatusOK, func(*page.IssueIn) *ui.Toast { return &ui.Toast{Text: done} })
}

package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/triage"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// onQuery is an act on everything that the query of the list matches.
func (h bulk) onQuery(c echo.Context, f triage.BulkForm, in page.BulkIn) error {
	ctx, who := c.Request().Context(), actorOf(c)
	q, zone, err := h.asked(c, in.Next, who)
	if err != nil {
		return err
	}
	who.Zone = zone.String() // times in the query are those of the list
	form := triage.QueryForm{BulkForm: f, Query: q, Typed: field(c, "typed")}
	if form.Shown, err = strconv.ParseInt(field(c, "shown"), 10, 64); field(c, "confirm") == "" || err != nil {
		return h.previewQuery(c, who, form, in)
	}
	res, err := h.Triage.BulkQuery(ctx, who, form)
	switch errata.CodeOf(err) {
	case "":
	case errata.Invalid, errata.Forbidden, errata.Conflict, errata.SlowDown:
		in.Err = err
		return h.previewQuery(c, who, form, in)
	default:
		return err
	}
	if res.JobID != "" {
		return c.Redirect(http.StatusSeeOther, page.JobURL(res.JobID))
	}
	return h.done(c, in, res.Items)
}

// asked reads which query is meant: that of the confirmation, whose range stands
// still, else that of the list. The zone is always the list's.
func (h bulk) asked(c echo.Context, next string, who errata.Actor) (q find.IssueQuery, zone *time.Location, err error) {
	u, err := url.Parse(next)
	if err != nil {
		return q, nil, paramError("next", "format", "The address of the list cannot be read.")
	}
	list := u.Query()
	v := url.Values{"q": {field(c, "q")}, "from": {field(c, "from")}, "to": {field(c, "to")}}
	if v.Get("from") == "" {
		v = list
	}
	in := listIn{q: query(v), rangeWord: v.Get("range"), from: v.Get("from"), to: v.Get("to")}
	if in.rangeWord == "" && in.from == "" && in.to == "" {
		in.rangeWord = "24h"
	}
	if in.zone, err = zoneParam(list, who); err != nil {
		return q, nil, err
	}
	q.Q = in.q
	q.Range, err = h.span(in)
	return q, in.zone, err
}

// previewQuery says what the act would change.
func (h bulk) previewQuery(c echo.Context, who errata.Actor, f triage.QueryForm, in page.BulkIn) error {
	ctx := c.Request().Context()
	p, err := h.Triage.PreviewQuery(ctx, who, f)
	if err != nil {
		return err
	}
	in.Scope = &page.BulkScope{
		Query: p.Query.Text, From: f.Query.Range.From.Format(time.RFC3339Nano), To: f.Query.Range.To.Format(time.RFC3339Nano),
		Total: p.Total, Counts: p.Counts, Job: p.Job, Typed: p.Typed, Said: f.Typed,
	}
	if f.Act == errata.ActAssign {
		ids := make([]string, len(p.Items))
		for i, item := range p.Items {
			ids[i] = item.ID
		}
		if in.People, err = h.people(ctx, who, ids); err != nil {
			return err
		}
	}
	code := http.StatusOK
	if in.Err != nil {
		code = status(in.Err)
	}
	return h.show(c, code, in, p.Items)
}

// done leads back to the list when the act came to what was wanted, else says
// what it did not come to.
func (h bulk) done(c echo.Context, in page.BulkIn, items []triage.BulkItem) error {
	done := 0
	for _, i := range items {
		if i.Fate == triage.FateDone {
			done++
		}
	}
	if left := slices.ContainsFunc(items, func(i triage.BulkItem) bool {
		return i.Fate != triage.FateDone && i.Fate != triage.FateSame
	}); !left {
		h.sayNext(c, ui.Toast{Text: page.Changed(in.Act, done)})
		return c.Redirect(http.StatusSeeOther, in.Next)
	}
	in.Done = true
	return h.show(c, http.StatusOK, in, items)
}

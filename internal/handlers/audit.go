package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
	"errata/internal/views/page"
)

// audits is who did what.
type audits struct{ *Server }

func (h audits) list(c echo.Context) error { return h.show(c, nil) }

// verify shows the list with what checking the chain found.
func (h audits) verify(c echo.Context) error {
	v, err := h.Admin.VerifyAudit(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	return h.show(c, &page.ChainIn{Rows: v.Rows, Broken: v.Broken, Why: v.Why, Head: v.Head, At: h.Clock().UnixMicro()})
}

func (h audits) show(c echo.Context, checked *page.ChainIn) error {
	who := actorOf(c)
	m := h.moment(zoneOf(who))
	f, out, err := auditParams(c, m.Zone)
	var found admin.AuditPage
	if err == nil {
		found, err = h.Admin.Audit(c.Request().Context(), who, f)
	}
	code := http.StatusOK
	if errata.CodeOf(err) == errata.Invalid {
		code = http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	in := page.AuditIn{
		Moment: m, Filter: out, Next: cursorOf(found.Next), MayVerify: found.MayVerify, Whole: found.Whole || err != nil, Checked: checked, Err: err,
		Actions: auditActions(),
	}
	for _, p := range found.People {
		in.People = append(in.People, p)
	}
	slices.SortFunc(in.People, func(a, b errata.Person) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	for _, r := range found.Rows {
		in.Rows = append(in.Rows, auditRow(found.Line(r)))
	}
	return showModel(c, code, page.NewAudit(h.chrome(c, m), in))
}

// auditActions are the actions that rows can name.
func auditActions() []errata.Action {
	all := append(slices.Clone(errata.Actions), errata.SignIn, errata.SignOut, errata.SetUp, errata.JoinTeam, errata.EndSession, errata.EditProfile, errata.SetPassword, errata.CancelJob)
	slices.Sort(all)
	return slices.Compact(all)
}

// auditParams reads the address of the list. Dates are days of the reader's
// zone, the last one included.
func auditParams(c echo.Context, zone *time.Location) (f admin.AuditForm, out page.AuditFilter, err error) {
	v := c.QueryParams()
	out = page.AuditFilter{
		Stream: v.Get("stream"), Actor: v.Get("actor"), Action: v.Get("action"), Result: v.Get("result"), From: v.Get("from"), To: v.Get("to"), After: v.Get("after"),
	}
	if out.Stream == "" {
		out.Stream = string(errata.StreamChange)
	}
	f = admin.AuditForm{
		Stream: errata.Stream(out.Stream), Actor: out.Actor, Action: errata.Action(out.Action), Result: errata.AuditResult(out.Result),
	}
	if f.From, err = dayOf("from", out.From, zone, 0); err != nil {
		return f, out, err
	}
	if f.To, err = dayOf("to", out.To, zone, 1); err != nil {
		return f, out, err
	}
	f.After, err = placeOf(out.After)
	return f, out, err
}

// dayOf returns when a date begins, plus days.
func dayOf(name, s string, zone *time.Location, days int) (int64, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, paramError(name, "time", "“"+clip(s)+"” is no date. Write one like 2026-11-20.")
	}
	return querylang.AtClock(t.AddDate(0, 0, days), orUTC(zone)).UnixMicro(), nil
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

// A cursor is the time and the number of the last row, as "1700000000000000.42".
func cursorOf(p store.AuditPlace) string {
	if p == (store.AuditPlace{}) {
		return ""
	}
	return strconv.FormatInt(p.At, 10) + "." + strconv.FormatInt(p.Seq, 10)
}

func placeOf(s string) (p store.AuditPlace, err error) {
	if s == "" {
		return p, nil
	}
	at, seq, _ := strings.Cut(s, ".")
	if p.At, err = strconv.ParseInt(at, 10, 64); err == nil {
		p.Seq, err = strconv.ParseInt(seq, 10, 64)
	}
	if err != nil {
		return p, paramError("after", "search.cursor", "This page of the audit cannot be found. Start from the newest.")
	}
	return p, nil
}

func (h audits) one(c echo.Context) error {
	who := actorOf(c)
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil {
		return noSuchPage()
	}
	row, names, err := h.Admin.AuditRow(c.Request().Context(), who, errata.Stream(c.Param("stream")), seq)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	return showModel(c, http.StatusOK, page.NewAuditDetail(h.chrome(c, m), page.AuditDetailIn{Moment: m, Row: auditRow(names.Line(row))}))
}

func auditRow(l errata.AuditLine) page.AuditRowIn {
	return page.AuditRowIn{
		AuditRow: l.AuditRow, ActorName: l.Actor.Name, ActorLogin: l.Actor.Login, Service: l.Service, ObjectName: l.ObjectName, ObjectURL: l.ObjectPath,
	}
}

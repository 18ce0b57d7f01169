package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/triage"
)

// apiActs answers who acts on issues through /api/v1.
type apiActs struct{ api }

// actRoutes are the rows of acts.
func (s *Server) actRoutes() []row {
	h := apiActs{api{s}}
	post := func(act string, what errata.Action, do echo.HandlerFunc) row {
		return row{errata.Route{
			Method: http.MethodPost, Path: "/api/v1/issues/:id/" + act, Name: "api.issue." + act, Action: what, Object: "issue", Auth: errata.AuthToken, Audit: errata.StreamChange,
		}, do}
	}
	return []row{
		post(errata.ActAck, errata.IssueAck, h.ack), post(errata.ActUnack, errata.IssueAck, h.unack),
		post(errata.ActAssign, errata.IssueAssignSelf, h.assign), post(errata.ActResolve, errata.IssueResolve, h.resolve),
		post(errata.ActReopen, errata.IssueReopen, h.reopen), post(errata.ActIgnore, errata.IssueIgnore, h.ignore),
		post(errata.ActUnignore, errata.IssueIgnore, h.unignore), post(errata.ActSeverity, errata.IssueSeverity, h.severity),
		post(errata.ActUndo, errata.IssueAck, h.undo),
		post("comments", errata.IssueComment, h.comment),
	}
}

// readJSON lets through what says that it is JSON, or nothing at all.
func readJSON(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if r.ContentLength != 0 && (err != nil || kind != echo.MIMEApplicationJSON) {
			return refuse(errata.Invalid, "media_type", "A body is sent as "+echo.MIMEApplicationJSON+".", err)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		return next(c)
	}
}

// body reads the JSON of a request; none is an empty object.
func body(c echo.Context, into any) error {
	dec := json.NewDecoder(c.Request().Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if known := plain(err); errata.CodeOf(known) != errata.Internal {
		return known
	}
	return refuse(errata.Invalid, "json", "The body is no JSON object with the fields of this request: "+clip(err.Error())+".", err)
}

// actBody are the fields that every act takes.
type actBody struct {
	Version int64  `json:"version"`
	Note    string `json:"note"`
}

func (b actBody) form() triage.Form { return triage.Form{Version: b.Version, Note: b.Note} }

type undoBody struct {
	Version int64 `json:"version"`
}

type assignBody struct {
	actBody
	Assignee string `json:"assignee"`
}

type resolveBody struct {
	actBody
	Kind  string       `json:"kind"`
	Cause errata.Cause `json:"cause"`
}

type ignoreBody struct {
	actBody
	Reason string `json:"reason"`
}

type severityBody struct {
	actBody
	Severity string `json:"severity"`
}

type commentBody struct {
	Body string `json:"body"`
}

// plainly does an act that takes no fields of its own.
func (h apiActs) plainly(c echo.Context, do func(context.Context, errata.Actor, string, triage.Form) (triage.Result, error)) error {
	var b actBody
	if err := body(c, &b); err != nil {
		return err
	}
	r, err := do(c.Request().Context(), actorOf(c), c.Param("id"), b.form())
	return h.acted(c, r, err)
}

func (h apiActs) ack(c echo.Context) error      { return h.plainly(c, h.Triage.Acknowledge) }
func (h apiActs) unack(c echo.Context) error    { return h.plainly(c, h.Triage.Unacknowledge) }
func (h apiActs) reopen(c echo.Context) error   { return h.plainly(c, h.Triage.Reopen) }
func (h apiActs) unignore(c echo.Context) error { return h.plainly(c, h.Triage.Unignore) }

// undo takes back what the owner of the token did; the version is the one that
// the act made.
func (h apiActs) undo(c echo.Context) error {
	var b undoBody
	if err := body(c, &b); err != nil {
		return err
	}
	if b.Version < 1 {
		return paramError("version", "version", "Say the version that the act made, which is to be undone.")
	}
	r, err := h.Triage.Undo(c.Request().Context(), actorOf(c), c.Param("id"), triage.Form{Version: b.Version})
	return h.acted(c, r, err)
}

func (h apiActs) assign(c echo.Context) error {
	var b assignBody
	if err := body(c, &b); err != nil {
		return err
	}
	r, err := h.Triage.Assign(c.Request().Context(), actorOf(c), c.Param("id"), triage.AssignForm{Form: b.form(), Assignee: b.Assignee})
	return h.acted(c, r, err)
}

func (h apiActs) resolve(c echo.Context) error {
	var b resolveBody
	if err := body(c, &b); err != nil {
		return err
	}
	f := triage.ResolveForm{Form: b.form(), Kind: b.Kind, Cause: b.Cause}
	r, err := h.Triage.Resolve(c.Request().Context(), actorOf(c), c.Param("id"), f)
	return h.acted(c, r, err)
}

func (h apiActs) ignore(c echo.Context) error {
	var b ignoreBody
	if err := body(c, &b); err != nil {
		return err
	}
	r, err := h.Triage.Ignore(c.Request().Context(), actorOf(c), c.Param("id"), triage.IgnoreForm{Form: b.form(), Reason: b.Reason})
	return h.acted(c, r, err)
}

func (h apiActs) severity(c echo.Context) error {
	var b severityBody
	if err := body(c, &b); err != nil {
		return err
	}
	r, err := h.Triage.Severity(c.Request().Context(), actorOf(c), c.Param("id"), triage.SeverityForm{Form: b.form(), Severity: b.Severity})
	return h.acted(c, r, err)
}

// apiActed is an issue after an act. Not changed: it was so already, made by
// whom and when.
type apiActed struct {
	apiIssueClocks
	Changed bool       `json:"changed"`
	By      *apiPerson `json:"by"`
	At      string     `json:"at"`
}

func (h apiActs) acted(c echo.Context, r triage.Result, err error) error {
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), actorOf(c)
	v, err := h.Find.Issue(ctx, who, c.Param("id"))
	if err != nil {
		return err
	}
	people, err := h.Find.People(ctx, r.By)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, apiActed{apiIssueClocks: h.clocks(v), Changed: r.Changed, By: person(people, r.By), At: apiTime(r.At)})
}

// apiComment is what somebody wrote; the body is Markdown.
type apiComment struct {
	ID     string     `json:"id"`
	Author *apiPerson `json:"author"`
	At     string     `json:"at"`
	Edited string     `json:"edited_at"`
	Body   string     `json:"body"`
}

func comment(n errata.IssueNote, people map[string]errata.Person) apiComment {
	return apiComment{ID: n.ID, Author: person(people, n.AuthorID), At: apiTime(n.At), Edited: apiTime(n.EditedAt), Body: n.Body}
}

func (h apiActs) comment(c echo.Context) error {
	var b commentBody
	if err := body(c, &b); err != nil {
		return err
	}
	ctx, who := c.Request().Context(), actorOf(c)
	n, err := h.Triage.Comment(ctx, who, c.Param("id"), b.Body)
	if err != nil {
		return err
	}
	people, err := h.Find.People(ctx, n.AuthorID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, comment(n, people))
}

// apiPerson is an account as others see it.
type apiPerson = errata.Person

// person returns an account that is known, else nothing.
func person(people map[string]errata.Person, id string) *apiPerson {
	if p, ok := people[id]; ok && id != "" {
		return &p
	}
	return nil
}

// apiEpisode is one time that an issue was open.
type apiEpisode struct {
	Seq          int64      `json:"seq"`
	Reason       string     `json:"open_reason"`
	Environment  string     `json:"environment"`
	Release      string     `json:"release"`
	Opened       string     `json:"opened_at"`
	Alerted      string     `json:"alerted_at"`
	Responded    string     `json:"responded_at"`
	Response     string     `json:"response"`
	Responder    *apiPerson `json:"responded_by"`
	Acked        string     `json:"acked_at"`
	Acker        *apiPerson `json:"acked_by"`
	Resolved     string     `json:"resolved_at"`
	Resolver     *apiPerson `json:"resolved_by"`
	Closed       string     `json:"closed_at"`
	CloseReason  string     `json:"close_reason"`
	Reopened     int64      `json:"reopen_count"`
	Events       int64      `json:"events"`
	SeverityOpen string     `json:"severity_open"`
	SeverityPeak string     `json:"severity_peak"`
}

func episode(e errata.Episode, people map[string]errata.Person) *apiEpisode {
	if e.Seq == 0 {
		return nil
	}
	return &apiEpisode{
		Seq: e.Seq, Reason: string(e.OpenReason), Environment: e.Environment, Release: e.Release, Opened: apiTime(e.OpenedAt),
		Alerted: apiTime(e.AlertedAt), Responded: apiTime(e.RespondedAt), Response: string(e.ResponseKind), Responder: person(people, e.RespondedBy),
		Acked: apiTime(e.AckedAt), Acker: person(people, e.AckedBy), Resolved: apiTime(e.ResolvedAt), Resolver: person(people, e.ResolvedBy),
		Closed: apiTime(e.ClosedAt), CloseReason: string(e.CloseReason), Reopened: e.ReopenCount, Events: e.Events,
		SeverityOpen: e.SeverityOpen.String(), SeverityPeak: e.SeverityPeak.String(),
	}
}

// apiStep is a row of the ledger. Changes are fields with their old and new
// value; people stand in them by id.
type apiStep struct {
	Version int64                `json:"version"`
	Episode int64                `json:"episode"`
	At      string               `json:"at"`
	Rule    string               `json:"rule"`
	Kind    string               `json:"actor_kind"`
	Actor   *apiPerson           `json:"actor"`
	Via     string               `json:"via"`
	From    string               `json:"from"`
	To      string               `json:"to"`
	Reason  string               `json:"reason"`
	Changes map[string][2]string `json:"changes"`
	Note    string               `json:"note"`
	Event   string               `json:"event"`
}

// story divides the activity of an issue into ledger and comments.
func story(a find.Activity) (ledger []apiStep, comments []apiComment) {
	ledger, comments = []apiStep{}, []apiComment{}
	for _, r := range a.Rows {
		t := r.Transition
		if t.Rule == "" {
			if r.Note.Ended == 0 {
				comments = append(comments, comment(r.Note, a.People))
			}
			continue
		}
		s := apiStep{
			Version: t.Seq, Episode: t.EpisodeSeq, At: apiTime(t.At), Rule: string(t.Rule), Kind: string(t.ActorKind), Via: t.Via,
			From: string(t.From), To: string(t.To), Reason: string(t.Reason), Changes: map[string][2]string{}, Note: r.Note.Body, Event: t.EventID,
		}
		if t.ActorKind == errata.ActorUser {
			s.Actor = person(a.People, t.ActorID)
		}
		for field, change := range t.Detail {
			if field != "resolution" { // an id that leads nowhere
				s.Changes[field] = change
			}
		}
		ledger = append(ledger, s)
	}
	return ledger, comments
}

package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// account is the reader's own account.
type account struct{ *Server }

func (h account) show(c echo.Context) error {
	return h.showWith(c, http.StatusOK, func(*page.AccountIn) {})
}

// showWith shows the account; change adds what was wrong with a form.
func (h account) showWith(c echo.Context, code int, change func(*page.AccountIn)) error {
	who := actorOf(c)
	own, err := h.Admin.Own(c.Request().Context(), who)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.AccountIn{
		Moment: m, Account: own.Account, Grants: own.Grants, Teams: own.Teams, Projects: own.Projects, Tokens: own.Tokens, Sessions: own.Sessions, Here: who.SessionID,
		MayToken: h.Decide(who, errata.TokenOwn, "") == nil, Scopes: h.Admin.TokenActions(who, h.scopes()),
	}
	change(&in)
	chrome := h.chrome(c, m)
	chrome.Here = "/me" // the answer to a form has no address of its own
	return showModel(c, code, page.NewAccount(chrome, in))
}

// scopes are the actions that the JSON API asks for: to read who else there is
// where a query names a team.
func (h account) scopes() (out []errata.Action) {
	for _, a := range errata.Actions {
		if a == errata.UserRead || slices.ContainsFunc(h.rows, func(r row) bool { return r.Auth == errata.AuthToken && r.Action == a }) {
			out = append(out, a)
		}
	}
	return out
}

// back answers a form of the page: back to it with a sentence, or the page with
// what was wrong.
func (h account) back(c echo.Context, err error, said string, refused func(*page.AccountIn)) error {
	if code := errata.CodeOf(err); refused != nil && (code == errata.Invalid || code == errata.SlowDown) {
		status := http.StatusUnprocessableEntity
		if code == errata.SlowDown {
			status = http.StatusTooManyRequests
			c.Response().Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
		}
		return h.showWith(c, status, refused)
	} else if err != nil {
		return err
	}
	h.sayNext(c, ui.Toast{Text: said})
	return c.Redirect(http.StatusSeeOther, "/me")
}

func (h account) profile(c echo.Context) error {
	name, zone := field(c, "name"), field(c, "zone")
	err := h.Admin.EditProfile(c.Request().Context(), actorOf(c), name, zone)
	return h.back(c, err, "Your profile is saved.", func(in *page.AccountIn) { in.Name, in.Zone, in.ProfileErr = name, zone, err })
}

func (h account) password(c echo.Context) error {
	err := h.Admin.ChangePassword(c.Request().Context(), actorOf(c), field(c, "current"), field(c, "password"))
	return h.back(c, err, "The password is changed; other browsers are signed out.", func(in *page.AccountIn) { in.PasswordErr = err })
}

func (h account) endSession(c echo.Context) error {
	return h.back(c, h.Admin.EndOwnSession(c.Request().Context(), actorOf(c), field(c, "session")), "That browser is signed out.", nil)
}

func (h account) endOthers(c echo.Context) error {
	ended, err := h.Admin.EndOtherSessions(c.Request().Context(), actorOf(c))
	return h.back(c, err, ui.Count(ended, "other session", "other sessions")+" ended.", nil)
}

func (h account) createToken(c echo.Context) error {
	who := actorOf(c)
	f := admin.OwnTokenForm{Name: field(c, "token-name")}
	ticked := map[string]bool{}
	for _, a := range errata.Actions {
		if field(c, page.ScopeField(a)) != "" {
			f.Actions, ticked[string(a)] = append(f.Actions, a), true
		}
	}
	days, err := strconv.Atoi(field(c, "days"))
	if f.Life = time.Duration(min(max(days, 0), 1000)) * 24 * time.Hour; err != nil || days < 1 {
		f.Life = -1 // out of range, and said so
	}
	text, token, err := h.Admin.CreateOwnToken(c.Request().Context(), who, f)
	switch errata.CodeOf(err) {
	case "":
	case errata.Invalid:
		return h.back(c, err, "", func(in *page.AccountIn) {
			in.TokenName, in.Days, in.Ticked, in.TokenErr = f.Name, field(c, "days"), ticked, err
		})
	default:
		return err
	}
	m := h.moment(zoneOf(who))
	return showModel(c, http.StatusOK, page.NewTokenMade(h.chrome(c, m), page.TokenMadeIn{Moment: m, Token: token, Text: text}))
}

// revokeToken ends a token of one's own, or of somebody else for those who
// manage tokens.
func (h account) revokeToken(c echo.Context) error {
	who := actorOf(c)
	owner, err := h.Admin.RevokeToken(c.Request().Context(), who, c.Param("token"))
	if err != nil {
		return err
	}
	h.sayNext(c, ui.Toast{Text: "The token is revoked."})
	to := "/me"
	if owner != who.ID && owner != "" {
		to = "/users/" + owner
	}
	return c.Redirect(http.StatusSeeOther, to)
}

package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/page"
)

// login is sign-in, sign-out and how pages look.
type login struct{ *Server }

func (h login) form(c echo.Context) error {
	open, err := h.Admin.SetupOpen(c.Request().Context())
	if err != nil {
		return err
	}
	if open {
		return c.Redirect(http.StatusSeeOther, "/setup/admin")
	}
	if _, err := h.whoIs(c); err == nil {
		return c.Redirect(http.StatusSeeOther, localPath(c.QueryParam("next")))
	}
	return h.show(c, http.StatusOK, page.SignInIn{
		Next: localPath(c.QueryParam("next")), SignedOut: c.QueryParam("out") != "",
		Expired: h.hadSession(c),
	})
}

// hadSession says that the browser still holds a cookie of a session that has ended.
func (h login) hadSession(c echo.Context) bool {
	return cookie(c.Request(), h.Sessions.Cookie.Name) != "" && c.QueryParam("next") != ""
}

func (h login) show(c echo.Context, code int, in page.SignInIn) error {
	return showModel(c, code, page.NewSignIn(h.chrome(c, h.moment(nil)), in))
}

func (h login) submit(c echo.Context) error {
	ctx := c.Request().Context()
	email, next := field(c, "email"), localPath(field(c, "next"))
	acc, err := h.Admin.SignIn(ctx, browser(c), email, field(c, "password"))
	switch errata.CodeOf(err) {
	case "":
	case errata.Unauthenticated:
		return h.show(c, http.StatusUnauthorized, page.SignInIn{Email: email, Next: next, Err: err})
	case errata.SlowDown:
		c.Response().Header().Set("Retry-After", strconv.Itoa(retryAfter(err)))
		return h.show(c, http.StatusTooManyRequests, page.SignInIn{Email: email, Next: next, Err: err, Wait: retryAfter(err)})
	default:
		return err
	}
	if err := h.begin(c, acc.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

func (h login) out(c echo.Context) error {
	ctx := c.Request().Context()
	who, err := h.whoIs(c)
	if err == nil {
		who.IP, who.RequestID = c.RealIP(), requestID(ctx)
		err = h.Admin.SignedOut(ctx, who)
	}
	if err != nil && errata.CodeOf(err) != errata.Unauthenticated {
		return err
	}
	if err := h.Sessions.Destroy(ctx); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.Redirect(http.StatusSeeOther, "/login?out=1")
}

func (h login) appearance(c echo.Context) error {
	h.remember(c, themeCookie, string(layout.ParseTheme(field(c, "theme"))))
	h.remember(c, densityCookie, string(layout.ParseDensity(field(c, "density"))))
	return c.Redirect(http.StatusSeeOther, localPath(field(c, "next")))
}

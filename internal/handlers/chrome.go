package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// Cookies that hold how the pages look; they say nothing about a person.
const (
	themeCookie   = "errata_theme"
	densityCookie = "errata_density"
)

// chrome is what stands around a page.
func (s *Server) chrome(c echo.Context, m ui.Moment) layout.Chrome {
	r := c.Request()
	out := layout.Chrome{
		Org: s.Org(), Here: r.URL.RequestURI(), Theme: layout.ParseTheme(cookie(r, themeCookie)),
		Density: layout.ParseDensity(cookie(r, densityCookie)),
	}
	who := actorOf(c)
	if who.ID == "" {
		return out
	}
	if !wantsPart(r) {
		out.Said = s.saidBefore(c)
		out.Views, out.View = s.viewNav(c), viewParam(c)
	}
	out.User = &layout.User{Name: who.Name, Note: who.Email}
	out.Nav = layout.Nav(func(a errata.Action) bool { return s.Decide(who, a, "") == nil })
	for _, d := range s.Admin.Down() {
		out.Health = append(out.Health, layout.Health{What: healthWords[d.Name], Since: m.At(d.Since), URL: "/system"})
	}
	return out
}

var healthWords = map[string]string{
	admin.DependencyEngine: "Search degraded", admin.DependencySQL: "Database degraded",
	admin.DependencyQueue: "Intake degraded",
}

func cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// moment is when and in which zone the reader reads.
func (s *Server) moment(zone *time.Location) ui.Moment { return ui.Moment{Now: s.Clock(), Zone: zone} }

func (s *Server) remember(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // secure as our address is: with https
		Name: name, Value: value, Path: "/", MaxAge: 400 * 24 * 3600,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// loginFor is where somebody goes who must sign in first, and comes back from.
func loginFor(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(r.URL.RequestURI())
}

// localPath returns next when it leads to a page of ours, else "/". A browser
// takes "//host" and "/\host" for other sites.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\t\r\n") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return next
}

// Keys of the session under which a toast waits for the next page.
const (
	keySaid     = "said"
	keySaidTone = "said_tone"
	keySaidUndo = "said_undo" // address, version and next, a line each
)

// sayNext keeps a toast for the next page of this browser.
func (s *Server) sayNext(c echo.Context, t ui.Toast) {
	ctx := c.Request().Context()
	s.Sessions.Put(ctx, keySaid, t.Text)
	s.Sessions.Put(ctx, keySaidTone, t.Tone)
	if u := t.Undo; u != nil {
		s.Sessions.Put(ctx, keySaidUndo, u.URL+"\n"+u.Version+"\n"+u.Next)
	}
}

// saidBefore takes the toast that waits, nil = none.
func (s *Server) saidBefore(c echo.Context) *ui.Toast {
	ctx := c.Request().Context()
	text, tone, undo := s.Sessions.PopString(ctx, keySaid), s.Sessions.PopString(ctx, keySaidTone), s.Sessions.PopString(ctx, keySaidUndo)
	if text == "" {
		return nil
	}
	t := &ui.Toast{Text: text, Tone: tone}
	if part := strings.SplitN(undo, "\n", 3); len(part) == 3 {
		t.Undo = &ui.Undo{URL: part[0], Version: part[1], Next: part[2]}
	}
	return t
}

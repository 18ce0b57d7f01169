package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/page"
)

// setup is the first run.
type setup struct{ *Server }

// home leads on: to the first service while there is none, else to the overview.
func (h setup) home(c echo.Context) error {
	first, err := h.firstRun(c)
	if err != nil {
		return err
	}
	if first {
		return c.Redirect(http.StatusSeeOther, "/setup/store")
	}
	return c.Redirect(http.StatusSeeOther, "/overview")
}

// firstRun says that there is no service yet, to those who can make one: others
// may just not see any.
func (h setup) firstRun(c echo.Context) (bool, error) {
	if err := h.Decide(actorOf(c), errata.ProjectCreate, ""); err != nil {
		return false, nil //nolint:nilerr // whoever may not make one is not asked to
	}
	all, err := h.Admin.Projects(c.Request().Context(), actorOf(c))
	return len(all) == 0, err
}

func (h setup) adminForm(c echo.Context) error {
	ctx := c.Request().Context()
	token := c.QueryParam("token")
	if err := h.Admin.CheckSetupToken(ctx, token); err != nil {
		return err
	}
	return h.showAdmin(c, http.StatusOK, page.SetupAdminIn{Token: token})
}

func (h setup) showAdmin(c echo.Context, code int, in page.SetupAdminIn) error {
	return showModel(c, code, page.NewSetupAdmin(h.chrome(c, h.moment(nil)), in))
}

func (h setup) admin(c echo.Context) error {
	ctx := c.Request().Context()
	f := admin.AdminForm{
		Token: field(c, "token"), Org: field(c, "org"), Name: field(c, "name"), Email: field(c, "email"),
		Password: field(c, "password"),
	}
	if err := h.Admin.CheckSetupToken(ctx, f.Token); err != nil {
		return err
	}
	acc, err := h.Admin.CreateAdmin(ctx, browser(c), f)
	if errata.CodeOf(err) == errata.Invalid {
		return h.showAdmin(c, http.StatusUnprocessableEntity, page.SetupAdminIn{Token: f.Token, Org: f.Org, Name: f.Name, Email: f.Email, Err: err})
	} else if err != nil {
		return err
	}
	if err := h.begin(c, acc.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/setup/store")
}

func (h setup) store(c echo.Context) error {
	if first, err := h.firstRun(c); err != nil || !first {
		return gone(err)
	}
	var checks []page.StoreCheck
	for _, d := range h.Admin.Look(c.Request().Context()) {
		k := page.StoreCheck{Name: d.Name, Detail: d.Detail, OK: d.OK}
		if d.Err != nil {
			k.Problem = errata.MessageOf(d.Err)
		}
		checks = append(checks, k)
	}
	return showModel(c, http.StatusOK, page.NewSetupStore(h.chrome(c, h.moment(nil)), checks))
}

// gone answers a page of the first run once that is over.
func gone(err error) error {
	if err != nil {
		return err
	}
	return errata.E(errata.NotFound, "Set-up is finished.", nil)
}

func (h setup) serviceForm(c echo.Context) error {
	if first, err := h.firstRun(c); err != nil || !first {
		return gone(err)
	}
	return services(h).showForm(c, http.StatusOK, page.NewServiceIn{FirstRun: true})
}

func (h setup) service(c echo.Context) error {
	if first, err := h.firstRun(c); err != nil || !first {
		return gone(err)
	}
	return services(h).submit(c, true)
}

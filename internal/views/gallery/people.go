package gallery

import (
	"errors"

	"errata/internal/errata"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

func signInStates() []state {
	wrong := errata.E(errata.Unauthenticated, "That e-mail and password do not belong together.", errors.New("no such user"))
	return []state{
		{"plain", page.NewSignIn(bare(), page.SignInIn{})},
		{"refused", page.NewSignIn(bare(), page.SignInIn{Email: "ada@shop.example", Err: wrong, Next: "/issues/CHK-2187"})},
		{"wait", page.NewSignIn(bare(), page.SignInIn{Email: "ada@shop.example", Wait: 128})},
		{"expired", page.NewSignIn(bare(), page.SignInIn{Expired: true, Next: "/issues?range=7d"})},
		{"hostile", page.NewSignIn(bare(), page.SignInIn{Email: hostile, Next: hostile})},
	}
}

func setupStates() []state {
	short := errata.Because(errata.Invalid, "The account was refused.", nil,
		errata.Detail{Reason: "email", Field: "email", Message: "This is no e-mail address."},
		errata.Detail{Reason: "password.short", Field: "password", Message: "Too short: 12 characters at least."})
	good := []page.StoreCheck{
		{Name: "SQL store", Detail: "SQLite 3.53, ./data/errata.db", OK: true},
		{Name: "Event engine", Detail: "embedded, ./data/events", OK: true},
		{Name: "Queue", Detail: "embedded JetStream, ./data/queue", OK: true},
		{Name: "Disk", Detail: "212 GB free", OK: true},
	}
	bad := append([]page.StoreCheck{}, good...)
	bad[1] = page.StoreCheck{
		Name: "Event engine", Detail: "Elasticsearch at https://es.internal:9200",
		Problem: "It does not answer: connection refused. Start it, or correct search.elastic.urls.",
	}
	return []state{
		{"admin", page.NewSetupAdmin(bare(), page.SetupAdminIn{Token: "4f1d"})},
		{"admin-refused", page.NewSetupAdmin(bare(), page.SetupAdminIn{Token: "4f1d", Org: "Example Shop", Name: "Ada Rivera", Email: "ada", Err: short})},
		{"store", page.NewSetupStore(bare(), good)},
		{"store-failed", page.NewSetupStore(bare(), bad)},
		{"service", page.NewNewService(bare(), page.NewServiceIn{FirstRun: true})},
		{"first-event", page.NewServiceSetup(bare(), setupIn(func(in *page.ServiceSetupIn) { in.FirstRun = true }))},
	}
}

var checkout = errata.Project{ID: "1", Slug: "checkout-api", Prefix: "CHK", Name: "Checkout API", Platform: "go"}

var services = []errata.Project{
	{ID: "2", Slug: "billing-svc", Prefix: "BIL", Name: "Billing", Platform: "java"},
	{ID: "3", Slug: "carrier-gateway", Prefix: "CAR", Name: "Carrier gateway", Platform: "go"},
	checkout,
	{ID: "4", Slug: "inventory-svc", Prefix: "INV", Name: "Inventory", Platform: "python"},
	{ID: "5", Slug: "notifications", Prefix: "NOT", Name: "notifications", Platform: "python"},
	{ID: "6", Slug: "payments-worker", Prefix: "PAY", Name: "Payments worker", Platform: "java"},
	{ID: "7", Slug: "storefront-web", Prefix: "WEB", Name: "Storefront", Platform: "javascript"},
}

func serviceListStates() []state {
	rows := func(n int) []page.ServiceRowIn {
		var out []page.ServiceRowIn
		for i, s := range services[:n] {
			out = append(out, page.ServiceRowIn{Service: s, LastDay: int64(4127 * (i + 1) % 38_400), Issues: int64(7 * (i + 3)), LastEvent: ago(day / 1000 * 2)})
		}
		return out
	}
	many := rows(len(services))
	many[4].LastEvent, many[4].LastDay = ago(3*day), 0
	many[5].LastEvent, many[5].LastDay, many[5].Issues = 0, 0, 0
	long := rows(1)
	long[0].Service.Slug, long[0].Service.Name = longWord[:50], longWord+" "+arabic
	return []state{
		{"many", page.NewServices(chrome("/services"), page.ServicesIn{Moment: moment, Services: many, MayCreate: true})},
		{"one", page.NewServices(chrome("/services"), page.ServicesIn{Moment: moment, Services: rows(1), MayCreate: true})},
		{"none", page.NewServices(chrome("/services"), page.ServicesIn{Moment: moment, MayCreate: true})},
		{"none-forbidden", page.NewServices(chrome("/services"), page.ServicesIn{Moment: moment})},
		{"longest", page.NewServices(chrome("/services"), page.ServicesIn{Moment: moment, Services: long, MayCreate: true})},
		{"failed", page.NewServices(chrome("/services"), page.ServicesIn{Moment: moment, Failed: failure("The services could not be read", "/services")})},
	}
}

func failure(what, retry string) *ui.Failure {
	return &ui.Failure{What: what, Cause: "The SQL store does not answer.", Since: moment.Ago(ago(4 * 60e9)), RequestID: "r-7f3ac1e0", Retry: retry}
}

func newServiceStates() []state {
	taken := errata.Because(errata.Conflict, "The service was not created.", nil,
		errata.Detail{Reason: "slug.taken", Field: "slug", Message: "There is a service with this short name."})
	return []state{
		{"plain", page.NewNewService(chrome("/services/new"), page.NewServiceIn{})},
		{"refused", page.NewNewService(chrome("/services/new"), page.NewServiceIn{Name: "Checkout API", Slug: "checkout-api", Platform: "go", Err: taken})},
		{"failed", page.NewNewService(chrome("/services/new"), page.NewServiceIn{Name: hostile, Slug: hostile, Err: errata.E(errata.Unavailable, "The SQL store does not answer. Try again in a moment.", nil)})},
	}
}

func setupIn(change func(*page.ServiceSetupIn)) page.ServiceSetupIn {
	in := page.ServiceSetupIn{
		Moment: moment, Service: checkout, MayReadKey: true,
		DSN:   "https://5a1e0b1c4f7d4f6c9a3b2c1d0e9f8a7b@errata.shop.example/1",
		Store: "https://errata.shop.example/api/1/store/",
		Key:   errata.IngestKey{Key: "5a1e0b1c4f7d4f6c9a3b2c1d0e9f8a7b", Kind: errata.KeyPublic},
	}
	change(&in)
	return in
}

func serviceSetupStates() []state {
	first := page.FirstEvent{Issue: "CHK-1", Title: "errors.errorString: first light", At: ago(3e9), Release: "1.0.0", Environment: "production"}
	out := []state{}
	for _, p := range []string{"go", "node", "python", "java", "browser", "curl"} {
		out = append(out, state{"waiting-" + p, page.NewServiceSetup(chrome("/services/checkout-api/setup"), setupIn(func(in *page.ServiceSetupIn) { in.Platform = p }))})
	}
	return append(out,
		state{"arrived", page.NewServiceSetup(chrome("/services/checkout-api/setup"), setupIn(func(in *page.ServiceSetupIn) { in.First = &first }))},
		state{"team", page.NewServiceSetup(chrome("/services/checkout-api/setup"), setupIn(func(in *page.ServiceSetupIn) { in.Team = payments }))},
		state{"hostile", page.NewServiceSetup(chrome("/services/checkout-api/setup"), setupIn(func(in *page.ServiceSetupIn) {
			in.First = &page.FirstEvent{Issue: "CHK-1", Title: hostile + bidi, At: ago(3e9), Environment: hostile}
			in.Service.Name = hostile
		}))},
		state{"forbidden", page.NewServiceSetup(chrome("/services/checkout-api/setup"), setupIn(func(in *page.ServiceSetupIn) { in.MayReadKey = false }))})
}

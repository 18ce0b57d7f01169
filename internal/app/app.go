package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/app/demo"
	"errata/internal/auth"
	"errata/internal/config"
	"errata/internal/errata"
	"errata/internal/find"
	"errata/internal/handlers"
	"errata/internal/ingest"
	"errata/internal/intake/sentry"
	"errata/internal/jobs"
	"errata/internal/pipeline"
	"errata/internal/queue"
	"errata/internal/report"
	"errata/internal/report/weekly"
	"errata/internal/search"
	"errata/internal/search/elastic"
	"errata/internal/search/embedded"
	"errata/internal/store"
	"errata/internal/telemetry"
	"errata/internal/triage"
)

// App is a server that is ready to run: everything is open, the address bound.
type App struct {
	*base
	life    *lifecycle
	server  *server
	queue   *queue.Queue
	engine  search.Engine
	triage  *triage.Service
	report  *report.Service
	jobs    *jobs.Runner
	find    *find.Service
	intake  *sentry.Intake
	demo    *demo.Demo // nil where nothing is made up
	metrics *prometheus.Registry
	health  *health
	token   string          // of the set-up link
	upkeep  map[string]Part // what the engine needs beside the workers
	views   *store.Views    // who looked at which event
	routes  []errata.Route
}

// Options are what only tests and developers choose.
type Options struct {
	Dev  bool                     // serves /dev/gallery
	Fail func(point string) error // failpoints of the worker and of acts
	pace time.Duration            // of the worker

	ExportsPerHour int // files of one person; 0 = the usual

	Undaunted bool // the event engine is asked again however often it failed
}

// New opens everything in order and binds the address. Running what it
// returns also closes it.
func New(ctx context.Context, cfg *config.Config, clock errata.Clock, log *slog.Logger, o Options) (a *App, err error) {
	a = &App{metrics: telemetry.NewRegistry(), health: &health{}}
	a.life = &lifecycle{log: log, drain: a.health.drain, delay: cfg.DrainDelay}
	if err := a.lock(cfg.DataDir); err != nil {
		return nil, err
	}
	a.base, err = openBase(ctx, cfg, clock, log)
	if err == nil {
		a.life.onClose("store", a.close)
		err = a.open(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, a.life.close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, o Options) (err error) {
	if a.queue, err = queue.Open(ctx, queue.Options{DataDir: a.cfg.DataDir, MaxBytes: int64(a.cfg.Queue.MaxBytes), Log: a.log}); err != nil {
		return err
	}
	a.life.onClose("queue", a.queue.Close)
	if a.engine, err = a.openEngine(ctx, o); err != nil {
		return err
	}
	a.life.onClose("engine", a.engine.Close)
	a.admin.Queue, a.admin.Engine = a.queue, a.engine
	if a.token, err = a.admin.OfferSetup(ctx); err != nil {
		return err
	}
	return a.build(ctx, o)
}

// lock keeps a second server out of the data directory.
func (a *App) lock(dataDir string) error {
	if err := makeDataDir(dataDir); err != nil {
		return err
	}
	release, err := lockFile(filepath.Join(dataDir, "LOCK"))
	if errors.Is(err, fs.ErrPermission) {
		return &config.Error{Key: "data_dir", Problem: err.Error(), Remedy: "name a directory that can be written"}
	} else if err != nil {
		return &config.Error{Key: "data_dir", Problem: "another server uses " + dataDir, Remedy: "stop it, or name another directory"}
	}
	a.life.onClose("lock", release)
	return nil
}

func (a *App) openEngine(ctx context.Context, given Options) (search.Engine, error) {
	if !a.cfg.Elasticsearch() {
		memory := int64(a.cfg.Search.Embedded.Memory)
		if memory == 0 {
			memory = embedded.NoColumns
		}
		return embedded.Open(ctx, embedded.Options{Dir: filepath.Join(a.cfg.DataDir, "events"), Clock: a.clock, Log: a.log, Memory: memory})
	}
	e := a.cfg.Search.Elastic
	o := elastic.Options{
		URLs: e.URLs, APIKey: e.APIKey.Reveal(), Username: e.Username, Password: e.Password.Reveal(),
		CAFingerprint: e.CAFingerprint, Prefix: e.Prefix, Replicas: e.Replicas, MaxInflight: e.MaxInflight, Clock: a.clock, Log: a.log,
	}
	if e.CAFile != "" {
		pem, err := os.ReadFile(e.CAFile)
		if err != nil {
			return nil, &config.Error{Key: "search.elastic.ca_file", Problem: err.Error(), Remedy: "name a readable PEM file"}
		}
		o.CACert = pem
	}
	cert, err := clientCertificate(e)
	if err != nil {
		return nil, err
	}
	o.Certificate = cert
	return a.openElastic(ctx, o, given.Undaunted)
}

// build makes services and doors, and says in which order they start.
func (a *App) build(ctx context.Context, o Options) error {
	in := ingest.New(ingest.Options{
		Store: a.store, Queue: a.queue, Clock: a.clock, Log: a.log, Metrics: a.metrics, Secret: a.start.Secret,
		DataDir: a.cfg.DataDir, MaxInFlight: int64(a.cfg.Intake.MaxInflight),
	})
	worker := pipeline.New(pipeline.Options{
		Store: a.store, Queue: a.queue, Engine: a.engine, Clock: a.clock, Log: a.log, Metrics: a.metrics,
		DataDir: a.cfg.DataDir, Workers: a.cfg.WorkerCount(), Fail: o.Fail, Pace: o.pace,
	})
	a.jobs = jobs.New(jobs.Options{Store: a.store, Clock: a.clock, Log: a.log, Node: node(), Fail: o.Fail})
	a.views = store.NewViews(a.store)
	a.find = find.New(find.Options{Views: a.views, Allowed: a.Allowed, Store: a.store, Engine: a.engine, Clock: a.clock, Decide: a.Decide, Log: a.log, UserSecret: a.start.Secret})
	a.triage = triage.New(triage.Options{Store: a.store, Clock: a.clock, Decide: a.Decide, Log: a.log, Find: a.find, Jobs: a.jobs, Fail: o.Fail})
	a.report = report.New(report.Options{
		Store: a.store, Find: a.find, Office: a.admin, Jobs: a.jobs, Clock: a.clock, Decide: a.Decide, Log: a.log, Folder: filepath.Join(a.cfg.DataDir, "exports"),
		URL: strings.TrimSuffix(a.cfg.URL, "/"), PerHour: o.ExportsPerHour, Fail: o.Fail,
	})
	a.admin.Views = a.views
	a.metrics.MustRegister(newQueueGauges(a.queue))
	mux, err := a.doors(in, o)
	if err != nil {
		return err
	}
	if a.server, err = listen(ctx, a.cfg.Listen, mux, a.log); err != nil {
		return &config.Error{Key: "listen", Problem: err.Error(), Remedy: "choose a free address"}
	}
	a.life.onClose("listener", a.server.close)
	a.life.tiers = []tier{
		{name: "background", grace: 10 * time.Second, parts: map[string]Part{
			"watch":        partFunc(a.admin.Watch),
			"retention":    partFunc(a.admin.Retention),
			"status hours": partFunc(a.admin.StatusHours),
			"policy":       partFunc(a.Policy.Run),
			"exports":      a.report,
		}},
		{name: "views", grace: 10 * time.Second, parts: map[string]Part{"views": a.views, "view counts": partFunc(a.find.CountViews)}},
		{name: "upkeep", grace: 5 * time.Second, parts: a.upkeep},
		{name: "jobs", grace: 10 * time.Second, parts: map[string]Part{"jobs": a.jobs}},
		{name: "workers", grace: 20 * time.Second, parts: map[string]Part{"worker": worker}},
		{name: "ingest", grace: 10 * time.Second, parts: map[string]Part{"ingest": in}},
		{name: "doors", grace: requestGrace, parts: map[string]Part{"http": a.server}},
	}
	return nil
}

// node names this process to others that share its database.
func node() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unnamed"
	}
	return host + ":" + strconv.Itoa(os.Getpid())
}

// doors puts every transport package behind one address.
func (a *App) doors(in *ingest.Service, o Options) (http.Handler, error) {
	proxies, err := a.cfg.ProxyNetworks()
	if err != nil {
		return nil, err
	}
	var trusted []*net.IPNet
	for _, p := range proxies {
		trusted = append(trusted, &net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
	pages, err := handlers.New(handlers.Deps{
		Log: a.log, Clock: a.clock, Admin: a.admin, Find: a.find, Jobs: a.jobs, Decide: a.Decide, Explain: a.Explain, Refused: a.refused,
		Triage: a.triage, Report: a.report,
		Weekly:   weekly.New(weekly.Options{Store: a.store, Find: a.find, Clock: a.clock, Decide: a.Decide, Views: a.views}),
		Sessions: auth.NewSessions(a.store, strings.HasPrefix(a.cfg.URL, "https://"), a.clock), URL: strings.TrimSuffix(a.cfg.URL, "/"),
		Org: a.admin.Org, Trusted: trusted, Dev: o.Dev,
	})
	if err != nil {
		return nil, err
	}
	bounds := sentry.Limits{
		Sent: int64(a.cfg.Intake.MaxCompressed), Decoded: int64(a.cfg.Intake.MaxDecompressed),
		Event: int(a.cfg.Intake.MaxEvent), Items: a.cfg.Intake.MaxItems, ClientReport: int(a.cfg.Intake.MaxClientReport),
	}
	a.intake = sentry.New(sentry.Options{Ingest: in, Clock: a.clock, Limits: bounds, TrustedProxies: proxies})
	mux := http.NewServeMux()
	a.health.checks = []check{{"queue", func(context.Context) error {
		if a.queue.Writable() {
			return nil
		}
		return errors.New("the queue takes nothing")
	}}, {"database", a.admin.Reached}}
	mux.HandleFunc("GET /healthz", a.health.live)
	mux.HandleFunc("GET /readyz", a.health.ready)
	mux.Handle("GET /metrics", telemetry.Handler(a.metrics))
	if o.Dev {
		profiles(mux)
	}
	a.routes = pages.Routes()
	if err := mount(mux, pages.Unknown, pages, door(intakeDoor{a.intake})); err != nil {
		return nil, err
	}
	packed, err := compress(mux)
	if err != nil {
		return nil, err
	}
	return pages.Around(outer(packed, a.cfg.Intake.BodyTimeout)), nil
}

// outer bounds what a request may cost before anything looks at it: its
// address, its headers, and the time its body takes to arrive.
func outer(next http.Handler, bodyTimeout time.Duration) http.Handler {
	return limits(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			// An error means a connection without deadlines, which only tests have.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
		}
		next.ServeHTTP(w, r)
	}))
}

// intakeDoor gives the Sentry door the shape of the others.
type intakeDoor struct{ *sentry.Intake }

func (intakeDoor) Routes() []errata.Route { return sentry.Routes() }

// Routes lists what browsers and readers of the JSON API may ask for.
func (a *App) Routes() []errata.Route { return a.routes }

// Addr is the address that is bound, as host:port.
func (a *App) Addr() string { return a.server.addr() }

// SetupLink is where the first administrator is made; "" when that is done.
func (a *App) SetupLink() string {
	if a.token == "" {
		return ""
	}
	return strings.TrimSuffix(a.cfg.URL, "/") + "/setup/admin?token=" + a.token
}

// Run serves until ctx ends, and returns when everything has stopped.
func (a *App) Run(ctx context.Context) error {
	if u, err := url.Parse(a.cfg.URL); err == nil && !loopback(u.Hostname()) {
		a.log.WarnContext(ctx, "the address is not local: put it behind TLS; a second factor does not exist yet", slog.String("url", a.cfg.URL))
	}
	return a.life.run(ctx)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

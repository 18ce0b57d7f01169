package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/config"
	"errata/internal/errata"
	"errata/internal/notify/email"
	"errata/internal/rbac"
	"errata/internal/store"
)

// Version is what the program calls itself; releases set it when linking.
var Version = "dev"

// base is what server and commands have in common: the SQL store and the
// service that runs an installation.
type base struct {
	cfg   *config.Config
	clock errata.Clock
	log   *slog.Logger
	store *store.Store
	admin *admin.Service
	start admin.Start
	*gate
}

// Files of the data directory that say what belongs together.
const (
	fileDatabase     = "errata.db"
	fileInstallation = "installation.id"
	fileEngine       = "engine.id"
)

// openBase opens, and if need be makes, the SQL store and the installation.
func openBase(ctx context.Context, cfg *config.Config, clock errata.Clock, log *slog.Logger) (*base, error) {
	if err := makeDataDir(cfg.DataDir); err != nil {
		return nil, err
	}
	if err := databaseThere(cfg); err != nil {
		return nil, err
	}
	keyFile, own := cfg.MasterKeyFile()
	master, err := auth.LoadMasterKey(keyFile, own && !inUse(cfg)) // a new key opens no old data
	if err != nil {
		return nil, &config.Error{Key: "master_key", Problem: err.Error(), Remedy: "name a file with 64 hex digits: openssl rand -hex 32"}
	}
	mail, err := mailer(cfg, clock)
	if err != nil {
		return nil, err
	}
	b := &base{cfg: cfg, clock: clock, log: log, gate: &gate{log: log}}
	b.store, err = store.Open(ctx, store.Options{
		URL: cfg.Database.URL.Reveal(), Path: filepath.Join(cfg.DataDir, fileDatabase), Clock: clock,
		Decide: b.Decide, PolicyChanged: b.changed, Log: log,
	})
	if err != nil {
		return nil, err
	}
	b.admin = admin.New(admin.Options{
		Store: b.store, Passwords: auth.NewPasswords(), Master: master, Clock: clock, Decide: b.Decide, Poll: b.Poll, Log: log, Mail: mail,
		URL: strings.TrimSuffix(cfg.URL, "/"), DataDir: cfg.DataDir, Version: Version,
	})
	err = b.prepare(ctx)
	if err == nil {
		b.Policy, err = rbac.New(ctx, rbac.Options{Source: b.store, Clock: clock, Log: log})
	}
	if err != nil {
		return nil, errors.Join(err, b.store.Close())
	}
	return b, nil
}

// mailer returns what sends mail, nil when no server is set.
func mailer(cfg *config.Config, clock errata.Clock) (admin.Mailer, error) {
	m := cfg.SMTP
	sender, err := email.New(email.Options{
		Host: m.Host, Port: m.Port, Username: m.Username, Password: m.Password.Reveal(), From: m.From, TLS: m.TLS, Clock: clock,
	})
	if err != nil {
		return nil, &config.Error{Key: "smtp.from", Problem: err.Error(), Remedy: "write the sender's address, as errata@example.com"}
	}
	if sender == nil {
		return nil, nil //nolint:nilnil // no server is no mailer, and no mistake
	}
	return sender, nil
}

func makeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &config.Error{Key: "data_dir", Problem: err.Error(), Remedy: "name a directory that can be written"}
	}
	return nil
}

// databaseThere refuses to make a new, empty database beside data that belongs
// to one that is missing.
func databaseThere(cfg *config.Config) error {
	if cfg.Postgres() {
		return nil
	}
	_, err := os.Stat(filepath.Join(cfg.DataDir, fileDatabase))
	if inUse(cfg) && errors.Is(err, fs.ErrNotExist) {
		return &config.Error{
			Key: "data_dir", Problem: "the data belongs to " + fileDatabase + ", which is missing",
			Remedy: "restore the file, or name an empty directory",
		}
	}
	return nil
}

// inUse says whether the data directory belongs to an installation.
func inUse(cfg *config.Config) bool {
	_, err := os.Stat(filepath.Join(cfg.DataDir, fileInstallation))
	return err == nil
}

// prepare ties data directory, database and event engine together.
func (b *base) prepare(ctx context.Context) (err error) {
	engine := "elastic"
	if !b.cfg.Elasticsearch() {
		id, err := auth.Once(filepath.Join(b.cfg.DataDir, fileEngine), auth.NewSecret(8))
		if err != nil {
			return err
		}
		engine = "embedded:" + id
	}
	if b.start, err = b.admin.Prepare(ctx, engine); err != nil {
		return asSetting(err)
	}
	id, err := auth.Once(filepath.Join(b.cfg.DataDir, fileInstallation), b.start.ID)
	if err == nil && id != b.start.ID {
		err = &config.Error{Key: "data_dir", Problem: "the data belongs to another database", Remedy: "name the database they belong to, or an empty directory"}
	}
	return err
}

// asSetting turns the refusal of an installation that belongs to other settings
// into one of the setting.
func asSetting(err error) error {
	switch errata.ReasonOf(err) {
	case "master_key":
		return &config.Error{Key: "master_key", Problem: "does not open this installation", Remedy: "name the key it was made with"}
	case "event_engine":
		return &config.Error{
			Key: "search.elastic.urls", Problem: errata.MessageOf(err),
			Remedy: "name the event engine it was made with, or another database",
		}
	}
	return err
}

func (b *base) close() error { return b.store.Close() }

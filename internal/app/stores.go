package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"errata/internal/admin"
	"errata/internal/auth"
	"errata/internal/config"
	"errata/internal/errata"
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
}

// Files of the data directory that say what belongs together.
const (
	fileDatabase     = "errata.db"
	fileInstallation = "installation.id"
	fileEngine       = "engine.id"
)

// openBase opens, and if need be makes, the SQL store and the installation.
func openBase(ctx context.Context, cfg *config.Config, clock errata.Clock, log *slog.Logger) (*base, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, &config.Error{Key: "data_dir", Problem: err.Error(), Remedy: "name a directory that can be written"}
	}
	if err := databaseThere(cfg); err != nil {
		return nil, err
	}
	keyFile, create := cfg.MasterKeyFile()
	master, err := auth.LoadMasterKey(keyFile, create)
	if err != nil {
		return nil, &config.Error{Key: "master_key", Problem: err.Error(), Remedy: "name a file with 64 hex digits: openssl rand -hex 32"}
	}
	st, err := store.Open(ctx, store.Options{URL: cfg.Database.URL.Reveal(), Path: filepath.Join(cfg.DataDir, fileDatabase), Clock: clock,
		Decide: decide, Log: log})
	if err != nil {
		return nil, err
	}
	b := &base{cfg: cfg, clock: clock, log: log, store: st}
	b.admin = admin.New(admin.Options{Store: st, Passwords: auth.NewPasswords(), Master: master, Clock: clock, Decide: decide, Log: log,
		URL: strings.TrimSuffix(cfg.URL, "/"), DataDir: cfg.DataDir, Version: Version})
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return b, nil
}

// databaseThere refuses to make a new, empty database beside data that belongs
// to one that is missing.
func databaseThere(cfg *config.Config) error {
	if cfg.Postgres() {
		return nil
	}
	_, known := os.Stat(filepath.Join(cfg.DataDir, fileInstallation))
	_, err := os.Stat(filepath.Join(cfg.DataDir, fileDatabase))
	if known == nil && errors.Is(err, fs.ErrNotExist) {
		return &config.Error{Key: "data_dir", Problem: "the data belongs to " + fileDatabase + ", which is missing",
			Remedy: "restore the file, or name an empty directory"}
	}
	return nil
}

// prepare ties data directory, database and event engine together.
func (b *base) prepare(ctx context.Context) (err error) {
	engine := "elastic"
	if !b.cfg.Elasticsearch() {
		id, err := identity(filepath.Join(b.cfg.DataDir, fileEngine), newIdentity())
		if err != nil {
			return err
		}
		engine = "embedded:" + id
	}
	if b.start, err = b.admin.Prepare(ctx, engine); err != nil {
		return err
	}
	id, err := identity(filepath.Join(b.cfg.DataDir, fileInstallation), b.start.ID)
	if err == nil && id != b.start.ID {
		err = &config.Error{Key: "data_dir", Problem: "the data belongs to another database", Remedy: "name the database they belong to, or an empty directory"}
	}
	return err
}

func newIdentity() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// identity returns what a file says, after writing it when there is none.
func identity(file, fresh string) (string, error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a file of the data directory
	if errors.Is(err, fs.ErrExist) {
		text, err := os.ReadFile(file) //nolint:gosec // the same
		return strings.TrimSpace(string(text)), err
	} else if err != nil {
		return "", err
	}
	if _, err = f.WriteString(fresh + "\n"); err == nil {
		err = f.Sync()
	}
	return fresh, errors.Join(err, f.Close())
}

// decide says who may do what: every active account everything, a token what
// its scopes name. Roles come later and change this function alone.
func decide(who errata.Actor, what errata.Action, project string) error {
	switch {
	case !who.Active:
		return errata.E(errata.Unauthenticated, "Sign in first.", nil)
	case !who.Scopes.Allows(what, project):
		return errata.Because(errata.Forbidden, fmt.Sprintf("This token lacks the scope %s.", what), nil,
			errata.Detail{Reason: "scope", Message: "Make a token with this scope: web token create --scope " + string(what)})
	}
	return nil
}

func (b *base) close() error { return b.store.Close() }

func asConfig(err error) (*config.Error, bool) { return errors.AsType[*config.Error](err) }

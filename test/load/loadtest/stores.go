package loadtest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "errata/internal/store" // the drivers "sqlite" and "pgx"
)

// stores are the outside servers of one run: a database and index names of its
// own. Empty fields mean the embedded ones.
type stores struct {
	server, database string // addresses: of the server as given, and of the run's database
	elastic, prefix  string
}

// openStores makes what a run needs on the servers; close drops it.
func openStores(ctx context.Context, server, elastic string) (*stores, error) {
	name := fmt.Sprintf("errata_load_%d_%d", os.Getpid(), time.Now().UnixNano()%1e9)
	st := &stores{server: server, elastic: elastic, prefix: strings.ReplaceAll(name, "_", "")}
	if server == "" {
		return st, nil
	}
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	u.Path = "/" + name
	st.database = u.String()
	return st, st.admin(ctx, `CREATE DATABASE `+name+` TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'`)
}

func (st *stores) close(ctx context.Context) error {
	var all error
	if st.database != "" {
		u, err := url.Parse(st.database)
		if err != nil {
			return err
		}
		all = st.admin(ctx, `DROP DATABASE IF EXISTS `+strings.TrimPrefix(u.Path, "/")+` WITH (FORCE)`)
	}
	if st.elastic != "" {
		all = errors.Join(all, st.dropIndices(ctx))
	}
	return all
}

// dropIndices names each index: clusters refuse to delete by pattern.
func (st *stores) dropIndices(ctx context.Context) error {
	body, err := st.ask(ctx, http.MethodGet, "/_cat/indices/"+st.prefix+"-*?h=index&expand_wildcards=all")
	if err != nil {
		return err
	}
	for index := range strings.FieldsSeq(string(body)) {
		_, failed := st.ask(ctx, http.MethodDelete, "/"+index)
		err = errors.Join(err, failed)
	}
	_, failed := st.ask(ctx, http.MethodDelete, "/_index_template/"+st.prefix+"-*")
	return errors.Join(err, failed)
}

func (st *stores) admin(ctx context.Context, text string) error {
	db, err := sql.Open("pgx", st.server)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, text)
	return err
}

// open returns the SQL store of the run, to read it past the product.
func (st *stores) open(data string) (*sql.DB, error) {
	if st.database != "" {
		return sql.Open("pgx", st.database)
	}
	return sql.Open("sqlite", "file:"+filepath.Join(data, "errata.db")+"?mode=ro")
}

// sizes returns the bytes that the servers hold for this run.
func (st *stores) sizes(ctx context.Context) (map[string]int64, error) {
	sizes := map[string]int64{}
	if st.database != "" {
		db, err := st.open("")
		if err != nil {
			return nil, err
		}
		defer db.Close()
		var n int64
		if err := db.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&n); err != nil {
			return nil, err
		}
		sizes["postgres"] = n
	}
	if st.elastic == "" {
		return sizes, nil
	}
	body, err := st.ask(ctx, http.MethodGet, "/"+st.prefix+"-*/_stats/store")
	if err != nil {
		return nil, err
	}
	var stats struct {
		All struct {
			Total struct {
				Store struct {
					Size int64 `json:"size_in_bytes"`
				}
			}
		} `json:"_all"`
	}
	err = json.Unmarshal(body, &stats)
	sizes["elasticsearch"] = stats.All.Total.Store.Size
	return sizes, err
}

func (st *stores) ask(ctx context.Context, method, path string) ([]byte, error) {
	return ask(ctx, method, strings.TrimSuffix(st.elastic, "/")+path, "")
}

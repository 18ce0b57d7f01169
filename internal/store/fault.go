package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"errata/internal/errata"
)

// Reasons of errors that callers tell apart.
const (
	ReasonMaybeSaved  = "may_have_been_saved"
	ReasonEmailTaken  = "email_taken"
	ReasonSlugTaken   = "slug_taken"
	ReasonPrefixTaken = "prefix_taken"
	ReasonSetUpDone   = "set_up_done"
)

// conflict returns an error with a reason about a field of a form.
func conflict(reason, field, message string) error {
	return errata.Because(errata.Conflict, message, nil, errata.Detail{Reason: reason, Field: field, Message: message})
}

func notFound(what string) error { return errata.E(errata.NotFound, "There is no such "+what+".", nil) }

// fault gives an error of the database its code: unavailable with a sentence
// when the database cannot be used, conflict for a double, internal otherwise. The original stays in
// the chain.
func fault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*errata.Error](err); ok || errors.Is(err, ErrUnaudited) || errors.Is(err, errReadOnly) {
		return err
	}
	if ctx.Err() != nil {
		return errata.E(errata.Unavailable, "The request ended before the database had answered.", err)
	}
	if double(err) {
		return errata.E(errata.Conflict, "Somebody else has just saved the same.", err)
	}
	if why := sqliteFault(err); why != "" {
		return errata.E(errata.Unavailable, why, err)
	}
	if why := postgresFault(err); why != "" {
		return errata.E(errata.Unavailable, why, err)
	}
	if broken(err) {
		return errata.E(errata.Unavailable, "The database cannot be reached.", err)
	}
	return fmt.Errorf("store: %w", err)
}

// broken says whether the connection itself failed.
func broken(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok { // dial, read and write errors, timeouts
		return true
	}
	for _, known := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone} {
		if errors.Is(err, known) {
			return true
		}
	}
	return pgconn.SafeToRetry(err) // also the use of a connection that broke before
}

// passing says whether running the transaction again may help: it met another.
func passing(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	return false
}

// double says whether a row would have stood in a table twice. Where that is
// expected the statement says ON CONFLICT; this is the race between two.
func double(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// sqliteWords are the primary result codes that say the file cannot be used.
var sqliteWords = map[int]string{
	sqlite3.SQLITE_BUSY:     "The database file is locked by another program.",
	sqlite3.SQLITE_LOCKED:   "The database file is locked by another program.",
	sqlite3.SQLITE_FULL:     "The disk that holds the database is full.",
	sqlite3.SQLITE_IOERR:    "The disk that holds the database failed.",
	sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened.",
	sqlite3.SQLITE_READONLY: "The database file cannot be written.",
	sqlite3.SQLITE_PERM:     "The database file cannot be written.",
	sqlite3.SQLITE_CORRUPT:  "The database file is damaged.",
	sqlite3.SQLITE_NOTADB:   "The database file is not an SQLite database.",
}

func sqliteFault(err error) string {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return ""
	}
	return sqliteWords[e.Code()&0xff]
}

// postgresFault looks at the class of an SQLSTATE.
func postgresFault(err error) string {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	switch {
	case e.Code == "40001" || e.Code == "40P01" || e.Code == "55P03":
		return "The database is busy with other changes to the same rows."
	case e.Code == "57014":
		return "The database took too long to answer."
	case e.Code == "25006":
		return "The database is read-only: a standby, perhaps."
	case e.Code == "53100":
		return "The disk that holds the database is full."
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "53"):
		return "The database is not available."
	case strings.HasPrefix(e.Code, "28"), e.Code == "3D000":
		return "The database refused the sign-in or does not exist."
	}
	return ""
}

// maybeSaved is the answer when the answer to COMMIT was lost.
func maybeSaved(err error) error {
	const words = "The change may have been saved. Reload to see."
	return errata.Because(errata.Unavailable, words, err, errata.Detail{Reason: ReasonMaybeSaved, Message: words})
}

package embedded

import "strconv"

// schemaVersion is written to every file; a newer one is refused.
const schemaVersion = 1

// schema is one partition. Text columns of ev are ids of dict, 0 = missing.
// Event rows are narrow on purpose: scans read nothing else. The words and
// frames of a stack are indexed once per distinct stack, in ftss, because
// events of one issue mostly share it: that is two thirds of the tokens. The
// FTS5 tables are contentless and are never deleted from: a posting without its
// ev row is not there. The indexes on time end with the project, so that
// counting within a scope reads no rows.
const schema = `
CREATE TABLE IF NOT EXISTS meta(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dict(id INTEGER PRIMARY KEY, col INTEGER NOT NULL, low TEXT NOT NULL, val TEXT NOT NULL, UNIQUE(col, low, val));
CREATE TABLE IF NOT EXISTS ev(id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, eid BLOB NOT NULL, ts INTEGER NOT NULL, rcv INTEGER NOT NULL,
	cls INTEGER NOT NULL, level INTEGER NOT NULL, sev INTEGER NOT NULL, handled INTEGER NOT NULL, status INTEGER NOT NULL,
	svc INTEGER NOT NULL, env INTEGER NOT NULL, rel INTEGER NOT NULL, typ INTEGER NOT NULL, cod INTEGER NOT NULL,
	cul INTEGER NOT NULL, iss INTEGER NOT NULL, usr INTEGER NOT NULL, stk INTEGER NOT NULL, UNIQUE(pid, eid));
CREATE INDEX IF NOT EXISTS ev_ts ON ev(ts, pid);
CREATE INDEX IF NOT EXISTS ev_pid ON ev(pid, ts);
CREATE INDEX IF NOT EXISTS ev_iss ON ev(iss, ts, pid);
CREATE INDEX IF NOT EXISTS ev_typ ON ev(typ);
CREATE INDEX IF NOT EXISTS ev_stk ON ev(stk);
CREATE TABLE IF NOT EXISTS stk(id INTEGER PRIMARY KEY, h INTEGER NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS body(id INTEGER PRIMARY KEY, f BLOB, z BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS kwd(h INTEGER PRIMARY KEY, k TEXT NOT NULL, v TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS kwd_k ON kwd(k);
` + tombs + `
CREATE VIRTUAL TABLE IF NOT EXISTS fts USING fts5(msg, typ, content='', columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE IF NOT EXISTS ftss USING fts5(stk, frm, content='', columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE IF NOT EXISTS kw USING fts5(t, content='', detail=none, columnsize=0, tokenize='ascii');
`

// tombs are the rows that were deleted and still have words in the indexes.
const tombs = "CREATE TABLE IF NOT EXISTS tomb(id INTEGER PRIMARY KEY);"

// ftsTuning makes the indexes that grow with every batch merge seldom and in
// large steps: a batch becomes one segment, eight of a level begin to become
// one of the next. The stacks grow little and are asked for long lists.
const ftsTuning = `
INSERT INTO fts(fts, rank) VALUES('automerge', 8), ('crisismerge', 32), ('hashsize', 16777216), ('pgsz', 8000);
INSERT INTO ftss(ftss, rank) VALUES('automerge', 4), ('crisismerge', 16), ('hashsize', 16777216), ('pgsz', 8000);
INSERT INTO kw(kw, rank) VALUES('automerge', 8), ('crisismerge', 32), ('hashsize', 16777216), ('pgsz', 8000);
`

// The keys of meta.
const (
	metaSchema    = "schema"
	metaFirst     = "first"      // first UTC day, days since 1970
	metaLast      = "last"       // last UTC day
	metaEvents    = "events"     // rows of ev
	metaNext      = "next"       // ids below were given out once
	metaStacks    = "stacks"     // the same of stk
	metaValues    = "values"     // and of dict
	metaTerms     = "terms"      // rows of kwd
	metaTermsFull = "terms_full" // 1: kwd stopped to grow
	metaDict      = "zdict"      // zstd dictionary
	metaOldDict   = "zdict_old"  // the one before, while bodies are packed again
	metaSampled   = "sampled"    // the dictionary may hold bytes of rows up to this one
	metaRepack    = "repack"     // 1: the dictionary holds bytes of an erased row
	metaUntidy    = "untidy"     // when the first event was erased since the file was written anew, µs
	metaGone      = "gone"       // 1: expired, about to be removed
	metaClean     = "clean"      // 1: closed in good order
)

// column is a text column of ev.
type column int64

// The text columns, in the order of the table. Numbers are stored in dict.
const (
	colProject column = iota + 1
	colService
	colEnv
	colRelease
	colType
	colCode
	colCulprit
	colIssue
	colUser
)

var columnNames = [...]string{
	colProject: "pid", colService: "svc", colEnv: "env", colRelease: "rel", colType: "typ",
	colCode: "cod", colCulprit: "cul", colIssue: "iss", colUser: "usr",
}

func (c column) String() string { return columnNames[c] }

// dsn opens a partition. The driver runs _pragma values in alphabetical order
// and _journal_mode after them: a page size is only taken before the log exists.
func dsn(path string, cacheKiB int) string {
	return "file:" + path + "?_busy_timeout=10000&_journal_mode=WAL&_pragma=page_size(8192)" +
		"&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=temp_store(MEMORY)" +
		"&_pragma=cache_size(-" + strconv.Itoa(cacheKiB) + ")"
}

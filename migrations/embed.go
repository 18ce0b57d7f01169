// Package migrations embeds the history of the relational schema, one text for
// SQLite and PostgreSQL. Files are numbered and only ever added; where the two
// databases must differ, NNNN_name.sqlite.sql and NNNN_name.postgres.sql stand
// in place of NNNN_name.sql. frozen.txt lists the hashes of released files.
package migrations

import "embed"

// FS holds the migrations.
//
//go:embed *.sql
var FS embed.FS

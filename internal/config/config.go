// Package config reads the settings of Errata: defaults, then a YAML file,
// then ERRATA_* variables, then flags.
package config

import (
	"path/filepath"
	"strings"
	"time"
)

// Config is every setting. A setting has one key: joined by dots in the file
// (database: {url: …}), as ERRATA_DATABASE_URL in the environment and as
// --database.url on the command line, where "_" is written "-".
type Config struct {
	Listen         string        `default:"127.0.0.1:8080" help:"Address to listen on; port 0 takes a free one."`
	URL            string        `name:"url" default:"http://localhost:8080" help:"Address under which people and programs reach Errata; links, DSNs and cookies are made from it."`
	DataDir        string        `default:"./data" help:"Folder of everything kept on disk: SQLite, events, queue, keys."`
	MasterKey      string        `placeholder:"file:PATH" help:"File of the key that seals secrets in the database, as file:PATH: 64 hex digits. Made at first start as data_dir/master.key when empty; required with PostgreSQL."`
	TrustedProxies []string      `placeholder:"CIDR" help:"Addresses of the proxies in front, as 10.0.0.0/8; their X-Forwarded-For and X-Forwarded-Proto are believed."`
	Workers        int           `default:"0" help:"Batches of events in work at once; 0 is 1 with SQLite and 2 with PostgreSQL."`
	DrainDelay     time.Duration `default:"0s" help:"How long /readyz says no before listeners close at a stop; 5s behind a load balancer."`

	Database Database `embed:"" prefix:"database."`
	Search   Search   `embed:"" prefix:"search."`
	Queue    Queue    `embed:"" prefix:"queue."`
	Intake   Intake   `embed:"" prefix:"intake."`
	SMTP     SMTP     `embed:"" prefix:"smtp."`
	Log      Log      `embed:"" prefix:"log."`

	File string `name:"config" placeholder:"FILE" help:"YAML file with settings."`

	settings []Setting
}

// Database is where issues, people and counters live.
type Database struct {
	URL Secret `name:"url" help:"postgres://user:password@host/name, or file:PATH of a file that holds it. SQLite in data_dir when empty."`
}

// Search is where events live.
type Search struct {
	Embedded Embedded `embed:"" prefix:"embedded."`
	Elastic  Elastic  `embed:"" prefix:"elastic."`
}

// Embedded is the event engine in data_dir.
type Embedded struct {
	Memory Size `default:"512MiB" help:"Memory for the columns of events, about 33 bytes each; beyond it the oldest are read from disk, 0 reads all from there. Not with Elasticsearch."`
}

// Elastic is an Elasticsearch cluster, 8.11 or newer.
type Elastic struct {
	URLs          []string `name:"urls" placeholder:"URL" help:"Addresses of the nodes, https://host:9200. The embedded engine in data_dir when empty."`
	APIKey        Secret   `help:"API key, as the cluster shows it encoded."`
	Username      string   `help:"Account, in place of an API key."`
	Password      Secret   `help:"Its password."`
	CAFile        string   `help:"PEM file of the authority that signed the cluster's certificate."`
	CAFingerprint string   `help:"SHA-256 fingerprint of that authority, 64 hex digits."`
	ClientCert    string   `help:"PEM file of a client certificate."`
	ClientKey     string   `help:"PEM file of its key."`
	Prefix        string   `default:"errata" help:"What index, alias and template names begin with."`
	Replicas      string   `default:"0-1" help:"Copies of each index: a number, or a range that follows the number of nodes."`
	MaxInflight   int      `default:"4" help:"Bulk requests under way at once, at most."`
}

// Queue is the embedded queue between intake and workers.
type Queue struct {
	MaxBytes Size `default:"0" help:"Room of the queue on disk; 0 is a fifth of the free disk, at most 8GiB, fixed at first start."`
}

// Intake limits what a request may ask of the server.
type Intake struct {
	MaxCompressed   Size          `default:"20MiB" help:"Body of a request as sent."`
	MaxDecompressed Size          `default:"100MiB" help:"Body of a request, unpacked."`
	MaxRatio        int           `default:"200" help:"Unpacked to packed, beyond the first MiB."`
	MaxEvent        Size          `default:"1MiB" help:"One event."`
	MaxItems        int           `default:"1000" help:"Items of one envelope."`
	MaxHeaderLine   Size          `default:"8KiB" help:"One header line of an envelope."`
	MaxClientReport Size          `default:"4KiB" help:"One client report."`
	MaxInflight     Size          `default:"256MiB" help:"Bodies in memory at once, all requests together."`
	BodyTimeout     time.Duration `default:"30s" help:"Time to send a body."`
}

// SMTP is the server that sends mail.
type SMTP struct {
	Host     string `help:"Server that sends mail. Without one, links of invitations are shown to be passed on by hand."`
	Port     int    `default:"587" help:"Its port."`
	Username string `help:"Account, when the server asks for one."`
	Password Secret `help:"Its password."`
	From     string `placeholder:"ADDRESS" help:"Sender, an address: errata@example.com."`
	TLS      string `name:"tls" default:"starttls" help:"starttls, tls (from the first byte, mostly port 465), or none."`
}

// Log says how the program tells what it does.
type Log struct {
	Level   string `default:"info" help:"debug, info, warn or error; debug adds the time of each stage."`
	Format  string `default:"auto" help:"text, json, or auto: text on a terminal, else JSON."`
	File    string `help:"Write to this file, in place of standard error."`
	MaxSize Size   `default:"100MiB" help:"Size at which the file is set aside and begun anew."`
	Keep    int    `default:"5" help:"Files set aside that are kept."`
}

// Setting is one value and where it comes from.
type Setting struct {
	Key, Value string // Value: secrets as dots
	Origin     string // default, flag, "file errata.yaml:12", "environment ERRATA_URL"
	Default    string
	Help       string
}

// Settings returns every setting in the order of documentation.
func (c *Config) Settings() []Setting { return c.settings }

// Postgres says that a PostgreSQL address is set.
func (c *Config) Postgres() bool { return c.Database.URL != "" }

// Elasticsearch says that an Elasticsearch address is set.
func (c *Config) Elasticsearch() bool { return len(c.Search.Elastic.URLs) > 0 }

// WorkerCount returns how many batches are in work at once.
func (c *Config) WorkerCount() int {
	switch {
	case c.Workers > 0:
		return c.Workers
	case c.Postgres():
		return 2
	}
	return 1
}

// MasterKeyFile returns the file of the master key, and whether it may be made
// when it is missing.
func (c *Config) MasterKeyFile() (path string, create bool) {
	if path, ok := strings.CutPrefix(c.MasterKey, "file:"); ok {
		return path, false
	}
	return filepath.Join(c.DataDir, "master.key"), true
}

// EnvName returns the environment variable of a key.
func EnvName(key string) string {
	return "ERRATA_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func keyOf(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

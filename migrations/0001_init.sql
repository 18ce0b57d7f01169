-- +goose Up
-- Ids are TEXT, times BIGINT microseconds since 1970 UTC, documents JSON in TEXT. "" and 0 stand for
-- absent unless the column may be null. Columns of later features are here where the row would
-- otherwise have to be rewritten.

CREATE TABLE installation (
  one         SMALLINT NOT NULL,
  id          TEXT     NOT NULL,
  org         TEXT     NOT NULL DEFAULT '',
  engine      TEXT     NOT NULL, -- elastic, or embedded:<id of the events directory>
  user_secret BYTEA    NOT NULL, -- key of the user hashes, sealed with the master key
  created_at  BIGINT   NOT NULL,
  setup_hash  TEXT,
  setup_until BIGINT,
  setup_done_at BIGINT,
  PRIMARY KEY (one),
  CHECK (one = 1)
);

CREATE TABLE counter (
  name TEXT   NOT NULL, -- project, issue:<project id>
  last BIGINT NOT NULL,
  PRIMARY KEY (name),
  CHECK (last >= 0)
);

CREATE TABLE app_user (
  id             TEXT   NOT NULL,
  email          TEXT   NOT NULL,
  login          TEXT   NOT NULL,
  name           TEXT   NOT NULL,
  password_hash  TEXT,
  state          TEXT   NOT NULL,
  zone           TEXT   NOT NULL DEFAULT 'UTC',
  prefs          TEXT   NOT NULL DEFAULT '{}',
  login_failures BIGINT NOT NULL DEFAULT 0,
  login_after    BIGINT,
  created_at     BIGINT NOT NULL,
  seen_at        BIGINT,
  disabled_at    BIGINT,
  PRIMARY KEY (id),
  UNIQUE (email),
  UNIQUE (login),
  CHECK (state IN ('invited','active','disabled'))
);

CREATE TABLE session (
  id         TEXT   NOT NULL, -- hash of the token
  user_id    TEXT,
  data       BYTEA  NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ip         TEXT   NOT NULL,
  agent      TEXT   NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
);
CREATE INDEX session_owner ON session (user_id);
CREATE INDEX session_end ON session (expires_at);

CREATE TABLE api_token (
  id         TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  user_id    TEXT,
  name       TEXT   NOT NULL,
  hash       TEXT   NOT NULL,
  hint       TEXT   NOT NULL,
  scopes     TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT   NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT,
  revoked_at BIGINT,
  PRIMARY KEY (id),
  UNIQUE (hash),
  CHECK (kind IN ('personal','service')),
  CHECK ((kind = 'personal') = (user_id IS NOT NULL)),
  FOREIGN KEY (user_id) REFERENCES app_user (id)
);
CREATE INDEX token_user ON api_token (user_id);

CREATE TABLE project (
  id          TEXT   NOT NULL, -- decimal digits
  slug        TEXT   NOT NULL,
  prefix      TEXT   NOT NULL, -- of short ids, never changes
  name        TEXT   NOT NULL,
  team_id     TEXT,
  platform    TEXT   NOT NULL DEFAULT '',
  repo_url    TEXT   NOT NULL DEFAULT '',
  routed_by   TEXT,
  settings    TEXT   NOT NULL DEFAULT '{}',
  created_at  BIGINT NOT NULL,
  created_by  TEXT   NOT NULL,
  archived_at BIGINT,
  PRIMARY KEY (id),
  UNIQUE (slug),
  UNIQUE (prefix),
  CHECK (LENGTH(prefix) BETWEEN 2 AND 5),
  CHECK (prefix <> 'INC')
);
CREATE INDEX project_routed ON project (routed_by) WHERE routed_by IS NOT NULL;

CREATE TABLE ingest_key (
  key              TEXT    NOT NULL,
  project_id       TEXT    NOT NULL,
  kind             TEXT    NOT NULL,
  name             TEXT    NOT NULL DEFAULT '',
  origins          TEXT    NOT NULL DEFAULT '[]',
  per_minute       BIGINT, -- null: no limit
  route_by_service BOOLEAN NOT NULL DEFAULT FALSE,
  created_at       BIGINT  NOT NULL,
  created_by       TEXT    NOT NULL,
  disabled_at      BIGINT,
  used_at          BIGINT,
  PRIMARY KEY (key),
  CHECK (kind IN ('public','server')),
  FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE
);
CREATE INDEX key_project ON ingest_key (project_id);

CREATE TABLE issue (
  id              TEXT     NOT NULL,
  project_id      TEXT     NOT NULL,
  number          BIGINT   NOT NULL,
  title           TEXT     NOT NULL,
  type            TEXT     NOT NULL,
  code            TEXT     NOT NULL,
  culprit         TEXT     NOT NULL,
  platform        TEXT     NOT NULL,
  level           TEXT     NOT NULL,
  type_key        TEXT     NOT NULL,
  code_key        TEXT     NOT NULL,
  culprit_key     TEXT     NOT NULL,
  words           TEXT     NOT NULL, -- tokens between single spaces, one space at each end
  status          TEXT     NOT NULL,
  reason          TEXT     NOT NULL,
  status_at       BIGINT   NOT NULL,
  stage           TEXT,
  severity        SMALLINT NOT NULL,
  severity_locked BOOLEAN  NOT NULL DEFAULT FALSE,
  -- The order of the list in one column: severity, then open before the rest, downwards.
  rank            SMALLINT NOT NULL GENERATED ALWAYS AS ((3 - severity) * 2 + CASE WHEN status = 'open' THEN 1 ELSE 0 END) STORED,
  assignee_kind   TEXT,
  assignee_id     TEXT,
  resolution_id   TEXT,
  snooze          TEXT,
  ignore_reason   TEXT,
  stale_after     BIGINT,
  merged_into     TEXT,
  first_seen      BIGINT   NOT NULL,
  last_seen       BIGINT   NOT NULL,
  last_received   BIGINT   NOT NULL,
  first_release   TEXT     NOT NULL DEFAULT '',
  last_release    TEXT     NOT NULL DEFAULT '',
  events          BIGINT   NOT NULL DEFAULT 0,
  users           BIGINT   NOT NULL DEFAULT 0,
  late_events     BIGINT   NOT NULL DEFAULT 0,
  episode_seq     BIGINT   NOT NULL DEFAULT 1,
  opened_at       BIGINT,
  version         BIGINT   NOT NULL DEFAULT 1,
  last_ref        TEXT     NOT NULL, -- <event id>.<event time>.<class>
  best_ref        TEXT     NOT NULL,
  best_score      BIGINT   NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE (project_id, number),
  CHECK (status IN ('open','acknowledged','snoozed','resolved','ignored','discarded','merged')),
  CHECK (reason IN ('new','regressed','reopened','escalated','unsnoozed')),
  CHECK (severity BETWEEN 0 AND 3),
  CHECK (stage IS NULL OR (status = 'acknowledged' AND stage IN ('investigating','fixing','verifying'))),
  CHECK ((assignee_kind IS NULL) = (assignee_id IS NULL)),
  CHECK ((status = 'resolved') = (resolution_id IS NOT NULL)),
  CHECK ((status = 'snoozed') = (snooze IS NOT NULL)),
  CHECK ((status = 'merged') = (merged_into IS NOT NULL)),
  CHECK ((status IN ('open','acknowledged','snoozed')) = (opened_at IS NOT NULL)),
  CHECK (first_seen <= last_seen)
);
CREATE INDEX issue_todo ON issue (rank, last_seen, id, project_id) WHERE status IN ('open','acknowledged');
CREATE INDEX issue_todo_project ON issue (project_id, rank, last_seen, id) WHERE status IN ('open','acknowledged');
CREATE INDEX issue_seen ON issue (last_seen, id, project_id);
CREATE INDEX issue_seen_project ON issue (project_id, last_seen, id);
CREATE INDEX issue_first ON issue (first_seen, id, project_id);

CREATE TABLE issue_fingerprint (
  project_id    TEXT    NOT NULL,
  fingerprint   TEXT    NOT NULL,
  issue_id      TEXT    NOT NULL, -- where events go now
  home_issue_id TEXT    NOT NULL, -- where they went first
  version       TEXT    NOT NULL,
  why           TEXT    NOT NULL,
  pinned        BOOLEAN NOT NULL DEFAULT FALSE,
  discarded     BOOLEAN NOT NULL DEFAULT FALSE,
  created_at    BIGINT  NOT NULL,
  PRIMARY KEY (project_id, fingerprint)
);
CREATE INDEX fingerprint_issue ON issue_fingerprint (issue_id);

CREATE TABLE issue_env (
  issue_id    TEXT   NOT NULL,
  environment TEXT   NOT NULL,
  first_seen  BIGINT NOT NULL,
  last_seen   BIGINT NOT NULL,
  events      BIGINT NOT NULL,
  PRIMARY KEY (issue_id, environment)
);
CREATE INDEX issue_env_name ON issue_env (environment, issue_id);

CREATE TABLE issue_release (
  issue_id   TEXT   NOT NULL,
  release    TEXT   NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen  BIGINT NOT NULL,
  events     BIGINT NOT NULL,
  PRIMARY KEY (issue_id, release)
);
CREATE INDEX issue_release_name ON issue_release (release, issue_id);

CREATE TABLE release (
  id           TEXT   NOT NULL,
  project_id   TEXT   NOT NULL,
  version      TEXT   NOT NULL,
  package      TEXT   NOT NULL DEFAULT '',
  semver_major BIGINT,
  semver_minor BIGINT,
  semver_patch BIGINT,
  semver_pre   TEXT,
  first_seen   BIGINT NOT NULL,
  released_at  BIGINT,
  commit_sha   TEXT,
  previous_id  TEXT,
  PRIMARY KEY (id),
  UNIQUE (project_id, version)
);
CREATE INDEX release_seen ON release (project_id, first_seen);

CREATE TABLE issue_hour (
  issue_id    TEXT   NOT NULL,
  hour        BIGINT NOT NULL,
  environment TEXT   NOT NULL,
  events      BIGINT NOT NULL,
  PRIMARY KEY (issue_id, hour, environment)
);

CREATE TABLE issue_user (
  issue_id  TEXT   NOT NULL,
  user_hash TEXT   NOT NULL,
  day       BIGINT NOT NULL, -- days since 1970 UTC
  PRIMARY KEY (issue_id, user_hash)
);

CREATE TABLE project_quarter (
  project_id  TEXT     NOT NULL,
  quarter     BIGINT   NOT NULL, -- start of a quarter of an hour
  environment TEXT     NOT NULL,
  severity    SMALLINT NOT NULL, -- of the event
  level       TEXT     NOT NULL,
  events      BIGINT   NOT NULL,
  PRIMARY KEY (project_id, quarter, environment, severity, level)
);

CREATE TABLE outcome_hourly (
  project_id TEXT   NOT NULL,
  hour       BIGINT NOT NULL,
  category   TEXT   NOT NULL,
  outcome    TEXT   NOT NULL,
  reason     TEXT   NOT NULL,
  items      BIGINT NOT NULL,
  bytes      BIGINT NOT NULL,
  PRIMARY KEY (project_id, hour, category, outcome, reason)
);

-- What the worker has counted. A batch is one row with an empty project, its own id and no issue.
CREATE TABLE event_applied (
  project_id TEXT     NOT NULL,
  event_id   TEXT     NOT NULL,
  issue_id   TEXT,
  class      SMALLINT NOT NULL,
  at         BIGINT   NOT NULL, -- received
  event_time BIGINT   NOT NULL,
  PRIMARY KEY (project_id, event_id)
);
CREATE INDEX applied_at ON event_applied (at);

CREATE TABLE dead_letter (
  id          TEXT    NOT NULL,
  project_id  TEXT    NOT NULL,
  event_id    TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  error       TEXT    NOT NULL,
  tries       BIGINT  NOT NULL,
  sql_applied BOOLEAN NOT NULL,
  state       TEXT    NOT NULL,
  payload     BYTEA   NOT NULL, -- the redacted event, zstd
  first_at    BIGINT  NOT NULL,
  last_at     BIGINT  NOT NULL,
  closed_at   BIGINT,
  closed_by   TEXT,
  PRIMARY KEY (id),
  UNIQUE (project_id, event_id),
  CHECK (reason IN ('poison','mapping','attempts')),
  CHECK (state IN ('parked','retried','discarded')),
  CHECK (LENGTH(error) <= 300)
);
CREATE INDEX letter_last ON dead_letter (last_at, id);

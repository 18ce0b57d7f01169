-- +goose Up
-- People find things and take them along: saved views, jobs, bulk acts as jobs, and stored reports.

-- A query somebody keeps: for themselves, or for everybody who may sign in.
CREATE TABLE saved_view (
  id         TEXT   NOT NULL,
  slug       TEXT   NOT NULL,
  owner_id   TEXT   NOT NULL,
  visibility TEXT   NOT NULL,
  page       TEXT   NOT NULL,
  title      TEXT   NOT NULL,
  query      TEXT   NOT NULL,
  params     TEXT   NOT NULL DEFAULT '{}',
  position   BIGINT NOT NULL DEFAULT 0,
  version    BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (slug),
  CHECK (visibility IN ('private','all')),
  CHECK (page IN ('issues','events')),
  CHECK (LENGTH(query) <= 4096),
  FOREIGN KEY (owner_id) REFERENCES app_user (id)
);
CREATE INDEX view_owner ON saved_view (owner_id, position);

-- Who holds what may be held by one process at a time; epoch grows with every change of hands.
CREATE TABLE lease (
  name       TEXT   NOT NULL,
  owner      TEXT   NOT NULL,
  epoch      BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  beat       BIGINT NOT NULL,
  PRIMARY KEY (name)
);
INSERT INTO lease (name, owner, epoch, expires_at, beat) VALUES ('jobs', '', 0, 0, 0);

-- Work that outlives a request. cursor is where it goes on after its process has died.
CREATE TABLE job (
  id          TEXT    NOT NULL,
  kind        TEXT    NOT NULL, -- export, bulk
  state       TEXT    NOT NULL,
  owner_id    TEXT    NOT NULL,
  project_id  TEXT,
  params      TEXT    NOT NULL DEFAULT '{}',
  cursor      TEXT    NOT NULL DEFAULT '',
  done        BIGINT  NOT NULL DEFAULT 0,
  total       BIGINT,
  result      TEXT    NOT NULL DEFAULT '{}',
  error       TEXT,
  attempts    BIGINT  NOT NULL DEFAULT 0,
  run_after   BIGINT  NOT NULL,
  leased_by   TEXT,
  lease_until BIGINT,
  cancel      BOOLEAN NOT NULL DEFAULT FALSE,
  created_at  BIGINT  NOT NULL,
  started_at  BIGINT,
  finished_at BIGINT,
  expires_at  BIGINT,
  PRIMARY KEY (id),
  CHECK (state IN ('queued','running','done','failed','cancelled'))
);
CREATE INDEX job_due ON job (run_after, id) WHERE state IN ('queued','running');
CREATE INDEX job_owner ON job (owner_id, created_at);

-- The issues of a bulk act, frozen when it was confirmed.
CREATE TABLE bulk_item (
  job_id   TEXT   NOT NULL,
  position BIGINT NOT NULL,
  issue_id TEXT   NOT NULL,
  state    TEXT   NOT NULL,
  note     TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (job_id, position),
  CHECK (state IN ('pending','done','same','skipped','failed'))
);

-- A finished report, never changed: running it again is a new row that names the one it restates.
CREATE TABLE report_run (
  id          TEXT   NOT NULL,
  kind        TEXT   NOT NULL,
  title       TEXT   NOT NULL,
  params      TEXT   NOT NULL,
  window_from BIGINT NOT NULL,
  window_to   BIGINT NOT NULL,
  tz          TEXT   NOT NULL,
  as_of       BIGINT NOT NULL,
  data        TEXT   NOT NULL, -- an errata.Document
  sha256      TEXT   NOT NULL,
  restates    TEXT,
  created_by  TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (id),
  CHECK (window_from < window_to)
);
CREATE INDEX report_as_of ON report_run (kind, as_of);

-- +goose Up
-- People act: the ledger and the episodes of issues, notes, targets, roles, invitations and the audit.
-- No foreign key leads to issue: statistics outlive it.

-- What happened to issues, one row per step, opaque ids only; seq is the version the row made.
CREATE TABLE issue_transition (
  id          TEXT   NOT NULL,
  issue_id    TEXT   NOT NULL,
  project_id  TEXT   NOT NULL,
  seq         BIGINT NOT NULL,
  episode_seq BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  rule        TEXT   NOT NULL, -- T1 … T19, F for fields
  actor_kind  TEXT   NOT NULL,
  actor_id    TEXT   NOT NULL,
  via         TEXT   NOT NULL,
  from_status TEXT   NOT NULL,
  to_status   TEXT   NOT NULL,
  reason      TEXT   NOT NULL DEFAULT '',
  detail      TEXT   NOT NULL DEFAULT '{}', -- {"field":[old,new]}
  note_id     TEXT,
  event_id    TEXT,
  request_id  TEXT,
  job_id      TEXT,
  undo_of     TEXT,
  PRIMARY KEY (id),
  UNIQUE (issue_id, seq),
  UNIQUE (undo_of),
  CHECK (actor_kind IN ('user','service','system','event','integration'))
);
CREATE INDEX transition_project ON issue_transition (project_id, at);

CREATE TABLE issue_episode (
  id              TEXT     NOT NULL,
  issue_id        TEXT     NOT NULL,
  project_id      TEXT     NOT NULL,
  seq             BIGINT   NOT NULL,
  open_reason     TEXT     NOT NULL,
  environment     TEXT     NOT NULL,
  release         TEXT     NOT NULL,
  code            TEXT     NOT NULL,
  open_event_id   TEXT,
  first_event_ts  BIGINT,
  opened_at       BIGINT   NOT NULL,
  alerted_at      BIGINT,
  responded_at    BIGINT,
  response_kind   TEXT,
  responded_by    TEXT,
  responded_team  TEXT,
  acked_at        BIGINT,
  acked_by        TEXT,
  resolved_at     BIGINT,
  resolution_kind TEXT,
  resolved_by     TEXT,
  resolved_team   TEXT,
  fix_released_at BIGINT,
  closed_at       BIGINT,
  close_reason    TEXT,
  snoozed_us      BIGINT   NOT NULL DEFAULT 0,
  reopen_count    BIGINT   NOT NULL DEFAULT 0,
  events          BIGINT   NOT NULL DEFAULT 0,
  severity_open   SMALLINT NOT NULL,
  severity_peak   SMALLINT NOT NULL,
  imported        BOOLEAN  NOT NULL DEFAULT FALSE, -- of before there were episodes: in no mean
  PRIMARY KEY (id),
  UNIQUE (issue_id, seq),
  CHECK (open_reason IN ('new','regressed','reopened','merged')),
  CHECK (response_kind IN ('ack','assign','resolve','ignore','snooze')),
  CHECK (resolution_kind IN ('now','in_release','next_release','in_commit','by_ticket','auto_stale')),
  CHECK (close_reason IN ('resolved','ignored','merged','discarded','deleted','undone')),
  CHECK (alerted_at >= opened_at),
  CHECK (responded_at >= opened_at),
  CHECK (acked_at >= responded_at),
  CHECK (resolved_at >= COALESCE(responded_at, opened_at)),
  CHECK (resolved_at - opened_at <= 157766400000000),
  CHECK ((responded_at IS NULL) = (response_kind IS NULL)),
  CHECK ((closed_at IS NULL) = (close_reason IS NULL)),
  CHECK ((resolved_at IS NOT NULL) = (COALESCE(close_reason, '') = 'resolved')),
  CHECK (severity_peak BETWEEN 0 AND severity_open AND severity_open <= 3)
);
CREATE UNIQUE INDEX one_open_episode ON issue_episode (issue_id) WHERE closed_at IS NULL;
CREATE INDEX episode_opened ON issue_episode (project_id, opened_at);
CREATE INDEX episode_regressed ON issue_episode (project_id, opened_at) WHERE open_reason = 'regressed';
CREATE INDEX episode_alerted ON issue_episode (project_id, alerted_at) WHERE alerted_at IS NOT NULL;
CREATE INDEX episode_responded ON issue_episode (project_id, responded_at) WHERE responded_at IS NOT NULL;
CREATE INDEX episode_resolved ON issue_episode (project_id, resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX episode_closed ON issue_episode (project_id, closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE issue_resolution (
  id              TEXT   NOT NULL,
  issue_id        TEXT   NOT NULL,
  kind            TEXT   NOT NULL,
  cause           TEXT   NOT NULL,
  resolved_at     BIGINT NOT NULL,
  grace_us        BIGINT NOT NULL DEFAULT 0,
  missing_release TEXT   NOT NULL DEFAULT 'older',
  order_mode      TEXT   NOT NULL DEFAULT 'semver',
  fixed_in        TEXT   NOT NULL DEFAULT '[]',
  seen_before     TEXT   NOT NULL DEFAULT '[]',
  current_release TEXT   NOT NULL DEFAULT '',
  repo            TEXT,
  commit_sha      TEXT,
  ticket_ref      TEXT,
  note_id         TEXT,
  PRIMARY KEY (id),
  CHECK (kind IN ('now','in_release','next_release','in_commit','by_ticket','auto_stale')),
  CHECK (cause IN ('','fixed','workaround','config','external','cannot_reproduce','wont_fix')),
  CHECK (order_mode IN ('semver','date')),
  CHECK (missing_release IN ('older','newer'))
);

-- What people typed: the only place for it, so that it can be erased.
CREATE TABLE note (
  id         TEXT   NOT NULL,
  issue_id   TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  author_id  TEXT   NOT NULL,
  at         BIGINT NOT NULL,
  edited_at  BIGINT,
  deleted_at BIGINT,
  body       TEXT   NOT NULL,
  origin     TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (id),
  CHECK (kind IN ('comment','reason')),
  CHECK (LENGTH(body) <= 20000)
);
CREATE INDEX note_issue ON note (issue_id, at);
CREATE UNIQUE INDEX note_origin ON note (origin) WHERE origin <> '';

CREATE TABLE watch (
  issue_id TEXT   NOT NULL,
  user_id  TEXT   NOT NULL,
  why      TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (issue_id, user_id),
  CHECK (why IN ('manual','commented','assigned','mentioned','muted'))
);
CREATE INDEX watch_user ON watch (user_id, at);

CREATE INDEX issue_open ON issue (project_id, severity, opened_at, id) WHERE status = 'open';
CREATE INDEX issue_owner ON issue (assignee_id, rank, last_seen, id) WHERE assignee_id IS NOT NULL;

-- Which issues led in a range, and how many new ones nobody owns, without reading the rows: events move last_seen
-- anyway.
DROP INDEX issue_seen;
DROP INDEX issue_seen_project;
DROP INDEX issue_first;
CREATE INDEX issue_seen ON issue (last_seen, id, project_id, events, users);
CREATE INDEX issue_seen_project ON issue (project_id, last_seen, id, events, users);
CREATE INDEX issue_first ON issue (first_seen, id, project_id, assignee_id);

-- How fast a response is wanted, µs; project '' = the installation, NULL = no target.
CREATE TABLE target (
  project_id TEXT     NOT NULL,
  severity   SMALLINT NOT NULL,
  ack_us     BIGINT,
  resolve_us BIGINT,
  PRIMARY KEY (project_id, severity),
  CHECK (severity BETWEEN 0 AND 3)
);
INSERT INTO target (project_id, severity, ack_us, resolve_us) VALUES
  ('', 0, 900000000, 14400000000),
  ('', 1, 3600000000, 86400000000),
  ('', 2, 86400000000, 604800000000),
  ('', 3, NULL, NULL);

-- Unresolved issues at each full hour.
CREATE TABLE status_hour (
  project_id TEXT     NOT NULL,
  hour       BIGINT   NOT NULL,
  status     TEXT     NOT NULL,
  severity   SMALLINT NOT NULL,
  n          BIGINT   NOT NULL,
  PRIMARY KEY (project_id, hour, status, severity)
);

CREATE TABLE policy (
  ptype TEXT NOT NULL,
  v0    TEXT NOT NULL,
  v1    TEXT NOT NULL,
  v2    TEXT NOT NULL DEFAULT '',
  v3    TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (ptype, v0, v1, v2, v3),
  CHECK (ptype IN ('p','g'))
);

-- Raised in the transaction of a change; caches ask for it.
CREATE TABLE epoch (
  name TEXT   NOT NULL, -- policy
  n    BIGINT NOT NULL,
  PRIMARY KEY (name)
);
INSERT INTO epoch (name, n) VALUES ('policy', 1);

CREATE TABLE auth_token (
  hash       TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  user_id    TEXT,
  email      TEXT,
  grants     TEXT   NOT NULL DEFAULT '[]', -- policy lines to write when it is used
  created_at BIGINT NOT NULL,
  created_by TEXT   NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT,
  PRIMARY KEY (hash),
  CHECK (kind IN ('invite','reset','verify'))
);

-- Stream change is one chain of hashes and kept for ever; access says who read what.
CREATE TABLE audit (
  stream     TEXT   NOT NULL,
  seq        BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  actor_kind TEXT   NOT NULL,
  actor_id   TEXT   NOT NULL,
  via        TEXT   NOT NULL,
  action     TEXT   NOT NULL,
  result     TEXT   NOT NULL,
  project_id TEXT   NOT NULL DEFAULT '',
  object     TEXT   NOT NULL DEFAULT '', -- issue:<id>, event:<project>/<event id>, user:<id>
  detail     TEXT   NOT NULL DEFAULT '{}',
  ip         TEXT   NOT NULL DEFAULT '',
  request_id TEXT   NOT NULL DEFAULT '',
  prev_hash  TEXT   NOT NULL DEFAULT '',
  hash       TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (stream, seq),
  CHECK (result IN ('done','noop','denied','failed'))
);
CREATE INDEX audit_at ON audit (stream, at, seq);
CREATE INDEX audit_actor ON audit (actor_id, at);
CREATE INDEX audit_object ON audit (object, at);

CREATE TABLE audit_head (
  stream TEXT   NOT NULL,
  seq    BIGINT NOT NULL,
  hash   TEXT   NOT NULL,
  PRIMARY KEY (stream)
);
INSERT INTO audit_head (stream, seq, hash) VALUES
  ('change', 0, '0000000000000000000000000000000000000000000000000000000000000000'),
  ('access', 0, '');

-- Issues and people of before: a first ledger row, an episode that nobody could have answered, all rights.
INSERT INTO issue_transition (id, issue_id, project_id, seq, episode_seq, at, rule, actor_kind, actor_id, via, from_status, to_status, reason)
  SELECT id, id, project_id, version, episode_seq, status_at, 'T1', 'system', 'migration', 'migration', '', status, reason FROM issue;
INSERT INTO issue_episode (id, issue_id, project_id, seq, open_reason, environment, release, code, first_event_ts, opened_at, events,
    severity_open, severity_peak, imported)
  SELECT id, id, project_id, episode_seq, 'new', '', first_release, code, first_seen, opened_at, events, severity, severity, TRUE
  FROM issue WHERE opened_at IS NOT NULL;
INSERT INTO policy (ptype, v0, v1, v2) SELECT 'g', 'user:' || id, 'role:admin', '*/*' FROM app_user;

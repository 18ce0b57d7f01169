-- +goose Up
-- Charts of months and the names of environments without reading every quarter: project_half has what charts
-- by severity and project need, without environment and level; environment_half the same of each environment;
-- project_environment the first and the last quarter in which an environment had events.
CREATE TABLE project_half (
  project_id TEXT   NOT NULL,
  half       BIGINT NOT NULL, -- start of half an hour
  p0         BIGINT NOT NULL, -- events by severity
  p1         BIGINT NOT NULL,
  p2         BIGINT NOT NULL,
  p3         BIGINT NOT NULL,
  PRIMARY KEY (project_id, half)
) WITHOUT ROWID;
INSERT INTO project_half (project_id, half, p0, p1, p2, p3)
SELECT project_id, quarter / 1800000000 * 1800000000,
  SUM(CASE severity WHEN 0 THEN events ELSE 0 END), SUM(CASE severity WHEN 1 THEN events ELSE 0 END),
  SUM(CASE severity WHEN 2 THEN events ELSE 0 END), SUM(CASE severity WHEN 3 THEN events ELSE 0 END)
FROM project_quarter GROUP BY project_id, quarter / 1800000000 * 1800000000;

CREATE TABLE environment_half (
  project_id  TEXT   NOT NULL,
  environment TEXT   NOT NULL,
  half        BIGINT NOT NULL,
  p0          BIGINT NOT NULL,
  p1          BIGINT NOT NULL,
  p2          BIGINT NOT NULL,
  p3          BIGINT NOT NULL,
  PRIMARY KEY (project_id, environment, half)
) WITHOUT ROWID;
INSERT INTO environment_half (project_id, environment, half, p0, p1, p2, p3)
SELECT project_id, environment, quarter / 1800000000 * 1800000000,
  SUM(CASE severity WHEN 0 THEN events ELSE 0 END), SUM(CASE severity WHEN 1 THEN events ELSE 0 END),
  SUM(CASE severity WHEN 2 THEN events ELSE 0 END), SUM(CASE severity WHEN 3 THEN events ELSE 0 END)
FROM project_quarter GROUP BY project_id, environment, quarter / 1800000000 * 1800000000;

CREATE TABLE project_environment (
  project_id    TEXT   NOT NULL,
  environment   TEXT   NOT NULL,
  first_quarter BIGINT NOT NULL,
  last_quarter  BIGINT NOT NULL,
  PRIMARY KEY (project_id, environment)
) WITHOUT ROWID;
INSERT INTO project_environment (project_id, environment, first_quarter, last_quarter)
SELECT project_id, environment, MIN(quarter), MAX(quarter) FROM project_quarter GROUP BY project_id, environment;

-- Counters lie in the order of their key, so that a range of them is read in one piece.
CREATE TABLE quarter_in_order (
  project_id  TEXT     NOT NULL,
  quarter     BIGINT   NOT NULL, -- start of a quarter of an hour
  environment TEXT     NOT NULL,
  severity    SMALLINT NOT NULL, -- of the event
  level       TEXT     NOT NULL,
  events      BIGINT   NOT NULL,
  PRIMARY KEY (project_id, quarter, environment, severity, level)
) WITHOUT ROWID;
INSERT INTO quarter_in_order SELECT project_id, quarter, environment, severity, level, events FROM project_quarter
ORDER BY project_id, quarter, environment, severity, level;
DROP TABLE project_quarter;
ALTER TABLE quarter_in_order RENAME TO project_quarter;

CREATE TABLE hour_in_order (
  issue_id    TEXT   NOT NULL,
  hour        BIGINT NOT NULL,
  environment TEXT   NOT NULL,
  events      BIGINT NOT NULL,
  PRIMARY KEY (issue_id, hour, environment)
) WITHOUT ROWID;
INSERT INTO hour_in_order SELECT issue_id, hour, environment, events FROM issue_hour ORDER BY issue_id, hour, environment;
DROP TABLE issue_hour;
ALTER TABLE hour_in_order RENAME TO issue_hour;

-- +goose Up
-- Teams say whose something is; they give no rights. project.team_id has been there from the beginning.
CREATE TABLE team (
  id         TEXT   NOT NULL,
  slug       TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (slug)
);
CREATE TABLE team_member (
  team_id TEXT   NOT NULL,
  user_id TEXT   NOT NULL,
  role    TEXT   NOT NULL,
  at      BIGINT NOT NULL, -- since when
  PRIMARY KEY (team_id, user_id),
  CHECK (role IN ('lead','member')),
  FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
);
CREATE INDEX member_user ON team_member (user_id);
CREATE INDEX project_team ON project (team_id);

-- A view may be for a team.
CREATE TABLE view_with_team (
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
  team_id    TEXT,
  PRIMARY KEY (id),
  UNIQUE (slug),
  CHECK (visibility IN ('private','team','all')),
  CHECK ((visibility = 'team') = (team_id IS NOT NULL)),
  CHECK (page IN ('issues','events')),
  CHECK (LENGTH(query) <= 4096),
  FOREIGN KEY (owner_id) REFERENCES app_user (id),
  FOREIGN KEY (team_id) REFERENCES team (id)
);
INSERT INTO view_with_team (id, slug, owner_id, visibility, page, title, query, params, position, version, created_at, updated_at)
SELECT id, slug, owner_id, visibility, page, title, query, params, position, version, created_at, updated_at FROM saved_view;
DROP TABLE saved_view;
ALTER TABLE view_with_team RENAME TO saved_view;
CREATE INDEX view_owner ON saved_view (owner_id, position);
CREATE INDEX view_team ON saved_view (team_id);

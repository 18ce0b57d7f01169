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
ALTER TABLE saved_view ADD COLUMN team_id TEXT REFERENCES team (id);
ALTER TABLE saved_view DROP CONSTRAINT saved_view_visibility_check;
ALTER TABLE saved_view ADD CHECK (visibility IN ('private','team','all'));
ALTER TABLE saved_view ADD CHECK ((visibility = 'team') = (team_id IS NOT NULL));
CREATE INDEX view_team ON saved_view (team_id);

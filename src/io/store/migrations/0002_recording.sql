-- Recordings of calls: a row from the first second, `ended_at` is empty while it goes on. `path` is relative to the data
-- directory. No reference to `call`: a file outlives or precedes the row of its call, and has to go with its own row.
CREATE TABLE recording (
    id          INTEGER PRIMARY KEY,
    call        INTEGER NOT NULL,
    path        TEXT    NOT NULL UNIQUE,
    format      TEXT    NOT NULL CHECK (format IN ('opus', 'wav')),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX recording_by_call  ON recording (call);
CREATE INDEX recording_by_start ON recording (started_at, id);

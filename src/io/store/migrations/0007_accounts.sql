-- Who did what. A change of the settings has one row, with its version; what it changed is read from the versions.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    address TEXT    NOT NULL,
    what    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    version INTEGER UNIQUE
) STRICT;

CREATE INDEX audit_by_who  ON audit (who, id);
CREATE INDEX audit_by_what ON audit (what, id);
CREATE INDEX audit_by_time ON audit (at);

-- Changes that come back by themselves unless somebody confirms them.
CREATE TABLE probation (
    version   INTEGER PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE,
    made_at   INTEGER NOT NULL,
    revert_at INTEGER NOT NULL
) STRICT;

-- Second factors of web accounts: RFC 6238. `last_step` is the newest time step whose code was used; `recovery` holds the
-- SHA-256 of the codes that are left, a line each.
CREATE TABLE second_factor (
    login     TEXT    NOT NULL PRIMARY KEY,
    secret    BLOB    NOT NULL,
    last_step INTEGER NOT NULL,
    recovery  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE token ADD COLUMN used_at INTEGER;

-- Instants are *_at in UTC milliseconds, spans *_ms. Ids of calls are the engine's: milliseconds of the first
-- second, shifted left by 20 bits, plus a counter.

-- Each applied office as one document, with its secrets. The newest is the one in force.
CREATE TABLE version (
    id      INTEGER PRIMARY KEY,
    made_at INTEGER NOT NULL,
    author  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    office  TEXT    NOT NULL
) STRICT;

-- Registrations of phones: RFC 3261 section 10. Kept so that a restart loses no phone.
CREATE TABLE binding (
    aor        TEXT    NOT NULL,
    contact    TEXT    NOT NULL,
    transport  TEXT    NOT NULL,
    local      TEXT    NOT NULL,
    peer       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    call_id    TEXT    NOT NULL,
    cseq       INTEGER NOT NULL,
    user_agent TEXT    NOT NULL,
    PRIMARY KEY (aor, contact)
) STRICT, WITHOUT ROWID;

-- The history: a row from the first second of each call. `ended_at` is empty while it goes on.
CREATE TABLE call (
    id          INTEGER PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    direction   TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal')),
    caller      TEXT    NOT NULL,
    caller_name TEXT    NOT NULL,
    called      TEXT    NOT NULL,
    trunk       TEXT,
    answered_at INTEGER,
    answered_by TEXT,
    ended_at    INTEGER,
    outcome     TEXT,
    cause       TEXT,
    status      INTEGER,
    ring_ms     INTEGER NOT NULL DEFAULT 0,
    talk_ms     INTEGER NOT NULL DEFAULT 0,
    quality     TEXT
) STRICT;

-- `direction` rides along, so that the filter for it reads no row in vain.
CREATE INDEX call_by_start   ON call (started_at, id, direction);
CREATE INDEX call_by_outcome ON call (outcome, started_at);

-- Who had to do with a call: called, was called, was rung, answered. Extensions and E.164 digits alike.
-- No reference to `call`: an index for it would cost more than all the rest of this table.
CREATE TABLE call_party (
    party      TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    call       INTEGER NOT NULL,
    PRIMARY KEY (party, started_at, call)
) STRICT, WITHOUT ROWID;

-- The story of a call, in the order of `place`. `detail` is a JSON object.
CREATE TABLE call_step (
    call   INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    place  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    what   TEXT    NOT NULL,
    detail TEXT    NOT NULL,
    PRIMARY KEY (call, place)
) STRICT, WITHOUT ROWID;

-- Search for any part of a name or number; rowid is the call's id. Whoever inserts a call inserts here as well (a
-- trigger would make SQLite journal each statement), the removal is a trigger's.
CREATE VIRTUAL TABLE call_text USING fts5 (
    caller, caller_name, called,
    content = 'call', content_rowid = 'id', tokenize = 'trigram'
);

CREATE TRIGGER call_text_removed AFTER DELETE ON call BEGIN
    INSERT INTO call_text (call_text, rowid, caller, caller_name, called)
    VALUES ('delete', old.id, old.caller, old.caller_name, old.called);
END;

-- API tokens: only their SHA-256 is kept.
CREATE TABLE token (
    name       TEXT    NOT NULL PRIMARY KEY,
    role       TEXT    NOT NULL CHECK (role IN ('admin', 'viewer')),
    sha256     BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What belongs to this box and not to the office: the prefix of generated logins, for one.
CREATE TABLE setting (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages in mailboxes. `id` is that of the recording; `duration_ms` is empty until the message is complete. `path` is relative to
-- the data directory.
CREATE TABLE voicemail (
    id          INTEGER PRIMARY KEY,
    extension   TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    caller      TEXT    NOT NULL,
    caller_name TEXT    NOT NULL,
    duration_ms INTEGER,
    bytes       INTEGER NOT NULL DEFAULT 0,
    heard       INTEGER NOT NULL DEFAULT 0 CHECK (heard IN (0, 1)),
    path        TEXT    NOT NULL UNIQUE
) STRICT;

CREATE INDEX voicemail_by_extension ON voicemail (extension, at, id);
CREATE INDEX voicemail_by_time      ON voicemail (at, id);

-- Mail on its way. `cause` names what it tells of, so that nothing is told twice; a letter that was sent or given up stays for some
-- days for that reason. `message_id` is made once: a server that got the letter twice can tell by it.
CREATE TABLE mail (
    id         INTEGER PRIMARY KEY,
    cause      TEXT    NOT NULL UNIQUE,
    message_id TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    recipient  TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    attachment TEXT,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT CHECK (outcome IN ('sent', 'given_up'))
) STRICT;

CREATE INDEX mail_waiting ON mail (next_at) WHERE ended_at IS NULL;

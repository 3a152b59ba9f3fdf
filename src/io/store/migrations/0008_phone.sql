-- Telephones that were seen, and what they were given. `key` is the secret of a telephone's own address, once it was accepted.
CREATE TABLE phone (
    mac      TEXT NOT NULL PRIMARY KEY,
    key      TEXT UNIQUE,
    vendor   TEXT,
    model    TEXT,
    firmware TEXT,
    address  TEXT,
    sure     INTEGER,
    how      TEXT,
    asked    TEXT,
    first_at INTEGER,
    last_at  INTEGER,
    version  INTEGER,
    print    TEXT,
    given_at INTEGER
) STRICT, WITHOUT ROWID;

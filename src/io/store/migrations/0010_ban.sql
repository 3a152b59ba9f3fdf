-- Addresses that were judged, and those whose ban is over and remembered: the next one is longer. `logins` are lines.
CREATE TABLE ban (
    id         INTEGER NOT NULL PRIMARY KEY,
    address    TEXT NOT NULL UNIQUE,
    reason     TEXT NOT NULL,
    since_at   INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    times      INTEGER NOT NULL,
    dropped    INTEGER NOT NULL,
    user_agent TEXT NOT NULL,
    logins     TEXT NOT NULL
) STRICT;

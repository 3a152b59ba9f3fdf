-- What calls with the city use up of the day's limits: each that was answered, of today and yesterday. `to_at` is put forward while one goes on.
CREATE TABLE outside_use (
    id        INTEGER PRIMARY KEY,
    extension TEXT NOT NULL,
    from_at   INTEGER NOT NULL,
    to_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX outside_use_end ON outside_use (to_at);

-- Extensions that an admin has lifted the limits for, until a moment.
CREATE TABLE allowance (
    extension TEXT NOT NULL PRIMARY KEY,
    until_at  INTEGER NOT NULL,
    by        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

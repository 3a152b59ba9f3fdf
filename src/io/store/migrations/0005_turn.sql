-- Who took the last call of a group: round robin goes on after them.
CREATE TABLE turn (
    "group" TEXT PRIMARY KEY,
    member  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

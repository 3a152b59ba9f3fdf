-- Where the names of carriers' servers were found: calls are known by it when no name server answers at a start.
CREATE TABLE server (
    name   TEXT PRIMARY KEY,
    places TEXT NOT NULL
) STRICT, WITHOUT ROWID;

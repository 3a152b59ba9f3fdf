-- Addresses that the box gave by DHCP: a card keeps its own for ever, until another needs it.
CREATE TABLE lease (
    address  TEXT NOT NULL PRIMARY KEY,
    mac      TEXT NOT NULL UNIQUE,
    until_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

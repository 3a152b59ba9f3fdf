-- Pages of the history by direction, alone and with the outcome.
CREATE INDEX call_by_direction ON call (direction, started_at);
CREATE INDEX call_by_both      ON call (direction, outcome, started_at);

-- Who waited for a group, and how that ended: a row from the moment of coming there. `wait_ms` is empty while it goes on.
CREATE TABLE call_group (
    call    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    "group" TEXT    NOT NULL,
    wait_ms INTEGER,
    outcome TEXT CHECK (outcome IN ('answered', 'given_back', 'given_up')),
    PRIMARY KEY (call, at, "group")
) STRICT, WITHOUT ROWID;

CREATE INDEX call_group_waiting ON call_group (call) WHERE outcome IS NULL;

-- What was signalled for a call, in packed parts of some messages each. `at` is the first message's.
CREATE TABLE signalling (
    id       INTEGER PRIMARY KEY,
    call     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    messages BLOB    NOT NULL
) STRICT;

CREATE INDEX signalling_by_call ON signalling (call);
-- `bytes` rides along: what all together take is summed without a look at the parts themselves.
CREATE INDEX signalling_by_time ON signalling (at, bytes);

-- The direction comes before the time, so that a party's calls of one direction are a list of their own. Trunks and elements
-- of the desk are parties too: their calls are found by name.
CREATE TABLE new_party (
    party      TEXT    NOT NULL,
    direction  TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    call       INTEGER NOT NULL,
    PRIMARY KEY (party, direction, started_at, call)
) STRICT, WITHOUT ROWID;

INSERT INTO new_party (party, direction, started_at, call)
    SELECT p.party, c.direction, p.started_at, p.call FROM call_party AS p JOIN call AS c ON c.id = p.call
    ORDER BY p.party, c.direction, p.started_at, p.call;
INSERT OR IGNORE INTO new_party (party, direction, started_at, call)
    SELECT 'trunk:' || trunk, direction, started_at, id FROM call WHERE trunk IS NOT NULL;
INSERT OR IGNORE INTO new_party (party, direction, started_at, call)
    SELECT 'element:' || (s.detail ->> 'element'), c.direction, c.started_at, c.id
    FROM call_step AS s JOIN call AS c ON c.id = s.call WHERE s.what = 'element';

DROP TABLE call_party;
ALTER TABLE new_party RENAME TO call_party;

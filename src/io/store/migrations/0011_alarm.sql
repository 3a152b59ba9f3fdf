-- What an admin must learn. `key` says which are one: within its time a further one only counts. The words are kept as they were said,
-- so that a later version needs to understand nothing.
CREATE TABLE alarm (
    id        INTEGER PRIMARY KEY,
    key       TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    severity  TEXT    NOT NULL CHECK (severity IN ('warning', 'alarm')),
    at        INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    text_ru   TEXT    NOT NULL,
    text_en   TEXT    NOT NULL,
    extension TEXT,
    address   TEXT,
    seen      INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1))
) STRICT;

CREATE INDEX alarm_by_key  ON alarm (key, id);
CREATE INDEX alarm_by_kind ON alarm (kind, id);
CREATE INDEX alarm_unseen  ON alarm (id) WHERE seen = 0;

-- Events on their way to webhooks, and what became of the last ones. `body` is what is sent; it is emptied when it is no longer needed.
CREATE TABLE delivery (
    id       INTEGER PRIMARY KEY,
    webhook  TEXT    NOT NULL,
    event    TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    tried_at INTEGER,
    outcome  TEXT    NOT NULL CHECK (outcome IN ('waiting', 'delivered', 'given_up')),
    status   INTEGER,
    why_ru   TEXT    NOT NULL DEFAULT '',
    why_en   TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX delivery_by_webhook ON delivery (webhook, id);
CREATE INDEX delivery_waiting    ON delivery (id) WHERE outcome = 'waiting';

-- Event subscriptions of phones (lamps): RFC 6665. Kept so that a restart leaves no lamp wrong. `tag` is ours and names the dialog,
-- which is kept as text.
CREATE TABLE subscription (
    tag        TEXT    NOT NULL PRIMARY KEY,
    login      TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    package    TEXT    NOT NULL CHECK (package IN ('dialog', 'presence', 'message-summary')),
    event      TEXT    NOT NULL,
    entity     TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    dialog     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

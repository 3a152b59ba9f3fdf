//! The web over real sockets on loopback: the gate against clients that mean harm, the API against its own description.
//! Every answer that a test gets is checked against openapi.json on the way.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on says where, and it runs in real time"
)]

mod accounts;
mod api;
mod backups;
mod bans;
mod bounds;
mod bundle;
mod certificate;
mod client;
mod collections;
mod description;
mod directory;
mod events;
mod gate;
mod history;
mod imports;
mod journal;
mod keeping;
mod license;
mod limits;
mod live;
mod machine;
mod media;
mod notices;
mod provision;
mod real;
mod recordings;
mod routing;
mod second_factor;
mod sign_on;
mod slapd;
mod steward;
mod telephone;
mod update;
mod versions;
mod voicemail;
mod world;

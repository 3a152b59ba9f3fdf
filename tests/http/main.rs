//! The web over real sockets on loopback: the gate against clients that mean harm, the API against its own description.
//! Every answer that a test gets is checked against openapi.json on the way.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod accounts;
mod api;
mod bans;
mod bounds;
mod certificate;
mod client;
mod collections;
mod description;
mod directory;
mod events;
mod gate;
mod history;
mod license;
mod limits;
mod live;
mod media;
mod notices;
mod provision;
mod real;
mod recordings;
mod routing;
mod second_factor;
mod sign_on;
mod slapd;
mod telephone;
mod update;
mod versions;
mod voicemail;
mod world;

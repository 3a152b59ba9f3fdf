//! The web over real sockets on loopback: the gate against clients that mean harm, the API against its own description.
//! Every answer that a test gets is checked against openapi.json on the way.

mod api;
mod client;
mod description;
mod events;
mod gate;
mod look;
mod world;

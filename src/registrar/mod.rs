//! AOR → contacts ([`bindings`]), our own registrations at trunks ([`trunks`]), and what an inbound request says of its
//! trunk, number and caller ([`inbound`]). Pure: the engine authenticates, sends, and stores; this room decides.

pub mod bindings;
pub mod inbound;
pub mod presets;
pub mod trunks;

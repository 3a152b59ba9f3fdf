//! AOR → contacts ([`bindings`]), and our own registrations at trunks ([`trunks`]). Pure: the engine authenticates, sends,
//! and stores; this room decides.

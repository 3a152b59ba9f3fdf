//! The same house before real peers: SIPp, baresip, linphone, Kamailio, sipvicious, ldapsearch, chrony and curl from Debian's packages, started here
//! on loopback and free ports, and ended here. Only these tests may wait, and they wait for an event.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on says where, and it runs in real time"
)]

mod baresip;
mod book;
mod carrier;
mod demo;
mod exchange;
mod guarded;
mod linphone;
mod process;
mod raw;
mod refused;
mod scanned;
mod secure;
mod sipp;
mod story;
mod sturdy;
mod telephones;
mod time;
mod wav;

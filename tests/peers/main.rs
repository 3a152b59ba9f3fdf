//! The same house before real peers: SIPp, baresip and Kamailio from Debian's packages, started here, on loopback and random free
//! ports, and ended here. Only these tests may wait, and they wait for an event.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on says where")]

mod baresip;
mod carrier;
mod exchange;
mod sipp;
mod story;
mod sturdy;
mod wav;

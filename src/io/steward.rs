//! The steward: the one process of root's on the box. It mounts, supervises the exchange, feeds the watchdog, keeps network and clock,
//! and does what the exchange, which may do none of that, asks by [`Order`](crate::machine::Order).

pub mod client;
#[allow(dead_code, reason = "for the loop that mounts")]
mod shares;

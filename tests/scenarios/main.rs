//! Scenarios: an office in virtual time, with simulated phones and a carrier, real SIP text and real RTP bytes. Each file
//! is a behaviour; `sim` is the world they play in. `SIM_SEED=…` replays a world; `scripts/sim` plays many.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod sim;

mod attended;
mod day;
mod desk;
mod features;
mod forward;
mod fraud;
mod inside;
mod lamps;
mod licence;
mod listening;
mod ordered;
mod outside;
mod parking;
mod phones;
mod pickup;
mod protocol;
mod queue;
mod sound;
mod transfer;
mod trial;
mod waiting;

//! The stack through its door, with real SIP text and virtual time.

mod bench;
mod calls;
mod challenges;
mod offers;
mod reliable;
mod seeds;
mod timers;
mod torture;
mod transactions;
mod world;

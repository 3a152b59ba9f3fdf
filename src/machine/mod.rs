//! The box under the exchange: two system slots, a data partition, Ethernet ports and a clock. What is known of them, what is wanted
//! of them and the files that carry it; the hands are `io::steward`, a process of root's that the exchange may ask by [`Order`].

pub mod environment;
pub mod forecast;
pub mod interface;
pub mod kernel_log;
pub mod liveness;
pub mod network;
pub mod ntp;
pub mod order;
pub mod panel;
pub mod partition;
pub mod settings;
pub mod trial;
pub mod update;

pub use network::{Addressing, Carrier, Network, Port};
pub use order::{Answer, Order, Reason, State, reason};
pub use settings::Settings;

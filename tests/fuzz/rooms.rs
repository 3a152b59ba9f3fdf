//! The rooms that strangers' bytes reach, without the outside wall: a fuzzer builds in a minute and follows no path of
//! SQLite or TLS. The sources are the exchange's own.

#[path = "../../src/base/mod.rs"]
pub mod base;
#[path = "../../src/codec/mod.rs"]
pub mod codec;
#[path = "../../src/desk/mod.rs"]
pub mod desk;
#[path = "../../src/lamp/mod.rs"]
pub mod lamp;
#[path = "../../src/machine/mod.rs"]
pub mod machine;
#[path = "../../src/media/mod.rs"]
pub mod media;
#[path = "../../src/office/mod.rs"]
pub mod office;
#[path = "../../src/provision/mod.rs"]
pub mod provision;
#[path = "../../src/rtp/mod.rs"]
pub mod rtp;
#[path = "../../src/sdp/mod.rs"]
pub mod sdp;
#[path = "../../src/sip/mod.rs"]
pub mod sip;
#[path = "../../src/trust/mod.rs"]
pub mod trust;

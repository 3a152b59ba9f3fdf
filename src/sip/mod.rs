//! What the SIP RFCs know. Never names an extension, a trunk or a table.
//!
//! [`wire`] turns bytes into messages and back; [`stack::Stack`] owns every transaction, dialog and INVITE session
//! behind one door; [`auth`] is digest access authentication, both sides.

pub mod auth;
pub(crate) mod dialog;
pub mod flow;
mod session;
pub mod stack;
mod transaction;
pub mod wire;

pub use flow::{Flow, Transport};

//! The outside wall: the only code that may block, sleep, spawn, open a file or a socket, or ask the time.

pub mod accounts;
pub mod alarms;
mod allowances;
pub mod apply;
pub mod backup;
pub mod board;
pub mod capture;
pub mod certificate;
pub mod clock;
pub mod config;
pub mod console;
pub mod control;
pub mod demo;
pub mod doctor;
pub mod files;
pub mod handle;
pub mod http;
pub mod import;
pub mod journal;
pub mod licence;
pub mod machine;
pub mod mail;
pub mod net;
pub mod out;
pub mod panel;
pub mod phones;
pub mod probation;
pub mod recordings;
mod reserve;
mod revert;
pub mod rtp;
pub mod run;
pub mod signalling;
pub mod sound;
pub mod steward;
pub mod store;
pub mod trunk_doctor;
pub mod update;
pub mod voicemail;
pub mod webhooks;

#[cfg(test)]
pub(crate) mod scratch;

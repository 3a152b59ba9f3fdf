//! What the page, the log and metrics see of the engine, as events; `io` keeps the board that they add up to.

use std::net::SocketAddr;

use crate::base::{CallId, WallTime};
use crate::call::cdr::CallOutcome;
pub use crate::call::cdr::{CallState, CallView};
pub use crate::call::{MemberState, MemberView, QueueView, WaitingView};
pub use crate::registrar::trunks::TrunkState;

/// Something visible happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// A call began or changed.
    Call(CallView),
    /// It ended.
    CallEnded {
        /// Which.
        call: CallId,
        /// How.
        outcome: CallOutcome,
    },
    /// Who waits at a group, or what its members do, changed.
    Queue(QueueView),
    /// A phone registered, refreshed (`contacts` unchanged are told too), or went.
    Registration {
        /// The device's login.
        login: String,
        /// Where it is now; empty: nowhere.
        contacts: Vec<ContactView>,
    },
    /// A phone tried to register with a login or a password that is wrong.
    RegisterRefused {
        /// As it claims.
        login: String,
        /// As it calls itself.
        user_agent: String,
        /// Where it is.
        peer: SocketAddr,
    },
    /// A trunk's state changed.
    Trunk(TrunkView),
    /// Something an admin should know; the log has it at `warn`. `what` is a word for programs, `text` a sentence in English.
    Notice {
        /// A word for programs.
        what: &'static str,
        /// A sentence.
        text: String,
    },
}

/// A phone's registration as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactView {
    /// Where it is.
    pub peer: SocketAddr,
    /// As it calls itself.
    pub user_agent: String,
    /// Until when.
    pub expires_at: WallTime,
}

/// A trunk as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkView {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: TrunkState,
    /// Since when.
    pub since: WallTime,
}

//! What the page, the log and metrics see of the engine, as events; `io` keeps the board that they add up to.

use std::net::SocketAddr;

use crate::base::{CallId, WallTime};
use crate::call::cdr::{CallDirection, CallOutcome};

/// Something visible happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// A call began or changed.
    Call(CallView),
    /// It ended.
    CallEnded { call: CallId, outcome: CallOutcome },
    /// A phone registered, refreshed (`contacts` unchanged are told too), or went.
    Registration { login: String, contacts: Vec<ContactView> },
    /// A trunk's state changed.
    Trunk(TrunkView),
    /// Something an admin should know; the log has it at `warn`. `what` is a word for programs, `text` a sentence in English.
    Notice { what: &'static str, text: String },
}

/// A call as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    /// Its row.
    pub call: CallId,
    /// When it began.
    pub started_at: WallTime,
    /// When somebody answered.
    pub answered_at: Option<WallTime>,
    /// Which way.
    pub direction: CallDirection,
    /// Who calls.
    pub caller: String,
    /// His name.
    pub caller_name: String,
    /// What was called.
    pub called: String,
    /// Who talks, or who is rung.
    pub with: Vec<String>,
    /// Where it is.
    pub state: CallState,
    /// The element of the desk on which it is.
    pub element: Option<String>,
    /// The trunk's name.
    pub trunk: Option<String>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum CallState {
    /// On the desk, hearing a prompt.
    Prompt,
    Ringing,
    Talking,
    Held,
    Ending,
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

/// The state of a trunk, with the facts that words need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkState {
    /// Not tried yet.
    Starting,
    /// 200 came; the next REGISTER goes when this ends.
    Registered,
    /// It is known by address, and answers OPTIONS.
    Reachable,
    /// 401, 403 or 407 again after our answer: the password or the login is wrong.
    WrongPassword {
        /// What the carrier said.
        status: u16,
    },
    /// Another refusal.
    Refused {
        /// The status.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// No answer came.
    Silent,
    /// The name has no address.
    NoSuchName,
}

//! The engine owns every call, dialog, binding and queue; nothing else is global. One owner, three doors:
//! `handle_input(now, input)`, `poll_output()`, `poll_timeout()`.

pub mod live;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::{CallId, Instant, QueryId, WallTime};
use crate::call::cdr::{CallEnded, CallStarted, CallStep};
use crate::media;
use crate::office::Office;
use crate::sip::{Flow, Transport};

/// What reaches the engine.
#[derive(Debug)]
pub enum Input<'a> {
    /// One datagram, or one framed message of a stream.
    Packet { flow: Flow, bytes: &'a [u8] },
    /// A connection was lost, could not be opened, or a datagram was refused.
    FlowFailed { flow: Flow },
    /// From the media plane.
    Media(media::Event),
    /// The answer to [`Output::Resolve`]: where to send, in the order to try (RFC 3263, RFC 2782); empty when there is no such name.
    Resolved { query: QueryId, hops: Vec<Flow> },
    /// A new snapshot; calls in progress keep the desk with which they began.
    Office(Arc<Office>),
    /// What the calendar says at `now`: at the start, and whenever the clock was set.
    Clock(WallTime),
    /// Bindings kept from before a restart: the first input after `Office` and `Clock`.
    Restore(Vec<StoredBinding>),
    /// Ends a call, for the page.
    HangUp { call: CallId },
    /// Ends the exchange: trunks are told (REGISTER with Expires 0 is not sent, calls get BYE).
    Shutdown,
    /// Fires what is due.
    Timeout,
}

/// What the engine wants done.
#[derive(Debug)]
pub enum Output {
    /// Put these bytes on the way to the flow's peer; connect when `flow.connection` is 0 and the transport has connections.
    Send { flow: Flow, bytes: Vec<u8> },
    /// An order to the media plane.
    Media(media::Command),
    /// RFC 3263: which addresses has this name? Answered by [`Input::Resolved`].
    Resolve { query: QueryId, name: ServerName },
    /// A fact for the disk; calls never wait for it.
    Store(Record),
    /// For the page, the log and metrics.
    Live(live::Live),
}

/// A server to be found: RFC 3263 §4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerName {
    /// A domain, a host name or an address.
    pub host: String,
    /// A port spelled out skips SRV: RFC 3263 §4.2.
    pub port: Option<u16>,
    /// The transport asked for; `None` lets NAPTR choose.
    pub transport: Option<Transport>,
}

/// A fact for the disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A binding is new or was refreshed.
    Binding(StoredBinding),
    /// A binding is gone.
    BindingGone { aor: String, contact: String },
    /// A row of history begins.
    CallStarted(CallStarted),
    /// A step of its story.
    CallStep(CallStep),
    /// The row is complete.
    CallEnded(CallEnded),
}

/// A registration as the disk keeps it: RFC 3261 §10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBinding {
    /// The login.
    pub aor: String,
    /// The Contact's URI as the phone wrote it.
    pub contact: String,
    /// Where its requests go: the address that its REGISTER came from.
    pub transport: Transport,
    /// Our side of the flow.
    pub local: SocketAddr,
    /// The phone's side of the flow.
    pub peer: SocketAddr,
    /// When it ends.
    pub expires_at: WallTime,
    /// Of the REGISTER that made it; RFC 3261 §10.3 step 7.
    pub call_id: String,
    /// Of the REGISTER that made it.
    pub cseq: u32,
    /// As the phone calls itself.
    pub user_agent: String,
}

/// When the engine must be called again.
pub type Deadline = Option<Instant>;

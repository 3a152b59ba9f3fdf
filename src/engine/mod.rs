//! The engine owns every call, dialog, binding and queue; nothing else is global. One owner, three doors:
//! `handle_input(now, input)`, `poll_output()`, `poll_timeout()`.

mod exchange;
pub mod live;

pub use exchange::{Engine, EngineConfig, STOP_GRACE};

use std::sync::Arc;

pub use crate::lamp::StoredSubscription;
pub use crate::registrar::bindings::StoredBinding;
pub use crate::registrar::trunks::StoredServer;
pub use crate::sip::flow::ServerName;

use crate::base::{CallId, Duration, QueryId, RecordingId, WallTime};
pub use crate::call::ListenRefused;
use crate::call::Shelf;
use crate::call::cdr::{CallEnded, CallLeg, CallStarted, CallStep, RecordingBegun};
use crate::guard::limits::{Usage, Use};
use crate::guard::{AtHome, Ban};
use crate::media;
use crate::office::Office;
use crate::sip::Flow;

/// What reaches the engine.
#[derive(Debug)]
pub enum Input<'a> {
    /// One datagram, or one framed message of a stream, that [`Engine::admit`] let pass.
    Packet {
        /// Where it came from.
        flow: Flow,
        /// As it came.
        bytes: &'a [u8],
    },
    /// A connection was lost, could not be opened, or a datagram was refused.
    FlowFailed {
        /// Which.
        flow: Flow,
    },
    /// From the media plane.
    Media(media::Event),
    /// The answer to [`Output::Resolve`]: where to send, in the order to try (RFC 3263, RFC 2782); empty when there is no such name.
    Resolved {
        /// That of the question.
        query: QueryId,
        /// Best first.
        hops: Vec<Flow>,
    },
    /// A new snapshot; calls in progress keep the desk with which they began.
    Office(Arc<Office>),
    /// The numbering plan, when the office's country or area code changed.
    Plan(Box<crate::number::Plan>),
    /// What the calendar says at `now`: at the start, and whenever the clock was set.
    Clock(WallTime),
    /// Bindings kept from before a restart: the first input after `Office` and `Clock`.
    Restore(Vec<StoredBinding>),
    /// Where carriers' servers were before a restart: before the first [`Input::Resolved`].
    RestoreServers(Vec<StoredServer>),
    /// Bans from before a restart.
    RestoreBans(Vec<Ban>),
    /// An admin bans an address. Answered by [`Output::Banned`] at once.
    Ban {
        /// Which.
        address: std::net::IpAddr,
        /// For how long.
        length: Duration,
    },
    /// An admin lifts a ban. Answered by [`Output::Lifted`] at once.
    LiftBan {
        /// Its name.
        id: i64,
    },
    /// Group and who took its last call, before a restart.
    LastAnswered(Vec<(String, String)>),
    /// What a mailbox holds now: at the start, and after each change.
    Mailbox {
        /// Whose.
        extension: String,
        /// In any order.
        messages: Vec<crate::base::Message>,
    },
    /// The answer to [`Shelf::Load`]; `None`: there is no such sound.
    Clip {
        /// Who asked.
        call: CallId,
        /// What is to be played.
        clip: Option<Arc<media::Clip>>,
    },
    /// Nobody speaks any more in what a call records: see [`Shelf::Begin`].
    Silent {
        /// Which call.
        call: CallId,
        /// What it records.
        recording: RecordingId,
        /// From the beginning of the recording to the last sound.
        spoken: Duration,
    },
    /// Subscriptions kept from before a restart: the input after `Restore`, since phones are told where they are registered.
    RestoreLamps(Vec<StoredSubscription>),
    /// Click to call: the telephones of an extension ring, and who answers calls. Answered by [`Output::Ordered`] at once.
    Order {
        /// Whose telephones.
        extension: String,
        /// As somebody there would dial it.
        to: String,
    },
    /// The telephones of an extension ring, and who answers hears a call. Answered by [`Output::Listens`] at once.
    Listen {
        /// Which call.
        call: CallId,
        /// Whose telephones.
        extension: String,
        /// He speaks to our side of the call.
        whispers: bool,
    },
    /// Ends a call, for the page.
    HangUp {
        /// Which.
        call: CallId,
    },
    /// Tries whether a trunk carries calls: calls its own number through it.
    TryTrunk {
        /// Its name.
        trunk: String,
        /// How the number is written, when not as its settings say.
        format: Option<crate::office::NumberFormat>,
    },
    /// What the licence allows from now on; calls in progress go on.
    Licence(crate::trust::Allowance),
    /// What calls with the city used up before a restart, those of today and yesterday, and who is allowed more until when.
    RestoreLimits {
        /// Calls that were answered.
        uses: Vec<Use>,
        /// Extension and when its limits hold again.
        allowed: Vec<(String, WallTime)>,
    },
    /// No limit of outside calls holds for an extension until then; `None`: they hold again.
    Allow {
        /// Which.
        extension: String,
        /// Until when.
        until: Option<WallTime>,
    },
    /// What do calls with the city use up? Answered by [`Output::Usage`] at once.
    Usage,
    /// Sends a NOTIFY outside of dialogs to all contacts of a login: a telephone is to ask for its settings.
    Notify {
        /// The login.
        login: String,
        /// `Event`, with its parameters: `check-sync;reboot=false`.
        event: String,
    },
    /// Sends OPTIONS to a telephone, where it is registered. Answered by [`Output::PhoneAnswers`], if it is there.
    AskPhone {
        /// The login.
        login: String,
        /// Its Contact's URI.
        contact: String,
    },
    /// Ends the exchange: trunks are told (REGISTER with Expires 0 is not sent, calls get BYE).
    Shutdown,
    /// Fires what is due.
    Timeout,
}

/// What the engine wants done.
#[derive(Debug)]
pub enum Output {
    /// Put these bytes on the way to the flow's peer; connect when `flow.connection` is 0 and the transport has connections.
    Send {
        /// Where to.
        flow: Flow,
        /// One datagram, or one message of a stream.
        bytes: Vec<u8>,
    },
    /// An order to the media plane.
    Media(media::Command),
    /// A leg is of a call from now on: what is signalled with its Call-ID is that call's.
    Leg(CallLeg),
    /// A recording begins; its sound comes from the media plane.
    Recording(RecordingBegun),
    /// RFC 3263: which addresses has this name? Answered by [`Input::Resolved`].
    Resolve {
        /// Comes back with the answer.
        query: QueryId,
        /// What is asked for.
        name: ServerName,
    },
    /// The answer to [`Input::Order`]; `None`: no such extension, or as many calls as may be.
    Ordered {
        /// The call that rings there.
        call: Option<CallId>,
    },
    /// The answer to [`Input::Listen`]: the call that rings there.
    Listens(Result<CallId, ListenRefused>),
    /// The answer to [`Input::Ban`].
    Banned(Result<Ban, AtHome>),
    /// The answer to [`Input::LiftBan`]; false: there is none of that name in force.
    Lifted(bool),
    /// Nobody took a call of those who were rung.
    Missed(crate::call::cdr::MissedCall),
    /// Somebody calls for help: the admin is told.
    Emergency(crate::call::cdr::EmergencyCall),
    /// The answer to [`Input::Usage`].
    Usage(Usage),
    /// The answer to [`Input::AskPhone`]: it is there.
    PhoneAnswers {
        /// The login.
        login: String,
        /// Its Contact's URI.
        contact: String,
    },
    /// An admin must learn this. The same may be told many times: whoever keeps it, counts.
    Alarm(crate::guard::Alarm),
    /// A fact for the disk; calls never wait for it.
    Store(Record),
    /// What mailboxes and recorded messages want of the disk.
    Shelf(Shelf),
    /// A telephone changed the office's settings; the new snapshot comes as [`Input::Office`].
    Edit(crate::call::Edit),
    /// For the page, the log and metrics.
    Live(live::Live),
}

/// A fact for the disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A binding is new or was refreshed.
    Binding(StoredBinding),
    /// A binding is gone.
    BindingGone {
        /// The login.
        aor: String,
        /// The Contact's URI.
        contact: String,
    },
    /// Where a carrier's server is.
    Server(StoredServer),
    /// Who took the last call of a group.
    LastAnswered {
        /// The group.
        group: String,
        /// The member.
        member: String,
    },
    /// A subscription is new or was refreshed.
    Subscription(StoredSubscription),
    /// A subscription is gone.
    SubscriptionGone {
        /// Its name.
        tag: String,
    },
    /// An address is judged, or judged anew.
    Ban(Ban),
    /// A ban was lifted, or is forgotten.
    BanGone {
        /// Its name.
        id: i64,
    },
    /// A row of history begins.
    CallStarted(CallStarted),
    /// A step of its story.
    CallStep(CallStep),
    /// The row is complete.
    CallEnded(CallEnded),
    /// A recording has a file, and now a row.
    RecordingStarted {
        /// Which.
        recording: RecordingId,
        /// Of which call.
        call: CallId,
        /// Its first second.
        at: WallTime,
        /// Its file, relative to the data directory.
        path: String,
        /// `opus`, `wav`.
        format: &'static str,
    },
    /// Its file is complete.
    RecordingEnded {
        /// Which.
        recording: RecordingId,
        /// When it ended.
        at: WallTime,
        /// Milliseconds of sound.
        duration_ms: u64,
        /// Of the file.
        bytes: u64,
    },
    /// What a call with the city has used up so far: a new row, or that of the same id.
    Used(Use),
    /// Its file is gone.
    RecordingGone {
        /// Which.
        recording: RecordingId,
    },
}

//! The row of history that each call leaves, from its first second: what the store keeps and the page shows.

use crate::base::{CallId, RecordingId, WallTime};
use crate::media::Stats;

/// Which way a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum CallDirection {
    Inbound,
    Outbound,
    Internal,
}

impl CallDirection {
    /// As in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// Somebody of ours or of the city talked, or the desk answered it and the caller heard what was meant for him.
    Answered,
    /// Rang, nobody took it.
    NoAnswer,
    /// The called side was busy.
    Busy,
    /// The caller hung up while it rang or waited.
    Abandoned,
    /// We refused it: rights, address, number unknown.
    Refused,
    /// The carrier or a phone refused it, or no way was found.
    Failed,
    /// The exchange stopped while it went on.
    Interrupted,
}

impl CallOutcome {
    /// As in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Abandoned => "abandoned",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The first second of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallStarted {
    /// The row.
    pub call: CallId,
    /// When the INVITE (or the order to call) came.
    pub at: WallTime,
    /// Which way.
    pub direction: CallDirection,
    /// Who called: an extension, E.164 digits, or empty when withheld.
    pub caller: String,
    /// The display name that came along, or the employee.
    pub caller_name: String,
    /// What was called: an extension, group, E.164 digits, or what was dialled when it means nothing.
    pub called: String,
    /// The trunk's name, for calls of the city.
    pub trunk: Option<String>,
}

/// One step of a call's story.
#[derive(Clone, Debug, PartialEq)]
pub struct CallStep {
    /// The row.
    pub call: CallId,
    /// When.
    pub at: WallTime,
    /// What.
    pub what: StepKind,
}

/// The kinds of steps. `who` is an extension's number, or E.164 digits of an outside party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Came to an element of the desk.
    Element {
        /// Its id.
        element: String,
    },
    /// Came to a group, and waits for one of its members.
    Group {
        /// Its number.
        group: String,
    },
    /// Was offered to a trunk.
    Trunk {
        /// Its name.
        trunk: String,
    },
    /// A device began to ring.
    Rung {
        /// Whose.
        who: String,
        /// Login or number of the device.
        device: String,
    },
    /// A device stopped ringing without an answer.
    NotTaken {
        /// Whose.
        who: String,
        /// Login or number of the device.
        device: String,
        /// SIP status it gave, 0 when its seconds ran out or another was faster.
        status: u16,
    },
    /// Somebody took the call.
    Answered {
        /// Who.
        who: String,
    },
    /// The group gave the call back.
    GroupExit {
        /// The group.
        group: String,
        /// `empty`, `nobody_registered`, `waited_too_long`, `queue_full`.
        why: &'static str,
    },
    /// Digits came.
    Digits {
        /// Which.
        digits: String,
    },
    /// A call was given on to another party.
    Transferred {
        /// Who gave it.
        by: String,
        /// Who has it now.
        to: String,
    },
    /// It was to be given on, and nobody took it.
    TransferFailed {
        /// Who was to have it.
        to: String,
        /// SIP status.
        status: u16,
    },
    /// Whoever gave it on, or parked it, is rung to take it back.
    Recalled {
        /// Who.
        who: String,
    },
    /// Waits while a third is asked.
    Consulting {
        /// Who asks.
        by: String,
        /// The row of that conversation.
        call: CallId,
    },
    /// The other side of another call speaks here now.
    Joined {
        /// The row of that call.
        call: CallId,
        /// Who came from there.
        who: String,
    },
    /// Waits at a parking place.
    Parked {
        /// By whom.
        by: String,
        /// Where.
        place: String,
    },
    /// Somebody took it who was not rung: from a parking place, or while others rang.
    PickedUp {
        /// Who.
        by: String,
    },
    /// A device's calls went elsewhere.
    Diverted {
        /// Whose device.
        who: String,
        /// Where to.
        to: String,
        /// `always`, `busy`, `no_answer`, `redirected`.
        why: &'static str,
    },
    /// Entered a conference room.
    Conference {
        /// Its number.
        number: String,
    },
    /// Reached a mailbox.
    Mailbox {
        /// Whose.
        extension: String,
    },
    /// Somebody listens in from now on.
    ListenedTo {
        /// Who.
        by: String,
        /// He speaks to our side.
        whispers: bool,
    },
    /// This is the call of somebody who listens to another one.
    ListensTo {
        /// The row of that call.
        call: CallId,
        /// He speaks to our side.
        whispers: bool,
    },
    /// A service of the exchange itself answered.
    Service {
        /// Its key in `[codes]`.
        service: &'static str,
    },
    /// Gave its trunk up to an emergency call.
    GaveWay,
    /// Met a limit of outside calls: it does not go out, or ends.
    Limited {
        /// The extension whose rights it has.
        who: String,
        /// [`Limit::word`](crate::guard::limits::Limit::word).
        why: &'static str,
    },
    /// Held, or taken from hold.
    Hold {
        /// By whom.
        who: String,
        /// On or off.
        on: bool,
    },
}

/// A leg is of a call: whoever keeps what was signalled sorts it by the Call-ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLeg {
    /// The row.
    pub call: CallId,
    /// Of the leg's dialogs: RFC 3261 §8.1.1.4.
    pub call_id: String,
    /// An extension's number, or E.164 digits of an outside party, or empty when withheld.
    pub who: String,
    /// Login of the device, or the outside number.
    pub device: String,
    /// The trunk's name when the leg goes over one.
    pub trunk: Option<String>,
}

/// A recording begins; what is heard goes on its tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingBegun {
    /// Its id.
    pub recording: RecordingId,
    /// The row.
    pub call: CallId,
    /// When.
    pub at: WallTime,
    /// Who called.
    pub caller: String,
    /// Who answered.
    pub called: String,
}

/// A call that none of the telephones took which rang: one a call, however many those were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedCall {
    /// The row.
    pub call: CallId,
    /// When it began.
    pub at: WallTime,
    /// E.164 digits, or an extension; empty: withheld.
    pub caller: String,
    /// May be empty.
    pub caller_name: String,
    /// Extensions that rang.
    pub extensions: Vec<String>,
}

/// Somebody calls for help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyCall {
    /// The row.
    pub call: CallId,
    /// When.
    pub at: WallTime,
    /// The extension.
    pub by: String,
    /// What was dialled.
    pub number: String,
}

/// The last second of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallEnded {
    /// The row.
    pub call: CallId,
    /// When.
    pub at: WallTime,
    /// How.
    pub outcome: CallOutcome,
    /// SIP status towards the caller, or 0 when an answered call ended by BYE.
    pub status: u16,
    /// Why, in one word of the protocol or ours: `caller_hung_up`, `called_hung_up`, `no_permission`, `no_sound`, …
    pub cause: &'static str,
    /// When somebody answered: talk time counts from here.
    pub answered_at: Option<WallTime>,
    /// Who talked: an extension or E.164 digits.
    pub answered_by: Option<String>,
    /// Milliseconds until the answer, or the end.
    pub ring_ms: u64,
    /// Milliseconds from the answer to the end.
    pub talk_ms: u64,
    /// Quality towards the caller's side, and towards the answering side.
    pub quality: [Option<Stats>; 2],
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
    /// When it came to that element.
    pub element_since: Option<WallTime>,
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
    Parked,
    /// To another call.
    Listening,
    Ending,
}

//! What there is to see of a number: its talks, its phone, its mailbox.

/// A talk of the number, on whichever of its phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// The same while the call lives, and of no other call.
    pub id: u64,
    /// How far it is.
    pub state: TalkState,
    /// Whether the number was called; else it calls.
    pub incoming: bool,
    /// The other party's number; empty: not known or hidden.
    pub remote: String,
    /// The other party's name; may be empty, may be any text.
    pub remote_name: String,
    /// Whether one side holds the other.
    pub held: bool,
}

/// How far a talk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TalkState {
    /// It is answered: RFC 4235's `confirmed`.
    Talking,
    /// The number's phones ring: `early`. Can be picked up.
    Ringing,
    /// It calls, and nobody has answered: `proceeding`.
    Calling,
}

/// How an extension stands while it does not talk.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Phone {
    /// Whether a call could reach one of its devices.
    pub registered: bool,
    /// Its devices do not ring.
    pub do_not_disturb: bool,
    /// Where all its calls go instead.
    pub forward: Option<String>,
}

/// All of that.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct State {
    pub(super) talks: Vec<Talk>,
    /// `None` for what has no phone: a parking place, a room, a group.
    pub(super) phone: Option<Phone>,
    /// New messages, and old ones.
    pub(super) mailbox: (u32, u32),
}

/// What a lamp shows. The first that holds: a call that goes on tells more than a setting, and "do not disturb" more than
/// where calls go meanwhile. A forwarded number is not offline, whatever its phone does: a call to it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look<'a> {
    /// At least one talk.
    Talks(&'a [Talk]),
    DoNotDisturb,
    Forwarded(&'a str),
    Offline,
    Idle,
}

impl State {
    pub(super) fn look(&self) -> Look<'_> {
        match &self.phone {
            _ if !self.talks.is_empty() => Look::Talks(&self.talks),
            Some(phone) if phone.do_not_disturb => Look::DoNotDisturb,
            Some(Phone { forward: Some(to), .. }) => Look::Forwarded(to),
            Some(phone) if !phone.registered => Look::Offline,
            _ => Look::Idle,
        }
    }
}

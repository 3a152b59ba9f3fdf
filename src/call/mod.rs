//! The B2BUA: calls and their legs, ringing, the desk's steps, and the row of history each call leaves. Media is always
//! relayed and each leg's session description is agreed with us, so hold, re-INVITE and codecs of one side never trouble the other.

mod attempt;
mod calls;
pub mod cdr;
mod crossing;
mod desk;
mod edit;
mod feature;
mod keys;
mod leg;
mod limited;
mod listen;
mod one;
mod outside;
mod page;
mod park;
mod queue;
mod ring;
mod ringing;
mod serve;
mod shelf;
mod talk;
mod transfer;
mod trial;
mod waiting;
mod watched;

pub use calls::{Calls, Origin};
pub use edit::Edit;
pub use listen::ListenRefused;
pub use shelf::Shelf;
pub use waiting::{MemberState, MemberView, QueueView, WaitingView};

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::base::{CallId, EndpointId, Instant, Message, RecordingId, Rng, RoomId, SessionId, WallTime};
use crate::codec::Codec;
use crate::guard::limits::{Meter, Use};
use crate::media;
use crate::number::{Plan, Tones};
use crate::office::Office;
use crate::registrar::bindings::Bindings;
use crate::registrar::trunks::Trunks;
use crate::sip::stack::{InviteDraft, SessionCommand, Stack};
use crate::trust::Allowance;

/// What calls ask for.
#[derive(Debug)]
pub enum Output {
    /// An order to the media plane.
    Media(media::Command),
    /// A row of history begins.
    Started(cdr::CallStarted),
    /// A step of its story.
    Step(cdr::CallStep),
    /// A leg is of a call from now on; one that moves is told again.
    Leg(cdr::CallLeg),
    /// A recording begins: told before the media plane is.
    Recording(cdr::RecordingBegun),
    /// The row is complete.
    Ended(cdr::CallEnded),
    /// Nobody took it of those who were rung.
    Missed(cdr::MissedCall),
    /// The call as the page shows it has changed.
    Changed(cdr::CallView),
    /// A group as the page shows it has changed.
    Queue(QueueView),
    /// Who took the last call of a group, for round robin over a restart.
    LastAnswered {
        /// The group.
        group: String,
        /// The member.
        member: String,
    },
    /// What mailboxes and recorded messages want of the disk.
    Shelf(Shelf),
    /// All that a number of the office does now, for the lamps.
    Talks {
        /// An extension, a group, a parking place or a conference.
        number: String,
        /// None: it is idle.
        talks: Vec<crate::lamp::Talk>,
    },
    /// A telephone changed the office's settings.
    Edit(Edit),
    /// Somebody calls for help: the admin is told.
    Emergency(cdr::EmergencyCall),
    /// What a call with the city has used up so far, to be kept over a restart; told again while it goes on.
    Used(Use),
    /// An admin must learn this.
    Alarm(crate::guard::Alarm),
}

/// What calls stand on: lent by the engine for the time of one input.
#[derive(Debug)]
pub struct Around<'a> {
    /// Now.
    pub now: Instant,
    /// What the calendar says.
    pub wall: WallTime,
    /// The present office; a call keeps the desk with which it began.
    pub office: &'a Arc<Office>,
    /// The country's plan.
    pub plan: &'a Plan,
    /// The country's tones.
    pub tones: &'a Tones,
    /// What we speak, preferred first.
    pub codecs: &'a [Codec],
    /// The SIP stack.
    pub stack: &'a mut Stack,
    /// Where phones are.
    pub bindings: &'a Bindings,
    /// How carriers are reached.
    pub trunks: &'a Trunks,
    /// Chance.
    pub rng: &'a mut Rng,
    /// What comes out.
    pub outputs: &'a mut VecDeque<Output>,
    /// Books that all calls share.
    pub books: &'a mut Books,
}

/// What all calls share: free ports, who is on the telephone, how full trunks are.
#[derive(Debug, Default)]
pub struct Books {
    ports: VecDeque<u16>,
    last_endpoint: u32,
    /// Extension → its calls; a member of a group that is on the telephone is not rung.
    busy: HashMap<String, u32>,
    /// Trunk → its legs.
    load: HashMap<String, u32>,
    /// Callers of groups.
    queues: crate::group::Queues,
    /// The queues are being carried out: what that changes is looked at by who does it.
    runs_queues: bool,
    /// Conference → its room and how many are in it.
    rooms: HashMap<String, (RoomId, usize)>,
    /// Somebody keeps messages: without him nothing is recorded that would be lost.
    keeps_messages: bool,
    /// Extension → the messages in its mailbox.
    mailboxes: HashMap<String, Vec<Message>>,
    /// Numbers of our own that are tried, and until when they may come in again.
    trials: Vec<(String, Instant)>,
    /// Who guesses at PINs.
    guesses: crate::service::Guesses,
    /// Somebody got free, or busy: waiting groups look again.
    members_changed: bool,
    /// Parking place → the call that waits there.
    parked: HashMap<String, CallId>,
    /// Extension → who called it last.
    last_callers: HashMap<String, String>,
    /// Extension → what it called last, when that was busy.
    last_busy: HashMap<String, String>,
    /// Who wants to be called when another gets free.
    call_backs: Vec<CallBack>,
    last_room: u32,
    last_recording: u64,
    /// What the licence allows.
    allowance: Allowance,
    /// What calls with the city use up.
    meter: Meter,
    /// What concerns two calls at a time.
    crossings: VecDeque<crossing::Crossing>,
    /// Sessions and endpoints that the present call opened, for the books of [`Calls`].
    opened: Vec<Opened>,
    /// Sessions whose leg is done with.
    closed: Vec<SessionId>,
}

/// Somebody wants to be called when another gets free.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CallBack {
    by: String,
    to: String,
    until: Instant,
}

/// An id that leads back to the call that made it.
#[derive(Debug, Clone, Copy)]
enum Opened {
    Session(SessionId),
    Endpoint(EndpointId),
}

impl Books {
    /// Port pairs that the media plane has bound.
    pub fn add_ports(&mut self, ports: impl IntoIterator<Item = u16>) {
        self.ports.extend(ports);
    }

    /// How many port pairs are free.
    pub fn free_ports(&self) -> usize {
        self.ports.len()
    }

    /// Who took the last call of a group, before a restart.
    pub fn restore_last_answered(&mut self, group: &str, member: &str) {
        self.queues.restore(group, member);
    }

    /// What a mailbox holds now.
    pub fn set_mailbox(&mut self, extension: &str, messages: Vec<Message>) {
        self.keeps_messages = true;
        self.mailboxes.insert(extension.to_owned(), messages);
    }

    /// What the licence allows from now on; calls in progress go on.
    pub fn set_allowance(&mut self, allowance: Allowance) {
        self.allowance = allowance;
    }

    /// What was used up before a restart, and who is allowed more until when.
    pub fn restore_meter(&mut self, uses: Vec<Use>, allowed: Vec<(String, WallTime)>) {
        self.meter.restore(uses, allowed);
    }

    /// Legs to and from the city.
    pub fn outside_calls(&self) -> u32 {
        self.load.values().sum()
    }

    /// When groups are to be looked at again, and limits.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.queues.poll_timeout(), self.meter.poll_timeout()].into_iter().flatten().min()
    }

    /// A phone came or went: waiting groups look again.
    pub fn note_members_changed(&mut self) {
        self.members_changed = true;
    }

    fn count(map: &mut HashMap<String, u32>, key: &str, by: i8) {
        let count = map.entry(key.to_owned()).or_default();
        *count = count.saturating_add_signed(i32::from(by));
        if *count == 0 {
            map.remove(key);
        }
    }

    fn set_busy(&mut self, extension: &str, busy: bool) {
        Self::count(&mut self.busy, extension, if busy { 1 } else { -1 });
        self.members_changed = true;
    }

    fn is_busy(&self, extension: &str) -> bool {
        self.busy.contains_key(extension)
    }

    fn load_trunk(&mut self, trunk: &str, by: i8) {
        Self::count(&mut self.load, trunk, by);
    }

    fn trunk_load(&self, trunk: &str) -> u32 {
        self.load.get(trunk).copied().unwrap_or(0)
    }
}

impl Around<'_> {
    fn media(&mut self, command: media::Command) {
        self.outputs.push_back(Output::Media(command));
    }

    fn command(&mut self, session: SessionId, command: SessionCommand) {
        self.stack.command(self.now, session, command);
    }

    fn invite(&mut self, draft: InviteDraft) -> SessionId {
        let session = self.stack.invite(self.now, draft);
        self.books.opened.push(Opened::Session(session));
        session
    }

    /// A room of the media plane that nobody is in.
    fn new_room(&mut self) -> RoomId {
        self.books.last_room += 1;
        RoomId(self.books.last_room)
    }

    /// The next id after this one. Ids rise with the clock, so that those of different runs differ.
    fn id_after(&self, last: u64) -> u64 {
        let from_clock = u64::try_from(self.wall.millis()).unwrap_or(0) << 20;
        from_clock.max(last + 1)
    }

    fn new_recording(&mut self) -> RecordingId {
        self.books.last_recording = self.id_after(self.books.last_recording);
        RecordingId(self.books.last_recording)
    }

    fn take_port(&mut self) -> Option<(EndpointId, u16)> {
        let port = self.books.ports.pop_front()?;
        self.books.last_endpoint += 1;
        let endpoint = EndpointId(self.books.last_endpoint);
        self.books.opened.push(Opened::Endpoint(endpoint));
        Some((endpoint, port))
    }

    fn step(&mut self, call: CallId, what: cdr::StepKind) {
        let at = self.wall;
        self.outputs.push_back(Output::Step(cdr::CallStep { call, at, what }));
    }

    /// Whether a member of a group can be rung.
    fn member(&self, office: &Office, number: &str) -> crate::group::Member {
        use crate::office::Device;
        let Some(extension) = office.extension(number) else { return crate::group::Member::Offline };
        let reachable = |device: &Device| match device {
            Device::Sip(sip) => !self.bindings.contacts(&sip.login).is_empty(),
            Device::Mobile(_) => true,
        };
        // who is not to be disturbed will not come free by hanging up
        if extension.do_not_disturb || !extension.devices.iter().any(reachable) {
            crate::group::Member::Offline
        } else if self.books.is_busy(number) {
            crate::group::Member::Busy
        } else {
            crate::group::Member::Free
        }
    }
}

//! One subscription: RFC 6665. Who watches what, the dialog, and what has been said in it. One NOTIFY at a time; what changes
//! meanwhile is told by the next, in its newest state.

use super::document::{Frame, Package, document};
use super::state::State;
use super::{MAX_EXPIRES, NOTIFY_PAUSE, NOTIFY_WAIT, RESTART_STEP, StoredSubscription};
use crate::base::{Duration, Instant, WallTime};
use crate::sip::dialog::Dialog;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{Host, Method, Name, NameAddr, Uri};
use crate::sip::{Flow, Transport};

/// A subscription, from its SUBSCRIBE to the answer to its last NOTIFY.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Ours; names the dialog.
    pub(super) tag: String,
    pub(super) watch: Watch,
    pub(super) dialog: Dialog,
    /// When it ends; once it is ending, when it is given up.
    pub(super) expires_at: Instant,
    /// Why the next NOTIFY is the last: RFC 6665 §4.1.3.
    pub(super) ending: Option<&'static str>,
    /// Of the last dialog-info document; the next one's when there was none.
    version: u32,
    pub(super) speech: Speech,
}

/// Who watches what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) login: String,
    /// The thing.
    pub(super) number: String,
    pub(super) package: Package,
    /// As NOTIFY repeats it.
    pub(super) event: String,
    /// The URI that was subscribed to.
    pub(super) entity: String,
}

/// What was said, and what there is to say.
#[derive(Debug, Default)]
pub(super) struct Speech {
    pub(super) due: Due,
    /// Not before.
    pub(super) quiet_until: Instant,
    /// On its way.
    out: Option<Out>,
    /// The look that the phone is known to know.
    told: Option<u64>,
    /// The last NOTIFY met no phone: the next waits for a change, or for the phone to come back.
    pub(super) deaf: bool,
}

/// Whether there is something to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Due {
    #[default]
    Nothing,
    /// If it differs from what was told.
    Change,
    /// In any case: a SUBSCRIBE has asked.
    Always,
}

#[derive(Clone, Copy, Debug)]
struct Out {
    order: u64,
    look: u64,
    last: bool,
}

/// What comes of the answer to a NOTIFY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    Over,
}

impl Subscription {
    pub(super) fn new(tag: String, watch: Watch, dialog: Dialog, expires_at: Instant) -> Self {
        let speech = Speech { due: Due::Always, ..Speech::default() };
        Self { tag, watch, dialog, expires_at, ending: None, version: 0, speech }
    }

    /// Whether `other` is the same phone watching the same thing: it has started anew and has forgotten this one.
    pub(super) fn is_replaced_by(&self, other: &Self) -> bool {
        let (own, new) = (self.dialog.remote_target(), other.dialog.remote_target());
        self.watch == other.watch && own.user == new.user && own.host == new.host && own.port == new.port
    }

    /// When [`attends`](Self::attends) has something to do.
    pub(super) fn deadline(&self) -> Instant {
        match self.speech.due {
            Due::Change | Due::Always if self.speech.out.is_none() => self.speech.quiet_until.min(self.expires_at),
            _ => self.expires_at,
        }
    }

    /// Whether a NOTIFY is to go now. `look` is how the thing looks.
    pub(super) fn attends(&mut self, now: Instant, look: u64) -> bool {
        let speech = &mut self.speech;
        if speech.due == Due::Change && speech.out.is_none() && speech.told == Some(look) {
            speech.due = Due::Nothing;
        }
        speech.due != Due::Nothing && speech.out.is_none() && speech.quiet_until <= now
    }

    /// Something has changed.
    pub(super) fn stir(&mut self) {
        if self.speech.due == Due::Nothing {
            self.speech.due = Due::Change;
        }
    }

    /// The phone is there, or there again, by one of these flows. A phone that did not hear is told anew.
    pub(super) fn move_to(&mut self, flows: &[Flow]) {
        let own = self.dialog.flow;
        let is_near = |flow: &&Flow| flow.peer.ip() == own.peer.ip() && flow.transport == own.transport;
        let by_address = || flows.iter().rev().find(is_near);
        let only = || flows.last().filter(|_| flows.len() == 1);
        let Some(flow) = flows.iter().find(|flow| **flow == own).or_else(by_address).or_else(only) else { return };
        let moved = *flow != own;
        self.dialog.flow = *flow;
        if self.speech.deaf || moved && self.speech.out.is_some() {
            self.speech.due = Due::Always;
        }
        self.speech.deaf = false;
    }

    /// The next NOTIFY says that it is over.
    pub(super) fn end(&mut self, reason: &'static str, give_up_at: Instant) {
        self.ending = Some(reason);
        self.expires_at = give_up_at;
        self.speech.due = Due::Always;
    }

    /// The NOTIFY of the present state.
    pub(super) fn notify(&mut self, now: Instant, order: u64, state: &State, look: u64) -> RequestDraft {
        let frame = Frame { number: &self.watch.number, entity: &self.watch.entity, version: self.version };
        let body = document(self.watch.package, state, frame);
        self.version = self.version.saturating_add(1);
        let last = self.ending.is_some();
        self.speech.out = Some(Out { order, look, last });
        self.speech.due = Due::Nothing;
        self.speech.quiet_until = now + NOTIFY_PAUSE;
        let mut request = self.dialog.request(Method::Notify);
        let headers = &mut request.headers;
        headers.push(Name::Contact, contact(&self.watch.number, self.dialog.flow));
        headers.push(Name::Event, self.watch.event.as_str());
        headers.push(
            Name::SubscriptionState,
            match self.ending {
                Some(reason) => format!("terminated;reason={reason}"),
                None => format!("active;expires={}", seconds(self.expires_at.since(now))),
            },
        );
        headers.push(Name::ContentType, self.watch.package.content_type());
        request.body = body.into_bytes();
        RequestDraft { flows: vec![self.dialog.flow], request, credentials: None, give_up: Some(NOTIFY_WAIT) }
    }

    /// The final response to the NOTIFY of `order`; an older one is passed over.
    pub(super) fn on_response(&mut self, order: u64, status: u16) -> Fate {
        let Some(out) = self.speech.out.filter(|out| out.order == order) else { return Fate::Lives };
        self.speech.out = None;
        match status {
            _ if out.last => return Fate::Over,
            200..=299 => {
                self.speech.told = Some(out.look);
                self.speech.deaf = false;
            }
            // RFC 6665 §4.2.2. Without 480, which phones also say that only don't want to be called.
            404 | 405 | 410 | 416 | 481..=485 | 489 | 501 | 604 => return Fate::Over,
            _ => {
                self.speech.told = None;
                self.speech.deaf = self.speech.due == Due::Nothing;
                if self.ending.is_some() {
                    return Fate::Over; // nobody is there to hear of it
                }
            }
        }
        Fate::Lives
    }

    pub(super) fn stored(&self, now: Instant, wall: WallTime) -> StoredSubscription {
        let Watch { login, number, package, event, entity } = self.watch.clone();
        StoredSubscription {
            tag: self.tag.clone(),
            login,
            number,
            package: package.name().to_owned(),
            event,
            entity,
            version: self.version,
            expires_at: wall + self.expires_at.since(now),
            dialog: self.dialog.to_stored(),
        }
    }

    /// It waits, deaf, for its phone. `None` for what can't be read, or is over.
    pub(super) fn restored(now: Instant, wall: WallTime, stored: &StoredSubscription) -> Option<Self> {
        let left = u64::try_from(stored.expires_at.millis().saturating_sub(wall.millis())).unwrap_or(0);
        // A clock that was set back must not make it live longer than any phone could ask for.
        let left = Duration::from_millis(left).min(MAX_EXPIRES);
        let mut dialog = Dialog::of_stored(&stored.dialog)?;
        dialog.skip(RESTART_STEP);
        let watch = Watch {
            login: stored.login.clone(),
            number: stored.number.clone(),
            package: Package::of(&stored.package)?,
            event: stored.event.clone(),
            entity: stored.entity.clone(),
        };
        let speech = Speech { deaf: true, ..Speech::default() };
        let version = stored.version.saturating_add(RESTART_STEP);
        let new =
            Self { tag: stored.tag.clone(), watch, dialog, expires_at: now + left, ending: None, version, speech };
        (!left.is_zero()).then_some(new)
    }
}

/// Our Contact in the dialog, as the phone sees us.
pub(super) fn contact(number: &str, flow: Flow) -> String {
    let uri = Uri::sip(Some(number), Host::Ip(flow.local.ip()), Some(flow.local.port()));
    let uri = match flow.transport {
        Transport::Udp => uri,
        other => uri.with_param("transport", Some(other.param())),
    };
    NameAddr::new("", uri).to_string()
}

pub(super) fn seconds(span: Duration) -> u128 {
    span.as_millis().div_ceil(1000)
}

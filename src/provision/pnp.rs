//! SIP plug-and-play: telephones that have no settings send `SUBSCRIBE` with `Event: ua-profile` to 224.0.1.75, and are told by
//! NOTIFY where their settings lie (RFC 6080 as Snom began it and the others follow). Text in, text out; who may have which file
//! is the ledger's affair, so that everybody may be told where to look.
//!
//! Whoever was asked lately is remembered, so that an accepted telephone is told at once. A NOTIFY is sent again until it is
//! answered: RFC 3261 §17.1.2.2.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::Mac;
use super::vendor::{self, Identity};
use crate::base::{Duration, Instant, Rng};
use crate::sip::Transport;
use crate::sip::wire::{CSeq, Message, Method, Name, NameAddr, Request, Response, Uri, Via, parse};

/// What comes in.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram to the group.
    Asked {
        /// From whom.
        from: SocketAddr,
        /// Our address towards it, with the port that NOTIFYs leave from.
        ours: SocketAddr,
        /// Where its settings lie: what it is told.
        url: &'a str,
        /// As it came.
        bytes: &'a [u8],
    },
    /// A datagram to the port that NOTIFYs leave from.
    Answered {
        /// From whom.
        from: SocketAddr,
        /// As it came.
        bytes: &'a [u8],
    },
    /// An admin has accepted this telephone.
    Accepted {
        /// Which.
        mac: Mac,
        /// What makes it ask, in its language: `check-sync;reboot=false`; `None`: it hears that of nobody before it is registered.
        sync: Option<&'a str>,
        /// Where it was seen last, and our address towards it, with the port that NOTIFYs leave from.
        seen: Option<(IpAddr, SocketAddr)>,
        /// The file to take.
        url: &'a str,
    },
    /// [`Pnp::poll_timeout`] is over.
    Timeout,
}

/// What goes out.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// A telephone was noticed.
    Seen {
        /// What it says of itself; it has a MAC.
        identity: Identity,
        /// Where it is.
        address: IpAddr,
    },
    /// An answer, from the group's own port.
    Reply {
        /// To whom.
        to: SocketAddr,
        /// The datagram.
        bytes: Vec<u8>,
    },
    /// A NOTIFY, from the port for that.
    Send {
        /// To whom.
        to: SocketAddr,
        /// The datagram.
        bytes: Vec<u8>,
    },
}

/// Answers telephones that look for their settings.
#[derive(Debug)]
pub struct Pnp {
    rng: Rng,
    dialogs: BTreeMap<Mac, Dialog>,
    notices: Vec<Notice>,
    askers: BTreeMap<IpAddr, Asker>,
    outputs: VecDeque<Output>,
    dropped: u64,
}

/// How a telephone asked last.
#[derive(Debug)]
struct Dialog {
    call_id: String,
    /// Of its SUBSCRIBE.
    asked: u32,
    /// Of our last NOTIFY.
    told: u32,
    /// Its From and our To, as they are our To and From.
    theirs: String,
    own: String,
    target: Uri,
    to: SocketAddr,
    ours: SocketAddr,
    at: Instant,
}

/// A NOTIFY that was not answered yet.
#[derive(Debug)]
struct Notice {
    branch: String,
    to: SocketAddr,
    bytes: Vec<u8>,
    again_at: Instant,
    pause: Duration,
    left: u32,
}

#[derive(Debug)]
struct Asker {
    since: Instant,
    count: u32,
}

impl Pnp {
    /// Nobody has asked yet.
    pub fn new(rng: Rng) -> Self {
        Self {
            rng,
            dialogs: BTreeMap::new(),
            notices: Vec::new(),
            askers: BTreeMap::new(),
            outputs: VecDeque::new(),
            dropped: 0,
        }
    }

    /// Takes what happened.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Asked { from, ours, url, bytes } => {
                let taken = self.may_ask(from.ip(), now) && self.on_asked(now, from, ours, url, bytes).is_some();
                self.dropped += u64::from(!taken);
            }
            Input::Answered { from, bytes } => self.on_answered(from, bytes),
            Input::Accepted { mac, sync, seen, url } => {
                self.tell(now, mac, url);
                if let (Some(event), Some((address, ours))) = (sync, seen) {
                    self.wake(now, mac, event, address, ours);
                }
            }
            Input::Timeout => self.resend(now),
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.notices.iter().map(|notice| notice.again_at).min()
    }

    /// Datagrams to the group that no telephone sends, and those of whoever asks too often.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn on_asked(&mut self, now: Instant, from: SocketAddr, ours: SocketAddr, url: &str, bytes: &[u8]) -> Option<()> {
        let Ok(Message::Request(request)) = parse(bytes) else { return None };
        let event = request.headers.get(&Name::Event)?;
        let is_profile = event.split(';').next()?.trim().eq_ignore_ascii_case("ua-profile");
        if request.method != Method::Subscribe || !is_profile || !from.is_ipv4() {
            return None;
        }
        let said = vendor::of_user_agent(request.headers.get(&Name::UserAgent).unwrap_or_default());
        let to_user = || request.headers.to().ok().and_then(|to| to.uri.user);
        let user = request.uri.user.clone().or_else(to_user).unwrap_or_default();
        let identity = vendor::of_profile_event(event, &user).or(said);
        let mac = identity.mac?;
        let asked = request.headers.cseq().ok()?.number;
        let call_id = request.headers.call_id()?.to_owned();
        let is_again = self.dialogs.get(&mac).is_some_and(|known| known.call_id == call_id && known.asked == asked);
        if !is_again {
            self.begin(now, mac, from, ours, &request)?;
        }
        let dialog = self.dialogs.get(&mac)?;
        let bytes = answer(&request, from, dialog)?;
        self.outputs.push_back(Output::Reply { to: way_back(&request, from), bytes });
        if !is_again {
            self.outputs.push_back(Output::Seen { identity, address: from.ip() });
            self.tell(now, mac, url);
        }
        Some(())
    }

    /// Remembers how to speak with a telephone.
    fn begin(&mut self, now: Instant, mac: Mac, from: SocketAddr, ours: SocketAddr, request: &Request) -> Option<()> {
        let headers = &request.headers;
        let tag = self.rng.token(TAG_LENGTH);
        // an address of another machine is nothing that we send to because somebody says so
        let contact = headers.contacts().ok().and_then(|contacts| contacts.into_iter().next());
        let contact = contact.map(|contact| contact.uri).filter(|uri| uri.host.ip() == Some(from.ip()));
        let to = contact.as_ref().map_or(from, |uri| SocketAddr::new(from.ip(), uri.port.unwrap_or(SIP_PORT)));
        let dialog = Dialog {
            call_id: headers.call_id()?.to_owned(),
            asked: headers.cseq().ok()?.number,
            told: 0,
            theirs: headers.get(&Name::From)?.to_owned(),
            own: headers.to_tagged(&tag).or_else(|| headers.get(&Name::To).map(str::to_owned))?,
            target: contact.unwrap_or_else(|| Uri::sip(None, from.ip().into(), Some(from.port()))),
            to,
            ours,
            at: now,
        };
        if self.dialogs.len() >= DIALOGS && !self.dialogs.contains_key(&mac) {
            let oldest = self.dialogs.iter().min_by_key(|(_, dialog)| dialog.at).map(|(mac, _)| *mac);
            oldest.map(|mac| self.dialogs.remove(&mac));
        }
        self.dialogs.insert(mac, dialog);
        Some(())
    }

    /// NOTIFY with the address of its settings, in the dialog of its last SUBSCRIBE.
    fn tell(&mut self, now: Instant, mac: Mac, url: &str) {
        let Some(dialog) = self.dialogs.get_mut(&mac) else { return };
        dialog.told += 1;
        let branch = format!("{MAGIC}{}", self.rng.token(TAG_LENGTH));
        let mut notify = Request::new(Method::Notify, dialog.target.clone());
        let headers = &mut notify.headers;
        headers.push(Name::Via, Via::new(Transport::Udp, dialog.ours, &branch).to_string());
        headers.push(Name::MaxForwards, "20");
        headers.push(Name::From, dialog.own.clone());
        headers.push(Name::To, dialog.theirs.clone());
        headers.push(Name::CallId, dialog.call_id.clone());
        headers.push(Name::CSeq, CSeq { number: dialog.told, method: Method::Notify }.to_string());
        headers.push(Name::Contact, contact(dialog.ours));
        headers.push(Name::Event, "ua-profile;effective-by=0");
        headers.push(Name::SubscriptionState, "terminated;reason=timeout");
        headers.push(Name::ContentType, "application/url");
        notify.body = url.as_bytes().to_vec();
        let (to, bytes) = (dialog.to, notify.to_bytes());
        self.send(now, branch, to, bytes);
    }

    /// A NOTIFY that has no dialog: it makes a telephone ask whatever it was told before.
    fn wake(&mut self, now: Instant, mac: Mac, event: &str, address: IpAddr, ours: SocketAddr) {
        let to = SocketAddr::new(address, SIP_PORT);
        let branch = format!("{MAGIC}{}", self.rng.token(TAG_LENGTH));
        let target = Uri::sip(Some(&mac.plain()), address.into(), None);
        let own = NameAddr::new("", Uri::sip(Some("dozvon"), ours.ip().into(), None));
        let mut notify = Request::new(Method::Notify, target.clone());
        let headers = &mut notify.headers;
        headers.push(Name::Via, Via::new(Transport::Udp, ours, &branch).to_string());
        headers.push(Name::MaxForwards, "20");
        headers.push(Name::From, own.with_tag(&self.rng.token(TAG_LENGTH)).to_string());
        headers.push(Name::To, NameAddr::new("", target).to_string());
        headers.push(Name::CallId, self.rng.token(TAG_LENGTH * 2));
        headers.push(Name::CSeq, CSeq { number: 1, method: Method::Notify }.to_string());
        headers.push(Name::Contact, contact(ours));
        headers.push(Name::Event, event);
        headers.push(Name::SubscriptionState, "terminated;reason=timeout");
        let bytes = notify.to_bytes();
        self.send(now, branch, to, bytes);
    }

    fn send(&mut self, now: Instant, branch: String, to: SocketAddr, bytes: Vec<u8>) {
        self.outputs.push_back(Output::Send { to, bytes: bytes.clone() });
        if self.notices.len() < NOTICES {
            self.notices.push(Notice { branch, to, bytes, again_at: now + T1, pause: T1, left: RESENDS });
        }
    }

    fn resend(&mut self, now: Instant) {
        for notice in self.notices.iter_mut().filter(|notice| notice.again_at <= now) {
            if notice.left > 0 {
                self.outputs.push_back(Output::Send { to: notice.to, bytes: notice.bytes.clone() });
            }
            notice.pause *= 2;
            notice.again_at = now + notice.pause;
            notice.left = notice.left.checked_sub(1).unwrap_or(OVER);
        }
        self.notices.retain(|notice| notice.left != OVER);
    }

    fn on_answered(&mut self, from: SocketAddr, bytes: &[u8]) {
        let Ok(Message::Response(Response { status: 200.., headers, .. })) = parse(bytes) else { return };
        let Ok(via) = headers.top_via() else { return };
        self.notices.retain(|notice| notice.to.ip() != from.ip() || via.branch() != Some(notice.branch.as_str()));
    }

    /// Some SUBSCRIBEs a span of each address.
    fn may_ask(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.askers.len() >= ASKERS && !self.askers.contains_key(&address) {
            self.askers.retain(|_, asker| now.since(asker.since) < SPAN);
            if self.askers.len() >= ASKERS {
                return false;
            }
        }
        let asker = self.askers.entry(address).or_insert(Asker { since: now, count: 0 });
        if now.since(asker.since) >= SPAN {
            *asker = Asker { since: now, count: 0 };
        }
        asker.count = asker.count.saturating_add(1);
        asker.count <= A_SPAN
    }
}

/// 200, with our tag: RFC 6665 §4.2.1.
fn answer(request: &Request, from: SocketAddr, dialog: &Dialog) -> Option<Vec<u8>> {
    let mut response = request.reply(200);
    response.headers.set(Name::To, dialog.own.clone());
    let mut via = response.headers.top_via().ok()?;
    if via.params.has("rport") {
        via.params.set("rport", Some(from.port().to_string()));
        via.params.set("received", Some(from.ip().to_string()));
    }
    // the topmost field may list several; telephones send one
    if response.headers.all(&Name::Via).count() == 1 && request.headers.vias().is_ok_and(|vias| vias.len() == 1) {
        response.headers.set(Name::Via, via.to_string());
    }
    response.headers.push(Name::Contact, contact(dialog.ours));
    response.headers.push(Name::Expires, "0");
    Some(response.to_bytes())
}

/// RFC 3581 §4: to where it came from, or to the port that it names.
fn way_back(request: &Request, from: SocketAddr) -> SocketAddr {
    match request.headers.top_via() {
        Ok(via) if !via.params.has("rport") => SocketAddr::new(from.ip(), via.port_or_default()),
        _ => from,
    }
}

fn contact(ours: SocketAddr) -> String {
    NameAddr::new("", Uri::sip(None, ours.ip().into(), Some(ours.port()))).to_string()
}

/// RFC 3261 §8.1.1.7.
const MAGIC: &str = "z9hG4bK";
/// 60 bits.
const TAG_LENGTH: usize = 12;
/// Where telephones take SIP.
const SIP_PORT: u16 = 5060;
/// RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// So often a NOTIFY is sent again: for 15 seconds.
const RESENDS: u32 = 4;
/// [`Notice::left`] of one that was given up.
const OVER: u32 = u32::MAX;
/// Telephones that are remembered; then the oldest goes.
const DIALOGS: usize = 500;
/// NOTIFYs that are sent again; further ones are sent once.
const NOTICES: usize = 100;
/// Addresses whose questions are counted; a stranger is not answered while there are so many.
const ASKERS: usize = 1_000;
/// Questions of an address within [`SPAN`].
const A_SPAN: u32 = 20;
/// See [`A_SPAN`].
const SPAN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;

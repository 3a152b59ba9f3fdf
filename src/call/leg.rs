//! One leg of a call: an INVITE session, a media endpoint, and what was agreed between them. A leg knows how to speak
//! with its peer; whom to call and what to play is the call's business.

use crate::base::{EndpointId, Rng, SessionId};
use crate::codec::{Codec, OpusParameters};
use crate::media;
use crate::office::{Office, Srtp};
use crate::sdp::{self, Agreed, Direction, MasterKey, Negotiator, SrtpPolicy};
use crate::sip::Flow;
use crate::sip::stack::SessionCommand;
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Response, Uri};

use super::Around;

/// Who is at the other end of a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Party {
    /// An extension's number, or E.164 digits, or empty when withheld.
    pub(super) who: String,
    /// Login of the device, or the outside number.
    pub(super) device: String,
    /// The trunk's name when the leg goes over one.
    pub(super) trunk: Option<String>,
    /// The extension whose rights and caller identity the leg uses.
    pub(super) extension: Option<String>,
    /// What a display shows beside the number; may be empty.
    pub(super) name: String,
    /// Wants not to be shown.
    pub(super) hidden: bool,
    /// It speaks for its extension although it is of the city: a mobile of the employee's, or where his calls of a group go.
    pub(super) stands_in: bool,
}

impl Party {
    /// An employee at one of his telephones.
    pub(super) fn of_device(office: &Office, login: &str, extension: &str) -> Self {
        Self {
            who: extension.to_owned(),
            device: login.to_owned(),
            extension: Some(extension.to_owned()),
            name: office.extension(extension).map(|e| e.employee.clone()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The extension at whose telephone this party speaks; `None` for parties of the city.
    pub(super) fn inside(&self) -> Option<&str> {
        self.extension.as_deref().filter(|_| self.trunk.is_none())
    }

    /// The extension whose employee speaks here, be it at a mobile: he is on the telephone as long as this lasts.
    pub(super) fn employee(&self) -> Option<&str> {
        self.extension.as_deref().filter(|_| self.trunk.is_none() || self.stands_in)
    }
}

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegState {
    /// The INVITE is on its way, or came.
    Calling,
    /// 180 or 183.
    Ringing,
    /// 200.
    Answered,
}

/// What the other side of a call speaks: this side had best speak the same, so that it is relayed as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    codec: Codec,
    /// What the other side asks of Opus.
    opus: Option<OpusParameters>,
}

/// What a leg that we place is offered.
#[derive(Debug)]
pub(super) struct Wish {
    /// In this order.
    pub(super) codecs: Vec<Codec>,
    /// What the other side asks of Opus, when it speaks it.
    pub(super) opus: Option<OpusParameters>,
    /// SRTP and nothing else, whatever the office says.
    pub(super) secure_only: bool,
}

/// The ports of a leg, once it has some.
#[derive(Debug)]
struct Port {
    endpoint: EndpointId,
    sdp: Negotiator,
}

impl Port {
    /// The peer is told what the other side asks of Opus, since its packets may go there as they are; where the other side
    /// speaks something else, we decode ourselves and ask for what helps us against loss.
    fn ask_of_opus(&mut self, other: Option<OpusParameters>) {
        self.sdp.set_opus(other.unwrap_or(OpusParameters { fec: true, ..OpusParameters::default() }));
    }
}

/// One leg. The A leg is towards the caller (we are UAS), a B leg towards the called (we are UAC).
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) session: SessionId,
    /// The way to the peer: our address there, and the host that may prove itself by sound.
    flow: Flow,
    pub(super) party: Party,
    pub(super) state: LegState,
    /// The offer of the INVITE that we received and have not answered yet.
    offer: Option<Vec<u8>>,
    /// Our answer to it, once made: the same in 183 and 200.
    answer: Option<Vec<u8>>,
    port: Option<Port>,
    pub(super) agreed: Option<Agreed>,
    codecs: Vec<Codec>,
    /// What the peer asks of Opus, when it speaks it.
    opus: Option<OpusParameters>,
    /// Whether its sound is SRTP.
    policy: SrtpPolicy,
    /// The peer put us on hold.
    pub(super) held: bool,
    /// No sound from there for a minute.
    pub(super) silent: bool,
    /// What of it stands in the books.
    entries: Entries,
}

/// What of a leg stands in the books, to be taken out once.
#[derive(Clone, Copy, Debug, Default)]
struct Entries {
    /// Its extension counts as on the telephone.
    busy: bool,
    /// It counts on its trunk.
    trunk: bool,
    /// It counts against the limits of outside calls.
    metered: bool,
    closed: bool,
}

/// Whether sound to and from that party is SRTP: its device or its trunk says so.
fn policy_of(office: &Office, party: &Party) -> SrtpPolicy {
    let wanted = match &party.trunk {
        Some(trunk) => office.trunk(trunk).map(|trunk| trunk.srtp),
        None => office.device_by_login(&party.device).map(|(_, device)| device.srtp),
    };
    match wanted {
        Some(Srtp::Required) => SrtpPolicy::Required,
        Some(Srtp::Optional) => SrtpPolicy::Optional,
        Some(Srtp::Off) | None => SrtpPolicy::Off,
    }
}

/// Keys of a leg's own: RFC 4568 §7.1.1 wants them fresh.
fn fresh_key(rng: &mut Rng) -> MasterKey {
    let mut key = MasterKey { key: [0; 16], salt: [0; 14] };
    rng.fill(&mut key.key);
    rng.fill(&mut key.salt);
    key
}

/// No port pair is free, or the peer's description can't be met.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum SoundError {
    /// 503: the reserve of ports is empty.
    NoPort,
    /// 488 or 400: nothing in common.
    NotAcceptable(u16),
}

impl SoundError {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::NoPort => 503,
            Self::NotAcceptable(status) => status,
        }
    }
}

fn refused(error: &sdp::Error) -> SoundError {
    SoundError::NotAcceptable(if matches!(error, sdp::Error::Parse { .. }) { 400 } else { 488 })
}

impl Leg {
    /// A leg whose INVITE we received. `offer` is its body; empty or absent asks us to offer.
    pub(super) fn incoming(
        session: SessionId,
        flow: Flow,
        party: Party,
        offer: Option<Vec<u8>>,
        office: &Office,
        ours: &[Codec],
    ) -> Result<Self, SoundError> {
        let policy = policy_of(office, &party);
        let codecs = match &offer {
            Some(offer) => {
                let theirs = Negotiator::peek_codecs(offer, policy).map_err(|error| refused(&error))?;
                let common: Vec<Codec> = theirs.into_iter().filter(|codec| ours.contains(codec)).collect();
                if common.is_empty() {
                    return Err(SoundError::NotAcceptable(488));
                }
                common
            }
            None => ours.to_vec(),
        };
        let opus = offer.as_deref().and_then(|offer| Negotiator::peek_opus(offer, policy));
        Ok(Self { offer, codecs, opus, policy, ..Self::new(session, flow, party) })
    }

    fn new(session: SessionId, flow: Flow, party: Party) -> Self {
        Self {
            session,
            flow,
            party,
            state: LegState::Calling,
            offer: None,
            answer: None,
            port: None,
            agreed: None,
            codecs: Vec::new(),
            opus: None,
            policy: SrtpPolicy::Off,
            held: false,
            silent: false,
            entries: Entries::default(),
        }
    }

    /// Nobody yet, or nobody any more: what is said to it is heard by no one.
    pub(super) fn absent(party: Party) -> Self {
        let nowhere = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
        let flow = Flow { transport: crate::sip::Transport::Udp, local: nowhere, peer: nowhere, connection: 0 };
        let entries = Entries { closed: true, ..Entries::default() };
        Self { entries, ..Self::new(SessionId(0), flow, party) }
    }

    /// Whether there is anybody.
    pub(super) fn is_absent(&self) -> bool {
        self.entries.closed
    }

    /// Its extension is on the telephone from now on.
    pub(super) fn hold_busy(&mut self, around: &mut Around<'_>) {
        if let (Some(extension), false, false) = (self.party.employee(), self.entries.busy, self.entries.closed) {
            around.books.set_busy(extension, true);
            self.entries.busy = true;
        }
    }

    /// It counts on its trunk from now on.
    pub(super) fn load_trunk(&mut self, around: &mut Around<'_>) {
        if let (Some(trunk), false, false) = (&self.party.trunk, self.entries.trunk, self.entries.closed) {
            around.books.load_trunk(trunk, 1);
            self.entries.trunk = true;
        }
    }

    /// It counts against the limits of this extension from now on.
    pub(super) fn meter(&mut self, around: &mut Around<'_>, extension: &str, is_own_mobile: bool) {
        around.meter(self.session, extension, is_own_mobile);
        self.entries.metered = true;
    }

    /// Leads its session and its endpoint to the call that is worked on: a leg that moves from one to another.
    pub(super) fn adopt(&self, around: &mut Around<'_>) {
        if self.entries.closed {
            return;
        }
        around.books.opened.push(super::Opened::Session(self.session));
        if let Some(endpoint) = self.endpoint() {
            around.books.opened.push(super::Opened::Endpoint(endpoint));
        }
    }

    /// The peer is told whom he speaks with now: RFC 3325 §9.1 in an UPDATE.
    pub(super) fn identify(&mut self, around: &mut Around<'_>, other: &Party) {
        if self.entries.closed || self.party.trunk.is_some() {
            return; // a carrier would take it for our own number
        }
        let nobody = other.hidden || other.who.is_empty();
        let shown = if nobody { "anonymous".to_owned() } else { around.plan.redial(&other.who) };
        let name = if nobody { "" } else { other.name.as_str() };
        let ours = Host::Ip(self.flow.local.ip());
        let mut headers = Headers::new();
        headers.push(Name::PAssertedIdentity, NameAddr::new(name, Uri::sip(Some(&shown), ours, None)).to_string());
        around.command(self.session, SessionCommand::Identify { headers });
    }

    /// How a REFER of this peer's went so far: RFC 3515 §2.4.4, RFC 3420.
    pub(super) fn report(&self, around: &mut Around<'_>, status: u16) {
        if self.entries.closed {
            return;
        }
        let over = status >= 200;
        let mut headers = Headers::new();
        headers.push(Name::Event, "refer");
        let state = if over { "terminated;reason=noresource" } else { "active;expires=180" };
        headers.push(Name::SubscriptionState, state);
        headers.push(Name::ContentType, "message/sipfrag;version=2.0");
        let body = format!("SIP/2.0 {status} {}\r\n", Response::reason_for(status)).into_bytes();
        around.command(self.session, SessionCommand::Request { request: Method::Notify, headers, body });
    }

    /// A leg that we place: takes a port pair and returns the offer for its INVITE. The session is set once it is known.
    pub(super) fn outgoing(
        around: &mut Around<'_>,
        party: Party,
        flow: Flow,
        wish: Wish,
    ) -> Result<(Self, Vec<u8>), SoundError> {
        let mut leg = Self::new(SessionId(0), flow, party);
        leg.policy = if wish.secure_only { SrtpPolicy::Required } else { policy_of(around.office, &leg.party) };
        leg.take_port(around)?;
        let port = leg.port.as_mut().ok_or(SoundError::NoPort)?;
        port.ask_of_opus(wish.opus);
        let offer = port.sdp.offer(&wish.codecs, Direction::SendRecv);
        leg.codecs = wish.codecs;
        Ok((leg, offer))
    }

    fn take_port(&mut self, around: &mut Around<'_>) -> Result<(), SoundError> {
        if self.port.is_some() {
            return Ok(());
        }
        let (endpoint, port) = around.take_port().ok_or(SoundError::NoPort)?;
        let session_id = around.rng.u64() >> 12; // fits the 63 bits that old parsers can read
        let local = (self.flow.local.ip(), port).into();
        let keys = [fresh_key(around.rng), fresh_key(around.rng)];
        self.port = Some(Port { endpoint, sdp: Negotiator::new(local, session_id, self.policy, keys) });
        around.media(media::Command::Open { endpoint, port });
        around.media(media::Command::Expect { endpoint, host: self.flow.peer.ip() });
        Ok(())
    }

    pub(super) fn endpoint(&self) -> Option<EndpointId> {
        self.port.as_ref().map(|port| port.endpoint)
    }

    /// The formats that this side speaks, in its order.
    pub(super) fn codecs(&self) -> &[Codec] {
        self.agreed.as_ref().map_or(&self.codecs, |agreed| &agreed.common)
    }

    /// Whether the peer was offered SRTP beside plain RTP.
    pub(super) fn offered_both(&self) -> bool {
        self.policy == SrtpPolicy::Optional
    }

    /// The format in use, once agreed.
    pub(super) fn codec(&self) -> Option<Codec> {
        self.agreed.as_ref().map(|agreed| agreed.codec)
    }

    /// What this peer speaks, once agreed.
    pub(super) fn spoken(&self) -> Option<Spoken> {
        Some(Spoken { codec: self.codec()?, opus: self.opus() })
    }

    /// What this peer asks of Opus, when it speaks it.
    pub(super) fn opus(&self) -> Option<OpusParameters> {
        match &self.agreed {
            Some(agreed) => agreed.common.contains(&Codec::Opus).then_some(agreed.opus),
            None => self.opus,
        }
    }

    /// The other side speaks a format that this one could, but does not: it is offered first from now on. Refused, all stays
    /// as it is, and sound is transcoded.
    pub(super) fn follow(&mut self, around: &mut Around<'_>, spoken: Spoken) {
        let (Some(port), Some(agreed)) = (self.port.as_mut(), &self.agreed) else { return };
        let alike = agreed.codec == spoken.codec || (agreed.codec.law().is_some() && spoken.codec.law().is_some());
        if alike || self.held || !agreed.common.contains(&spoken.codec) {
            return;
        }
        port.ask_of_opus(spoken.opus);
        let mut codecs = agreed.common.clone();
        codecs.sort_by_key(|codec| *codec != spoken.codec); // stable: theirs first
        let sdp = port.sdp.offer(&codecs, Direction::SendRecv);
        around.command(self.session, SessionCommand::Offer { sdp });
    }

    /// Whether early media can be sent: the INVITE carried an offer.
    pub(super) fn can_hear_early(&self) -> bool {
        self.offer.is_some() || self.answer.is_some()
    }

    /// Our answer to the INVITE's offer, made once; configures the endpoint. `other` is what the other side speaks.
    fn answer_offer(&mut self, around: &mut Around<'_>, other: Option<Spoken>) -> Result<Option<Vec<u8>>, SoundError> {
        if self.answer.is_some() {
            return Ok(self.answer.clone());
        }
        let Some(offer) = self.offer.take() else { return Ok(None) };
        self.take_port(around)?;
        let port = self.port.as_mut().ok_or(SoundError::NoPort)?;
        port.ask_of_opus(other.and_then(|other| other.opus));
        let (answer, agreed) = port
            .sdp
            .receive_offer(&offer, &self.codecs, other.map(|other| other.codec))
            .map_err(|error| refused(&error))?;
        self.answer = Some(answer.clone());
        self.configure(around, agreed);
        Ok(Some(answer))
    }

    fn configure(&mut self, around: &mut Around<'_>, agreed: Agreed) {
        if let Some(endpoint) = self.endpoint() {
            around.media(media::Command::Configure { endpoint, agreed: agreed.clone() });
        }
        self.agreed = Some(agreed);
    }

    /// A provisional response without sound.
    pub(super) fn ring(&mut self, around: &mut Around<'_>) {
        self.progress(around, 180, None);
    }

    /// 183 with our answer, so that tones, announcements and the other side's early sound are heard before the call is answered.
    pub(super) fn early(&mut self, around: &mut Around<'_>, other: Option<Spoken>) -> Result<(), SoundError> {
        if let Some(sdp) = self.answer_offer(around, other)? {
            self.progress(around, 183, Some(sdp));
        }
        Ok(())
    }

    fn progress(&mut self, around: &mut Around<'_>, status: u16, sdp: Option<Vec<u8>>) {
        if self.state == LegState::Answered {
            return;
        }
        self.state = LegState::Ringing;
        around.command(self.session, SessionCommand::Progress { status, headers: Headers::new(), sdp });
    }

    /// 200 with our answer, or with our offer when the INVITE had none.
    pub(super) fn answer(&mut self, around: &mut Around<'_>, other: Option<Spoken>) -> Result<(), SoundError> {
        if self.state == LegState::Answered {
            return Ok(());
        }
        let sdp = match self.answer_offer(around, other)? {
            Some(answer) => answer,
            None => {
                self.take_port(around)?;
                let port = self.port.as_mut().ok_or(SoundError::NoPort)?;
                let mut codecs = self.codecs.clone();
                codecs.sort_by_key(|codec| Some(*codec) != other.map(|other| other.codec)); // stable: the other side's format first
                port.sdp.offer(&codecs, Direction::SendRecv)
            }
        };
        self.state = LegState::Answered;
        around.command(self.session, SessionCommand::Answer { headers: Headers::new(), sdp: Some(sdp) });
        Ok(())
    }

    /// The peer's answer to our offer: in 183, 200, or the ACK of a late offer.
    pub(super) fn receive_answer(&mut self, around: &mut Around<'_>, sdp: &[u8]) -> Result<(), SoundError> {
        let port = self.port.as_mut().ok_or(SoundError::NoPort)?;
        let agreed = port.sdp.receive_answer(sdp).map_err(|error| refused(&error))?;
        if self.agreed.as_ref() != Some(&agreed) {
            self.configure(around, agreed);
        }
        Ok(())
    }

    /// A re-INVITE or UPDATE of the peer: answered by ourselves, the other side is not troubled. Tells whether hold changed.
    pub(super) fn receive_offer(&mut self, around: &mut Around<'_>, sdp: Option<&[u8]>) -> Option<bool> {
        let keep = self.codec();
        let was_held = self.held;
        let Some(port) = self.port.as_mut() else {
            around.command(self.session, SessionCommand::RejectOffer { status: 488 });
            return None;
        };
        let Some(sdp) = sdp else {
            let offer = port.sdp.offer(&self.codecs, Direction::SendRecv);
            around.command(self.session, SessionCommand::AcceptOffer { sdp: offer });
            return None;
        };
        match port.sdp.receive_offer(sdp, around.codecs, keep) {
            Ok((answer, agreed)) => {
                self.held = agreed.on_hold();
                self.configure(around, agreed);
                around.command(self.session, SessionCommand::AcceptOffer { sdp: answer });
                (self.held != was_held).then_some(self.held)
            }
            Err(error) => {
                around.command(self.session, SessionCommand::RejectOffer { status: refused(&error).status() });
                None
            }
        }
    }

    /// Ends the session from our side, with a Reason when the peer should know one, and frees the endpoint.
    pub(super) fn hang_up(&mut self, around: &mut Around<'_>, reason: Option<&str>) {
        if self.entries.closed {
            return;
        }
        let mut headers = Headers::new();
        if let Some(reason) = reason {
            headers.push(Name::Reason, reason);
        }
        around.command(self.session, SessionCommand::HangUp { headers });
        self.close(around);
    }

    /// Refuses the INVITE that we received.
    pub(super) fn reject(&mut self, around: &mut Around<'_>, status: u16) {
        if self.entries.closed {
            return;
        }
        let mut headers = Headers::new();
        if status == 503 {
            headers.push(Name::RetryAfter, "5");
        }
        around.command(self.session, SessionCommand::Reject { status, headers });
        self.close(around);
    }

    /// Frees the endpoint; the session is over, or about to be.
    pub(super) fn close(&mut self, around: &mut Around<'_>) {
        if std::mem::replace(&mut self.entries.closed, true) {
            return;
        }
        if let (Some(extension), true) = (self.party.employee(), self.entries.busy) {
            around.books.set_busy(extension, false);
        }
        if let (Some(trunk), true) = (&self.party.trunk, self.entries.trunk) {
            around.books.load_trunk(trunk, -1);
        }
        if self.entries.metered {
            around.metered_end(self.session);
        }
        around.books.closed.push(self.session);
        if let Some(port) = &self.port {
            around.media(media::Command::Close { endpoint: port.endpoint });
        }
    }
}

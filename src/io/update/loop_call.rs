//! A real call through the box: by its SIP port and its media thread to the echo and back. Who calls is a telephone that only the engine
//! knows, only for this call, with a password that nobody else knows.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use super::own_page::reachable;
use crate::base::limits::SIP_MESSAGE_BYTES;
use crate::base::{Duration, Instant, Rng, SessionId};
use crate::codec::Codec;
use crate::codec::detect::dominant;
use crate::codec::g711::{self, Law};
use crate::codec::tone::ToneGenerator;
use crate::io::clock::{self, Clock};
use crate::io::handle::{Handle, Order};
use crate::office::{Device, Extension, Feature, Network, Office, SipDevice, Srtp};
use crate::rtp;
use crate::sdp::{Direction, MasterKey, Negotiator, SrtpPolicy};
use crate::sip::auth::Credentials;
use crate::sip::stack::{InviteDraft, Output, SessionCommand, SessionEvent, Stack};
use crate::sip::wire::{Headers, Host, NameAddr, Uri};
use crate::sip::{Flow, Transport};

/// The echo is explained before it begins.
const LONGEST: Duration = Duration::from_secs(40);
/// No voice sounds so for so long, and no tone of a telephone network.
const TONE_HZ: u16 = 1_850;
const TONE_BLOCKS: u32 = 25;
const BEAT: Duration = Duration::from_millis(20);
const FRAME: usize = 160;
const TICKS: u32 = 160;
/// How soon sockets are looked at again.
const LOOK: Duration = Duration::from_millis(5);

/// Calls the echo, and says whether the tone came back.
pub(super) fn is_heard(handle: &Handle, sip: SocketAddr) -> bool {
    let guest = Guest::new(handle);
    handle.tell(Order::Office(Arc::new(guest.welcomed(&handle.office())), None));
    let heard = Caller::begin(&guest, reachable(sip)).map(|caller| caller.listen());
    // Whatever the office has become meanwhile.
    handle.tell(Order::Office(handle.office(), None));
    match heard {
        Ok(heard) => heard,
        Err(error) => {
            tracing::warn!(%error, "no test call");
            false
        }
    }
}

/// The telephone.
struct Guest {
    number: String,
    account: Credentials,
    echo: String,
    rng: Rng,
}

impl Guest {
    fn new(handle: &Handle) -> Self {
        let mut rng = handle.rng().fork();
        let account = Credentials { username: format!("trial+{}", rng.token(16)), password: rng.token(32) };
        let office = handle.office();
        let is_free = |number: &String| office.extension(number).is_none() && office.group(number).is_none();
        let number = (90_000..=99_999).map(|number: u32| number.to_string()).find(is_free).unwrap_or_default();
        let echo = Some(office.codes.get(Feature::Echo)).filter(|code| !code.is_empty()).unwrap_or(ECHO).to_owned();
        Self { number, account, echo, rng }
    }

    /// The office with it.
    fn welcomed(&self, office: &Office) -> Office {
        let device = SipDevice {
            allow_from: vec![Network { address: IpAddr::from([127, 0, 0, 0]), prefix: 8 }, ANYWHERE],
            srtp: Srtp::Off,
            ..SipDevice::new(&self.account.username, &self.account.password)
        };
        let guest = Extension {
            employee: "update".to_owned(),
            call_waiting: false,
            devices: vec![Device::Sip(device)],
            ..Extension::new(&self.number)
        };
        let mut office = office.clone();
        if office.codes.get(Feature::Echo).is_empty() {
            office.codes.set(Feature::Echo, ECHO);
        }
        // A licence covers the first so many.
        office.extensions.insert(0, guest);
        office
    }
}

const ECHO: &str = "*43";
const ANYWHERE: Network = Network { address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), prefix: 0 };

/// One call.
struct Caller {
    exchange: SocketAddr,
    sip: UdpSocket,
    sound: UdpSocket,
    local: SocketAddr,
    clock: Clock,
    stack: Stack,
    sdp: Negotiator,
    session: SessionId,
    to: Option<(SocketAddr, u8)>,
    is_over: bool,
    tone: ToneGenerator,
    next_beat: Option<Instant>,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    heard: u32,
}

impl Caller {
    fn begin(guest: &Guest, exchange: SocketAddr) -> io::Result<Self> {
        let mut rng = Rng::from_entropy(clock::entropy()?);
        let bind = || {
            let socket = UdpSocket::bind((exchange.ip(), 0))?;
            socket.set_nonblocking(true)?;
            Ok::<_, io::Error>(socket)
        };
        let (sip, sound) = (bind()?, bind()?);
        let local = sip.local_addr()?;
        let keys = [MasterKey { key: [0; 16], salt: [0; 14] }; 2];
        let mut sdp = Negotiator::new(sound.local_addr()?, rng.u64() >> 2, SrtpPolicy::Off, keys);
        let offer = sdp.offer(&[Codec::Pcma], Direction::SendRecv);
        let clock = Clock::start();
        let mut stack = Stack::new(guest.rng.clone().fork(), "Dozvon trial");
        let there = |user: &str| Uri::sip(Some(user), Host::Ip(exchange.ip()), Some(exchange.port()));
        let session = stack.invite(
            clock.now(),
            InviteDraft {
                flows: vec![Flow { transport: Transport::Udp, local, peer: exchange, connection: 0 }],
                uri: there(&guest.echo),
                from: NameAddr::new("", there(&guest.account.username)),
                to: NameAddr::new("", there(&guest.echo)),
                contact_user: guest.account.username.clone(),
                routes: Vec::new(),
                headers: Headers::new(),
                sdp: Some(offer),
                credentials: Some(guest.account.clone()),
                give_up: None,
                session_timer: false,
            },
        );
        Ok(Self {
            exchange,
            sip,
            sound,
            local,
            clock,
            stack,
            sdp,
            session,
            to: None,
            is_over: false,
            tone: ToneGenerator::new([TONE_HZ, 0], &[]),
            next_beat: None,
            sequence: rng.u32() as u16,
            timestamp: rng.u32(),
            ssrc: rng.u32(),
            heard: 0,
        })
    }

    /// Talks until the tone was heard, or for so long.
    fn listen(mut self) -> bool {
        let end = self.clock.now() + LONGEST;
        while self.heard < TONE_BLOCKS && !self.is_over && self.clock.now() < end {
            self.turn();
            std::thread::sleep(LOOK);
        }
        let heard = self.heard >= TONE_BLOCKS;
        if !self.is_over {
            let bye = SessionCommand::HangUp { headers: Headers::new() };
            self.stack.command(self.clock.now(), self.session, bye);
            self.drain();
        }
        heard
    }

    fn turn(&mut self) {
        let mut room = vec![0; SIP_MESSAGE_BYTES];
        while let Ok((length, peer)) = self.sip.recv_from(&mut room) {
            let flow = Flow { transport: Transport::Udp, local: self.local, peer, connection: 0 };
            self.stack.handle_packet(self.clock.now(), flow, room.get(..length).unwrap_or_default());
        }
        self.stack.handle_timeout(self.clock.now());
        self.drain();
        while let Ok((length, _)) = self.sound.recv_from(&mut room) {
            self.hear(room.get(..length).unwrap_or_default());
        }
        while self.next_beat.is_some_and(|at| at <= self.clock.now()) {
            self.next_beat = self.next_beat.map(|at| at + BEAT);
            self.speak();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Send { flow, bytes } => drop(self.sip.send_to(&bytes, flow.peer)),
                Output::Session { event, .. } => self.on_session(event),
                Output::Request { txn, .. } => {
                    self.stack.respond(self.clock.now(), txn, 405, Headers::new(), Vec::new());
                }
                Output::Response { .. } => {}
            }
        }
    }

    fn on_session(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Progress { sdp, .. } | SessionEvent::Answered { sdp, .. } => self.agree(sdp.as_deref()),
            SessionEvent::Failed { response, .. } => {
                tracing::warn!(status = response.status, "the test call is refused");
                self.is_over = true;
            }
            SessionEvent::Ended { .. } => self.is_over = true,
            _ => {}
        }
    }

    fn agree(&mut self, sdp: Option<&[u8]>) {
        let Some(agreed) = sdp.and_then(|sdp| self.sdp.receive_answer(sdp).ok()) else { return };
        self.to = agreed.rtp.map(|rtp| (rtp, agreed.payload_type));
        if self.next_beat.is_none() {
            self.next_beat = Some(self.clock.now());
        }
    }

    fn speak(&mut self) {
        let Some((to, payload_type)) = self.to else { return };
        let (mut block, mut sound) = ([0; FRAME], [0; FRAME]);
        self.tone.fill(&mut block);
        g711::encode(Law::A, &block, &mut sound);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(TICKS);
        let (sequence, timestamp, ssrc) = (self.sequence, self.timestamp, self.ssrc);
        let mut head = [0; rtp::HEADER_BYTES];
        rtp::Header { marker: false, payload_type, sequence, timestamp, ssrc }.write(&mut head);
        let _ = self.sound.send_to(&[&head[..], &sound].concat(), to);
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Ok(packet) = rtp::read(bytes) else { return };
        let mut block = [0; FRAME];
        let length = g711::decode(Law::A, packet.payload(bytes), &mut block);
        let heard = block.get(..length).and_then(dominant).is_some_and(|hz| hz.abs_diff(TONE_HZ) < 30);
        self.heard = if heard { self.heard + 1 } else { 0 };
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Caller").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

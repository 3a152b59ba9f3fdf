//! The loop of the media thread: wait, take orders, move packets, tick, tell.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;

use super::RtpConfig;
use super::links::Links;
use super::ports::Ports;
use super::token::Token;
use crate::base::{Duration, EndpointId, Instant};
use crate::io::clock::Clock;
use crate::media::tape::Block;
use crate::media::{Command, Event, Plane, Stats};

/// What the thread owns.
pub(super) struct MediaThread {
    clock: Clock,
    plane: Plane,
    ports: Ports,
    links: Links,
    epoll: Epoll,
    commands: Receiver<Command>,
    wake: Arc<EventFd>,
    events: Box<dyn Fn(Event) + Send>,
    blocks: Box<dyn Fn(Block) + Send>,
    pace: Pace,
    next_survey: Instant,
}

impl MediaThread {
    pub(super) fn new(
        config: RtpConfig,
        commands: Receiver<Command>,
        wake: Arc<EventFd>,
        events: Box<dyn Fn(Event) + Send>,
        blocks: Box<dyn Fn(Block) + Send>,
    ) -> io::Result<Self> {
        let RtpConfig { ports, clock, mut rng } = config;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&*wake, EpollEvent::new(EpollFlags::EPOLLIN, Token::Wake.into()))?;
        let mut ports = Ports::new(&ports, &mut rng);
        let first = ports.fill(&epoll, RESERVE)?;
        events(Event::Ports { ports: first });
        Ok(Self {
            clock,
            plane: Plane::new(rng),
            ports,
            links: Links::default(),
            epoll,
            commands,
            wake,
            events,
            blocks,
            pace: Pace::default(),
            next_survey: clock.now() + SURVEY,
        })
    }

    /// Runs until nobody can send orders any more.
    pub(super) fn run(mut self) {
        let mut ready = vec![EpollEvent::empty(); READY];
        let mut buffer = [0; BUFFER];
        while self.turn(&mut ready, &mut buffer) {}
    }

    /// Waits once and does what came; `false` when there is nothing more to do.
    fn turn(&mut self, ready: &mut [EpollEvent], buffer: &mut [u8; BUFFER]) -> bool {
        let count = match self.epoll.wait(ready, self.timeout()) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => {
                tracing::error!(%error, "the media thread can't wait for packets; calls stay silent");
                return false;
            }
        };
        let now = self.clock.now(); // once for all packets of a wakeup
        let batch = ready.get(..count).unwrap_or_default();
        // First: a packet may be the answer to what an order made known.
        if batch.iter().any(|event| event.data() == u64::from(Token::Wake)) && !self.take_orders(now) {
            return false;
        }
        self.guarded(now, batch, |this, event| this.move_packet(now, event.data().into(), buffer));
        self.guarded(now, &[()], |this, ()| this.tick(now));
        self.tell();
        self.hand_on(now);
        if now >= self.next_survey {
            self.survey(now);
        }
        if self.pace.is_busy(now, count) {
            std::thread::sleep(PAUSE);
        }
        true
    }

    /// Does the work for each item. A panic ends the endpoint on which it happened, and the work goes on with the next item.
    fn guarded<T>(&mut self, now: Instant, items: &[T], mut work: impl FnMut(&mut Self, &T)) {
        let mut left = items.iter();
        while !left.as_slice().is_empty() {
            let round = AssertUnwindSafe(|| left.by_ref().for_each(|item| work(self, item)));
            if catch_unwind(round).is_err() {
                self.bury(now);
            }
        }
    }

    /// The endpoint on which the plane broke is closed as if it had been ordered; the engine learns it by `Closed`.
    fn bury(&mut self, now: Instant) {
        let Some(endpoint) = self.plane.at_work() else { return };
        tracing::error!(%endpoint, "the media plane broke on an endpoint, which is closed");
        let close = || self.plane.handle_command(now, Command::Close { endpoint });
        if catch_unwind(AssertUnwindSafe(close)).is_err() {
            tracing::error!(%endpoint, "and broke again when it was closed");
        }
    }

    /// Until the plane or the survey wants to be called.
    fn timeout(&self) -> EpollTimeout {
        let at = self.plane.poll_timeout().map_or(self.next_survey, |at| at.min(self.next_survey));
        let micros = at.since(self.clock.now()).as_micros();
        let millis = u16::try_from(micros.div_ceil(1000)).unwrap_or(u16::MAX); // early would mean to spin
        EpollTimeout::from(millis)
    }

    /// Takes all orders that wait; `false` when there will be no more.
    fn take_orders(&mut self, now: Instant) -> bool {
        let _ = self.wake.read(); // only to reset it: the orders are in the channel
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.order(now, command),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => {
                    self.hand_on(now);
                    return false;
                }
            }
        }
    }

    fn order(&mut self, now: Instant, command: Command) {
        let subject = command.endpoint();
        if let Command::Open { endpoint, port } = command {
            if let Err(error) = self.open(endpoint, port) {
                tracing::error!(%endpoint, port, %error, "no sockets for an endpoint");
                (self.events)(Event::Closed { endpoint, stats: Stats::default() });
                return;
            }
        }
        let configures = matches!(command, Command::Configure { .. });
        let mut command = Some(command);
        self.guarded(now, &[()], |this, ()| {
            if let Some(command) = command.take() {
                this.plane.handle_command(now, command);
            }
        });
        if let (Some(endpoint), true) = (subject, configures) {
            self.links.settle(endpoint, self.plane.settled(now, endpoint));
        }
        self.tell(); // what is closed makes room for the next order
    }

    fn open(&mut self, endpoint: EndpointId, port: u16) -> io::Result<()> {
        let pair = self.ports.take(port).ok_or(io::ErrorKind::AddrNotAvailable)?;
        self.links.open(&self.epoll, endpoint, pair)?;
        self.refill();
        Ok(())
    }

    /// Keeps the reserve of bound pairs.
    fn refill(&mut self) {
        if self.ports.free() >= RESERVE {
            return;
        }
        match self.ports.fill(&self.epoll, RESERVE + STEP) {
            Ok(ports) if ports.is_empty() => {}
            Ok(ports) => (self.events)(Event::Ports { ports }),
            Err(error) => tracing::warn!(%error, "no port is left for another call"),
        }
    }

    fn move_packet(&mut self, now: Instant, token: Token, buffer: &mut [u8; BUFFER]) {
        let (slot, rtcp) = match token {
            Token::Link { slot, rtcp } => (slot, rtcp),
            Token::Free { port, rtcp } => return self.ports.discard(port, rtcp),
            Token::Wake => return,
        };
        let Some((endpoint, from, length)) = self.links.receive(slot, rtcp, buffer) else { return };
        if let Some(forward) = self.plane.handle_packet(now, endpoint, rtcp, from, buffer, length) {
            self.links.forward(slot, &forward.destination, buffer.get(..forward.len).unwrap_or_default());
        }
    }

    fn tick(&mut self, now: Instant) {
        let Self { plane, links, .. } = self;
        if plane.poll_timeout().is_some_and(|at| at <= now) {
            plane.tick(now, &mut |destination, bytes| links.send(&destination, bytes));
        }
    }

    /// Hands events on; what was closed loses its sockets.
    fn tell(&mut self) {
        while let Some(event) = self.plane.poll_event() {
            if let Event::Closed { endpoint, .. } = &event {
                self.links.close(*endpoint);
                self.refill();
            }
            (self.events)(event);
        }
    }

    /// What was recorded goes to the recorder.
    fn hand_on(&mut self, now: Instant) {
        while let Some(block) = self.plane.poll_block(now) {
            (self.blocks)(block);
        }
    }

    /// Once a second: connects the sockets of those that have settled on a peer, opens those that fell silent.
    fn survey(&mut self, now: Instant) {
        self.next_survey = now + SURVEY;
        let Self { plane, links, .. } = self;
        links.settle_all(|endpoint| plane.settled(now, endpoint));
        self.refill();
    }
}

/// Whether so many packets come that it pays to let them gather, so that one wakeup serves many calls. Never when the
/// last pause was longer than asked for: then the machine is short of time, and a backlog must not grow.
#[derive(Debug, Default)]
struct Pace {
    since: Instant,
    packets: usize,
    busy: bool,
    last: Instant,
}

impl Pace {
    fn is_busy(&mut self, now: Instant, count: usize) -> bool {
        self.packets += count;
        if now >= self.since + PACE_WINDOW {
            self.busy = self.packets >= BUSY_PACKETS;
            (self.since, self.packets) = (now, 0);
        }
        let in_time = now < self.last + 3 * PAUSE;
        self.last = now;
        self.busy && in_time && count <= MOST_GATHERED
    }
}

/// Free pairs that are kept bound.
const RESERVE: usize = 32;
/// Pairs that are bound at once beyond the reserve.
const STEP: usize = 8;
/// Sockets that one wakeup serves; the others come with the next.
const READY: usize = 512;
/// Longer than any packet that is accepted, so that a longer one shows as such.
const BUFFER: usize = 2048;
const SURVEY: Duration = Duration::from_secs(1);
/// How long a busy thread lets packets gather. What a hop of a LAN costs; jitter buffers start at 20 ms.
const PAUSE: Duration = Duration::from_millis(1);
/// With so many at a wakeup a pause spares nothing more.
const MOST_GATHERED: usize = 100;
const PACE_WINDOW: Duration = Duration::from_millis(20);
/// In the window: ten calls. With fewer a pause would cost more than it spares.
const BUSY_PACKETS: usize = 20;

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::ops::RangeInclusive;
    use std::sync::Mutex;
    use std::sync::mpsc::{Sender, channel};

    use nix::sys::eventfd::EfdFlags;

    use super::*;
    use crate::base::Rng;
    use crate::io::rtp::tests::{agreed, packet, phone};

    const PORTS: RangeInclusive<u16> = 29_000..=29_999;

    /// A thread's loop that turns when the test says so.
    struct Still {
        thread: MediaThread,
        orders: Sender<Command>,
        told: Arc<Mutex<Vec<Event>>>,
        ports: Vec<u16>,
    }

    impl Still {
        fn new() -> Self {
            let (orders, commands) = channel();
            let told = Arc::new(Mutex::new(Vec::new()));
            let ear = Arc::clone(&told);
            let config = RtpConfig { ports: PORTS, clock: Clock::start(), rng: Rng::from_seed(1) };
            let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK).expect("an eventfd"));
            let events = Box::new(move |event| ear.lock().expect("not poisoned").push(event));
            let thread = MediaThread::new(config, commands, wake, events, Box::new(drop)).expect("a thread");
            let Event::Ports { ports } = told.lock().expect("not poisoned").remove(0) else { panic!("no ports") };
            Self { thread, orders, told, ports }
        }

        fn order(&self, command: Command) {
            self.orders.send(command).expect("a thread");
            self.thread.wake.write(1).expect("a wakeup");
        }

        fn turn(&mut self) {
            assert!(self.thread.turn(&mut [EpollEvent::empty(); READY], &mut [0; BUFFER]));
        }

        /// Opens an endpoint whose peer is that telephone, and which hears itself.
        fn open(&self, endpoint: EndpointId, port: u16, phone: &UdpSocket) {
            self.order(Command::Open { endpoint, port });
            self.order(Command::Configure { endpoint, agreed: agreed(phone) });
            self.order(Command::Bridge { a: endpoint, b: endpoint });
        }
    }

    #[test]
    fn the_first_packet_is_heard_however_late_the_thread_is() {
        let (mut still, phone) = (Still::new(), phone());
        let port = still.ports[0];
        still.open(EndpointId(1), port, &phone);
        // who was told the port speaks before the thread has seen to its orders
        phone.send_to(&packet(7, 1), (Ipv4Addr::LOCALHOST, port)).expect("sent");
        (0..3).for_each(|_| still.turn());
        phone.set_nonblocking(true).expect("set");
        assert!(phone.recv(&mut [0; 200]).is_ok());
    }

    #[test]
    fn what_came_before_the_call_is_not_heard_in_it() {
        let (mut still, phone) = (Still::new(), phone());
        let port = still.ports[0];
        for n in 0..3 {
            phone.send_to(&packet(n, 1), (Ipv4Addr::LOCALHOST, port)).expect("sent");
            phone.send_to(&packet(n, 1), (Ipv4Addr::LOCALHOST, port + 1)).expect("sent");
        }
        (0..3).for_each(|_| still.turn());
        still.open(EndpointId(1), port, &phone);
        still.turn();
        phone.send_to(&packet(10, 1), (Ipv4Addr::LOCALHOST, port)).expect("sent");
        still.turn();
        let mut heard = [0; 200];
        assert_eq!((phone.recv(&mut heard).expect("its own"), heard[12]), (172, 10));
    }

    #[test]
    fn a_panic_ends_its_endpoint_and_the_rest_of_the_batch_goes_on() {
        let Still { mut thread, told, ports, orders: _orders } = Still::new();
        let endpoints = [1, 2, 3].map(EndpointId);
        for (endpoint, &port) in endpoints.into_iter().zip(&ports) {
            thread.order(Instant::ZERO, Command::Open { endpoint, port });
        }
        told.lock().expect("not poisoned").clear();
        let mut done = Vec::new();
        thread.guarded(Instant::ZERO, &endpoints, |this, &endpoint| {
            let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
            this.plane.handle_packet(Instant::ZERO, endpoint, false, nobody, &mut [], 0);
            assert_ne!(endpoint, EndpointId(2), "a defect");
            done.push(endpoint);
        });
        thread.tell();
        assert_eq!(done, [EndpointId(1), EndpointId(3)]);
        let told = told.lock().expect("not poisoned");
        assert_eq!(*told, [Event::Closed { endpoint: EndpointId(2), stats: Stats::default() }]);
    }

    #[test]
    fn a_thread_gathers_packets_only_when_it_is_busy_and_in_time() {
        let mut pace = Pace::default();
        let mut at = Instant::ZERO;
        let mut step = |micros, count| {
            at += Duration::from_micros(micros);
            pace.is_busy(at, count)
        };
        (0..100).for_each(|_| assert!(!step(10_000, 1), "two calls"));
        (0..100).for_each(|n| assert_eq!(step(1_000, 20), n >= 19, "{n}: two hundred calls"));
        assert!(!step(50_000, 20), "the pause took too long");
        assert!(step(1_000, 20));
        assert!(!step(1_000, 400), "a backlog");
    }
}

//! The box's places in networks, kept by a thread of its own: what is wanted is made so at the kernel's interfaces, a cable that is put in
//! elsewhere is followed, leases are taken, and a change that nobody confirms is taken back.

mod client;

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use client::Client;

use super::gauges::cards;
use super::kept::Kept;
use super::{Outcome, Places};
use crate::base::{Duration, Instant};
use crate::io::clock::Clock;
use crate::machine::interface::{self, Interface, Lease, News, Step};
use crate::machine::network::{Fault, Side, Subnet, Wanted, Way};
use crate::machine::{Network, Reason, reason};

/// How often cables, clients and the time for a confirmation are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Link-local addresses that are tried until one is free.
const ATTEMPTS: u32 = 5;
/// Longest time that a confirmation may take.
const LONGEST_CONFIRMATION: u32 = 3600;

/// What the thread is asked.
enum Order {
    Take { network: Network, confirm_within: u32, answer: Sender<Outcome> },
    Confirm { answer: Sender<Outcome> },
    News { number: u32, what: News },
    Stop { answer: Sender<Outcome> },
}

/// What others may see.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What is tried or kept now.
    pub(super) network: Network,
    /// Until when it must be confirmed.
    pub(super) confirm_by: Option<Instant>,
    /// The office's interface and its address, once it has one.
    pub(super) office: Option<(String, Ipv4Addr)>,
}

/// The way to the thread.
pub(super) struct Ports {
    orders: Mutex<Sender<Order>>,
    seen: Arc<Mutex<Seen>>,
    clock: Clock,
}

impl Ports {
    /// Begins with what is kept.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn start(places: &Places, kept: &Arc<Kept>, clock: Clock) -> std::io::Result<Self> {
        let (orders, inbox) = channel();
        let seen = Arc::new(Mutex::new(Seen { network: kept.get().network, ..Seen::default() }));
        let hands = Hands {
            places: places.clone(),
            kept: Arc::clone(kept),
            clock,
            seen: Arc::clone(&seen),
            news: orders.clone(),
            interfaces: Vec::new(),
            clients: Vec::new(),
            leases: Vec::new(),
            lonely: Vec::new(),
            started: 0,
        };
        std::thread::Builder::new().name("network".to_owned()).spawn(move || hands.work(&inbox))?;
        Ok(Self { orders: Mutex::new(orders), seen, clock })
    }

    /// As it is.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Seconds left to confirm a change.
    pub(super) fn confirm_within(&self) -> Option<u32> {
        let left = self.seen().confirm_by?.since(self.clock.now());
        Some(u32::try_from(left.as_secs()).unwrap_or(u32::MAX))
    }

    /// Takes these places, for good or until they are confirmed.
    pub(super) fn take(&self, network: Network, confirm_within: u32) -> Outcome {
        self.ask(|answer| Order::Take { network, confirm_within, answer })
    }

    /// The last change is good.
    pub(super) fn confirm(&self) -> Outcome {
        self.ask(|answer| Order::Confirm { answer })
    }

    /// Ends clients and thread. Addresses stay: the exchange says good-bye over them.
    pub(super) fn stop(&self) {
        let _ = self.ask(|answer| Order::Stop { answer });
    }

    fn ask(&self, order: impl FnOnce(Sender<Outcome>) -> Order) -> Outcome {
        let (answer, told) = channel();
        let gone = || reason("за сетью сейчас никто не следит", "the network's keeper is gone");
        let sent = self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(order(answer));
        sent.map_err(|_| gone())?;
        told.recv().map_err(|_| gone())?
    }
}

/// The thread's own.
struct Hands {
    places: Places,
    kept: Arc<Kept>,
    clock: Clock,
    seen: Arc<Mutex<Seen>>,
    news: Sender<Order>,
    /// As they are now.
    interfaces: Vec<Interface>,
    clients: Vec<Client>,
    /// By device.
    leases: Vec<(String, Lease)>,
    /// Devices with a link-local address.
    lonely: Vec<String>,
    /// Clients so far.
    started: u32,
}

impl Hands {
    fn work(mut self, inbox: &Receiver<Order>) {
        self.ready_kernel();
        let network = self.kept.get().network;
        if let Err([_, error]) = self.make_so(&network) {
            tracing::error!(error, "the network is not as it shall be");
        }
        loop {
            match inbox.recv_timeout(LOOK_EVERY) {
                Ok(Order::Take { network, confirm_within, answer }) => {
                    let _ = answer.send(self.take(network, confirm_within));
                }
                Ok(Order::Confirm { answer }) => drop(answer.send(self.confirm())),
                Ok(Order::News { number, what }) => self.on_news(number, what),
                Ok(Order::Stop { answer }) => {
                    self.clients.clear();
                    let _ = answer.send(Ok(()));
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.look();
            self.show_office();
        }
    }

    /// Cards are switched on, or they could not tell whether they have a cable. Routers are believed where it is said so, only.
    fn ready_kernel(&self) {
        self.set_kernel("ipv6/conf/default/accept_ra", "0");
        // whoever has our address in mind with another card learns of this one
        for scope in ["all", "default"] {
            self.set_kernel(&format!("ipv4/conf/{scope}/arp_notify"), "1");
            // each card answers for its own addresses alone: the carrier's side shall not see the office's
            self.set_kernel(&format!("ipv4/conf/{scope}/arp_ignore"), "1");
        }
        self.do_quietly(&["link", "set", "dev", "lo", "up"]);
        for card in cards(&self.places) {
            self.set_kernel(&format!("ipv6/conf/{}/accept_ra", card.name), "0");
            self.do_quietly(&["link", "set", "dev", &card.name, "up"]);
        }
    }

    fn set_kernel(&self, name: &str, value: &str) {
        if let Err(error) = fs::write(self.places.proc.join("sys/net").join(name), value) {
            tracing::debug!(name, %error, "a setting of the kernel's stays as it is");
        }
    }

    fn take(&mut self, network: Network, confirm_within: u32) -> Outcome {
        let before = self.look_at().network;
        if let Err(fault) = self.make_so(&network) {
            if let Err([_, error]) = self.make_so(&before) {
                tracing::error!(error, "the network that was before does not come back");
            }
            return Err(fault);
        }
        if confirm_within == 0 {
            return self.keep(network);
        }
        let until = self.clock.now() + Duration::from_secs(confirm_within.min(LONGEST_CONFIRMATION).into());
        tracing::info!(confirm_within, "the network is changed on trial");
        self.show(network, Some(until));
        Ok(())
    }

    fn confirm(&mut self) -> Outcome {
        match self.look_at() {
            Seen { confirm_by: None, .. } => Err(reason("подтверждать нечего", "nothing waits for a confirmation")),
            Seen { network, .. } => self.keep(network),
        }
    }

    fn keep(&mut self, network: Network) -> Outcome {
        let kept = self.kept.change(|settings| settings.network = network.clone());
        if kept.is_ok() {
            self.show(network, None);
        }
        kept
    }

    fn look_at(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, network: Network, confirm_by: Option<Instant>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.network, seen.confirm_by) = (network, confirm_by);
    }

    fn show_office(&self) {
        let office = self.interfaces.iter().find(|one| one.side == Side::Office).and_then(|office| {
            let device = office.device();
            let leased = || self.leases.iter().find(|(of, _)| *of == device).map(|(_, lease)| lease.address);
            let address = if let Way::Fixed { address, .. } = office.way { Some(address) } else { leased() };
            Some((device, address?.address))
        });
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).office = office;
    }

    /// What time and cables bring.
    fn look(&mut self) {
        let Seen { mut network, confirm_by, .. } = self.look_at();
        if confirm_by.is_some_and(|until| self.clock.now() >= until) {
            tracing::warn!("nobody has confirmed the change of the network: it is taken back");
            network = self.kept.get().network;
            self.show(network.clone(), None);
        }
        if let Err([_, error]) = self.make_so(&network) {
            tracing::warn!(error, "the network is not as it shall be");
        }
        let ended: Vec<String> =
            self.clients.iter_mut().filter_map(|client| client.has_ended().then(|| client.device.clone())).collect();
        for device in ended {
            tracing::warn!(device, "the DHCP client has ended and is started again");
            if let Err(error) = self.start_client(&device) {
                tracing::error!(device, error, "there is no DHCP client");
            }
        }
    }

    /// Makes the interfaces those that this network needs on the cards that there are.
    fn make_so(&mut self, network: &Network) -> Outcome {
        let wanted = network.check().map_err(|faults| faults_in_words(&faults))?;
        let new = interface::interfaces(&wanted, &cards(&self.places), &self.interfaces);
        let steps = interface::steps(&self.interfaces, &new);
        // Also where a step fails: what was done is to be undone, and what was not done is undone in vain.
        let gone = std::mem::replace(&mut self.interfaces, new);
        let is_gone =
            |device: &String| gone.iter().any(|one| one.device() == *device && !self.interfaces.contains(one));
        self.leases.retain(|(device, _)| !is_gone(device));
        self.lonely.retain(|device| !is_gone(device));
        let done = self.walk(&steps);
        self.tell_name_servers(&wanted);
        done.map_err(|said| reason(format!("сеть так не настроить: «{said}»"), format!("the network: {said}")))
    }

    /// Takes all steps, also after one that fails; tells of the first that did.
    fn walk(&mut self, steps: &[Step]) -> Result<(), String> {
        let mut outcome = Ok(());
        for step in steps {
            let taken = self.step(step);
            if let Err(error) = &taken {
                tracing::warn!(?step, error, "a step of the network's fails");
            }
            outcome = outcome.and(taken);
        }
        outcome
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        tracing::debug!(?step, "network");
        match step {
            Step::StartDhcp(device) => self.start_client(device),
            Step::StopDhcp(device) => {
                self.clients.retain(|client| client.device != *device);
                Ok(())
            }
            Step::HearRouters(device) => {
                // from now on, and those that have called already are asked to call again
                self.set_kernel(&format!("ipv6/conf/{device}/accept_ra"), "1");
                self.forget_routers(device);
                Ok(())
            }
            Step::IgnoreRouters(device) => {
                self.set_kernel(&format!("ipv6/conf/{device}/accept_ra"), "0");
                self.forget_routers(device);
                Ok(())
            }
            other => other.words().map_or(Ok(()), |words| self.ip(&words)),
        }
    }

    fn forget_routers(&self, device: &str) {
        for value in ["1", "0"] {
            self.set_kernel(&format!("ipv6/conf/{device}/disable_ipv6"), value);
        }
    }

    fn start_client(&mut self, device: &str) -> Result<(), String> {
        self.clients.retain(|client| client.device != device);
        self.started = self.started.wrapping_add(1);
        let name = self.kept.get().host_name;
        let client = Client::start(&self.places, device, &name, self.started, self.news.clone());
        self.clients.push(client.map_err(|error| format!("udhcpc: {error}"))?);
        Ok(())
    }

    fn on_news(&mut self, number: u32, what: News) {
        let Some(device) = self.clients.iter().find(|client| client.number == number).map(|one| one.device.clone())
        else {
            return; // of a client before
        };
        let Some(interface) = self.interfaces.iter().find(|one| one.device() == device).cloned() else { return };
        match what {
            News::Lease(lease) => {
                if self.leases.iter().any(|(of, known)| *of == device && *known == lease) {
                    return;
                }
                tracing::info!(device, address = %lease.address, "a lease");
                let _ = self.walk(&interface::addressed(&interface, lease.address, lease.gateway));
                self.forget(&device);
                self.leases.push((device, lease));
            }
            News::Lost => {
                if self.lonely.contains(&device) {
                    return;
                }
                self.forget(&device);
                let _ = self.walk(&[Step::Clear(device)]);
            }
            News::NoAnswer => {
                let alone = !self.lonely.contains(&device) && self.leases.iter().all(|(of, _)| *of != device);
                if alone && interface.side == Side::Office {
                    self.be_lonely(&interface);
                }
            }
        }
        if let Ok(wanted) = self.look_at().network.check() {
            self.tell_name_servers(&wanted);
        }
    }

    fn forget(&mut self, device: &str) {
        self.leases.retain(|(of, _)| of != device);
        self.lonely.retain(|of| of != device);
    }

    /// Nobody gives addresses here: one of our own that nobody else has (RFC 3927 §2.2.1), so that a laptop at the same cable finds us.
    fn be_lonely(&mut self, interface: &Interface) {
        let mac = cards(&self.places).into_iter().find(|card| card.name == interface.card).map(|card| card.mac);
        let device = interface.device();
        let free = |address: &Subnet| {
            let words = ["arping", "-q", "-D", "-c", "2", "-w", "2", "-I", &device, &address.address.to_string()];
            self.run(&words).is_ok()
        };
        let mac = mac.unwrap_or_default();
        let Some(address) = (0..ATTEMPTS).map(|attempt| interface::link_local(&mac, attempt)).find(free) else {
            return;
        };
        tracing::warn!(device, %address, "no DHCP server answers");
        if self.walk(&interface::addressed(interface, address, None)).is_ok() {
            self.lonely.push(device);
        }
    }

    /// `/etc/resolv.conf` leads to this file.
    fn tell_name_servers(&self, wanted: &Wanted) {
        let office = self.interfaces.iter().find(|one| one.side == Side::Office).map(Interface::device);
        let lease = self.leases.iter().find(|(device, _)| Some(device) == office.as_ref());
        let told: &[IpAddr] = lease.map_or(&[], |(_, lease)| &lease.dns);
        let text = interface::resolv_conf(&wanted.dns, told);
        let path = self.places.resolv_conf();
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            return;
        }
        if let Err(error) = crate::io::files::replace(&path, text.as_bytes(), 0o644) {
            tracing::error!(%error, "name servers can't be told");
        }
    }

    fn do_quietly(&self, words: &[&str]) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if let Err(error) = self.ip(&words) {
            tracing::debug!(error, "a card stays off");
        }
    }

    fn ip(&self, words: &[String]) -> Result<(), String> {
        let all: Vec<&str> = ["ip"].into_iter().chain(words.iter().map(String::as_str)).collect();
        self.run(&all)
    }

    fn run(&self, words: &[&str]) -> Result<(), String> {
        let output = Command::new(&self.places.busybox).args(words).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("{}: {error}", self.places.busybox.display()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}: {}", words.join(" "), said.lines().next().unwrap_or_default()))
    }
}

/// Each with the place in the network that it is about.
fn faults_in_words(faults: &[Fault]) -> Reason {
    let joined = |nth: usize| {
        let words = faults.iter().map(|fault| {
            let said = fault.said();
            format!("{}: {}", fault.pointer(), said.get(nth).map_or("", |text| text.trim_end_matches('.')))
        });
        words.collect::<Vec<_>>().join("; ")
    };
    [joined(0), joined(1)]
}

//! A box with its office and telephones that live: they register again and again, as telephones do, through each start of the box.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::disk::Disk;
use crate::office::{Office, PHONES, SOON};
use crate::qemu::{BOOT, Box, Parts};
use crate::telephone::{Telephone, port_of};

/// How long one question to the box may take.
const ANSWER: Duration = Duration::from_secs(15);

pub(crate) struct Rig {
    pub(crate) office: Office,
    pub(crate) phones: Arc<Mutex<Vec<Telephone>>>,
    life: Life,
    here: Option<Box>,
    parts: Parts,
    pub(crate) disk: Disk,
}

/// The telephones' own doing, until it is dropped.
struct Life {
    over: Arc<AtomicBool>,
    /// They rest while a test uses them.
    registered: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    /// An office in a box with power.
    pub(crate) fn start(parts: Parts) -> Self {
        Self::start_with(parts, |_| {})
    }

    /// The same, after something was done to its disk.
    pub(crate) fn start_with(parts: Parts, change: impl FnOnce(&Disk)) -> Self {
        let office = Office::new();
        let disk = Disk::with_office(&office.data);
        change(&disk);
        let here = Box::start(&disk, parts);
        let phones = PHONES.map(|(_, login, password)| Telephone::new(here.sip, login, password));
        let phones = Arc::new(Mutex::new(Vec::from(phones)));
        let life = Life::of(&phones);
        Self { office, phones, life, here: Some(here), parts, disk }
    }

    pub(crate) fn here(&self) -> &Box {
        self.here.as_ref().expect("it has power")
    }

    /// Waits for a condition of the box, which has power.
    pub(crate) fn wait(&mut self, what: &str, limit: Duration, mut done: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + limit;
        while !done(self) {
            assert!(
                Instant::now() < end,
                "{what}: not within {limit:?}; {}\n{}",
                self.office.update(self.here()),
                self.here().said()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits until a telephone is taken and the page is there; how long it took until the telephone was, from power-on.
    pub(crate) fn first_register(&mut self) -> Duration {
        self.life.registered.store(false, Ordering::Relaxed);
        let end = Instant::now() + BOOT;
        while !self.life.registered.load(Ordering::Relaxed) {
            assert!(Instant::now() < end, "no telephone is taken within {BOOT:?}\n{}", self.here().said());
            std::thread::sleep(Duration::from_millis(50));
        }
        let took = self.here().began.elapsed();
        self.wait("the page", SOON, |rig| rig.office.is_up(rig.here()));
        took
    }

    pub(crate) fn machine(&self) -> Value {
        self.office.machine(self.here())
    }

    /// When the exchange began, as it says; `None`: it says nothing.
    pub(crate) fn started_at(&self) -> Option<String> {
        Some(self.office.get(self.here(), "/api/v1/system").body["started_at"].as_str()?.to_owned())
    }

    /// A call between the two telephones, both of which hear one another.
    pub(crate) fn call(&mut self) {
        assert!(self.try_call(), "no call\n{}", self.here().said());
    }

    /// The same, where it may also fail.
    pub(crate) fn try_call(&self) -> bool {
        let mut phones = self.phones.lock().unwrap_or_else(PoisonError::into_inner);
        let here = self.here();
        let [first, second] = &mut phones[..] else { panic!("two telephones") };
        if ![&mut *first, &mut *second].into_iter().all(|phone| phone.registers_within(ANSWER)) {
            return false;
        }
        let Some((talk, offered)) = first.call(second, PHONES[1].0, ANSWER * 2) else { return false };
        let (there, back) = (talk.sound(here), here.forward(port_of(&offered)));
        let heard = first.is_heard_by(second, &there, ANSWER) && second.is_heard_by(first, &back, ANSWER);
        first.hang_up(&talk, ANSWER) && heard
    }

    /// Pulls the plug.
    pub(crate) fn cut(&mut self) {
        self.here.take().expect("it has power").cut();
    }

    /// In good order.
    pub(crate) fn switch_off(&mut self) {
        let said = self.office.post(self.here(), "/api/v1/system/shutdown", &serde_json::json!({"when": "now"}));
        assert!(matches!(said.status, 200..=204), "{said:?}");
        self.here.take().expect("it has power").goes_off(BOOT);
    }

    pub(crate) fn power_on(&mut self) -> &mut Self {
        let here = Box::start(&self.disk, self.parts);
        self.tell(here.sip);
        self.here = Some(here);
        self
    }

    fn tell(&self, sip: SocketAddr) {
        let mut phones = self.phones.lock().unwrap_or_else(PoisonError::into_inner);
        phones.iter_mut().for_each(|phone| phone.follow(sip));
    }
}

impl Life {
    fn of(phones: &Arc<Mutex<Vec<Telephone>>>) -> Self {
        let (over, registered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (phones, ended, seen) = (Arc::clone(phones), Arc::clone(&over), Arc::clone(&registered));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let mut phones = phones.lock().unwrap_or_else(PoisonError::into_inner);
                let mut all = true;
                for phone in phones.iter_mut() {
                    let taken = phone.registers_within(Duration::from_secs(1));
                    all &= taken;
                    if taken {
                        seen.store(true, Ordering::Relaxed);
                        phone.idle(Duration::from_millis(100));
                    }
                }
                drop(phones);
                std::thread::sleep(Duration::from_millis(if all { 2000 } else { 20 }));
            }
        });
        Self { over, registered, thread: Some(thread) }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

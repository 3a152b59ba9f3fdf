//! Events for other programs: each `[[webhook]]` that wants one gets it by HTTP, in order, tried again for a day. One thread keeps the
//! queues and makes the events; each attempt has a thread of its own, so that a receiver that does not answer holds nobody up. What
//! waits is in the database as well, and goes on after a restart.

mod happening;
mod queue;
mod send;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use self::queue::{Delivery, Fate, Queues, Verdict};
use super::clock;
use super::handle::{Handle, WeakHandle};
use super::out::Outgoing;
use super::store::{DeliveryOutcome, DeliveryRow};
use crate::base::{Duration, WallTime};
use crate::guard::Alarm;
use crate::office::{Office, Webhook, Word as _};

pub use happening::Happening;
use happening::{Teller, Told};
pub use queue::{AGAIN_AFTER, GIVE_UP_AFTER, WAITING};
pub use send::{Sent, signature};

/// The way to the thread. Clones are the same.
#[derive(Clone, Debug)]
pub struct WebhooksHandle {
    jobs: SyncSender<Job>,
    /// Whether any webhook is told of anything: without one, nothing is even made up.
    wanted: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Job {
    Happened(Box<Happening>),
    OfficeChanged,
    Done { webhook: String, id: i64, sent: Sent },
}

impl WebhooksHandle {
    /// Tells of something, when anybody wants to hear. Never waits: beyond [`HAPPENINGS`] on their way it is dropped.
    pub fn happened(&self, happening: impl FnOnce() -> Happening) {
        if self.wanted.load(Ordering::Relaxed) && self.jobs.try_send(Job::Happened(Box::new(happening()))).is_err() {
            tracing::warn!("too much happens at once: an event for webhooks was dropped");
        }
    }

    /// Another office is in force.
    pub fn office_changed(&self, office: &Office) {
        self.wanted.store(is_wanted(office), Ordering::Relaxed);
        // When the queue is full, the thread looks at the office soon all the same.
        let _ = self.jobs.try_send(Job::OfficeChanged);
    }
}

/// Starts the thread; it ends with the exchange.
///
/// # Errors
/// When there is none.
pub fn start(handle: &Handle, outgoing: Outgoing) -> io::Result<WebhooksHandle> {
    let (jobs, inbox) = sync_channel(HAPPENINGS);
    let office = handle.office();
    let wanted = Arc::new(AtomicBool::new(is_wanted(&office)));
    let mut desk = Desk {
        handle: handle.downgrade(),
        outgoing,
        jobs: jobs.clone(),
        queues: Queues::default(),
        teller: Teller::default(),
        webhooks: office.webhooks.clone(),
        next_id: 1,
    };
    desk.take_up(handle);
    std::thread::Builder::new().name("webhooks".to_owned()).spawn(move || desk.run(&inbox))?;
    Ok(WebhooksHandle { jobs, wanted })
}

/// Tries a webhook at once, beside its queue; waits for the answer, some seconds at most.
pub fn try_out(office: &Office, webhook: &Webhook, outgoing: Outgoing) -> Sent {
    let at = clock::wall();
    let body = happening::trial(office, at).to_string();
    send::send(webhook, send::Letter { event: "test", body: &body, at }, &office.authorities, outgoing)
}

struct Desk {
    handle: WeakHandle,
    outgoing: Outgoing,
    jobs: SyncSender<Job>,
    queues: Queues,
    teller: Teller,
    /// As they were last looked at.
    webhooks: Vec<Webhook>,
    next_id: i64,
}

impl Desk {
    /// What waited before the restart.
    fn take_up(&mut self, handle: &Handle) {
        let waiting = handle.reader().last_delivery().and_then(|last| {
            self.next_id = last + 1;
            handle.reader().waiting_deliveries()
        });
        for row in waiting.unwrap_or_else(|error| {
            tracing::error!(%error, "what webhooks wait for can't be read");
            Vec::new()
        }) {
            let DeliveryRow { id, webhook, event, made_at, body, attempts, .. } = row;
            let delivery = Delivery { id, event, made_at, body, attempts };
            let given_up = self.queues.push(&webhook, delivery);
            given_up.into_iter().for_each(|one| overflown(handle, &webhook, one));
        }
        self.drop_unwanted(handle);
    }

    fn run(mut self, inbox: &Receiver<Job>) {
        loop {
            let now = clock::wall();
            let until = self.queues.next_at(now).map_or(LONGEST_WAIT, |at| until(now, at));
            let first = match inbox.recv_timeout(until) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let Some(handle) = self.handle.upgrade() else { return };
            if handle.office().webhooks != self.webhooks {
                self.look_at_settings(&handle);
            }
            for job in first.into_iter().chain(inbox.try_iter().take(AT_ONCE)) {
                self.take(&handle, job);
            }
            self.start_attempts(&handle);
        }
    }

    fn take(&mut self, handle: &Handle, job: Job) {
        let now = clock::wall();
        match job {
            Job::OfficeChanged => {}
            Job::Happened(happening) => {
                let failing = match &*happening {
                    Happening::Alarm { alarm: Alarm::WebhookFailing { webhook }, .. } => Some(webhook.clone()),
                    _ => None,
                };
                let office = handle.office();
                if let Some(told) = self.teller.tell(&office, now, *happening) {
                    self.queue(handle, &office, &told, failing.as_deref());
                }
            }
            Job::Done { webhook, id, sent } => {
                let fate = self.queues.done(now, &webhook, id, sent.verdict);
                fate.into_iter().for_each(|fate| note(handle, &webhook, fate, &sent));
            }
        }
    }

    /// One event has one id, whoever gets it and however often.
    fn queue(&mut self, handle: &Handle, office: &Office, told: &Told, except: Option<&str>) {
        let event = told.event.word();
        let wants = |webhook: &&Webhook| {
            webhook.enabled && webhook.events.contains(&told.event) && Some(webhook.name.as_str()) != except
        };
        let wanting: Vec<&Webhook> = office.webhooks.iter().filter(wants).collect();
        if wanting.is_empty() {
            return;
        }
        let id = {
            let mut rng = handle.rng();
            [rng.u64(), rng.u64()].map(|number| format!("{number:016x}")).concat()
        };
        let body = happening::body(office, event, told.at, &id, told.data.clone()).to_string();
        for webhook in wanting {
            let id = self.next_id;
            self.next_id += 1;
            let delivery = Delivery { id, event: event.to_owned(), made_at: told.at, body: body.clone(), attempts: 0 };
            handle.store().keep_delivery(row(&webhook.name, &delivery, DeliveryOutcome::Waiting));
            if let Some(one) = self.queues.push(&webhook.name, delivery) {
                overflown(handle, &webhook.name, one);
            }
        }
    }

    fn start_attempts(&mut self, handle: &Handle) {
        let office = handle.office();
        for (name, delivery) in self.queues.start(clock::wall()) {
            let Some(webhook) = office.webhook(&name).cloned() else {
                // It went a moment ago; its queue goes with the next look at the settings.
                self.queues.done(clock::wall(), &name, delivery.id, Verdict::Later(None));
                continue;
            };
            let (jobs, office, outgoing, id) = (self.jobs.clone(), Arc::clone(&office), self.outgoing, delivery.id);
            let attempt = move || {
                let letter = send::Letter { event: &delivery.event, body: &delivery.body, at: clock::wall() };
                let send = || send::send(&webhook, letter, &office.authorities, outgoing);
                let sent = catch_unwind(AssertUnwindSafe(send)).unwrap_or_else(|_| {
                    tracing::error!("an answer to a webhook made us panic; it is tried again");
                    Sent { verdict: Verdict::Later(None), status: None, why: Default::default() }
                });
                // The exchange may have ended meanwhile.
                let _ = jobs.send(Job::Done { webhook: webhook.name, id, sent });
            };
            if let Err(error) = std::thread::Builder::new().name("webhook".to_owned()).spawn(attempt) {
                tracing::error!(%error, "no thread for a webhook");
                self.queues.done(clock::wall(), &name, id, Verdict::Later(None));
            }
        }
    }

    /// Those that are others now are tried at once; what waits for one that is gone, off or of another format is given up.
    fn look_at_settings(&mut self, handle: &Handle) {
        let office = handle.office();
        for webhook in &office.webhooks {
            if self.webhooks.iter().any(|before| before.name == webhook.name && before != webhook) {
                self.queues.hurry(&webhook.name);
            }
        }
        let gone = self.webhooks.iter().any(|before| office.webhook(&before.name).is_none());
        self.webhooks.clone_from(&office.webhooks);
        self.drop_unwanted(handle);
        if gone {
            handle.store().keep_deliveries_of(office.webhooks.iter().map(|webhook| webhook.name.clone()).collect());
        }
    }

    fn drop_unwanted(&mut self, handle: &Handle) {
        let webhooks = &self.webhooks;
        let is_on = |name: &str| webhooks.iter().any(|webhook| webhook.name == name && webhook.enabled);
        for (name, delivery) in self.queues.keep_only(is_on) {
            let why = ["Получатель выключен.", "The receiver is switched off."];
            let row = DeliveryRow {
                why_ru: why[0].to_owned(),
                why_en: why[1].to_owned(),
                ..row(&name, &delivery, DeliveryOutcome::GivenUp)
            };
            handle.store().keep_delivery(row);
        }
    }
}

fn is_wanted(office: &Office) -> bool {
    office.webhooks.iter().any(|webhook| webhook.enabled && !webhook.events.is_empty())
}

fn row(webhook: &str, delivery: &Delivery, outcome: DeliveryOutcome) -> DeliveryRow {
    let Delivery { id, event, made_at, body, attempts } = delivery.clone();
    let webhook = webhook.to_owned();
    let (why_ru, why_en) = (String::new(), String::new());
    DeliveryRow { id, webhook, event, made_at, body, attempts, tried_at: None, outcome, status: None, why_ru, why_en }
}

/// What came of an attempt. Names the webhook and never its address.
fn note(handle: &Handle, webhook: &str, fate: Fate, sent: &Sent) {
    let (delivery, outcome) = match fate {
        Fate::Delivered(delivery) => (delivery, DeliveryOutcome::Delivered),
        Fate::Waits(delivery) => (delivery, DeliveryOutcome::Waiting),
        Fate::GivenUp(delivery) => (delivery, DeliveryOutcome::GivenUp),
    };
    let [why_ru, why_en] = sent.why.clone();
    match outcome {
        DeliveryOutcome::Delivered => tracing::debug!(webhook, event = delivery.event, "delivered"),
        DeliveryOutcome::Waiting => tracing::info!(webhook, event = delivery.event, why = why_en, "waits"),
        DeliveryOutcome::GivenUp => {
            tracing::warn!(webhook, event = delivery.event, why = why_en, "given up");
            handle.raise(Alarm::WebhookFailing { webhook: webhook.to_owned() });
        }
    }
    let row = row(webhook, &delivery, outcome);
    let tried_at = Some(clock::wall());
    handle.store().keep_delivery(DeliveryRow { tried_at, status: sent.status, why_ru, why_en, ..row });
}

/// Too many wait.
fn overflown(handle: &Handle, webhook: &str, delivery: Delivery) {
    let row = DeliveryRow {
        why_ru: "Очередь переполнилась.".to_owned(),
        why_en: "Too many events waited.".to_owned(),
        ..row(webhook, &delivery, DeliveryOutcome::GivenUp)
    };
    handle.store().keep_delivery(row);
    handle.raise(Alarm::WebhookFailing { webhook: webhook.to_owned() });
}

fn until(now: WallTime, at: WallTime) -> Duration {
    let millis = u64::try_from(at.millis().saturating_sub(now.millis())).unwrap_or(0);
    Duration::from_millis(millis).min(LONGEST_WAIT)
}

/// Events on their way to the thread, and outcomes.
pub const HAPPENINGS: usize = 2_000;
/// Taken in a row.
const AT_ONCE: usize = 200;
/// The clock and the settings may have changed meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

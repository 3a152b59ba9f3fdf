//! The thread of updates: waits, writes, and judges the trial of the version that it is itself.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use super::plan::{Outcome, Plan, When, forget_plan, forget_when};
use super::{Job, Own, Stage, Updates, View, in_words, loop_call, own_page, take};
use crate::base::{Duration, WallTime};
use crate::engine::live::{TrunkState, TrunkView};
use crate::guard::Alarm;
use crate::io::board::Event;
use crate::io::clock::{self, Clock};
use crate::io::files::free_bytes;
use crate::io::handle::{Handle, Order};
use crate::io::steward::client;
use crate::io::store::{self, StoreError};
use crate::machine::trial::{Before, Input, KEPT_DATABASE, Output, Phone, Trial, Why};
use crate::machine::{self, Answer, Reason, State, reason};

/// How often calls and the hour are looked at.
const TICK: Duration = Duration::from_secs(1);
/// What stays free beside the database for the old version. Bytes.
const FLOOR: u64 = 32 << 20;
/// Progress is told in such steps. Per cent.
const STEP: u8 = 5;

/// Starts the thread.
///
/// # Errors
/// When there is none.
pub(in crate::io) fn start(handle: &Handle, own: Own) -> io::Result<()> {
    let updates = handle.updates().clone();
    let jobs = updates.jobs();
    let worker = Worker { handle: handle.clone(), updates, own, clock: Clock::start(), due: None };
    std::thread::Builder::new().name("update".to_owned()).spawn(move || worker.run(&jobs)).map(drop)
}

/// Whether this version runs on trial: it may where there is a steward that does not say.
pub(in crate::io) fn is_on_trial() -> bool {
    match client::ask(&machine::Order::State, &mut |_| ()) {
        Ok(Answer::State(state)) => state.on_trial,
        Ok(_) => true,
        Err(_) => client::is_there(),
    }
}

/// Whether a trunk carries calls.
pub(in crate::io) fn carries(trunk: &TrunkView) -> bool {
    matches!(trunk.state, TrunkState::Registered | TrunkState::Reachable)
}

struct Worker {
    handle: Handle,
    updates: Updates,
    own: Own,
    clock: Clock,
    due: Option<Due>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Option<WallTime>,
    idle: bool,
}

impl Worker {
    fn run(mut self, jobs: &Receiver<Job>) {
        self.begin();
        loop {
            let job = match self.due {
                Some(_) => jobs.recv_timeout(TICK),
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(Job::Start(when)) => self.wait(when),
                Ok(Job::Write(answer)) => {
                    let written = self.write();
                    self.show(|view| (view.stage, view.percent) = (Stage::Ready, None));
                    let _ = answer.send(written.map_err(|[_, english]| english));
                }
                Ok(Job::Forget) => {
                    self.due = None;
                    self.tell("an update is forgotten");
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.due.is_some_and(|due| self.has_come(due)) {
                self.due = None;
                self.go();
            }
        }
    }

    fn folder(&self) -> &Path {
        &self.updates.0.folder
    }

    /// What the time before has left.
    fn begin(&mut self) {
        let state = match client::ask(&machine::Order::State, &mut |_| ()) {
            Ok(Answer::State(state)) => state,
            _ => return, // not the box
        };
        // Before the console's, which would make it its own.
        if let Err(error) = take::make(self.folder()) {
            tracing::warn!(%error, "no update can be kept");
        }
        let plan = Plan::read(self.folder());
        if state.on_trial {
            return self.judge(plan.unwrap_or_default());
        }
        if let Some(plan) = plan {
            self.settle(plan, &state);
        }
        let file = self.folder().join(take::FILE);
        if self.updates.view().stage == Stage::None
            && file.exists()
            && let Ok(header) = take::header(&file)
        {
            self.updates.show_ready(&header);
            if let Some(when) = When::read(self.folder()) {
                self.wait(when);
            }
        }
    }

    /// An update was tried: how did it end?
    fn settle(&self, mut plan: Plan, state: &State) {
        let outcome = match plan.outcome {
            Some(outcome) => outcome,
            None if !state.failed.is_empty() => Outcome::Returned,
            None if state.release == plan.version => Outcome::Kept,
            // It was not even begun.
            None => return forget_plan(self.folder()),
        };
        let reason = (outcome == Outcome::Returned).then(|| in_words(&Why::parse(&state.failed_reason)));
        let stage = if outcome == Outcome::Kept { Stage::Kept } else { Stage::Returned };
        let is_told = plan.outcome.replace(outcome).is_some();
        self.close(&plan);
        self.show(|view| *view = View { stage, reason: reason.clone(), ..shown(&plan) });
        if is_told {
            return;
        }
        if let Some(why) = reason {
            tracing::error!(version = plan.version, why = state.failed_reason, "the update was returned");
            self.handle.raise(Alarm::UpdateReturned { version: plan.version, why });
        }
    }

    /// It is known how it ended; the file is of no use any more.
    fn close(&self, plan: &Plan) {
        if let Err(error) = plan.write(self.folder()) {
            tracing::warn!(%error, "how the update ended is not kept");
        }
        let _ = std::fs::remove_file(self.folder().join(take::FILE));
        forget_when(self.folder());
    }

    fn wait(&mut self, when: When) {
        let at = match when {
            When::Now | When::Idle => None,
            When::At { hour, minute } => Some(self.next(hour, minute)),
        };
        self.due = Some(Due { at, idle: when != When::Now });
        if let Err(error) = take::make(self.folder()).and_then(|()| when.write(self.folder())) {
            tracing::warn!(%error, "a restart would forget that the update waits");
        }
        self.show(|view| (view.stage, view.when) = (Stage::Waiting, Some(when)));
        self.tell("an update waits");
    }

    /// When the office's clocks show this next.
    fn next(&self, hour: u8, minute: u8) -> WallTime {
        let zone = jiff::tz::TimeZone::get(&self.handle.office().settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
        let now = jiff::Timestamp::from_millisecond(clock::wall().millis()).unwrap_or_default().to_zoned(zone);
        let [hour, minute] = [hour, minute].map(|part| i8::try_from(part).unwrap_or(0));
        let at = |day: &jiff::Zoned| day.with().hour(hour).minute(minute).second(0).subsec_nanosecond(0).build();
        let today = at(&now).ok().filter(|at| *at > now);
        let at = today.or_else(|| at(&now.tomorrow().ok()?).ok()).unwrap_or(now);
        WallTime(at.timestamp().as_millisecond())
    }

    fn has_come(&self, due: Due) -> bool {
        due.at.is_none_or(|at| clock::wall() >= at) && (!due.idle || self.handle.board().calls().is_empty())
    }

    /// Writes it, keeps what the old version would need, and has it tried.
    fn go(&self) {
        forget_when(self.folder());
        match self.write().and_then(|()| self.leave()) {
            Ok(()) => tracing::warn!("the box starts anew, with the new version on trial"),
            Err(reason) => {
                tracing::error!(reason = reason[1], "the update did not begin");
                forget_plan(self.folder());
                self.show(|view| {
                    (view.stage, view.when, view.percent) = (Stage::Ready, None, None);
                    view.reason = Some(reason);
                });
                self.tell("an update did not begin");
            }
        }
    }

    fn write(&self) -> Result<(), Reason> {
        self.show(|view| (view.stage, view.percent, view.reason) = (Stage::Writing, Some(0), None));
        self.tell("an update is being written");
        let path = self.folder().join(take::FILE);
        let mut told = 0;
        let answer = client::ask(&machine::Order::WriteUpdate { path }, &mut |percent| {
            self.show(|view| view.percent = Some(percent));
            if percent >= told + STEP {
                told = percent;
                self.tell("an update is being written");
            }
        });
        done(answer, "Обновление не записано", "The update was not written")
    }

    fn leave(&self) -> Result<(), Reason> {
        let refused = |error: &dyn std::fmt::Display| {
            let english = format!("The database could not be kept for the old version: {error}.");
            [format!("Не удалось сохранить базу данных для прежней версии: {error}."), english]
        };
        let data = self.handle.data();
        match store::keep_good_copy(data, free_bytes(data).map_err(|error| refused(&error))?) {
            Err(StoreError::Damaged(why)) => return Err(damaged(&why)),
            Err(error) => tracing::warn!(%error, "no good copy of the database is kept before the update"),
            Ok(_) => {}
        }
        let copy = data.join(KEPT_DATABASE);
        let database = std::fs::metadata(store::database(data)).map_or(0, |about| about.len());
        if free_bytes(data).map_err(|error| refused(&error))? < database + FLOOR {
            return Err([
                "На диске слишком мало места: для прежней версии надо сохранить базу данных.".to_owned(),
                "There is too little room on the disk: the database must be kept for the old version.".to_owned(),
            ]);
        }
        self.handle.store().flush().map_err(|error| refused(&error))?;
        let phones = store::copy_whole(data, &copy).map_err(|error| refused(&error))?;
        let trunks = self.handle.board().trunks().into_values().filter(carries).map(|trunk| trunk.name).collect();
        let phones = phones.into_iter().map(|(login, contact)| Phone { login, contact }).collect();
        let before = Before { trunks, phones, at: clock::wall().millis(), page: Some(self.own.https) };
        let View { version, notes, .. } = self.updates.view();
        let plan = Plan { version, notes, before, outcome: None };
        plan.write(self.folder()).map_err(|error| refused(&error))?;
        let answer = client::ask(&machine::Order::StartTrial, &mut |_| ());
        done(answer, "Новая версия не запущена", "The new version was not started")
    }

    /// This is the new version: is it any good?
    fn judge(&self, mut plan: Plan) {
        let (news, inbox) = channel();
        let _ = self.updates.0.trial.set(news.clone());
        let mut trial = Trial::new(self.clock.now(), plan.before.clone());
        let page = plan.before.page.unwrap_or(self.own.https);
        let before = trial.wanted();
        self.show(|view| *view = View { stage: Stage::Trial, before, ..shown(&plan) });
        tracing::warn!(phones = before.phones, trunks = before.trunks, "this version is on trial");
        for trunk in self.handle.board().trunks().into_values() {
            let carries = carries(&trunk);
            trial.handle_input(self.clock.now(), Input::Trunk { name: trunk.name, carries });
        }
        loop {
            trial.handle_input(self.clock.now(), Input::Clock(clock::wall()));
            while let Some(output) = trial.poll_output() {
                match output {
                    Output::AskPhones(phones) => phones.into_iter().for_each(|Phone { login, contact }| {
                        self.handle.tell(Order::AskPhone { login, contact });
                    }),
                    Output::CallLoop => {
                        self.beside("loop", &news, |worker| Input::Loop(loop_call::is_heard(&worker.0, worker.1.sip)))
                    }
                    Output::AskPage => self.beside("page", &news, move |_| Input::Page(own_page::answers(page))),
                    Output::Back(back) => {
                        self.show(|view| view.back = back);
                        self.tell("telephones and trunks come back");
                    }
                    Output::Keep => return self.keep(&mut plan),
                    Output::GiveUp(why) => return self.give_up(&why),
                }
            }
            let wait = trial.poll_timeout().map_or(TICK, |at| at.since(self.clock.now())).min(TICK);
            let input = inbox.recv_timeout(wait).unwrap_or(Input::Timeout);
            trial.handle_input(self.clock.now(), input);
        }
    }

    /// Asks something that takes its time, on a thread of its own. A trial without its answer ends at its end.
    fn beside(&self, name: &str, news: &Sender<Input>, ask: impl FnOnce((Handle, Own)) -> Input + Send + 'static) {
        let (news, with) = (news.clone(), (self.handle.clone(), self.own));
        let work = move || drop(news.send(ask(with)));
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
            tracing::warn!(%error, "the trial can't ask");
        }
    }

    fn keep(&self, plan: &mut Plan) {
        match client::ask(&machine::Order::Keep, &mut |_| ()) {
            Ok(Answer::Done) => {
                tracing::warn!(version = plan.version, "the new version is kept");
                plan.outcome = Some(Outcome::Kept);
                self.close(plan);
                self.show(|view| view.stage = Stage::Kept);
                self.tell("the update is kept");
            }
            // Its time will be over, and the old version be back.
            answer => tracing::error!(?answer, "the new version can't be kept"),
        }
    }

    fn give_up(&self, why: &Why) {
        tracing::error!(%why, "the new version is given up");
        let reason = Some(in_words(why));
        self.show(|view| view.reason = reason);
        self.tell("the update is given up");
        if let Err(error) = client::ask(&machine::Order::GiveUp { reason: why.to_string() }, &mut |_| ()) {
            tracing::error!(%error, "the steward does not answer");
        }
    }

    fn show(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.updates.shown());
    }

    fn tell(&self, text: &str) {
        self.handle.board().tell(Event::System { what: "update", text: text.to_owned(), at: clock::wall() });
    }
}

fn shown(plan: &Plan) -> View {
    View { version: plan.version.clone(), notes: plan.notes.clone(), ..View::default() }
}

fn damaged(why: &str) -> Reason {
    [
        format!(
            "База данных повреждена, обновлять сейчас нельзя. Перезапустите станцию: она возьмёт хорошую копию базы ({why})."
        ),
        format!(
            "The database is damaged, so this is no time for an update. Restart the box: it takes the good copy of it ({why})."
        ),
    ]
}

/// What the steward's last word means.
fn done(answer: io::Result<Answer>, russian: &str, english: &str) -> Result<(), Reason> {
    let [ru, en] = match answer {
        Ok(Answer::Done) => return Ok(()),
        Ok(Answer::Refused { reason }) => reason,
        Ok(_) => reason("служба прибора отвечает не о том", "the steward answers something else"),
        Err(error) => {
            reason(format!("служба прибора не отвечает ({error})"), format!("the steward does not answer ({error})"))
        }
    };
    Err([format!("{russian}: {ru}."), format!("{english}: {en}.")])
}

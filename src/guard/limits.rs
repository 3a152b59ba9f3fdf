//! Toll fraud: what calls with the city may cost. The [`Meter`] knows which go on, for which extension, and what each has used up
//! today; it is asked before a call goes out, and says when one that goes on has come to its limit. So a stolen password costs at most what
//! `[limits]` says. Emergency calls are never told to it.
//!
//! A call counts when it is answered, and holds its place until then: so many that ring in vain use nothing up, and yet no more can be
//! answered than may be. Its seconds count on the day on which they pass. A day is that of the office's time zone.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::civil::Date;

use super::alarm::{Alarm, Limit as Which};
use crate::base::{Duration, Instant, SessionId, WallTime};
use crate::desk::timetable::Zone;
use crate::number::Class;
use crate::office::{Limits, Office};

/// So long before its limit ends a call, those who talk are told.
pub const NOTICE: Duration = Duration::from_secs(60);
/// How often a call that goes on is told to the disk: so much is forgotten at most when the process ends without a word.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// Uses in memory, for a day that begins anew when the clock or the zone is set; further ones forget the oldest.
const USES: usize = 20_000;
/// With less than this left of the day's minutes, no call begins.
const LEAST: Duration = Duration::from_secs(1);
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What stood in the way of a call, or ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Limit {
    /// `outside_calls`.
    #[error("the office has as many outside calls as it may")]
    OfficeCalls,
    /// `extension_calls`.
    #[error("the extension has as many outside calls as it may")]
    Calls,
    /// `calls_a_day`.
    #[error("the office has made as many outside calls today as it may")]
    OfficeCallsADay,
    /// `extension_calls_a_day`.
    #[error("the extension has made as many outside calls today as it may")]
    CallsADay,
    /// `minutes_a_day`.
    #[error("the office has used up its outside minutes of today")]
    OfficeMinutesADay,
    /// `extension_minutes_a_day`.
    #[error("the extension has used up its outside minutes of today")]
    MinutesADay,
    /// `blocked`.
    #[error("calls there are blocked")]
    Blocked,
    /// `countries`.
    #[error("calls to that country are not opened")]
    Country,
    /// `quiet_from` and `quiet_to`.
    #[error("such calls are not made at this time of day")]
    Quiet,
}

impl Limit {
    /// For programs: the cause of a call's end in the history.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OfficeCalls => "limit_office_calls",
            Self::Calls => "limit_calls",
            Self::OfficeCallsADay => "limit_office_calls_a_day",
            Self::CallsADay => "limit_calls_a_day",
            Self::OfficeMinutesADay => "limit_office_minutes_a_day",
            Self::MinutesADay => "limit_minutes_a_day",
            Self::Blocked => "blocked_destination",
            Self::Country => "closed_country",
            Self::Quiet => "quiet_hours",
        }
    }
}

/// Now, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// That spans are measured by.
    pub now: Instant,
    /// That days are told by.
    pub wall: WallTime,
}

impl Moment {
    /// When the calendar will say so; now, when that is past.
    fn at(self, wall: WallTime) -> Instant {
        self.now + millis(wall.millis() - self.wall.millis())
    }
}

/// A call that is about to go out.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Whose rights it has.
    pub extension: &'a str,
    /// E.164 digits.
    pub number: &'a str,
    /// Of the number.
    pub class: Class,
    /// The number is a mobile telephone of the extension's own. An admin wrote it there, and several ring for one call: so it is only asked what
    /// the day has used up, and it holds no place before it is answered.
    pub is_own_mobile: bool,
}

/// A call with the city that was answered, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Rises with the clock.
    pub id: u64,
    /// Whose rights it had.
    pub extension: String,
    /// When it was answered.
    pub from: WallTime,
    /// When it ended, or until when it is known to have gone on.
    pub to: WallTime,
}

/// What [`Meter::handle_timeout`] wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A call goes on: keep that.
    Keep(Use),
    /// It ends within [`NOTICE`]: who talks is told.
    Warn(SessionId),
    /// It has come to its limit.
    End {
        /// Which.
        session: SessionId,
        /// Whose rights it has.
        extension: String,
        /// What it has come to.
        limit: Limit,
    },
}

/// What somebody has going and has used up today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Outside calls that go on now, those that ring too.
    pub calls: u32,
    /// Answered today.
    pub calls_today: u32,
    /// Of today, those of calls that go on too.
    pub time_today: Duration,
}

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the whole office.
    pub office: Tally,
    /// Extensions that have or had something today, by number.
    pub extensions: BTreeMap<String, Tally>,
}

/// Counts what calls with the city use up.
#[derive(Debug, Default)]
pub struct Meter {
    zone: Option<(String, Zone)>,
    day: Day,
    used: HashMap<String, Used>,
    of_office: Used,
    running: BTreeMap<SessionId, Running>,
    /// Extension → until when no limit holds for it.
    allowed: HashMap<String, WallTime>,
    /// Calls that are over, of today and yesterday.
    uses: VecDeque<Use>,
    next: Option<Instant>,
    last_id: u64,
}

#[derive(Debug, Default)]
struct Day {
    begins: WallTime,
    ends: WallTime,
}

impl Day {
    fn holds(&self, at: WallTime) -> bool {
        (self.begins..self.ends).contains(&at)
    }
}

/// By calls that are over, and the number of those that go on.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    calls: u32,
    time: Duration,
}

impl Used {
    fn add(&mut self, calls: u32, time: Duration) {
        self.calls = self.calls.saturating_add(calls);
        self.time = self.time.saturating_add(time);
    }
}

/// A leg to the city.
#[derive(Debug)]
struct Running {
    extension: String,
    is_own_mobile: bool,
    answered: Option<Answered>,
}

#[derive(Debug)]
struct Answered {
    id: u64,
    at: Instant,
    wall: WallTime,
    /// Since when it uses up this day.
    today: Instant,
    kept: Instant,
    is_warned: bool,
    is_ending: bool,
}

impl Running {
    /// Whether it counts among those at a time.
    fn holds_place(&self) -> bool {
        self.answered.is_some() || !self.is_own_mobile
    }

    fn time_today(&self, now: Instant) -> Duration {
        self.answered.as_ref().map_or(Duration::ZERO, |answered| now.since(answered.today))
    }

    fn as_use(&self, now: Instant) -> Option<Use> {
        let answered = self.answered.as_ref()?;
        let (extension, from) = (self.extension.clone(), answered.wall);
        Some(Use { id: answered.id, extension, from, to: from + now.since(answered.at) })
    }
}

impl Meter {
    /// What was used up before a restart, by calls of today and yesterday, and who is allowed more until when.
    pub fn restore(&mut self, uses: Vec<Use>, allowed: Vec<(String, WallTime)>) {
        self.uses.extend(uses);
        self.allowed.extend(allowed);
        self.day = Day::default(); // counted anew when it is next looked at
    }

    /// Lifts all limits, blocked destinations and quiet hours for an extension until then; `None`: they hold again.
    pub fn allow(&mut self, at: Moment, office: &Office, extension: &str, until: Option<WallTime>) {
        match until {
            Some(until) => drop(self.allowed.insert(extension.to_owned(), until)),
            None => drop(self.allowed.remove(extension)),
        }
        self.look_ahead(at, office);
    }

    /// The office or the clock has changed.
    pub fn changed(&mut self, at: Moment, office: &Office) {
        self.look_ahead(at, office);
    }

    /// Whether this call may go out now.
    ///
    /// # Errors
    /// What stands in its way.
    pub fn ask(&mut self, at: Moment, office: &Office, wanted: &Wanted<'_>) -> Result<(), Limit> {
        self.turn_day(at, office);
        if wanted.class == Class::Emergency || self.is_allowed(at.wall, wanted.extension) {
            return Ok(());
        }
        if !wanted.is_own_mobile {
            self.destination(at, &office.limits, wanted)?;
        }
        self.at_a_time(office, wanted)?;
        self.of_today(at.now, office, wanted.extension)
    }

    /// A leg to the city is placed for this extension.
    pub fn begin(&mut self, session: SessionId, extension: &str, is_own_mobile: bool) {
        let running = Running { extension: extension.to_owned(), is_own_mobile, answered: None };
        self.running.insert(session, running);
    }

    /// It is answered, and costs money from now on: to be kept.
    pub fn answered(&mut self, at: Moment, office: &Office, session: SessionId) -> Option<Use> {
        self.turn_day(at, office);
        let running = self.running.get_mut(&session).filter(|running| running.answered.is_none())?;
        self.last_id = (u64::try_from(at.wall.millis()).unwrap_or(0) << 20).max(self.last_id + 1);
        let Moment { now, wall } = at;
        running.answered = Some(Answered {
            id: self.last_id,
            at: now,
            wall,
            today: now,
            kept: now,
            is_warned: false,
            is_ending: false,
        });
        let (extension, kept) = (running.extension.clone(), running.as_use(now));
        self.add(&extension, 1, Duration::ZERO);
        self.look_ahead(at, office);
        kept
    }

    /// It is over: to be kept, when it was answered.
    pub fn end(&mut self, at: Moment, office: &Office, session: SessionId) -> Option<Use> {
        self.turn_day(at, office);
        let running = self.running.remove(&session)?;
        self.add(&running.extension, 0, running.time_today(at.now));
        let over = running.as_use(at.now);
        if let Some(over) = &over {
            if self.uses.len() >= USES {
                self.uses.pop_front();
            }
            self.uses.push_back(over.clone());
            self.look_ahead(at, office);
        }
        over
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to say.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// What is due.
    pub fn handle_timeout(&mut self, at: Moment, office: &Office) -> Vec<Order> {
        if self.next.is_none_or(|next| next > at.now) {
            return Vec::new();
        }
        self.turn_day(at, office);
        let ends = self.ends(at, office);
        let mut orders = Vec::new();
        for (session, running) in &mut self.running {
            let kept = running.as_use(at.now);
            let (Some(answered), Some(kept)) = (&mut running.answered, kept) else { continue };
            if at.now.since(answered.kept) >= KEEP_EVERY {
                answered.kept = at.now;
                orders.push(Order::Keep(kept));
            }
            match ends.get(&running.extension) {
                _ if answered.is_ending => {}
                Some((end, limit)) if *end <= at.now => {
                    answered.is_ending = true;
                    let extension = running.extension.clone();
                    orders.push(Order::End { session: *session, extension, limit: *limit });
                }
                Some((end, _)) if *end <= at.now + NOTICE && !answered.is_warned => {
                    answered.is_warned = true;
                    orders.push(Order::Warn(*session));
                }
                _ => {}
            }
        }
        self.look_ahead(at, office);
        orders
    }

    /// What goes on, and what today has used up.
    pub fn usage(&mut self, at: Moment, office: &Office) -> Usage {
        self.turn_day(at, office);
        let tally = |used: &Used| Tally { calls: 0, calls_today: used.calls, time_today: used.time };
        let mut usage = Usage { office: tally(&self.of_office), ..Usage::default() };
        usage.extensions.extend(self.used.iter().map(|(extension, used)| (extension.clone(), tally(used))));
        for running in self.running.values() {
            let time = running.time_today(at.now);
            for tally in [usage.extensions.entry(running.extension.clone()).or_default(), &mut usage.office] {
                tally.calls += 1;
                tally.time_today = tally.time_today.saturating_add(time);
            }
        }
        usage
    }

    /// Until when no limit holds for an extension, while that lasts.
    fn allowed_until(&self, wall: WallTime, extension: &str) -> Option<WallTime> {
        self.allowed.get(extension).copied().filter(|until| *until > wall)
    }

    fn is_allowed(&self, wall: WallTime, extension: &str) -> bool {
        self.allowed_until(wall, extension).is_some()
    }

    fn destination(&self, at: Moment, limits: &Limits, wanted: &Wanted<'_>) -> Result<(), Limit> {
        let begins = |prefix: &String| wanted.number.starts_with(prefix.as_str());
        if limits.blocked.iter().any(begins) {
            return Err(Limit::Blocked);
        }
        let is_abroad = wanted.class == Class::International;
        if is_abroad && !limits.countries.is_empty() && !limits.countries.iter().any(begins) {
            return Err(Limit::Country);
        }
        if super::may_call(limits.quiet_classes, false, wanted.class).is_ok() && self.is_quiet(at.wall, limits) {
            return Err(Limit::Quiet);
        }
        Ok(())
    }

    fn is_quiet(&self, wall: WallTime, limits: &Limits) -> bool {
        let (Some(quiet), Some((_, zone))) = (limits.quiet, &self.zone) else { return false };
        let time = zone.civil(wall).time();
        let minute = u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0);
        match quiet.from <= quiet.to {
            true => (quiet.from..quiet.to).contains(&minute),
            false => minute >= quiet.from || minute < quiet.to,
        }
    }

    fn at_a_time(&self, office: &Office, wanted: &Wanted<'_>) -> Result<(), Limit> {
        let count = |of: &dyn Fn(&Running) -> bool| self.running.values().filter(|running| of(running)).count();
        let reached = |most: u32, count: usize| most > 0 && count >= usize::try_from(most).unwrap_or(usize::MAX);
        let own = |running: &Running| running.holds_place() && running.extension == wanted.extension;
        if !wanted.is_own_mobile && reached(Bounds::of(office, wanted.extension).calls, count(&own)) {
            return Err(Limit::Calls);
        }
        if reached(office.limits.outside_calls, count(&|_| true)) {
            return Err(Limit::OfficeCalls);
        }
        Ok(())
    }

    fn of_today(&self, now: Instant, office: &Office, extension: &str) -> Result<(), Limit> {
        let bounds = Bounds::of(office, extension);
        let used = self.used.get(extension).copied().unwrap_or_default();
        // whoever rings may be answered
        let ringing = |own: bool| {
            let rings = |running: &&Running| {
                running.answered.is_none() && running.holds_place() && (!own || running.extension == extension)
            };
            u32::try_from(self.running.values().filter(rings).count()).unwrap_or(u32::MAX)
        };
        let reached = |most: u32, count: u32| most > 0 && count >= most;
        if reached(bounds.calls_a_day, used.calls.saturating_add(ringing(true))) {
            return Err(Limit::CallsADay);
        }
        if reached(office.limits.calls_a_day, self.of_office.calls.saturating_add(ringing(false))) {
            return Err(Limit::OfficeCallsADay);
        }
        let left = |most: u32, own: Option<&str>| self.left(now, most, own).is_none_or(|(left, _)| left >= LEAST);
        if !left(bounds.minutes_a_day, Some(extension)) {
            return Err(Limit::MinutesADay);
        }
        if !left(office.limits.minutes_a_day, None) {
            return Err(Limit::OfficeMinutesADay);
        }
        Ok(())
    }

    /// What is left today of so many minutes (0: no limit), for an extension or the office, and how many calls eat it.
    fn left(&self, now: Instant, minutes: u32, own: Option<&str>) -> Option<(Duration, u32)> {
        if minutes == 0 {
            return None;
        }
        let before = own.map_or(self.of_office, |own| self.used.get(own).copied().unwrap_or_default());
        let (mut used, mut eating) = (before.time, 0);
        for running in self.running.values().filter(|one| own.is_none_or(|own| one.extension == own)) {
            used = used.saturating_add(running.time_today(now));
            eating += u32::from(running.answered.is_some());
        }
        Some((Duration::from_secs(u64::from(minutes) * 60).saturating_sub(used), eating))
    }

    /// When the calls of each extension come to a limit of minutes, as things are.
    fn ends(&self, at: Moment, office: &Office) -> HashMap<String, (Instant, Limit)> {
        let when = |minutes: u32, own: Option<&str>| {
            let (left, eating) = self.left(at.now, minutes, own)?;
            Some(at.now + left.checked_div(eating)?)
        };
        let of_office = when(office.limits.minutes_a_day, None);
        let mut ends: HashMap<String, (Instant, Limit)> = HashMap::new();
        for Running { extension, .. } in self.running.values().filter(|running| running.answered.is_some()) {
            if ends.contains_key(extension) {
                continue;
            }
            let own = when(Bounds::of(office, extension).minutes_a_day, Some(extension));
            let own = own.map(|end| (end, Limit::MinutesADay));
            let first =
                own.into_iter().chain(of_office.map(|end| (end, Limit::OfficeMinutesADay))).min_by_key(|one| one.0);
            if let Some((end, limit)) = first {
                let allowed = self.allowed_until(at.wall, extension).map_or(end, |until| at.at(until));
                ends.insert(extension.clone(), (end.max(allowed), limit));
            }
        }
        ends
    }

    fn add(&mut self, extension: &str, calls: u32, time: Duration) {
        self.used.entry(extension.to_owned()).or_default().add(calls, time);
        self.of_office.add(calls, time);
    }

    /// Another day, or another clock: what today has used up is counted anew.
    fn turn_day(&mut self, at: Moment, office: &Office) {
        let name = &office.settings.timezone;
        if self.zone.as_ref().is_none_or(|(known, _)| known != name) {
            self.zone = Zone::named(name).or_else(|| Zone::named("UTC")).map(|zone| (name.clone(), zone));
            self.day = Day::default();
        }
        if self.day.holds(at.wall) {
            return;
        }
        let Some((_, zone)) = &self.zone else { return };
        let date = zone.civil(at.wall).date();
        let midnight = |date: Date| zone.moment(date.at(0, 0, 0, 0));
        let begins = midnight(date).unwrap_or(at.wall);
        let ends = date.tomorrow().ok().and_then(midnight).unwrap_or(WallTime(begins.millis().saturating_add(DAY)));
        self.day = Day { begins, ends };
        self.count_anew(at);
    }

    fn count_anew(&mut self, at: Moment) {
        (self.used, self.of_office) = (HashMap::new(), Used::default());
        let Day { begins, ends, .. } = self.day;
        self.uses.retain(|one| one.to.millis() >= begins.millis().saturating_sub(DAY));
        self.allowed.retain(|_, until| *until > at.wall);
        let mut found = Vec::new();
        for Use { extension, from, to, .. } in &self.uses {
            let time = millis(to.millis().min(ends.millis()) - from.millis().max(begins.millis()));
            found.push((extension.clone(), u32::from(self.day.holds(*from)), time));
        }
        let midnight = at.now.micros().saturating_sub(micros(millis(at.wall.millis() - begins.millis())));
        for running in self.running.values_mut() {
            let Some(answered) = &mut running.answered else { continue };
            answered.today = answered.at.max(Instant::from_micros(midnight));
            let today = (begins..ends).contains(&answered.wall);
            found.push((running.extension.clone(), u32::from(today), Duration::ZERO));
        }
        for (extension, calls, time) in found.into_iter().filter(|(_, calls, time)| *calls > 0 || !time.is_zero()) {
            self.add(&extension, calls, time);
        }
    }

    /// Finds out when there is something to say next.
    fn look_ahead(&mut self, at: Moment, office: &Office) {
        self.turn_day(at, office);
        let ends = self.ends(at, office);
        let mut next: Option<Instant> = None;
        for Running { extension, answered, .. } in self.running.values_mut() {
            let Some(answered) = answered.as_mut().filter(|answered| !answered.is_ending) else { continue };
            let mut due = (answered.kept + KEEP_EVERY).min(at.at(self.day.ends));
            if let Some((end, _)) = ends.get(extension) {
                answered.is_warned &= *end <= at.now + NOTICE; // else somebody gave it more time
                let notice = Instant::from_micros(end.micros().saturating_sub(micros(NOTICE)));
                due = due.min(if answered.is_warned { *end } else { notice });
            }
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        self.next = next;
    }
}

/// The limits of one extension: its own, else the office's.
struct Bounds {
    calls: u32,
    calls_a_day: u32,
    minutes_a_day: u32,
}

impl Bounds {
    fn of(office: &Office, extension: &str) -> Self {
        let own = office.extension(extension).map(|extension| extension.limits).unwrap_or_default();
        let limits = &office.limits;
        Self {
            calls: own.calls.unwrap_or(limits.extension_calls),
            calls_a_day: own.calls_a_day.unwrap_or(limits.extension_calls_a_day),
            minutes_a_day: own.minutes_a_day.unwrap_or(limits.extension_minutes_a_day),
        }
    }
}

/// What an admin learns of a call that met a limit.
pub fn alarm(office: &Office, extension: &str, number: &str, limit: Limit) -> Alarm {
    let (bounds, limits) = (Bounds::of(office, extension), &office.limits);
    let (extension, number) = (extension.to_owned(), number.to_owned());
    let (which, of_office, limit) = match limit {
        Limit::Blocked | Limit::Country => return Alarm::BlockedDestination { extension, number },
        Limit::Quiet => return Alarm::QuietHours { extension, number },
        Limit::Calls => (Which::CallsAtATime, false, bounds.calls),
        Limit::CallsADay => (Which::CallsADay, false, bounds.calls_a_day),
        Limit::MinutesADay => (Which::MinutesADay, false, bounds.minutes_a_day),
        Limit::OfficeCalls => (Which::CallsAtATime, true, limits.outside_calls),
        Limit::OfficeCallsADay => (Which::CallsADay, true, limits.calls_a_day),
        Limit::OfficeMinutesADay => (Which::MinutesADay, true, limits.minutes_a_day),
    };
    Alarm::LimitReached { extension, which, of_office, limit }
}

/// A span; none when it is negative.
fn millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

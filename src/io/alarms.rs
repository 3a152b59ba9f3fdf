//! What an admin must learn, kept and told: alarms that anybody [raised](super::handle::Handle::raise) become rows, those of one cause one
//! with a count; each new row is told to the pages, by mail and to webhooks. One thread does it; it also looks at what nobody would
//! raise: trunks that stay away, the licence, the page's certificate, other DHCP servers.

mod letters;
mod notes;
mod outages;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use self::letters::Letters;
use self::outages::{Outages, Seen};
use super::board::Event;
use super::certificate::Certificate;
use super::clock::{self, Stopwatch};
use super::handle::{Handle, WeakHandle};
use super::mail::MailHandle;
use super::phones::{Way, Why};
use super::store::{AlarmFilter, AlarmRow, DeliveryRow, NewAlarm, StoreError};
use super::webhooks::Happening;
use super::{http, reserve};
use crate::base::{Duration, WallTime};
use crate::engine::live::TrunkState;
use crate::guard::{Alarm, TrunkFault};
use crate::office::{Language, Office};
use crate::trust::{Standing, State};

pub(super) use notes::DATA_LOST;

/// Starts the thread; it ends with the exchange.
///
/// # Errors
/// When there is none.
pub fn start(
    handle: &Handle,
    raised: Receiver<Alarm>,
    mail: MailHandle,
    certificate: Arc<Certificate>,
) -> io::Result<()> {
    let desk = Desk {
        handle: handle.downgrade(),
        mail,
        certificate,
        letters: Letters::default(),
        outages: Outages::default(),
        told: HashMap::new(),
    };
    std::thread::Builder::new().name("alarms".to_owned()).spawn(move || desk.run(&raised)).map(drop)
}

impl http::Notices for Handle {
    fn raise(&self, alarm: Alarm) {
        Self::raise(self, alarm);
    }

    fn alarms(&self, filter: &AlarmFilter, limit: usize, before: Option<i64>) -> Result<Vec<AlarmRow>, StoreError> {
        self.reader().alarms(filter, limit, before)
    }

    fn unseen_alarms(&self) -> Result<u64, StoreError> {
        self.reader().unseen_alarms()
    }

    fn see_alarm(&self, id: Option<i64>) -> Result<bool, StoreError> {
        self.store().see_alarm(id)
    }

    fn deliveries(&self, webhook: &str, limit: usize) -> Result<Vec<DeliveryRow>, StoreError> {
        // What was tried a moment ago belongs to the answer.
        self.store().flush()?;
        self.reader().deliveries(webhook, limit)
    }
}

struct Desk {
    handle: WeakHandle,
    mail: MailHandle,
    certificate: Arc<Certificate>,
    letters: Letters,
    outages: Outages,
    /// States that go on, by key: when each was last told.
    told: HashMap<String, WallTime>,
}

impl Desk {
    fn run(mut self, raised: &Receiver<Alarm>) {
        let mut looked = Stopwatch::start();
        if let Some(handle) = self.handle.upgrade() {
            reserve::keep(handle.data());
        }
        loop {
            let first = match raised.recv_timeout(LOOK_EVERY) {
                Ok(alarm) => Some(alarm),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let Some(handle) = self.handle.upgrade() else { return };
            let mut alarms: Vec<Alarm> = first.into_iter().chain(raised.try_iter().take(AT_ONCE)).collect();
            if looked.elapsed() >= LOOK_EVERY {
                looked = Stopwatch::start();
                reserve::keep(handle.data());
                alarms.extend(self.look(&handle));
                self.tell_noted(&handle);
            }
            if !alarms.is_empty() {
                self.tell(&handle, &alarms);
            }
            self.late(&handle);
        }
    }

    /// What goes on that nobody raises.
    fn look(&mut self, handle: &Handle) -> Vec<Alarm> {
        let (now, office) = (clock::wall(), handle.office());
        let states = handle.board().trunks();
        let seen =
            office.trunks.iter().filter_map(|trunk| Some((trunk.name.as_str(), seen(&states.get(&trunk.name)?.state))));
        let mut alarms = self.outages.look(now, seen);
        let lasting = [
            of_licence(&handle.licence().standing()),
            self.certificate.ends_within(CERTIFICATE_WARNING).map(|at| Alarm::CertificateEnds { at }),
            other_dhcp_server(handle),
        ];
        for alarm in lasting.into_iter().flatten() {
            let within = i64::try_from(alarm.one_within().as_millis()).unwrap_or(i64::MAX);
            let told = self.told.get(&alarm.key()).copied();
            if told.is_none_or(|at| now.0 < at.0 || now.0 - at.0 >= within) {
                self.told.insert(alarm.key(), now);
                alarms.push(alarm);
            }
        }
        alarms
    }

    /// What the start has found, or the steward before it.
    fn tell_noted(&mut self, handle: &Handle) {
        for (note, alarm) in notes::read(handle.data()) {
            if self.tell(handle, &[alarm]) {
                notes::forget(&note);
            }
        }
    }

    /// Keeps and tells them; false: the disk does not keep them.
    fn tell(&mut self, handle: &Handle, alarms: &[Alarm]) -> bool {
        let (now, office) = (clock::wall(), handle.office());
        let gathered = gather(alarms);
        let rows = gathered.iter().map(|(alarm, count)| row(&office, alarm, *count, now)).collect();
        let kept = match handle.store().keep_alarms(rows) {
            Ok(kept) => kept,
            Err(error) => {
                for (alarm, count) in gathered {
                    tracing::error!(%error, count, "not kept: {}", alarm.text(&office, Language::En));
                }
                return false;
            }
        };
        let unseen = handle.reader().unseen_alarms().unwrap_or(0);
        for ((alarm, count), kept) in gathered.into_iter().zip(kept) {
            if !kept.is_new {
                continue;
            }
            let text = alarm.text(&office, Language::En);
            tracing::warn!(kind = alarm.kind(), count, "{text}");
            let (kind, severity) = (alarm.kind(), alarm.severity().as_str());
            handle.board().tell(Event::Alarm { id: kept.id, kind, severity, text, unseen, at: now });
            handle.happened(|| Happening::Alarm { id: kept.id, alarm: alarm.clone(), at: now });
            if is_mailed(&office, alarm) {
                let language = office.notices.language.of(office.settings.language);
                if self.letters.admit(now, alarm.text(&office, language)) {
                    let recipients = recipients(&office, alarm);
                    self.mail.alarm(kept.id, alarm.text(&office, language), now, recipients);
                }
            }
        }
        true
    }

    /// What had to wait, as one letter.
    fn late(&mut self, handle: &Handle) {
        let now = clock::wall();
        if let Some(digest) = self.letters.due(now) {
            self.mail.alarms(digest.texts, digest.more, now, handle.office().notices.mail.clone());
        }
    }
}

/// Those of one key once, with how many they are; the last one speaks.
fn gather(alarms: &[Alarm]) -> Vec<(&Alarm, u32)> {
    let mut gathered: Vec<(String, &Alarm, u32)> = Vec::new();
    for alarm in alarms {
        let key = alarm.key();
        match gathered.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, last, count)) => (*last, *count) = (alarm, count.saturating_add(1)),
            None => gathered.push((key, alarm, 1)),
        }
    }
    gathered.into_iter().map(|(_, alarm, count)| (alarm, count)).collect()
}

fn row(office: &Office, alarm: &Alarm, count: u32, at: WallTime) -> NewAlarm {
    NewAlarm {
        key: alarm.key(),
        one_within: alarm.one_within(),
        kind: alarm.kind().to_owned(),
        severity: alarm.severity().as_str().to_owned(),
        count,
        at,
        text_ru: alarm.text(office, Language::Ru),
        text_en: alarm.text(office, Language::En),
        extension: alarm.extension().map(str::to_owned),
        address: alarm.address().map(|address| address.to_string()),
    }
}

/// That mail can't be sent is not told by mail.
fn is_mailed(office: &Office, alarm: &Alarm) -> bool {
    office.notices.wants(alarm.kind())
        && !matches!(alarm, Alarm::MailFailing { .. })
        && !recipients(office, alarm).is_empty()
}

/// Of a call for help, whoever looks after the box has a letter already.
fn recipients(office: &Office, alarm: &Alarm) -> Vec<String> {
    let has_letter = |address: &String| matches!(alarm, Alarm::EmergencyCall { .. }) && *address == office.mail.admin;
    office.notices.mail.iter().filter(|address| !has_letter(address)).cloned().collect()
}

fn seen(state: &TrunkState) -> Seen {
    match state {
        TrunkState::Starting => Seen::Unknown,
        TrunkState::Registered | TrunkState::Reachable => Seen::Up,
        TrunkState::WrongPassword { .. } => Seen::Down(TrunkFault::WrongPassword),
        TrunkState::Refused { status, .. } => Seen::Down(TrunkFault::Refused(*status)),
        TrunkState::Silent => Seen::Down(TrunkFault::Silent),
        TrunkState::NoSuchName => Seen::Down(TrunkFault::NoSuchName),
    }
}

/// A trial that ends is told as a licence that does.
fn of_licence(standing: &Standing) -> Option<Alarm> {
    match (standing.state, standing.days_left) {
        (State::Free { .. }, _) => Some(Alarm::LicenceOver),
        (State::Trial { .. }, Some(days)) if days <= TRIAL_WARNING_DAYS => Some(Alarm::LicenceEnds { days }),
        (State::Licensed { .. } | State::Grace { .. }, Some(days)) if days <= WARNING_DAYS => {
            Some(Alarm::LicenceEnds { days })
        }
        _ => None,
    }
}

fn other_dhcp_server(handle: &Handle) -> Option<Alarm> {
    match handle.phones().ways().dhcp {
        Way::Closed(Why::OtherServer(address)) => Some(Alarm::OtherDhcpServer { address: IpAddr::V4(address) }),
        _ => None,
    }
}

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Alarms taken together.
const AT_ONCE: usize = 200;
/// Of a licence's end.
const WARNING_DAYS: u32 = 30;
/// The trial has 30 days itself.
const TRIAL_WARNING_DAYS: u32 = 7;
/// Of a certificate's end.
const CERTIFICATE_WARNING: Duration = Duration::from_secs(14 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Allowance;

    #[test]
    fn those_of_one_cause_are_gathered_and_the_last_one_speaks() {
        let blocked = |extension: &str, number: &str| Alarm::BlockedDestination {
            extension: extension.to_owned(),
            number: number.to_owned(),
        };
        let all = [blocked("201", "7809"), blocked("202", "7809"), blocked("201", "7810"), blocked("201", "7811")];
        assert_eq!(gather(&all), [(&all[3], 3), (&all[1], 1)]);
    }

    #[test]
    fn a_licence_is_told_of_some_weeks_before_its_end_and_a_trial_some_days() {
        let told = |state, days_left| of_licence(&Standing { state, allowance: Allowance::full(), days_left });
        let until = WallTime(0);
        assert_eq!(told(State::Trial { until }, Some(20)), None);
        assert_eq!(told(State::Trial { until }, Some(7)), Some(Alarm::LicenceEnds { days: 7 }));
        assert_eq!(told(State::Licensed { last: None }, None), None);
        assert_eq!(told(State::Licensed { last: None }, Some(30)), Some(Alarm::LicenceEnds { days: 30 }));
        assert_eq!(told(State::Free { why: None }, None), Some(Alarm::LicenceOver));
    }

    #[test]
    fn whoever_has_the_letter_about_a_call_for_help_gets_no_second_one() {
        let mut office = Office::default();
        office.mail.admin = "admin@example.org".to_owned();
        office.notices.mail = ["admin@example.org", "boss@example.org"].map(str::to_owned).into();
        let help = Alarm::EmergencyCall { extension: "201".to_owned(), number: "112".to_owned() };
        assert_eq!(recipients(&office, &help), ["boss@example.org"]);
        assert_eq!(recipients(&office, &Alarm::LicenceOver).len(), 2);
        assert!(is_mailed(&office, &Alarm::LicenceOver));
        assert!(!is_mailed(&office, &Alarm::MailFailing { why: String::new() }));
        office.notices.kinds = vec!["trunk_down".to_owned()];
        assert!(!is_mailed(&office, &Alarm::LicenceOver));
    }
}

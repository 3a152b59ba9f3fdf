//! What telephones do beside their files, on a thread of its own. They are told of changes: some seconds after the settings have
//! changed, each whose files say something else now is sent `NOTIFY check-sync` and fetches them. And the pages are told of
//! telephones: each at most once in [`TOGETHER`], however often it asks.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::{Phones, clock, neighbours, print, sighting_of_register};
use crate::io::clock::Stopwatch;
use crate::office::Office;
use crate::provision::ledger::{How, Sighting};
use crate::provision::{Mac, Templates, vendor};

/// What the thread is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The settings have changed.
    Settings,
    /// A telephone has registered.
    Registered {
        /// Its login.
        login: String,
        /// As it calls itself.
        agent: String,
        /// From where.
        address: IpAddr,
    },
    /// A telephone has tried to register with what is wrong here.
    Refused {
        /// The login that it claims.
        login: String,
        /// As it calls itself.
        agent: String,
        /// From where.
        address: IpAddr,
    },
    /// Something of these telephones has changed: seen, accepted, given a file.
    Changed(Vec<Mac>),
}

/// Who changes one thing changes another: so long nothing more must come. Telephones may restart for it.
const QUIET: Duration = Duration::from_secs(3);
/// What happens within is told as one.
const TOGETHER: Duration = Duration::from_millis(500);
/// The offset of a zone with summer time changes by itself.
const LOOK: Duration = Duration::from_secs(3600);

/// Starts the thread, and returns the way to tell it: see [`Phones::start_sync`].
pub(super) fn start(
    phones: Phones,
    office: impl Fn() -> Option<Arc<Office>> + Send + 'static,
    tell: impl Fn(&str, &str) + Send + 'static,
    changed: impl Fn(Mac) + Send + 'static,
) -> std::io::Result<Sender<News>> {
    let (wake, inbox) = channel();
    let work = move || {
        let mut settings: Option<Stopwatch> = None;
        let mut news: Option<(Stopwatch, BTreeSet<Mac>)> = None;
        loop {
            let quiet = settings.as_ref().map_or(LOOK, |since| QUIET.saturating_sub(since.elapsed()));
            let together = news.as_ref().map_or(LOOK, |(since, _)| TOGETHER.saturating_sub(since.elapsed()));
            let told = inbox.recv_timeout(quiet.min(together));
            if let Some((_, macs)) = news.take_if(|(since, _)| since.elapsed() >= TOGETHER) {
                macs.into_iter().for_each(&changed);
            }
            let Some(office) = office() else { return };
            match told {
                Ok(News::Settings) => settings = Some(Stopwatch::start()),
                Ok(News::Registered { login, agent, address }) => {
                    let sighting = sighting_of_register(&agent, &login, &office, address, clock::wall());
                    sighting.into_iter().for_each(|sighting| phones.see(sighting));
                }
                Ok(News::Refused { login, agent, address }) => refused(&phones, &login, &agent, address),
                Ok(News::Changed(macs)) => {
                    news.get_or_insert_with(|| (Stopwatch::start(), BTreeSet::new())).1.extend(macs);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if settings.take_if(|since| since.elapsed() >= QUIET).is_some() {
                let templates = phones.templates(&office);
                for (login, event) in stale(&phones, &office, &templates) {
                    tracing::info!(login, event, "a telephone is told of new settings");
                    tell(&login, &event);
                }
            }
        }
    };
    std::thread::Builder::new().name("phones".to_owned()).spawn(work)?;
    Ok(wake)
}

/// Notes who was refused, by what it says of itself and not by the login: that may be anybody's. Only telephones inside the office, as many
/// as may be asked for over HTTP.
fn refused(phones: &Phones, login: &str, agent: &str, address: IpAddr) {
    let identity = vendor::of_user_agent(agent);
    let Some(mac) = identity.mac.filter(|_| neighbours::is_inside(address)) else { return };
    let at = clock::wall();
    if phones.with(|ledger| ledger.may_note(address, mac, at)) {
        let (neighbour, asked) = (neighbours::of(address), login.to_owned());
        phones.see(Sighting { identity, address, neighbour, how: How::Sip, asked, at });
    }
}

/// A login of each telephone that carries other settings than it would get, and the event that makes it ask.
fn stale(phones: &Phones, office: &Office, templates: &Templates) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for phone in &office.phones {
        let Some(mac) = Mac::read(&phone.mac) else { continue };
        let template = templates.of_phone(phone);
        let carried = phones.with(|ledger| ledger.carried(mac).cloned());
        let is_stale = carried.is_some_and(|carried| carried.print != print(template, office, mac));
        if is_stale && !template.head.sync.is_empty() {
            if template.head.tftp {
                phones.accept(mac);
            }
            let login = office.lines_of(&phone.mac).next().map(|(_, device)| device.login.clone());
            found.extend(login.map(|login| (login, template.head.sync.clone())));
        }
    }
    found
}

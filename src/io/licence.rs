//! The licence of this box: its text on the disk, what the machine says of itself, and what both allow today. Also the vendor's side:
//! making keys and licences.

pub mod vendor;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::clock::{self, Clock};
use super::files;
use super::handle::Handle;
use crate::base::{Duration, Instant, WallTime};
use crate::trust::{
    Allowance, Calendar, Day, Hardware, Licence, LicenceError, PublicKey, Refusal, Standing, State, Trait, Trusted,
};

/// In the data directory.
pub const LICENCE_FILE: &str = "license.key";
/// When the box was first started and how far its days have come: a factory reset leaves both files.
pub const STATE_FILE: &str = "license.state";
const STATE_HEAD: &str = "dozvon-license-state v1";
/// Longest licence file that is read.
const LONGEST_FILE: u64 = 16_384;
/// How often the calendar is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// The vendor's public keys; the second is for rotation.
const KEYS: &[&str] = &[
    include_str!("../../config/keys/vendor-1.pub"),
    include_str!("../../config/keys/vendor-2.pub"),
    // Its secret half is in the tests.
    #[cfg(debug_assertions)]
    include_str!("../../config/keys/test.pub"),
];

/// Why a licence was not installed; the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Not genuine, or not whole.
    #[error(transparent)]
    Licence(#[from] LicenceError),
    /// Genuine, but not for here and now.
    #[error("{0}")]
    Refused(Refusal),
    /// The disk.
    #[error("{LICENCE_FILE} can't be written: {0}")]
    Disk(io::Error),
}

/// Keeps the licence of a data directory.
#[derive(Debug)]
pub struct Keeper {
    directory: PathBuf,
    trusted: Trusted,
    hardware: Hardware,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    licence: Option<Licence>,
    /// What is wrong with the file that lies there.
    fault: Option<LicenceError>,
    first_start: WallTime,
    calendar: Calendar,
    clock: Clock,
    looked: Instant,
}

impl Keeper {
    /// Reads what lies in a data directory whose office's first version is of `first_version`. Writes nothing: it may be another
    /// process's, and one that runs is [watched](watch).
    pub fn read(directory: &Path, first_version: WallTime) -> Self {
        Self::with(directory, first_version, trusted(), hardware(Path::new("/sys"), Path::new("/proc")))
    }

    fn with(directory: &Path, first_version: WallTime, trusted: Trusted, hardware: Hardware) -> Self {
        let text = read_short(&directory.join(LICENCE_FILE)).filter(|text| !text.trim().is_empty());
        let (licence, fault) = match text.map(|text| Licence::read(&text, &trusted)) {
            Some(Ok(licence)) => (Some(licence), None),
            Some(Err(fault)) => {
                tracing::warn!(%fault, "{LICENCE_FILE}");
                (None, Some(fault))
            }
            None => (None, None),
        };
        let stored = read_short(&directory.join(STATE_FILE)).as_deref().and_then(read_state);
        // Without it nothing is known of the days between: the clock is believed.
        let (first_start, reached) = stored.unwrap_or((first_version, clock::wall().max(first_version)));
        let earliest = [first_start, first_version].into_iter().filter(|at| Calendar::is_set(*at)).min();
        let clock = Clock::start();
        let held = Held {
            licence,
            fault,
            first_start: earliest.unwrap_or(first_start),
            calendar: Calendar::new(reached.max(first_start)),
            looked: clock.now(),
            clock,
        };
        let keeper = Self { directory: directory.to_owned(), trusted, hardware, held: Mutex::new(held) };
        keeper.held().calendar.look(clock::wall(), Duration::ZERO);
        keeper
    }

    /// Looks at the clock; to be done now and then. What holds now.
    pub fn look(&self) -> Standing {
        let mut held = self.held();
        let now = held.clock.now();
        let passed = now.since(held.looked);
        held.looked = now;
        held.calendar.look(clock::wall(), passed);
        if !Calendar::is_set(held.first_start) {
            // A box without a battery clock: its trial begins when the time is known.
            held.first_start = held.calendar.reached();
        }
        let state = write_state(held.first_start, held.calendar.reached());
        if let Err(error) = files::replace(&self.directory.join(STATE_FILE), state.as_bytes(), 0o600) {
            tracing::warn!(%error, "{STATE_FILE} can't be written");
        }
        self.standing_of(&held)
    }

    /// What holds now.
    pub fn standing(&self) -> Standing {
        self.standing_of(&self.held())
    }

    fn standing_of(&self, held: &Held) -> Standing {
        Standing::of(held.licence.as_ref(), &self.hardware, held.first_start, held.calendar.reached())
    }

    /// The licence that lies there, whether or not it holds; `Err`: what is wrong with its file.
    pub fn licence(&self) -> Result<Option<Licence>, LicenceError> {
        let held = self.held();
        held.fault.clone().map_or_else(|| Ok(held.licence.clone()), Err)
    }

    /// What this box is known by.
    pub fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    /// The clock is behind what it has shown before.
    pub fn clock_is_set_back(&self) -> bool {
        self.held().calendar.is_set_back()
    }

    /// Takes a licence in place of the present one.
    ///
    /// # Errors
    /// See [`InstallError`]; the present one stays then.
    pub fn install(&self, text: &str) -> Result<Standing, InstallError> {
        let licence = Licence::read(text, &self.trusted)?;
        let mut held = self.held();
        // Nothing is signed on a day that has not come: a clock that stands still is put right by it.
        let today = held.calendar.reached();
        licence.judge(&self.hardware, today).map_err(InstallError::Refused)?;
        files::replace(&self.directory.join(LICENCE_FILE), text.trim().as_bytes(), 0o600)
            .map_err(InstallError::Disk)?;
        tracing::info!(serial = licence.serial, owner = licence.owner, "a licence is installed");
        held.licence = Some(licence);
        held.fault = None;
        Ok(self.standing_of(&held))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the calendar on a thread of its own, and says in the log what an admin should know.
///
/// # Errors
/// When there is no thread for it.
pub(super) fn watch(handle: &Handle) -> io::Result<()> {
    let watching = handle.downgrade();
    let work = move || {
        let mut told = None;
        while let Some(handle) = watching.upgrade() {
            let standing = handle.look_at_licence();
            if told != Some((standing.state, standing.days_left)) {
                tracing::info!("{}", in_words(&standing));
                told = Some((standing.state, standing.days_left));
            }
            drop(handle);
            std::thread::sleep(LOOK_EVERY);
        }
    };
    std::thread::Builder::new().name("licence".to_owned()).spawn(work).map(drop)
}

/// What holds, in a sentence for the console and the log.
pub fn in_words(standing: &Standing) -> String {
    let Standing { state, allowance, days_left } = standing;
    let state = match state {
        State::Trial { until } => format!("trial until {}", Day::of(*until)),
        State::Licensed { last: Some(last) } => format!("licensed until {last}"),
        State::Licensed { last: None } => "licensed without end".to_owned(),
        State::Grace { last, until } => format!("the licence ended on {last} and works on until {}", Day::of(*until)),
        State::Free { why: None } => "free level: no licence".to_owned(),
        State::Free { why: Some(why) } => format!("free level: the licence is of no use here, {why}"),
    };
    let left = days_left.map(|days| format!(" ({days} days left)")).unwrap_or_default();
    let Allowance { extensions, outside_calls, functions } = allowance;
    format!(
        "{state}{left}; extensions: {extensions}, calls with the city at a time: {outside_calls}, functions: {functions}"
    )
}

/// The keys of this build.
pub fn trusted() -> Trusted {
    Trusted::new(built_in())
}

/// By which keys updates are taken: those of this build, and the one in `etc/dozvon/update.pub` that a system of another maker brings along
/// in its read-only root. Licences are not taken by that one.
pub fn trusted_for_updates(etc: &Path) -> Trusted {
    let own = read_short(&etc.join("dozvon/update.pub")).and_then(|text| PublicKey::parse(&text).ok());
    Trusted::new(built_in().chain(own))
}

fn built_in() -> impl Iterator<Item = PublicKey> {
    KEYS.iter().filter_map(|text| PublicKey::parse(text).ok())
}

fn read_short(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    (size <= LONGEST_FILE)
        .then(|| fs::read(path).ok())
        .flatten()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn read_state(text: &str) -> Option<(WallTime, WallTime)> {
    let mut lines = text.lines();
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.trim().parse().ok().map(WallTime);
    value(STATE_HEAD);
    Some((value("first_start_ms:")?, value("reached_ms:")?))
}

fn write_state(first_start: WallTime, reached: WallTime) -> String {
    format!("{STATE_HEAD}\nfirst_start_ms: {}\nreached_ms: {}\n", first_start.millis(), reached.millis())
}

/// What the machine says of itself: the board by SMBIOS, where the kernel lets us read it, network cards and disks that are no illusions
/// of software.
fn hardware(sys: &Path, proc: &Path) -> Hardware {
    let line = |path: PathBuf| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let dmi = |name: &str| line(sys.join("class/dmi/id").join(name));
    let mut parts = vec![(Trait::System, dmi("product_uuid")), (Trait::Board, dmi("board_serial"))];
    let cpu = fs::read_to_string(proc.join("cpuinfo")).unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = ["sys_vendor", "product_name", "board_name"].map(dmi).join(" ");
    parts.push((Trait::Model, format!("{model} {}", cpu.trim_start_matches([' ', '\t', ':']))));
    for card in entries(&sys.join("class/net")).into_iter().filter(|card| card.join("device").exists()) {
        parts.push((Trait::Network, line(card.join("address"))));
    }
    for disk in entries(&sys.join("block")).into_iter().filter(|disk| disk.join("device").exists()) {
        let serial = ["device/serial", "serial", "device/cid"].map(|name| line(disk.join(name)));
        parts.push((Trait::Disk, serial.into_iter().find(|serial| !serial.is_empty()).unwrap_or_default()));
    }
    Hardware::of(parts)
}

/// In the order of their names.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(read) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = read.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;
    use crate::trust::{Amount, Functions, SecretKey};

    fn key() -> SecretKey {
        SecretKey::new("vendor-1", [7; 32]).expect("a name")
    }

    fn keeper(scratch: &Scratch, serial: &str, first_version: WallTime) -> Keeper {
        let hardware = Hardware::of([(Trait::Board, serial.to_owned())]);
        let keeper = Keeper::with(scratch.path(), first_version, Trusted::new([key().public()]), hardware);
        keeper.look();
        keeper
    }

    fn licence(serial: &str) -> String {
        let today = Day::of(clock::wall());
        let licence = Licence {
            serial: "2026-000123".to_owned(),
            owner: "Romashka".to_owned(),
            edition: "office".to_owned(),
            hardware: Some(Hardware::of([(Trait::Board, serial.to_owned())])),
            issued: today,
            starts: today,
            expires: Some(today.plus(365)),
            grace_days: 14,
            extensions: Amount::Only(30),
            outside_calls: Amount::Only(16),
            functions: Functions::all(),
            support_mail: String::new(),
            support_phone: String::new(),
        };
        licence.sign(&key()).expect("it can be written")
    }

    #[test]
    fn a_new_box_is_on_trial_and_a_licence_holds_over_a_restart() {
        let scratch = Scratch::new();
        let first = keeper(&scratch, "B5RM72", clock::wall());
        assert!(matches!(first.standing().state, State::Trial { .. }));
        let standing = first.install(&licence("B5RM72")).expect("it is for this box");
        assert!(matches!(standing.state, State::Licensed { .. }));
        assert_eq!(keeper(&scratch, "B5RM72", clock::wall()).standing(), standing);
    }

    #[test]
    fn a_refused_licence_leaves_the_old_one() {
        let scratch = Scratch::new();
        let keeper = keeper(&scratch, "B5RM72", clock::wall());
        keeper.install(&licence("B5RM72")).expect("it is for this box");
        let held = keeper.standing();
        let refused = keeper.install(&licence("OTHER99"));
        assert!(matches!(refused, Err(InstallError::Refused(Refusal::OtherBox))), "{refused:?}");
        let bent = keeper.install(&licence("B5RM72").replace("extensions: 30", "extensions: 300"));
        assert!(matches!(bent, Err(InstallError::Licence(LicenceError::Signature))), "{bent:?}");
        assert_eq!(keeper.standing(), held);
    }

    #[test]
    fn a_factory_reset_does_not_renew_the_trial() {
        let scratch = Scratch::new();
        let long_ago = WallTime(clock::wall().millis() - 40 * 24 * 3_600_000);
        assert!(matches!(keeper(&scratch, "B5RM72", long_ago).standing().state, State::Free { why: None }));
        // A new database, and the state that lies beside it.
        assert!(matches!(keeper(&scratch, "B5RM72", clock::wall()).standing().state, State::Free { why: None }));
        // The state was thrown away, and the database knows.
        fs::remove_file(scratch.path().join(STATE_FILE)).expect("it is there");
        assert!(matches!(keeper(&scratch, "B5RM72", long_ago).standing().state, State::Free { why: None }));
    }

    #[test]
    fn a_file_that_is_no_licence_is_told_and_the_box_starts() {
        let scratch = Scratch::new();
        for nonsense in [&b"hello"[..], &[0xff; 20_000][..], &[0xff; 200][..]] {
            fs::write(scratch.path().join(LICENCE_FILE), nonsense).expect("it can be written");
            let keeper = keeper(&scratch, "B5RM72", clock::wall());
            assert!(matches!(keeper.standing().state, State::Trial { .. }));
        }
        fs::write(scratch.path().join(LICENCE_FILE), "hello").expect("it can be written");
        assert_eq!(keeper(&scratch, "B5RM72", clock::wall()).licence(), Err(LicenceError::NoLicence));
    }

    #[test]
    fn the_builds_keys_are_whole() {
        assert_eq!(KEYS.iter().filter(|text| PublicKey::parse(text).is_ok()).count(), KEYS.len());
    }

    #[test]
    fn this_machine_knows_itself() {
        let here = || hardware(Path::new("/sys"), Path::new("/proc"));
        assert!(here().is_same_box(&here()));
        assert_eq!(Hardware::parse(&here().to_string()), Ok(here()));
    }
}

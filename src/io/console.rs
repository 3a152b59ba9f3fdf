//! The commands beside `serve`, for the person at the console. Each asks the running exchange through its socket, or opens
//! the data directory when none runs; what only reads, reads the database beside it.

mod backups;
mod imports;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead};
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;
use std::sync::Arc;

use nix::unistd::Uid;
use sha2::{Digest, Sha256};

use super::accounts::{self, UserChange};
use super::clock;
use super::control::{self, Answer, Request};
use super::handle::{Beginning, Handle, read_stored};
use super::licence::{self, Keeper};
use super::store::{Reader, database, is_taken};
use super::update;
use crate::base::Rng;
use crate::desk::whatif::{self, DeviceState, End, Question, Way, What};
use crate::desk::{GroupExit, HangUpWhy};
use crate::office::{Language, Office, file};

pub use self::backups::{Seal, backup, restore, undo_restore};
pub use self::imports::import;
pub use crate::office::Role;

/// Why a command was refused: lines for stderr.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Refusal(pub Vec<String>);

impl Refusal {
    /// One sentence.
    pub fn of(sentence: impl ToString) -> Self {
        Self(vec![sentence.to_string()])
    }
}

/// `dozvon apply`: what to print.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn apply(data: &Path, file: &Path, dry_run: bool) -> Result<String, Refusal> {
    let unreadable = |why: io::Error| Refusal::of(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let path = std::path::absolute(file).map_err(unreadable)?;
    let (changes, warnings) = order(data, Request::Apply { path, text, dry_run })?;
    let mut said = String::new();
    for warning in warnings {
        let _ = writeln!(said, "warning: {warning}");
    }
    if changes.is_empty() {
        said.push_str("nothing to change\n");
    }
    for change in &changes {
        let _ = writeln!(said, "{change}");
    }
    if dry_run && !changes.is_empty() {
        said.push_str("(dry run: nothing was changed)\n");
    }
    Ok(said)
}

/// `dozvon license show`: by what this box works.
///
/// # Errors
/// When there is no data.
pub fn show_license(data: &Path) -> Result<String, Refusal> {
    let reader = Reader::open(data).map_err(Refusal::of)?;
    let first = reader.first_version_at().map_err(Refusal::of)?.unwrap_or_else(clock::wall);
    let keeper = Keeper::read(data, first);
    let mut said = format!("{}\nthis box: {}\n", licence::in_words(&keeper.standing()), keeper.hardware());
    match keeper.licence() {
        Ok(Some(held)) => {
            let _ = writeln!(said, "{} {}, {}", held.edition, held.serial, held.owner);
        }
        Ok(None) => {}
        Err(fault) => {
            let _ = writeln!(said, "{}: {fault}", licence::LICENCE_FILE);
        }
    }
    if keeper.clock_is_set_back() {
        said.push_str("the clock of this machine is behind what it has shown before: set it\n");
    }
    Ok(said)
}

/// `dozvon license install`: what to print.
///
/// # Errors
/// When the file can't be read, or is no licence for this box and day.
pub fn install_license(data: &Path, file: &Path) -> Result<String, Refusal> {
    let text = std::fs::read(file).map_err(|why| Refusal::of(format!("{}: {why}", file.display())))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let (changes, _) = order(data, Request::License { text })?;
    Ok(changes.iter().map(|line| format!("{line}\n")).collect())
}

/// `dozvon update`: what to print.
///
/// # Errors
/// When the file is no update for this box, or no exchange runs here.
pub fn update(data: &Path, file: &Path, when: Option<String>, downgrade: bool) -> Result<String, Refusal> {
    if !is_taken(data) {
        return Err(Refusal::of("no exchange runs here: an update is taken by the exchange of the box that it is for"));
    }
    // The exchange is at home elsewhere.
    let data = &std::path::absolute(data).map_err(Refusal::of)?;
    let copy = update::copy_for_console(file, data, downgrade).map_err(|refused| Refusal::of(refused.english()))?;
    let done = order(data, Request::Update { path: copy.clone(), when, downgrade });
    let _ = std::fs::remove_file(copy); // where the exchange has not taken it over
    let (changes, _) = done?;
    Ok(changes.iter().map(|line| format!("{line}\n")).collect())
}

/// `dozvon export`: the office file.
///
/// # Errors
/// When there is no data.
pub fn export(data: &Path, secrets: bool) -> Result<String, Refusal> {
    Ok(file::write(&stored_office(data)?, secrets))
}

/// What `dozvon what-if` is asked.
#[derive(Debug, Clone, Default)]
pub struct WhatIf {
    /// The office's number.
    pub number: String,
    /// Who calls.
    pub from: String,
    /// When; `None` is now.
    pub at: Option<String>,
    /// What is pressed, prompt by prompt.
    pub keys: Vec<String>,
    /// On the telephone.
    pub busy: Vec<String>,
    /// Not registered.
    pub offline: Vec<String>,
}

/// `dozvon what-if`: the way in words.
///
/// # Errors
/// When the question names what is not there.
pub fn what_if(data: &Path, asked: WhatIf) -> Result<String, Refusal> {
    let office = Arc::new(stored_office(data)?);
    let now = clock::wall();
    let at = match &asked.at {
        None => now,
        Some(text) => whatif::parse_time(text, &office, now).ok_or_else(|| {
            Refusal::of(format!(
                "{text:?} is no time: \"2026-12-31 14:00\" on the office's clocks, \"14:00\", or RFC 3339"
            ))
        })?,
    };
    let WhatIf { number, from, keys, busy, offline, .. } = asked;
    let question = Question { number, from, at, keys, busy, offline };
    let way = whatif::run(&office, &question).map_err(Refusal::of)?;
    Ok(in_words(&office, &way))
}

/// A password for an account: given, or made and then printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// The first line of stdin.
    FromStdin,
    /// A one-time password, which the first sign-in replaces.
    Made,
}

/// `dozvon user add` and `dozvon user set-password`: what to print. `role` is given for a new account.
///
/// # Errors
/// When the account is there already, or is not there, or the password is weak.
pub fn set_user(data: &Path, login: &str, role: Option<Role>, password: Password) -> Result<String, Refusal> {
    let (login, must_change) = (login.to_owned(), password == Password::Made);
    let (password_hash, made) = match password {
        Password::FromStdin => (accounts::hash_chosen(&first_line()?).map_err(Refusal::of)?, None),
        Password::Made => {
            let mut rng = clock::entropy().map(Rng::from_entropy).map_err(Refusal::of)?;
            let made = accounts::new_password(&mut rng);
            (accounts::hash(&made).map_err(Refusal::of)?, Some(made))
        }
    };
    let change = match role {
        Some(role) => UserChange::Add { login: login.clone(), admin: role == Role::Admin, password_hash, must_change },
        None => UserChange::Password { login: login.clone(), password_hash, must_change },
    };
    order(data, Request::User(change))?;
    Ok(match made {
        Some(made) => format!("one-time password of {login}: {made}\n"),
        None => format!("password of {login} is set\n"),
    })
}

/// A new one-time password for an account, made by the running exchange alone: the data belong to it.
///
/// # Errors
/// When there is no such account, or no exchange runs.
pub fn new_password(data: &Path, login: &str) -> Result<String, Refusal> {
    let mut rng = clock::entropy().map(Rng::from_entropy).map_err(Refusal::of)?;
    let password = accounts::new_password(&mut rng);
    let password_hash = accounts::hash(&password).map_err(Refusal::of)?;
    let change = UserChange::Password { login: login.to_owned(), password_hash, must_change: true };
    match control::ask(data, &Request::User(change), &mut |_| {}) {
        Ok(Some(Answer::Done { .. })) => Ok(password),
        Ok(Some(Answer::Refused { reasons })) => Err(Refusal(reasons)),
        Ok(_) => Err(Refusal::of("the exchange does not run yet; try again in a minute")),
        Err(why) => Err(Refusal::of(format!("the exchange does not answer: {why}"))),
    }
}

/// `dozvon user list`.
///
/// # Errors
/// When there is no data.
pub fn list_users(data: &Path) -> Result<String, Refusal> {
    let office = stored_office(data)?;
    let lines = office.users.iter().map(|user| {
        let role = if user.role == Role::Admin { "admin" } else { "viewer" };
        let state = match (user.disabled, user.password_hash.is_empty(), user.must_change) {
            (true, ..) => "  disabled",
            (false, true, _) => "  no password yet",
            (false, false, true) => "  must choose a password",
            (false, false, false) => "",
        };
        format!("{}  {role}{state}\n", user.login)
    });
    Ok(lines.collect())
}

/// `dozvon token create`: the token, which nobody can read again.
///
/// # Errors
/// When the name is taken.
pub fn create_token(data: &Path, name: &str, role: Role) -> Result<String, Refusal> {
    if name.trim().is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(Refusal::of("a token's name has 1 to 64 characters"));
    }
    let mut rng = clock::entropy().map(Rng::from_entropy).map_err(Refusal::of)?;
    // 32 characters of 5 bits each.
    let token = format!("dzv_{}", rng.token(32));
    let sha256 = control::to_hex(&Sha256::digest(token.as_bytes()).into());
    order(data, Request::Token { name: name.to_owned(), admin: role == Role::Admin, sha256 })?;
    Ok(format!("{token}\n"))
}

/// The office in force, for reading: beside a running exchange, or of a stopped one.
///
/// # Errors
/// When there is no data, or it is another version's.
pub fn stored_office(data: &Path) -> Result<Office, Refusal> {
    if !database(data).exists() {
        return Err(Refusal::of(format!(
            "there is no data in {} yet: `dozvon serve` or `dozvon apply` makes it",
            data.display()
        )));
    }
    let version = Reader::open(data).and_then(|reader| reader.version()).map_err(Refusal::of)?;
    let version = version.ok_or_else(|| Refusal::of(format!("{} holds no office yet", data.display())))?;
    let mut rng = clock::entropy().map(Rng::from_entropy).map_err(Refusal::of)?;
    read_stored(&version.office, data, &mut rng).map_err(Refusal::of)
}

/// Has it done by the running exchange, or does it here when none runs.
fn order(data: &Path, request: Request) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let answer = match control::ask(data, &request, &mut tell) {
        Ok(Some(answer)) => answer,
        Ok(None) if is_taken(data) => {
            return Err(Refusal::of("the exchange is starting or stopping; try again in a moment"));
        }
        Ok(None) => do_here(data, request)?,
        Err(why) => return Err(Refusal::of(format!("the exchange that runs does not answer on control.sock: {why}"))),
    };
    match answer {
        Answer::Done { changes, warnings } => Ok((changes, warnings)),
        Answer::Refused { reasons } => Err(Refusal(reasons)),
        Answer::Working { .. } | Answer::Status(_) => Err(Refusal::of("an answer to another question")),
    }
}

/// How far it is: beside what is printed, so that that can be read by a program.
fn tell(words: String) {
    eprintln!("{words}");
}

fn do_here(data: &Path, request: Request) -> Result<Answer, Refusal> {
    let Beginning { handle, first_sign_in, .. } = Handle::open(data).map_err(Refusal::of)?;
    if let Some(password) = first_sign_in.and_then(|sign_in| sign_in.password) {
        eprintln!("first sign-in: admin / {password}");
    }
    let answer = control::perform(&handle, request, &mut tell);
    handle.store().close();
    if Uid::effective().is_root() {
        give_to_owner(data).map_err(|why| Refusal::of(format!("{}: {why}", data.display())))?;
    }
    Ok(answer)
}

/// What root has made in the data of another user goes to that user: the exchange, which is started as that one, could not read it.
fn give_to_owner(data: &Path) -> io::Result<()> {
    let owner = fs::metadata(data)?;
    let mut folders = if owner.uid() == 0 { Vec::new() } else { vec![data.to_owned()] };
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let found = entry.metadata()?; // of a link, not of what it names
            // A file with a second name may be somebody else's.
            if found.uid() == 0 && (found.is_dir() || found.nlink() == 1) {
                lchown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
            }
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

fn first_line() -> Result<String, Refusal> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(Refusal::of)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn in_words(office: &Office, way: &Way) -> String {
    let mut said = String::new();
    for step in &way.steps {
        let place = if step.element.is_empty() { "-" } else { &step.element };
        let _ = writeln!(said, "{:>7}  {place:<12} {}", seconds(step.after), what_in_words(office, &step.what));
    }
    let end = match way.end {
        End::HungUp(HangUpWhy::Element | HangUpWhy::DeadEnd | HangUpWhy::TooManySteps) => "the call is over",
        End::NotTaken => "nobody answers: busy tone, and the call is over",
        End::Mailbox => "nobody answers: the mailbox takes a message",
        End::NoStart => "the number has no start on the desk and group 500 gives the call back: 480",
        End::Endless => "the way goes on and on",
    };
    let _ = writeln!(said, "{:>7}  {end}", seconds(way.lasts));
    said
}

fn what_in_words(office: &Office, what: &What) -> String {
    match what {
        What::Comes { number, from } if from.is_empty() => format!("a call for {number}, caller withheld"),
        What::Comes { number, from } => format!("a call for {number} from {from}"),
        What::Asks { schedule, verdict } => {
            let rule = office.schedule(schedule).map(|found| verdict.why.text(found, Language::En)).unwrap_or_default();
            format!("schedule {schedule}: {} ({rule})", if verdict.open { "open" } else { "closed" })
        }
        What::Plays { media, lasts } => format!("plays {media} ({})", seconds(*lasts)),
        What::Presses { keys } => format!("the caller presses {keys}"),
        What::Waits { lasts } => format!("the caller presses nothing for {}", seconds(*lasts)),
        What::Rings { extension, devices, .. } => {
            let devices: Vec<String> = devices
                .iter()
                .map(|ringing| {
                    let state = match ringing.state {
                        DeviceState::Rings(for_seconds) => format!("rings {for_seconds} s"),
                        DeviceState::Busy => "busy".to_owned(),
                        DeviceState::Offline => "not registered".to_owned(),
                        DeviceState::Forwards => "forwards".to_owned(),
                    };
                    let on = ringing.forward.as_ref().map(|to| format!(", then {to}")).unwrap_or_default();
                    format!("{} {state}{on}", ringing.device)
                })
                .collect();
            format!("rings extension {extension}: {}", devices.join("; "))
        }
        What::RingsGroup { group, free, exit, lasts } => {
            let why = match exit {
                GroupExit::Empty => "it has no members",
                GroupExit::NobodyRegistered => "nobody is registered",
                GroupExit::WaitedTooLong => "nobody answered",
                GroupExit::QueueFull => "its queue is full",
            };
            let free = if free.is_empty() { String::new() } else { format!(" ({})", free.join(", ")) };
            format!("rings group {group}{free} for {}; then its reserve exit: {why}", seconds(*lasts))
        }
        What::HangsUp { why } => match why {
            HangUpWhy::Element => "hangs up".to_owned(),
            HangUpWhy::DeadEnd => "hangs up: this output leads nowhere".to_owned(),
            HangUpWhy::TooManySteps => "hangs up: too many steps without a wait".to_owned(),
        },
    }
}

fn seconds(span: crate::base::Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

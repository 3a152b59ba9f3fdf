//! `dozvon`: arguments, and which part of the library they mean.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dozvon::io::config::{Config, Format};
use dozvon::io::console::{self, Password, Refusal, Role, Seal, WhatIf};
use dozvon::io::demo::{self, Demo, Language};
use dozvon::io::journal::Journal;
use dozvon::io::licence::vendor;
use dozvon::io::update::release;
use dozvon::io::{doctor, panel, run, steward};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Two to five times less work than musl's own, and one lock less between threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The telephone exchange of a small office.
#[derive(Debug, Parser)]
#[command(name = "dozvon", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Places {
    /// The host file: where this machine listens and keeps its data
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory; wins over the host file [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the exchange in the foreground, until SIGTERM
    #[command(
        after_help = "Examples:\n  dozvon serve\n  dozvon serve --config /etc/dozvon.toml --data /var/lib/dozvon\n\n\
        On stderr: `ready sip=ADDRESS web=URL` once everything is open, and at the first start\n\
        `first sign-in: admin / PASSWORD at URL`. DOZVON_ADMIN_PASSWORD sets that password."
    )]
    Serve,
    /// Make the box match an office file: all of it, or nothing
    #[command(after_help = "Examples:\n  dozvon apply office.toml\n  dozvon apply office.toml --dry-run\n\n\
        Kinds that are absent from the file are left alone. Media files are found beside the office file.")]
    Apply {
        /// The office file
        file: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Add what the backup of a MikoPBX or FreePBX holds to the office
    #[command(
        after_help = "Examples:\n  dozvon import mikopbx.zip --dry-run\n  dozvon import 20261126-freepbx.tar.gz\n\n\
        Extensions, groups, trunks, schedules and voice menus are added; what is there already stays as it is. It says what does\n\
        not come over. MikoPBX: an archive with mikopbx.db, or that file. FreePBX: the archive of its module Backup, or an SQL dump."
    )]
    Import {
        /// The backup
        file: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Write the office file to stdout
    #[command(
        after_help = "Examples:\n  dozvon export > office.toml\n  dozvon export --secrets > office-with-passwords.toml"
    )]
    Export {
        /// With passwords
        #[arg(long)]
        secrets: bool,
    },
    /// Tell the way that a call would take
    #[command(
        after_help = "Examples:\n  dozvon what-if --number 78126122981 --from 79211234567 --at \"2026-12-31 14:00\"\n  \
        dozvon what-if --number 78126122981 --at 10:30 --keys 1,2 --busy 200,201 --offline 202"
    )]
    WhatIf {
        /// The office's number that is called
        #[arg(long)]
        number: String,
        /// Who calls; withheld without it
        #[arg(long, default_value = "")]
        from: String,
        /// When, on the office's clocks; now without it
        #[arg(long)]
        at: Option<String>,
        /// What the caller presses, prompt by prompt; an empty one is silence
        #[arg(long, value_delimiter = ',')]
        keys: Vec<String>,
        /// Extensions that are on the telephone
        #[arg(long, value_delimiter = ',')]
        busy: Vec<String>,
        /// Extensions whose phones are not registered
        #[arg(long, value_delimiter = ',')]
        offline: Vec<String>,
    },
    /// Web accounts
    #[command(
        subcommand,
        after_help = "Examples:\n  dozvon user list\n  dozvon user add anna --role viewer\n  \
        dozvon user set-password admin"
    )]
    User(User),
    /// Tokens for the API
    #[command(subcommand, after_help = "Example:\n  dozvon token create grafana --role viewer")]
    Token(Token),
    /// The licence of this box; keys and licences of the vendor
    #[command(
        subcommand,
        after_help = "Examples:\n  dozvon license show\n  dozvon license install office.license\n  dozvon license keygen vendor-3\n  \
        dozvon license issue --key vendor-3.key --serial 2026-000123 --owner 'Romashka' --expires 2027-11-25 \\\n    \
        --extensions 30 --outside-calls 16 --hardware CODE > office.license"
    )]
    License(LicenseCommand),
    /// Write everything but, at will, recordings to one file, and prove it by restoring it beside
    #[command(after_help = "Examples:\n  dozvon backup office.dozvon\n  \
        dozvon backup office.dozvon --recordings --passphrase-file secret.txt\n  dozvon backup open.dozvon --plain\n\n\
        It is encrypted by the office's passphrase for backups, `[backup] passphrase`, unless another one is given. `age` opens\n\
        it too: age --decrypt office.dozvon | tar -tz. Calls go on meanwhile.")]
    Backup {
        /// Where to; nothing may be there
        file: PathBuf,
        /// With recordings of calls
        #[arg(long)]
        recordings: bool,
        #[command(flatten)]
        seal: SealArguments,
    },
    /// Put a backup in force; what is there now is kept aside
    #[command(after_help = "Examples:\n  dozvon restore office.dozvon\n  \
        dozvon restore office.dozvon --passphrase-file secret.txt --dry-run\n  dozvon restore --undo\n\n\
        It is unpacked and proved first. A running exchange starts anew with it, which ends its calls.")]
    Restore {
        /// The backup
        #[arg(required_unless_present = "undo")]
        file: Option<PathBuf>,
        /// Only say what is in it
        #[arg(long)]
        dry_run: bool,
        /// Bring back what was there before the last restore
        #[arg(long, conflicts_with_all = ["file", "dry_run"])]
        undo: bool,
        #[command(flatten)]
        seal: SealArguments,
    },
    /// Run the exchange with an example office whose phones and carrier are simulated; its data is thrown away
    #[command(
        after_help = "Examples:\n  dozvon demo\n  dozvon demo --language en\n  dozvon demo --seed 7 --data /mnt/fast/demo\n\n\
        Real calls over loopback: nothing leaves this machine. On stderr: `first sign-in: admin / PASSWORD at URL`, then\n\
        `ready sip=ADDRESS web=URL`. Where the host file says nothing, it listens on 127.0.0.1, on the usual ports or, when\n\
        they are taken, on free ones. --data names a directory that is empty or absent, and is so again at the end; that of\n\
        the host file is never touched. DOZVON_ADMIN_PASSWORD sets the password."
    )]
    Demo {
        /// Of the office, its names and prompts
        #[arg(long, value_enum, default_value = "ru")]
        language: LanguageWord,
        /// Who calls whom comes in the same order with the same seed
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
    },
    /// Prove a signed update and begin it on this box
    #[command(
        after_help = "Examples:\n  dozvon update dozvon-1.4.2.update\n  dozvon update dozvon-1.4.2.update --when 03:30\n  \
        dozvon update dozvon-1.4.2.update --slot inactive\n\n\
        It is written into the other system slot and started on trial: the box starts anew. Unless telephones, trunks, sound\n\
        and page are back, the old version returns by itself. With --slot inactive it is written and not started."
    )]
    Update {
        /// As the vendor sent it
        file: PathBuf,
        /// When: now, idle (nobody is on the telephone), or a time HH:MM
        #[arg(long, default_value = "now", value_name = "WHEN")]
        when: String,
        /// Only write it into that slot
        #[arg(long, value_enum, conflicts_with = "when")]
        slot: Option<SlotWord>,
        /// An older version than the running one is meant
        #[arg(long)]
        downgrade: bool,
    },
    /// Update files: the vendor's side
    #[command(
        subcommand,
        after_help = "Examples:\n  dozvon release make --key vendor-1.key --slot rootfs.squashfs --version 1.4.2 --out dozvon-1.4.2.update\n  \
        dozvon release show dozvon-1.4.2.update"
    )]
    Release(ReleaseCommand),
    /// Look at ports, disk, time and the names of trunks, and say what to do
    #[command(after_help = "Examples:\n  dozvon doctor\n  dozvon doctor --config /etc/dozvon.toml\n\n\
        Exit status 1 when something is wrong.")]
    Doctor,
    /// The box's console on this terminal: its addresses and state, network, passwords, restart, factory reset
    #[command(after_help = "Examples:\n  dozvon panel\n  dozvon panel --data /data/dozvon\n\n\
        Plain VT100, 80 columns, 24 lines. The image runs it as root on its screen and its serial line.")]
    Panel,
    /// On the box's image: root's process, which starts the exchange and does for it what it may not
    #[command(hide = true)]
    Steward {
        /// For tests: where things are
        #[arg(long, value_name = "FILE")]
        places: Option<PathBuf>,
    },
    /// How the steward starts others: puts off what they shall not have, and becomes them
    #[command(hide = true)]
    Begin {
        /// Whom they shall be
        #[arg(long)]
        user: Option<String>,
        /// Program and arguments
        #[arg(last = true, required = true)]
        program: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct SealArguments {
    /// The passphrase is the first line of this file; `-` is stdin
    #[arg(long, value_name = "F", conflicts_with = "plain")]
    passphrase_file: Option<PathBuf>,
    /// Without encryption: whoever has the file reads every password in it
    #[arg(long)]
    plain: bool,
}

impl From<SealArguments> for Seal {
    fn from(given: SealArguments) -> Self {
        match given.passphrase_file {
            Some(file) => Self::File(file),
            None if given.plain => Self::Plain,
            None => Self::OfTimetable,
        }
    }
}

#[derive(Debug, Subcommand)]
enum User {
    /// Make an account, with a one-time password that is printed
    #[command(after_help = "Examples:\n  dozvon user add anna --role viewer\n  \
        echo 'long enough for me' | dozvon user add boss --role admin --password-stdin")]
    Add {
        /// How the person signs in
        login: String,
        /// What the person may do
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleWord,
        /// Read the password from the first line of stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account another password: a one-time password that is printed
    #[command(after_help = "Examples:\n  dozvon user set-password admin\n  \
        echo 'long enough for me' | dozvon user set-password admin --password-stdin")]
    SetPassword {
        /// Whose
        login: String,
        /// Read the password from the first line of stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts
    #[command(after_help = "Example:\n  dozvon user list")]
    List,
}

#[derive(Debug, Subcommand)]
enum Token {
    /// Make a token and print it, once
    #[command(after_help = "Example:\n  dozvon token create grafana --role viewer\n\n\
        Use it as: curl -H \"Authorization: Bearer TOKEN\" https://BOX/api/v1/calls")]
    Create {
        /// What it is for
        name: String,
        /// What its bearer may do
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleWord,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SlotWord {
    /// The one that does not run
    Inactive,
}

#[derive(Debug, Subcommand)]
enum ReleaseCommand {
    /// Vendor: make a signed update of a slot's image
    Make(Box<MakeArguments>),
    /// Prove an update file and tell what it brings
    Show {
        /// The update file
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct MakeArguments {
    /// The secret key that `dozvon license keygen` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The slot's squashfs
    #[arg(long, value_name = "FILE")]
    slot: PathBuf,
    /// As 1.4.2, or 1.5.0-rc1
    #[arg(long)]
    version: String,
    /// The update file; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What machines it is for
    #[arg(long, default_value = "dozvon-x86_64")]
    product: String,
    /// Of the data that it works with
    #[arg(long, default_value_t = 1)]
    format: u32,
    /// When it was made, seconds since 1970; now without it
    #[arg(long, value_name = "SECONDS")]
    built: Option<u64>,
    /// What is new, in Russian
    #[arg(long, default_value = "")]
    notes_ru: String,
    /// What is new, in English
    #[arg(long, default_value = "")]
    notes_en: String,
}

impl From<MakeArguments> for release::Order {
    fn from(given: MakeArguments) -> Self {
        Self {
            key: given.key,
            slot: given.slot,
            version: given.version,
            out: given.out,
            product: given.product,
            format: given.format,
            built: given.built,
            notes_ru: given.notes_ru,
            notes_en: given.notes_en,
        }
    }
}

#[derive(Debug, Subcommand)]
enum LicenseCommand {
    /// By what this box works, and the code that a licence is bound to
    Show,
    /// Take a licence in place of the present one; a wrong one is refused and the old one stays
    Install {
        /// As the vendor sent it
        file: PathBuf,
    },
    /// Vendor: make a key pair, NAME.key and NAME.pub, in this directory
    Keygen {
        /// Small letters, digits and `-`
        name: String,
    },
    /// Vendor: sign a licence and print it
    Issue(Box<IssueArguments>),
}

#[derive(Debug, Args)]
struct IssueArguments {
    /// The secret key that `keygen` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Unique among your licences
    #[arg(long)]
    serial: String,
    /// Who may use it
    #[arg(long)]
    owner: String,
    /// Its name in your price list
    #[arg(long, default_value = "office")]
    edition: String,
    /// The code that `dozvon license show` prints on the customer's box, or any
    #[arg(long, value_name = "CODE")]
    hardware: String,
    /// The first day; today without it
    #[arg(long, value_name = "DAY")]
    starts: Option<String>,
    /// The last day, or never
    #[arg(long, value_name = "DAY")]
    expires: String,
    /// It works on for so many days after the last, at most 90
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(..=90))]
    grace_days: u16,
    /// Extensions: a number, or unlimited
    #[arg(long, value_name = "N")]
    extensions: String,
    /// Calls with the city at a time: a number, or unlimited
    #[arg(long, value_name = "N")]
    outside_calls: String,
    /// What it contains
    #[arg(long, value_delimiter = ',', default_value = "provisioning,recording,transcoding")]
    functions: Vec<String>,
    /// Where its owner asks for help
    #[arg(long, default_value = "")]
    support_mail: String,
    /// Where its owner asks for help
    #[arg(long, default_value = "")]
    support_phone: String,
}

impl From<IssueArguments> for vendor::Order {
    fn from(given: IssueArguments) -> Self {
        Self {
            key: given.key,
            serial: given.serial,
            owner: given.owner,
            edition: given.edition,
            hardware: given.hardware,
            starts: given.starts,
            expires: given.expires,
            grace_days: given.grace_days,
            extensions: given.extensions,
            outside_calls: given.outside_calls,
            functions: given.functions,
            support_mail: given.support_mail,
            support_phone: given.support_phone,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleWord {
    Admin,
    Viewer,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Admin => Self::Admin,
            RoleWord::Viewer => Self::Viewer,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LanguageWord {
    Ru,
    En,
}

impl From<LanguageWord> for Language {
    fn from(word: LanguageWord) -> Self {
        match word {
            LanguageWord::Ru => Self::Ru,
            LanguageWord::En => Self::En,
        }
    }
}

fn main() -> ExitCode {
    // The allocator reserves generously; with huge pages that would be 11 MB in use for nothing (22 resident instead of 11).
    let _ = nix::sys::prctl::set_thp_disable(true);
    let Arguments { places, command } = Arguments::parse();
    if let Command::Begin { user, program } = &command {
        eprintln!("dozvon: {}", steward::become_program(user.as_deref(), program));
        return ExitCode::from(1);
    }
    let outcome = Config::read(places.config.as_deref()).map_err(Refusal::of).and_then(|mut config| {
        if let Command::Demo { language, seed } = command {
            let journal = log(&config);
            let demo = Demo { language: language.into(), seed, data: places.data };
            return demo::run(&config, &journal, demo).map(|()| String::new());
        }
        let is_named = places.data.is_some() || places.config.is_some();
        config.paths.data = places.data.unwrap_or(config.paths.data);
        if let (Command::Panel, false, Some(data)) = (&command, is_named, panel::data_of_the_box()) {
            config.paths.data = data;
        }
        match command {
            Command::Serve => serve(&config),
            Command::Steward { places } => keep(&config, places.as_deref()).map(|()| String::new()),
            other => answer(&config, other),
        }
    });
    match outcome {
        // A reader that went away (`| head`) is no fault.
        Ok(said) => {
            let _ = std::io::stdout().lock().write_all(said.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Refusal(lines)) => {
            for line in lines {
                eprintln!("dozvon: {line}");
            }
            ExitCode::from(1)
        }
    }
}

fn serve(config: &Config) -> Result<String, Refusal> {
    let journal = log(config);
    match run::serve(config, &journal).map_err(Refusal::of)? {
        run::End::Stopped => Ok(String::new()),
        run::End::Anew => Err(start_anew()),
    }
}

/// The same process with the same arguments, from its beginning: whoever watches over it sees it run on. Returns only why not.
fn start_anew() -> Refusal {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
    let why = std::process::Command::new(program).args(std::env::args_os().skip(1)).exec();
    Refusal::of(format!("it should have started anew and could not: {why}"))
}

fn keep(config: &Config, places: Option<&Path>) -> Result<(), Refusal> {
    let places = steward::Places::read(places).map_err(Refusal::of)?;
    match steward::KernelLog::open(&places.dev) {
        Ok(kernel) if places.is_image => {
            let lines = tracing_subscriber::fmt::layer().with_writer(kernel).without_time().with_ansi(false);
            tracing_subscriber::registry().with(levels(config)).with(lines.log_internal_errors(false)).init();
            std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a defect")));
        }
        _ => drop(log(config)),
    }
    steward::run(places).map_err(Refusal::of)
}

fn answer(config: &Config, command: Command) -> Result<String, Refusal> {
    let data = &config.paths.data;
    let password = |stdin| if stdin { Password::FromStdin } else { Password::Made };
    match command {
        Command::Serve | Command::Demo { .. } | Command::Steward { .. } | Command::Begin { .. } => Ok(String::new()),
        Command::Apply { file, dry_run } => console::apply(data, &file, dry_run),
        Command::Import { file, dry_run } => console::import(data, &file, dry_run),
        Command::Export { secrets } => console::export(data, secrets),
        Command::WhatIf { number, from, at, keys, busy, offline } => {
            console::what_if(data, WhatIf { number, from, at, keys, busy, offline })
        }
        Command::User(User::Add { login, role, password_stdin }) => {
            console::set_user(data, &login, Some(role.into()), password(password_stdin))
        }
        Command::User(User::SetPassword { login, password_stdin }) => {
            console::set_user(data, &login, None, password(password_stdin))
        }
        Command::User(User::List) => console::list_users(data),
        Command::Token(Token::Create { name, role }) => console::create_token(data, &name, role.into()),
        Command::License(LicenseCommand::Show) => console::show_license(data),
        Command::License(LicenseCommand::Install { file }) => console::install_license(data, &file),
        Command::License(LicenseCommand::Keygen { name }) => vendor::keygen(&name, Path::new(".")).map_err(Refusal::of),
        Command::License(LicenseCommand::Issue(given)) => vendor::issue((*given).into()).map_err(Refusal::of),
        Command::Update { file, when, slot, downgrade } => {
            console::update(data, &file, slot.is_none().then_some(when), downgrade)
        }
        Command::Release(ReleaseCommand::Make(given)) => release::make((*given).into()).map_err(Refusal::of),
        Command::Release(ReleaseCommand::Show { file }) => release::show(&file).map_err(Refusal::of),
        Command::Backup { file, recordings, seal } => console::backup(data, &file, recordings, &seal.into()),
        Command::Restore { undo: true, .. } | Command::Restore { file: None, .. } => console::undo_restore(data),
        Command::Restore { file: Some(file), dry_run, seal, .. } => {
            console::restore(data, &file, &seal.into(), dry_run)
        }
        Command::Doctor => examine(config),
        Command::Panel => panel::run(data).map(|()| String::new()),
    }
}

fn examine(config: &Config) -> Result<String, Refusal> {
    let findings = doctor::examine(config);
    for finding in &findings {
        println!("{finding}");
    }
    let wrong = findings.iter().filter(|finding| matches!(finding.state, doctor::State::Wrong(_))).count();
    if wrong == 0 {
        Ok(String::new())
    } else {
        Err(Refusal::of(format!("{wrong} of {} checks failed", findings.len())))
    }
}

/// Our own lines at the level asked for; libraries only when they worry.
fn levels(config: &Config) -> Targets {
    let level = config.log.level.as_str().parse().unwrap_or(LevelFilter::INFO);
    Targets::new().with_default(LevelFilter::WARN).with_target("dozvon", level)
}

/// What stderr gets is kept in the journal too.
fn log(config: &Config) -> Journal {
    // A reader of stderr that went away (the journal starts anew) must not be complained of on stderr: that would panic.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let journal = Journal::default();
    let log = tracing_subscriber::registry().with(levels(config)).with(journal.clone());
    match config.log.format {
        Format::Json => log.with(lines.json()).init(),
        Format::Text => log.with(lines.with_ansi(std::io::stderr().is_terminal())).init(),
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a defect")));
    journal
}

const EXAMPLES: &str = "Examples:
  dozvon serve                        run the exchange with its data in ./data
  dozvon apply office.toml            make the box match an office file
  dozvon what-if --number 78126122981 --at \"2026-12-31 14:00\"
  dozvon demo                         look around in an example office that makes calls
  dozvon license show                 by what this box works
  dozvon doctor                       what is wrong with this machine?

Exit status: 0 done; 1 refused, with the reason on stderr; 2 wrong arguments.";

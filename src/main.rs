//! `dozvon`: arguments, and which part of the library they mean.

use std::io::{IsTerminal, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dozvon::io::config::{Config, Format};
use dozvon::io::console::{self, Password, Refusal, Role, Seal, WhatIf};
use dozvon::io::demo::{self, Demo, Language};
use dozvon::io::licence::vendor;
use dozvon::io::{doctor, run};
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
    /// Look at ports, disk, time and the names of trunks, and say what to do
    #[command(after_help = "Examples:\n  dozvon doctor\n  dozvon doctor --config /etc/dozvon.toml\n\n\
        Exit status 1 when something is wrong.")]
    Doctor,
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
    let outcome = Config::read(places.config.as_deref()).map_err(Refusal::of).and_then(|mut config| {
        if let Command::Demo { language, seed } = command {
            log(&config);
            let demo = Demo { language: language.into(), seed, data: places.data };
            return demo::run(&config, demo).map(|()| String::new());
        }
        config.paths.data = places.data.unwrap_or(config.paths.data);
        match command {
            Command::Serve => serve(&config),
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
    log(config);
    match run::serve(config).map_err(Refusal::of)? {
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

fn answer(config: &Config, command: Command) -> Result<String, Refusal> {
    let data = &config.paths.data;
    let password = |stdin| if stdin { Password::FromStdin } else { Password::Made };
    match command {
        Command::Serve | Command::Demo { .. } => Ok(String::new()),
        Command::Apply { file, dry_run } => console::apply(data, &file, dry_run),
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
        Command::Backup { file, recordings, seal } => console::backup(data, &file, recordings, &seal.into()),
        Command::Restore { undo: true, .. } | Command::Restore { file: None, .. } => console::undo_restore(data),
        Command::Restore { file: Some(file), dry_run, seal, .. } => {
            console::restore(data, &file, &seal.into(), dry_run)
        }
        Command::Doctor => examine(config),
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
fn log(config: &Config) {
    let level = config.log.level.as_str().parse().unwrap_or(LevelFilter::INFO);
    let ours = Targets::new().with_default(LevelFilter::WARN).with_target("dozvon", level);
    // A reader of stderr that went away (the journal starts anew) must not be complained of on stderr: that would panic.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let log = tracing_subscriber::registry().with(ours);
    match config.log.format {
        Format::Json => log.with(lines.json()).init(),
        Format::Text => log.with(lines.with_ansi(std::io::stderr().is_terminal())).init(),
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a defect")));
}

const EXAMPLES: &str = "Examples:
  dozvon serve                        run the exchange with its data in ./data
  dozvon apply office.toml            make the box match an office file
  dozvon what-if --number 78126122981 --at \"2026-12-31 14:00\"
  dozvon demo                         look around in an example office that makes calls
  dozvon license show                 by what this box works
  dozvon doctor                       what is wrong with this machine?

Exit status: 0 done; 1 refused, with the reason on stderr; 2 wrong arguments.";

//! Telephones that configure themselves, as the exchange holds them: the ledger behind a lock, kept on the disk; the files that
//! are given over HTTP and TFTP; and the thread that tells telephones of changes (`sync`). What is noticed by other means comes in
//! by [`Phones::see`].

mod book;
mod dhcp;
mod interfaces;
pub mod neighbours;
mod pnp;
mod sync;
mod tftp;
pub mod ways;

use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fmt, io};

use sha2::{Digest as _, Sha256};

use super::clock::{self, Clock};
use crate::base::{Rng, WallTime};
use crate::office::{Office, Phone};
use crate::provision::dhcp::Lease;
use crate::provision::ledger::{Carried, Grant, How, Ledger, Request, Sighting, Stored};
use crate::provision::{Kind, Mac, Rendered, Site, Subject, Template, TemplateError, Templates};

pub use pnp::Beside;
pub use sync::News;
pub use ways::{Way, Ways, Why};

/// Characters of the secret that all telephones are told: short enough to type into a router, 60 bits.
pub const SECRET_LENGTH: usize = 12;
/// Characters of a telephone's own: 160 bits.
const KEY_LENGTH: usize = 32;

/// Where the box takes SIP and HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Datagrams.
    pub sip_udp: u16,
    /// Connections.
    pub sip_tcp: u16,
    /// Connections under TLS; `None`: nowhere.
    pub sip_tls: Option<u16>,
    /// Plain.
    pub http: u16,
    /// TLS.
    pub https: u16,
    /// The phone book by LDAP.
    pub ldap: u16,
    /// Told instead of our address towards a telephone.
    pub advertise: Option<IpAddr>,
}

/// A file for a telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// These bytes.
    Made {
        /// The header's value.
        content_type: &'static str,
        /// The file.
        body: Vec<u8>,
    },
    /// The certificate of the box's own authority.
    Authority,
    /// A file of the data directory.
    Stored {
        /// Relative to it.
        path: String,
    },
}

/// Holds the telephones. Clones are the same.
#[derive(Clone)]
pub struct Phones(Arc<Inner>);

/// What the ways need by which telephones find the box.
pub struct Finding {
    /// The settings in force; `None`: the exchange ends.
    pub office: Arc<dyn Fn() -> Option<Arc<Office>> + Send + Sync>,
    /// The exchange's own SIP.
    pub beside: Beside,
    /// Where TFTP is taken.
    pub tftp: SocketAddr,
    /// Where LDAP is taken.
    pub ldap: SocketAddr,
    /// The exchange's.
    pub clock: Clock,
    /// For tags and the like.
    pub rng: Rng,
    /// Addresses that the box gave by DHCP.
    pub leases: Vec<Lease>,
    /// Puts those that changed on the disk; never waits.
    pub keep_leases: Box<dyn Fn(Vec<Lease>) + Send>,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finding")
    }
}

type Keep = Box<dyn Fn(Vec<Stored>) + Send + Sync>;

struct Inner {
    ledger: Mutex<Ledger>,
    /// Of the office that was asked about last.
    templates: Mutex<Option<(Arc<Office>, Arc<Templates>)>>,
    ports: Mutex<Ports>,
    /// Of the settings in force.
    version: AtomicI64,
    /// The box answers NTP.
    tells_time: AtomicBool,
    rng: Mutex<Rng>,
    /// Puts what changed on the disk; never waits.
    keep: Keep,
    ways: Mutex<Ways>,
    /// Tells plug-and-play that a telephone was accepted, while the exchange runs.
    accepted: OnceLock<UnixDatagram>,
    /// The thread that looks after telephones, while the exchange runs.
    news: OnceLock<Sender<News>>,
}

impl fmt::Debug for Phones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phones")
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Phones {
    /// The telephones that the disk remembers. `secret` is the box's, `version` that of the settings in force.
    pub fn new(secret: String, stored: Vec<Stored>, version: i64, rng: Rng, keep: Keep) -> Self {
        Self(Arc::new(Inner {
            ledger: Mutex::new(Ledger::new(secret, stored)),
            templates: Mutex::default(),
            ports: Mutex::default(),
            version: AtomicI64::new(version),
            tells_time: AtomicBool::new(false),
            rng: Mutex::new(rng),
            keep,
            ways: Mutex::default(),
            accepted: OnceLock::new(),
            news: OnceLock::new(),
        }))
    }

    /// Where the box takes SIP; `advertise` is told instead of our address.
    pub fn set_sip(&self, udp: SocketAddr, tcp: u16, tls: Option<u16>, advertise: Option<IpAddr>) {
        let mut ports = lock(&self.0.ports);
        (ports.sip_udp, ports.sip_tcp, ports.sip_tls, ports.advertise) = (udp.port(), tcp, tls, advertise);
    }

    /// Where the box takes HTTP.
    pub fn set_web(&self, http: u16, https: u16) {
        let mut ports = lock(&self.0.ports);
        (ports.http, ports.https) = (http, https);
    }

    /// The ledger for one act; what it changes goes to the disk.
    pub fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut ledger = lock(&self.0.ledger);
        let result = act(&mut ledger);
        let changed = ledger.take_changed();
        drop(ledger);
        if !changed.is_empty() {
            self.tell(News::Changed(changed.iter().map(|stored| stored.mac).collect()));
            (self.0.keep)(changed);
        }
        result
    }

    /// Tells the thread that looks after telephones. Never waits.
    pub fn tell(&self, news: News) {
        if let Some(inbox) = self.0.news.get() {
            let _ = inbox.send(news);
        }
    }

    /// Starts the thread that looks after telephones. `office` gives the settings in force, `tell` sends a login's telephones
    /// this `Event`, `changed` tells the pages of a telephone.
    ///
    /// # Errors
    /// When there is no thread.
    pub fn start_sync(
        &self,
        office: impl Fn() -> Option<Arc<Office>> + Send + 'static,
        tell: impl Fn(&str, &str) + Send + 'static,
        changed: impl Fn(Mac) + Send + 'static,
    ) -> io::Result<()> {
        let inbox = sync::start(self.clone(), office, tell, changed)?;
        let _ = self.0.news.set(inbox);
        Ok(())
    }

    /// A telephone was noticed.
    pub fn see(&self, sighting: Sighting) {
        self.with(|ledger| ledger.see(sighting));
    }

    /// An admin accepts a telephone; its files may be had once until the time that is returned.
    pub fn accept(&self, mac: Mac) -> WallTime {
        let key = || lock(&self.0.rng).token(KEY_LENGTH);
        let until = self.with(|ledger| ledger.accept(mac, key, clock::wall()));
        if let Some(accepted) = self.0.accepted.get() {
            // a full queue is thousands of telephones in a moment: they ask by themselves
            let _ = accepted.send(&mac.0);
        }
        until
    }

    /// Whether the ways by which telephones find the box are open.
    pub fn ways(&self) -> Ways {
        lock(&self.0.ways).clone()
    }

    /// What became of a way; a change is told in the log.
    fn set_way(&self, which: impl FnOnce(&mut Ways) -> (&'static str, &mut Way), way: Way) {
        let mut ways = lock(&self.0.ways);
        let (name, place) = which(&mut ways);
        if *place == way {
            return;
        }
        match &way {
            Way::Closed(why) => tracing::warn!(way = name, "telephones don't find the box by this way: {why}"),
            open => tracing::info!(way = name, state = open.word(), "how telephones find the box"),
        }
        *place = way;
    }

    /// Told instead of our address.
    fn advertised(&self) -> Option<IpAddr> {
        lock(&self.0.ports).advertise
    }

    /// Where a telephone that was just accepted finds its file: under the first address, whose window is open.
    fn first_file(&self, office: &Arc<Office>, phone: &Phone, mac: Mac, local: IpAddr) -> String {
        let folder = self.discovery_url(local);
        let templates = self.templates(office);
        let file = &templates.of_phone(phone).head.address;
        let model = &phone.model;
        if file.contains("{model}") && model.is_empty() {
            return folder;
        }
        let file = file.replace("{mac}", &mac.plain()).replace("{MAC}", &mac.upper()).replace("{model}", model);
        folder + &file
    }

    /// Opens the ways by which telephones find the box, each on a thread of its own.
    ///
    /// # Errors
    /// When there is no thread. What can't be opened is told, and stays closed.
    pub fn find(&self, finding: Finding) -> io::Result<()> {
        let Finding { office, beside, tftp, ldap, clock, mut rng, leases, keep_leases } = finding;
        let in_force = || -> ways::InForce {
            let office = Arc::clone(&office);
            Box::new(move || office())
        };
        let accepted = pnp::start(self.clone(), in_force(), beside, clock, rng.fork())?;
        let _ = self.0.accepted.set(accepted);
        tftp::start(self.clone(), in_force(), tftp, clock)?;
        book::start(self.clone(), in_force(), ldap, clock)?;
        let book = dhcp::Book { stored: leases, keep: keep_leases };
        dhcp::start(self.clone(), in_force(), clock, rng, book)
    }

    /// The secret of a telephone's own address, made when it has none yet.
    pub fn own_key(&self, mac: Mac) -> String {
        let key = || lock(&self.0.rng).token(KEY_LENGTH);
        self.with(|ledger| ledger.own_key(mac, key).to_owned())
    }

    /// The templates of an office.
    pub fn templates(&self, office: &Arc<Office>) -> Arc<Templates> {
        let mut kept = lock(&self.0.templates);
        if let Some((_, templates)) = kept.as_ref().filter(|(of, _)| Arc::ptr_eq(of, office)) {
            return Arc::clone(templates);
        }
        let (templates, mistakes) = Templates::of(office);
        for (name, error) in mistakes {
            tracing::error!(name, %error, "a template for telephones can't be read; they get the one it was made of");
        }
        let templates = Arc::new(templates);
        *kept = Some((Arc::clone(office), Arc::clone(&templates)));
        templates
    }

    /// The settings have another version now.
    pub fn set_version(&self, version: i64) {
        self.0.version.store(version, Ordering::Relaxed);
    }

    /// Whether the box answers NTP; else telephones ask the servers of the internet.
    pub fn set_tells_time(&self, tells: bool) {
        self.0.tells_time.store(tells, Ordering::Relaxed);
    }

    fn tells_time(&self) -> bool {
        self.0.tells_time.load(Ordering::Relaxed)
    }

    /// The box as a telephone reaches it that came to this address of ours.
    pub fn site(&self, local: IpAddr) -> Site {
        let ports = lock(&self.0.ports).clone();
        let address = ports.advertise.unwrap_or(local).to_canonical();
        let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let url = |scheme: &str, port: u16, usual: u16| {
            if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
        };
        Site {
            http: url("http", ports.http, 80),
            https: url("https", ports.https, 443),
            host,
            sip_udp: ports.sip_udp,
            sip_tcp: ports.sip_tcp,
            sip_tls: ports.sip_tls,
            ldap: ports.ldap,
            secret: self.with(|ledger| ledger.secret().to_owned()),
            ntp: if self.tells_time() { address.to_string() } else { TIME_SERVERS.to_owned() },
            version: self.0.version.load(Ordering::Relaxed),
            at: clock::wall(),
        }
    }

    /// Answers a request; `None` is the one refusal. `local` is our address that it came to.
    pub fn answer(&self, office: &Arc<Office>, request: &Request<'_>, local: IpAddr) -> Option<Served> {
        let templates = self.templates(office);
        let grant = self.with(|ledger| ledger.ask(office, &templates, request))?;
        match grant {
            Grant::Book { mac } => {
                let phone = office.phone(&mac.to_string())?;
                let Rendered { content_type, body } = templates.of_phone(phone).book(office);
                Some(Served::Made { content_type, body: body.into_bytes() })
            }
            Grant::Authority => Some(Served::Authority),
            Grant::Firmware { name, .. } => Some(Served::Stored { path: format!("{FIRMWARE}/{name}") }),
            Grant::File { mac, template, file, kind, model } => {
                let template = templates.named(&template)?;
                let file = template.file(&file)?;
                let key = mac.and_then(|mac| self.with(|ledger| ledger.key(mac).map(str::to_owned)));
                let site = self.site(local);
                let (key, secure) = (key.as_deref(), request.secure);
                let subject = Subject { office, site: &site, mac, key, model: &model, masked: false, secure };
                let made = template.render(file, &subject);
                let Rendered { content_type, body } = made
                    .inspect_err(|error| tracing::error!(template = template.name, %error, "a telephone gets no file"))
                    .ok()?;
                if let (Some(mac), Kind::Phone, false) = (mac, kind, request.head) {
                    let print = print(template, office, mac);
                    let carried = Carried { version: site.version, print, at: request.at };
                    self.with(|ledger| ledger.set_carried(mac, carried));
                }
                Some(Served::Made { content_type, body: body.into_bytes() })
            }
        }
    }

    /// A file as an admin may look at it: secrets are `***`.
    ///
    /// # Errors
    /// A mistake of the template. `Ok(None)`: there is no such file.
    pub fn preview(
        &self,
        office: &Arc<Office>,
        phone: &Phone,
        name: &str,
        local: IpAddr,
    ) -> Result<Option<Rendered>, TemplateError> {
        let templates = self.templates(office);
        let (template, mac) = (templates.of_phone(phone), Mac::read(&phone.mac));
        let Some((file, captured)) = template.find(name) else { return Ok(None) };
        let (site, key) = (self.site(local), "***");
        let (model, secure) = (captured.model.as_str(), template.head.https);
        let subject = Subject { office, site: &site, mac, key: Some(key), model, masked: true, secure };
        template.render(file, &subject).map(Some)
    }

    /// The address that telephones are told to look at first.
    pub fn discovery_url(&self, local: IpAddr) -> String {
        self.site(local).discovery()
    }
}

/// What a telephone's files say, whoever asks and whichever version the settings have: the same print, the same settings.
pub fn print(template: &Template, office: &Office, mac: Mac) -> String {
    let site = Site {
        host: String::new(),
        sip_udp: 0,
        sip_tcp: 0,
        sip_tls: None,
        ldap: 0,
        http: String::new(),
        https: String::new(),
        secret: String::new(),
        ntp: String::new(),
        version: 0,
        at: clock::wall(),
    };
    let mut hash = Sha256::new();
    for file in template.files.iter().filter(|file| file.kind == Kind::Phone) {
        let (mac, key) = (Some(mac), Some(""));
        let subject = Subject { office, site: &site, mac, key, model: "", masked: false, secure: false };
        if let Ok(made) = template.render(file, &subject) {
            hash.update(made.body);
        }
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A registration that was asked for, or made, by a telephone that says who it is.
pub fn sighting_of_register(
    agent: &str,
    login: &str,
    office: &Office,
    address: IpAddr,
    at: WallTime,
) -> Option<Sighting> {
    let mut identity = crate::provision::vendor::of_user_agent(agent);
    let device = office.device_by_login(login).map(|(_, device)| device);
    identity.mac = identity.mac.or_else(|| Mac::read(&device?.mac));
    identity.mac?;
    Some(Sighting { identity, address, neighbour: neighbours::of(address), how: How::Sip, asked: login.to_owned(), at })
}

/// Who tells telephones the time where the box does not.
const TIME_SERVERS: &str = "pool.ntp.org";
/// Where uploaded firmware lies in the data directory.
pub const FIRMWARE: &str = "media/firmware";

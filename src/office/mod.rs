//! The nouns of the office file, validated: one immutable [`Office`] snapshot. `file` reads and writes it. Knows no SIP
//! message, no socket and no table. office.example.toml tells what every field means.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::media::Clip;

mod backup;
mod certificate;
pub mod changes;
mod codes;
pub mod document;
mod edit;
pub mod file;
mod find;
mod first_start;
#[cfg(test)]
pub(crate) mod generated;
mod limits;
mod notices;
mod phone;
mod references;
mod sign_on;
mod telephone;
mod vacant;
mod words;

pub use backup::{BACKUP_PLACES, BackupKind, BackupPlace, BackupSettings, PASSPHRASE, WEEKDAYS};
pub use certificate::CertificateFacts;
pub use codes::{CODE_LENGTHS, Clash, is_code};
pub use edit::ForwardKind;
pub use find::{Index, NetworkError};
pub use limits::{ExtensionLimits, Limits, Quiet};
pub use notices::{
    ALARM_KINDS, NOTICE_ADDRESSES, NoticeLanguage, Notices, SYSLOG_PORT, Syslog, SyslogTransport, TELEGRAM, WEBHOOKS,
    Webhook, WebhookEvent, WebhookFormat, home_networks, is_home,
};
pub use phone::{BUILT_IN_TEMPLATES, Phone, PhoneKey, PhoneTemplate, PhoneTransport, Provisioning};
pub use references::{Kind, Reference};
pub use sign_on::{Authority, Ldap, LdapSecurity, Openid};
pub use telephone::{Codes, Conference, Feature, Follows, Mail, MailSecurity, Parking, VoicemailSettings};
pub use vacant::Owner;
pub use words::{ELEMENT_KINDS, Word};

/// Everything the admin sets, as one value. Cross references have been checked: every number, name and element id
/// that one noun says of another exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Office {
    /// `[office]`.
    pub settings: Settings,
    /// `[[trunk]]`, in order.
    pub trunks: Vec<Trunk>,
    /// `[[extension]]`, in order.
    pub extensions: Vec<Extension>,
    /// `[[media]]`.
    pub media: Vec<MediaFile>,
    /// `[[voice_message]]`.
    pub voice_messages: Vec<VoiceMessage>,
    /// `[[schedule]]`.
    pub schedules: Vec<Schedule>,
    /// `[[group]]`.
    pub groups: Vec<Group>,
    /// `[[voice_menu]]`.
    pub voice_menus: Vec<VoiceMenu>,
    /// `[[element]]` and `[[link]]`.
    pub desk: DeskPlan,
    /// `[[user]]`.
    pub users: Vec<User>,
    /// `[recordings]`.
    pub recordings: Recordings,
    /// `[protection]`.
    pub protection: Protection,
    /// `[limits]`.
    pub limits: Limits,
    /// `[codes]`.
    pub codes: Codes,
    /// `[parking]`.
    pub parking: Parking,
    /// `[[conference]]`.
    pub conferences: Vec<Conference>,
    /// `[voicemail]`.
    pub voicemail: VoicemailSettings,
    /// `[mail]`.
    pub mail: Mail,
    /// `[openid]`.
    pub openid: Openid,
    /// `[ldap]`.
    pub ldap: Ldap,
    /// `[[authority]]`.
    pub authorities: Vec<Authority>,
    /// `[[phone]]`. Each MAC that a device names has one.
    pub phones: Vec<Phone>,
    /// `[[phone_template]]`.
    pub phone_templates: Vec<PhoneTemplate>,
    /// `[provisioning]`.
    pub provisioning: Provisioning,
    /// `[notices]`.
    pub notices: Notices,
    /// `[[webhook]]`.
    pub webhooks: Vec<Webhook>,
    /// `[syslog]`.
    pub syslog: Syslog,
    /// `[backup]`.
    pub backup: BackupSettings,
    /// `[[backup_place]]`.
    pub backup_places: Vec<BackupPlace>,
    /// For the look-ups; starts empty.
    pub index: Index,
}

/// `[office]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Shown on the page and on phones.
    pub name: String,
    /// IANA name, proved to exist.
    pub timezone: String,
    /// Of the page, displays and prompts.
    pub language: Language,
    /// ISO 3166 code of the numbering plan, upper case.
    pub country: String,
    /// Completes local numbers; digits.
    pub area_code: String,
    /// Media names: what callers on hold and of groups without a tune of their own hear, in turn. Empty: the built-in melody.
    pub music: Vec<String>,
}

/// `language`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Language {
    #[default]
    Ru,
    En,
}

/// `[[trunk]]`: a connection to the carrier. Named by `name`, found by `number`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Unique.
    pub name: String,
    /// E.164 digits.
    pub number: String,
    /// Further numbers of the same connection, E.164 digits.
    pub numbers: Vec<String>,
    /// `host`, `host:port`, or a domain with SRV and NAPTR records.
    pub server: String,
    /// User part of our From and AOR there.
    pub login: String,
    /// Digest password.
    pub password: String,
    /// For people.
    pub comment: String,
    /// False: the carrier knows us by address.
    pub register: bool,
    /// How we reach it.
    pub transport: crate::sip::Transport,
    /// Digest user name when it differs from `login`; else empty.
    pub auth_login: String,
    /// `host` or `host:port`; else empty.
    pub outbound_proxy: String,
    /// Domain of From, To and Request-URI when it differs from the server; else empty.
    pub from_domain: String,
    /// How called numbers are sent.
    pub number_format: NumberFormat,
    /// Where the carrier expects the number that we present.
    pub caller_id_in: CallerIdIn,
    /// What we offer, as spelled in the file: `pcma`, `pcmu`, `g722`, `opus`.
    pub codecs: Vec<String>,
    /// 0: no limit.
    pub max_calls: u32,
    /// Seconds that we ask for in REGISTER.
    pub register_every: u32,
    /// Whether its calls are encrypted; off unless the file says so.
    pub srtp: Srtp,
}

/// `srtp`: whether the sound of calls is SRTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Srtp {
    /// Never.
    Off,
    /// When the other side can.
    Optional,
    /// Always: without it, there is no call.
    Required,
}

/// `listening`: whether an admin may listen to others who talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Listening {
    /// No.
    #[default]
    Off,
    /// Those who talk hear a tone when somebody begins to listen.
    Told,
    /// They hear nothing of it.
    Silent,
}

/// `number_format`: how called numbers are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NumberFormat {
    /// `78121234567`
    #[default]
    E164,
    /// `+78121234567`
    Plus,
    /// `88121234567`, `810…`
    National,
}

/// `caller_id_in`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CallerIdIn {
    /// From: RFC 3261 §20.20.
    #[default]
    From,
    /// P-Asserted-Identity: RFC 3325 §9.1.
    Pai,
    /// Remote-Party-ID: draft-ietf-sip-privacy.
    Rpid,
    /// P-Preferred-Identity: RFC 3325 §9.2.
    Ppi,
}

/// `[[extension]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// 3 to 5 digits, first 2 to 9.
    pub number: String,
    /// The employee or the room.
    pub employee: String,
    /// May be empty.
    pub email: String,
    /// How its devices ring.
    pub ring: RingOrder,
    /// One of the office's numbers, or empty when the office has none.
    pub outgoing_number: String,
    /// Classes of outside numbers it may call; internal always holds.
    pub permissions: Permissions,
    /// Its own limits of outside calls, in place of the office's.
    pub limits: ExtensionLimits,
    /// Whether its calls are recorded.
    pub record: bool,
    /// Whether it has a mailbox.
    pub voicemail: bool,
    /// Digits that open the mailbox from other telephones; empty: from its own only.
    pub voicemail_pin: String,
    /// A media name: what callers of its mailbox hear first; empty: that of `[voicemail]`.
    pub voicemail_greeting: String,
    /// While it is on the telephone, a further call is offered to it.
    pub call_waiting: bool,
    /// Its devices do not ring.
    pub do_not_disturb: bool,
    /// One to four.
    pub devices: Vec<Device>,
}

impl Extension {
    /// One of this number without devices, which calls nobody outside yet.
    pub fn new(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            employee: String::new(),
            email: String::new(),
            ring: RingOrder::default(),
            outgoing_number: String::new(),
            permissions: Permissions::default(),
            limits: ExtensionLimits::default(),
            record: false,
            voicemail: false,
            voicemail_pin: String::new(),
            voicemail_greeting: String::new(),
            call_waiting: true,
            do_not_disturb: false,
            devices: Vec::new(),
        }
    }
}

/// `ring`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RingOrder {
    /// All at once.
    #[default]
    Parallel,
    /// One after the other, in order.
    Sequential,
}

/// `permissions`: a set of classes, each stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, clippy::struct_excessive_bools, reason = "the classes of product.md section 4, a set")]
pub struct Permissions {
    pub city: bool,
    pub mobile_region: bool,
    pub mobile_national: bool,
    pub long_distance: bool,
    pub international: bool,
}

/// `[[extension.device]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// `kind = "sip"`.
    Sip(SipDevice),
    /// `kind = "mobile"`.
    Mobile(MobileDevice),
}

/// A SIP phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipDevice {
    /// The whole login, as in digest and AOR; unique in the office.
    pub login: String,
    /// The digest password.
    pub password: String,
    /// Seconds.
    pub ring_seconds: u32,
    /// Networks it may register and call from.
    pub allow_from: Vec<Network>,
    /// Where its calls go instead.
    pub forward: Forward,
    /// `aa:bb:cc:dd:ee:ff` or empty.
    pub mac: String,
    /// Which line of that telephone it is, from 1 on; 0: after those that say, in the office's order.
    pub line: u32,
    /// Vendor, or `vendor/model`, or empty.
    pub model: String,
    /// Whether its calls are encrypted; optional unless the file says otherwise.
    pub srtp: Srtp,
}

impl SipDevice {
    /// One that may register from anywhere and rings for 20 s, on no telephone of a known make.
    pub fn new(login: &str, password: &str) -> Self {
        Self {
            login: login.to_owned(),
            password: password.to_owned(),
            ring_seconds: 20,
            allow_from: vec![Network::ANY],
            forward: Forward::None,
            mac: String::new(),
            line: 0,
            model: String::new(),
            srtp: Srtp::Optional,
        }
    }
}

/// Any outside number, called through the trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MobileDevice {
    /// E.164 digits.
    pub number: String,
    /// Seconds.
    pub ring_seconds: u32,
    /// Who answers there must press 1 to take the call, since an operator's mailbox answers too.
    pub confirm: bool,
}

/// `forward`. Targets are extensions or groups by number, or E.164 digits of outside numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Forward {
    /// «Без переадресации»
    #[default]
    None,
    /// «Безусловная»
    Always {
        /// Where to.
        to: String,
    },
    /// «По условию»; empty means off.
    Conditional {
        /// When busy.
        busy: String,
        /// When not answered or not registered.
        no_answer: String,
    },
}

/// An address block: `10.0.0.0/8`, `::/0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The block's address.
    pub address: IpAddr,
    /// Bits that count.
    pub prefix: u8,
}

/// `[[media]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaFile {
    /// Unique.
    pub name: String,
    /// The name of the stored original in the data directory's `media/`.
    pub file: String,
    /// What the exchange plays; empty until it has been loaded from the data directory.
    pub clip: Option<Arc<Clip>>,
}

/// `[[voice_message]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceMessage {
    /// Unique.
    pub name: String,
    /// A media name.
    pub media: String,
    /// 1 or more.
    pub repeat: u32,
}

/// `[[schedule]]`. Times of day are minutes since midnight, 0 to 1440; an interval whose end is not after its start goes on past midnight.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Schedule {
    /// Unique.
    pub name: String,
    /// Open by day of the week.
    pub hours: Vec<WeekHours>,
    /// These replace that date's hours.
    pub except: Vec<DateHours>,
    /// Closed all day: first and last date.
    pub closed: Vec<(jiff::civil::Date, jiff::civil::Date)>,
}

/// One entry of `hours`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekHours {
    /// Monday first.
    pub days: [bool; 7],
    /// Minutes since midnight.
    pub from: u16,
    /// Minutes since midnight.
    pub to: u16,
}

/// One entry of `except`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateHours {
    /// The date.
    pub date: jiff::civil::Date,
    /// Minutes since midnight.
    pub from: u16,
    /// Minutes since midnight.
    pub to: u16,
}

/// `[[group]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// As an extension's number.
    pub number: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Whom to ring.
    pub strategy: Strategy,
    /// Extensions in order.
    pub members: Vec<String>,
    /// A media name or empty.
    pub greeting: String,
    /// A media name or empty.
    pub music: String,
    /// Then the reserve exit.
    pub max_wait_seconds: u32,
    /// Rest of a member after a call.
    pub wrap_up_seconds: u32,
    /// Callers that may wait.
    pub max_queue: u32,
    /// Seconds each member rings.
    pub member_ring_seconds: u32,
    /// Whether those who wait are told their place in the queue.
    pub announce_position: bool,
}

impl Group {
    /// One that rings nobody yet, and as a new one on the page in all else.
    pub fn new(number: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            number: number.into(),
            name: name.into(),
            description: String::new(),
            strategy: Strategy::default(),
            members: Vec::new(),
            greeting: String::new(),
            music: String::new(),
            max_wait_seconds: 60,
            wrap_up_seconds: 0,
            max_queue: 10,
            member_ring_seconds: 20,
            announce_position: false,
        }
    }
}

/// `strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Strategy {
    #[default]
    RingAll,
    RoundRobin,
    FirstToLast,
}

/// `[[voice_menu]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceMenu {
    /// Unique.
    pub name: String,
    /// A media name.
    pub greeting: String,
    /// A media name or empty.
    pub invalid: String,
    /// Seconds of waiting after the greeting.
    pub timeout_seconds: u32,
    /// Greetings before the timeout exit; 1 or more.
    pub repeat: u32,
}

/// The desk as drawn: elements by id, each with its outputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeskPlan {
    /// In the file's order.
    pub elements: Vec<Element>,
}

/// `[[element]]` with the `[[link]]`s that leave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Unique.
    pub id: String,
    /// What it is.
    pub kind: ElementKind,
    /// Place on the canvas.
    pub x: f64,
    /// Place on the canvas.
    pub y: f64,
    /// Output → element id; at most one link an output.
    pub links: HashMap<Out, String>,
}

/// The eight kinds, with what each refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// The start; one or more of the office's numbers, E.164.
    Incoming {
        /// E.164 digits.
        numbers: Vec<String>,
    },
    /// An extension's number.
    Extension {
        /// Its number.
        extension: String,
    },
    /// A group's number.
    Group {
        /// Its number.
        group: String,
    },
    /// A voice message's name.
    VoiceMessage {
        /// Its name.
        voice_message: String,
    },
    /// A voice menu's name.
    VoiceMenu {
        /// Its name.
        voice_menu: String,
    },
    /// A schedule's name.
    Schedule {
        /// Its name.
        schedule: String,
    },
    /// «Донабор номера».
    DialExtension {
        /// A voice message's name.
        prompt: String,
        /// So many are awaited.
        digits: u32,
        /// Seconds after the prompt, and between digits.
        timeout_seconds: u32,
    },
    /// The end.
    HangUp,
}

/// The outputs of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Out {
    /// Of an incoming call and a voice message.
    Next,
    /// Of a schedule.
    Yes,
    /// Of a schedule.
    No,
    /// Of a voice menu: `0` to `9`, `*`, `#`.
    Key(char),
    /// Of a voice menu.
    Timeout,
    /// Of a group and of dial extension.
    Reserve,
}

/// `[[user]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique.
    pub login: String,
    /// What it may do.
    pub role: Role,
    /// argon2id, PHC text.
    pub password_hash: String,
    /// Whether the next sign-in must choose another password.
    pub must_change: bool,
    /// Whether it can't sign in.
    pub disabled: bool,
    /// Whether a viewer may hear recordings and messages; an admin always may.
    pub may_hear_recordings: bool,
}

impl User {
    /// An account of this role without any further right, that can sign in.
    pub fn new(login: impl Into<String>, role: Role, password_hash: impl Into<String>, must_change: bool) -> Self {
        Self {
            login: login.into(),
            role,
            password_hash: password_hash.into(),
            must_change,
            disabled: false,
            may_hear_recordings: false,
        }
    }

    /// Whether it can sign in and change things.
    pub fn is_working_admin(&self) -> bool {
        self.role == Role::Admin && !self.disabled && !self.password_hash.is_empty()
    }
}

/// `role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Role {
    Admin,
    Viewer,
}

/// `[recordings]`: how calls are recorded and for how long that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recordings {
    /// Of new recordings.
    pub format: RecordingFormat,
    /// Older ones are deleted; 0: never for their age. To 3650.
    pub keep_days: u32,
    /// The oldest are deleted when all together are larger, in units of 10⁹ bytes; 0: as much as the disk holds. To 100000.
    pub keep_gigabytes: u32,
    /// SIP messages of calls, of which ladders are drawn, are kept for so long; 0: not at all. To 365.
    pub signalling_days: u32,
}

impl Default for Recordings {
    fn default() -> Self {
        Self { format: RecordingFormat::default(), keep_days: 0, keep_gigabytes: 0, signalling_days: 14 }
    }
}

/// `format` of `[recordings]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RecordingFormat {
    /// Opus in Ogg: small.
    #[default]
    Opus,
    /// 16 bits, uncompressed.
    Wav,
}

/// `[protection]`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Protection {
    /// Never banned; empty: the networks of our own interfaces.
    pub trusted_networks: Vec<Network>,
    /// Whether an admin may listen in.
    pub listening: Listening,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            timezone: "Europe/Moscow".to_owned(),
            language: Language::Ru,
            country: "RU".to_owned(),
            area_code: "495".to_owned(),
            music: Vec::new(),
        }
    }
}

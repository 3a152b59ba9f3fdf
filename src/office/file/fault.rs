//! What is wrong as facts, for those who say it in another language than the file's problems do.

use crate::office::{Feature, Kind, NetworkError};

/// What a [`Problem`](super::Problem) says, where somebody needs it in other words. What only a file can have wrong, its syntax
/// for one, has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The field must be there and not empty.
    Missing,
    /// A whole number outside of these.
    Range {
        /// The smallest.
        from: u32,
        /// The largest.
        to: u32,
    },
    /// Longer than this, in characters.
    TooLong {
        /// So many are allowed.
        most: usize,
    },
    /// A control character.
    Control,
    /// No code: [`is_code`](crate::office::is_code).
    CodeShape,
    /// This feature has the same code.
    SameCode(Feature),
    /// This feature's code begins it: [`Clash::Begins`](crate::office::Clash).
    CodeBegins(Feature),
    /// Not 3 to 5 digits with a first one of 2 to 9.
    InsideNumber,
    /// Something else has this number.
    NumberTaken {
        /// `extension`, `group`, `conference room`.
        by: &'static str,
        /// Which.
        number: String,
    },
    /// An extension, a group or a room has the number of a parking place.
    ParkingPlace {
        /// What has it.
        by: &'static str,
        /// Which.
        number: String,
    },
    /// The last place is before the first, or has more digits.
    ParkingOrder,
    /// More places than this.
    ParkingSize {
        /// So many are allowed.
        most: u32,
    },
    /// Not 4 to 10 digits.
    Pin,
    /// No host.
    Host,
    /// No mail address.
    Address,
    /// No media file of this name.
    NoMedia(String),
    /// Where this forwards to is neither a number of the office nor one outside.
    ForwardTarget,
    /// Of another type.
    WrongType(Wanted),
    /// Nothing has such a key.
    UnknownKey {
        /// One that was perhaps meant.
        near: Option<String>,
    },
    /// None of a few words.
    UnknownWord {
        /// All of them.
        words: Vec<String>,
        /// The one that was perhaps meant.
        near: Option<String>,
    },
    /// Another thing of this kind has the name.
    NameTaken(String),
    /// Another device has the login.
    LoginTaken {
        /// Which.
        login: String,
        /// The extension whose device has it.
        by: String,
    },
    /// Another trunk has the number, or this one has it twice.
    NumberCarried {
        /// E.164 digits.
        number: String,
        /// The trunk's name.
        by: String,
    },
    /// Not E.164 digits.
    NoE164 {
        /// What was perhaps meant.
        meant: Option<String>,
    },
    /// No trunk has this number.
    NoTrunkNumber(String),
    /// A number starts at another element already.
    StartTaken {
        /// E.164 digits.
        number: String,
        /// The id of the other element.
        element: String,
    },
    /// There is no such thing.
    NoSuch {
        /// Of which kind.
        kind: Kind,
        /// Its key.
        key: String,
        /// One that was perhaps meant.
        near: Option<String>,
    },
    /// Neither host nor host and port.
    HostPort,
    /// A login that doesn't survive URIs, digest and QR codes unchanged.
    Login,
    /// No address block.
    Network(NetworkError),
    /// No address of a network card.
    Mac,
    /// A telephone's password of other than letters and digits.
    PhonePassword,
    /// No name of a file.
    FileName,
    /// No IPv4 address, or one before the first.
    Ipv4,
    /// The name of a template that the program brings.
    BuiltIn,
    /// No time zone of this name.
    Zone {
        /// One that was perhaps meant.
        near: Option<String>,
    },
    /// No ISO code of a country.
    Country,
    /// No area code.
    AreaCode,
    /// No number outside of the office.
    Outside,
    /// So many devices are not allowed.
    Devices {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// No days of the week.
    Days,
    /// No date, or none like 2026-12-31.
    Date,
    /// The last date is before the first.
    DateOrder,
    /// No time of day.
    Time,
    /// A list names it twice.
    Twice(String),
    /// A trunk that registers needs a login.
    TrunkLogin,
    /// Too far out on the desk.
    Far,
    /// A link to or from an element that isn't there.
    NoElement(String),
    /// The element has no such output.
    NoOutput(String),
    /// Two links leave an output.
    OutputTaken,
    /// A link leads to the start of a call.
    LeadsToStart,
    /// No https address of an OpenID provider.
    Issuer,
    /// Lacks `{login}`.
    NoLogin,
    /// No certificate as PEM.
    Certificate,
    /// No address that events may go to.
    WebhookUrl,
    /// No address of a server that keeps backups.
    BackupServer,
    /// A folder that leads upwards.
    Folder,
    /// Shorter than this, in characters.
    TooShort {
        /// So many are needed.
        least: usize,
    },
    /// No token of a Telegram bot.
    TelegramToken,
    /// More than there may be.
    TooMany {
        /// So many may be.
        most: usize,
    },
    /// Not 1 to 15 digits with which numbers begin.
    Prefix,
    /// Quiet hours with one end, or of no length.
    QuietHours,
}

/// What a value was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Wanted {
    Text,
    Whole,
    Number,
    Flag,
    List,
    Table,
}

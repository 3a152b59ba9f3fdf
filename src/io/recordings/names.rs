//! Names of files: `recordings/2026/11/25/20261125-170310_78121234567_201_19abc.opus`.

use super::{Begin, DIRECTORY, RecordingFormat};
use crate::base::WallTime;

/// The file of a recording, relative to the data directory: day and time in the office's zone, caller, called, id.
pub(super) fn path(begin: &Begin, format: RecordingFormat, timezone: &str) -> String {
    let at = local(begin.at, timezone);
    let (day, time) = (at.strftime("%Y/%m/%d"), at.strftime("%Y%m%d-%H%M%S"));
    let (caller, called) = (plain(&begin.caller), plain(&begin.called));
    format!("{DIRECTORY}/{day}/{time}_{caller}_{called}_{:x}.{}", begin.recording.0, format.ending())
}

/// The moment as RFC 3339 in the office's zone, for the tags of a file.
pub(super) fn rfc3339(at: WallTime, timezone: &str) -> String {
    local(at, timezone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn local(at: WallTime, timezone: &str) -> jiff::Zoned {
    let zone = jiff::tz::TimeZone::get(timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(zone)
}

/// What of a party's name or number every file system, shell and web server takes.
fn plain(party: &str) -> String {
    let plain: String = party.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    let plain = plain.trim_start_matches('-');
    let short = plain.get(..plain.len().min(PARTY)).unwrap_or_default();
    if short.is_empty() { UNKNOWN.to_owned() } else { short.to_owned() }
}

/// Letters of a party in a name.
const PARTY: usize = 32;
/// A party that is withheld, or of whose name nothing can be used.
const UNKNOWN: &str = "unknown";

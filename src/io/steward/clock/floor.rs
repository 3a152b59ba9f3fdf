//! A box without a battery for its clock wakes up in 1970. It starts from the latest time that it has reason to believe has passed.

use std::path::Path;
use std::{fs, io};

use super::hands::Hands;
use super::{Basis, Before};
use crate::io::files;
use crate::machine::ntp::Moment;

/// Sets the clock to the latest of what it shows, what the battery clock shows, what was noted, and when this program was made.
pub(super) fn lift(basis: &Basis, hands: &dyn Hands) -> Before {
    let shown = hands.now();
    let latest = basis.built.0.saturating_add(LIFETIME);
    let battery = hands.battery().filter(|time| time.0 < latest);
    let own = battery.map_or(shown, |time| time.max(shown));
    let floor = basis.built.max(noted(&basis.stamp).unwrap_or_default());
    // the kernel has taken the battery's time already, to the second
    let source = if own >= floor { Before::Rtc } else { Before::Floor };
    let wanted = own.max(floor);
    if wanted.since(shown) > SECOND {
        let from = if source == Before::Rtc { "its battery clock" } else { "what was noted last" };
        tracing::info!(seconds = wanted.since(shown) / SECOND, from, "the clock is set forward");
        if let Err(error) = hands.step(wanted.since(shown)) {
            tracing::error!(%error, "the clock can't be set");
        }
    }
    source
}

/// Notes the time, so that a power cut does not take it.
pub(super) fn note(stamp: &Path, now: Moment) -> io::Result<()> {
    files::replace(stamp, format!("{}\n", now.0 / SECOND).as_bytes(), 0o644)
}

fn noted(stamp: &Path) -> Option<Moment> {
    let seconds = fs::read_to_string(stamp).ok()?.trim().parse::<i64>().ok()?;
    Some(Moment(seconds.checked_mul(SECOND)?))
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// A battery clock that is further ahead of this program than a box lasts has lost its mind. Nanoseconds.
const LIFETIME: i64 = 40 * 366 * 86_400 * SECOND;

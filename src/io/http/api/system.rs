//! `system`: what this box is and what time it has.

use serde_json::json;

use super::super::reply::{Problem, Reply};
use super::Visit;
use crate::base::WallTime;
use crate::io::clock;
use crate::office::Language;

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let (settings, house) = (&visit.office.settings, visit.house);
    let now = clock::wall();
    Ok(Reply::json(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": uptime(house.started_at, now),
        "started_at": visit.time(house.started_at),
        "time": visit.time(now),
        "name": settings.name,
        "language": match settings.language { Language::Ru => "ru", Language::En => "en" },
        "timezone": settings.timezone,
        "country": settings.country,
        "area_code": settings.area_code,
        "sip": {
            "host": house.sip.host.map(|host| host.to_string()),
            "udp_port": house.sip.udp,
            "tcp_port": house.sip.tcp,
            "tls_port": house.sip.tls,
        },
        "mobile_ranges_date": house.exchange.plan().mobile_ranges_date(),
    })))
}

/// Whole seconds; 0 when the clock went back.
pub(super) fn uptime(started_at: WallTime, now: WallTime) -> u64 {
    u64::try_from(now.millis().saturating_sub(started_at.millis()) / 1_000).unwrap_or(0)
}

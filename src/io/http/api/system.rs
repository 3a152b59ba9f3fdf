//! `system`: what this box is, how the machine under it is, and what time it has.

use serde_json::{Value, json};

use super::super::House;
use super::super::ending::What;
use super::super::reply::{Problem, Reply};
use super::{Visit, machine, rfc3339};
use crate::base::WallTime;
use crate::io::clock;
use crate::office::{Language, Office};

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::json(&shown(visit.house, &visit.office, visit.language())))
}

/// All of it.
pub(super) fn shown(house: &House, office: &Office, language: Language) -> Value {
    let settings = &office.settings;
    let now = clock::wall();
    let time = |at| rfc3339(at, &settings.timezone);
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": uptime(house.started_at, now),
        "started_at": time(house.started_at),
        "time": time(now),
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
        "machine": machine::shown(house, office, language),
        "pending": house.ending.pending().map(What::word),
    })
}

/// Whole seconds; 0 when the clock went back.
pub(super) fn uptime(started_at: WallTime, now: WallTime) -> u64 {
    u64::try_from(now.millis().saturating_sub(started_at.millis()) / 1_000).unwrap_or(0)
}

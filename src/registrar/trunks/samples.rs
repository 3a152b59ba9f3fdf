//! An office's trunk and plan, for this room's tests.

use crate::number::Plan;
use crate::office::{CallerIdIn, NumberFormat, Srtp, Trunk};
use crate::sip::Transport;

pub(crate) fn plan() -> Plan {
    Plan::load("RU", "812", None).expect("the shipped plan")
}

/// Registers at carrier.example as `login<number>`.
pub(crate) fn trunk(name: &str, number: &str, numbers: &[&str]) -> Trunk {
    Trunk {
        name: name.to_owned(),
        number: number.to_owned(),
        numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
        server: "carrier.example".to_owned(),
        login: format!("login{number}"),
        password: "secret".to_owned(),
        comment: String::new(),
        register: true,
        transport: Transport::Udp,
        auth_login: String::new(),
        outbound_proxy: String::new(),
        from_domain: String::new(),
        number_format: NumberFormat::E164,
        caller_id_in: CallerIdIn::From,
        codecs: vec!["pcma".to_owned()],
        max_calls: 0,
        register_every: 300,
        srtp: Srtp::Off,
    }
}

//! Who learns what happens, and how: `[notices]` by mail, `[[webhook]]` by HTTP, `[syslog]` the log. Knows no network.

use std::net::IpAddr;

use super::{Language, Network};

/// `[notices]`: what an admin is told by mail.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Notices {
    /// Addresses; none: nobody is told by mail.
    pub mail: Vec<String>,
    /// Kinds of alarms, of [`ALARM_KINDS`]; none: all.
    pub kinds: Vec<String>,
    /// Of mail.
    pub language: NoticeLanguage,
}

impl Notices {
    /// Whether alarms of this kind are told.
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|one| one == kind)
    }
}

/// `language` of `[notices]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NoticeLanguage {
    /// That of `[office]`.
    #[default]
    Office,
    /// Russian.
    Ru,
    /// English.
    En,
}

impl NoticeLanguage {
    /// The language, in an office of this one.
    pub const fn of(self, office: Language) -> Language {
        match self {
            Self::Office => office,
            Self::Ru => Language::Ru,
            Self::En => Language::En,
        }
    }
}

/// `[[webhook]]`: a server that is told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Unique.
    pub name: String,
    /// Where to. Of Telegram: the server of its bots, without the bot's token.
    pub url: String,
    /// What is sent.
    pub format: WebhookFormat,
    /// Telegram's chat; empty otherwise.
    pub chat: String,
    /// Generic: signs what is sent; empty: unsigned. Telegram: the bot's token.
    pub secret: String,
    /// Of what it is told, each once.
    pub events: Vec<WebhookEvent>,
    /// Whether it is told.
    pub enabled: bool,
}

/// `format` of `[[webhook]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WebhookFormat {
    /// JSON with a signature.
    #[default]
    Generic,
    /// `sendMessage` of Telegram's Bot API: a sentence.
    Telegram,
}

/// `events` of `[[webhook]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum WebhookEvent {
    CallStarted,
    CallAnswered,
    CallEnded,
    MissedCall,
    Recording,
    Voicemail,
    Registration,
    Trunk,
    Alarm,
    Settings,
}

/// `[syslog]`: a server that gets the log as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Syslog {
    /// Whether it is told.
    pub enabled: bool,
    /// `host` or `host:port`; without a port [`SYSLOG_PORT`]. Never empty while enabled.
    pub server: String,
    /// How it is reached.
    pub transport: SyslogTransport,
}

/// `transport` of `[syslog]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SyslogTransport {
    /// A datagram a line: RFC 5426.
    #[default]
    Udp,
    /// A connection, lines with their lengths before them: RFC 6587 §3.4.1.
    Tcp,
}

/// Where syslog servers listen when nothing else is said.
pub const SYSLOG_PORT: u16 = 514;

/// Where Telegram's bots are spoken to.
pub const TELEGRAM: &str = "https://api.telegram.org";

/// A Telegram address with the bot's token inside, as people copy it: the server, and the token. `None`: there is no token in it.
pub(super) fn split_token(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let token = path.strip_prefix("bot")?.split(['/', '?']).next()?;
    is_token(token).then(|| (format!("{scheme}://{host}"), token.to_owned()))
}

/// `123456789:AAE…`, as @BotFather gives it.
pub(super) fn is_token(text: &str) -> bool {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    text.split_once(':').is_some_and(|(bot, word)| {
        !bot.is_empty() && bot.bytes().all(|byte| byte.is_ascii_digit()) && word.len() >= 10 && plain(word)
    })
}

/// Whether events may go there: over https anywhere; over http only where a packet stays in the office, since it tells who calls whom:
/// to an address of a home network, or a name that only a home network has.
pub(super) fn is_webhook_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']').map_or(("", ""), |(host, port)| (host, port.strip_prefix(':').unwrap_or(port))),
        None => authority.rsplit_once(':').unwrap_or((authority, "")),
    };
    let fits = !url.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        && !host.is_empty()
        && !authority.contains('@')
        && !url.contains('#')
        && url.is_ascii()
        && (port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0));
    fits && match scheme {
        "https" => true,
        "http" => host.parse().map_or_else(|_| is_home_name(host), is_home),
        _ => false,
    }
}

/// Networks that no packet leaves the office for: loopback, private and unique local addresses (RFC 1918, 4193).
pub fn home_networks() -> impl Iterator<Item = Network> {
    HOME.iter().filter_map(|network| network.parse().ok())
}

/// Whether an address is of one of [`home_networks`].
pub fn is_home(address: IpAddr) -> bool {
    home_networks().any(|network| network.contains(address))
}

/// RFC 6762, RFC 8375, RFC 9476's neighbourhood, and names without a domain.
fn is_home_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    !host.contains('.') || HOME_DOMAINS.iter().any(|domain| host.ends_with(domain))
}

const HOME: [&str; 6] = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"];
const HOME_DOMAINS: [&str; 6] = [".local", ".lan", ".home", ".internal", ".home.arpa", ".localdomain"];

/// Every kind of alarm; `guard` says what each is.
pub const ALARM_KINDS: [&str; 23] = [
    "address_banned",
    "old_password",
    "limit_reached",
    "blocked_destination",
    "quiet_hours",
    "emergency_call",
    "trunk_down",
    "trunk_back",
    "disk_full",
    "recording_failed",
    "mail_failing",
    "webhook_failing",
    "certificate_ends",
    "licence_ends",
    "licence_over",
    "page_guessing",
    "other_dhcp_server",
    "update_returned",
    "unclean_start",
    "backup_failed",
    "data_lost",
    "database_damaged",
    "database_returned",
];
/// Webhooks of an office.
pub const WEBHOOKS: usize = 20;
/// Addresses that notices go to.
pub const NOTICE_ADDRESSES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_of_an_address() {
        let url = "https://api.telegram.org/bot123456789:AAE-abcdefghij_k/sendMessage";
        let split = Some(("https://api.telegram.org".to_owned(), "123456789:AAE-abcdefghij_k".to_owned()));
        assert_eq!(split_token(url), split);
        for url in ["https://api.telegram.org", "https://api.telegram.org/botany", "https://x/bot1:short/sendMessage"] {
            assert_eq!(split_token(url), None, "{url}");
        }
    }

    #[test]
    fn plain_http_is_for_home_only() {
        for url in [
            "https://hooks.example.org/a?b=c",
            "https://203.0.113.5:8443/",
            "http://192.168.1.5:8080/dozvon",
            "http://[fd00::5]/x",
            "http://crm/x",
            "http://crm.lan/x",
            "http://127.0.0.1:9",
        ] {
            assert!(is_webhook_url(url), "{url}");
        }
        for url in [
            "http://hooks.example.org/a",
            "http://203.0.113.5/",
            "ftp://192.168.1.5/",
            "https://",
            "https://user:secret@host/",
            "https://host/#part",
            "https://host:port/",
            "https://host/a b",
            "hooks.example.org",
            "http://172.32.0.1/",
        ] {
            assert!(!is_webhook_url(url), "{url}");
        }
    }
}

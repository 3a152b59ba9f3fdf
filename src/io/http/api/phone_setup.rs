//! `phones/setup`: where telephones find their settings, and how that is told to common routers. The address holds the box's secret, so it
//! is an admin's.

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply};
use super::super::words::{Said, Words};
use super::Visit;
use crate::io::phones::{Way, Why};
use crate::provision::vendor;

/// DHCP options with what they hold and who reads them. RFC 2132; 150 is RFC 5859; 159 and 160 are for private use.
const OPTIONS: [(u8, Holds, Words); 6] = [
    (
        66,
        Holds::Url,
        Words::new(
            "Yealink, Grandstream, Fanvil, Snom, Htek, Cisco",
            "Yealink, Grandstream, Fanvil, Snom, Htek, Cisco",
        ),
    ),
    (160, Holds::Url, Words::new("Polycom, Cisco MPP, Panasonic", "Polycom, Cisco MPP, Panasonic")),
    (159, Holds::Url, Words::new("Cisco SPA и MPP, если 66 занята", "Cisco SPA and MPP, when 66 is taken")),
    (150, Holds::Address, Words::new("Cisco, которым нужен TFTP", "Cisco telephones that want TFTP")),
    (
        43,
        Holds::Sub,
        Words::new(
            "Если роутер не умеет 66: Yealink, Fanvil, Grandstream",
            "When the router can't do 66: Yealink, Fanvil, Grandstream",
        ),
    ),
    (114, Holds::Url, Words::new("Gigaset N", "Gigaset N")),
];

#[derive(Clone, Copy)]
enum Holds {
    Url,
    Address,
    /// Sub-option 1 with the URL, in hexadecimal digits.
    Sub,
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let site = visit.house.exchange.phones().site(visit.ask.way.local);
    let (url, host) = (site.discovery(), site.host.clone());
    let language = visit.language();
    let value = |holds: Holds| match holds {
        Holds::Url => url.clone(),
        Holds::Address => host.clone(),
        Holds::Sub => sub_option(&url),
    };
    let options: Vec<Value> = OPTIONS
        .iter()
        .map(|(option, holds, whom)| json!({ "option": option, "value": value(*holds), "for": whom.say(language) }))
        .collect();
    let routers: Vec<Value> = routers(&url, &host)
        .into_iter()
        .map(|(name, place, lines)| json!({ "name": name, "where": place.say(language), "lines": lines }))
        .collect();
    let resets: Vec<Value> = vendor::all()
        .iter()
        .filter(|vendor| !vendor.reset.en.is_empty())
        .map(|vendor| {
            let reset = Reset { ru: &vendor.reset.ru, en: &vendor.reset.en };
            json!({ "vendor": vendor.name, "title": vendor.title, "reset": reset.say(language) })
        })
        .collect();
    let ways = visit.house.exchange.phones().ways();
    let way = |way: &Way| json!({ "state": way.word(), "text": said(way).say(language) });
    let ways =
        json!({ "pnp": way(&ways.pnp), "dhcp": way(&ways.dhcp), "tftp": way(&ways.tftp), "ldap": way(&ways.ldap) });
    Ok(Reply::json(&json!({
        "url": url,
        "address": host,
        "ways": ways,
        "options": options,
        "routers": routers,
        "resets": resets,
    })))
}

/// What a way's state means for a person, and what to do.
fn said(way: &Way) -> Said {
    let words = |ru: &'static str, en: &'static str| Said::of(Words::new(ru, en));
    match way {
        Way::Off => words("Выключено.", "Switched off."),
        Way::Looking => words("Проверяем, нет ли в сети другого DHCP-сервера.", "Looking for another DHCP server."),
        Way::On => words("Работает.", "Works."),
        Way::Closed(Why::NoRight) => words(
            "Не хватает прав: запустите станцию от root или дайте ей CAP_NET_BIND_SERVICE и CAP_NET_RAW.",
            "It has no right to: run the exchange as root, or give it CAP_NET_BIND_SERVICE and CAP_NET_RAW.",
        ),
        Way::Closed(Why::Taken { of, port, by }) => {
            let by = by.as_deref();
            Said::new(
                format!("Порт {of} {port} занят: {}. Остановите эту программу.", by.unwrap_or("другой программой")),
                format!("{of} port {port} is taken by {}. Stop that.", by.unwrap_or("another program")),
            )
        }
        Way::Closed(Why::NoNetwork) => words(
            "Такой сети нет. Выберите интерфейс, к которому подключены телефоны.",
            "There is no such network. Choose the interface that the telephones are on.",
        ),
        Way::Closed(Why::OtherServer(server)) => Said::new(
            format!("В сети уже есть DHCP-сервер: {server}. Станция молчит; выключите его или раздачу адресов здесь."),
            format!("A DHCP server answers already: {server}. The box keeps quiet; switch that one off, or ours."),
        ),
        Way::Closed(Why::Other(why)) => {
            Said::new(format!("Не открывается: {why}."), format!("It can't be opened: {why}."))
        }
    }
}

struct Reset<'a> {
    ru: &'a str,
    en: &'a str,
}

impl Reset<'_> {
    fn say(&self, language: crate::office::Language) -> &str {
        if language == crate::office::Language::Ru { self.ru } else { self.en }
    }
}

/// Sub-option 1: its number, length and text, as hexadecimal digits.
fn sub_option(url: &str) -> String {
    let length = u8::try_from(url.len()).unwrap_or(u8::MAX);
    let bytes = [1, length].into_iter().chain(url.bytes().take(usize::from(length)));
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// How common routers take it. Commands as their makers' manuals write them; `NETWORK` and the like stand for the router's own.
fn routers(url: &str, host: &str) -> Vec<(&'static str, Words, Vec<String>)> {
    let terminal = Words::new("в терминале", "in the terminal");
    let file = Words::new("в файле настроек", "in the configuration file");
    vec![
        (
            "MikroTik",
            terminal,
            vec![
                format!("/ip dhcp-server option add name=dozvon66 code=66 value=\"s'{url}'\""),
                format!("/ip dhcp-server option add name=dozvon160 code=160 value=\"s'{url}'\""),
                format!("/ip dhcp-server option add name=dozvon150 code=150 value=\"'{host}'\""),
                "/ip dhcp-server option sets add name=dozvon options=dozvon66,dozvon160,dozvon150".to_owned(),
                "/ip dhcp-server network set [find] dhcp-option-set=dozvon".to_owned(),
            ],
        ),
        (
            "Keenetic",
            Words::new(
                "в командной строке (telnet или раздел a/cli)",
                "in the command line (telnet, or the page a/cli)",
            ),
            vec![
                format!("ip dhcp pool _WEBADMIN option 66 ascii {url}"),
                format!("ip dhcp pool _WEBADMIN option 160 ascii {url}"),
                "system configuration save".to_owned(),
            ],
        ),
        (
            "OpenWrt",
            terminal,
            vec![
                format!("uci add_list dhcp.lan.dhcp_option='66,{url}'"),
                format!("uci add_list dhcp.lan.dhcp_option='160,{url}'"),
                "uci commit dhcp && service dnsmasq restart".to_owned(),
            ],
        ),
        (
            "dnsmasq",
            file,
            vec![
                format!("dhcp-option=66,\"{url}\""),
                format!("dhcp-option=160,\"{url}\""),
                format!("dhcp-option=150,{host}"),
            ],
        ),
        (
            "TP-Link, ASUS, D-Link",
            Words::new(
                "на странице роутера: DHCP-сервер, поле «Option 66» или «TFTP-сервер»",
                "on the router's page: DHCP server, the field “Option 66” or “TFTP server”",
            ),
            vec![url.to_owned()],
        ),
        (
            "ISC dhcpd",
            file,
            vec![
                "option option-160 code 160 = text;".to_owned(),
                format!("option tftp-server-name \"{url}\";"),
                format!("option option-160 \"{url}\";"),
            ],
        ),
        (
            "Kea",
            file,
            vec![
                format!("{{ \"name\": \"tftp-server-name\", \"code\": 66, \"data\": \"{url}\" }}"),
                format!("{{ \"code\": 160, \"space\": \"dhcp4\", \"csv-format\": false, \"data\": \"'{url}'\" }}"),
            ],
        ),
        (
            "Windows Server",
            Words::new("в командной строке администратора", "in an administrator's command line"),
            vec![
                format!("netsh dhcp server scope NETWORK set optionvalue 066 STRING \"{url}\""),
                "netsh dhcp server add optiondef 160 Dozvon STRING 0".to_owned(),
                format!("netsh dhcp server scope NETWORK set optionvalue 160 STRING \"{url}\""),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_option_says_its_length() {
        assert_eq!(sub_option("http://a/"), "0109687474703a2f2f612f");
    }
}

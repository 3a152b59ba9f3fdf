//! What is to be seen: 24 lines of at most 79 characters, since a letter in the last column makes some terminals scroll.

use super::super::network::Addressing;
use super::super::order::Card;
use super::super::trial::Why;
use super::form::{Form, Mistake, Question};
use super::{Deed, Exchange, Language, Page, Panel, Sure};

/// Of a VT100.
pub const ROWS: usize = 24;
/// One less than a VT100 has.
pub const COLUMNS: usize = 79;

/// Lines, and where the cursor stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// [`ROWS`] of them, without spaces at their ends and without control characters.
    pub lines: Vec<String>,
    /// Row and column, from 0.
    pub cursor: (usize, usize),
}

/// Of the details, on a screen.
pub(super) const PAGE_LINES: usize = ROWS - 5;

pub(super) fn draw(panel: &Panel) -> Screen {
    let mut body = Vec::new();
    let (bottom, typed) = match &panel.page {
        Page::Main => {
            main(panel, &mut body);
            (menu(panel), Some(String::new()))
        }
        Page::Details { top, log } => {
            let lines = details(panel, log.as_deref());
            body.extend(lines.into_iter().skip(*top).take(PAGE_LINES));
            (
                vec![
                    panel
                        .say(("Enter: more    p: back    0: leave", "Enter: дальше    p: назад    0: выйти"))
                        .to_owned(),
                ],
                None,
            )
        }
        page => {
            let typed = ask(panel, page, &mut body);
            (Vec::new(), typed)
        }
    };
    compose(panel, body, bottom, typed)
}

/// Head, body, and what stands at the bottom; `typed` is shown behind a prompt, with the cursor.
fn compose(panel: &Panel, body: Vec<String>, bottom: Vec<String>, typed: Option<String>) -> Screen {
    let facts = &panel.facts;
    let title = format!("Dozvon {}", facts.version);
    let gap = COLUMNS.saturating_sub(title.chars().count() + facts.time.chars().count()).max(1);
    let rule = "-".repeat(COLUMNS);
    let mut lines = vec![format!("{title}{}{}", " ".repeat(gap), facts.time), rule.clone()];
    lines.extend(body);
    let below = bottom.len() + usize::from(!bottom.is_empty()) + usize::from(typed.is_some());
    lines.truncate(ROWS - below);
    lines.resize(ROWS - below, String::new());
    if !bottom.is_empty() {
        lines.push(rule);
        lines.extend(bottom);
    }
    let prompt = typed.map(|typed| format!("> {typed}"));
    lines.extend(prompt.clone());
    let column = prompt.map_or(0, |prompt| prompt.chars().count()).min(COLUMNS);
    Screen { lines: lines.into_iter().map(|line| safe(panel, &line)).collect(), cursor: (ROWS - 1, column) }
}

/// A line that does nothing to a terminal but stand there.
fn safe(panel: &Panel, line: &str) -> String {
    let shown = |letter: char| match letter {
        ' '..='~' => letter,
        // in English nothing but ASCII: to a terminal that knows no UTF-8 the halves of other letters are orders
        'а'..='я' | 'А'..='Я' | 'ё' | 'Ё' | '«' | '»' | '—' if panel.language == Language::Ru => letter,
        _ if letter.is_control() => ' ',
        _ => '?',
    };
    line.chars().take(COLUMNS).map(shown).collect::<String>().trim_end().to_owned()
}

fn main(panel: &Panel, body: &mut Vec<String>) {
    let facts = &panel.facts;
    let host = facts.machine.as_ref().map(|machine| machine.host_name.as_str()).unwrap_or_default();
    let name = facts.exchange.as_ref().map(|exchange| exchange.name.as_str()).unwrap_or_default();
    let can_show = panel.language == Language::Ru || name.is_ascii();
    body.push(match (host, if can_show { name } else { "" }) {
        ("", name) => name.to_owned(),
        (host, "") => host.to_owned(),
        (host, name) => format!("{name} ({host})"),
    });
    body.push(String::new());
    body.push(named(panel, ("State", "Состояние"), &state(panel)));
    if let Some(exchange) = &facts.exchange {
        running(panel, exchange, body);
    }
    let cards = facts.machine.as_ref().map(|machine| machine.cards.as_slice()).unwrap_or_default();
    for card in cards.iter().take(MOST_CARDS) {
        body.push(named(panel, ("Network", "Сеть"), &card_in_words(panel, card)));
    }
    body.push(String::new());
    failed_update(panel, body);
    first_sign_in(panel, body);
}

fn running(panel: &Panel, exchange: &Exchange, body: &mut Vec<String>) {
    let mut label = ("Page", "Страница");
    for page in exchange.pages.iter().take(MOST_PAGES) {
        body.push(named(panel, label, page));
        label = ("", "");
    }
    let of = panel.say(("of", "из"));
    let up = |up: usize, all: usize| format!("{up} {of} {all}");
    body.push(named(panel, ("Telephones", "Телефоны"), &up(exchange.phones_up, exchange.phones)));
    body.push(named(panel, ("Trunks", "Линии"), &up(exchange.trunks_up, exchange.trunks)));
    body.push(named(panel, ("Calls now", "Разговоры"), &exchange.calls.to_string()));
}

fn failed_update(panel: &Panel, body: &mut Vec<String>) {
    let Some(machine) = panel.facts.machine.as_ref().filter(|machine| !machine.failed_reason.is_empty()) else {
        return;
    };
    let words = panel.say(("The last update was taken back:", "Последнее обновление отменено:"));
    let why = Why::parse(&machine.failed_reason);
    // the screen's font may have no other quotes
    let why = if panel.language == Language::Ru { why.russian() } else { why.english().replace(['“', '”'], "\"") };
    body.extend([words.to_owned(), format!("  {why}")]);
}

fn first_sign_in(panel: &Panel, body: &mut Vec<String>) {
    let Some(exchange) = panel.facts.exchange.as_ref().filter(|exchange| exchange.is_new) else { return };
    match &exchange.first_password {
        Some(password) => {
            let words = panel.say(("First sign-in at the page:", "Первый вход на страницу:"));
            body.push(format!("{words}  admin / {password}"));
        }
        None => body.push(
            panel
                .say((
                    "The page still waits for its first sign-in: 2 makes a password for it.",
                    "Страница ещё ждёт первого входа: 2 — сделать для неё пароль.",
                ))
                .to_owned(),
        ),
    }
}

/// In a word or two how it goes, the first thing in the way first.
fn state(panel: &Panel) -> String {
    let facts = &panel.facts;
    let machine = facts.machine.as_ref();
    if let Some(machine) = machine.filter(|machine| !machine.cards.is_empty()) {
        if machine.cards.iter().all(|card| !card.link) {
            return panel.say(("No cable in any network port", "Ни в один сетевой порт не вставлен кабель")).to_owned();
        }
        if machine.cards.iter().flat_map(|card| &card.addresses).all(|address| is_of_the_link(address)) {
            let words = (
                "No network address: the network gives none (1 sets one)",
                "Нет адреса: сеть его не даёт (1 — задать)",
            );
            return panel.say(words).to_owned();
        }
    }
    let word = panel.say(if facts.exchange.is_some() {
        ("Ready", "Готова")
    } else {
        ("Starting", "Запускается")
    });
    match machine.filter(|machine| machine.on_trial) {
        Some(machine) => {
            let words = panel.say(("update on trial:", "обновление на пробе:"));
            format!("{word}, {words} {}", machine.release)
        }
        None => word.to_owned(),
    }
}

/// Whether an address reaches no farther than the cable.
fn is_of_the_link(address: &str) -> bool {
    address.starts_with("169.254.") || address.to_ascii_lowercase().starts_with("fe80:")
}

fn card_in_words(panel: &Panel, card: &Card) -> String {
    let cable = match (card.link, card.speed) {
        (false, _) => panel.say(("no cable", "нет кабеля")).to_owned(),
        (true, None) => panel.say(("cable", "кабель")).to_owned(),
        (true, Some(speed)) => format!("{speed} {}", panel.say(("Mbit/s", "Мбит/с"))),
    };
    let mut addresses: Vec<&str> = card.addresses.iter().map(String::as_str).collect();
    addresses.sort_by_key(|address| (is_of_the_link(address), address.contains(':')));
    let first = addresses.first().map(|address| format!(", {address}")).unwrap_or_default();
    format!("{}, {cable}{first}", card.name)
}

fn menu(panel: &Panel) -> Vec<String> {
    let item = |digit: char, words| format!("{digit} {}", panel.say(words));
    let language = match (panel.has_russian, panel.language) {
        (false, _) => String::new(),
        (true, Language::En) => "7 Russian (UTF-8)".to_owned(),
        (true, Language::Ru) => "7 English".to_owned(),
    };
    let leave = if panel.facts.machine.is_none() { item('q', ("Leave", "Выйти")) } else { String::new() };
    let columns = [
        [
            item('1', ("Network", "Сеть")),
            item('2', ("New password for the page", "Новый пароль страницы")),
            item('3', ("Restart", "Перезапустить")),
        ],
        [
            item('4', ("Switch off", "Выключить")),
            item('5', ("Factory reset", "Сброс к заводским")),
            item('6', ("Details and log", "Подробности и журнал")),
        ],
        [language, leave, String::new()],
    ];
    let [left, middle, right] = columns;
    let rows = left.into_iter().zip(middle).zip(right);
    rows.map(|((left, middle), right)| format!("{}{}{right}", wide(&left, 32), wide(&middle, 28))).collect()
}

/// What a page asks; the line that is being typed on it.
fn ask(panel: &Panel, page: &Page, body: &mut Vec<String>) -> Option<String> {
    let mut put = |words: (&'static str, &'static str)| body.push(panel.say(words).to_owned());
    match page {
        Page::Network(form) => return network(panel, form, body),
        Page::Login(text) => {
            put(("A new one-time password for the page", "Новый одноразовый пароль для страницы"));
            put(("", ""));
            put(("Whose? Enter alone: admin.    Esc: back", "Чей? Просто Enter: admin.    Esc: назад"));
            return Some(text.clone());
        }
        Page::Password { login, password } => {
            put((
                "A new one-time password was made. It is shown only now.",
                "Новый одноразовый пароль. Он показан только сейчас.",
            ));
            body.extend([String::new(), format!("    {login} / {password}"), String::new()]);
            body.push(panel.say(ENTER).to_owned());
        }
        Page::Sure(sure) => {
            put(match sure {
                Sure::Restart => ("Restart the box?", "Перезапустить устройство?"),
                Sure::ShutDown => ("Switch the box off?", "Выключить устройство?"),
            });
            let calls = panel.facts.exchange.as_ref().map_or(0, |exchange| exchange.calls);
            if calls > 0 {
                body.push(format!("{} {calls}", panel.say(("Calls that this cuts:", "Разговоры, которые оборвутся:"))));
            }
            body.extend([String::new(), panel.say(YES_NO).to_owned()]);
            return Some(String::new());
        }
        Page::Reset(text) => {
            put((
                "Factory reset: extensions, trunks, recordings, history, passwords are erased.",
                "Сброс: номера, линии, записи, история и пароли будут стёрты.",
            ));
            put((
                "The licence stays. There is no way back but a backup.",
                "Лицензия останется. Вернуть можно только из резервной копии.",
            ));
            put(("", ""));
            put(("Type RESET and Enter.    Esc: back", "Наберите RESET и Enter.    Esc: назад"));
            return Some(text.clone());
        }
        Page::Working(deed) => put(match deed {
            Deed::Network(_) => ("The network is being set ...", "Настраивается сеть ..."),
            _ => ("One moment ...", "Одну минуту ..."),
        }),
        Page::Said(outcome) => {
            let (head, words) = match outcome {
                Ok(words) => (("", ""), (*words).to_owned()),
                Err(why) => (("That was not done:", "Это не сделано:"), why.clone()),
            };
            body.extend([panel.say(head).to_owned(), words, String::new(), panel.say(ENTER).to_owned()]);
        }
        Page::Main | Page::Details { .. } => {}
    }
    None
}

fn network(panel: &Panel, form: &Form, body: &mut Vec<String>) -> Option<String> {
    body.push(panel.say(("Network", "Сеть")).to_owned());
    body.push(String::new());
    let mut put = |words: (&'static str, &'static str)| body.push(panel.say(words).to_owned());
    match form.question {
        Question::Card => {
            put(("Which network port leads to the office?", "Какой сетевой порт ведёт в офис?"));
            put(("  0  the first one with a cable", "  0  первый, в который вставлен кабель"));
            let numbered = (1..).zip(form.cards.iter().take(9));
            body.extend(
                numbered
                    .map(|(digit, card): (u8, _)| format!("  {digit}  {} {}", card.mac, card_in_words(panel, card))),
            );
        }
        Question::Mode => {
            put(("How does the box get its address?    Esc: back", "Откуда у устройства адрес?    Esc: назад"));
            put(("  1  the network gives it (DHCP)", "  1  его даёт сеть (DHCP)"));
            put(("  2  a fixed one", "  2  постоянный"));
        }
        Question::Address => put(("Address, as 192.168.1.10/24:", "Адрес, как 192.168.1.10/24:")),
        Question::Gateway => put(("Gateway (router); empty: none:", "Шлюз (роутер); пусто: нет:")),
        Question::Dns => put((
            "Name servers, with spaces between; empty: those of DHCP:",
            "Серверы имён через пробел; пусто: те, что даёт DHCP:",
        )),
        Question::Vlan => put(("VLAN, 1 to 4094; empty: none:", "VLAN, от 1 до 4094; пусто: нет:")),
        Question::Sure => summary(panel, form, body),
    }
    if let Some(mistake) = form.mistake {
        body.extend([String::new(), panel.say(in_words(mistake)).to_owned()]);
    }
    Some(form.text.clone())
}

fn summary(panel: &Panel, form: &Form, body: &mut Vec<String>) {
    let none = panel.say(("none", "нет")).to_owned();
    let port = &form.wanted.office;
    let (address, gateway) = match &port.address {
        Addressing::Dhcp => ("DHCP".to_owned(), "DHCP".to_owned()),
        Addressing::Fixed { address, gateway } => {
            (address.clone(), gateway.map_or_else(|| none.clone(), |gateway| gateway.to_string()))
        }
    };
    let nobody = if port.address == Addressing::Dhcp { "DHCP" } else { none.as_str() };
    let dns = form.wanted.dns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let card = if port.card.is_empty() {
        panel.say(("the first with a cable", "первый с кабелем"))
    } else {
        &port.card
    };
    let vlan = port.vlan.map_or_else(|| none.clone(), |vlan| vlan.to_string());
    body.extend([
        named(panel, ("Port", "Порт"), card),
        named(panel, ("Address", "Адрес"), &address),
        named(panel, ("Gateway", "Шлюз"), &gateway),
        named(panel, ("Name servers", "Серверы имён"), if dns.is_empty() { nobody } else { &dns }),
        named(panel, ("VLAN", "VLAN"), &vlan),
        String::new(),
        panel.say(("Set it so, at once and for good?", "Установить так, сразу и насовсем?")).to_owned(),
        panel.say(YES_NO).to_owned(),
    ]);
}

const fn in_words(mistake: Mistake) -> (&'static str, &'static str) {
    match mistake {
        Mistake::Digit => ("One of the digits above.", "Одна из цифр выше."),
        Mistake::Address => (
            "Not an address of a box with its network, as 192.168.1.10/24.",
            "Это не адрес устройства с сетью, как 192.168.1.10/24.",
        ),
        Mistake::Gateway => ("Not another address of that network.", "Это не другой адрес той же сети."),
        Mistake::Dns => {
            ("At most three addresses, as 192.168.1.1 8.8.8.8.", "Не больше трёх адресов, как 192.168.1.1 8.8.8.8.")
        }
        Mistake::Vlan => ("A number from 1 to 4094.", "Число от 1 до 4094."),
    }
}

/// All that is known of the box, and then the end of its log.
pub(super) fn details(panel: &Panel, log: Option<&[String]>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(machine) = &panel.facts.machine {
        let mega = 1024 * 1024;
        for card in &machine.cards {
            lines.push(format!("{} {}", card.mac, card_in_words(panel, card)));
            lines.extend(card.addresses.iter().map(|address| format!("    {address}")));
        }
        let warmest = machine.temperatures.iter().max_by(|one, other| one.celsius.total_cmp(&other.celsius));
        let disk = &machine.disk;
        let wear = disk.wear.map(|wear| format!(", {} {wear} %", panel.say(("worn", "износ")))).unwrap_or_default();
        let free = panel.say(("MB free", "МБ свободно"));
        let days = panel.facts.exchange.as_ref().and_then(|exchange| exchange.disk_days);
        let days = days.map(|days| format!(", {} {days}", panel.say(("days left:", "хватит на дней:"))));
        let days = days.unwrap_or_default();
        let source = if machine.clock.synchronized {
            machine.clock.source.as_str()
        } else {
            panel.say(("not synchronised", "не сверены"))
        };
        lines.extend([
            format!("{} {} {}", panel.say(("Slot", "Слот")), machine.slot, machine.release),
            format!("{} {}", panel.say(("Clock:", "Часы:")), source),
            format!("{} {} {free}{days}{wear}", panel.say(("Disk:", "Диск:")), disk.data_free / mega),
            format!("{} {} {free}", panel.say(("Memory:", "Память:")), machine.memory_available / mega),
        ]);
        lines.extend(warmest.map(|sensor| format!("{} {:.0} C", sensor.name, sensor.celsius)));
        if disk.failing {
            lines.push(
                panel
                    .say((
                        "The disk says that it will fail soon: replace it.",
                        "Диск сообщает, что скоро откажет: замените его.",
                    ))
                    .to_owned(),
            );
        }
        lines.push(String::new());
    }
    match log {
        None => lines.push(panel.say(("One moment ...", "Одну минуту ...")).to_owned()),
        Some(log) => {
            lines.extend(log.iter().rev().take(LOG_LINES).rev().map(|line| line.chars().take(COLUMNS).collect()))
        }
    }
    lines
}

fn named(panel: &Panel, label: (&'static str, &'static str), value: &str) -> String {
    format!("{}{value}", wide(panel.say(label), 14))
}

fn wide(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.chars().count())))
}

const ENTER: (&str, &str) = ("Enter: back", "Enter: назад");
const YES_NO: (&str, &str) = ("1 yes    0 no", "1 да    0 нет");
const MOST_PAGES: usize = 3;
const MOST_CARDS: usize = 4;
const LOG_LINES: usize = 200;

//! What the fields of the office file are called in sentences, and how their values are said.

/// The kinds in the order in which differences are told.
pub(super) const ORDER: [&str; 22] = [
    "office",
    "trunk",
    "extension",
    "group",
    "media",
    "voice_message",
    "schedule",
    "voice_menu",
    "element",
    "link",
    "user",
    "recordings",
    "protection",
    "codes",
    "parking",
    "conference",
    "voicemail",
    "mail",
    "phone",
    "phone_template",
    "provisioning",
    "device",
];

/// The ending of «изменил…» and «включён…».
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    He,
    She,
    It,
    They,
}

/// How a value is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it stands; lists by commas.
    Plain,
    /// On or off.
    Flag,
    /// A number with its unit.
    Seconds,
    /// A number with its unit.
    Days,
    /// An outside number, or an inside one, or a list of them.
    Number,
    /// A choice between words.
    Word,
    /// Where a device forwards to.
    Forward,
    /// Too long for a sentence.
    Long,
}

/// What a field is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) ru: &'static str,
    pub(super) gender: Gender,
    pub(super) en: &'static str,
    pub(super) shape: Shape,
}

/// The label of a field; `None` for a field that nobody has named.
pub(super) fn of(kind: &str, field: &str) -> Option<Label> {
    let find = |kind: &str| FIELDS.iter().find(|(of, name, ..)| *of == kind && *name == field);
    let (_, _, ru, gender, en, shape) = find(kind).or_else(|| find("*"))?;
    Some(Label { ru, gender: *gender, en, shape: *shape })
}

/// The words of choices, wherever they stand.
pub(super) fn word(word: &str) -> Option<(&'static str, &'static str)> {
    WORDS.iter().find(|(one, ..)| *one == word).map(|(_, ru, en)| (*ru, *en))
}

use Gender::{He, It, She, They};
use Shape::{Days, Flag, Forward, Long, Number, Plain, Seconds, Word};

type Field = (&'static str, &'static str, &'static str, Gender, &'static str, Shape);

/// Kind, field, what it is called. `*`: in every kind.
const FIELDS: &[Field] = &[
    ("*", "name", "название", It, "name", Plain),
    ("*", "number", "номер", He, "number", Number),
    ("*", "login", "логин", He, "login", Plain),
    ("*", "password", "пароль", He, "password", Plain),
    ("*", "greeting", "приветствие", It, "greeting", Plain),
    ("*", "music", "музыка ожидания", She, "music on hold", Plain),
    ("*", "keep_days", "срок хранения, дней", He, "days of keeping", Days),
    ("*", "timeout_seconds", "время ожидания", It, "time of waiting", Seconds),
    ("*", "repeat", "число повторов", It, "number of repeats", Plain),
    ("*", "server", "сервер", He, "server", Plain),
    ("*", "srtp", "шифрование звука", It, "encryption of sound", Word),
    ("*", "ring_seconds", "время звонка", It, "time of ringing", Seconds),
    ("*", "kind", "вид", He, "kind", Plain),
    ("office", "timezone", "часовой пояс", He, "time zone", Plain),
    ("office", "language", "язык", He, "language", Word),
    ("office", "country", "страна", She, "country", Plain),
    ("office", "area_code", "код города", He, "area code", Plain),
    ("trunk", "number", "телефонный номер", He, "telephone number", Number),
    ("trunk", "numbers", "дополнительные номера", They, "further numbers", Number),
    ("trunk", "comment", "комментарий", He, "comment", Plain),
    ("trunk", "register", "регистрация у оператора", She, "registration", Flag),
    ("trunk", "transport", "транспорт", He, "transport", Word),
    ("trunk", "auth_login", "логин для проверки", He, "login for authentication", Plain),
    ("trunk", "outbound_proxy", "прокси", He, "outbound proxy", Plain),
    ("trunk", "from_domain", "домен", He, "domain", Plain),
    ("trunk", "number_format", "вид номеров", He, "format of numbers", Word),
    ("trunk", "caller_id_in", "место номера звонящего", It, "place of the caller's number", Word),
    ("trunk", "codecs", "кодеки", They, "codecs", Plain),
    ("trunk", "max_calls", "предел разговоров", He, "limit of calls", Plain),
    ("trunk", "register_every", "период регистрации", He, "interval of registration", Seconds),
    ("extension", "employee", "сотрудник", He, "employee", Plain),
    ("extension", "email", "адрес почты", He, "e-mail", Plain),
    ("extension", "ring", "порядок звонка", He, "order of ringing", Word),
    ("extension", "outgoing_number", "номер для исходящих", He, "number for calls out", Number),
    ("extension", "permissions", "разрешения", They, "permissions", Word),
    ("extension", "record", "запись разговоров", She, "recording of calls", Flag),
    ("extension", "voicemail", "голосовая почта", She, "voicemail", Flag),
    ("extension", "voicemail_pin", "ПИН голосовой почты", He, "voicemail PIN", Plain),
    ("extension", "voicemail_greeting", "приветствие голосовой почты", It, "voicemail greeting", Plain),
    ("extension", "call_waiting", "второй звонок", He, "call waiting", Flag),
    ("extension", "do_not_disturb", "режим «не беспокоить»", He, "do not disturb", Flag),
    ("device", "allow_from", "разрешённые адреса", They, "allowed addresses", Plain),
    ("device", "forward", "переадресация", She, "forwarding", Forward),
    ("device", "mac", "MAC-адрес", He, "MAC address", Plain),
    ("device", "model", "модель", She, "model", Plain),
    ("device", "confirm", "подтверждение клавишей", It, "confirmation by a key", Flag),
    ("device", "number", "номер мобильного", He, "mobile number", Number),
    ("media", "file", "звук", He, "sound", Long),
    ("voice_message", "media", "медиафайл", He, "media file", Plain),
    ("schedule", "hours", "рабочие часы", They, "opening hours", Long),
    ("schedule", "except", "особые дни", They, "special days", Long),
    ("schedule", "closed", "выходные дни", They, "days off", Long),
    ("group", "description", "описание", It, "description", Plain),
    ("group", "strategy", "порядок вызова", He, "strategy", Word),
    ("group", "members", "состав", He, "members", Plain),
    ("group", "max_wait_seconds", "предел ожидания", He, "longest wait", Seconds),
    ("group", "wrap_up_seconds", "отдых после разговора", He, "rest after a call", Seconds),
    ("group", "max_queue", "длина очереди", She, "longest queue", Plain),
    ("group", "member_ring_seconds", "время звонка сотруднику", It, "time a member rings", Seconds),
    ("group", "announce_position", "объявление места в очереди", It, "telling the place in the queue", Flag),
    ("voice_menu", "invalid", "ответ на неверную клавишу", He, "answer to a wrong key", Plain),
    ("element", "numbers", "номера", They, "numbers", Number),
    ("element", "extension", "внутренний номер", He, "extension", Plain),
    ("element", "group", "группа", She, "group", Plain),
    ("element", "voice_message", "голосовое сообщение", It, "voice message", Plain),
    ("element", "voice_menu", "голосовое меню", It, "voice menu", Plain),
    ("element", "schedule", "расписание", It, "timetable", Plain),
    ("element", "prompt", "сообщение", It, "prompt", Plain),
    ("element", "digits", "число цифр", It, "number of digits", Plain),
    ("user", "role", "роль", She, "role", Word),
    ("user", "password_hash", "пароль", He, "password", Plain),
    ("user", "must_change", "смена пароля при входе", She, "change of password at the next sign-in", Flag),
    ("user", "disabled", "запрет входа", He, "ban on signing in", Flag),
    ("user", "may_hear_recordings", "право слушать записи", It, "right to hear recordings", Flag),
    ("recordings", "format", "формат", He, "format", Plain),
    ("recordings", "keep_gigabytes", "предел места, ГБ", He, "limit of space, GB", Plain),
    ("recordings", "signalling_days", "хранение обмена SIP, дней", It, "SIP messages kept, days", Plain),
    ("protection", "trusted_networks", "доверенные сети", They, "trusted networks", Plain),
    ("parking", "first", "первое место", It, "first place", Plain),
    ("parking", "last", "последнее место", It, "last place", Plain),
    ("conference", "pin", "ПИН", He, "PIN", Plain),
    ("voicemail", "max_seconds", "предел сообщения", He, "longest message", Seconds),
    ("mail", "port", "порт", He, "port", Plain),
    ("mail", "security", "защита", She, "security", Word),
    ("mail", "from", "отправитель", He, "sender", Plain),
    ("mail", "admin", "почта администратора", She, "administrator's mail", Plain),
    ("mail", "missed_calls", "письма о пропущенных", They, "mail about missed calls", Flag),
    ("phone", "mac", "MAC-адрес", He, "MAC address", Plain),
    ("phone", "vendor", "производитель", He, "maker", Plain),
    ("phone", "model", "модель", She, "model", Plain),
    ("phone", "template", "шаблон", He, "template", Plain),
    ("phone", "lamps", "лампы номеров", They, "lamps", Plain),
    ("phone", "keys", "клавиши", They, "keys", Word),
    ("phone", "admin_password", "пароль администратора", He, "administrator's password", Plain),
    ("phone", "firmware", "прошивка", She, "firmware", Plain),
    ("phone", "transport", "транспорт", He, "transport", Word),
    ("phone_template", "base", "исходный шаблон", He, "template it was made of", Plain),
    ("phone_template", "text", "текст", He, "text", Long),
    ("provisioning", "pnp", "поиск телефонов в сети (PnP)", He, "finding telephones (PnP)", Flag),
    ("provisioning", "dhcp", "раздача адресов (DHCP)", She, "giving addresses (DHCP)", Flag),
    ("provisioning", "dhcp_first", "первый адрес", He, "first address", Plain),
    ("provisioning", "dhcp_last", "последний адрес", He, "last address", Plain),
    ("provisioning", "dhcp_interface", "интерфейс раздачи адресов", He, "interface that gets addresses", Plain),
    ("provisioning", "dhcp_router", "шлюз для устройств", He, "router that devices are told of", Plain),
    ("provisioning", "dhcp_dns", "серверы имён для устройств", They, "name servers that devices are told of", Plain),
    ("provisioning", "dhcp_lease_hours", "срок адреса в часах", He, "hours that an address is given for", Plain),
    ("provisioning", "tftp", "раздача файлов по TFTP", She, "giving files by TFTP", Flag),
    ("codes", "transfer", "код перевода сразу", He, "code of transfer", Plain),
    ("codes", "attended_transfer", "код перевода с вопросом", He, "code of transfer after asking", Plain),
    ("codes", "transfer_back", "код возврата к собеседнику", He, "code of going back to the caller", Plain),
    ("codes", "park", "код парковки", He, "code of parking", Plain),
    ("codes", "pickup", "код перехвата", He, "code of pickup", Plain),
    ("codes", "do_not_disturb_on", "код «не беспокоить»", He, "code of do not disturb", Plain),
    ("codes", "do_not_disturb_off", "код «снова беспокоить»", He, "code of ending do not disturb", Plain),
    ("codes", "forward_always", "код переадресации всегда", He, "code of forwarding all calls", Plain),
    ("codes", "forward_always_off", "код отмены переадресации всегда", He, "code of not forwarding all calls", Plain),
    ("codes", "forward_busy", "код переадресации, когда занято", He, "code of forwarding when busy", Plain),
    (
        "codes",
        "forward_busy_off",
        "код отмены переадресации, когда занято",
        He,
        "code of not forwarding when busy",
        Plain,
    ),
    ("codes", "forward_no_answer", "код переадресации без ответа", He, "code of forwarding without an answer", Plain),
    (
        "codes",
        "forward_no_answer_off",
        "код отмены переадресации без ответа",
        He,
        "code of not forwarding without an answer",
        Plain,
    ),
    ("codes", "last_caller", "код звонка последнему", He, "code of calling the last caller", Plain),
    ("codes", "call_back", "код «соединить, когда освободится»", He, "code of calling back", Plain),
    ("codes", "hide_number", "код скрытия номера", He, "code of hiding the number", Plain),
    ("codes", "echo_test", "код проверки эхом", He, "code of the echo test", Plain),
    ("codes", "clock", "код времени", He, "code of the time", Plain),
    ("codes", "record_message", "код записи сообщения", He, "code of recording a message", Plain),
    ("codes", "voicemail", "код голосовой почты", He, "code of voicemail", Plain),
    ("codes", "page", "код объявления группе", He, "code of paging", Plain),
];

const WORDS: &[(&str, &str, &str)] = &[
    ("ru", "русский", "Russian"),
    ("en", "английский", "English"),
    ("udp", "UDP", "UDP"),
    ("tcp", "TCP", "TCP"),
    ("tls", "TLS", "TLS"),
    ("off", "выключено", "off"),
    ("optional", "если умеет другая сторона", "when the other side can"),
    ("required", "всегда", "always"),
    ("e164", "78121234567", "78121234567"),
    ("plus", "+78121234567", "+78121234567"),
    ("national", "88121234567", "88121234567"),
    ("from", "From", "From"),
    ("pai", "P-Asserted-Identity", "P-Asserted-Identity"),
    ("rpid", "Remote-Party-ID", "Remote-Party-ID"),
    ("ppi", "P-Preferred-Identity", "P-Preferred-Identity"),
    ("parallel", "все сразу", "all at once"),
    ("sequential", "по очереди", "one after the other"),
    ("ring_all", "всем сразу", "all at once"),
    ("round_robin", "по кругу", "round robin"),
    ("first_to_last", "с первого", "first to last"),
    ("admin", "администратор", "administrator"),
    ("viewer", "наблюдатель", "viewer"),
    ("starttls", "STARTTLS", "STARTTLS"),
    ("none", "нет", "none"),
    ("auto", "сам выбирает", "by itself"),
    ("pickup", "перехват", "pickup"),
    ("parking", "парковка", "parking"),
    ("internal", "внутренние", "internal"),
    ("city", "городские", "city"),
    ("mobile_region", "мобильные региона", "mobiles of the region"),
    ("mobile_national", "мобильные страны", "mobiles of the country"),
    ("long_distance", "междугородные", "long distance"),
    ("international", "международные", "international"),
];

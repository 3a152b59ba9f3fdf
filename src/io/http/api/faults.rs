//! What the office file's reader finds wrong, in the caller's language.

use super::super::words::{Said, Words};
use crate::desk;
use crate::guard::ForwardRefused;
use crate::number::Class;
use crate::office::file::{Fault, Problem, Wanted, WeakPassword};
use crate::office::{Feature, Kind, Language, NetworkError, Office, Owner};

/// What is said of a problem. `office` is the present one: it knows who has a number that is asked for. What only a file can have
/// wrong is told in the file's own English.
pub(super) fn said(problem: &Problem, office: &Office) -> Said {
    problem.fault.as_ref().map_or_else(
        || Said::new(format!("Не подходит: {}.", problem.what), format!("{}.", problem.what)),
        |fault| of_fault(fault, office),
    )
}

/// What is said of a fault; `office` as in [`said`].
pub(super) fn of_fault(fault: &Fault, office: &Office) -> Said {
    let words = Words::new;
    match fault {
        Fault::Range { from, to } => {
            Said::new(format!("Число от {from} до {to}."), format!("A number from {from} to {to}."))
        }
        Fault::TooLong { most } => {
            Said::new(format!("Не длиннее {most} знаков."), format!("At most {most} characters."))
        }
        Fault::SameCode(other) => {
            let (ru, en) = feature(*other);
            Said::new(format!("Этот код уже занят: {ru}."), format!("This code is taken already: {en}."))
        }
        Fault::CodeBegins(other) => {
            let (ru, en) = feature(*other);
            Said::new(
                format!("Так начинается другой код с номером после него: {ru}. Станция не отличит одно от другого."),
                format!(
                    "Another code with a number after it begins like this: {en}. The box could not tell them apart."
                ),
            )
        }
        Fault::NumberTaken { number, .. } => number_taken(office, number),
        Fault::ParkingPlace { by, number } => parking_place(office, by, number),
        Fault::ParkingSize { most } => {
            Said::new(format!("Мест не больше {most}."), format!("There are at most {most} places."))
        }
        Fault::NoMedia(name) => {
            Said::new(format!("Медиафайла «{name}» нет."), format!("There is no media file “{name}”."))
        }
        Fault::UnknownKey { near } => near.as_ref().map_or_else(
            || words("Такого поля нет.", "There is no such field.").into(),
            |near| {
                Said::new(
                    format!("Такого поля нет. Может быть, {near}?"),
                    format!("There is no such field. Did you mean {near}?"),
                )
            },
        ),
        Fault::UnknownWord { words, .. } => {
            let all = words.join(", ");
            Said::new(format!("Здесь может стоять: {all}."), format!("This can be: {all}."))
        }
        Fault::NameTaken(name) => Said::new(
            format!("«{name}» уже есть, выберите другое имя."),
            format!("There is “{name}” already; choose another name."),
        ),
        Fault::LoginTaken { login, by } => {
            let by = office.device_by_login(login).map_or(by, |(extension, _)| &extension.number);
            Said::new(
                format!("Логин {login} уже у устройства номера {by}."),
                format!("A device of {by} has the login {login} already."),
            )
        }
        Fault::NumberCarried { number, by } => {
            let by = office.trunk_of(number).map_or(by, |trunk| &trunk.name);
            Said::new(
                format!("Номер {number} уже у подключения «{by}»."),
                format!("The connection “{by}” has {number} already."),
            )
        }
        Fault::NoE164 { meant } => no_e164(meant.as_deref()),
        Fault::NoTrunkNumber(number) => Said::new(
            format!("Внешнего номера {number} у станции нет."),
            format!("{number} is no outside number of the box."),
        ),
        Fault::StartTaken { number, element } => Said::new(
            format!("Номер {number} уже в другом входящем звонке ({element})."),
            format!("{number} is in another incoming call ({element}) already."),
        ),
        Fault::NoSuch { kind, key, .. } => no_such(*kind, key),
        Fault::Zone { near } => near.as_ref().map_or_else(
            || words("Такого часового пояса нет.", "There is no such time zone.").into(),
            |near| {
                Said::new(
                    format!("Такого часового пояса нет. Может быть, {near}?"),
                    format!("There is no such time zone. Did you mean {near}?"),
                )
            },
        ),
        Fault::Devices { least, most } => {
            Said::new(format!("Устройств от {least} до {most}."), format!("{least} to {most} devices."))
        }
        Fault::TooShort { least } => {
            Said::new(format!("Не короче {least} знаков."), format!("At least {least} characters."))
        }
        Fault::BackupServer => words(
            "Адрес не подходит: SFTP — имя или имя:порт, S3 — https://имя, SMB — //сервер/папка, NFS — сервер:/путь.",
            "The address does not fit: SFTP has host or host:port, S3 https://host, SMB //server/share, NFS server:/path.",
        )
        .into(),
        Fault::Folder => words("Папка без «..» и лишних «/».", "A folder without “..” and needless slashes.").into(),
        Fault::TooMany { most } => Said::new(format!("Не больше {most}."), format!("At most {most}.")),
        Fault::Twice(name) => Said::new(format!("{name} здесь дважды."), format!("{name} is here twice.")),
        Fault::NoElement(id) => {
            Said::new(format!("Элемента «{id}» на схеме нет."), format!("There is no element “{id}” on the desk."))
        }
        Fault::NoOutput(out) => {
            Said::new(format!("Выхода «{out}» у этого элемента нет."), format!("This element has no output “{out}”."))
        }
        fault => plain(fault).into(),
    }
}

/// What is said of every case in the same words.
fn plain(fault: &Fault) -> Words {
    let words = Words::new;
    match fault {
        Fault::Control => words("Здесь есть невидимый знак, уберите его.", "There is an invisible character in it."),
        Fault::CodeShape => words(
            "Код начинается с * или #, в нём от 2 до 6 знаков: цифры, * и #.",
            "A code begins with * or #, and has 2 to 6 signs: digits, * and #.",
        ),
        Fault::InsideNumber => {
            words("Номер из 3–5 цифр, первая от 2 до 9.", "A number of 3 to 5 digits, the first one 2 to 9.")
        }
        Fault::ParkingOrder => words(
            "Последнее место не раньше первого, и цифр в нём столько же.",
            "The last place is not before the first, and has as many digits.",
        ),
        Fault::Pin => words("ПИН из 4–10 цифр, или пусто.", "A PIN of 4 to 10 digits, or nothing."),
        Fault::Host => words(
            "Имя сервера или адрес, без порта: smtp.example.org.",
            "The server's name or address, without a port: smtp.example.org.",
        ),
        Fault::HostPort => words(
            "Имя сервера или адрес, можно с портом: sip.example.org или sip.example.org:5060.",
            "The server's name or address, with a port if need be: sip.example.org or sip.example.org:5060.",
        ),
        Fault::WebhookUrl => words(
            "Адрес начинается с https://. Без шифрования (http://) можно только внутри своей сети.",
            "An address that begins with https://. Unencrypted (http://) is for your own network only.",
        ),
        Fault::TelegramToken => words(
            "Это не токен бота. @BotFather даёт его в виде 123456789:AAE…",
            "This is no bot's token. @BotFather gives it as 123456789:AAE…",
        ),
        Fault::Address => words("Это не адрес почты.", "This is no mail address."),
        Fault::Issuer => words(
            "Адрес провайдера целиком, с https: https://login.example.org/realms/office.",
            "The provider's whole address with https: https://login.example.org/realms/office.",
        ),
        Fault::NoLogin => words(
            "Здесь должно стоять {login}: на это место попадёт имя того, кто входит.",
            "It must have {login} in it: there goes the name of whoever signs in.",
        ),
        Fault::Prefix => words(
            "Цифры, с которых начинаются номера, с кодом страны и без +: 375 или 88216.",
            "The digits with which numbers begin, with the country's code and without +: 375 or 88216.",
        ),
        Fault::QuietHours => words(
            "Нужны начало и конец, и они разные. Чтобы тихих часов не было, оставьте оба поля пустыми.",
            "There are a beginning and an end, which differ. Leave both empty for no quiet hours.",
        ),
        Fault::Certificate => words(
            "Это не сертификат в виде PEM. Он начинается с -----BEGIN CERTIFICATE-----.",
            "This is no certificate as PEM. It begins with -----BEGIN CERTIFICATE-----.",
        ),
        Fault::ForwardTarget => forward(ForwardRefused::NoNumber),
        Fault::WrongType(wanted) => wrong_type(*wanted),
        Fault::Login => words(
            "Только латинские буквы, цифры и знаки + - . _, не длиннее 64.",
            "Latin letters, digits and + - . _ only, at most 64.",
        ),
        Fault::Network(NetworkError::HostBits) => words(
            "Адрес сети записан не до конца: у 192.168.1.0/24 последнее число 0.",
            "This is no address of a network: the last number of 192.168.1.0/24 is 0.",
        ),
        Fault::Network(_) => words(
            "Адрес или сеть: 192.168.1.7 или 192.168.1.0/24.",
            "An address or a network: 192.168.1.7 or 192.168.1.0/24.",
        ),
        Fault::Mac => words("MAC-адрес вида 80:5e:c0:12:34:56.", "A MAC address like 80:5e:c0:12:34:56."),
        Fault::PhonePassword => words("Только латинские буквы и цифры.", "Latin letters and digits only."),
        Fault::FileName => words(
            "Имя файла из латинских букв, цифр и знаков - . _",
            "A file's name of Latin letters, digits and - . _",
        ),
        Fault::Ipv4 => words(
            "Адрес вида 192.168.1.100; последний не раньше первого.",
            "An address like 192.168.1.100; the last one is not before the first.",
        ),
        Fault::BuiltIn => words(
            "Так называется шаблон самой станции. Выберите другое имя.",
            "A template of the box itself has this name. Choose another.",
        ),
        Fault::Country => words("Код страны из двух букв: RU.", "A country's code of two letters: RU."),
        Fault::AreaCode => words("Код города: не больше 5 цифр.", "An area code has at most 5 digits."),
        Fault::Outside => words(
            "Это не номер телефона. Пишите как набираете: 8 921 123-45-67.",
            "This is no telephone number. Write it as you dial it: 8 921 123-45-67.",
        ),
        Fault::Days => words("Дни недели: mon-fri или sat,sun.", "Days of the week: mon-fri or sat,sun."),
        Fault::Date => words("Дата вида 2026-12-31.", "A date like 2026-12-31."),
        Fault::DateOrder => words("Последний день раньше первого.", "The last day is before the first."),
        Fault::Time => words("Время от 00:00 до 24:00.", "A time from 00:00 to 24:00."),
        Fault::TrunkLogin => words(
            "Заполните логин, или выключите регистрацию, если оператор узнаёт вас по адресу.",
            "Fill in the login, or switch registration off if the carrier knows you by your address.",
        ),
        Fault::Far => words("Слишком далеко от середины схемы.", "Too far from the middle of the desk."),
        Fault::OutputTaken => words("Из этого выхода уже есть связь.", "A link leaves this output already."),
        Fault::LeadsToStart => words(
            "Во входящий звонок ничего не ведёт: это начало.",
            "Nothing leads to an incoming call: it is the start.",
        ),
        // those with facts of their own have been told
        _ => words("Заполните это поле.", "Fill this field in."),
    }
}

const fn wrong_type(wanted: Wanted) -> Words {
    match wanted {
        Wanted::Text => Words::new("Здесь нужен текст.", "This must be text."),
        Wanted::Whole => Words::new("Здесь нужно целое число.", "This must be a whole number."),
        Wanted::Number => Words::new("Здесь нужно число.", "This must be a number."),
        Wanted::Flag => Words::new("Здесь нужно да или нет (true, false).", "This must be true or false."),
        Wanted::List => Words::new("Здесь нужен список.", "This must be a list."),
        Wanted::Table => Words::new("Здесь нужны поля в фигурных скобках.", "This must be an object with fields."),
    }
}

fn no_e164(meant: Option<&str>) -> Said {
    match meant {
        Some(meant) => Said::new(
            format!("Пишите номер с кодом страны, одними цифрами: {meant}."),
            format!("Write the number with its country code, digits only: {meant}."),
        ),
        None => Words::new(
            "Номер с кодом страны, одними цифрами: 78126122981.",
            "A number with its country code, digits only: 78126122981.",
        )
        .into(),
    }
}

fn no_such(kind: Kind, key: &str) -> Said {
    let (ru, en) = match kind {
        Kind::Trunk => ("Подключения", "connection"),
        Kind::Extension => ("Внутреннего номера", "extension"),
        Kind::Media => ("Медиафайла", "media file"),
        Kind::VoiceMessage => ("Голосового сообщения", "voice message"),
        Kind::Schedule => ("Расписания", "timetable"),
        Kind::Group => ("Группы", "group"),
        Kind::VoiceMenu => ("Голосового меню", "voice menu"),
        Kind::Conference => ("Комнаты", "conference room"),
        Kind::Phone => ("Телефона", "telephone"),
        Kind::PhoneTemplate => ("Шаблона", "template"),
        Kind::Webhook => ("Получателя", "webhook"),
    };
    Said::new(format!("{ru} «{key}» нет."), format!("There is no {en} “{key}”."))
}

/// Who has the number, and which are free.
fn number_taken(office: &Office, number: &str) -> Said {
    let (ru, en) = match office.owner_of(number, None) {
        Some(Owner::Thing { kind, name }) if !name.is_empty() => {
            let (ru, en) = owner_named(kind);
            (format!("{number} уже у {ru} «{name}»."), format!("{number} belongs to {en} “{name}” already."))
        }
        Some(Owner::Thing { kind, .. }) => {
            let (ru, en) = owner(kind.table());
            (format!("Номер {number} уже занят: {ru}."), format!("{number} is taken already: {en}."))
        }
        Some(Owner::Parking) => (format!("{number} — место парковки."), format!("{number} is a parking place.")),
        None => (format!("Номер {number} уже занят."), format!("{number} is taken already.")),
    };
    let free = office.free_after(number, 2);
    match free.as_slice() {
        [one, other] => {
            Said::new(format!("{ru} Свободны {one} и {other}."), format!("{en} {one} and {other} are free."))
        }
        [one] => Said::new(format!("{ru} Свободен {one}."), format!("{en} {one} is free.")),
        _ => Said::new(ru, en),
    }
}

const fn owner_named(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Group => ("группы", "the group"),
        Kind::Conference => ("комнаты", "the conference room"),
        _ => ("сотрудника", "the employee"),
    }
}

/// Whoever takes a place for a number of his own hears of it as taken; whoever moves the places, of both.
fn parking_place(office: &Office, by: &str, number: &str) -> Said {
    if office.parking.holds(number) {
        return number_taken(office, number);
    }
    let (ru, en) = owner(by);
    Said::new(
        format!("На номере {number} и место парковки, и {ru}. Выберите другие номера."),
        format!("{number} would be a parking place and {en} at once. Choose other numbers."),
    )
}

fn owner(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "extension" => ("внутренний номер", "an extension"),
        "group" => ("группа", "a group"),
        _ => ("комната конференции", "a conference room"),
    }
}

/// What is said of a desk.
pub(super) fn of_desk(problem: &desk::check::Problem, office: &Office) -> Said {
    let words = |language| problem.words_on(office, language);
    Said::new(words(Language::Ru), words(Language::En))
}

/// Why a password of a telephone is refused.
pub(super) const fn weak(why: WeakPassword) -> Words {
    match why {
        WeakPassword::Short => {
            Words::new("Короче 8 знаков: такой пароль подберут.", "Under 8 characters: such a password is guessed.")
        }
        WeakPassword::Digits => Words::new(
            "Одни цифры подберут. Добавьте буквы, или возьмите не меньше 12 цифр.",
            "Digits alone are guessed. Add letters, or take 12 digits or more.",
        ),
        WeakPassword::Own => Words::new(
            "Пароль совпадает с логином или номером: такой пробуют первым.",
            "The password is the login or the number: that is tried first.",
        ),
        WeakPassword::Common => {
            Words::new("Такой пароль пробуют одним из первых.", "This password is one of those that are tried first.")
        }
    }
}

/// What a feature is called.
pub(super) const fn feature(feature: Feature) -> (&'static str, &'static str) {
    match feature {
        Feature::Transfer => ("перевод сразу", "transfer"),
        Feature::Attended => ("перевод с вопросом", "transfer after asking"),
        Feature::Back => ("вернуться к собеседнику", "back to the caller"),
        Feature::Park => ("парковка", "parking"),
        Feature::Pickup => ("перехват", "pickup"),
        Feature::DisturbOff => ("не беспокоить", "do not disturb"),
        Feature::DisturbOn => ("снова беспокоить", "may be disturbed again"),
        Feature::ForwardAlways => ("переадресация всегда", "forward all calls"),
        Feature::ForwardAlwaysOff => ("без переадресации всегда", "stop forwarding all calls"),
        Feature::ForwardBusy => ("переадресация, когда занято", "forward when busy"),
        Feature::ForwardBusyOff => ("без переадресации, когда занято", "stop forwarding when busy"),
        Feature::ForwardNoAnswer => ("переадресация, когда не ответили", "forward when nobody answers"),
        Feature::ForwardNoAnswerOff => ("без переадресации, когда не ответили", "stop forwarding when nobody answers"),
        Feature::LastCaller => ("перезвонить последнему", "call the last caller"),
        Feature::CallBack => ("соединить, когда освободится", "call back when free"),
        Feature::Hide => ("скрыть номер", "hide the number"),
        Feature::Echo => ("проверка эхом", "echo test"),
        Feature::Clock => ("время и свой номер", "time and own number"),
        Feature::RecordMessage => ("записать сообщение", "record a message"),
        Feature::Voicemail => ("голосовая почта", "voicemail"),
        Feature::Page => ("объявление группе", "page a group"),
    }
}

/// Why an extension may not forward there.
pub(super) const fn forward(refused: ForwardRefused) -> Words {
    match refused {
        ForwardRefused::NoNumber => Words::new(
            "Такого номера нет: ни внутреннего, ни группы, ни городского, ни мобильного.",
            "There is no such number: no extension, no group, no number outside.",
        ),
        ForwardRefused::Itself => Words::new(
            "Это тот же номер: звонок вернулся бы сюда.",
            "This is the same number: the call would come back here.",
        ),
        ForwardRefused::Emergency => {
            Words::new("На экстренные номера звонки не переадресуют.", "Calls are not forwarded to emergency numbers.")
        }
        ForwardRefused::OurOwn => Words::new(
            "Это городской номер самого офиса. Выберите внутренний номер или группу, куда переадресовать.",
            "This is a city number of the office itself. Choose the extension or the group that calls shall go to.",
        ),
        ForwardRefused::Right(class) => right(class),
    }
}

const fn right(class: Class) -> Words {
    match class {
        Class::Emergency | Class::City => Words::new(
            "Это городской номер, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a city number and the extension may not call there, so forwarding would fail.",
        ),
        Class::MobileRegion => Words::new(
            "Это мобильный вашего региона, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a mobile of your region and the extension may not call there, so forwarding would fail.",
        ),
        Class::MobileNational => Words::new(
            "Это мобильный другого региона, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a mobile of another region and the extension may not call there, so forwarding would fail.",
        ),
        Class::LongDistance => Words::new(
            "Это междугородный номер, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a long distance number and the extension may not call there, so forwarding would fail.",
        ),
        Class::International => Words::new(
            "Это номер за границей, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a number abroad and the extension may not call there, so forwarding would fail.",
        ),
        Class::Premium => Words::new(
            "Это платный номер, туда звонки не переадресуют.",
            "This is a paid service; calls are not forwarded there.",
        ),
    }
}

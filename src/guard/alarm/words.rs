//! What alarms say, in both languages: on the page, in mail and in messages. Whoever reads has never heard of SIP.

use super::{Alarm, Limit, TrunkFault};
use crate::base::WallTime;
use crate::office::{Language, Office};

impl Alarm {
    /// One or two sentences for a person, with the office's names and in its time zone. One line.
    pub fn text(&self, office: &Office, language: Language) -> String {
        match language {
            Language::Ru => self.in_russian(office),
            Language::En => self.in_english(office),
        }
    }

    fn in_russian(&self, office: &Office) -> String {
        let ru = Language::Ru;
        match self {
            Self::AddressBanned { address, logins, user_agent, until } => {
                let tried = some(logins).map(|some| format!(" для {some}")).unwrap_or_default();
                let who = named(user_agent).map(|name| format!(" ({name})")).unwrap_or_default();
                let until = until.map_or_else(
                    || "пока его не снимет администратор".to_owned(),
                    |until| format!("до {}", time(office, until, ru)),
                );
                format!("Адрес {address}{who} подбирал пароли{tried} и заблокирован {until}.")
            }
            Self::OldPassword { login, extension, address, user_agent } => format!(
                "Телефон номера {} по адресу {address}{} посылает старый пароль для {}. Введите в нём новый пароль.",
                person(office, extension),
                named(user_agent).map(|name| format!(" ({name})")).unwrap_or_default(),
                line(login),
            ),
            Self::LimitReached { extension, which, of_office, limit } => {
                let whose = if *of_office { "офиса" } else { "номера" };
                let what = match which {
                    Limit::CallsAtATime => format!("внешних разговоров одновременно: {limit}"),
                    Limit::CallsADay => format!("внешних звонков в сутки: {limit}"),
                    Limit::MinutesADay => format!("минут внешних разговоров в сутки: {limit}"),
                };
                format!("Звонок с номера {} не пропущен: достигнут предел {whose}, {what}.", person(office, extension))
            }
            Self::BlockedDestination { extension, number } => format!(
                "Звонок с номера {} на {} не пропущен: это направление закрыто.",
                person(office, extension),
                outside(number)
            ),
            Self::QuietHours { extension, number } => format!(
                "Звонок с номера {} на {} не пропущен: в эти часы такие звонки закрыты.",
                person(office, extension),
                outside(number)
            ),
            Self::EmergencyCall { extension, number } => {
                format!("С номера {} звонят {}. Узнайте, не нужна ли помощь.", person(office, extension), line(number))
            }
            Self::TrunkDown { trunk, why } => {
                let why = match why {
                    TrunkFault::WrongPassword => "оператор не принимает пароль".to_owned(),
                    TrunkFault::Refused(status) => format!("оператор отказывает (код {status})"),
                    TrunkFault::Silent => "сервер оператора не отвечает".to_owned(),
                    TrunkFault::NoSuchName => "имя сервера оператора не найдено".to_owned(),
                };
                format!("Внешний номер «{}» не работает: {why}.", line(trunk))
            }
            Self::TrunkBack { trunk, minutes } => {
                format!("Внешний номер «{}» снова работает. Не работал {minutes} мин.", line(trunk))
            }
            Self::DiskFull { free_bytes } => format!(
                "Диск почти полон: осталось {} МБ. Разговоры больше не записываются, звонки идут как обычно.",
                free_bytes / 1_000_000
            ),
            Self::RecordingFailed { why } => format!("Запись разговора не сохранена: {}.", line(why)),
            Self::MailFailing { why } => format!("Почта не отправляется, письма ждут: {}.", line(why)),
            Self::WebhookFailing { webhook } => {
                format!("Получатель уведомлений «{}» не отвечает; часть сообщений не доставлена.", line(webhook))
            }
            Self::CertificateEnds { at } => {
                format!("Сертификат страницы действует до {}. Замените его.", day(office, *at, ru))
            }
            Self::LicenceEnds { days } => format!("Лицензия скоро закончится. Осталось дней: {days}."),
            Self::LicenceOver => "Лицензия закончилась: работают 5 внутренних номеров и 2 внешних разговора одновременно, без записи. Экстренные вызовы проходят всегда.".to_owned(),
            Self::PageGuessing { address } => {
                format!("С адреса {address} подбирают пароль к этой странице. Вход оттуда временно закрыт.")
            }
            Self::OtherDhcpServer { address } => format!(
                "В сети отвечает другой DHCP-сервер, {address}. Адреса раздаёт он, а станция молчит, чтобы не мешать."
            ),
            Self::UpdateReturned { version, why: [why, _] } => {
                format!("Версия {version} не подошла, и станция вернулась к прежней. {why}")
            }
            Self::BackupFailed { place, why: [why, _] } => match place.as_str() {
                "" => format!("Резервная копия не сделана: {}.", line(why)),
                place => format!("Резервная копия для «{}» не сделана: {}.", line(place), line(why)),
            },
            Self::UncleanStart { calls: 0 } => {
                "Станция запустилась после внезапного выключения: возможно, пропадало питание.".to_owned()
            }
            Self::UncleanStart { calls } => format!(
                "Станция запустилась после внезапного выключения: возможно, пропадало питание. Оборвано разговоров: {calls}."
            ),
            Self::DataLost => "Диск станции был испорчен, и всё, что на нём хранилось, пропало: настройки, история, записи разговоров. Станция начала с чистого листа.".to_owned(),
            Self::DatabaseDamaged { copied: Some(copied) } => format!(
                "База данных станции повреждена. При следующем запуске станция вернётся к её копии, сделанной {}: что изменилось после этого, в ней нет.",
                time(office, *copied, ru)
            ),
            Self::DatabaseDamaged { copied: None } => {
                "База данных станции повреждена, и хорошей копии её нет: после перезапуска станция может не начать работу.".to_owned()
            }
            Self::DatabaseReturned { copied } => format!(
                "База данных станции была повреждена. Станция вернулась к её копии, сделанной {}: изменений и истории звонков после этого в ней нет.",
                time(office, *copied, ru)
            ),
        }
    }

    fn in_english(&self, office: &Office) -> String {
        let en = Language::En;
        match self {
            Self::AddressBanned { address, logins, user_agent, until } => {
                let tried = some(logins).map(|some| format!(" of {some}")).unwrap_or_default();
                let who = named(user_agent).map(|name| format!(" ({name})")).unwrap_or_default();
                let until = until.map_or_else(
                    || "until an admin lifts that".to_owned(),
                    |until| format!("until {}", time(office, until, en)),
                );
                format!("Address {address}{who} guessed passwords{tried} and is blocked {until}.")
            }
            Self::OldPassword { login, extension, address, user_agent } => format!(
                "The phone of {} at {address}{} sends an old password for {}. Enter the new one there.",
                person(office, extension),
                named(user_agent).map(|name| format!(" ({name})")).unwrap_or_default(),
                line(login),
            ),
            Self::LimitReached { extension, which, of_office, limit } => {
                let whose = if *of_office { "office's" } else { "extension's" };
                let what = match which {
                    Limit::CallsAtATime => format!("{limit} outside calls at a time"),
                    Limit::CallsADay => format!("{limit} outside calls a day"),
                    Limit::MinutesADay => format!("{limit} minutes of outside calls a day"),
                };
                format!("A call of {} was refused: the {whose} limit of {what} is reached.", person(office, extension))
            }
            Self::BlockedDestination { extension, number } => format!(
                "A call of {} to {} was refused: this destination is closed.",
                person(office, extension),
                outside(number)
            ),
            Self::QuietHours { extension, number } => format!(
                "A call of {} to {} was refused: such calls are closed at this hour.",
                person(office, extension),
                outside(number)
            ),
            Self::EmergencyCall { extension, number } => {
                format!("{} is calling {}. Find out whether help is needed.", person(office, extension), line(number))
            }
            Self::TrunkDown { trunk, why } => {
                let why = match why {
                    TrunkFault::WrongPassword => "the carrier does not take the password".to_owned(),
                    TrunkFault::Refused(status) => format!("the carrier refuses (code {status})"),
                    TrunkFault::Silent => "the carrier's server does not answer".to_owned(),
                    TrunkFault::NoSuchName => "the name of the carrier's server is not found".to_owned(),
                };
                format!("The outside number “{}” does not work: {why}.", line(trunk))
            }
            Self::TrunkBack { trunk, minutes } => {
                format!("The outside number “{}” works again. It did not for {minutes} min.", line(trunk))
            }
            Self::DiskFull { free_bytes } => format!(
                "The disk is nearly full: {} MB are left. Calls are no longer recorded, and go on as usual.",
                free_bytes / 1_000_000
            ),
            Self::RecordingFailed { why } => format!("The recording of a call was lost: {}.", line(why)),
            Self::MailFailing { why } => format!("Mail can't be sent, letters wait: {}.", line(why)),
            Self::WebhookFailing { webhook } => {
                format!("The receiver of notices “{}” does not answer; some were not delivered.", line(webhook))
            }
            Self::CertificateEnds { at } => {
                format!("The certificate of the page is valid until {}. Replace it.", day(office, *at, en))
            }
            Self::LicenceEnds { days } => format!("The licence ends soon. Days left: {days}."),
            Self::LicenceOver => "The licence has ended: 5 extensions and 2 outside calls at a time work, without recording. Emergency calls always go through.".to_owned(),
            Self::PageGuessing { address } => {
                format!("Somebody at {address} guesses the password of this page. Sign-in from there is closed for a while.")
            }
            Self::OtherDhcpServer { address } => format!(
                "Another DHCP server answers in the network, {address}. It gives the addresses, and the box keeps quiet so as not to disturb."
            ),
            Self::UpdateReturned { version, why: [_, why] } => {
                format!("Version {version} was no good, and the box went back to the one before. {why}")
            }
            Self::BackupFailed { place, why: [_, why] } => match place.as_str() {
                "" => format!("No backup was made: {}.", line(why)),
                place => format!("No backup was made for “{}”: {}.", line(place), line(why)),
            },
            Self::UncleanStart { calls: 0 } => {
                "The box started after it had stopped suddenly: the power may have failed.".to_owned()
            }
            Self::UncleanStart { calls } => {
                format!("The box started after it had stopped suddenly: the power may have failed. Calls cut: {calls}.")
            }
            Self::DataLost => "The box's disk was damaged, and all that was on it is lost: settings, history, recordings of calls. The box has begun anew.".to_owned(),
            Self::DatabaseDamaged { copied: Some(copied) } => format!(
                "The box's database is damaged. At its next start the box goes back to the copy made on {}: what changed after that is not in it.",
                time(office, *copied, en)
            ),
            Self::DatabaseDamaged { copied: None } => {
                "The box's database is damaged, and there is no good copy of it: after a restart the box may not work.".to_owned()
            }
            Self::DatabaseReturned { copied } => format!(
                "The box's database was damaged. The box went back to the copy made on {}: changes and call history after that are not in it.",
                time(office, *copied, en)
            ),
        }
    }
}

/// Number and employee.
fn person(office: &Office, extension: &str) -> String {
    let employee = office.extension(extension).map(|extension| line(&extension.employee)).unwrap_or_default();
    if employee.is_empty() { line(extension) } else { format!("{} ({employee})", line(extension)) }
}

/// A number outside as people read it.
fn outside(number: &str) -> String {
    let is_long = number.len() > LONGEST_INSIDE && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_long { format!("+{number}") } else { line(number) }
}

fn some(logins: &[String]) -> Option<String> {
    let shown: Vec<String> = logins.iter().take(LOGINS_SHOWN).map(|login| line(login)).collect();
    let more = if logins.len() > LOGINS_SHOWN { "…" } else { "" };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}

fn named(user_agent: &str) -> Option<String> {
    Some(line(user_agent)).filter(|name| !name.is_empty())
}

fn time(office: &Office, at: WallTime, language: Language) -> String {
    local(office, at, language, ["%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M"])
}

fn day(office: &Office, at: WallTime, language: Language) -> String {
    local(office, at, language, ["%d.%m.%Y", "%Y-%m-%d"])
}

fn local(office: &Office, at: WallTime, language: Language, [ru, en]: [&str; 2]) -> String {
    let zone = jiff::tz::TimeZone::get(&office.settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(zone);
    let format = if language == Language::Ru { ru } else { en };
    at.strftime(format).to_string()
}

/// Words come from strangers too: no control characters, and not without end.
fn line(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST_WORD).collect();
    plain.trim().trim_end_matches('.').to_owned()
}

/// Longer numbers are E.164 digits.
const LONGEST_INSIDE: usize = 5;
/// Of a word in an alarm. Characters.
const LONGEST_WORD: usize = 80;
/// Logins that are named.
const LOGINS_SHOWN: usize = 3;

//! `audit`: who did what, from where. [`note`] keeps it for every handler in one place, by the route; sign-ins are kept by
//! `session`, since a wrong one has nobody.

use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::reply::{Problem, Reply};
use super::super::words::Words;
use super::{ROOT, Route, Visit, paging, versions};
use crate::io::clock;
use crate::io::store::{AuditFilter, AuditRow, Deed};

/// The words of `what`, with what each says to people.
const DEEDS: &[(&str, Words)] = &[
    ("change", Words::new("Изменены настройки", "Settings changed")),
    ("revert", Words::new("Правка возвращена", "A change was taken back")),
    ("confirm", Words::new("Правка подтверждена", "A change was confirmed")),
    ("sign_in", Words::new("Вход", "Signed in")),
    ("sign_in_refused", Words::new("Вход не удался", "Sign-in refused")),
    ("sign_out", Words::new("Выход", "Signed out")),
    ("session_ended", Words::new("Сеанс завершён", "A session was ended")),
    ("password_shown", Words::new("Показан пароль", "A password was shown")),
    ("listened", Words::new("Прослушано", "Listened to")),
    ("exported", Words::new("Выгружено", "Exported")),
    ("deleted", Words::new("Удалено", "Deleted")),
    ("marked", Words::new("Отмечено", "Marked")),
    ("called", Words::new("Позвонили", "Called")),
    ("phone_accepted", Words::new("Телефону разрешено взять настройки", "A telephone was allowed its settings")),
    ("phone_told", Words::new("Телефону велено взять настройки", "A telephone was told to fetch its settings")),
    ("firmware_added", Words::new("Загружена прошивка телефонов", "Firmware of telephones was uploaded")),
    ("webhook_tried", Words::new("Проверен получатель событий", "A receiver of events was tried")),
    ("hang_up", Words::new("Разговор завершён", "A call was hung up")),
    ("listened_in", Words::new("Подключились к разговору", "Listened in")),
    ("certificate", Words::new("Загружен сертификат", "A certificate was uploaded")),
    ("certificate_removed", Words::new("Убран загруженный сертификат", "The uploaded certificate was removed")),
    ("banned", Words::new("Адрес заблокирован", "An address was banned")),
    ("ban_lifted", Words::new("Адрес разблокирован", "A ban was lifted")),
    ("limits_lifted", Words::new("Ограничения звонков сняты на время", "Limits of calls were lifted for a time")),
    ("limits_restored", Words::new("Ограничения звонков снова действуют", "Limits of calls hold again")),
    ("network", Words::new("Изменена сеть станции", "The box's network was changed")),
    ("network_confirmed", Words::new("Новая сеть станции подтверждена", "The box's new network was confirmed")),
    ("clock", Words::new("Изменены часы станции", "The box's clock was changed")),
    ("restarted", Words::new("Перезапуск", "A restart was ordered")),
    ("shut_down", Words::new("Выключение", "A shutdown was ordered")),
    ("went_on", Words::new("Перезапуск или выключение отменены", "A restart or shutdown was called off")),
    ("reset", Words::new("Сброс к заводскому состоянию", "Everything was forgotten (factory reset)")),
    ("captured", Words::new("Запись пакетов", "Packets were captured")),
    ("license", Words::new("Установлена лицензия", "A licence was installed")),
    ("token_made", Words::new("Создан ключ доступа", "A token was made")),
    ("token_removed", Words::new("Удалён ключ доступа", "A token was removed")),
    ("second_factor_on", Words::new("Включён второй шаг входа", "The second factor was switched on")),
    ("backup_made", Words::new("Заказана резервная копия", "A backup was ordered")),
    ("restored", Words::new("Восстановлено из резервной копии", "Restored from a backup")),
    ("restore_undone", Words::new("Восстановление отменено", "A restore was taken back")),
    ("imported", Words::new("Добавлено из копии другой АТС", "Added from another exchange's backup")),
    ("second_factor_off", Words::new("Выключен второй шаг входа", "The second factor was switched off")),
];

/// What is kept besides changes of the settings: method, path, the word.
const NOTED: &[(&str, &str, &str)] = &[
    ("DELETE", "/api/v1/session", "sign_out"),
    ("DELETE", "/api/v1/sessions/{id}", "session_ended"),
    ("POST", "/api/v1/versions/{id}/confirm", "confirm"),
    ("POST", "/api/v1/bans", "banned"),
    ("DELETE", "/api/v1/bans/{id}", "ban_lifted"),
    ("POST", "/api/v1/license", "license"),
    ("PUT", "/api/v1/certificate", "certificate"),
    ("DELETE", "/api/v1/certificate", "certificate_removed"),
    ("PUT", "/api/v1/system/network", "network"),
    ("POST", "/api/v1/system/network/confirm", "network_confirmed"),
    ("PUT", "/api/v1/system/time", "clock"),
    ("POST", "/api/v1/system/restart", "restarted"),
    ("DELETE", "/api/v1/system/restart", "went_on"),
    ("POST", "/api/v1/system/shutdown", "shut_down"),
    ("POST", "/api/v1/system/reset", "reset"),
    ("POST", "/api/v1/system/bundle", "exported"),
    ("GET", "/api/v1/system/log.txt", "exported"),
    ("POST", "/api/v1/captures", "captured"),
    ("POST", "/api/v1/captures/{id}/stop", "captured"),
    ("DELETE", "/api/v1/captures/{id}", "deleted"),
    ("GET", "/api/v1/captures/{id}/file", "exported"),
    ("POST", "/api/v1/tokens", "token_made"),
    ("DELETE", "/api/v1/tokens/{id}", "token_removed"),
    ("PUT", "/api/v1/session/second-factor", "second_factor_on"),
    ("DELETE", "/api/v1/session/second-factor", "second_factor_off"),
    ("DELETE", "/api/v1/users/{login}/second-factor", "second_factor_off"),
    ("POST", "/api/v1/calls", "called"),
    ("DELETE", "/api/v1/calls/{id}", "hang_up"),
    ("POST", "/api/v1/calls/{id}/listen", "listened_in"),
    ("POST", "/api/v1/allowances", "limits_lifted"),
    ("DELETE", "/api/v1/allowances/{extension}", "limits_restored"),
    ("POST", "/api/v1/phones/{mac}/accept", "phone_accepted"),
    ("POST", "/api/v1/phones/{mac}/sync", "phone_told"),
    ("GET", "/api/v1/phones/{mac}/address", "password_shown"),
    ("POST", "/api/v1/phones/firmware", "firmware_added"),
    ("DELETE", "/api/v1/phones/firmware/{name}", "deleted"),
    ("POST", "/api/v1/webhooks/{name}/test", "webhook_tried"),
    ("POST", "/api/v1/alarms/seen", "marked"),
    ("POST", "/api/v1/alarms/{id}/seen", "marked"),
    ("DELETE", "/api/v1/recordings/{id}", "deleted"),
    ("DELETE", "/api/v1/voicemail/{id}", "deleted"),
    ("PUT", "/api/v1/voicemail/{id}", "marked"),
    ("GET", "/api/v1/recordings/{id}/audio", "listened"),
    ("GET", "/api/v1/voicemail/{id}/audio", "listened"),
    ("POST", "/api/v1/backups", "backup_made"),
    ("DELETE", "/api/v1/backups/{id}", "deleted"),
    ("GET", "/api/v1/backups/{id}/file", "exported"),
    ("POST", "/api/v1/backups/restore/{token}/apply", "restored"),
    ("POST", "/api/v1/backups/undo", "restore_undone"),
    ("POST", "/api/v1/imports/{token}/apply", "imported"),
    ("GET", "/api/v1/history.csv", "exported"),
    ("GET", "/api/v1/history.xlsx", "exported"),
];

/// Keeps what a handler has done, when it is worth it.
pub(super) fn note(visit: &Visit<'_>, route: &Route) {
    let version = visit.version.get();
    let named = NOTED.iter().find(|(method, path, _)| *method == route.method && *path == route.path);
    let what = match (version, named) {
        (Some(_), _) if route.path.ends_with("/revert") => "revert",
        (Some(_), Some((_, _, "imported"))) => "imported",
        (Some(_), _) => "change",
        (None, Some((_, _, what))) => what,
        (None, None) if route.method == "GET" && route.path.ends_with("/password") => "password_shown",
        (None, None) => return,
    };
    if what == "listened" && !is_beginning(visit) {
        return;
    }
    let subject = visit.ask.path.strip_prefix(ROOT).unwrap_or(&visit.ask.path);
    keep(visit, &visit.author(), what, subject, version);
}

/// A player asks for many parts of one recording; the first one counts.
fn is_beginning(visit: &Visit<'_>) -> bool {
    visit.ask.header("range").is_none_or(|range| range.trim().starts_with("bytes=0-"))
}

/// Keeps a deed of this caller.
pub(super) fn keep(visit: &Visit<'_>, who: &str, what: &str, subject: &str, version: Option<i64>) {
    let cut = |text: &str| text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect::<String>();
    visit.house.exchange.note(Deed {
        at: clock::wall(),
        who: cut(who),
        address: visit.ask.peer.to_string(),
        what: what.to_owned(),
        subject: cut(subject),
        version,
    });
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&["from", "to", "who", "what", "limit", "cursor"])?;
    let limit = query.number("limit", 1, MOST, USUAL)?;
    let words: Vec<&str> = DEEDS.iter().map(|(word, _)| *word).collect();
    let filter = AuditFilter {
        from: query.time("from")?,
        to: query.time("to")?,
        who: query.get("who").map(str::to_owned),
        what: query.word("what", &words)?,
    };
    let before = query.get("cursor").map(|cursor| place(cursor).ok_or_else(|| bad("cursor"))).transpose()?;
    let mut rows = visit.house.exchange.audit(&filter, limit + 1, before)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| paging::seal(&row.id.to_string()));
    let items = rows.iter().map(|row| item(visit, row)).collect::<Result<_, _>>()?;
    Ok(paging::list(items, next))
}

fn item(visit: &Visit<'_>, row: &AuditRow) -> Result<Value, Problem> {
    let deed = &row.deed;
    let text = DEEDS.iter().find(|(word, _)| *word == deed.what).map(|(_, text)| text.say(visit.language()));
    let (changes, fields) = match deed.version {
        Some(version) => versions::of_version(visit, version)?,
        None => (Vec::new(), Vec::new()),
    };
    Ok(json!({
        "id": row.id.to_string(),
        "at": visit.time(deed.at),
        "who": deed.who,
        "address": Some(&deed.address).filter(|address| !address.is_empty()),
        "what": deed.what,
        "text": text.unwrap_or(&deed.what),
        "subject": deed.subject,
        "version": deed.version.map(|version| version.to_string()),
        "changes": changes,
        "fields": fields,
    }))
}

fn place(cursor: &str) -> Option<i64> {
    paging::open(cursor)?.parse().ok()
}

/// The longest name that is kept. Characters.
const LONGEST: usize = 200;
/// The longest page: changes are read from their versions.
const MOST: usize = 100;
/// A page when nobody asks.
const USUAL: usize = 50;

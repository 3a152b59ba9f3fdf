//! What MikoPBX has and this office has no place for, told by name.

use super::super::found::Found;
use super::super::{Row, Tables, base_name};

/// A table, what its rows are in Russian and English, and which column names one.
const KINDS: [(&str, &str, &str, &str); 11] = [
    ("m_FirewallRules", "Правила межсетевого экрана не переносятся", "Firewall rules do not come over", "description"),
    (
        "m_Fail2BanRules",
        "Правила защиты от подбора не переносятся, здесь они свои",
        "Rules against guessing do not come over, this box has its own",
        "description",
    ),
    ("m_AsteriskManagerUsers", "Учётные записи AMI не переносятся", "AMI accounts do not come over", "username"),
    ("m_AsteriskRestUsers", "Учётные записи ARI не переносятся", "ARI accounts do not come over", "username"),
    (
        "m_ApiKeys",
        "Ключи API не переносятся, выпустите новые",
        "API keys do not come over, make new ones",
        "description",
    ),
    ("m_NetworkFilters", "Правила для подсетей не переносятся", "Rules for subnets do not come over", "description"),
    (
        "m_NetworkStaticRoutes",
        "Статические маршруты сети не переносятся",
        "Static routes of the network do not come over",
        "network",
    ),
    ("m_LanInterfaces", "Настройки сетевых карт не переносятся", "Settings of network cards do not come over", "name"),
    ("m_PbxExtensionModules", "Модули не переносятся", "Modules do not come over", "name"),
    (
        "m_CustomFiles",
        "Правки файлов Asterisk и системы не переносятся",
        "Changes to files of Asterisk and the system do not come over",
        "filepath",
    ),
    (
        "m_DialplanApplications",
        "Приложения (свой план набора) не переносятся",
        "Applications (dial plans of one's own) do not come over",
        "name",
    ),
];

pub(super) fn tell(tables: &Tables, found: &mut Found) {
    for (table, ru, en, column) in KINDS {
        let rows: Vec<&Row> = tables.rows(table).iter().filter(|row| is_own(table, row)).collect();
        if !rows.is_empty() {
            found.note_names(ru, en, rows.iter().map(|row| row.get(column)));
        }
    }
    let of_modules = tables.rows("m_Extensions").iter().filter(|row| row.get("type") == "MODULES");
    let of_modules: Vec<&str> = of_modules.map(|row| row.get("number")).collect();
    if !of_modules.is_empty() {
        found.note_names(
            "Номера модулей не переносятся",
            "Numbers of modules do not come over",
            of_modules.into_iter(),
        );
    }
    if !tables.rows("m_PbxSettings").is_empty() {
        found.note(
            "Общие настройки MikoPBX (почта, коды, язык, пароли, голосовая почта) не переносятся: задайте их здесь.",
            "The general settings of MikoPBX (mail, codes, language, passwords, voicemail) do not come over: set them here.",
        );
    }
    sounds(tables, found);
}

/// Sounds that no menu, message or queue plays.
fn sounds(tables: &Tables, found: &mut Found) {
    let used = found.sounds();
    let spare =
        tables.rows("m_SoundFiles").iter().filter(|row| !used.iter().any(|one| one == base_name(row.get("path"))));
    let names: Vec<&str> = spare.map(|row| row.get("name")).filter(|name| !name.is_empty()).collect();
    if !names.is_empty() {
        found.note_names(
            "Звуки, которых нет ни в меню, ни в очередях, не переносятся",
            "Sounds that no menu and no queue plays do not come over",
            names.into_iter(),
        );
    }
}

/// Not what MikoPBX brings itself.
fn is_own(table: &str, row: &Row) -> bool {
    match table {
        "m_DialplanApplications" => {
            !BROUGHT.contains(&row.get("extension")) && !row.get("extension").starts_with("000")
        }
        "m_CustomFiles" => !matches!(row.get("mode"), "" | "none"),
        _ => true,
    }
}

/// Voicemail and the echo test: codes do both here.
const BROUGHT: [&str; 2] = ["10000100", "10003246"];

pub(super) fn tell_queue(tables: &Tables, row: &Row, found: &mut Found) {
    let (number, name) = (row.get("extension"), row.get("name"));
    for (column, ru, en) in [
        ("redirect_to_extension_if_empty", "если в ней никого нет", "when nobody is in it"),
        ("redirect_to_extension_if_unanswered", "если звонок долго не берут", "when a call is not taken for long"),
        ("redirect_to_extension_if_repeat_exceeded", "если круг пройден много раз", "when it went round many times"),
    ] {
        let to = row.get(column);
        if !to.is_empty() && to != row.get("timeout_extension") {
            found.note(
                format!(
                    "Очередь {number} «{name}»: переход на {to}, {ru}, не переносится. Здесь один резервный выход."
                ),
                format!(
                    "Queue {number} {name}: going to {to} {en} does not come over. There is one reserve exit here."
                ),
            );
        }
    }
    let sound = tables.find("m_SoundFiles", "id", row.get("periodic_announce_sound_id"));
    if let Some(sound) = sound {
        let sound = sound.get("name");
        found.note(
            format!("Очередь {number} «{name}»: объявление ждущим «{sound}» не переносится."),
            format!("Queue {number} {name}: its announcement {sound} to those who wait does not come over."),
        );
    }
}

//! What FreePBX has and this office has no place for, told by name.

use super::super::found::Found;
use super::super::{Row, Tables};

/// A table, what its rows are in Russian and English, and which column names one.
const KINDS: [(&str, &str, &str, [&str; 2]); 11] = [
    (
        "miscdests",
        "Прочие назначения не переносятся",
        "Misc destinations do not come over",
        ["description", "destdial"],
    ),
    (
        "paging_config",
        "Группы громкой связи не переносятся (здесь её ведёт код и номер группы)",
        "Paging groups do not come over (a code and a group's number page here)",
        ["page_group", "description"],
    ),
    (
        "parkplus",
        "Места парковки не переносятся, здесь они свои",
        "Parking lots do not come over, this box has its own",
        ["name", "parkext"],
    ),
    ("miscapps", "Номера-приложения не переносятся", "Misc applications do not come over", ["ext", "description"]),
    (
        "disa",
        "Доступ в город снаружи (DISA) не переносится",
        "Calling out from outside (DISA) does not come over",
        ["displayname", "cid"],
    ),
    ("callback", "Обратный звонок не переносится", "Callbacks do not come over", ["description", "callbacknum"]),
    (
        "directory_details",
        "Справочники по имени не переносятся",
        "Directories do not come over",
        ["dirname", "description"],
    ),
    (
        "vmblast",
        "Рассылки голосовой почты не переносятся",
        "Voicemail blasts do not come over",
        ["grpnum", "description"],
    ),
    (
        "setcid",
        "Подмены имени звонящего не переносятся",
        "Caller ID changes do not come over",
        ["description", "cid_name"],
    ),
    ("phonebook", "Телефонная книга не переносится", "The phone book does not come over", ["name", "number"]),
    ("blacklist", "Чёрный список не переносится", "The blacklist does not come over", ["number", "description"]),
];

pub(super) fn tell(tables: &Tables, found: &mut Found) {
    for (table, ru, en, columns) in KINDS {
        let names: Vec<String> = tables.rows(table).iter().map(|row| named(row, columns)).collect();
        if !names.is_empty() {
            found.note_names(ru, en, names.iter().map(String::as_str));
        }
    }
    for row in tables.rows("daynight").iter().filter(|row| row.get("dmode") == "day") {
        let number = row.get("ext");
        let mut of_it = tables.rows("daynight").iter().filter(|row| row.get("ext") == number);
        let name = of_it.find(|row| row.get("dmode") == "fc_description").map_or("", |row| row.get("dest"));
        found.note(
            format!("Переключатель «день и ночь» {number} «{name}» не переносится: звонки идут как днём."),
            format!("The day and night switch {number} {name} does not come over: calls go as by day."),
        );
    }
    if !tables.rows("speeddials").is_empty() || !tables.rows("speeddial").is_empty() {
        found.note("Быстрый набор не переносится.", "Speed dials do not come over.");
    }
}

fn named(row: &Row, columns: [&str; 2]) -> String {
    let texts = columns.map(|column| row.get(column));
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

//! Backups that are broken in every way still make an office that can be read, or nothing.

use super::*;

/// Texts that stand in columns where nobody expects them.
const ODD: [&str; 22] = [
    "",
    "0",
    "-1",
    "1",
    "201",
    "301",
    "99999999999999999999",
    "SIP",
    "QUEUE",
    "friend",
    "7",
    "2200100",
    "\u{0}\u{7}",
    "«ёж»\n\"';--",
    "ext-group,610,1",
    "app-daynight,0,1",
    "timeconditions,1,1",
    "ivr-1,s,1",
    "(((([",
    "[::1]:0",
    "a@b@c",
    "+7 (495) 765-43-21",
];

/// Every column of each row is now and then away, or holds something odd; rows come twice or not at all.
fn spoilt(tables: &Tables, rng: &mut Rng) -> Tables {
    let mut spoilt = Tables::default();
    for (table, rows) in &tables.rows {
        for row in rows
            .iter()
            .flat_map(|row| std::iter::repeat_n(row, usize::try_from(rng.below(3)).unwrap()))
            .collect::<Vec<_>>()
        {
            let mut new = Row::default();
            for (column, text) in &row.0 {
                match rng.below(6) {
                    0 => {}
                    1 => new.put(column, ODD[usize::try_from(rng.below(ODD.len() as u64)).unwrap()]),
                    _ => new.put(column, text),
                }
            }
            spoilt.push(table, new);
        }
    }
    spoilt
}

#[test]
fn spoilt_tables_make_an_office_that_can_be_read() {
    for (maker, whole) in [(Maker::Miko, miko()), (Maker::FreePbx, freepbx::office())] {
        for seed in 0..100 {
            let tables = spoilt(&whole, &mut Rng::from_seed(seed));
            let sounds = SOUNDS.iter().chain(&freepbx::SOUNDS).copied().collect::<Vec<_>>();
            let (office, imported) = applied(&tables, maker, &sounds);
            let gone = |number: &String| office.extension(number).is_none();
            assert!(!imported.extensions.iter().any(gone), "seed {seed}");
            assert!(imported.notes.iter().all(|note| !note.ru.is_empty() && !note.en.is_empty()), "seed {seed}");
        }
    }
}

#[test]
fn json_and_dumps_of_any_shape_are_read_to_their_end() {
    let mut tables = Tables::default();
    let deep = (0..200)
        .fold(serde_json::json!([{ "a": 1, "b": 2 }]), |inside, _| serde_json::json!({ "tables": inside, "1": [] }));
    for json in [
        serde_json::json!(null),
        serde_json::json!([[[]]]),
        serde_json::json!({ "configs": { "": { "": [1, null, "x"] } } }),
        deep,
    ] {
        tables.take_json("Core", &json);
    }
    for dump in [
        "INSERT INTO ",
        "INSERT INTO `users",
        "INSERT INTO `users` (`a`",
        "CREATE TABLE `users` (\n`\n",
        "INSERT INTO `users` VALUES ('\\",
    ] {
        inserts(dump, &FREEPBX_TABLES, &mut tables);
    }
    tables.take_mailboxes("=>\n1=>\n201 =>,,,\n");
    assert!(tables.read(Maker::FreePbx, ZONE).is_empty());
}

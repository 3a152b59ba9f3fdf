use super::*;
use crate::base::Rng;
use crate::office::file::Context;
use crate::office::{Conference, Device, Forward, Language, Office, generated};

fn read(document: &Document) -> Office {
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() };
    let text = document.text();
    match file::read(&text, &Office::default(), context) {
        Ok(reading) => reading.office,
        Err(problems) => panic!("{problems:?}\n{text}"),
    }
}

fn export(office: &Office) -> String {
    file::write(office, true)
}

fn undone(now: &Office, before: &Office, after: &Office) -> Result<Office, Vec<Clash>> {
    let of = Document::of;
    of(now).undo(&of(before), &of(after), Prefer::Neither).map(|document| read(&document))
}

#[test]
fn changes_that_are_taken_back_in_reverse_leave_the_identical_export() {
    for seed in 0..40 {
        let mut rng = Rng::from_seed(seed);
        let mut versions = vec![generated::office(&mut rng)];
        for _ in 0..6 {
            let last = versions.last().expect("one").clone();
            versions.push(if rng.chance(1, 4) { generated::office(&mut rng) } else { edited(&mut rng, &last) });
        }
        let mut now = versions.last().expect("one").clone();
        for pair in versions.windows(2).rev() {
            now = undone(&now, &pair[0], &pair[1]).unwrap_or_else(|clashes| panic!("seed {seed}: {clashes:?}"));
            assert_eq!(export(&now), export(&pair[0]), "seed {seed}");
        }
    }
}

/// An edit of one of many things.
fn edited(rng: &mut Rng, office: &Office) -> Office {
    let place = rng.below(EDITS);
    let salt = rng.below(1000);
    edit(office, place, salt)
}

const EDITS: u64 = 8;

/// Each place is another thing or field.
fn edit(office: &Office, place: u64, salt: u64) -> Office {
    let mut office = office.clone();
    let word = format!("n{salt}");
    match place {
        0 => office.settings.name = word,
        1 => office.recordings.keep_days = salt as u32,
        2 => office.parking.timeout_seconds = 10 + salt as u32,
        3 => {
            let number = (820 + salt % 7).to_string();
            office.conferences.retain(|room| room.number != number);
            office.conferences.push(Conference { number, name: word, pin: String::new() });
        }
        4 => office.conferences.iter_mut().take(1).for_each(|room| room.name = word.clone()),
        5 => office.extensions.reverse(),
        6 => office.extensions.iter_mut().filter(|one| one.number == "200").for_each(|one| one.employee = word.clone()),
        _ => {
            for element in &mut office.desk.elements {
                element.x += salt as f64;
                element.links.clear();
            }
        }
    }
    office
}

#[test]
fn a_change_in_the_middle_is_taken_back_and_the_others_stay() {
    for seed in 0..200 {
        let mut rng = Rng::from_seed(seed);
        let start = generated::office(&mut rng);
        // A room that edit 4 renames is never one that edit 3 adds.
        let places = [0, 1, 2, 3, 5, 6, 7];
        let undo = rng.below(places.len() as u64) as usize;
        let salts: Vec<u64> = places.iter().map(|_| rng.below(1000)).collect();
        let apply = |left_out: Option<usize>| {
            let steps = places.iter().zip(&salts).enumerate().filter(|(nth, _)| Some(*nth) != left_out);
            steps.fold(vec![start.clone()], |mut versions, (_, (place, salt))| {
                let next = edit(versions.last().expect("one"), *place, *salt);
                versions.push(next);
                versions
            })
        };
        let versions = apply(None);
        let now = versions.last().expect("one");
        let result = undone(now, &versions[undo], &versions[undo + 1]).expect("nothing in the way");
        let expected = apply(Some(undo));
        assert_eq!(export(&result), export(expected.last().expect("one")), "seed {seed}, place {}", places[undo]);
    }
}

fn first() -> Office {
    Office::first_start(&mut Rng::from_seed(3), "$argon2id$secret", false)
}

fn forwarded(office: &Office, to: &str) -> Office {
    let mut office = office.clone();
    let Some(Device::Sip(sip)) = office.extensions[0].devices.first_mut() else { panic!("a SIP device") };
    sip.forward = Forward::Always { to: to.to_owned() };
    office
}

#[test]
fn a_field_that_was_changed_again_is_told_and_the_force_of_the_box_takes_what_was_before() {
    let (before, after) = (first(), forwarded(&first(), "79211234567"));
    let now = forwarded(&first(), "202");
    let clashes = undone(&now, &before, &after).expect_err("both changed it");
    assert_eq!(clashes.len(), 1);
    let login = first().extensions[0].sip_devices().next().expect("one").login.clone();
    assert_eq!(thing(&clashes[0], Language::Ru), format!("у 200 телефон {login}: переадресация"));
    let of = Document::of;
    let forced = of(&now).undo(&of(&before), &of(&after), Prefer::Before).expect("never clashes");
    assert_eq!(read(&forced), before);
}

#[test]
fn a_thing_that_was_added_and_then_changed_is_in_the_way_as_a_whole() {
    let before = first();
    let mut after = before.clone();
    after.conferences.push(Conference { number: "800".to_owned(), name: "A".to_owned(), pin: String::new() });
    let mut now = after.clone();
    now.conferences[0].name = "B".to_owned();
    let clashes = undone(&now, &before, &after).expect_err("it was changed");
    assert_eq!(thing(&clashes[0], Language::En), "room 800");
}

#[test]
fn differences_are_told_as_an_admin_would_say_them() {
    let old = first();
    let mut new = forwarded(&old, "79211234567");
    new.extensions[1].record = true;
    new.extensions[2].voicemail_pin = "4711".to_owned();
    let mut added = new.extensions[2].clone();
    added.number = "203".to_owned();
    added.employee = "Иванов".to_owned();
    for device in &mut added.devices {
        if let Device::Sip(sip) = device {
            sip.login = "user203s0".to_owned();
        }
    }
    new.extensions.push(added);
    new.groups[0].members.pop();
    new.users[0].password_hash = "$argon2id$other".to_owned();
    new.recordings.keep_days = 90;
    new.mail.server = "smtp.example.org".to_owned();
    let login = old.extensions[0].sip_devices().next().expect("one").login.clone();
    let said = |language| sentences(&Document::of(&old), &Document::of(&new), language);
    assert_eq!(
        said(Language::Ru),
        [
            format!("У 200, телефон {login}, изменилась переадресация: всегда на 8 921 123-45-67."),
            "У 201 изменилась запись разговоров: включена.".to_owned(),
            "У 202 изменился ПИН голосовой почты.".to_owned(),
            "Добавлено: внутренний номер 203 (Иванов).".to_owned(),
            "У группы 500 изменился состав: 200, 201.".to_owned(),
            "У учётной записи admin изменился пароль.".to_owned(),
            "В настройках записи изменился срок хранения, дней: 90.".to_owned(),
            "В почте изменился сервер: smtp.example.org.".to_owned(),
        ]
    );
    assert_eq!(
        said(Language::En),
        [
            format!("200, telephone {login}: forwarding is now always to 8 921 123-45-67."),
            "Extension 201: recording of calls is now on.".to_owned(),
            "Extension 202: voicemail PIN changed.".to_owned(),
            "Extension 203 (Иванов) was added.".to_owned(),
            "Group 500 (Все сотрудники): members is now 200, 201.".to_owned(),
            "Account admin: password changed.".to_owned(),
            "Recordings: days of keeping is now 90.".to_owned(),
            "Mail: server is now smtp.example.org.".to_owned(),
        ]
    );
}

#[test]
fn two_offices_differ_exactly_when_something_is_told_and_no_secret_is() {
    for seed in 0..100 {
        let mut rng = Rng::from_seed(seed);
        let (one, mut other) = (generated::office(&mut rng), generated::office(&mut rng));
        for trunk in &mut other.trunks {
            trunk.password = "very-secret".to_owned();
        }
        for (old, new) in [(&one, &other), (&one, &one)] {
            let (old_text, new_text) = (Document::of(old), Document::of(new));
            for language in [Language::Ru, Language::En] {
                let said = sentences(&old_text, &new_text, language);
                assert_eq!(said.is_empty(), old == new, "seed {seed}");
                let rows = fields(&old_text, &new_text, language);
                assert!(!format!("{said:?}{rows:?}").contains("very-secret"), "seed {seed}");
            }
        }
    }
}

#[test]
fn every_field_of_the_office_file_has_a_name() {
    for seed in 0..100 {
        let document = Document::of(&generated::office(&mut Rng::from_seed(seed)));
        for (kind, value) in &document.0 {
            let tables: Vec<&Table> = value.as_table().into_iter().chain(tables(Some(value))).collect();
            let named = |kind: &str, field: &str| {
                let of_place =
                    matches!((kind, field), ("element", "id" | "x" | "y") | ("link", _) | ("extension", "device"));
                assert!(of_place || labels::of(kind, field).is_some(), "{kind} {field}");
            };
            for table in tables {
                table.keys().for_each(|field| named(kind, field));
                for device in super::tables(table.get(DEVICE)) {
                    device.keys().for_each(|field| named(DEVICE, field));
                }
            }
        }
    }
}

#[test]
fn passwords_of_accounts_that_are_there_stay_when_time_goes_back() {
    let old = first();
    let mut now = old.clone();
    now.users[0].password_hash = "$argon2id$new".to_owned();
    now.settings.name = "Другое".to_owned();
    let back = read(&Document::of(&old).with_passwords_of(&Document::of(&now)));
    assert_eq!(back.users[0].password_hash, "$argon2id$new");
    assert_eq!(back.settings.name, old.settings.name);
}

#[test]
fn what_is_secret_in_an_office_is_what_its_export_leaves_out() {
    let mut office = first();
    office.mail.password = "mail-4711".to_owned();
    office.extensions[0].voicemail_pin = "4711".to_owned();
    let found = secrets(&office);
    assert!(found.contains(&"mail-4711".to_owned()) && !found.contains(&"4711".to_owned()), "{found:?}");
    assert!(found.is_sorted_by_key(|secret| std::cmp::Reverse(secret.len())));
    for seed in 0..40 {
        let office = generated::office(&mut Rng::from_seed(seed));
        let (with, without) = (file::write(&office, true), file::write(&office, false));
        let is_quoted = |text: &str, secret: &str| text.contains(&format!("\"{secret}\""));
        // by chance a name may be like a password
        let told =
            secrets(&office).into_iter().filter(|secret| is_quoted(&with, secret) && is_quoted(&without, secret));
        let told: Vec<String> = told.filter(|secret| with.matches(secret.as_str()).count() == 1).collect();
        assert!(told.is_empty(), "seed {seed}: {told:?}");
    }
}

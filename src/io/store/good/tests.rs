use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::guard::Alarm;
use crate::io::clock;
use crate::io::handle::{Beginning, Handle, HandleError};
use crate::io::scratch::Scratch;
use crate::office::Office;

const ROOM: u64 = u64::MAX;

fn rename(handle: &Handle, name: &str) {
    let edit = |office: &Office| {
        let mut office = office.clone();
        name.clone_into(&mut office.settings.name);
        Ok::<_, HandleError>(Some(office))
    };
    handle.change("test", "test", edit).expect("writable");
}

/// An exchange of this name with some history that was cut off by a power cut, after a good copy was kept.
fn begun(data: &Path) -> Handle {
    let Beginning { handle, .. } = Handle::open(data).expect("fresh");
    rename(&handle, "Romashka");
    handle.store().set_setting(RUNNING, "yes").expect("writable");
    handle.store().ask_for_test(|db| {
        db.execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
             INSERT INTO recording (id, call, path, format, started_at, ended_at, bytes)
             SELECT i, i, 'recordings/' || hex(randomblob(40)), 'opus', i, i, 1 FROM n",
        )
        .map(|()| 0)
    });
    handle
}

fn cut(handle: Handle) {
    handle.store().close();
    drop(handle);
}

fn furnish(data: &Path) {
    let handle = begun(data);
    assert!(keep_good_copy(data, ROOM).expect("whole"));
    rename(&handle, "later");
    cut(handle);
    // One file, as after the last connection closed in order: its log would mend the pages.
    super::super::settle_database(&database(data)).expect("whole");
}

fn spoil(data: &Path, from: u64, length: usize) {
    let file = File::options().write(true).open(database(data)).expect("there");
    file.write_all_at(&vec![0; length], from).expect("writable");
}

fn truncate(data: &Path, length: u64) {
    File::options().write(true).open(database(data)).expect("there").set_len(length).expect("writable");
}

/// A way to damage a database of this length.
type Damage = fn(&Path, u64);

const DAMAGES: [(&str, Damage); 7] = [
    ("header", |data, _| spoil(data, 0, 100)),
    ("first page", |data, _| spoil(data, 0, 4096)),
    ("middle", |data, length| spoil(data, length / 2 / 4096 * 4096, 20 * 4096)),
    ("all but the header", |data, length| spoil(data, 4096, usize::try_from(length).expect("small") - 4096)),
    ("half of it", |data, length| truncate(data, length / 2)),
    ("hardly anything", |data, _| truncate(data, 50)),
    ("nothing", |data, _| truncate(data, 0)),
];

fn name_in(data: &Path) -> Result<String, HandleError> {
    let Beginning { handle, .. } = Handle::open_or_return(data, || true)?;
    let name = handle.office().settings.name.clone();
    cut(handle);
    Ok(name)
}

#[test]
fn a_damaged_database_is_set_aside_and_its_good_copy_returns_as_often_as_that_is_needed() {
    for (what, damage) in DAMAGES {
        let scratch = Scratch::new();
        let data = scratch.path();
        furnish(data);
        let copied = good_copy_at(data).expect("kept");
        for round in 1..=3 {
            // Of a whole one nobody takes the copy; after a sudden end all of it is read.
            super::super::settle_database(&database(data)).expect("whole");
            let length = fs::metadata(database(data)).expect("there").len();
            doubt(data);
            damage(data, length);
            assert_eq!(name_in(data).unwrap_or_else(|error| panic!("{what}: {error}")), "Romashka", "{what} {round}");
            let note = fs::read_to_string(data.join(RETURNED_NOTE)).expect("noted");
            assert_eq!(note, copied.millis().to_string());
            fs::remove_file(data.join(RETURNED_NOTE)).expect("there");
            assert_eq!(damaged(data).len(), round.min(DAMAGED_KEPT), "{what} {round}");
            assert!(!data.join(DOUBTFUL).exists() && good_copy_at(data) == Some(copied));
        }
        let mode = fs::metadata(database(data)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn without_a_good_copy_or_on_trial_nothing_is_changed_and_the_remedy_is_named() {
    for (what, damage) in DAMAGES {
        let scratch = Scratch::new();
        let data = scratch.path();
        furnish(data);
        let length = fs::metadata(database(data)).expect("there").len();
        damage(data, length);
        let before = fs::metadata(database(data)).expect("there").len();
        let refused = |may_return: bool| match Handle::open_or_return(data, || may_return) {
            Err(error @ HandleError::Damaged { .. }) => error.to_string(),
            other => panic!("{what}: {other:?}"),
        };
        let said = refused(false);
        assert!(said.contains("dozvon.db is damaged") && said.contains("`dozvon restore FILE`"), "{said}");
        fs::write(good(data), "of no use").expect("writable");
        refused(true);
        assert!(damaged(data).is_empty() && !data.join(RETURNED_NOTE).exists());
        assert_eq!(fs::metadata(database(data)).expect("there").len(), before, "{what}");
    }
}

#[test]
fn what_is_no_damage_is_left_alone() {
    let scratch = Scratch::new();
    let data = scratch.path();
    furnish(data);
    let connection = Connection::open(database(data)).expect("whole");
    let known: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0)).expect("whole");
    connection.pragma_update(None, "user_version", known + 1).expect("writable");
    drop(connection);
    let newer = Handle::open_or_return(data, || panic!("nobody is asked"));
    assert!(matches!(newer, Err(HandleError::Store(StoreError::Newer { .. }))), "{newer:?}");
    let connection = Connection::open(database(data)).expect("whole");
    connection.pragma_update(None, "user_version", known).expect("writable");
    connection.execute_batch("BEGIN EXCLUSIVE").expect("alone");
    let locked = Handle::open_or_return(data, || panic!("nobody is asked"));
    assert!(matches!(locked, Err(HandleError::Store(StoreError::Database(_)))), "{locked:?}");
    drop(connection);
    assert_eq!(name_in(data).expect("whole"), "later");
    assert!(damaged(data).is_empty());
}

#[test]
fn a_full_disk_and_a_damaged_database_keep_the_copy_before() {
    let scratch = Scratch::new();
    let data = scratch.path();
    let handle = begun(data);
    assert!(good_copy_is_due(data, clock::wall()));
    assert!(keep_good_copy(data, ROOM).expect("whole"));
    let kept = fs::read(good(data)).expect("kept");
    assert!(!good_copy_is_due(data, clock::wall()));
    assert!(good_copy_is_due(data, WallTime(clock::wall().millis() + DAY_MS + 60_000)));
    rename(&handle, "later");
    assert!(!keep_good_copy(data, FLOOR).expect("nothing is wrong"), "too little room");
    // No room in the middle: the draft can't be written.
    fs::create_dir(data.join(DRAFT)).expect("writable");
    assert!(matches!(keep_good_copy(data, ROOM), Err(StoreError::File { .. })));
    fs::remove_dir(data.join(DRAFT)).expect("there");
    assert_eq!(fs::read(good(data)).expect("kept"), kept);
    cut(handle);
    super::super::settle_database(&database(data)).expect("whole");
    let length = fs::metadata(database(data)).expect("there").len();
    spoil(data, length / 2 / 4096 * 4096, 20 * 4096);
    assert!(matches!(keep_good_copy(data, ROOM), Err(StoreError::Damaged(_))));
    assert_eq!(fs::read(good(data)).expect("kept"), kept);
    assert!(data.join(DOUBTFUL).exists() && !data.join(DRAFT).exists());
    assert_eq!(name_in(data).expect("returned"), "Romashka");
}

#[test]
fn the_power_may_go_while_a_copy_returns() {
    let scratch = Scratch::new();
    let data = scratch.path();
    furnish(data);
    // The database was set aside, and its place is empty.
    fs::rename(database(data), data.join(format!("{DAMAGED}20261126-120000"))).expect("there");
    fs::write(data.join("dozvon.db-wal"), "of the damaged one").expect("writable");
    assert!(is_gone(data));
    assert!(matches!(Handle::open(data), Err(HandleError::Damaged { .. })), "nobody begins anew in its place");
    assert_eq!(name_in(data).expect("returned"), "Romashka");
}

#[test]
fn the_returned_copy_is_told_as_an_alarm_with_its_day() {
    let mut office = Office::default();
    office.settings.timezone = "Europe/Moscow".to_owned();
    let alarm = Alarm::DatabaseReturned { copied: WallTime(1_795_605_600_000) };
    use crate::office::Language::{En, Ru};
    assert!(alarm.text(&office, Ru).contains("сделанной 25.11.2026 14:20"), "{}", alarm.text(&office, Ru));
    assert!(alarm.text(&office, En).contains("made on 2026-11-25 14:20"), "{}", alarm.text(&office, En));
}

//! What was found before anybody could be told: small files of the data directory, each an alarm. A note goes when its alarm is kept, so
//! that a power cut loses none, and each is told once.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::base::WallTime;
use crate::guard::Alarm;
use crate::io::store::RETURNED_NOTE;

/// The steward's: the data partition had to be made anew. Its text is for whoever looks for the reason.
pub(in crate::io) const DATA_LOST: &str = "alarm-data-lost";

/// What is noted in a data directory, with where it stands.
pub(super) fn read(data: &Path) -> Vec<(PathBuf, Alarm)> {
    let lost = data.join(DATA_LOST);
    let returned = data.join(RETURNED_NOTE);
    let copied = || fs::read_to_string(&returned).ok()?.trim().parse().ok();
    let of_copy = returned.exists().then(|| Alarm::DatabaseReturned { copied: WallTime(copied().unwrap_or(0)) });
    let of_loss = lost.exists().then_some(Alarm::DataLost);
    let noted = [(lost, of_loss), (returned, of_copy)];
    noted.into_iter().filter_map(|(path, alarm)| Some((path, alarm?))).collect()
}

/// The alarm is kept.
pub(super) fn forget(note: &Path) {
    match fs::remove_file(note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::error!(%error, note = %note.display(), "a note is told again and again");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;

    #[test]
    fn each_note_is_an_alarm_until_it_is_forgotten() {
        let scratch = Scratch::new();
        let data = scratch.path();
        assert_eq!(read(data), []);
        fs::write(data.join(DATA_LOST), "e2fsck said: no superblock").expect("writable");
        fs::write(data.join(RETURNED_NOTE), "1795605600000").expect("writable");
        let noted = read(data);
        let copied = WallTime(1_795_605_600_000);
        let alarms: Vec<&Alarm> = noted.iter().map(|(_, alarm)| alarm).collect();
        assert_eq!(alarms, [&Alarm::DataLost, &Alarm::DatabaseReturned { copied }]);
        forget(&noted[0].0);
        assert_eq!(read(data), [noted[1].clone()]);
        forget(&noted[1].0);
        assert_eq!(read(data), []);
    }
}

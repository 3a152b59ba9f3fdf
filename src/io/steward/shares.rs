//! USB sticks and shares of other machines, for backups and updates.

use super::{Outcome, Places};
use crate::machine::State;

/// Tells of sticks.
pub(super) fn fill(_places: &Places, _state: &mut State) {}

/// Makes a stick usable.
pub(super) fn mount_stick(_places: &Places, _id: &str) -> Outcome {
    Err("not on this machine".to_owned())
}

/// Writes all and lets it go.
pub(super) fn unmount_stick(_places: &Places, _id: &str) -> Outcome {
    Err("not on this machine".to_owned())
}

/// Makes a share usable.
pub(super) fn mount_share(_places: &Places, _source: &str, _login: &str, _password: &str) -> Outcome {
    Err("not on this machine".to_owned())
}

/// Leaves it.
pub(super) fn unmount_share(_places: &Places) -> Outcome {
    Err("not on this machine".to_owned())
}

/// The box ends: all written, all let go.
pub(super) fn stop(_places: &Places) {}

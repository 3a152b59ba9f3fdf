//! The two system slots: what each holds, writing an update, trials.

use std::path::Path;

use super::{Outcome, Places};
use crate::machine::State;

/// Tells what the slots hold.
pub(super) fn fill(_places: &Places, _state: &mut State) {}

/// Writes an update file into the other slot; `told` hears per cent.
pub(super) fn write(_places: &Places, _file: &Path, _told: &mut dyn FnMut(u8)) -> Outcome {
    Err("not on this machine".to_owned())
}

/// Notes that the other slot is to be tried. The machine starts anew when this is done.
pub(super) fn start_trial(_places: &Places) -> Outcome {
    Err("not on this machine".to_owned())
}

/// Notes that the running slot is good.
pub(super) fn keep(_places: &Places) -> Outcome {
    Err("not on this machine".to_owned())
}

/// Notes that the running slot is not. The machine starts anew when this is done.
pub(super) fn give_up(_places: &Places, _reason: &str) -> Outcome {
    Err("not on this machine".to_owned())
}

//! Sensors, disk and memory, as the kernel tells of them.

use super::Places;
use crate::machine::State;

/// Tells how warm, how full and how worn the box is.
pub(super) fn fill(_places: &Places, _state: &mut State) {}

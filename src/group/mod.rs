//! Whom of a group to ring for whom of those who wait, and until when. Pure: it is asked, it doesn't act. Knows no SIP and no leg.

mod queue;

pub use queue::{Order, Queues};

use crate::base::Duration;

/// A member that refused, or whose seconds ran out, is left in peace for so long.
const PEACE: Duration = Duration::from_secs(10);

/// What a member is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// No device is registered, and none is a mobile.
    Offline,
    /// On the telephone.
    Busy,
    /// May be rung.
    Free,
}

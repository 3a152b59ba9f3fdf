//! A message in a mailbox, as telephones, lamps and the page see it.

use super::{MessageId, WallTime};

/// What somebody left for an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which: the number of its recording.
    pub id: MessageId,
    /// Whose mailbox.
    pub extension: String,
    /// When it began.
    pub at: WallTime,
    /// Who left it: E.164 digits, or an extension; empty: withheld.
    pub caller: String,
    /// As the caller's telephone or the carrier names him; may be empty.
    pub caller_name: String,
    /// Of sound, rounded up.
    pub seconds: u32,
    /// Whether it was listened to.
    pub heard: bool,
}

//! What mailboxes and recorded messages want of the disk. Calls never wait for it: only a clip is answered.

use crate::base::{CallId, Duration, RecordingId, WallTime};

/// An order. A message in a mailbox is known by the id of its recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are; the variants tell the rest")]
pub enum Shelf {
    /// A recording of what one caller says begins; its sound comes from the media plane. `mailbox` is whom it concerns: the
    /// extension whose mailbox it is for, or that records. `is_message`: it is kept even if the process ends. So much `silence` is to be
    /// told, and what of it ends the recording is left out.
    Begin {
        recording: RecordingId,
        call: CallId,
        at: WallTime,
        mailbox: String,
        caller: String,
        caller_name: String,
        is_message: bool,
        silence: Duration,
    },
    /// It becomes a message.
    KeepMessage { recording: RecordingId, mailbox: String },
    /// It becomes what callers of the mailbox hear first.
    KeepGreeting { recording: RecordingId, mailbox: String },
    /// It becomes a media file of the office, recorded by this extension.
    KeepMedia { recording: RecordingId, by: String },
    /// It is forgotten.
    Discard { recording: RecordingId },
    /// The office's greeting is heard again.
    RemoveGreeting { mailbox: String },
    /// A message was listened to, or is to count as new again.
    Mark { message: RecordingId, heard: bool },
    /// A message is deleted.
    Delete { message: RecordingId },
    /// What was recorded is wanted as a clip.
    Load { call: CallId, recording: RecordingId },
}

//! All that the exchange says to people, by meaning: what is said in which language, and how it sounds, is not known here.

/// One thing to say. Several are said one after the other, with a breath between them.
///
/// A telephone number is a text of `0`–`9`, `*`, `#` and a leading `+`, said digit by digit; whatever else stands in it is
/// passed over. Where a caller's number is empty, he withholds it, and the sentence says so («скрытый номер»).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phrase {
    // ── values, which continue the phrase before them
    /// Digit by digit.
    Digits(String),
    /// A time of day: hour 0 to 23, minute 0 to 59.
    Time {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// Before a time of this day.
    Today,
    /// Before a time of the day before.
    Yesterday,
    /// Before a time of another day.
    Date {
        /// 1 to 31.
        day: u8,
        /// 1 to 12.
        month: u8,
    },

    // ── sentences of every service
    /// The end of a dialogue.
    Goodbye,
    /// A key that means nothing here.
    WrongKey,
    /// What was dialled is nobody's.
    NoSuchNumber,
    /// One's own rights do not go so far.
    NotAllowed,
    /// It does not work at present: no fault of the caller's.
    NotAvailable,

    // ── codes
    /// You will hear yourself; hang up at the end.
    EchoTest,
    /// Before a [`Phrase::Time`].
    TheTimeIs,
    /// The own number, said digit by digit.
    YourNumberIs(String),
    /// Do not disturb is on.
    DoNotDisturbOn,
    /// Do not disturb is off.
    DoNotDisturbOff,
    /// Calls go to this number from now on.
    ForwardedTo(String),
    /// Calls are not forwarded any more.
    ForwardOff,
    /// Nobody has called yet, for the code that calls the last caller.
    NobodyCalled,
    /// You will be called back when this number is free.
    CallBackWhenFree(String),
    /// No call rings that could be picked up.
    NothingToPickUp,

    // ── parking, queues, calls to mobile telephones
    /// The call waits at this place.
    ParkedAt(String),
    /// No parking place is free.
    ParkingFull,
    /// No call waits at this place.
    NothingParked,
    /// The caller's place in a queue: 1 and more.
    YouAreNumber(u32),
    /// A call from this number: press 1 to take it.
    PressOneToAccept(String),
    /// This number is busy.
    NumberIsBusy(String),
    /// This number does not answer.
    NumberDoesNotAnswer(String),

    // ── secret codes, conferences
    /// Key your PIN, then `#`.
    EnterPin,
    /// That PIN is wrong.
    WrongPin,
    /// Too many wrong PINs: try later.
    TooManyAttempts,
    /// You enter the conference.
    JoiningConference,
    /// As many as may take part in the conference already.
    ConferenceFull,

    // ── mailbox
    /// Leave a message after the tone; `#` ends it.
    LeaveMessageAfterTone,
    /// The message has been sent.
    MessageLeft,
    /// Nothing was recorded: too short.
    NothingRecorded,
    /// There is no mailbox for this number.
    NoMailbox,
    /// The mailbox takes no more messages.
    MailboxFull,
    /// There are no messages at all.
    NoMessages,
    /// So many new messages: 1 and more.
    NewMessages(u32),
    /// So many messages that have been heard: 1 and more.
    SavedMessages(u32),
    /// A message from this number, before day and time.
    MessageFrom(String),
    /// 1 again, 2 next, 3 delete, 4 keep as new, 0 more, `#` end.
    MailboxKeys,
    /// Message deleted.
    Deleted,
    /// The message stays new.
    KeptAsNew,
    /// That was the last message.
    NoMoreMessages,
    /// 1 to the messages, 5 record a greeting, 6 back to the office's greeting, `*` back, `#` end.
    MailboxMenu,
    /// Speak your greeting after the tone, then `#`.
    SpeakGreetingAfterTone,
    /// The greeting is kept.
    GreetingKept,
    /// The office's greeting is heard again.
    GreetingRemoved,

    // ── recording
    /// Speak after the tone, then `#`.
    SpeakAfterTone,
    /// 1 keep, 2 again from the start, `*` discard.
    RecordingKeys,
    /// The recording is kept.
    Saved,
    /// The recording is discarded.
    Discarded,
}

//! Ids are newtypes: a leg is not a call.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $inner);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// One call: one row of history, one story, one or more legs. Unique over the life of the data directory:
    /// milliseconds of its first second, shifted left by 20 bits, plus a counter.
    CallId(u64);
    /// One INVITE session with one peer: a leg of a call.
    SessionId(u64);
    /// A server transaction that awaits our final response.
    ServerTxn(u64);
    /// A client transaction outside of sessions (REGISTER, OPTIONS, NOTIFY …).
    ClientTxn(u64);
    /// One media endpoint: a pair of ports, what is heard from there and what is sent there.
    EndpointId(u32);
    /// A recording: one file, one row. Unique over the life of the data directory, made like a [`CallId`].
    RecordingId(u64);
    /// A message in a mailbox: the number of its recording.
    MessageId(u64);
    /// A room of the media plane: a conference, or a call that is listened in on.
    RoomId(u32);
    /// A question to the world; its answer carries the same number.
    QueryId(u64);
}

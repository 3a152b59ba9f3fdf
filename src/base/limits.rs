//! Every bound of the exchange has its name here, with what happens when it is reached.

use super::Duration;

/// A SIP message over UDP or TCP; longer is refused (contract.md, SIP). Bytes.
pub const SIP_MESSAGE_BYTES: usize = 65_535;
/// Header fields in one SIP message; more is a 400.
pub const SIP_HEADERS: usize = 256;
/// Open transactions; a new request then meets 503 with Retry-After.
pub const TRANSACTIONS: usize = 20_000;
/// Calls at a time; the next INVITE meets 503 with Retry-After.
pub const CALLS: usize = 2_000;
/// Contacts of one AOR; the oldest goes (contract.md, SIP).
pub const CONTACTS_PER_AOR: usize = 10;
/// Targets rung at once for one call; further ones are left out and logged.
pub const LEGS_PER_CALL: usize = 64;
/// Steps that one call may take on the desk without a wait between them; then it is hung up. The checker refuses
/// such desks, so this is only a belt.
pub const DESK_STEPS: usize = 500;
/// Hops a request may take: RFC 3261 §8.1.1.6.
pub const MAX_FORWARDS: u32 = 70;
/// Members of one room of the media plane; who comes after them hears nothing and is not heard.
pub const ROOM_MEMBERS: usize = 32;
/// Silence both ways ends a call that is not on hold (contract.md, SIP).
pub const MEDIA_SILENCE: Duration = Duration::from_secs(60);
/// The longest that a caller may hear ringing before the call is ended, whatever the devices say.
pub const RINGING: Duration = Duration::from_secs(300);
/// Calls from strangers that wait at the start for the addresses of the carriers; the next one is challenged at once.
pub const EARLY_CALLS: usize = 32;
/// A reply to a question (DNS) that has not come by then counts as a failure.
pub const QUERY: Duration = Duration::from_secs(5);
/// Event subscriptions of one login; the next SUBSCRIBE meets 503 with Retry-After. A phone with three expansion modules has some
/// 180 keys.
pub const SUBSCRIPTIONS_PER_LOGIN: usize = 256;
/// Event subscriptions in all; the next SUBSCRIBE meets 503 with Retry-After.
pub const SUBSCRIPTIONS: usize = 20_000;

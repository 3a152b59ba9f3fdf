//! What the vendor has signed: licences, the box they are bound to, and what follows from both today. Signed bytes and a date in, a
//! verdict out; where the bytes lie, what time it is and what the machine says of itself is `io::licence`'s business.

mod calendar;
mod hardware;
mod key;
mod licence;
mod standing;

pub use calendar::Calendar;
pub use hardware::{Hardware, HardwareError, Trait};
pub use key::{KeyError, PublicKey, SecretKey, SignatureError, Trusted, is_name as is_key_name};
pub use licence::{Amount, Day, Function, Functions, Licence, LicenceError, Refusal};
pub use standing::{Allowance, Standing, State, WARNING_DAYS};

//! What is wrong as facts, for those who say it in another language than the file's problems do.

use crate::office::Feature;

/// What a [`Problem`](super::Problem) says, where somebody needs it in other words. More kinds get theirs as the page learns
/// to edit them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The field must be there and not empty.
    Missing,
    /// A whole number outside of these.
    Range {
        /// The smallest.
        from: u32,
        /// The largest.
        to: u32,
    },
    /// Longer than this, in characters.
    TooLong {
        /// So many are allowed.
        most: usize,
    },
    /// A control character.
    Control,
    /// No code: [`is_code`](crate::office::is_code).
    CodeShape,
    /// This feature has the same code.
    SameCode(Feature),
    /// This feature's code begins it: [`Clash::Begins`](crate::office::Clash).
    CodeBegins(Feature),
    /// Not 3 to 5 digits with a first one of 2 to 9.
    InsideNumber,
    /// Something else has this number.
    NumberTaken {
        /// `extension`, `group`, `conference room`.
        by: &'static str,
        /// Which.
        number: String,
    },
    /// An extension, a group or a room has the number of a parking place.
    ParkingPlace {
        /// What has it.
        by: &'static str,
        /// Which.
        number: String,
    },
    /// The last place is before the first, or has more digits.
    ParkingOrder,
    /// More places than this.
    ParkingSize {
        /// So many are allowed.
        most: u32,
    },
    /// Not 4 to 10 digits.
    Pin,
    /// No host.
    Host,
    /// No mail address.
    Address,
    /// No media file of this name.
    NoMedia(String),
    /// Where this forwards to is neither a number of the office nor one outside.
    ForwardTarget,
}

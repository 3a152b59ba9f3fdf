//! The numbers inside and the codes: one meaning each.

use std::collections::HashMap;

use super::super::fault::Fault;
use super::super::fields::Spot;
use super::super::spot;
use super::Checker;
use crate::office::{Clash, Feature};

/// Rooms that people expect there: product.md section 8.
const CONFERENCES: std::ops::RangeInclusive<&str> = "800"..="809";

impl Checker<'_> {
    /// Extensions, groups, conference rooms and parking places: shape, and no number twice.
    pub(super) fn numbers(&self) {
        let (office, spots) = (self.office, &self.draft.spots);
        let mut first: HashMap<&str, &'static str> = HashMap::new();
        let extensions = office.extensions.iter().map(|e| e.number.as_str());
        self.numbers_of("extension", extensions, &spots.extensions, &mut first);
        self.numbers_of("group", office.groups.iter().map(|g| g.number.as_str()), &spots.groups, &mut first);
        let rooms = office.conferences.iter().map(|room| room.number.as_str());
        self.numbers_of(ROOM, rooms, &spots.conferences, &mut first);
    }

    fn numbers_of<'t>(
        &self,
        kind: &'static str,
        numbers: impl Iterator<Item = &'t str>,
        spots: &[Spot],
        first: &mut HashMap<&'t str, &'static str>,
    ) {
        let parking = &self.office.parking;
        for (at, number) in numbers.enumerate().filter(|(_, number)| !number.is_empty()) {
            let at = spot(spots, at).key("number");
            if !is_inside_number(number) {
                let what = format_args!("{kind} {number}: a number has 3 to 5 digits and doesn't start with 0 or 1");
                self.report.fault(at, Fault::InsideNumber, what);
            } else if parking.holds(number) {
                let (from, to) = (parking.first, parking.last);
                let what = format_args!("{kind} {number}: this number is a parking place ({from} to {to})");
                // Who moves the places hears it where they are told.
                let at = at.or(self.draft.spots.parking.key("first"));
                self.report.fault(at, Fault::ParkingPlace { by: kind, number: number.to_owned() }, what);
            } else if let Some(other) = first.insert(number, kind) {
                let what = format_args!("{kind} {number}: there is another {other} of this number");
                self.report.fault(at, Fault::NumberTaken { by: other, number: number.to_owned() }, what);
            } else if kind != ROOM && CONFERENCES.contains(&number) && number.len() == 3 {
                let what = format_args!(
                    "{kind} {number}: conference rooms usually have 800 to 809, and outside numbers start with 8"
                );
                self.report.warning(at, what);
            } else if number.starts_with(['8', '9']) && !(kind == ROOM && CONFERENCES.contains(&number)) {
                let what =
                    format_args!("{kind} {number}: outside numbers that start like this can't be dialled any more");
                self.report.warning(at, what);
            }
        }
    }

    /// No code stands in the way of another. Told once, at the later feature of two that are the same, else at the longer code.
    pub(super) fn codes(&self) {
        let codes = &self.office.codes;
        for (nth, feature) in Feature::ALL.into_iter().enumerate() {
            let (key, code, at) = (feature.key(), codes.get(feature), self.draft.spots.codes.key(feature.key()));
            match codes.clash(feature) {
                Some(Clash::Same(other)) if Feature::ALL.iter().take(nth).any(|earlier| *earlier == other) => {
                    let what = format_args!("codes: `{key}` \"{code}\" is the code of `{}` already", other.key());
                    self.report.fault(at, Fault::SameCode(other), what);
                }
                Some(Clash::Begins(other)) => {
                    let what = format_args!(
                        "codes: `{key}` \"{code}\" begins like `{}` \"{}\" with a number after it",
                        other.key(),
                        codes.get(other)
                    );
                    self.report.fault(at, Fault::CodeBegins(other), what);
                }
                Some(Clash::Same(_)) | None => {}
            }
        }
    }
}

const ROOM: &str = "conference";

/// 3 to 5 digits, the first 2 to 9.
fn is_inside_number(number: &str) -> bool {
    (3..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with(['0', '1'])
}

//! Numbers inside the office: whose they are, and which are free.

use super::{Kind, Office};

/// Who has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An extension, a group or a conference room, with the name that people know it by; it may be empty.
    Thing {
        /// Which kind.
        kind: Kind,
        /// The employee, or the name.
        name: String,
    },
    /// A parking place.
    Parking,
}

impl Office {
    /// Whose number this is; `None`: it is free. `but` is left out: it is about to have another number.
    pub fn owner_of(&self, number: &str, but: Option<(Kind, &str)>) -> Option<Owner> {
        let is = |kind: Kind, own: &str| own == number && but != Some((kind, own));
        let thing = |kind: Kind, name: &String| Owner::Thing { kind, name: name.clone() };
        let extensions = self.extensions.iter().filter(|one| is(Kind::Extension, &one.number));
        let groups = self.groups.iter().filter(|one| is(Kind::Group, &one.number));
        let rooms = self.conferences.iter().filter(|one| is(Kind::Conference, &one.number));
        let mut owners = extensions
            .map(|one| thing(Kind::Extension, &one.employee))
            .chain(groups.map(|one| thing(Kind::Group, &one.name)))
            .chain(rooms.map(|one| thing(Kind::Conference, &one.name)));
        owners.next().or_else(|| self.parking.holds(number).then_some(Owner::Parking))
    }

    /// The number for a new extension: the first free one after the highest extension of those that shadow no outside numbers;
    /// else the lowest free one. `None`: there is none.
    pub fn next_number(&self) -> Option<String> {
        let numbers = self.extensions.iter().filter_map(|one| one.number.parse::<u32>().ok());
        let highest = numbers.filter(|number| is_usual(*number)).max();
        let after = highest.map_or(FIRST, |number| number + 1);
        let all = (after..=LAST).chain(FIRST..=LAST);
        all.filter(|number| is_usual(*number)).map(|number| number.to_string()).find(|one| self.is_free(one))
    }

    /// Free numbers after this one, with as many digits; at most `count`. Of those that shadow outside numbers, only such as
    /// begin like this one.
    pub fn free_after(&self, number: &str, count: usize) -> Vec<String> {
        let Ok(from) = number.parse::<u32>() else { return Vec::new() };
        let near = (from.saturating_add(1)..=99_999).chain(FIRST..from).map(|one| (one, one.to_string()));
        let alike = |text: &str| text.len() == number.len() && text.get(..1) == number.get(..1);
        let fits = near.filter(|(one, text)| {
            (alike(text) || (is_usual(*one) && text.len() == number.len())) && self.is_free(text)
        });
        fits.map(|(_, text)| text).take(count).collect()
    }

    fn is_free(&self, number: &str) -> bool {
        self.owner_of(number, None).is_none()
    }
}

/// A number inside that shadows no outside numbers (8…, 9…) and stands where people expect none of the rooms.
fn is_usual(number: u32) -> bool {
    let text = number.to_string();
    (3..=5).contains(&text.len()) && text.starts_with(['2', '3', '4', '5', '6', '7'])
}

const FIRST: u32 = 200;
const LAST: u32 = 79_999;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::office::Parking;

    #[test]
    fn a_new_extension_gets_the_number_after_the_highest_that_nobody_has() {
        let mut office = Office::first_start(&mut Rng::from_seed(3), "", false);
        assert_eq!(office.next_number().as_deref(), Some("203"));
        office.parking = Parking { first: 203, last: 204, ..Parking::default() };
        office.groups[0].number = "205".to_owned();
        assert_eq!(office.next_number().as_deref(), Some("206"));
        office.extensions[2].number = "799".to_owned();
        assert_eq!(office.next_number().as_deref(), Some("2000"), "800 to 999 shadow outside numbers");
        office.extensions.clear();
        assert_eq!(office.next_number().as_deref(), Some("200"));
    }

    #[test]
    fn free_numbers_near_one_have_as_many_digits() {
        let office = Office::first_start(&mut Rng::from_seed(3), "", false);
        assert_eq!(office.free_after("200", 2), ["203", "204"]);
        assert_eq!(office.free_after("700", 2), ["710", "711"], "701 to 709 are parking places");
        assert_eq!(office.free_after("799", 1), ["203"]);
        assert_eq!(office.free_after("800", 2), ["801", "802"]);
        assert!(office.free_after("x", 2).is_empty());
    }

    #[test]
    fn a_number_has_one_owner_and_its_own_thing_is_none() {
        let office = Office::first_start(&mut Rng::from_seed(3), "", false);
        let group = Owner::Thing { kind: Kind::Group, name: "Все сотрудники".to_owned() };
        assert_eq!(office.owner_of("500", None), Some(group));
        assert_eq!(office.owner_of("500", Some((Kind::Group, "500"))), None);
        assert_eq!(office.owner_of("705", None), Some(Owner::Parking));
        assert_eq!(office.owner_of("299", None), None);
    }
}

//! The phone book, read as each vendor's telephones would.

use dozvon::provision::book::{Format, write};

use crate::read::xml;
use crate::{NAME, office};

#[test]
fn every_vendors_book_holds_all_names_and_numbers() {
    let office = office();
    for format in [
        Format::Yealink,
        Format::Grandstream,
        Format::Fanvil,
        Format::Snom,
        Format::Cisco,
        Format::Polycom,
        Format::Htek,
        Format::Gigaset,
    ] {
        let elements = xml(&write(format, &office));
        let texts: Vec<&str> = elements.iter().map(|element| element.text.as_str()).collect();
        for extension in &office.extensions {
            assert!(texts.contains(&extension.number.as_str()), "{format:?} {}", extension.number);
        }
        assert!(texts.contains(&NAME) && texts.contains(&"Склад"), "{format:?}");
    }
}

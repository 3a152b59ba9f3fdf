//! Telephones and their templates: each once, and what they name is there.

use std::collections::HashSet;

use super::super::fault::Fault;
use super::super::spot;
use super::Checker;
use crate::office::{BUILT_IN_TEMPLATES, Kind};

impl Checker<'_> {
    pub(super) fn phones(&self) {
        let (office, spots) = (self.office, &self.draft.spots);
        self.unique("phone", "mac", &spots.phones, office.phones.iter().map(|phone| phone.mac.as_str()));
        let names = || office.phone_templates.iter().map(|template| template.name.as_str());
        self.unique("phone template", "name", &spots.phone_templates, names());
        for (at, phone) in office.phones.iter().enumerate() {
            let place = spot(&spots.phones, at);
            let thing = format!("phone {}", phone.mac);
            let mut named = HashSet::new();
            for (nth, lamp) in phone.lamps.iter().enumerate() {
                let at = place.item("lamps", nth);
                if !self.has_lamp(lamp) {
                    let fault = Fault::NoSuch { kind: Kind::Extension, key: lamp.clone(), near: None };
                    self.report.fault(at, fault, format_args!("{thing}: lamp {lamp} is no number of the office"));
                } else if !named.insert(lamp) {
                    let fault = Fault::Twice(lamp.clone());
                    self.report.fault(at, fault, format_args!("{thing}: lamp {lamp} is named twice"));
                }
            }
            let known = BUILT_IN_TEMPLATES.into_iter().chain(names());
            self.refers(place.key("template"), thing, "template", &phone.template, Kind::PhoneTemplate, known);
        }
        for (at, template) in office.phone_templates.iter().enumerate() {
            let place = spot(&spots.phone_templates, at);
            let thing = format!("phone template {}", template.name);
            if BUILT_IN_TEMPLATES.contains(&template.name.as_str()) {
                let what = format_args!("{thing}: the program brings one of this name");
                self.report.fault(place.key("name"), Fault::BuiltIn, what);
            }
            let known = BUILT_IN_TEMPLATES.into_iter();
            self.refers(place.key("base"), thing, "base", &template.base, Kind::PhoneTemplate, known);
        }
    }

    /// What a telephone can watch.
    fn has_lamp(&self, number: &str) -> bool {
        let office = self.office;
        office.extension(number).is_some()
            || office.group(number).is_some()
            || office.conference(number).is_some()
            || office.parking.holds(number)
    }
}

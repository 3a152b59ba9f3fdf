//! The exchange's side of the lamps: who may subscribe to what, and how the office and the registrations look to those who watch.

use std::sync::Arc;

use super::{Engine, Refusal};
use crate::base::{Instant, ServerTxn};
use crate::call::Origin;
use crate::engine::{Output, Record};
use crate::lamp::{self, Asked, Phone, StoredSubscription};
use crate::office::{Device, Extension, Feature, Forward, Office};
use crate::sip::Flow;
use crate::sip::wire::{Request, Uri};

impl Engine {
    /// SUBSCRIBE, inside of its dialog or not: of proved phones only.
    pub(super) fn on_subscribe(&mut self, now: Instant, txn: ServerTxn, flow: Flow, request: &Request) {
        if self.stopping {
            return self.unavailable(now, txn);
        }
        let (login, number) = match self.origin(now, &flow, request) {
            Ok(Origin::Device { login, extension }) => (login, extension),
            Ok(Origin::Trunk(_)) => return self.refuse(now, txn, &flow, request, Refusal::Challenge),
            Err(refusal) => return self.refuse(now, txn, &flow, request, refusal),
        };
        let thing = self.watched_at(&request.uri, &number);
        let tag = self.stack.tag_of(txn).unwrap_or_default().to_owned();
        let wall = self.wall(now);
        let asked = Asked { flow, request, tag: &tag, login: &login, number: &number, thing: thing.as_deref() };
        let (status, headers) = match self.lamps.subscribe(now, wall, &asked) {
            Ok(headers) => (200, headers),
            Err(error) => (error.status(), error.headers()),
        };
        self.stack.respond(now, txn, status, headers, Vec::new());
    }

    /// The number that a phone of extension `own` means: an extension's, a group's, a parking place's, a room's, that of a
    /// device's login, or its own by the code of the mailbox.
    fn watched_at(&self, uri: &Uri, own: &str) -> Option<String> {
        let user = uri.user.as_deref()?;
        if user == self.office.codes.get(Feature::Voicemail) {
            return Some(own.to_owned());
        }
        if let Some((extension, _)) = self.office.device_by_login(user) {
            return Some(extension.number.clone());
        }
        is_watchable(&self.office, user).then(|| user.to_owned())
    }

    /// A phone has come, was refreshed, or went.
    pub(super) fn show_registration(&mut self, now: Instant, login: &str) {
        if let Some((extension, _)) = self.office.device_by_login(login) {
            let phone = self.phone_of(extension);
            self.lamps.set_phone(now, &extension.number, phone);
        }
        let flows: Vec<Flow> = self.bindings.contacts(login).iter().map(|binding| binding.flow).collect();
        self.lamps.moved(now, login, &flows);
    }

    /// A new office, or the first.
    pub(super) fn show_office(&mut self, now: Instant) {
        let office = Arc::clone(&self.office);
        for extension in &office.extensions {
            let phone = self.phone_of(extension);
            self.lamps.set_phone(now, &extension.number, phone);
        }
        let number_of = |login: &str| office.device_by_login(login).map(|(extension, _)| extension.number.clone());
        self.lamps.office(now, number_of, |number| is_watchable(&office, number));
    }

    /// Subscriptions from before a restart, after the bindings.
    pub(super) fn restore_lamps(&mut self, now: Instant, stored: Vec<StoredSubscription>) {
        let (wall, bindings) = (self.wall(now), &self.bindings);
        let flows = |login: &str| bindings.contacts(login).iter().map(|binding| binding.flow).collect();
        self.lamps.restore(now, wall, stored, flows);
        self.show_office(now);
    }

    pub(super) fn on_lamps(&mut self, now: Instant, output: lamp::Output) {
        let record = match output {
            lamp::Output::Request { order, draft } => {
                let txn = self.stack.request(now, *draft);
                return self.lamps.sent(order, txn);
            }
            lamp::Output::Kept(stored) => Record::Subscription(stored),
            lamp::Output::Gone { tag } => Record::SubscriptionGone { tag },
        };
        self.outputs.push_back(Output::Store(record));
    }

    /// A mobile is always within reach, as far as we know; an extension of mobiles alone is never offline.
    fn phone_of(&self, extension: &Extension) -> Phone {
        let mut phones = extension.sip_devices().peekable();
        let has_phone = phones.peek().is_some();
        let registered = phones.any(|device| !self.bindings.contacts(&device.login).is_empty());
        let has_mobile = extension.devices.iter().any(|device| matches!(device, Device::Mobile(_)));
        Phone {
            registered: registered || !has_phone && has_mobile,
            do_not_disturb: extension.do_not_disturb,
            forward: forward_of(extension),
        }
    }
}

fn is_watchable(office: &Office, number: &str) -> bool {
    office.extension(number).is_some()
        || office.group(number).is_some()
        || office.conferences.iter().any(|room| room.number == number)
        || office.parking.holds(number)
}

/// Where all calls of all its phones go; the first one's target stands for the rest.
fn forward_of(extension: &Extension) -> Option<String> {
    let mut targets = extension.sip_devices().map(|device| match &device.forward {
        Forward::Always { to } => Some(to),
        _ => None,
    });
    let first = targets.next()??;
    targets.all(|target| target.is_some()).then(|| first.clone())
}

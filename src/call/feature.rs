//! Codes that are dialled: product.md section 8. What they set outlasts the call and is told to the office; what they say is heard.

use crate::base::Duration;
use crate::guard::{self, ForwardRefused};
use crate::media::Sound;
use crate::number::Target as Meaning;
use crate::office::{Feature, ForwardKind};
use crate::service::{Kind, Phrase};

use super::cdr::{CallOutcome, StepKind};
use super::one::Call;
use super::{Around, CallBack, Edit, Output};

/// How long somebody waits for another to be free.
const CALL_BACK_WITHIN: Duration = Duration::from_secs(45 * 60);
/// Call-backs that one extension may wait for; the oldest goes.
const CALL_BACKS: usize = 5;

impl Call {
    /// A code was dialled.
    pub(super) fn feature(&mut self, around: &mut Around<'_>, feature: Feature, number: Option<&str>) {
        let extension = self.a.party.inside().unwrap_or_default().to_owned();
        if feature == Feature::Page {
            return self.page(around, number.unwrap_or_default());
        }
        around.step(self.id, StepKind::Service { service: feature.key() });
        match feature {
            Feature::DisturbOff | Feature::DisturbOn => {
                let on = feature == Feature::DisturbOff;
                around.outputs.push_back(Output::Edit(Edit::DoNotDisturb { extension, on }));
                self.say_and_end(around, &[if on { Phrase::DoNotDisturbOn } else { Phrase::DoNotDisturbOff }]);
            }
            Feature::ForwardAlways => self.forward(around, ForwardKind::Always, number),
            Feature::ForwardBusy => self.forward(around, ForwardKind::Busy, number),
            Feature::ForwardNoAnswer => self.forward(around, ForwardKind::NoAnswer, number),
            Feature::ForwardAlwaysOff => self.forward_off(around, ForwardKind::Always),
            Feature::ForwardBusyOff => self.forward_off(around, ForwardKind::Busy),
            Feature::ForwardNoAnswerOff => self.forward_off(around, ForwardKind::NoAnswer),
            Feature::LastCaller => self.say_and_end(around, &[Phrase::NobodyCalled]), // else it has become his number
            Feature::CallBack => self.call_back(around, &extension, number),
            Feature::Pickup => self.say_and_end(around, &[Phrase::NothingToPickUp]),
            Feature::Echo | Feature::Clock | Feature::RecordMessage | Feature::Voicemail => {
                self.serve(around, feature);
            }
            Feature::Transfer | Feature::Attended | Feature::Back | Feature::Park | Feature::Hide | Feature::Page => {
                self.refuse_with_tone(around, 404, CallOutcome::Refused, "no_such_number");
            }
        }
    }

    /// Without a number it is asked how it stands: 3GPP TS 22.030, section 6.5.2.
    fn forward(&mut self, around: &mut Around<'_>, kind: ForwardKind, number: Option<&str>) {
        let Some(number) = number else {
            let device = around.office.device_by_login(&self.a.party.device);
            let to = device.map_or("", |(_, sip)| sip.forward.target(kind));
            let said = if to.is_empty() { Phrase::ForwardOff } else { Phrase::ForwardedTo(around.plan.redial(to)) };
            return self.say_and_end(around, &[said]);
        };
        let own = self.a.party.inside().and_then(|number| around.office.extension(number));
        let target = own.map(|extension| guard::forward_target(around.plan, around.office, extension, number));
        let to = match target {
            Some(Ok(to)) => to,
            Some(Err(ForwardRefused::Right(_))) => return self.say_and_end(around, &[Phrase::NotAllowed]),
            _ => return self.say_and_end(around, &[Phrase::NoSuchNumber]),
        };
        let spoken = around.plan.redial(&to);
        let login = self.a.party.device.clone();
        around.outputs.push_back(Output::Edit(Edit::Forward { login, kind, to: Some(to) }));
        self.say_and_end(around, &[Phrase::ForwardedTo(spoken)]);
    }

    fn forward_off(&mut self, around: &mut Around<'_>, kind: ForwardKind) {
        let login = self.a.party.device.clone();
        around.outputs.push_back(Output::Edit(Edit::Forward { login, kind, to: None }));
        self.say_and_end(around, &[Phrase::ForwardOff]);
    }

    fn call_back(&mut self, around: &mut Around<'_>, by: &str, number: Option<&str>) {
        let wanted = match number {
            Some(number) => match around.plan.interpret(around.office, number) {
                Meaning::Extension { number } if number != by => Some(number),
                _ => None,
            },
            None => around.books.last_busy.get(by).cloned(),
        };
        let Some(to) = wanted else { return self.say_and_end(around, &[Phrase::NoSuchNumber]) };
        let books = &mut around.books.call_backs;
        books.retain(|known| known.by != by || known.to != to);
        if books.iter().filter(|known| known.by == by).count() >= CALL_BACKS
            && let Some(oldest) = books.iter().position(|known| known.by == by)
        {
            books.remove(oldest);
        }
        books.push(CallBack { by: by.to_owned(), to: to.clone(), until: around.now + CALL_BACK_WITHIN });
        self.say_and_end(around, &[Phrase::CallBackWhenFree(to)]);
    }

    /// Says something to the caller, and ends.
    pub(super) fn say_and_end(&mut self, around: &mut Around<'_>, phrases: &[Phrase]) {
        self.begin_service(around, String::new(), Kind::Announce(phrases.to_vec()));
    }

    /// What the exchange says, in the office's language.
    pub(super) fn speech(&self, phrases: &[Phrase]) -> Sound {
        Sound::Sequence(crate::speech::say(self.office.settings.language, phrases).into())
    }
}

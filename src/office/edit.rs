//! What telephones change of the office by their codes. Pure edits: rights are asked before (`guard::forward_target`), and the
//! result is put in force as any other change.

use super::{Device, Forward, Office};

/// Which forwarding a code sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardKind {
    /// All calls: `*21NUMBER`, `#21`.
    Always,
    /// When busy: `*67NUMBER`, `#67`.
    Busy,
    /// When nobody answers: `*61NUMBER`, `#61`.
    NoAnswer,
}

impl Forward {
    /// With one kind set to `to` (as the office stores targets; empty: off). A device forwards always or by conditions, never
    /// both, and the code that was dialled last holds: setting a condition ends the forwarding of all calls, and the other
    /// way round. A code that switches off ends its own kind only.
    #[must_use]
    pub fn with(&self, kind: ForwardKind, to: &str) -> Self {
        let to = to.to_owned();
        let (mut busy, mut no_answer) = match self {
            Self::Conditional { busy, no_answer } => (busy.clone(), no_answer.clone()),
            Self::None | Self::Always { .. } => (String::new(), String::new()),
        };
        match (kind, self) {
            (ForwardKind::Always, Self::Conditional { .. })
            | (ForwardKind::Busy | ForwardKind::NoAnswer, Self::Always { .. })
                if to.is_empty() =>
            {
                return self.clone();
            }
            (ForwardKind::Always, _) if to.is_empty() => return Self::None,
            (ForwardKind::Always, _) => return Self::Always { to },
            (ForwardKind::Busy, _) => busy = to,
            (ForwardKind::NoAnswer, _) => no_answer = to,
        }
        if busy.is_empty() && no_answer.is_empty() { Self::None } else { Self::Conditional { busy, no_answer } }
    }

    /// Where to in this case; empty: nowhere.
    pub fn target(&self, kind: ForwardKind) -> &str {
        match (self, kind) {
            (Self::Always { to }, ForwardKind::Always) => to,
            (Self::Conditional { busy, .. }, ForwardKind::Busy) => busy,
            (Self::Conditional { no_answer, .. }, ForwardKind::NoAnswer) => no_answer,
            _ => "",
        }
    }

    /// Every target with its key in the office file; empty ones are left out.
    pub fn targets(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let targets = match self {
            Self::None => [("to", ""), ("", "")],
            Self::Always { to } => [("to", to.as_str()), ("", "")],
            Self::Conditional { busy, no_answer } => [("busy", busy.as_str()), ("no_answer", no_answer.as_str())],
        };
        targets.into_iter().filter(|(_, to)| !to.is_empty())
    }
}

impl Office {
    /// The office with one forwarding of a SIP device changed ([`Forward::with`]); `None`: there is no such device.
    #[must_use]
    pub fn with_device_forward(&self, login: &str, kind: ForwardKind, to: &str) -> Option<Self> {
        let mut office = self.clone();
        let devices = office.extensions.iter_mut().flat_map(|extension| &mut extension.devices);
        let mut found = devices.filter_map(|device| match device {
            Device::Sip(sip) if sip.login == login => Some(sip),
            Device::Sip(_) | Device::Mobile(_) => None,
        });
        let sip = found.next()?;
        sip.forward = sip.forward.with(kind, to);
        Some(office)
    }

    /// The office with an extension's «do not disturb» on or off; `None`: there is no such extension.
    #[must_use]
    pub fn with_do_not_disturb(&self, extension: &str, on: bool) -> Option<Self> {
        let mut office = self.clone();
        office.extensions.iter_mut().find(|one| one.number == extension)?.do_not_disturb = on;
        Some(office)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::office::changes;

    fn conditional(busy: &str, no_answer: &str) -> Forward {
        Forward::Conditional { busy: busy.to_owned(), no_answer: no_answer.to_owned() }
    }

    #[test]
    fn the_code_that_was_dialled_last_holds_and_an_off_code_ends_its_own_kind_only() {
        use ForwardKind::{Always, Busy, NoAnswer};
        let always = Forward::Always { to: "201".to_owned() };
        let cases = [
            (Forward::None, Always, "201", always.clone()),
            (Forward::None, Busy, "201", conditional("201", "")),
            (conditional("201", ""), NoAnswer, "202", conditional("201", "202")),
            (conditional("201", "202"), Busy, "", conditional("", "202")),
            (conditional("201", ""), Busy, "", Forward::None),
            (conditional("201", "202"), Always, "201", always.clone()),
            (conditional("201", "202"), Always, "", conditional("201", "202")),
            (always.clone(), Always, "", Forward::None),
            (always.clone(), Busy, "", always.clone()),
            (always, NoAnswer, "202", conditional("", "202")),
            (Forward::None, Always, "", Forward::None),
            (Forward::None, Busy, "", Forward::None),
        ];
        for (before, kind, to, after) in cases {
            assert_eq!(before.with(kind, to), after, "{before:?} {kind:?} {to:?}");
        }
    }

    #[test]
    fn a_telephone_changes_its_own_device_and_nothing_else() {
        let office = Office::first_start(&mut Rng::from_seed(3), "$argon2id$secret", true);
        let login = office.extensions[1].sip_devices().next().expect("a device").login.clone();
        let changed = office.with_device_forward(&login, ForwardKind::Always, "200").expect("a device");
        let told: Vec<String> = changes::between(&office, &changed).iter().map(ToString::to_string).collect();
        assert_eq!(told, [format!("extension 201: device {login} forward changed")]);
        let quiet = changed.with_do_not_disturb("200", true).expect("an extension");
        let told: Vec<String> = changes::between(&changed, &quiet).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["extension 200: do_not_disturb changed"]);
        assert_eq!(office.with_device_forward("nobody", ForwardKind::Busy, "200"), None);
        assert_eq!(office.with_do_not_disturb("299", true), None);
    }
}

//! What codes change in the office's settings: an order that whoever keeps the office carries out.

use crate::office::{Device, Forward, Office};

/// A change of the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Do not disturb.
    DoNotDisturb {
        /// Whose.
        extension: String,
        /// On or off.
        on: bool,
    },
    /// Forwarding of a device.
    Forward {
        /// Whose.
        login: String,
        /// When.
        kind: ForwardKind,
        /// Where to, as the office stores it; `None`: no longer.
        to: Option<String>,
    },
}

/// When calls are forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum ForwardKind {
    Always,
    Busy,
    NoAnswer,
}

impl Edit {
    /// The office with it; `None` when that changes nothing.
    pub fn apply(&self, office: &Office) -> Option<Office> {
        let mut changed = office.clone();
        match self {
            Self::DoNotDisturb { extension, on } => {
                changed.extensions.iter_mut().find(|e| e.number == *extension)?.do_not_disturb = *on;
            }
            Self::Forward { login, kind, to } => {
                let devices = changed.extensions.iter_mut().flat_map(|extension| &mut extension.devices);
                let mut phones = devices.filter_map(|device| match device {
                    Device::Sip(sip) => Some(sip),
                    Device::Mobile(_) => None,
                });
                let phone = phones.find(|sip| sip.login == *login)?;
                phone.forward = forwarded(&phone.forward, *kind, to.as_deref());
            }
        }
        (changed != *office).then_some(changed)
    }

    /// Whose telephone ordered it, for the list of changes.
    pub fn author(&self) -> &str {
        match self {
            Self::DoNotDisturb { extension, .. } => extension,
            Self::Forward { login, .. } => login,
        }
    }
}

/// A device forwards always or on conditions: the newest code says which.
fn forwarded(present: &Forward, kind: ForwardKind, to: Option<&str>) -> Forward {
    let to = to.unwrap_or("").to_owned();
    let (mut on_busy, mut on_no_answer) = match present {
        Forward::Conditional { busy, no_answer } => (busy.clone(), no_answer.clone()),
        Forward::None | Forward::Always { .. } => Default::default(),
    };
    match (kind, present) {
        (ForwardKind::Always, _) if !to.is_empty() => return Forward::Always { to },
        (ForwardKind::Always, Forward::Conditional { .. }) => {}
        (ForwardKind::Always, _) => return Forward::None,
        // switching off what is not on leaves the other
        (_, Forward::Always { .. }) if to.is_empty() => return present.clone(),
        (ForwardKind::Busy, _) => on_busy = to,
        (ForwardKind::NoAnswer, _) => on_no_answer = to,
    }
    if on_busy.is_empty() && on_no_answer.is_empty() {
        return Forward::None;
    }
    Forward::Conditional { busy: on_busy, no_answer: on_no_answer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;

    #[test]
    fn codes_set_and_clear_forwarding_of_the_device_that_dialled() {
        let office = Office::first_start(&mut Rng::from_seed(1), "", false);
        let login = office.extensions[0].sip_devices().next().unwrap().login.clone();
        let edit = |office: &Office, kind, to: Option<&str>| {
            Edit::Forward { login: login.clone(), kind, to: to.map(str::to_owned) }.apply(office)
        };
        let forward = |office: &Office| office.device_by_login(&login).unwrap().1.forward.clone();
        let busy = edit(&office, ForwardKind::Busy, Some("201")).unwrap();
        let both = edit(&busy, ForwardKind::NoAnswer, Some("202")).unwrap();
        assert_eq!(forward(&both), Forward::Conditional { busy: "201".into(), no_answer: "202".into() });
        let one = edit(&both, ForwardKind::Busy, None).unwrap();
        assert_eq!(forward(&one), Forward::Conditional { busy: String::new(), no_answer: "202".into() });
        let always = edit(&one, ForwardKind::Always, Some("202")).unwrap();
        assert_eq!(forward(&always), Forward::Always { to: "202".into() });
        assert_eq!(edit(&always, ForwardKind::Busy, None), None, "it is not on");
        assert_eq!(forward(&edit(&always, ForwardKind::Always, None).unwrap()), Forward::None);
        assert_eq!(edit(&office, ForwardKind::Always, None), None, "nothing to change");
    }
}

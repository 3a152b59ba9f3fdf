//! What codes change in the office's settings: an order that whoever keeps the office carries out.

use crate::office::{ForwardKind, Office};

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

impl Edit {
    /// The office with it; `None` when that changes nothing.
    pub fn apply(&self, office: &Office) -> Option<Office> {
        let changed = match self {
            Self::DoNotDisturb { extension, on } => office.with_do_not_disturb(extension, *on)?,
            Self::Forward { login, kind, to } => {
                office.with_device_forward(login, *kind, to.as_deref().unwrap_or_default())?
            }
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::office::Forward;

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

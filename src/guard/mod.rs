//! May this one send, register, call there, now? In this room: the rights ladder ([`may_call`]), where an extension may forward
//! to ([`may_forward`]), address lists ([`may_use`]), the [`Ward`] before the parser (rates, wrong passwords, scanners, bans), and what an
//! admin must learn of all that ([`Alarm`]). Knows no SIP message and no number, only its class.
//!
//! Beside them [`limits`]: what calls with the city may cost. Each of them may only take away: nothing here stands before an
//! emergency call.

mod alarm;
mod ban;
mod bucket;
mod forward;
mod gate;
mod guesses;
pub mod limits;
mod scanner;
mod ward;

use std::net::IpAddr;

pub use alarm::{Alarm, Limit, Severity, TrunkFault};
pub use ban::{Ban, MEMORY, Reason};
pub use forward::{ForwardRefused, findings, forward_target, may_forward};
pub use scanner::is_scanner;
pub use ward::{Answer, AtHome, BY_HAND, Event, Knock, Moment, WRONG, Ward};

use crate::number::Class;
use crate::office::{Permissions, SipDevice};

/// The right that a call lacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no right to call {class:?} numbers")]
pub struct Refused {
    /// The class of the number that was called.
    pub class: Class,
}

/// Whether an extension of these permissions may call an outside number of `class`. Each permission stands alone;
/// emergency numbers always go through; inside numbers aren't asked for. Paid services stay closed unless an admin has opened them for
/// the office (`paid_services`), and then go with the right to call long distance: they are dialled and billed as such.
///
/// # Errors
/// The permission is missing.
pub fn may_call(permissions: Permissions, paid_services: bool, class: Class) -> Result<(), Refused> {
    let may = match class {
        Class::Emergency => true,
        Class::City => permissions.city,
        Class::MobileRegion => permissions.mobile_region,
        Class::MobileNational => permissions.mobile_national,
        Class::LongDistance => permissions.long_distance,
        Class::International => permissions.international,
        Class::Premium => paid_services && permissions.long_distance,
    };
    if may { Ok(()) } else { Err(Refused { class }) }
}

/// Whether a device may register and call from `address`: one of its networks holds it. No networks, nowhere. The
/// `0.0.0.0/0` that every device begins with stands for everywhere, IPv6 too, since the page's button «Все» says so.
pub fn may_use(device: &SipDevice, address: IpAddr) -> bool {
    device.allow_from.iter().any(|network| {
        let everywhere = network.prefix == 0 && network.address.is_unspecified() && network.address.is_ipv4();
        everywhere || network.contains(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::Network;

    const ALL: [Class; 7] = [
        Class::Emergency,
        Class::City,
        Class::MobileRegion,
        Class::MobileNational,
        Class::LongDistance,
        Class::International,
        Class::Premium,
    ];

    fn allowed(permissions: Permissions) -> Vec<Class> {
        ALL.into_iter().filter(|class| may_call(permissions, false, *class).is_ok()).collect()
    }

    #[test]
    fn each_permission_opens_its_own_class_and_no_other() {
        let none = Permissions::default();
        assert_eq!(allowed(none), [Class::Emergency]);
        let one = [
            (Permissions { city: true, ..none }, Class::City),
            (Permissions { mobile_region: true, ..none }, Class::MobileRegion),
            (Permissions { mobile_national: true, ..none }, Class::MobileNational),
            (Permissions { long_distance: true, ..none }, Class::LongDistance),
            (Permissions { international: true, ..none }, Class::International),
        ];
        for (permissions, class) in one {
            assert_eq!(allowed(permissions), [Class::Emergency, class]);
        }
    }

    #[test]
    fn paid_services_stay_closed_with_every_permission() {
        let all = Permissions {
            city: true,
            mobile_region: true,
            mobile_national: true,
            long_distance: true,
            international: true,
        };
        assert_eq!(may_call(all, false, Class::Premium), Err(Refused { class: Class::Premium }));
        assert_eq!(may_call(all, true, Class::Premium), Ok(()), "an admin has opened them");
        let no_long_distance = Permissions { long_distance: false, ..all };
        assert_eq!(may_call(no_long_distance, true, Class::Premium), Err(Refused { class: Class::Premium }));
    }

    #[test]
    fn a_device_is_used_only_from_its_networks() {
        let network = |text: &str, prefix| Network { address: text.parse().expect("an address"), prefix };
        let device = |allow_from| SipDevice { allow_from, ..SipDevice::new("user200s0", "") };
        let from = |device: &SipDevice, text: &str| may_use(device, text.parse().expect("an address"));
        let lan = device(vec![network("192.168.1.0", 24), network("fd00::", 8)]);
        assert!(from(&lan, "192.168.1.77") && from(&lan, "fd12::1") && from(&lan, "::ffff:192.168.1.5"));
        assert!(!from(&lan, "192.168.2.1") && !from(&lan, "2001:db8::1"));
        let open = device(vec![network("0.0.0.0", 0)]);
        assert!(from(&open, "203.0.113.1") && from(&open, "2001:db8::1"));
        assert!(!from(&device(Vec::new()), "192.168.1.1"));
    }
}

//! Where the devices of an extension may forward to: what the extension itself may call. Said when it is set, and not when a call
//! is lost: by the form, by the telephone that dials the code, and as a warning where the office file says it.

use super::{Refused, may_call};
use crate::number::{Class, Plan, Target};
use crate::office::file::{Finding, FindingAt};
use crate::office::{Extension, Office};

/// Why an extension may not forward there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardRefused {
    /// The extension may not call numbers of this class.
    #[error("may not call {}, so that the call would be lost", in_words(*.0))]
    Right(Class),
    /// No extension, no group, no number of anybody outside.
    #[error("is no number")]
    NoNumber,
    /// Its calls would come back to it.
    #[error("is the number itself")]
    Itself,
    /// A number that the city dials: the call would take the way of the desk anew, which a ringing call can't.
    #[error("is a number of the office itself, and an extension or a group is meant")]
    OurOwn,
    /// Nobody's calls are sent to who helps in need.
    #[error("is an emergency number")]
    Emergency,
}

const fn in_words(class: Class) -> &'static str {
    match class {
        Class::Emergency => "emergency numbers",
        Class::City => "city numbers",
        Class::MobileRegion => "mobiles of the region",
        Class::MobileNational => "mobiles of the country",
        Class::LongDistance => "long distance numbers",
        Class::International => "numbers abroad",
        Class::Premium => "paid services",
    }
}

/// Whether `extension` may forward to `dialled`, as a person dials it after `*21`; and how the office stores that target.
///
/// # Errors
/// See [`ForwardRefused`].
pub fn forward_target(
    plan: &Plan,
    office: &Office,
    extension: &Extension,
    dialled: &str,
) -> Result<String, ForwardRefused> {
    judge(office, extension, plan.interpret(office, dialled))
}

/// Whether `extension` may forward to `stored`, a target as the office stores it.
///
/// # Errors
/// See [`ForwardRefused`].
pub fn may_forward(plan: &Plan, office: &Office, extension: &Extension, stored: &str) -> Result<(), ForwardRefused> {
    judge(office, extension, plan.resolve(office, stored)).map(drop)
}

fn judge(office: &Office, extension: &Extension, target: Target) -> Result<String, ForwardRefused> {
    match target {
        Target::Extension { number } if number == extension.number => Err(ForwardRefused::Itself),
        Target::Extension { number } | Target::Group { number } => Ok(number),
        Target::OwnNumber { .. } => Err(ForwardRefused::OurOwn),
        Target::Outside { number, class } => {
            match may_call(extension.permissions, office.limits.paid_services, class) {
                Ok(()) => Ok(number),
                Err(Refused { class }) => Err(ForwardRefused::Right(class)),
            }
        }
        Target::Emergency { .. } => Err(ForwardRefused::Emergency),
        Target::Feature { .. }
        | Target::Place { .. }
        | Target::Conference { .. }
        | Target::Hidden(_)
        | Target::Unknown => Err(ForwardRefused::NoNumber),
    }
}

/// Every forwarding of the office that its extension has no right to: warnings for the reader of the office file, which has told
/// of targets that are no numbers, and of the number itself.
pub fn findings(plan: &Plan, office: &Office) -> Vec<Finding> {
    let mut findings = Vec::new();
    for extension in &office.extensions {
        for sip in extension.sip_devices() {
            for (_, to) in sip.forward.targets() {
                let refused = may_forward(plan, office, extension, to);
                if let Err(why @ (ForwardRefused::Right(_) | ForwardRefused::Emergency | ForwardRefused::OurOwn)) =
                    refused
                {
                    let what = match why {
                        ForwardRefused::Right(_) => {
                            format!("extension {}: forwards to {to}, but {why}", extension.number)
                        }
                        _ => format!("extension {}: forwards to {to}, which {why}", extension.number),
                    };
                    findings.push(Finding { at: FindingAt::Forward(sip.login.clone()), is_error: false, what });
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::office::file::{self, Context};
    use crate::office::{Conference, ForwardKind, Permissions};

    fn office() -> Office {
        let mut office = Office::first_start(&mut Rng::from_seed(7), "$argon2id$hash", true);
        office.settings.area_code = "812".to_owned();
        let room = Conference { number: "800".to_owned(), name: String::new(), pin: String::new() };
        office.conferences.push(room);
        office.extensions[1].permissions = Permissions { city: true, ..Permissions::default() };
        office
    }

    fn plan() -> Plan {
        Plan::load("RU", "812", None).expect("the shipped plan is whole")
    }

    #[test]
    fn an_extension_forwards_inside_and_where_it_may_call() {
        let office = office();
        let of = |number: &str, to: &str| {
            forward_target(&plan(), &office, office.extension(number).expect("an extension"), to)
        };
        assert_eq!(of("200", "201"), Ok("201".to_owned()));
        assert_eq!(of("200", "500"), Ok("500".to_owned()));
        assert_eq!(of("201", "123-45-67"), Ok("78121234567".to_owned()));
        assert_eq!(of("200", "123-45-67"), Err(ForwardRefused::Right(Class::City)));
        assert_eq!(of("201", "+79211234567"), Err(ForwardRefused::Right(Class::MobileNational)));
        assert_eq!(of("201", "88091234567"), Err(ForwardRefused::Right(Class::Premium)));
        assert_eq!(of("201", "201"), Err(ForwardRefused::Itself));
        assert_eq!(of("201", "112"), Err(ForwardRefused::Emergency));
        for nothing in ["", "299", "*43", "701", "800", "*31201", "375291234567"] {
            assert_eq!(of("201", nothing), Err(ForwardRefused::NoNumber), "{nothing}");
        }
    }

    #[test]
    fn the_offices_own_city_number_is_no_target() {
        let mut office = office();
        let text = "[[trunk]]\nname = \"City\"\nnumber = \"78126122981\"\nserver = \"192.0.2.1\"\nlogin = \"x\"\n";
        let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() };
        office = file::read(text, &office, context).expect("valid").office;
        let of = |to: &str| forward_target(&plan(), &office, &office.extensions[1], to);
        assert_eq!(of("612-29-81"), Err(ForwardRefused::OurOwn));
        assert_eq!(may_forward(&plan(), &office, &office.extensions[1], "78126122981"), Err(ForwardRefused::OurOwn));
    }

    #[test]
    fn what_is_stored_is_judged_as_it_is_stored() {
        let office = office();
        let of = |to: &str| may_forward(&plan(), &office, &office.extensions[1], to);
        assert_eq!(of("78121234567"), Ok(()));
        assert_eq!(of("375291234567"), Err(ForwardRefused::Right(Class::International)));
    }

    #[test]
    fn an_office_is_warned_of_every_forwarding_without_a_right() {
        let office = office();
        let logins = office.extensions.iter().flat_map(Extension::sip_devices).map(|sip| sip.login.clone());
        let logins: Vec<String> = logins.collect();
        let office = office.with_device_forward(&logins[0], ForwardKind::Busy, "78121234567").expect("a device");
        let office = office.with_device_forward(&logins[0], ForwardKind::NoAnswer, "201").expect("a device");
        let office = office.with_device_forward(&logins[1], ForwardKind::Always, "78121234567").expect("a device");
        let told = findings(&plan(), &office);
        let what =
            "extension 200: forwards to 78121234567, but may not call city numbers, so that the call would be lost";
        let finding = Finding { at: FindingAt::Forward(logins[0].clone()), is_error: false, what: what.to_owned() };
        assert_eq!(told, [finding]);
    }
}

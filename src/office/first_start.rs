//! The office of a new box: product.md section 4.

use super::file::{PASSWORD_LENGTH, device_login, login_prefix};
use super::{BackupSettings, Device, Extension, Group, Kind, Office, Reference, Role, SipDevice, User};
use crate::base::Rng;

const EXTENSIONS: [&str; 3] = ["200", "201", "202"];
const GROUP: &str = "500";

impl Office {
    /// 200, 201 and 202 with a SIP device each, group 500 with all three, and the account `admin`. `admin_hash` is argon2id PHC text;
    /// `must_change` makes the first sign-in choose another password.
    pub fn first_start(rng: &mut Rng, admin_hash: &str, must_change: bool) -> Self {
        let prefix = login_prefix(&Self::default(), rng);
        let extension = |number: &str, rng: &mut Rng| {
            first_extension(number, &device_login(&prefix, number, 0, |_| false), &rng.token(PASSWORD_LENGTH))
        };
        Self {
            extensions: EXTENSIONS.iter().map(|number| extension(number, rng)).collect(),
            groups: vec![first_group()],
            users: vec![User::new("admin", Role::Admin, admin_hash, must_change)],
            backup: BackupSettings { hour: quiet_minute(rng), ..BackupSettings::default() },
            ..Self::default()
        }
    }

    /// What a new box comes with and nobody has changed since: extensions, then the group if all its members are among them. Passwords
    /// and the number that is shown outside are the box's own doing and count for nothing. Whatever the office's own things refer to is
    /// in use and left out; elements of the desk are no such use, since calls can go elsewhere.
    pub fn made_up(&self) -> Vec<(Kind, String)> {
        let group = self.groups.iter().find(|group| **group == first_group());
        let spare = |kind, number: &str| {
            self.references(kind, number).iter().all(|by| match by {
                Reference::Element { .. } => true,
                Reference::Member { group: of } => group.is_some_and(|group| group.number == *of),
                _ => false,
            })
        };
        let mut found: Vec<(Kind, String)> = self
            .extensions
            .iter()
            .filter(|extension| is_first(extension) && spare(Kind::Extension, &extension.number))
            .map(|extension| (Kind::Extension, extension.number.clone()))
            .collect();
        if found.len() == EXTENSIONS.len() && group.is_some() && spare(Kind::Group, GROUP) {
            found.push((Kind::Group, GROUP.to_owned()));
        }
        found
    }
}

/// An extension as `first_start` makes it.
fn is_first(extension: &Extension) -> bool {
    let Some(sip) = extension.sip_devices().next() else { return false };
    let prefix = sip.login.split_once('+').map_or("", |(prefix, _)| prefix);
    let number = extension.number.as_str();
    let mut made = first_extension(number, &device_login(prefix, number, 0, |_| false), &sip.password);
    made.outgoing_number.clone_from(&extension.outgoing_number);
    EXTENSIONS.contains(&number) && *extension == made
}

fn first_extension(number: &str, login: &str, password: &str) -> Extension {
    Extension { devices: vec![Device::Sip(SipDevice::new(login, password))], ..Extension::new(number) }
}

/// From two to five at night; each box has a minute of its own, so that a server that keeps the backups of many is not asked by all at once.
fn quiet_minute(rng: &mut Rng) -> u16 {
    2 * 60 + u16::try_from(rng.below(3 * 60)).unwrap_or(0)
}

/// The group of a new box, as nobody has touched it.
pub(in crate::office) fn first_group() -> Group {
    Group { members: EXTENSIONS.map(str::to_owned).to_vec(), ..Group::new(GROUP, "Все сотрудники") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::Forward;
    use crate::office::file::{self, Context};

    #[test]
    fn a_new_box_has_three_extensions_a_group_and_an_admin() {
        let office = Office::first_start(&mut Rng::from_seed(5), "$argon2id$hash", true);
        let numbers: Vec<&str> = office.extensions.iter().map(|e| e.number.as_str()).collect();
        assert_eq!(numbers, ["200", "201", "202"]);
        assert_eq!(office.group("500").map(|g| g.members.len()), Some(3));
        assert_eq!((office.settings.timezone.as_str(), office.settings.country.as_str()), ("Europe/Moscow", "RU"));
        assert_eq!(
            office.users.iter().map(|u| (u.login.as_str(), u.must_change)).collect::<Vec<_>>(),
            [("admin", true)]
        );
        let logins: Vec<&str> =
            office.extensions.iter().flat_map(Extension::sip_devices).map(|d| d.login.as_str()).collect();
        let prefix = logins[0].split_once('+').map(|(prefix, _)| prefix).expect("a prefix");
        assert!(prefix.len() == 5 && logins.iter().all(|login| login.starts_with(prefix)), "{logins:?}");
        assert_eq!(logins[2], format!("{prefix}+user202s0"));
    }

    #[test]
    fn what_nobody_has_changed_or_uses_is_known_as_made_up() {
        let new = Office::first_start(&mut Rng::from_seed(5), "$argon2id$hash", true);
        let made_up = |office: &Office| office.made_up().into_iter().map(|(_, number)| number).collect::<Vec<_>>();
        assert_eq!(made_up(&new), ["200", "201", "202", "500"]);
        let changed = |change: &dyn Fn(&mut Office)| {
            let mut office = new.clone();
            change(&mut office);
            made_up(&office)
        };
        let shown = |office: &mut Office| office.extensions[0].outgoing_number = "74950000001".to_owned();
        assert_eq!(changed(&shown), ["200", "201", "202", "500"]);
        let named = |office: &mut Office| office.extensions[1].employee = "Анна".to_owned();
        assert_eq!(changed(&named), ["200", "202"], "the group rings somebody real");
        let renamed = |office: &mut Office| office.groups[0].name = "Продажи".to_owned();
        assert!(changed(&renamed).is_empty(), "somebody has looked at its members");
        let forwards = |office: &mut Office| {
            let mut other = Extension { number: "300".to_owned(), ..office.extensions[0].clone() };
            let Some(Device::Sip(sip)) = other.devices.first_mut() else { return };
            sip.forward = Forward::Always { to: "202".to_owned() };
            office.extensions.push(other);
        };
        assert_eq!(changed(&forwards), ["200", "201"]);
    }

    #[test]
    fn boxes_differ_in_prefix_and_passwords_and_the_file_keeps_them() {
        let office = |seed| Office::first_start(&mut Rng::from_seed(seed), "$argon2id$hash", true);
        assert_ne!(office(1).extensions, office(2).extensions);
        let one = office(1);
        let passwords: Vec<&str> =
            one.extensions.iter().flat_map(Extension::sip_devices).map(|d| d.password.as_str()).collect();
        assert!(passwords.iter().all(|p| p.len() == 16) && passwords[0] != passwords[1]);
        let context = Context { rng: &mut Rng::from_seed(9), exists: &|_| false, check: &|_| Vec::new() };
        let read = file::read(&file::write(&one, true), &Office::default(), context).expect("valid");
        assert_eq!(read.office, one);
        assert_eq!(read.warnings, []);
    }
}

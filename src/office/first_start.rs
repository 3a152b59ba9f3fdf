//! The office of a new box: product.md section 4.

use super::file::{PASSWORD_LENGTH, device_login, login_prefix};
use super::{
    BackupSettings, Device, Extension, Forward, Group, Network, Office, Permissions, Role, SipDevice, Srtp, User,
};
use crate::base::Rng;

const EXTENSIONS: [&str; 3] = ["200", "201", "202"];
const GROUP: &str = "500";

impl Office {
    /// 200, 201 and 202 with a SIP device each, group 500 with all three, and the account `admin`. `admin_hash` is argon2id PHC text;
    /// `must_change` makes the first sign-in choose another password.
    pub fn first_start(rng: &mut Rng, admin_hash: &str, must_change: bool) -> Self {
        let prefix = login_prefix(&Self::default(), rng);
        let extension = |number: &str, rng: &mut Rng| Extension {
            number: number.to_owned(),
            employee: String::new(),
            email: String::new(),
            ring: Default::default(),
            outgoing_number: String::new(),
            permissions: Permissions::default(),
            record: false,
            voicemail: false,
            voicemail_pin: String::new(),
            voicemail_greeting: String::new(),
            call_waiting: true,
            do_not_disturb: false,
            limits: Default::default(),
            devices: vec![Device::Sip(SipDevice {
                login: device_login(&prefix, number, 0, |_| false),
                password: rng.token(PASSWORD_LENGTH),
                ring_seconds: 20,
                allow_from: vec![Network::ANY],
                forward: Forward::None,
                mac: String::new(),
                line: 0,
                model: String::new(),
                srtp: Srtp::Optional,
            })],
        };
        Self {
            extensions: EXTENSIONS.iter().map(|number| extension(number, rng)).collect(),
            groups: vec![first_group()],
            users: vec![User::new("admin", Role::Admin, admin_hash, must_change)],
            backup: BackupSettings { hour: quiet_minute(rng), ..BackupSettings::default() },
            ..Self::default()
        }
    }
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

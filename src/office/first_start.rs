//! The office of a new box: product.md section 4.

use super::file::{PASSWORD_LENGTH, device_login, login_prefix};
use super::{Device, Extension, Forward, Group, Network, Office, Permissions, Role, SipDevice, Strategy, User};
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
            devices: vec![Device::Sip(SipDevice {
                login: device_login(&prefix, number, 0, |_| false),
                password: rng.token(PASSWORD_LENGTH),
                ring_seconds: 20,
                allow_from: vec![Network::ANY],
                forward: Forward::None,
                mac: String::new(),
                model: String::new(),
            })],
        };
        Self {
            extensions: EXTENSIONS.iter().map(|number| extension(number, rng)).collect(),
            groups: vec![first_group()],
            users: vec![User {
                login: "admin".to_owned(),
                role: Role::Admin,
                password_hash: admin_hash.to_owned(),
                must_change,
            }],
            ..Self::default()
        }
    }
}

fn first_group() -> Group {
    Group {
        number: GROUP.to_owned(),
        name: "Все сотрудники".to_owned(),
        description: String::new(),
        strategy: Strategy::RingAll,
        members: EXTENSIONS.map(str::to_owned).to_vec(),
        greeting: String::new(),
        music: String::new(),
        max_wait_seconds: 60,
        wrap_up_seconds: 0,
        max_queue: 10,
        member_ring_seconds: 20,
    }
}

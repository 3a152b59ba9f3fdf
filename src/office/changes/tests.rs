use super::*;
use crate::base::Rng;
use crate::office::{Srtp, generated};

fn office() -> Office {
    Office::first_start(&mut Rng::from_seed(3), "$argon2id$secret", true)
}

fn told(change: impl Fn(&mut Office)) -> Vec<String> {
    let mut new = office();
    change(&mut new);
    between(&office(), &new).iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_told_of_equal_offices() {
    assert_eq!(told(|_| {}), Vec::<String>::new());
}

#[test]
fn things_that_come_go_and_change_are_told_by_name() {
    let added = told(|office| {
        let mut extension = office.extensions[0].clone();
        extension.number = "203".to_owned();
        office.extensions.push(extension);
        office.extensions.remove(1);
        office.groups[0].max_queue = 3;
        office.groups[0].members.pop();
        office.settings.area_code = "812".to_owned();
        office.settings.music.push("Мелодия".to_owned());
        office.recordings.keep_days = 90;
    });
    let expected = [
        "office: area_code, music changed",
        "extension 201: removed",
        "extension 203: added",
        "group 500: members, max_queue changed",
        "recordings: keep_days changed",
    ];
    assert_eq!(added, expected);
}

#[test]
fn devices_are_told_by_login_and_passwords_never() {
    let login = office().extensions[0].sip_devices().next().expect("a device").login.clone();
    let changed = told(|office| {
        let Some(Device::Sip(sip)) = office.extensions[0].devices.first_mut() else { panic!("a SIP device") };
        sip.password = "new-secret".to_owned();
        sip.ring_seconds = 5;
        sip.srtp = Srtp::Required;
        office.users[0].password_hash = "$argon2id$other".to_owned();
    });
    let device =
        format!("extension 200: device {login} password, device {login} ring_seconds, device {login} srtp changed");
    assert_eq!(changed, [device.as_str(), "user admin: password changed"]);
    let renamed = told(|office| {
        let Some(Device::Sip(sip)) = office.extensions[0].devices.first_mut() else { panic!("a SIP device") };
        sip.login = "other".to_owned();
    });
    assert_eq!(renamed, [format!("extension 200: device other (new), device {login} (removed) changed")]);
}

#[test]
fn another_order_is_told() {
    assert_eq!(told(|office| office.extensions.swap(0, 2)), ["extensions: order changed"]);
}

#[test]
fn two_offices_differ_exactly_when_something_is_told() {
    for seed in 0..200 {
        let (one, other) =
            (generated::office(&mut Rng::from_seed(seed)), generated::office(&mut Rng::from_seed(seed + 1)));
        assert!(between(&one, &one.clone()).is_empty());
        assert_eq!(between(&one, &other).is_empty(), one == other, "seed {seed}");
    }
}

//! Extensions of FreePBX with what belongs to them: devices, forwarding, Follow Me, mailboxes.

use super::super::found::{Found, Goal, address, device, extension, is_pin};
use super::super::{Row, Tables};
use super::{caller_number, goal, setting};
use crate::office::{Device, Extension, Forward, MobileDevice, RingOrder};

pub(super) fn read(tables: &Tables, found: &mut Found) {
    for user in tables.rows("users") {
        let number = user.get("extension");
        if number.is_empty() {
            continue;
        }
        let mut new = extension(number, user.get("name"), "");
        new.outgoing_number = caller_number(user.get("outboundcid"));
        devices(tables, user, &mut new, found);
        let state = tables.find("astdbConfigs", "#", number);
        new.call_waiting = state.is_none_or(|state| state.get("callwaiting") != "disabled");
        mailbox(tables, user, &mut new, found);
        forwarding(tables, &mut new, found);
        follow_me(tables, &mut new, found);
        found.extensions.push(new);
    }
    if found.extensions.iter().any(|one| one.voicemail) {
        found.note(
            "Оставленные голосовые сообщения и приветствия почты остаются на старой АТС.",
            "Messages that were left, and greetings of mailboxes, stay on the old exchange.",
        );
    }
}

fn devices(tables: &Tables, user: &Row, new: &mut Extension, found: &mut Found) {
    let number = new.number.clone();
    let ring = match user.number("ringtimer", 0, 300, 20) {
        0 => 20,
        seconds => seconds,
    };
    for row in tables.rows("devices").iter().filter(|device| device.get("user") == number) {
        let (id, tech) = (row.get("id"), row.get("tech"));
        match tech {
            "sip" | "pjsip" if new.devices.len() < DEVICES => {
                new.devices.push(device(id, setting(tables, "sip", id, "secret"), ring, Forward::None));
            }
            _ => found.note(
                format!("{number}: телефон {id} ({tech}) не переносится."),
                format!("{number}: the device {id} ({tech}) does not come over."),
            ),
        }
    }
    if new.devices.is_empty() {
        new.devices.push(device("", "", ring, Forward::None));
    }
}

/// The mailbox as `users` says whether there is one, with PIN and address from voicemail.conf or its JSON.
fn mailbox(tables: &Tables, user: &Row, new: &mut Extension, found: &mut Found) {
    new.voicemail = !matches!(user.get("voicemail"), "" | "novm" | "disabled");
    let row = tables.find("mailboxes", "mailbox", &new.number);
    let json = tables.find("mailboxData", "#", &new.number);
    let text = |plain: &str, of_json: &str| match (row, json) {
        (Some(row), _) if !row.get(plain).is_empty() => row.get(plain).to_owned(),
        (_, json) => json.map_or_else(String::new, |json| json.get(of_json).to_owned()),
    };
    new.email = address(&text("email", "voicemail_email"));
    let pin = text("pin", "voicemail_vmpwd");
    // A minus before it: its owner may not change it.
    let pin = pin.trim_start_matches('-');
    if is_pin(pin) && pin != new.number {
        pin.clone_into(&mut new.voicemail_pin);
    } else if new.voicemail && !pin.is_empty() {
        let number = &new.number;
        found.note(
            format!("{number}: PIN голосовой почты не подошёл: здесь 4–10 цифр, и не сам номер. Слушать её можно со своего телефона."),
            format!("{number}: the PIN of the mailbox does not fit: 4 to 10 digits here, and not the number itself. It can be heard from its own telephone."),
        );
    }
}

/// What telephones have set by their codes; dumps do not hold it.
fn forwarding(tables: &Tables, new: &mut Extension, found: &mut Found) {
    let Some(row) = tables.find("callforward", "#", &new.number) else { return };
    // Without one it says false.
    let to = |kind: &str| row.get(&format!("numbers.{kind}")).trim_start_matches('0').to_owned();
    let (always, busy, no_answer) = (to("CF"), to("CFB"), to("CFU"));
    let forward = match (always.is_empty(), busy.is_empty() && no_answer.is_empty()) {
        (false, _) => Forward::Always { to: always },
        (true, false) => Forward::Conditional { busy, no_answer },
        (true, true) => return,
    };
    forward_all(new, &forward);
    let number = &new.number;
    found.note(
        format!("{number}: переадресация включена, она переносится как есть."),
        format!("{number}: forwarding is on, it comes over as it is."),
    );
}

fn forward_all(new: &mut Extension, forward: &Forward) {
    for device in &mut new.devices {
        if let Device::Sip(sip) = device {
            sip.forward = forward.clone();
        }
    }
}

/// Follow Me: outside numbers of its list become mobiles of the extension, the first other extension and where it leads in the end
/// become forwarding without an answer.
fn follow_me(tables: &Tables, new: &mut Extension, found: &mut Found) {
    let number = new.number.clone();
    let Some(row) = tables.find("findmefollow", "grpnum", &number) else { return };
    let list: Vec<&str> = row.get("grplist").split('-').filter(|one| !one.is_empty()).collect();
    let others: Vec<&str> = list.iter().copied().filter(|one| one.trim_end_matches('#') != number).collect();
    let then = match goal(tables, row.get("postdest")) {
        Goal::Extension(to) | Goal::Group(to) if to != number => to,
        _ => String::new(),
    };
    if others.is_empty() && then.is_empty() {
        return;
    }
    match tables.find("fmstatus", "grpnum", &number).map(|status| status.get("ddial")) {
        Some("1" | "true") => {
            let list = others.join(", ");
            return found.note(
                format!("{number}: Follow Me выключен и не переносится ({list})."),
                format!("{number}: Follow Me is off and does not come over ({list})."),
            );
        }
        Some(_) => {}
        None => found.note(
            format!("{number}: включён ли Follow Me, копия не говорит. Перенесли как включённый, проверьте."),
            format!(
                "{number}: the backup does not say whether Follow Me is on. It comes over as if it were, look at it."
            ),
        ),
    }
    let (inside, outside): (Vec<&str>, Vec<&str>) =
        others.iter().partition(|one| !one.ends_with('#') && tables.find("users", "extension", one).is_some());
    let seconds = row.number("grptime", 1, 300, 20);
    for mobile in outside {
        let mobile = mobile.trim_end_matches('#');
        if new.devices.len() < DEVICES {
            let confirm = row.get("needsconf") == "CHECKED";
            new.devices.push(Device::Mobile(MobileDevice {
                number: mobile.to_owned(),
                ring_seconds: seconds,
                confirm,
            }));
        } else {
            found.note(
                format!("{number}: {mobile} из Follow Me не переносится: у сотрудника здесь до {DEVICES} телефонов."),
                format!("{number}: {mobile} of Follow Me does not come over: an extension has up to {DEVICES} telephones here."),
            );
        }
    }
    let first = row.number("pre_ring", 0, 300, 0);
    if first > 0 || !row.get("strategy").starts_with("ringall") {
        new.ring = RingOrder::Sequential;
    }
    for device in &mut new.devices {
        if let Device::Sip(sip) = device {
            sip.ring_seconds = if first > 0 { first } else { seconds };
        }
    }
    in_the_end(new, &inside, then, found);
}

/// Of the other extensions of the list and of the place behind it one can be kept: where calls go that nobody takes.
fn in_the_end(new: &mut Extension, inside: &[&str], then: String, found: &mut Found) {
    let number = new.number.clone();
    let mut rest = inside.iter().map(|one| (*one).to_owned()).chain((!then.is_empty()).then_some(then));
    if new.sip_devices().all(|sip| sip.forward == Forward::None) {
        if let Some(no_answer) = rest.next() {
            forward_all(new, &Forward::Conditional { busy: String::new(), no_answer });
        }
    }
    let lost: Vec<String> = rest.collect();
    if !lost.is_empty() {
        let list = lost.join(", ");
        found.note(
            format!("{number}: из Follow Me не переносится: {list}. Без ответа здесь одна переадресация."),
            format!("{number}: of Follow Me this does not come over: {list}. There is one forwarding without an answer here."),
        );
    }
}

/// Telephones of an extension.
const DEVICES: usize = 4;

impl Tables {
    /// Takes the mailboxes of a voicemail.conf: `201 => 1234,Anna,anna@example.org,,attach=no`.
    pub fn take_mailboxes(&mut self, text: &str) {
        for line in text.lines() {
            let Some((mailbox, rest)) = line.split_once("=>") else { continue };
            let (mailbox, mut parts) = (mailbox.trim(), rest.split(',').map(str::trim));
            if mailbox.is_empty() || !mailbox.bytes().all(|digit| digit.is_ascii_digit()) {
                continue;
            }
            let mut row = Row::from([("mailbox", mailbox)]);
            for column in ["pin", "name", "email"] {
                row.put(column, parts.next().unwrap_or(""));
            }
            self.push("mailboxes", row);
        }
    }
}

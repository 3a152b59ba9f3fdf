//! Telephones' files: for an office with awkward names and passwords, each vendor's files are read as its telephones would, and
//! compared with the committed ones. `DOZVON_WRITE_GOLDEN=1` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod book;
mod read;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use dozvon::base::{Rng, WallTime};
use dozvon::office::file::{self, Context};
use dozvon::office::{BUILT_IN_TEMPLATES, Office};
use dozvon::provision::template::built_in;
use dozvon::provision::{Mac, Site, Subject, Template};

/// A name and a password with all that formats trip over.
pub(crate) const NAME: &str = "Ёлкин & <Сын> \"Ёж\" 'a+b' ]]> : #";
pub(crate) const PASSWORD: &str = "p+a&b<c>\"d'e:f]]>g%h#i=j";

pub(crate) const MACS: [(&str, &str, &str); 12] = [
    ("yealink", "80:5e:c0:12:34:56", "SIP-T46S"),
    ("grandstream", "00:0b:82:12:34:56", "GXP2135"),
    ("fanvil", "0c:38:3e:12:34:56", "X4U"),
    ("snom", "00:04:13:12:34:56", "D785"),
    ("cisco-spa", "00:0e:08:12:34:56", "SPA504G"),
    ("cisco-mpp", "00:56:2b:12:34:56", "CP-8841"),
    ("cisco", "00:1b:54:12:34:56", "7965G"),
    ("polycom", "00:04:f2:12:34:56", "VVX_411"),
    ("htek", "00:1f:c1:12:34:56", "UC924"),
    ("gigaset", "7c:2f:80:12:34:56", "N870 IP PRO"),
    ("linphone", "02:00:00:12:34:56", ""),
    ("generic", "02:00:00:12:34:57", ""),
];

/// An office whose every telephone has two lines, lamps and keys.
pub(crate) fn office() -> Office {
    let mut text = String::from("[office]\nname = \"ООО «Ромашка & Ко»\"\ntimezone = \"Asia/Yekaterinburg\"\n");
    let q = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    for (nth, number) in ["201", "202"].iter().enumerate() {
        text.push_str(&format!(
            "[[extension]]\nnumber = \"{number}\"\nemployee = {}\nvoicemail = {}\n",
            q(if nth == 0 { NAME } else { "Склад" }),
            nth == 0
        ));
        text.push_str(
            "[[extension.device]]\nkind = \"sip\"\nlogin = \"spare\"\npassword = \"long-enough-1\"\n"
                .replace("spare", &format!("spare{number}"))
                .as_str(),
        );
    }
    // a base that nobody has, so that the extension may have devices of many telephones
    for (at, (vendor, mac, model)) in MACS.iter().enumerate() {
        for line in 0..2 {
            let number = 300 + at * 2 + line;
            text.push_str(&format!(
                "[[extension]]\nnumber = \"{number}\"\nemployee = {}\nvoicemail = {}\n[[extension.device]]\nkind = \"sip\"\n\
                 login = \"rik33+user{number}s0\"\npassword = {}\nmac = \"{mac}\"\nsrtp = \"{}\"\n",
                q(if line == 0 { NAME } else { "" }),
                line == 0,
                q(PASSWORD),
                if line == 0 { "optional" } else { "off" }
            ));
        }
        text.push_str(&format!(
            "[[phone]]\nmac = \"{mac}\"\nvendor = \"{vendor}\"\nmodel = \"{model}\"\ntemplate = \"{vendor}\"\nlamps = [\"201\", \"202\"]\n\
             admin_password = \"Admin4711Secret\"\nfirmware = \"fw-1.bin\"\n"
        ));
    }
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &dozvon::provision::findings };
    file::read(&text, &Office::default(), context).unwrap().office
}

pub(crate) fn site() -> Site {
    Site {
        host: "192.168.1.10".to_owned(),
        sip_udp: 5060,
        sip_tcp: 5060,
        sip_tls: Some(5061),
        ldap: 3890,
        http: "http://192.168.1.10:8080".to_owned(),
        https: "https://192.168.1.10:8443".to_owned(),
        secret: "boxsecret234".to_owned(),
        ntp: "pool.ntp.org".to_owned(),
        version: 42,
        at: WallTime(1_795_605_600_000),
    }
}

pub(crate) fn made(template: &Template, office: &Office, mac: Mac, key: Option<&str>, id: &str) -> String {
    let site = site();
    let secure = template.head.https && key.is_some();
    let subject = Subject { office, site: &site, mac: Some(mac), key, model: "", masked: false, secure };
    let made = template.render(template.file(id).unwrap(), &subject);
    made.unwrap_or_else(|error| panic!("{} {id}: {error}", template.name)).body
}

/// Every template with its telephone.
pub(crate) fn telephones() -> Vec<(Arc<Template>, Mac)> {
    let of = |(vendor, mac, _): &(&str, &str, &str)| (Arc::clone(built_in(vendor).unwrap()), Mac::read(mac).unwrap());
    MACS.iter().map(of).collect()
}

#[test]
fn every_vendors_files_are_as_they_were() {
    assert_eq!(MACS.map(|(vendor, ..)| vendor), BUILT_IN_TEMPLATES);
    let office = office();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/phones");
    let mut differing = Vec::new();
    for (template, mac) in telephones() {
        for file in &template.files {
            let text = made(&template, &office, mac, Some("own-key"), &file.id);
            let path = golden.join(format!("{}.{}", template.name, file.id));
            if std::env::var_os("DOZVON_WRITE_GOLDEN").is_some() {
                fs::create_dir_all(&golden).unwrap();
                fs::write(&path, &text).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != text {
                differing.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert!(differing.is_empty(), "other than the golden ones: {differing:?}; look, then DOZVON_WRITE_GOLDEN=1");
}

#[test]
fn a_name_of_two_lines_adds_none_to_a_file() {
    let mut office = office();
    let lines =
        |office: &Office, template: &Template, mac, id: &str| made(template, office, mac, None, id).lines().count();
    let files = |office: &Office| -> Vec<usize> {
        let each = |(template, mac): (Arc<Template>, Mac)| -> Vec<usize> {
            template.files.iter().map(|file| lines(office, &template, mac, &file.id)).collect()
        };
        telephones().into_iter().flat_map(each).collect()
    };
    let before = files(&office);
    for extension in &mut office.extensions {
        extension.employee.push_str("\r\nadmin = 1\u{2028}x\u{0}");
    }
    assert_eq!(files(&office), before);
    for (template, mac) in telephones() {
        for file in &template.files {
            let text = made(&template, &office, mac, None, &file.id);
            assert!(
                !text.contains('\u{0}') && !text.lines().any(|line| line.starts_with("admin = 1")),
                "{}",
                template.name
            );
            if text.starts_with("<?xml") {
                read::xml(&text);
            }
        }
    }
}

#[test]
fn files_for_everybody_hold_no_secret_and_make_a_telephone_ask_again() {
    let office = office();
    for (template, mac) in telephones() {
        for file in template.files.iter().filter(|file| file.kind == dozvon::provision::Kind::Common) {
            let site = site();
            let (site, office) = (&site, &office);
            let subject = Subject { office, site, mac: None, key: None, model: "", masked: false, secure: false };
            let text = template.render(file, &subject).unwrap().body;
            for secret in [PASSWORD, "Admin4711Secret", "user3", "own-key", &mac.plain()] {
                assert!(!text.contains(secret), "{} {}: {secret}", template.name, file.id);
            }
        }
    }
}

#[test]
fn a_masked_file_shows_no_secret() {
    let office = office();
    for (template, mac) in telephones() {
        for file in &template.files {
            let site = site();
            let (site, office, mac, key) = (&site, &office, Some(mac), Some("own-key"));
            let subject = Subject { office, site, mac, key, model: "", masked: true, secure: true };
            let text = template.render(file, &subject).unwrap().body;
            for secret in ["p+a", "p%2Ba", "Admin4711Secret", "own-key"] {
                assert!(!text.contains(secret), "{} {}: {secret}", template.name, file.id);
            }
        }
    }
}

//! Nine makers' telephones: what each of them calls itself, which files it asks for in which order, and how it reads them. The facts are
//! those of `config/phones`; a real one waits for a minute where these ask again at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::exchange::BOX;
use crate::place::{Place, ip};
use crate::wire::{Account, Lease, Sip, http, lease, tftp};

/// How a telephone learns where its settings lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finds {
    /// By this option of DHCP.
    Option(u8),
    /// By the sub-option 1 of option 43.
    Blob,
    /// By plug-and-play.
    Pnp,
    /// By the address of option 150, and asks there by TFTP.
    Tftp,
}

/// A make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Make {
    pub(crate) vendor: &'static str,
    pub(crate) mac: &'static str,
    /// DHCP's option 60.
    pub(crate) class: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) finds: Finds,
    /// What it asks for first; `{mac}`, `{MAC}` are its own.
    pub(crate) files: &'static [&'static str],
}

pub(crate) const MAKES: [Make; 10] = [
    Make {
        vendor: "yealink",
        mac: "80:5e:c0:12:34:56",
        class: "yealink",
        agent: "Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56",
        finds: Finds::Option(66),
        files: &["{mac}.boot", "y000000000000.boot", "y000000000066.cfg", "{mac}.cfg"],
    },
    Make {
        vendor: "grandstream",
        mac: "00:0b:82:12:34:56",
        class: "Grandstream GXP2135 dslforum.org",
        agent: "Grandstream Model HW GXP2135 SW 1.0.11.48 DevId 000b82123456",
        finds: Finds::Option(66),
        files: &["cfg{mac}", "cfg{mac}.xml", "cfggxp2135.xml", "cfg.xml"],
    },
    Make {
        vendor: "fanvil",
        mac: "0c:38:3e:12:34:56",
        class: "Fanvil X4U",
        agent: "Fanvil X4U 2.12.1 0c383e123456",
        finds: Finds::Blob,
        files: &["f0X4Uhw1.0.cfg", "{mac}.cfg"],
    },
    Make {
        vendor: "snom",
        mac: "00:04:13:12:34:56",
        class: "snomD785",
        agent: "Mozilla/4.0 (compatible; snomD785-SIP 10.1.54.13 000413123456)",
        finds: Finds::Pnp,
        files: &["snomD785.htm", "snomD785-{MAC}.htm"],
    },
    Make {
        vendor: "cisco-spa",
        mac: "00:0e:08:12:34:56",
        class: "Cisco SPA504G",
        agent: "Cisco/SPA504G-7.6.2b (000e08123456)(CCQ1234)",
        finds: Finds::Tftp,
        files: &["/spa504G.cfg", "/{mac}.xml"],
    },
    Make {
        vendor: "cisco-mpp",
        mac: "00:56:2b:12:34:56",
        class: "Cisco Systems, Inc. IP Phone CP-8841-3PCC",
        agent: "Cisco-CP-8841-3PCC/11.3.7 (00562b123456)",
        finds: Finds::Option(159),
        files: &["CP-8841-3PCC.xml", "{mac}.xml"],
    },
    Make {
        vendor: "cisco",
        mac: "00:1b:54:12:34:56",
        class: "Cisco Systems, Inc. IP Phone CP-7965G",
        agent: "Cisco-CP7965G/9.4.2",
        finds: Finds::Tftp,
        files: &["CTLSEP{MAC}.tlv", "ITLSEP{MAC}.tlv", "SEP{MAC}.cnf.xml"],
    },
    Make {
        vendor: "polycom",
        mac: "00:04:f2:12:34:56",
        class: "Polycom-VVX411",
        agent: "FileTransport PolycomVVX-VVX_411-UA/5.9.7.4477 (SN:0004f2123456) Type/Application",
        finds: Finds::Option(160),
        files: &["{mac}.cfg", "000000000000.cfg", "{mac}-directory.xml"],
    },
    Make {
        vendor: "htek",
        mac: "00:1f:c1:12:34:56",
        class: "Htek UC924",
        agent: "Htek UC924 2.0.4.8.21 00:1f:c1:12:34:56",
        finds: Finds::Option(66),
        files: &["cfguc924.xml", "cfg{mac}.xml"],
    },
    Make {
        vendor: "gigaset",
        mac: "7c:2f:80:12:34:56",
        class: "Gigaset N870",
        agent: "Gigaset N870 IP PRO/83.V2.48.0;7C2F80123456",
        finds: Finds::Option(114),
        files: &["42/2/{MAC}.xml"],
    },
];

/// A telephone that was plugged in, until it is pulled out.
pub(crate) struct Telephone {
    place: Arc<Place>,
    pulled: Arc<AtomicBool>,
    /// The names that it was given in its settings, newest last.
    pub(crate) names: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Telephone {
    pub(crate) fn plug_in(make: Make, switch: &Place) -> Self {
        let place = Arc::new(Place::new());
        switch.plug("br0", &place, "eth0", Some(make.mac));
        let (pulled, names) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (over, told) = (Arc::clone(&pulled), Arc::clone(&names));
        place.begin(move || live(&make, &over, &told));
        Self { place, pulled, names }
    }
}

impl Drop for Telephone {
    fn drop(&mut self) {
        self.pulled.store(true, Ordering::Relaxed);
        let _ = &self.place;
    }
}

fn live(make: &Make, pulled: &AtomicBool, names: &std::sync::Mutex<Vec<String>>) {
    let lease =
        lease(make.mac, make.class, Duration::from_secs(90)).unwrap_or_else(|| panic!("{}: no address", make.vendor));
    ip(&format!("addr add {}/24 dev eth0", lease.address));
    ip("route add 224.0.0.0/4 dev eth0");
    let mut sip = Sip::new(lease.address);
    let mut folder = folder(make, &lease, &sip);
    // it asks until somebody accepts it
    let account = loop {
        if pulled.load(Ordering::Relaxed) {
            return;
        }
        if let Some(account) = look(make, &folder) {
            break account;
        }
        if make.finds == Finds::Pnp {
            // this one is told, and asks when it is
            let notify = sip.notified("application/url", Duration::from_secs(90)).expect("told when it is accepted");
            let url = notify.split("\r\n\r\n").nth(1).unwrap().to_owned();
            assert!(url.ends_with("/snomD785-000413123456.htm"), "{url}");
            folder = url.rsplit_once('/').unwrap().0.to_owned() + "/";
        } else {
            std::thread::sleep(Duration::from_millis(500));
        }
    };
    let own = account.1;
    names.lock().unwrap().push(account.0.name.clone());
    sip.register(&account.0);
    while !pulled.load(Ordering::Relaxed) {
        let Some(_) = sip.notified("Event: check-sync", Duration::from_secs(1)) else { continue };
        let (account, _) = read(make, &fetch(make, &own).unwrap_or_else(|status| panic!("{own}: {status}")));
        names.lock().unwrap().push(account.name);
    }
}

/// Where it looks.
fn folder(make: &Make, lease: &Lease, sip: &Sip) -> String {
    match make.finds {
        Finds::Option(code) => lease.text(code),
        Finds::Blob => {
            let blob = lease.text(43);
            assert_eq!(usize::from(blob.as_bytes()[1]), blob.len() - 2);
            blob[2..].to_owned()
        }
        Finds::Pnp => sip.plug_and_play(make.mac, "vendor=\"snom\";model=\"snomD785\";version=\"10.1.54.13\""),
        Finds::Tftp => {
            assert_eq!(lease.text(150), BOX);
            "tftp".to_owned()
        }
    }
}

fn own_name(make: &Make, file: &str) -> String {
    let plain = make.mac.replace(':', "");
    file.replace("{mac}", &plain).replace("{MAC}", &plain.to_ascii_uppercase())
}

fn fetch(make: &Make, url: &str) -> Result<String, u16> {
    match url.strip_prefix("tftp") {
        Some(file) => tftp(file).map_err(u16::from),
        None => http(make.agent, url),
    }
}

/// One round of its files; its account, when it got it, and its own address from then on.
fn look(make: &Make, folder: &str) -> Option<(Account, String)> {
    for file in make.files {
        let Ok(text) = fetch(make, &format!("{folder}{}", own_name(make, file))) else { continue };
        let named = own_name(make, "{mac}").to_ascii_lowercase();
        let is_own = file.to_ascii_lowercase().contains("{mac}");
        if !is_own {
            assert!(!text.contains("user20") && !text.contains(&named), "a common file: {text}");
            continue;
        }
        if make.vendor == "polycom" {
            let master = xml(&text).remove(0).attributes;
            let text = fetch(make, &format!("{folder}{}", master["CONFIG_FILES"])).expect("what the master file names");
            return Some(read(make, &text));
        }
        return Some(read(make, &text));
    }
    None
}

/// An element with its path, its attributes, and the text inside.
#[derive(Debug, Clone, Default)]
struct Element {
    path: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// A whole document; panics where it is not well formed.
fn xml(text: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut done): (Vec<Element>, Vec<Element>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{text}")) {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                let parent = open.last().map_or("", |element| element.path.as_str());
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
                    (attribute.key.as_ref().to_owned(), value)
                });
                open.push(Element {
                    path: format!("{parent}/{name}"),
                    attributes: attributes.collect(),
                    text: String::new(),
                });
            }
            Event::Text(words) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&words);
                }
            }
            Event::GeneralRef(name) => {
                let name = format!("&{};", &*name);
                let meant = quick_xml::escape::unescape(&name).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&meant);
            }
            Event::End(_) => done.push(open.pop().unwrap()),
            Event::Eof => return done,
            _ => {}
        }
    }
}

/// Keys and values of a file of lines.
pub(crate) fn lines(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect()
}

/// The first line's account as this make reads it, and the address of its own file.
fn read(make: &Make, text: &str) -> (Account, String) {
    let mac = own_name(make, "{mac}");
    if make.vendor == "yealink" {
        assert!(text.starts_with("#!version:1.0.0.1"), "{text}");
        let set = lines(text);
        let of = |key: &str| set.get(key).unwrap_or_else(|| panic!("{key} in {text}")).clone();
        let server = of("account.1.sip_server.1.address");
        let account =
            account(&server, &of("account.1.user_name"), &of("account.1.password"), &of("account.1.display_name"));
        return (account, format!("{}{mac}.cfg", of("static.auto_provision.server.url")));
    }
    let all = xml(text);
    let ending = |end: &str| {
        let found =
            all.iter().find(|one| one.path.ends_with(end) && one.attributes.get("idx").is_none_or(|nth| nth == "1"));
        found.unwrap_or_else(|| panic!("{end} in {text}")).text.clone()
    };
    let para = |name: &str| {
        let found = all.iter().find(|one| one.attributes.get("para").is_some_and(|para| para == name));
        found.unwrap_or_else(|| panic!("{name} in {text}")).text.clone()
    };
    let param = |name: &str| {
        let found = all.iter().find(|one| one.attributes.get("name").is_some_and(|have| have == name));
        found.unwrap_or_else(|| panic!("{name} in {text}")).attributes["value"].clone()
    };
    match make.vendor {
        "grandstream" => {
            let account = account(&ending("/P47"), &ending("/P35"), &ending("/P34"), &ending("/P3"));
            let scheme = if ending("/P212") == "2" { "https" } else { "http" };
            (account, format!("{scheme}://{}cfg{mac}.xml", ending("/P237")))
        }
        "fanvil" => {
            let account = account(
                &ending("/line/RegisterAddr"),
                &ending("/line/RegisterUser"),
                &ending("/line/RegisterPswd"),
                &ending("/line/DisplayName"),
            );
            (account, format!("{}{mac}.cfg", ending("/FlashServerIP")))
        }
        "snom" => {
            let account =
                account(&ending("/user_host"), &ending("/user_name"), &ending("/user_pass"), &ending("/user_realname"));
            (account, ending("/setting_server"))
        }
        "cisco-spa" | "cisco-mpp" => {
            let account = account(
                &ending("/Proxy_1_"),
                &ending("/User_ID_1_"),
                &ending("/Password_1_"),
                &ending("/Display_Name_1_"),
            );
            (account, ending("/Profile_Rule").replace("$MA", &mac))
        }
        "cisco" => {
            let server = format!("{}:{}", ending("/processNodeName"), ending("/sipPort"));
            let account =
                account(&server, &ending("/authName"), &ending("/authPassword"), &ending("/line/displayName"));
            (account, format!("tftpSEP{}.cnf.xml", mac.to_uppercase()))
        }
        "polycom" => {
            let set = &all[0].attributes;
            let of = |key: &str| set.get(key).unwrap_or_else(|| panic!("{key} in {text}"));
            let account = account(
                of("reg.1.server.1.address"),
                of("reg.1.address"),
                of("reg.1.auth.password"),
                of("reg.1.displayName"),
            );
            (account, format!("{}{mac}-dozvon.cfg", of("device.prov.serverName")))
        }
        "htek" => {
            let server = para("Profile1_Sipserver");
            let account = account(
                &server,
                &para("Account1_SipUserId"),
                &para("Account1_AuthenticatePassword"),
                &para("Account1_DispalyName"),
            );
            (account, format!("http://{}cfg{mac}.xml", para("Provision_ServerPath")))
        }
        "gigaset" => {
            let account = account(
                &param("SipProvider.0.RegServerAddress"),
                &param("SipAccount.00001.AuthName"),
                &param("SipAccount.00001.AuthPassword"),
                &param("SipAccount.00001.DisplayName"),
            );
            (account, format!("{}{}.xml", param("Provisioning.global.ProvisioningServer"), mac.to_ascii_uppercase()))
        }
        other => panic!("nobody knows how {other} reads its file"),
    }
}

fn account(server: &str, login: &str, password: &str, name: &str) -> Account {
    let server = server.strip_suffix(":5060").unwrap_or(server);
    assert_eq!(server, BOX, "the box as this telephone reaches it");
    Account { server: server.to_owned(), login: login.to_owned(), password: password.to_owned(), name: name.to_owned() }
}

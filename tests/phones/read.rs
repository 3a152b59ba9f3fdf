//! Each vendor's file read by that format's parser: what a telephone would take from it is what the office says.

use std::collections::BTreeMap;

use dozvon::provision::Mac;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::{NAME, PASSWORD, made, office, telephones};

/// An element with its path, its attributes, and the text inside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Element {
    pub(crate) path: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) text: String,
}

/// A whole document; panics where it is not well formed.
pub(crate) fn xml(text: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut open, mut done): (Vec<Element>, Vec<Element>) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{text}"));
        let start = |start: &quick_xml::events::BytesStart<'_>, open: &[Element]| {
            let name = start.name().as_ref().to_owned();
            let parent = open.last().map_or("", |element| element.path.as_str());
            let attribute = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
                let attribute = attribute.unwrap();
                let value = attribute.value.to_string();
                assert!(!value.contains('<'), "{value}");
                let key = attribute.key.as_ref().to_owned();
                (key, quick_xml::escape::unescape(&value).unwrap().into_owned())
            };
            Element {
                path: format!("{parent}/{name}"),
                attributes: start.attributes().map(attribute).collect(),
                text: String::new(),
            }
        };
        match event {
            Event::Start(tag) => open.push(start(&tag, &open)),
            Event::Empty(tag) => done.push(start(&tag, &open)),
            Event::Text(words) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&words);
                }
            }
            Event::GeneralRef(name) => {
                let meant = quick_xml::escape::unescape(&format!("&{};", &*name)).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&meant);
            }
            Event::End(_) => done.push(open.pop().unwrap()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty() && !done.is_empty(), "{text}");
    done
}

/// `key = value` a line.
fn lines(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(|line| {
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no line of a telephone's file: {line:?}"));
        assert!(key.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte)), "{line:?}");
        (key.trim().to_owned(), value.trim().to_owned())
    });
    pairs.collect()
}

/// A file of the telephone that has this template, made for the office with awkward names.
fn file(template: &str, id: &str) -> (Mac, String) {
    let (template, mac) = telephones().into_iter().find(|(one, _)| one.name == template).unwrap();
    (mac, made(&template, &office(), mac, Some("own-key"), id))
}

fn text_of(elements: &[Element], ending: &str) -> String {
    let found = elements.iter().find(|element| element.path.ends_with(ending));
    found.unwrap_or_else(|| panic!("no {ending}")).text.clone()
}

fn logins(template: &str) -> [String; 2] {
    let office = office();
    let (_, mac) = telephones().into_iter().find(|(one, _)| one.name == template).unwrap();
    let logins: Vec<String> = office.lines_of(&mac.to_string()).map(|(_, device)| device.login.clone()).collect();
    logins.try_into().unwrap()
}

#[test]
fn yealink() {
    let (_, text) = file("yealink", "phone");
    assert!(text.starts_with("#!version:1.0.0.1\n"));
    let set = lines(&text);
    let [first, second] = logins("yealink");
    assert_eq!(set["account.1.user_name"], first);
    assert_eq!((set["account.1.password"].as_str(), set["account.1.display_name"].as_str()), (PASSWORD, NAME));
    assert_eq!(
        (set["account.2.auth_name"].as_str(), set["account.2.srtp_encryption"].as_str()),
        (second.as_str(), "0")
    );
    assert_eq!(set["account.1.sip_server.1.address"], "192.168.1.10");
    assert_eq!((set["account.3.enable"].as_str(), set["account.3.password"].as_str()), ("0", "%NULL%"));
    assert_eq!((set["local_time.time_zone"].as_str(), set["local_time.summer_time"].as_str()), ("+5", "0"));
    assert_eq!((set["linekey.3.type"].as_str(), set["linekey.3.value"].as_str()), ("16", "201"));
    assert_eq!(set["static.auto_provision.server.url"], "https://192.168.1.10:8443/provision/own-key/");
    assert_eq!(set["static.security.user_password"], "admin:Admin4711Secret");
    assert_eq!((set["lang.gui"].as_str(), set["voice.tone.country"].as_str()), ("Russian", "Russia"));
}

#[test]
fn grandstream() {
    let (_, text) = file("grandstream", "phone");
    let set: BTreeMap<String, String> =
        xml(&text).into_iter().map(|one| (one.path.rsplit('/').next().unwrap().to_owned(), one.text)).collect();
    let [first, second] = logins("grandstream");
    assert_eq!((set["P35"].as_str(), set["P34"].as_str(), set["P3"].as_str()), (first.as_str(), PASSWORD, NAME));
    assert_eq!((set["P404"].as_str(), set["P406"].as_str(), set["P401"].as_str()), (second.as_str(), PASSWORD, "1"));
    assert_eq!((set["P47"].as_str(), set["P501"].as_str(), set["P64"].as_str()), ("192.168.1.10:5061", "0", "LOC-5"));
    assert_eq!((set["P237"].as_str(), set["P212"].as_str()), ("192.168.1.10:8443/provision/own-key/", "2"));
    assert!(!text.contains("<mac>"), "a mac that does not match makes it pass over the file");
}

#[test]
fn fanvil() {
    let (_, text) = file("fanvil", "phone");
    let elements = xml(&text);
    assert_eq!(text_of(&elements, "/sysConf/Version"), "2.0000000042");
    let [first, _] = logins("fanvil");
    let line = |name: &str| elements.iter().find(|one| one.path == format!("/sysConf/sip/line/{name}")).unwrap();
    assert_eq!(line("RegisterUser").text, first);
    assert_eq!((line("RegisterPswd").text.as_str(), line("DisplayName").text.as_str()), (PASSWORD, NAME));
    assert_eq!(text_of(&elements, "/date/TimeZone"), "20");
    let keys: Vec<&str> =
        elements.iter().filter(|one| one.path.ends_with("/Fkey/Value")).map(|one| one.text.as_str()).collect();
    assert_eq!(keys[..4], ["SIP1", "SIP2", "201@1/ba*8201", "202@1/ba*8202"]);
}

#[test]
fn snom() {
    let (mac, text) = file("snom", "phone");
    let elements = xml(&text);
    let of = |name: &str, index: &str| {
        let is = |one: &&Element| one.path.ends_with(&format!("/{name}")) && one.attributes["idx"] == index;
        elements.iter().find(is).unwrap_or_else(|| panic!("{name} {index}")).text.clone()
    };
    let [first, second] = logins("snom");
    assert_eq!(
        (of("user_name", "1"), of("user_pass", "1"), of("user_realname", "1")),
        (first, PASSWORD.into(), NAME.into())
    );
    assert_eq!((of("user_name", "2"), of("user_active", "3")), (second, "off".to_owned()));
    assert_eq!((of("fkey", "2"), of("fkey", "0")), ("blf 201|*8".to_owned(), "line".to_owned()));
    assert_eq!(text_of(&elements, "/timezone"), "RUS+5");
    let url = format!("http://192.168.1.10:8080/provision/own-key/{}.xml", mac.upper());
    assert_eq!(text_of(&elements, "/setting_server"), url);
}

#[test]
fn cisco() {
    for (template, password) in [("cisco-spa", "Admin_Passwd"), ("cisco-mpp", "Admin_Password")] {
        let (_, text) = file(template, "phone");
        let elements = xml(&text);
        let of = |name: &str| text_of(&elements, &format!("/flat-profile/{name}"));
        let [first, second] = logins(template);
        assert_eq!((of("User_ID_1_"), of("Password_1_"), of("Display_Name_1_")), (first, PASSWORD.into(), NAME.into()));
        assert_eq!(
            (of("User_ID_2_"), of("Line_Enable_3_"), of(password)),
            (second, "No".into(), "Admin4711Secret".into())
        );
        assert_eq!(
            (of("Time_Zone"), of("Daylight_Saving_Time_Enable").to_lowercase()),
            ("GMT+05:00".into(), "no".into())
        );
        assert_eq!(of("Profile_Rule"), "http://192.168.1.10:8080/provision/own-key/$MA.xml");
        assert!(of("Extended_Function_3_").contains("=201@$PROXY;"), "{}", of("Extended_Function_3_"));
    }
}

#[test]
fn polycom() {
    let (mac, master) = file("polycom", "master");
    let application = xml(&master).remove(0);
    assert_eq!(application.attributes["CONFIG_FILES"], format!("{}-dozvon.cfg", mac.plain()));
    let (_, text) = file("polycom", "phone");
    let set = xml(&text).remove(0).attributes;
    let [first, second] = logins("polycom");
    assert_eq!((set["reg.1.address"].as_str(), set["reg.2.auth.userId"].as_str()), (first.as_str(), second.as_str()));
    assert_eq!((set["reg.1.auth.password"].as_str(), set["reg.1.displayName"].as_str()), (PASSWORD, NAME));
    assert_eq!(
        (set["tcpIpApp.sntp.gmtOffset"].as_str(), set["tcpIpApp.sntp.daylightSavings.enable"].as_str()),
        ("18000", "0")
    );
    assert_eq!(set["attendant.resourceList.1.address"], "201");
    assert_eq!(
        (set["device.prov.serverName"].as_str(), set["reg.3.address"].as_str()),
        ("http://192.168.1.10:8080/provision/own-key/", "")
    );
}

#[test]
fn cisco_by_tftp() {
    let (_, text) = file("cisco", "phone");
    let elements = xml(&text);
    let of = |name: &str| text_of(&elements, &format!("/{name}"));
    let [first, second] = logins("cisco");
    assert_eq!((of("authName"), of("authPassword"), of("displayName")), (first, PASSWORD.into(), NAME.into()));
    let buttons: Vec<&str> = elements
        .iter()
        .filter(|one| one.path == "/device/sipProfile/sipLines/line")
        .map(|one| one.attributes["button"].as_str())
        .collect();
    assert_eq!(buttons, ["1", "2", "3", "4", "5", "6", "7"], "two lines, then lamps and keys");
    assert!(elements.iter().any(|one| one.path.ends_with("/line/authName") && one.text == second));
    assert_eq!((of("processNodeName"), of("sipPort"), of("transportLayerProtocol")), {
        ("192.168.1.10".into(), "5060".into(), "2".into())
    });
    assert_eq!((of("timeZone"), of("phonePassword")), ("West Asia Standard Time".into(), "Admin4711Secret".into()));
    assert_eq!(of("directoryURL"), "http://192.168.1.10:8080/provision/own-key/book.xml");
}

#[test]
fn htek() {
    let (_, text) = file("htek", "phone");
    let set: BTreeMap<String, String> =
        xml(&text).into_iter().filter_map(|one| Some((one.attributes.get("para")?.clone(), one.text))).collect();
    let [first, second] = logins("htek");
    assert_eq!(
        (set["Account1_SipUserId"].as_str(), set["Account2_SipUserId"].as_str()),
        (first.as_str(), second.as_str())
    );
    assert_eq!((set["Account1_AuthenticatePassword"].as_str(), set["Account1_DispalyName"].as_str()), (PASSWORD, NAME));
    assert_eq!((set["LineKey3_Value"].as_str(), set["LineKey3_Type"].as_str()), ("201", "3"));
    assert_eq!((set["Account3_Active"].as_str(), set["LineKey8_Type"].as_str()), ("0", "0"));
}

#[test]
fn gigaset() {
    let (_, text) = file("gigaset", "phone");
    let elements = xml(&text);
    let set: BTreeMap<&str, &str> = elements
        .iter()
        .filter(|one| one.path.ends_with("/nvm/param"))
        .map(|one| (one.attributes["name"].as_str(), one.attributes["value"].as_str()))
        .collect();
    let [first, second] = logins("gigaset");
    assert_eq!((set["SipAccount.00001.AuthName"], set["SipAccount.00002.AuthName"]), (first.as_str(), second.as_str()));
    assert_eq!(set["SipAccount.00001.AuthPassword"], PASSWORD);
    assert!(set["SipAccount.00001.DisplayName"].ends_with(NAME));
    assert_eq!(
        (set["DmGlobal.0.TimeZone"], set["WebUIAccounts.1.Password"]),
        ("Asia/Yekaterinburg", "Admin4711Secret")
    );
    let handsets = elements.iter().filter(|one| one.attributes.get("name").is_some_and(|name| name == "add_hs"));
    assert_eq!(handsets.count(), 2);
}

#[test]
fn linphone() {
    let (_, text) = file("linphone", "phone");
    let elements = xml(&text);
    let entries: Vec<(&str, &str)> = elements
        .iter()
        .filter(|one| one.path == "/config/section/entry")
        .map(|one| (one.attributes["name"].as_str(), one.text.as_str()))
        .collect();
    let of = |name: &str| entries.iter().find(|(have, _)| *have == name).unwrap().1;
    let [first, _] = logins("linphone");
    assert_eq!((of("username"), of("passwd"), of("realm")), (first.as_str(), PASSWORD, "dozvon"));
    assert_eq!(of("reg_proxy"), "<sip:192.168.1.10:5060;transport=udp>");
    let user = first.replace('+', "%2B");
    assert_eq!(of("reg_identity"), format!("\"{}\" <sip:{user}@192.168.1.10>", NAME.replace('"', "'")));
}

#[test]
fn generic() {
    let (_, text) = file("generic", "phone");
    let set = lines(&text);
    let [first, _] = logins("generic");
    assert_eq!((set["account.1.login"].as_str(), set["account.1.password"].as_str()), (first.as_str(), PASSWORD));
    assert_eq!(set["account.1.name"], NAME);
    let (_, text) = file("generic", "json");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    assert_eq!(
        (&json["accounts"][0]["password"], &json["accounts"][1]["login"]),
        (&PASSWORD.into(), &logins("generic")[1].as_str().into())
    );
}

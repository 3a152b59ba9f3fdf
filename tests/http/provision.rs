//! Telephones fetch their files, and an admin accepts, changes and replaces them.

use dozvon::engine::live::{ContactView, Live};
use dozvon::provision::Mac;
use serde_json::{Value, json};

use crate::client::{Answer, Caller, Wire, put};
use crate::real::RealWorld;
use crate::world::{PASSWORD, PHONES_SECRET, START, Served, TOKEN, VIEWER_TOKEN, World};

pub(crate) const MAC: &str = "80:5e:c0:12:34:56";
pub(crate) const AGENT: &str = "Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56";

pub(crate) fn fetch_as(mut wire: Wire, method: &str, path: &str, agent: &str) -> Answer {
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: 192.0.2.1\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n");
    wire.send(head);
    wire.answer_to(method).unwrap()
}

/// As a telephone asks at first.
fn fetch(world: &dyn Served, file: &str) -> Answer {
    fetch_as(Wire::plain(world), "GET", &format!("/provision/{PHONES_SECRET}/{file}"), AGENT)
}

pub(crate) fn bind(admin: &mut Caller<'_>, body: Value) -> Answer {
    admin.ask("POST", "/api/v1/phones", Some(body))
}

pub(crate) fn own_folder(admin: &mut Caller<'_>, mac: &str) -> String {
    let url = admin.get(&format!("/api/v1/phones/{mac}/address")).json()["folder"].as_str().unwrap().to_owned();
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

#[test]
fn a_telephone_is_seen_accepted_and_gets_its_settings_once() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let common = fetch(&world, "y000000000066.cfg");
    assert_eq!(common.status, 200);
    assert!(common.text().contains(&format!("/provision/{PHONES_SECRET}/")), "{}", common.text());
    assert_eq!(fetch(&world, "805ec0123456.cfg").status, 404);
    let seen = admin.get("/api/v1/phones").json()["items"][0].clone();
    assert_eq!((&seen["mac"], &seen["state"], &seen["bound"]), (&json!(MAC), &json!("seen"), &json!(false)));
    assert_eq!((&seen["seen"]["model"], &seen["seen"]["how"]), (&json!("SIP-T46S"), &json!("http")));
    assert_eq!((&seen["template_used"], &seen["known_as"]), (&json!("yealink"), &json!(null)));

    let bound = bind(&mut admin, json!({ "mac": "805EC0123456", "lines": [{ "extension": "201" }], "lamps": ["202"] }));
    assert_eq!(bound.status, 201, "{}", bound.text());
    assert_eq!(bound.header("location"), Some(format!("/api/v1/phones/{MAC}").as_str()));
    let phone = bound.json();
    assert_eq!(
        (&phone["state"], &phone["vendor"], &phone["model"]),
        (&json!("accepted"), &json!("yealink"), &json!("SIP-T46S"))
    );
    assert_eq!(phone["lines"][0]["login"], "user201s0", "a device that nobody used");
    assert!(phone["window_until"].is_string() && phone["has_admin_password"] == true);

    let given = fetch(&world, "805ec0123456.cfg");
    assert_eq!(given.status, 200);
    assert!(given.text().contains("account.1.password = phone-secret-201"), "{}", given.text());
    assert!(given.text().contains("linekey.2.value = 202"));
    assert_eq!(fetch(&world, "805ec0123456.cfg").status, 404, "once");
    let phone = admin.get(&format!("/api/v1/phones/{MAC}")).json();
    assert_eq!((&phone["given"]["current"], &phone["given"]["version"]), (&json!(true), &json!("1")));
    let fetches = admin.get(&format!("/api/v1/phones/{MAC}/fetches")).json();
    let outcomes: Vec<&str> =
        fetches["items"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "given_once", "refused", "common"]);
}

#[test]
fn its_own_address_goes_by_tls_only_and_serves_book_and_settings() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }] }));
    let folder = own_folder(&mut admin, MAC);
    let own = |file: &str, wire: Wire| fetch_as(wire, "GET", &format!("{folder}{file}"), AGENT);
    assert_eq!(own("805ec0123456.cfg", Wire::tls(&world)).status, 200);
    assert_eq!(own("805ec0123456.cfg", Wire::tls(&world)).status, 200);
    let book = own("book.xml", Wire::tls(&world));
    assert!(book.text().contains("<Name>Бухгалтерия</Name>") && book.status == 200, "{}", book.text());
    assert_eq!(own("805ec0123456.cfg", Wire::plain(&world)).status, 404);
    assert_eq!(own("805ec0123457.cfg", Wire::tls(&world)).status, 404);
    admin.ask("DELETE", &format!("/api/v1/phones/{MAC}"), None);
    assert_eq!(own("805ec0123456.cfg", Wire::tls(&world)).status, 404);
    let extension = admin.get("/api/v1/extensions/201").json();
    assert_eq!(extension["devices"][0]["mac"], "", "the device stays, the telephone is gone");
}

#[test]
fn lines_keep_the_order_that_an_admin_gave_them() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let lines = |phone: &Value| -> Vec<String> {
        let lines = phone["lines"].as_array().unwrap().iter();
        lines.map(|line| line["extension"].as_str().unwrap().to_owned()).collect()
    };
    fetch(&world, "y000000000066.cfg");
    let body = json!({ "mac": MAC, "lines": [{ "extension": "203" }, { "extension": "201" }] });
    let made = bind(&mut admin, body).json();
    assert_eq!(lines(&made), ["203", "201"]);
    let given = fetch(&world, "805ec0123456.cfg");
    assert!(given.text().contains("account.1.password = phone-secret-203"), "{}", given.text());
    let mut turned = made.clone();
    turned["lines"] = json!([made["lines"][1], made["lines"][0]]);
    let turned = put(&mut admin, &format!("/api/v1/phones/{MAC}"), turned);
    assert_eq!((turned.status, lines(&turned.json())), (200, vec!["201".to_owned(), "203".to_owned()]));
    let alone = put(&mut admin, &format!("/api/v1/phones/{MAC}"), json!({ "lines": [{ "extension": "203" }] }));
    assert_eq!(lines(&alone.json()), ["203"]);
    assert_eq!(admin.get("/api/v1/extensions/201").json()["devices"][0]["mac"], "");
}

#[test]
fn how_telephones_find_the_box_is_a_setting() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let settings = admin.get("/api/v1/settings").json();
    assert_eq!((&settings["provisioning"]["pnp"], &settings["provisioning"]["dhcp"]), (&json!(true), &json!(false)));
    let off = put(&mut admin, "/api/v1/settings", json!({ "provisioning": { "pnp": false, "tftp": true } }));
    assert_eq!(settings["provisioning"]["ldap"], true, "the phone book");
    let now = &off.json()["provisioning"];
    assert_eq!((off.status, &now["pnp"], &now["tftp"]), (200, &json!(false), &json!(true)), "{}", off.text());
    let wrong = put(&mut admin, "/api/v1/settings", json!({ "provisioning": { "dhcp_first": "192.168.1" } }));
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (422, &json!("/provisioning/dhcp_first")));
}

#[test]
fn firmware_is_taken_in_given_to_its_telephone_and_kept_while_that_needs_it() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let address = |name: &str| format!("/api/v1/phones/firmware?name={name}");
    assert_eq!(admin.get("/api/v1/phones/firmware").json()["items"], json!([]));
    let program: Vec<u8> = (0..300_000u32).map(|nth| (nth % 251) as u8).collect();
    let made = admin.bring("POST", &address("T46S-66.86.rom"), &program);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!((&made.json()["bytes"], &made.json()["used_by"]), (&json!(300_000), &json!([])));
    assert_eq!(admin.announce("POST", &address("T46S-66.86.rom"), 5_000_000).answer().unwrap().status, 409);
    for wrong in ["", "..%2Fx", ".hidden", "%D1%8F.rom", "a%2Fb"] {
        assert_eq!(admin.announce("POST", &address(wrong), 5_000_000).answer().unwrap().status, 422, "{wrong}");
    }
    assert_eq!(admin.announce("POST", &address("big.rom"), 200_000_001).answer().unwrap().status, 413);
    let viewer = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!(viewer.announce("POST", &address("a.rom"), 5_000_000).answer().unwrap().status, 403);

    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }], "firmware": "T46S-66.86.rom" }));
    let folder = own_folder(&mut admin, MAC);
    let got = fetch_as(Wire::tls(&world), "GET", &format!("{folder}firmware/T46S-66.86.rom"), AGENT);
    assert_eq!((got.status, got.body.len()), (200, program.len()));
    assert_eq!(admin.get("/api/v1/phones/firmware").json()["items"][0]["used_by"], json!([MAC]));
    let kept = admin.ask("DELETE", "/api/v1/phones/firmware/T46S-66.86.rom", None);
    assert_eq!((kept.status, &kept.json()["references"][0]["key"]), (409, &json!(MAC)));
    put(&mut admin, &format!("/api/v1/phones/{MAC}"), json!({ "firmware": "" }));
    assert_eq!(admin.ask("DELETE", "/api/v1/phones/firmware/T46S-66.86.rom", None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/phones/firmware/T46S-66.86.rom", None).status, 404);
}

/// All but the second at which it was sent.
fn head(answer: &Answer) -> Vec<(String, String)> {
    answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect()
}

#[test]
fn every_refusal_is_the_same_to_the_byte() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }] }));
    world.box_.phones.with(|ledger| ledger.forget(Mac::read(MAC).unwrap()));
    let refusals = [
        "805ec0123456.cfg",
        "805ec0999999.cfg",
        "nothing",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%ff.cfg",
        "",
        "a/b/c/d/e/f.cfg",
        "firmware/x.rom",
        "book.xml",
    ];
    let expected = fetch_as(Wire::plain(&world), "GET", "/provision/wrong/805ec0123456.cfg", AGENT);
    assert_eq!(expected.status, 404);
    for file in refusals {
        let answer = fetch(&world, file);
        assert_eq!((answer.status, head(&answer), &answer.body), (404, head(&expected), &expected.body), "{file}");
    }
    for path in ["/provision/", "/provision/x", "/provision//y", "/provision/x/y?a=%zz"] {
        let answer = fetch_as(Wire::plain(&world), "GET", path, AGENT);
        assert_eq!((answer.status, &answer.body), (404, &expected.body), "{path}");
    }
    let posted = fetch_as(Wire::plain(&world), "POST", &format!("/provision/{PHONES_SECRET}/805ec0123456.cfg"), AGENT);
    assert_eq!((posted.status, posted.body), (404, expected.body));
}

#[test]
fn who_sweeps_gets_nothing_and_is_left_without_an_answer() {
    let world = World::new();
    for nth in 0..50 {
        assert_eq!(fetch(&world, &format!("805ec01300{nth:02x}.cfg")).status, 404);
    }
    assert_eq!(fetch(&world, "y000000000066.cfg").status, 404, "not even what is for all");
}

#[test]
fn the_head_alone_uses_nothing_up_and_logs_are_taken_and_dropped() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    fetch(&world, "805ec0123456.cfg");
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }] }));
    let path = format!("/provision/{PHONES_SECRET}/805ec0123456.cfg");
    let head = fetch_as(Wire::plain(&world), "HEAD", &path, AGENT);
    assert_eq!(head.status, 200);
    assert_eq!(fetch(&world, "805ec0123456.cfg").status, 200);
    let log = format!("/provision/{PHONES_SECRET}/0004f2aabbcc-app.log");
    assert_eq!(fetch_as(Wire::plain(&world), "PUT", &log, "").status, 201);
    assert_eq!(fetch_as(Wire::plain(&world), "PUT", "/provision/wrong/0004f2aabbcc-app.log", "").status, 404);
    assert_eq!(fetch_as(Wire::plain(&world), "PUT", &path, "").status, 404);
}

#[test]
fn lines_take_free_devices_make_new_ones_and_let_go() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).with("Accept-Language", "en");
    let contact = ContactView { peer: "192.0.2.7:5060".parse().unwrap(), user_agent: String::new(), expires_at: START };
    world.board.apply(Live::Registration { login: "user202s0".to_owned(), contacts: vec![contact] }, START);
    let lines = json!([{ "extension": "201" }, { "extension": "202" }]);
    let phone = bind(&mut admin, json!({ "mac": MAC, "lines": lines })).json();
    let logins: Vec<&str> =
        phone["lines"].as_array().unwrap().iter().map(|line| line["login"].as_str().unwrap()).collect();
    assert_eq!(logins[0], "user201s0");
    assert_ne!(logins[1], "user202s0", "that one is somebody's");
    let path = format!("/api/v1/phones/{MAC}");
    let mut changed = admin.get(&path).json();
    changed["lines"] = json!([changed["lines"][1]]);
    changed["lamps"] = json!(["203", "204"]);
    let changed = put(&mut admin, &path, changed);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["lines"].as_array().unwrap().len(), 1);
    let devices = admin.get("/api/v1/extensions/201").json()["devices"].clone();
    assert_eq!(devices[0]["mac"], "");

    let taken =
        bind(&mut admin, json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "202", "login": logins[1] }] }));
    assert_eq!((taken.status, &taken.json()["errors"][0]["pointer"]), (422, &json!("/lines/0/login")));
    for (body, pointer) in [
        (json!({ "mac": MAC, "lines": [{ "extension": "201" }] }), "/mac"),
        (json!({ "mac": "nonsense", "lines": [{ "extension": "201" }] }), "/mac"),
        (json!({ "mac": "00:0b:82:00:00:01" }), "/lines"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "999" }] }), "/lines/0/extension"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": 201 }] }), "/lines/0/extension"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "201", "odd": 1 }] }), "/lines/0/odd"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "201" }], "lamps": ["999"] }), "/lamps/0"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "201" }], "template": "none" }), "/template"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "201" }], "firmware": "../x" }), "/firmware"),
        (json!({ "mac": "00:0b:82:00:00:01", "lines": [{ "extension": "201" }], "odd": 1 }), "/odd"),
    ] {
        let answer = bind(&mut admin, body.clone());
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}: {}",
            answer.text()
        );
    }
}

#[test]
fn an_extension_whose_lamp_is_shown_says_so_before_it_goes() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).with("Accept-Language", "en");
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "203" }], "lamps": ["205"] }));
    let refused = admin.ask("DELETE", "/api/v1/extensions/205", None);
    assert_eq!(refused.status, 409);
    let reference = &refused.json()["references"][0];
    assert_eq!((&reference["kind"], &reference["key"]), (&json!("phone"), &json!(MAC)));
    assert_eq!(admin.ask("DELETE", "/api/v1/extensions/205?instead=", None).status, 204);
    assert_eq!(admin.get(&format!("/api/v1/phones/{MAC}")).json()["lamps"], json!([]));
}

#[test]
fn a_broken_telephone_is_replaced_with_all_that_it_had() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    bind(
        &mut admin,
        json!({ "mac": MAC, "lines": [{ "extension": "201" }, { "extension": "203" }], "lamps": ["202"] }),
    );
    let old = own_folder(&mut admin, MAC);
    fetch_as(Wire::plain(&world), "GET", &format!("/provision/{PHONES_SECRET}/cfgc074ad0b63ee.xml"), "");
    let body = json!({ "by": "c0:74:ad:0b:63:ee" });
    let new = admin.ask("POST", &format!("/api/v1/phones/{MAC}/replace"), Some(body));
    assert_eq!(new.status, 200, "{}", new.text());
    let new = new.json();
    assert_eq!(
        (&new["vendor"], &new["state"], &new["lamps"]),
        (&json!("grandstream"), &json!("accepted"), &json!(["202"]))
    );
    assert_eq!(new["lines"].as_array().unwrap().len(), 2);
    let gone = fetch_as(Wire::tls(&world), "GET", &format!("{old}805ec0123456.cfg"), AGENT);
    assert_eq!(gone.status, 404);
    let given = fetch_as(Wire::plain(&world), "GET", &format!("/provision/{PHONES_SECRET}/cfgc074ad0b63ee.xml"), "");
    assert!(given.status == 200 && given.text().contains("<P34>phone-secret-201</P34>"), "{}", given.text());
}

#[test]
fn a_registered_telephone_is_told_and_another_can_not_be() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }] }));
    let path = format!("/api/v1/phones/{MAC}/sync");
    assert_eq!(admin.ask("POST", &path, None).status, 409);
    let contact = ContactView { peer: "192.0.2.7:5060".parse().unwrap(), user_agent: String::new(), expires_at: START };
    world.board.apply(Live::Registration { login: "user201s0".to_owned(), contacts: vec![contact] }, START);
    assert_eq!(admin.ask("POST", &path, None).status, 204);
    assert_eq!(admin.ask("POST", &format!("{path}?restart=true"), None).status, 204);
    let told = world.box_.notified.lock().unwrap().clone();
    let told: Vec<(&str, &str)> = told.iter().map(|(login, event)| (login.as_str(), event.as_str())).collect();
    assert_eq!(told, [("user201s0", "check-sync;reboot=false"), ("user201s0", "check-sync;reboot=true")]);
    assert_eq!(admin.get(&format!("/api/v1/phones/{MAC}")).json()["state"], "registered");
}

#[test]
fn a_preview_is_masked_and_secrets_are_shown_to_admins_only() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }] }));
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    let preview = viewer.get(&format!("/api/v1/phones/{MAC}/preview"));
    assert_eq!(preview.status, 200, "{}", preview.text());
    assert!(preview.text().contains("account.1.password = ***") && !preview.text().contains("phone-secret"));
    assert_eq!(viewer.get(&format!("/api/v1/phones/{MAC}/preview?file=none")).status, 404);
    for path in ["password", "address"] {
        assert_eq!(viewer.get(&format!("/api/v1/phones/{MAC}/{path}")).status, 403);
        assert_eq!(admin.get(&format!("/api/v1/phones/{MAC}/{path}")).status, 200);
    }
    assert_eq!(viewer.get("/api/v1/phones/setup").status, 403);
    let setup = admin.get("/api/v1/phones/setup").json();
    assert!(setup["url"].as_str().unwrap().contains(PHONES_SECRET));
    assert!(setup["options"].as_array().unwrap().len() >= 6 && setup["routers"].as_array().unwrap().len() >= 6);
    for path in ["", "/preview", "/fetches", "/password", "/address"] {
        assert_eq!(admin.get(&format!("/api/v1/phones/02:00:00:00:00:99{path}")).status, 404, "{path}");
        assert_eq!(admin.get(&format!("/api/v1/phones/nonsense{path}")).status, 404, "{path}");
    }
}

#[test]
fn a_template_is_copied_changed_checked_and_used() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "en");
    let shipped = admin.get("/api/v1/phone-templates/yealink").json();
    assert_eq!((&shipped["built_in"], &shipped["base"]), (&json!(true), &json!("yealink")));
    let text = shipped["text"].as_str().unwrap();
    let spoilt = text.replace("account.{{ line.index }}.label", "account.{{ line.nothing }}.label");
    let line = 1 + text[..text.find("account.{{ line.index }}.label").unwrap()].matches('\n').count();
    let checked = admin.ask("POST", "/api/v1/phone-templates/check", Some(json!({ "text": spoilt }))).json();
    assert_eq!(checked["problem"]["line"], line, "{checked}");
    let checked = admin.ask("POST", "/api/v1/phone-templates/check", Some(json!({ "text": text }))).json();
    assert_eq!(checked["problem"], Value::Null);
    let new = |name: &str, text: &str| json!({ "name": name, "base": "yealink", "text": text });
    let refused = admin.ask("POST", "/api/v1/phone-templates", Some(new("Склад", &spoilt)));
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/text")));
    let refused = admin.ask("POST", "/api/v1/phone-templates", Some(new("snom", text)));
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/name")));
    let own = text.replace("call_waiting.enable = 1", "call_waiting.enable = 0");
    let made = admin.ask("POST", "/api/v1/phone-templates", Some(new("Склад", &own)));
    assert_eq!(made.status, 201, "{}", made.text());
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }], "template": "Склад" }));
    let preview = admin.get(&format!("/api/v1/phones/{MAC}/preview")).json();
    assert!(preview["text"].as_str().unwrap().contains("call_waiting.enable = 0"));
    let path = "/api/v1/phone-templates/%D0%A1%D0%BA%D0%BB%D0%B0%D0%B4";
    let refused = admin.ask("DELETE", path, None);
    assert_eq!((refused.status, &refused.json()["references"][0]["key"]), (409, &json!(MAC)));
    assert_eq!(admin.ask("DELETE", &format!("{path}?instead="), None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/phone-templates/yealink", None).status, 404);
    assert_eq!(admin.get("/api/v1/phone-templates").json()["items"].as_array().unwrap().len(), 12);
}

#[test]
fn a_softphone_needs_no_mac_and_scans_its_address() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let phone = bind(&mut admin, json!({ "template": "linphone", "lines": [{ "extension": "203" }] })).json();
    let mac = phone["mac"].as_str().unwrap();
    let address = admin.get(&format!("/api/v1/phones/{mac}/address")).json();
    assert!(address["qr_svg"].as_str().unwrap().contains("<svg"));
    let url = address["url"].as_str().unwrap();
    let path = format!("/{}", url.splitn(4, '/').nth(3).unwrap());
    let given = fetch_as(Wire::plain(&world), "GET", &path, "LinphoneAndroid/5.2.3 (Pixel) LinphoneSDK/5.3");
    assert!(
        given.status == 200 && given.text().contains("<entry name=\"username\" overwrite=\"true\">user203s0</entry>")
    );
}

#[test]
fn what_was_seen_and_given_outlives_a_restart() {
    let world = RealWorld::new();
    let secret = world.handle.phones().with(|ledger| ledger.secret().to_owned());
    let path = format!("/provision/{secret}/805ec0123456.cfg");
    fetch_as(Wire::plain(&world), "GET", &path, AGENT);
    let mut admin = world.admin();
    let extensions = admin.get("/api/v1/extensions").json();
    let number = extensions["items"][0]["number"].clone();
    let bound = bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": number }] }));
    assert_eq!(bound.status, 201, "{}", bound.text());
    assert_eq!(fetch_as(Wire::plain(&world), "GET", &path, AGENT).status, 200);
    let folder = own_folder(&mut admin, MAC);
    let before = admin.get(&format!("/api/v1/phones/{MAC}")).json();
    world.handle.store().flush().unwrap();
    let copy = std::env::temp_dir().join(format!("dozvon-phones-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir_all(&copy).unwrap();
    for name in ["dozvon.db", "dozvon.db-wal"] {
        let _ = std::fs::copy(world.data.join(name), copy.join(name));
    }
    let again = RealWorld::open(copy);
    let mut admin = again.admin();
    let after = admin.get(&format!("/api/v1/phones/{MAC}")).json();
    assert_eq!((&after["seen"], &after["given"]), (&before["seen"], &before["given"]));
    assert_eq!(after["state"], "offline", "the window is closed");
    assert_eq!(fetch_as(Wire::plain(&again), "GET", &path, AGENT).status, 404);
    let own = fetch_as(Wire::tls(&again), "GET", &format!("{folder}805ec0123456.cfg"), AGENT);
    assert_eq!(own.status, 200);
}

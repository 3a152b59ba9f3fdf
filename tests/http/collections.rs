//! The office's collections as a page changes them: each kind made, changed, renamed and removed, with what refers to it.

use dozvon::office::{Device, Forward, Kind, Office};
use serde_json::{Value, json};

use crate::client::{Answer, Caller, put, put_as};
use crate::world::{PASSWORD, TOKEN, VIEWER_TOKEN, World};

fn post(admin: &mut Caller<'_>, path: &str, body: Value) -> Answer {
    admin.ask("POST", path, Some(body))
}

fn delete(admin: &mut Caller<'_>, path: &str) -> Answer {
    admin.ask("DELETE", path, None)
}

/// Status, and every pointer with its words.
fn faults(answer: &Answer) -> (u16, Vec<(String, String)>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    (answer.status, errors.iter().map(|one| (text(&one["pointer"]), text(&one["detail"]))).collect())
}

fn fault(pointer: &str, words: &str) -> (u16, Vec<(String, String)>) {
    (422, vec![(pointer.to_owned(), words.to_owned())])
}

/// Kind and key of whatever stands in the way.
fn referred(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status, &answer.json()["type"]),
        (409, &json!("urn:dozvon:problem:in_use")),
        "{}",
        answer.text()
    );
    let references = answer.json()["references"].as_array().cloned().unwrap_or_default();
    references.iter().map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["key"].as_str().unwrap())).collect()
}

fn office(world: &World) -> Office {
    Office::clone(&world.box_.office.read().unwrap())
}

fn russian(world: &World) -> Caller<'_> {
    Caller::token(world, TOKEN).with("Accept-Language", "ru")
}

#[test]
fn every_collection_makes_changes_renames_and_removes_its_things() {
    let world = World::new();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD).with("Accept-Language", "ru");
    world.add_media("Приветствие");
    for (path, key, new_key, body) in [
        (
            "trunks",
            "name",
            "Новый",
            json!({ "name": "Третий", "number": "74951234567", "server": "sip.example.org:5080", "register": false }),
        ),
        (
            "extensions",
            "number",
            "310",
            json!({ "number": "300", "employee": "Новичок", "devices": [{ "kind": "sip" }] }),
        ),
        ("groups", "number", "510", json!({ "number": "501", "name": "Продажи", "members": ["203", "204"] })),
        ("voice-messages", "name", "Ночь", json!({ "name": "Здравствуйте", "media": "Приветствие" })),
        ("voice-menus", "name", "Меню/2?", json!({ "name": "Главное", "greeting": "Приветствие" })),
        (
            "schedules",
            "name",
            "Зима",
            json!({ "name": "Лето", "hours": [{ "days": "mon-fri", "from": "09:00", "to": "18:00" }], "closed": ["2027-01-01..2027-01-08"] }),
        ),
    ] {
        let collection = format!("/api/v1/{path}");
        let made = post(&mut admin, &collection, body.clone());
        assert_eq!(made.status, 201, "{path}: {}", made.text());
        assert!(made.header("dozvon-version").is_some());
        let place = made.header("location").unwrap().to_owned();
        let item = admin.get(&place);
        assert_eq!(item.header("etag"), made.header("etag"), "{path}");
        assert!(admin.get(&collection).json()["items"].as_array().unwrap().contains(&item.json()), "{path}");
        let (status, told) = faults(&post(&mut admin, &collection, body));
        assert_eq!((status, told[0].0.as_str()), (422, format!("/{key}").as_str()), "{path}: there is one already");

        // what was read can be written, and changes nothing
        let same = put(&mut admin, &place, item.json());
        assert_eq!((same.status, same.header("dozvon-version")), (200, None), "{path}: {}", same.text());
        let stale = put_as(&mut admin, &place, "\"x\"", item.json());
        assert_eq!(stale.status, 412);
        assert_eq!(admin.ask("PUT", &place, Some(item.json())).status, 428);

        let mut renamed = item.json();
        renamed[key] = json!(new_key);
        let renamed = put(&mut admin, &place, renamed);
        assert_eq!((renamed.status, &renamed.json()[key]), (200, &json!(new_key)), "{path}");
        assert_eq!(admin.get(&place).status, 404);
        let mut viewer = Caller::token(&world, VIEWER_TOKEN);
        assert_eq!(viewer.get(&collection).status, 200);
        assert_eq!(post(&mut viewer, &collection, json!({})).status, 403);
        let encoded: String = new_key.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let place = format!("{collection}/{encoded}");
        assert_eq!(put_as(&mut viewer, &place, "*", json!({})).status, 403);
        assert_eq!(delete(&mut viewer, &place).status, 403);
        let gone = Caller::token(&world, TOKEN).with("If-Match", "\"x\"").ask("DELETE", &place, None);
        assert_eq!(gone.status, 412);
        let gone = delete(&mut admin, &place);
        assert_eq!(gone.status, 204, "{path}: {}", gone.text());
        assert!(gone.header("dozvon-version").is_some());
        assert_eq!(delete(&mut admin, &place).status, 404);
    }
}

#[test]
fn a_new_extension_gets_number_login_and_password_and_they_are_told_once() {
    let world = World::new();
    let mut admin = russian(&world);
    let made = post(&mut admin, "/api/v1/extensions", json!({ "employee": "Новичок" }));
    assert_eq!((made.status, made.header("location")), (201, Some("/api/v1/extensions/206")), "{}", made.text());
    let device = &made.json()["devices"][0];
    let (login, password) = (device["login"].as_str().unwrap(), device["password"].as_str().unwrap());
    assert!(login.ends_with("+user206s0") && password.len() == 16, "{device}");
    assert_eq!(made.json()["outgoing_number"], "78126122981", "the first trunk's");
    assert!(!admin.get("/api/v1/extensions/206").text().contains(password), "and never again");
    assert!(!admin.get("/api/v1/extensions").text().contains(password));
    let named = json!({ "kind": "sip", "login": "desk1", "password": "a-long-secret-1" });
    let own = post(
        &mut admin,
        "/api/v1/extensions",
        json!({ "number": "300", "devices": [named, { "kind": "mobile", "number": "8 (921) 123-45-67" }] }),
    );
    assert_eq!((own.status, &own.json()["devices"][1]["number"]), (201, &json!("79211234567")), "{}", own.text());
}

#[test]
fn a_password_that_is_left_out_stays_also_when_its_login_or_its_extension_is_renamed() {
    let world = World::new();
    let mut admin = russian(&world);
    let mut read = admin.get("/api/v1/extensions/200").json();
    read["number"] = json!("210");
    read["devices"][0]["login"] = json!("reception");
    let put_ = put(&mut admin, "/api/v1/extensions/200", read);
    assert_eq!(put_.status, 200, "{}", put_.text());
    assert!(!put_.text().contains("phone-secret"));
    let password = |login: &str| office(&world).device_by_login(login).map(|(_, sip)| sip.password.clone());
    assert_eq!(password("reception").as_deref(), Some("phone-secret-200"));
    // in another order, known by login
    let mut read = admin.get("/api/v1/extensions/210").json();
    let devices = read["devices"].as_array().unwrap().clone();
    read["devices"] = json!([devices[1], devices[0]]);
    assert_eq!(put(&mut admin, "/api/v1/extensions/210", read).status, 200);
    assert_eq!(password("reception").as_deref(), Some("phone-secret-200"));

    let mut trunk = admin.get("/api/v1/trunks/%D0%97%D0%B0%D0%BF%D0%B0%D1%81%D0%BD%D0%BE%D0%B9").json();
    assert_eq!((&trunk["has_password"], trunk.get("password")), (&json!(true), None));
    trunk["name"] = json!("Второй");
    assert_eq!(put(&mut admin, "/api/v1/trunks/%D0%97%D0%B0%D0%BF%D0%B0%D1%81%D0%BD%D0%BE%D0%B9", trunk).status, 200);
    assert_eq!(office(&world).trunk("Второй").unwrap().password, "carrier-secret");
}

#[test]
fn an_admin_asks_for_one_password_at_a_time_and_a_viewer_for_none() {
    let world = World::new();
    let mut admin = russian(&world);
    let trunk = "/api/v1/trunks/%D0%97%D0%B0%D0%BF%D0%B0%D1%81%D0%BD%D0%BE%D0%B9/password";
    let device = "/api/v1/extensions/201/devices/user201s0/password";
    assert_eq!(admin.get(trunk).json(), json!({ "password": "carrier-secret" }));
    assert_eq!(admin.get(device).json(), json!({ "password": "phone-secret-201" }));
    for nobody in ["/api/v1/extensions/200/devices/user201s0/password", "/api/v1/trunks/x/password"] {
        assert_eq!(admin.get(nobody).status, 404);
    }
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!((viewer.get(trunk).status, viewer.get(device).status), (403, 403));
}

#[test]
fn everything_that_refers_to_a_thing_follows_its_new_key() {
    let world = World::new();
    let mut admin = russian(&world);
    let group = json!({ "number": "500", "name": "Все", "members": ["200", "201"] });
    assert_eq!(post(&mut admin, "/api/v1/groups", group).status, 201);
    let mut read = admin.get("/api/v1/extensions/201").json();
    read["number"] = json!("220");
    // 201 forwarded to itself when busy; the others do
    read["devices"][0]["forward"] = json!({ "mode": "none" });
    assert_eq!(put(&mut admin, "/api/v1/extensions/201", read).status, 200);
    let after = office(&world);
    assert_eq!(after.groups[0].members, ["200", "220"]);
    let forward = after.extension("203").unwrap().sip_devices().next().unwrap().forward.clone();
    assert_eq!(forward, Forward::Conditional { busy: "220".to_owned(), no_answer: String::new() });
    // the number of a trunk is what extensions show
    let path = "/api/v1/trunks/%D0%9E%D1%81%D0%BD%D0%BE%D0%B2%D0%BD%D0%BE%D0%B9%20%D0%B3%D0%BE%D1%80%D0%BE%D0%B4%D1%81%D0%BA%D0%BE%D0%B9";
    let mut trunk = admin.get(path).json();
    trunk["number"] = json!("8 (812) 999-88-77");
    let put_ = put(&mut admin, path, trunk);
    assert_eq!((put_.status, &put_.json()["number"]), (200, &json!("78129998877")), "{}", put_.text());
    assert!(office(&world).extensions.iter().all(|one| one.outgoing_number == "78129998877"));
}

#[test]
fn what_is_referred_to_is_removed_only_with_a_word_for_those_who_refer() {
    let world = World::new();
    let mut admin = russian(&world);
    for body in [
        json!({ "number": "500", "name": "Все", "members": ["200", "202", "203"] }),
        json!({ "number": "501", "name": "Продажи", "members": ["202"] }),
    ] {
        assert_eq!(post(&mut admin, "/api/v1/groups", body).status, 201);
    }
    let refused = delete(&mut admin, "/api/v1/extensions/202");
    assert_eq!(referred(&refused), ["group 500", "group 501"]);
    let first = refused.json()["references"][0].clone();
    assert_eq!((&first["text"], &first["href"]), (&json!("состав группы 500 «Все»"), &json!("#/groups/500")));
    let english = delete(&mut Caller::token(&world, TOKEN).with("Accept-Language", "en"), "/api/v1/extensions/202");
    assert_eq!(english.json()["references"][0]["text"], "the members of group 500 “Все”");
    assert!(office(&world).has(Kind::Extension, "202"), "nothing has changed");
    let nobody = delete(&mut admin, "/api/v1/extensions/202?instead=299");
    assert_eq!((nobody.status, &nobody.json()["errors"][0]["parameter"]), (422, &json!("instead")));
    assert_eq!(delete(&mut admin, "/api/v1/extensions/202?instead=202").status, 422);
    assert_eq!(delete(&mut admin, "/api/v1/extensions/202?other=1").status, 400);
    assert_eq!(delete(&mut admin, "/api/v1/extensions/202?instead=203").status, 204);
    let after = office(&world);
    assert_eq!(
        (&after.groups[0].members, &after.groups[1].members),
        (&vec!["200".to_owned(), "203".to_owned()], &vec!["203".to_owned()])
    );

    assert_eq!(delete(&mut admin, "/api/v1/extensions/201").status, 409, "others forward to it");
    assert_eq!(delete(&mut admin, "/api/v1/extensions/201?instead=").status, 204);
    let after = office(&world);
    let silent = |device: &Device| !matches!(device, Device::Sip(sip) if sip.forward != Forward::None);
    assert!(after.extensions.iter().flat_map(|one| &one.devices).all(silent));
}

#[test]
fn a_sound_that_something_can_not_be_without_is_in_the_way_also_of_taking_away() {
    let world = World::new();
    let mut admin = russian(&world);
    world.add_media("Приветствие");
    let message = json!({ "name": "Здравствуйте", "media": "Приветствие" });
    assert_eq!(post(&mut admin, "/api/v1/voice-messages", message).status, 201);
    let group = json!({ "number": "500", "greeting": "Приветствие" });
    assert_eq!(post(&mut admin, "/api/v1/groups", group).status, 201);
    let path = "/api/v1/media/%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%D1%81%D1%82%D0%B2%D0%B8%D0%B5";
    assert_eq!(referred(&delete(&mut admin, path)), ["group 500", "voice_message Здравствуйте"]);
    assert_eq!(referred(&delete(&mut admin, &format!("{path}?instead="))), ["voice_message Здравствуйте"]);
    let mut read = admin.get(path).json();
    let users: Vec<_> = read["used_by"].as_array().unwrap().iter().map(|user| [&user["kind"], &user["key"]]).collect();
    assert_eq!(users, [[&json!("group"), &json!("500")], [&json!("voice_message"), &json!("Здравствуйте")]]);
    assert_eq!(read["used_by"][0]["href"], "#/groups/500");
    assert_eq!(put(&mut admin, path, read.clone()).header("dozvon-version"), None, "what was read can be written");
    read["name"] = json!("Новое");
    read["file"] = json!("../../etc/passwd");
    let renamed = put(&mut admin, path, read);
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    let after = office(&world);
    assert_eq!((after.media[0].file.as_str(), after.groups[0].greeting.as_str()), ("Приветствие.ogg", "Новое"));
    assert_eq!(after.voice_messages[0].media, "Новое");
    world.add_media("Другое");
    assert_eq!(
        delete(&mut admin, "/api/v1/media/%D0%9D%D0%BE%D0%B2%D0%BE%D0%B5?instead=%D0%94%D1%80%D1%83%D0%B3%D0%BE%D0%B5")
            .status,
        204
    );
    assert_eq!(office(&world).voice_messages[0].media, "Другое");
}

#[test]
fn what_is_wrong_is_told_at_its_field_in_russian() {
    let world = World::new();
    let mut admin = russian(&world);
    world.add_media("Приветствие");
    let group = json!({ "number": "500", "name": "Продажи" });
    assert_eq!(post(&mut admin, "/api/v1/groups", group).status, 201);
    let sip = |more: Value| {
        let mut device = json!({ "kind": "sip" });
        device.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "number": "300", "devices": [device] })
    };
    for (path, body, pointer, words) in [
        ("extensions", json!({ "number": "500" }), "/number", "500 уже у группы «Продажи». Свободны 501 и 502."),
        (
            "extensions",
            json!({ "number": "203" }),
            "/number",
            "203 уже у сотрудника «Отдел продаж». Свободны 206 и 207.",
        ),
        ("extensions", json!({ "number": "705" }), "/number", "705 — место парковки. Свободны 710 и 711."),
        ("extensions", json!({ "number": "12" }), "/number", "Номер из 3–5 цифр, первая от 2 до 9."),
        ("extensions", json!({ "number": 300 }), "/number", "Здесь нужен текст."),
        ("extensions", json!({ "number": null }), "/number", "Здесь не может быть null: уберите поле."),
        ("extensions", json!({ "number": "" }), "/number", "Заполните это поле."),
        ("extensions", json!({ "number": "300", "email": "x" }), "/email", "Это не адрес почты."),
        (
            "extensions",
            json!({ "number": "300", "ring": "loud" }),
            "/ring",
            "Здесь может стоять: parallel, sequential.",
        ),
        (
            "extensions",
            json!({ "number": "300", "outgoing_number": "74950000000" }),
            "/outgoing_number",
            "Внешнего номера 74950000000 у станции нет.",
        ),
        ("extensions", json!({ "number": "300", "devices": [] }), "/devices", "Устройств от 1 до 4."),
        ("extensions", json!({ "number": "300", "device": [] }), "/device", "Такого поля нет. Может быть, devices?"),
        (
            "extensions",
            json!({ "number": "300", "employe": "x" }),
            "/employe",
            "Такого поля нет. Может быть, employee?",
        ),
        ("extensions", sip(json!({ "ring_seconds": 301 })), "/devices/0/ring_seconds", "Число от 1 до 300."),
        (
            "extensions",
            sip(json!({ "ring_seconds": 18446744073709551615u64 })),
            "/devices/0/ring_seconds",
            "Число от 1 до 300.",
        ),
        ("extensions", sip(json!({ "ring_seconds": 1.5 })), "/devices/0/ring_seconds", "Здесь нужно целое число."),
        (
            "extensions",
            sip(json!({ "login": "Иванов" })),
            "/devices/0/login",
            "Только латинские буквы, цифры и знаки + - . _, не длиннее 64.",
        ),
        (
            "extensions",
            sip(json!({ "login": "user201s0" })),
            "/devices/0/login",
            "Логин user201s0 уже у устройства номера 201.",
        ),
        (
            "extensions",
            sip(json!({ "password": "12345678" })),
            "/devices/0/password",
            "Одни цифры подберут. Добавьте буквы, или возьмите не меньше 12 цифр.",
        ),
        (
            "extensions",
            sip(json!({ "allow_from": ["192.168.1.1/24"] })),
            "/devices/0/allow_from/0",
            "Адрес сети записан не до конца: у 192.168.1.0/24 последнее число 0.",
        ),
        (
            "extensions",
            sip(json!({ "forward": { "mode": "always", "to": "299" } })),
            "/devices/0/forward/to",
            "Такого номера нет: ни внутреннего, ни группы, ни городского, ни мобильного.",
        ),
        (
            "extensions",
            sip(json!({ "forward": { "mode": "always", "to": "300" } })),
            "/devices/0/forward/to",
            "Это тот же номер: звонок вернулся бы сюда.",
        ),
        (
            "extensions",
            sip(json!({ "forward": { "mode": "always", "to": "8 921 123-45-67" } })),
            "/devices/0/forward/to",
            "Это мобильный другого региона, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
        ),
        (
            "extensions",
            sip(json!({ "kind": "mobile", "number": "12" })),
            "/devices/0/number",
            "Это не номер телефона. Пишите как набираете: 8 921 123-45-67.",
        ),
        ("extensions", sip(json!({ "mac": "x" })), "/devices/0/mac", "MAC-адрес вида 80:5e:c0:12:34:56."),
        ("trunks", json!({ "name": "Новый", "server": "x", "login": "y" }), "/number", "Заполните это поле."),
        (
            "trunks",
            json!({ "name": "Новый", "number": "74951234567", "server": "a b", "login": "y" }),
            "/server",
            "Имя сервера или адрес, можно с портом: sip.example.org или sip.example.org:5060.",
        ),
        (
            "trunks",
            json!({ "name": "Новый", "number": "74951234567", "server": "x" }),
            "/login",
            "Заполните логин, или выключите регистрацию, если оператор узнаёт вас по адресу.",
        ),
        (
            "trunks",
            json!({ "name": "Новый", "number": "8 (812) 612-29-81", "server": "x", "login": "y" }),
            "/number",
            "Номер 78126122981 уже у подключения «Основной городской».",
        ),
        (
            "trunks",
            json!({ "name": "Новый", "number": "12", "server": "x", "login": "y" }),
            "/number",
            "Номер с кодом страны, одними цифрами: 78126122981.",
        ),
        (
            "trunks",
            json!({ "name": "Запасной", "number": "74951234567", "server": "x", "login": "y" }),
            "/name",
            "«Запасной» уже есть, выберите другое имя.",
        ),
        (
            "groups",
            json!({ "number": "501", "members": ["200", "299"] }),
            "/members/1",
            "Внутреннего номера «299» нет.",
        ),
        ("groups", json!({ "number": "501", "members": ["200", "200"] }), "/members/1", "200 здесь дважды."),
        ("groups", json!({ "number": "501", "members": "200" }), "/members", "Здесь нужен список."),
        ("groups", json!({ "number": "501", "music": "Нет такой" }), "/music", "Медиафайла «Нет такой» нет."),
        (
            "voice-messages",
            json!({ "name": "Ночь", "media": "Приветствие", "repeat": 0 }),
            "/repeat",
            "Число от 1 до 100.",
        ),
        ("voice-messages", json!({ "name": "Ночь" }), "/media", "Заполните это поле."),
        ("voice-menus", json!({ "name": "Меню", "greeting": "Нет" }), "/greeting", "Медиафайла «Нет» нет."),
        (
            "schedules",
            json!({ "name": "Лето", "hours": [{ "days": "пн", "from": "09:00", "to": "18:00" }] }),
            "/hours/0/days",
            "Дни недели: mon-fri или sat,sun.",
        ),
        (
            "schedules",
            json!({ "name": "Лето", "hours": [{ "days": "mon", "from": "9", "to": "18:00" }] }),
            "/hours/0/from",
            "Время от 00:00 до 24:00.",
        ),
        (
            "schedules",
            json!({ "name": "Лето", "closed": ["2027-01-08..2027-01-01"] }),
            "/closed/0",
            "Последний день раньше первого.",
        ),
        ("schedules", json!({ "name": "Лето", "closed": ["1 января"] }), "/closed/0", "Дата вида 2026-12-31."),
        ("schedules", json!({ "name": "Лето", "hours": ["x"] }), "/hours/0", "Здесь нужны поля в фигурных скобках."),
        (
            "schedules",
            json!({ "name": "Лето", "x": [[[[[[[[1]]]]]]]] }),
            "/x/0/0/0/0/0/0/0",
            "Слишком глубоко вложено.",
        ),
    ] {
        let answer = post(&mut admin, &format!("/api/v1/{path}"), body.clone());
        assert_eq!(faults(&answer), fault(pointer, words), "{path} {body}: {}", answer.text());
    }
    assert_eq!(world.box_.changes.lock().unwrap().len(), 1);
}

#[test]
fn a_taken_key_is_told_at_the_field_whichever_of_both_comes_first() {
    let world = World::new();
    let mut admin = russian(&world);
    let mut read = admin.get("/api/v1/extensions/202").json();
    read["number"] = json!("204");
    let (status, told) = faults(&put(&mut admin, "/api/v1/extensions/202", read));
    assert_eq!((status, told[0].0.as_str()), (422, "/number"), "{told:?}");
    assert_eq!(told[0].1, "204 уже у сотрудника «Кабинет директора». Свободны 206 и 207.");
    let mut read = admin.get("/api/v1/extensions/201").json();
    read["devices"][0]["login"] = json!("user204s0");
    let told = faults(&put(&mut admin, "/api/v1/extensions/201", read));
    assert!(
        told.1.contains(&("/devices/0/login".to_owned(), "Логин user204s0 уже у устройства номера 204.".to_owned())),
        "{told:?}"
    );
}

#[test]
fn a_number_that_starts_on_the_desk_is_not_taken_from_its_trunk_by_the_way() {
    let world = World::new();
    let mut admin = russian(&world);
    let path = "/api/v1/trunks/%D0%97%D0%B0%D0%BF%D0%B0%D1%81%D0%BD%D0%BE%D0%B9";
    let mut trunk = admin.get(path).json();
    trunk["numbers"] = json!(["78126400513"]);
    assert_eq!(put(&mut admin, path, trunk.clone()).status, 200);
    world.edit(|office| {
        use dozvon::office::{Element, ElementKind};
        let kind = ElementKind::Incoming { numbers: vec!["78126400513".to_owned()] };
        office.desk.elements.push(Element { id: "in".to_owned(), kind, x: 0.0, y: 0.0, links: Default::default() });
    });
    trunk["numbers"] = json!([]);
    let refused = put(&mut admin, path, trunk);
    assert_eq!(referred(&refused), ["element in"]);
    assert_eq!(refused.json()["references"][0]["href"], "#/routing/in");
    assert_eq!(delete(&mut admin, path).status, 409);
    assert_eq!(delete(&mut admin, &format!("{path}?instead=")).status, 204);
    assert!(office(&world).desk.elements.is_empty());
}

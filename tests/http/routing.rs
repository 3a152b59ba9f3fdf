//! The desk, what the office has once, what a dialled number means, and click to call.

use dozvon::engine::live::{ContactView, Live};
use serde_json::{Value, json};

use crate::client::{Answer, Caller, put};
use crate::world::{START, TOKEN, VIEWER_TOKEN, World};

fn post(caller: &mut Caller<'_>, path: &str, body: Value) -> Answer {
    caller.ask("POST", path, Some(body))
}

/// Every pointer with its words.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 422, "{}", answer.text());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let body = answer.json();
    body["errors"].as_array().unwrap().iter().map(|one| (text(&one["pointer"]), text(&one["detail"]))).collect()
}

fn fault(pointer: &str, words: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), words.to_owned())]
}

fn russian(world: &World) -> Caller<'_> {
    Caller::token(world, TOKEN).with("Accept-Language", "ru")
}

/// A desk with a timetable, a menu, a message, an extension, a group and the end.
fn world() -> World {
    let world = World::new();
    world.add_media("Приветствие");
    let mut admin = russian(&world);
    let hours = json!([{ "days": "mon-fri", "from": "09:00", "to": "18:00" }]);
    for (path, body) in [
        ("schedules", json!({ "name": "Рабочее время", "hours": hours })),
        ("voice-menus", json!({ "name": "Меню", "greeting": "Приветствие" })),
        ("voice-messages", json!({ "name": "Ночь", "media": "Приветствие" })),
        ("groups", json!({ "number": "500", "name": "Все", "members": ["200", "201"] })),
    ] {
        assert_eq!(post(&mut admin, &format!("/api/v1/{path}"), body).status, 201);
    }
    world
}

fn desk() -> Value {
    json!({ "elements": [
        { "id": "in", "kind": "incoming", "numbers": ["78126122981"], "x": 40, "y": 200.5, "links": { "next": "hours" } },
        { "id": "hours", "kind": "schedule", "schedule": "Рабочее время", "x": 0, "y": 0, "links": { "yes": "menu", "no": "night" } },
        { "id": "menu", "kind": "voice_menu", "voice_menu": "Меню", "x": 0, "y": 0, "links": { "1": "one", "2": "one", "#": "all", "timeout": "all" } },
        { "id": "one", "kind": "extension", "extension": "200", "x": 0, "y": 0, "links": {} },
        { "id": "all", "kind": "group", "group": "500", "x": 0, "y": 0, "links": { "reserve": "night" } },
        { "id": "night", "kind": "voice_message", "voice_message": "Ночь", "x": 0, "y": 0, "links": { "next": "bye" } },
        { "id": "bye", "kind": "hang_up", "x": 0, "y": 0, "links": {} },
    ] })
}

#[test]
fn a_desk_is_drawn_read_and_drawn_again() {
    let world = world();
    let mut admin = russian(&world);
    let empty = admin.get("/api/v1/routing");
    assert_eq!(empty.json()["elements"], json!([]));
    let told = &empty.json()["problems"][0];
    assert_eq!(
        (&told["number"], &told["element"], &told["severity"]),
        (&json!("78126122981"), &json!(null), &json!("warning"))
    );
    let drawn = put(&mut admin, "/api/v1/routing", desk());
    assert_eq!(drawn.status, 200, "{}", drawn.text());
    assert!(drawn.header("dozvon-version").is_some());
    assert_eq!(drawn.json()["elements"], desk()["elements"]);
    let read = admin.get("/api/v1/routing");
    assert_eq!((read.json(), read.header("etag")), (drawn.json(), drawn.header("etag")));
    let same = put(&mut admin, "/api/v1/routing", read.json());
    assert_eq!((same.status, same.header("dozvon-version")), (200, None), "what was read can be written");
    assert_eq!(admin.ask("PUT", "/api/v1/routing", Some(desk())).status, 428);
    let late = Caller::token(&world, TOKEN).with("If-Match", "\"x\"").ask("PUT", "/api/v1/routing", Some(desk()));
    assert_eq!(late.status, 412);
    let mut viewer = Caller::token(&world, VIEWER_TOKEN).with("If-Match", "*");
    assert_eq!(
        (viewer.get("/api/v1/routing").status, viewer.ask("PUT", "/api/v1/routing", Some(desk())).status),
        (200, 403)
    );
    let gone = admin.ask("DELETE", "/api/v1/voice-messages/%D0%9D%D0%BE%D1%87%D1%8C", None);
    assert_eq!((gone.status, &gone.json()["references"][0]["key"]), (409, &json!("night")));
    let gone = admin.ask("DELETE", "/api/v1/voice-messages/%D0%9D%D0%BE%D1%87%D1%8C?instead=", None);
    assert_eq!(gone.status, 204, "{}", gone.text());
    let elements = admin.get("/api/v1/routing").json()["elements"].clone();
    assert_eq!(elements.as_array().unwrap().len(), 6);
    assert_eq!(elements[4]["links"], json!({}), "a link that led there went with it");
}

#[test]
fn what_is_wrong_with_a_desk_is_told_at_its_element_and_nothing_is_applied() {
    let world = world();
    let mut admin = russian(&world);
    let with = |nth: usize, key: &str, value: Value| {
        let mut desk = desk();
        desk["elements"][nth][key] = value;
        desk
    };
    for (body, pointer, words) in [
        (with(4, "group", json!("501")), "/elements/4/group", "Группы «501» нет."),
        (with(3, "extension", json!("299")), "/elements/3/extension", "Внутреннего номера «299» нет."),
        (
            with(0, "numbers", json!(["74950000000"])),
            "/elements/0/numbers/0",
            "Внешнего номера 74950000000 у станции нет.",
        ),
        (with(0, "numbers", json!([])), "/elements/0/numbers", "Заполните это поле."),
        (
            with(1, "links", json!({ "maybe": "menu" })),
            "/elements/1/links/maybe",
            "Выхода «maybe» у этого элемента нет.",
        ),
        (with(1, "links", json!({ "yes": "nowhere" })), "/elements/1/links/yes", "Элемента «nowhere» на схеме нет."),
        (
            with(1, "links", json!({ "yes": "in" })),
            "/elements/1/links/yes",
            "Во входящий звонок ничего не ведёт: это начало.",
        ),
        (with(1, "links", json!({ "yes": 1 })), "/elements/1/links/yes", "Здесь нужен текст."),
        (with(1, "links", json!("x")), "/elements/1/links", "Здесь нужны поля в фигурных скобках."),
        (with(1, "x", json!("left")), "/elements/1/x", "Здесь нужно число."),
        (with(1, "x", json!(1e9)), "/elements/1/x", "Слишком далеко от середины схемы."),
        (with(6, "id", json!("night")), "/elements/6/id", "«night» уже есть, выберите другое имя."),
        (
            with(6, "kind", json!("lift")),
            "/elements/6/kind",
            "Здесь может стоять: incoming, extension, group, voice_message, voice_menu, schedule, dial_extension, hang_up.",
        ),
        (with(6, "colour", json!("red")), "/elements/6/colour", "Такого поля нет."),
        (json!({ "elements": {} }), "/elements", "Здесь нужен список."),
        (json!({ "elements": [7] }), "/elements/0", "Здесь нужны поля в фигурных скобках."),
        (json!({}), "/elements", "Заполните это поле."),
        (json!({ "elements": [], "link": [] }), "/link", "Такого поля нет."),
    ] {
        let refused = put(&mut admin, "/api/v1/routing", body.clone());
        let told = faults(&refused);
        assert!(told.contains(&fault(pointer, words)[0]), "{pointer}: {told:?}");
        let checked = post(&mut admin, "/api/v1/routing/check", body);
        assert_eq!(faults(&checked), told, "a check says the same");
    }
    let round = with(4, "links", json!({ "reserve": "hours" }));
    let mut round = round;
    round["elements"][1]["links"] = json!({ "yes": "all", "no": "all" });
    let refused = put(&mut admin, "/api/v1/routing", round.clone());
    let words = "звонок ходит по кругу без ожидания: график «Рабочее время» → группа 500 → график «Рабочее время»";
    assert_eq!(faults(&refused)[0], fault("/elements/1", words)[0]);
    let checked = post(&mut admin, "/api/v1/routing/check", round);
    let first = &checked.json()["problems"][0];
    assert_eq!((checked.status, &first["element"], &first["severity"]), (200, &json!("hours"), &json!("error")));
    let mut loose = desk();
    loose["elements"][1]["links"] = json!({ "yes": "menu" });
    let checked = post(&mut admin, "/api/v1/routing/check", loose);
    let texts: Vec<Value> =
        checked.json()["problems"].as_array().unwrap().iter().map(|one| one["text"].clone()).collect();
    assert!(texts.contains(&json!("выход «нет» никуда не ведёт, звонок там прекращается")), "{texts:?}");
    let outs = checked.json()["problems"].as_array().unwrap().clone();
    assert!(outs.iter().any(|one| one["element"] == "hours" && one["out"] == "no"), "which output is meant: {outs:?}");
    assert!(admin.get("/api/v1/routing").json()["elements"].as_array().unwrap().is_empty());
}

#[test]
fn an_imagined_call_lights_its_way_on_a_desk_that_was_not_applied() {
    let world = world();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN).with("Accept-Language", "ru");
    let ask = |more: Value| {
        let mut body = json!({ "number": "8 (812) 612-29-81", "from": "79211234567", "at": "2026-11-25 14:00", "elements": desk()["elements"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let day = post(&mut viewer, "/api/v1/routing/what-if", ask(json!({ "keys": ["2"], "busy": ["201"] })));
    assert_eq!(day.status, 200, "{}", day.text());
    let steps: Vec<(Value, Value)> = day.json()["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["element"].clone(), one["out"].clone()))
        .collect();
    let way = [
        ("in", json!("next")),
        ("hours", json!("yes")),
        ("menu", json!(null)),
        ("menu", json!("2")),
        ("one", json!(null)),
    ];
    assert_eq!(steps, way.map(|(id, out)| (json!(id), out)));
    assert_eq!(day.json()["end"]["code"], "not_taken");
    let night = post(&mut viewer, "/api/v1/routing/what-if", ask(json!({ "at": "23:00" })));
    let last = night.json()["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["element"], &last["text"]), (&json!("bye"), &json!("кладём трубку")));
    for (more, pointer) in [
        (json!({ "number": "74950000000" }), "/number"),
        (json!({ "at": "завтра" }), "/at"),
        (json!({ "busy": ["200", "299"] }), "/busy/1"),
        (json!({ "offline": ["299"] }), "/offline/0"),
        (json!({ "keys": ["1", "x"] }), "/keys/1"),
    ] {
        assert_eq!(faults(&post(&mut viewer, "/api/v1/routing/what-if", ask(more)))[0].0, pointer);
    }
    let applied = post(&mut viewer, "/api/v1/routing/what-if", json!({ "number": "78126122981" }));
    assert_eq!(applied.json()["steps"][0]["element"], json!(null), "the desk in force has no start for it");
    assert_eq!(post(&mut viewer, "/api/v1/routing/what-if", json!({ "number": 1 })).status, 400);
}

#[test]
fn what_the_office_has_once_is_changed_table_by_table() {
    let world = World::new();
    let mut admin = russian(&world);
    let mut read = admin.get("/api/v1/settings").json();
    assert_eq!((&read["office"]["area_code"], &read["recordings"]["format"]), (&json!("812"), &json!("opus")));
    read["office"]["name"] = json!("ООО Лютик");
    read["protection"]["trusted_networks"] = json!(["192.168.1.0/24"]);
    let put_ = put(&mut admin, "/api/v1/settings", read.clone());
    assert_eq!((put_.status, put_.json()), (200, read), "{}", put_.text());
    let only = put(&mut admin, "/api/v1/settings", json!({ "recordings": { "keep_days": 30 } }));
    assert_eq!(only.json()["recordings"]["keep_days"], 30);
    assert_eq!(only.json()["office"]["name"], "ООО Лютик", "what is left out is left alone");
    for (body, pointer, words) in [
        (
            json!({ "office": { "timezone": "Europe/Moskow" } }),
            "/office/timezone",
            "Такого часового пояса нет. Может быть, Europe/Moscow?",
        ),
        (json!({ "office": { "area_code": "8125555" } }), "/office/area_code", "Код города: не больше 5 цифр."),
        (json!({ "office": { "country": "XX" } }), "/office/country", "Плана нумерации этой страны у станции нет."),
        (json!({ "office": { "music": ["Нет"] } }), "/office/music/0", "Медиафайла «Нет» нет."),
        (json!({ "office": null }), "/office", "Здесь не может быть null: уберите поле."),
        (json!({ "office": "x" }), "/office", "Здесь нужны поля в фигурных скобках."),
        (json!({ "recordings": { "keep_days": 4000 } }), "/recordings/keep_days", "Число от 0 до 3650."),
        (
            json!({ "protection": { "trusted_networks": ["x"] } }),
            "/protection/trusted_networks/0",
            "Адрес или сеть: 192.168.1.7 или 192.168.1.0/24.",
        ),
        (json!({ "voicemail": { "greeting": "Нет" } }), "/voicemail/greeting", "Медиафайла «Нет» нет."),
        (json!({ "user": [] }), "/user", "Такого поля нет."),
    ] {
        assert_eq!(faults(&put(&mut admin, "/api/v1/settings", body)), fault(pointer, words));
    }
}

#[test]
fn the_page_shows_how_a_number_would_be_understood() {
    let world = world();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN).with("Accept-Language", "ru");
    for (dialled, kind, class, permitted, text) in [
        ("123-45-67", "outside", json!("city"), true, "Городской номер: 88121234567, через «Основной городской»."),
        (
            "8 921 123-45-67",
            "outside",
            json!("mobile_national"),
            false,
            "Мобильный другого региона: 89211234567. Номеру 200 туда звонить нельзя.",
        ),
        ("201", "extension", json!(null), true, "Внутренний номер 201: Бухгалтерия."),
        ("500", "group", json!(null), true, "Группа 500: Все."),
        ("112", "emergency", json!(null), true, "Экстренный номер: можно всегда."),
        ("*43", "feature", json!(null), true, "Код: проверка эхом."),
        ("701", "place", json!(null), true, "Место парковки 701."),
        (
            "*31 123-45-67",
            "outside",
            json!("city"),
            true,
            "Городской номер: 88121234567, через «Основной городской». Ваш номер не покажут.",
        ),
        (
            "+78126122981",
            "own_number",
            json!(null),
            true,
            "Ваш внешний номер 88126122981: звонок пойдёт по маршруту, не выходя из станции.",
        ),
        ("77", "unknown", json!(null), false, "Такого номера нет: звонок не пойдёт."),
    ] {
        let answer = post(&mut viewer, "/api/v1/extensions/200/dial", json!({ "number": dialled })).json();
        assert_eq!((&answer["kind"], &answer["class"]), (&json!(kind), &class), "{dialled}: {answer}");
        assert_eq!((&answer["permitted"], &answer["text"]), (&json!(permitted), &json!(text)), "{dialled}");
    }
    assert_eq!(post(&mut viewer, "/api/v1/extensions/299/dial", json!({ "number": "1" })).status, 404);
}

#[test]
fn click_to_call_rings_only_what_can_ring_and_calls_only_what_may_be_called() {
    let world = world();
    let mut admin = russian(&world);
    let call = |from: &str, to: &str| json!({ "extension": from, "to": to });
    let silent = post(&mut admin, "/api/v1/calls", call("201", "202"));
    assert_eq!(silent.status, 409);
    assert_eq!(silent.json()["detail"], "Ни один телефон номера 201 сейчас не подключён: звонить не с чего.");
    let contacts =
        vec![ContactView { peer: "192.168.1.21:5060".parse().unwrap(), user_agent: String::new(), expires_at: START }];
    world.board.apply(Live::Registration { login: "user201s0".to_owned(), contacts }, START);
    let rings = post(&mut admin, "/api/v1/calls", call("201", "8 (812) 123-45-67"));
    assert_eq!((rings.status, rings.header("location")), (201, Some("/api/v1/calls/1")), "{}", rings.text());
    assert_eq!(*world.box_.ordered.lock().unwrap(), [("201".to_owned(), "88121234567".to_owned())]);
    for (to, words) in [
        ("201", "Внутренний номер 201: Бухгалтерия."),
        ("89211234567", "Мобильный другого региона: 89211234567. Номеру 201 туда звонить нельзя."),
        ("", "Такого номера нет: звонок не пойдёт."),
        ("*43", "Код: проверка эхом."),
    ] {
        assert_eq!(faults(&post(&mut admin, "/api/v1/calls", call("201", to))), fault("/to", words));
    }
    assert_eq!(post(&mut admin, "/api/v1/calls", call("299", "201")).status, 404);
    assert_eq!(post(&mut admin, "/api/v1/calls", json!({ "extension": "201" })).status, 400);
    assert_eq!(post(&mut Caller::token(&world, VIEWER_TOKEN), "/api/v1/calls", call("201", "202")).status, 403);
}

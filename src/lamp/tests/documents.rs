//! What phones read.

use super::*;

fn dialog_of(house: &mut House, number: &str) -> String {
    house.watch(number);
    house.last().body()
}

fn presence_of(house: &mut House, number: &str) -> String {
    house.send(&text(number, "p", 1, "", &["Event: presence"])).unwrap();
    house.answer(200);
    house.last().body()
}

#[test]
fn a_ringing_lamp_tells_who_calls_and_how_to_pick_it_up() {
    let mut house = House::new();
    house.talks("201", &[talk(7, TalkState::Ringing)]);
    let body = dialog_of(&mut house, "201");
    assert_eq!(
        body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" entity=\"sip:201@10.0.0.1\">\r\n\
         <dialog id=\"201\" call-id=\"pickup-201-7@dozvon\" local-tag=\"l7\" remote-tag=\"r7\" direction=\"recipient\">\
         <state>early</state><remote><identity display=\"Склад\">sip:202@10.0.0.1</identity>\
         <target uri=\"sip:202@10.0.0.1\"/></remote></dialog>\r\n</dialog-info>\r\n"
    );
}

#[test]
fn pickup_ids_read_back_in_either_order_of_the_tags_and_nothing_else_does() {
    let (call_id, local, remote) = pickup_id(7, "201");
    for (one, other) in [(&local, &remote), (&remote, &local), (&local, &"0".to_owned())] {
        assert_eq!(of_pickup_id(&call_id, one, other), Some((7, "201")));
    }
    assert_eq!(of_pickup_id(&call_id, &local, "r8"), None);
    assert_eq!(of_pickup_id(&call_id, &local, &local), None);
    for wrong in
        ["pickup-201-@dozvon", "pickup-201-07@dozvon", "pickup-201-7@other", "201-7@dozvon", "pickup-7@dozvon", ""]
    {
        assert_eq!(of_pickup_id(wrong, &local, &remote), None, "{wrong}");
    }
}

#[test]
fn talks_tell_their_direction_and_whether_they_are_held() {
    let mut house = House::new();
    let held = Talk { held: true, remote: String::new(), remote_name: String::new(), ..talk(1, TalkState::Talking) };
    house.talks("201", &[held, talk(2, TalkState::Calling)]);
    let body = dialog_of(&mut house, "201");
    assert!(body.contains("<dialog id=\"201\" direction=\"recipient\"><state>confirmed</state><local>"), "{body}");
    assert!(body.contains("<param pname=\"+sip.rendering\" pvalue=\"no\"/>"));
    assert!(body.contains("<identity>sip:anonymous@10.0.0.1</identity>"));
    assert!(body.contains("<dialog id=\"201-2\" direction=\"initiator\"><state>proceeding</state>"));
    assert!(!body.contains("call-id"), "only what rings can be picked up");
}

#[test]
fn an_offline_phone_burns_and_an_idle_one_does_not() {
    let mut house = House::new();
    house.phone("201", registered());
    house.phone("202", Phone::default());
    let (idle, offline) = (dialog_of(&mut house, "201"), dialog_of(&mut house, "202"));
    assert!(idle.contains("<dialog id=\"201\"><state>terminated</state></dialog>") && !idle.contains("note"));
    assert!(offline.contains("<dialog id=\"202\" direction=\"recipient\"><state>confirmed</state>"), "{offline}");
    assert!(offline.contains("<identity display=\"Offline\">") && offline.contains(">Offline</note>"));
    assert!(dialog_of(&mut house, "701").contains("terminated"), "a parking place has no phone that could be off");
}

#[test]
fn do_not_disturb_burns_and_forwarding_is_said() {
    let mut house = House::new();
    house.phone("201", Phone { do_not_disturb: true, ..registered() });
    house.phone("202", Phone { forward: Some("79211234567".to_owned()), ..Phone::default() });
    let (disturbed, forwarded) = (dialog_of(&mut house, "201"), dialog_of(&mut house, "202"));
    assert!(disturbed.contains("confirmed") && disturbed.contains("display=\"Do not disturb\""), "{disturbed}");
    assert!(forwarded.contains("terminated") && forwarded.contains(">Forwarded to 79211234567</note>"), "{forwarded}");
    house.talks("201", &[talk(1, TalkState::Talking)]);
    house.run(secs(1));
    assert!(house.last().body().contains("sip:202@"), "a talk tells more than a setting");
}

#[test]
fn presence_has_a_word_for_each() {
    let mut house = House::new();
    let mut shows = |phone: Phone, talks: &[Talk], expected: [&str; 3]| {
        house.phone("201", phone);
        house.talks("201", talks);
        let body = presence_of(&mut house, "201");
        for part in expected {
            assert!(body.contains(part), "{part} in {body}");
        }
    };
    let dnd = Phone { do_not_disturb: true, ..registered() };
    let forwarded = Phone { forward: Some("202".to_owned()), ..registered() };
    shows(registered(), &[], ["<basic>open</basic>", "</contact></tuple>", "<dm:person id=\"p201\"></dm:person>"]);
    shows(Phone::default(), &[], ["<basic>closed</basic>", "<note>Offline</note>", "<rpid:away/>"]);
    shows(dnd, &[], ["<basic>open</basic>", "<note>Do not disturb</note>", "<rpid:busy/>"]);
    shows(
        forwarded,
        &[],
        ["<basic>open</basic>", "<note>Forwarded to 202</note>", "<dm:note>Forwarded to 202</dm:note>"],
    );
    let (ringing, talking) = (talk(1, TalkState::Ringing), talk(1, TalkState::Talking));
    shows(
        registered(),
        std::slice::from_ref(&ringing),
        ["<basic>open</basic>", "<note>Ringing</note>", "<rpid:busy/>"],
    );
    let both = [ringing, talking.clone()];
    shows(registered(), &both, ["<basic>open</basic>", "<note>On the phone</note>", "<rpid:on-the-phone/>"]);
    let held = Talk { held: true, ..talking };
    shows(registered(), &[held], ["<basic>open</basic>", "<note>On hold</note>", "<rpid:on-the-phone/>"]);
}

#[test]
fn a_mailbox_lights_its_lamp() {
    let mut house = House::new();
    house.send(&text("*97", "m", 1, "", &["Event: message-summary"])).unwrap();
    house.answer(200);
    assert!(house.last().body().starts_with("Messages-Waiting: no\r\n"));
    assert!(house.last().body().contains("Voice-Message: 0/0 (0/0)\r\n"));
    house.run(secs(1));
    house.lamps.set_mailbox(house.now, "200", 2, 8);
    house.drain();
    assert!(house.last().body().starts_with("Messages-Waiting: yes\r\n"));
    assert!(house.last().body().ends_with("Voice-Message: 2/8 (0/0)\r\n"));
}

#[test]
fn names_of_any_letters_break_no_document() {
    let mut house = House::new();
    let name = "\"Рога & <Копыта>\" '\u{0}\u{1f}\r\n\u{fffe} 😀";
    let evil = Talk { remote: "a\"b<c>&@x".to_owned(), remote_name: name.to_owned(), ..talk(1, TalkState::Talking) };
    house.talks("201", &[evil]);
    let body = dialog_of(&mut house, "201");
    assert!(body.contains("display=\"&quot;Рога &amp; &lt;Копыта&gt;&quot; &apos;      😀\""), "{body}");
    assert!(body.contains(">sip:a%22b%3Cc%3E&amp;%40x@10.0.0.1<"), "{body}");
    let lines = body.lines().filter(|line| line.bytes().any(|byte| byte < b' ')).count();
    assert_eq!(lines, 0);
}

#[test]
fn a_document_tells_of_so_many_talks_as_a_datagram_holds() {
    let mut house = House::new();
    let many: Vec<Talk> = (0..100).map(|id| talk(id, TalkState::Ringing)).collect();
    house.talks("201", &many);
    assert_eq!(dialog_of(&mut house, "201").matches("<state>").count(), 8);
}

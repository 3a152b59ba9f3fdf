//! From SUBSCRIBE to the last NOTIFY.

use super::*;

const DIALOG: &str = "Event: dialog";

#[test]
fn a_subscription_is_granted_and_told_at_once() {
    let mut house = House::new();
    house.phone("201", registered());
    let (tag, headers) = house.send(&text("201", "c", 1, "", &[DIALOG, "Expires: 600"])).unwrap();
    assert_eq!(headers.get(&Name::Expires), Some("600"));
    assert_eq!(headers.get(&Name::Contact), Some("<sip:201@10.0.0.1:5060>"));
    let said = house.last().clone();
    assert_eq!((said.at, said.flow), (house.now, flow(5062)));
    let header = |name: Name| said.request.headers.get(&name).unwrap().to_owned();
    assert_eq!(said.request.uri.to_string(), "sip:200@10.0.1.1:5062");
    assert_eq!(header(Name::From), format!("<sip:201@10.0.0.1>;tag={tag}"));
    assert_eq!(header(Name::To), format!("<sip:{LOGIN}@10.0.0.1>;tag=pc"));
    assert_eq!(header(Name::Event), "dialog");
    assert_eq!(header(Name::SubscriptionState), "active;expires=600");
    assert_eq!(header(Name::ContentType), "application/dialog-info+xml");
    assert!(said.body().contains("version=\"0\" state=\"full\" entity=\"sip:201@10.0.0.1\""), "{}", said.body());
    assert_eq!(house.disk.len(), 1);
}

#[test]
fn what_we_do_not_have_is_refused_with_the_reason() {
    let mut house = House::new();
    let mut status = |user: &str, lines: &[&str]| house.send(&text(user, "c", 1, "", lines)).map(drop).unwrap_err();
    let refused = status("201", &["Event: call-completion"]);
    assert_eq!((refused.status(), refused.headers().get(&Name::AllowEvents)), (489, Some(EVENTS)));
    assert_eq!(status("201", &[]).status(), 489);
    assert_eq!(status("nobody", &[DIALOG]).status(), 404);
    let refused = status("201", &[DIALOG, "Accept: application/pidf+xml, text/plain;q=0.5"]);
    assert_eq!(refused.status(), 406);
    assert_eq!(refused.headers().get(&Name::Accept), Some("application/dialog-info+xml"));
    let refused = status("201", &[DIALOG, "Expires: 59"]);
    assert_eq!((refused.status(), refused.headers().get(&Name::MinExpires)), (423, Some("60")));
    assert_eq!(status("201", &["Event: message-summary"]).status(), 403);
    assert_eq!(status("201", &[DIALOG, "Contact: <tel:200>"]).status(), 400);
    assert!(house.said.is_empty() && house.lamps.is_empty() && house.disk.is_empty());
}

#[test]
fn accept_may_name_the_kind_among_others_or_all_kinds() {
    let mut house = House::new();
    for accept in ["Accept: text/plain, application/DIALOG-INFO+xml;q=0.1", "Accept: */*", "Accept: application/*"] {
        assert!(house.send(&text("201", "c", 1, "", &[DIALOG, accept])).is_ok(), "{accept}");
    }
}

#[test]
fn lives_are_capped_and_default_to_an_hour() {
    let mut house = House::new();
    for (line, granted) in [("Expires: 99999999999999999999", "7200"), ("Subject: x", "3600"), ("Expires: x", "3600")] {
        let (_, headers) = house.send(&text("201", "c", 1, "", &[DIALOG, line])).unwrap();
        assert_eq!(headers.get(&Name::Expires), Some(granted), "{line}");
    }
}

#[test]
fn the_own_mailbox_goes_by_number_login_and_code() {
    let mut house = House::new();
    for user in ["200", LOGIN, "*97"] {
        assert!(house.send(&text(user, user.trim_start_matches('*'), 1, "", &["Event: message-summary"])).is_ok());
        assert_eq!(house.last().request.headers.get(&Name::ContentType), Some("application/simple-message-summary"));
    }
}

#[test]
fn an_event_id_comes_back_in_each_notify() {
    let mut house = House::new();
    house.send(&text("201", "c", 1, "", &["Event: dialog;id=7;x=y"])).unwrap();
    assert_eq!(house.last().request.headers.get(&Name::Event), Some("dialog;id=7"));
}

#[test]
fn a_refresh_lengthens_the_life_and_is_told_again() {
    let mut house = House::new();
    let tag = house.watch("201");
    house.run(secs(500));
    let call_id = "c0";
    house.send_as(LOGIN, 5099, &text("201", call_id, 2, &tag, &[DIALOG, "Expires: 600"])).unwrap();
    assert_eq!((house.said.len(), house.last().state()), (2, "active;expires=600"));
    assert_eq!(house.last().flow, flow(5099), "where the refresh came from");
    house.answer(200);
    house.run(secs(590));
    assert_eq!((house.said.len(), house.lamps.len()), (2, 1));
    assert_eq!(house.disk[0].expires_at, WALL + secs(1100));
}

#[test]
fn a_refresh_of_nothing_of_another_or_late_is_refused() {
    let mut house = House::new();
    let tag = house.watch("201");
    let mut status = |login: &str, call_id: &str, cseq: u32, tag: &str, line: &str| {
        house.send_as(login, 5062, &text("201", call_id, cseq, tag, &[line])).map(drop).unwrap_err().status()
    };
    assert_eq!(status(LOGIN, "c0", 2, "unknown", DIALOG), 481);
    assert_eq!(status(LOGIN, "other", 2, &tag, DIALOG), 481);
    assert_eq!(status("user201s0", "c0", 2, &tag, DIALOG), 403);
    assert_eq!(status(LOGIN, "c0", 2, &tag, "Event: presence"), 489);
    assert_eq!(status(LOGIN, "c0", 0, &tag, DIALOG), 500);
    assert_eq!((house.said.len(), house.lamps.len()), (1, 1));
}

#[test]
fn an_unsubscribe_gets_a_last_notify() {
    let mut house = House::new();
    let tag = house.watch("201");
    let (_, headers) = house.send(&text("201", "c0", 2, &tag, &[DIALOG, "Expires: 0"])).unwrap();
    assert_eq!(headers.get(&Name::Expires), Some("0"));
    house.run(secs(1));
    assert_eq!(house.last().state(), "terminated;reason=timeout");
    assert!(house.disk.is_empty());
    assert_eq!(house.send(&text("201", "c0", 3, &tag, &[DIALOG])).unwrap_err(), SubscribeError::NoDialog);
    house.answer(200);
    assert!(house.lamps.is_empty());
}

#[test]
fn a_fetch_is_told_once_and_leaves_nothing() {
    let mut house = House::new();
    house.watch("201");
    house.send(&text("201", "fetch", 1, "", &[DIALOG, "Expires: 0"])).unwrap();
    assert_eq!(house.last().state(), "terminated;reason=timeout");
    assert!(house.last().body().contains("<dialog-info"));
    house.answer(200);
    assert_eq!((house.lamps.len(), house.disk.len()), (1, 1), "the lamp beside it goes on");
}

#[test]
fn what_is_not_refreshed_ends_and_says_so() {
    let mut house = House::new();
    house.watch("201");
    house.run(secs(601));
    assert_eq!((house.said.len(), house.last().state()), (2, "terminated;reason=timeout"));
    assert!(house.disk.is_empty());
    house.run(ENDING_GRACE); // and nobody answers, not even the stack
    assert!(house.lamps.is_empty() && house.lamps.poll_timeout().is_none());
}

#[test]
fn a_phone_that_starts_anew_has_one_subscription() {
    let mut house = House::new();
    let old = house.watch("201");
    let other = house.watch("202");
    let new = house.watch("201");
    assert_eq!(house.lamps.len(), 2);
    let kept: Vec<&str> = house.disk.iter().map(|stored| stored.tag.as_str()).collect();
    assert_eq!(kept, [other.as_str(), new.as_str()]);
    assert_eq!(house.send(&text("201", "c0", 2, &old, &[DIALOG])).unwrap_err(), SubscribeError::NoDialog);
    let elsewhere = [DIALOG, "Contact: <sip:200@10.0.1.1:5070>"];
    house.send(&text("201", "second-phone", 1, "", &elsewhere)).unwrap();
    assert_eq!(house.lamps.len(), 3, "another phone of this login is another watcher");
}

#[test]
fn a_login_and_the_house_have_bounds() {
    let mut house = House::new();
    for number in 0..SUBSCRIPTIONS_PER_LOGIN {
        house.watch(&number.to_string());
    }
    let refused = house.send(&text("999", "more", 1, "", &[DIALOG])).unwrap_err();
    assert_eq!((refused.status(), refused.headers().get(&Name::RetryAfter)), (503, Some("60")));
    house.watch("7"); // replaces one
    assert_eq!(house.lamps.len(), SUBSCRIPTIONS_PER_LOGIN);
    house.send_as("user201s0", 5062, &text("999", "other", 1, "", &[DIALOG])).unwrap();
}

#[test]
fn one_notify_is_under_way_at_a_time_and_the_newest_state_wins() {
    let mut house = House::new();
    house.watch("201");
    house.run(secs(1));
    house.talks("201", &[talk(1, TalkState::Ringing)]);
    assert_eq!(house.said.len(), 2);
    house.talks("201", &[talk(1, TalkState::Talking)]);
    house.talks("201", &[]);
    house.talks("201", &[talk(2, TalkState::Calling)]);
    house.run(secs(1));
    assert_eq!(house.said.len(), 2, "the first is not answered yet");
    house.answer(200);
    assert_eq!(house.said.len(), 3);
    assert!(house.last().body().contains("<state>proceeding</state>"));
    assert_eq!(house.said.iter().map(Said::version).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn notifies_of_one_lamp_keep_their_distance() {
    let mut house = House::new();
    house.watch("201");
    house.talks("201", &[talk(1, TalkState::Ringing)]);
    assert_eq!(house.said.len(), 1);
    house.run(Duration::from_millis(99));
    assert_eq!(house.said.len(), 1);
    house.run(Duration::from_millis(1));
    assert_eq!(house.said.len(), 2);
}

#[test]
fn what_is_the_same_as_before_is_not_told() {
    let mut house = House::new();
    house.phone("201", registered());
    house.watch("201");
    house.run(secs(1));
    house.phone("201", registered());
    house.talks("201", &[]);
    house.lamps.set_mailbox(house.now, "201", 3, 1); // the dialog package doesn't tell of mailboxes
    house.talks("201", &[talk(1, TalkState::Ringing)]);
    house.answer(200);
    house.talks("201", &[]);
    house.talks("201", &[talk(1, TalkState::Ringing)]); // back before it was told
    house.run(secs(10));
    assert_eq!(house.said.len(), 2);
}

#[test]
fn a_phone_that_has_forgotten_its_subscription_loses_it() {
    for status in [481, 404, 489] {
        let mut house = House::new();
        house.watch("201");
        house.run(secs(1));
        house.talks("201", &[talk(1, TalkState::Ringing)]);
        house.answer(status);
        assert!(house.lamps.is_empty() && house.disk.is_empty() && house.lamps.poll_timeout().is_none());
    }
}

#[test]
fn a_phone_that_is_away_is_told_when_it_comes_back_by_another_flow() {
    for status in [408, 503] {
        let mut house = House::new();
        house.watch("201");
        house.run(secs(1));
        house.talks("201", &[talk(1, TalkState::Ringing)]);
        house.answer(status);
        house.run(secs(100));
        assert_eq!(house.said.len(), 2, "nobody is there to hear");
        house.moved(&[5080]);
        assert_eq!((house.said.len(), house.last().flow), (3, flow(5080)));
        assert!(house.last().body().contains("<state>early</state>"));
        house.answer(200);
        house.moved(&[5080]);
        house.run(secs(10));
        assert_eq!(house.said.len(), 3, "it knows");
    }
}

#[test]
fn a_phone_that_is_away_is_tried_at_each_change_and_not_told_of_the_end() {
    let mut house = House::new();
    house.watch("201");
    house.run(secs(1));
    house.talks("201", &[talk(1, TalkState::Ringing)]);
    house.answer(408);
    house.run(secs(1));
    house.talks("201", &[]);
    assert_eq!(house.said.len(), 3);
    house.answer(408);
    house.run(secs(600));
    assert_eq!((house.said.len(), house.lamps.len(), house.disk.len()), (3, 0, 0));
}

#[test]
fn a_phone_that_moves_while_a_notify_is_under_way_is_told_at_its_new_place() {
    let mut house = House::new();
    house.watch("201");
    house.run(secs(1));
    house.talks("201", &[talk(1, TalkState::Ringing)]);
    house.moved(&[5080]);
    house.answer(408);
    house.run(secs(1));
    assert_eq!((house.said.len(), house.last().flow), (3, flow(5080)));
}

#[test]
fn with_several_phones_each_keeps_its_way() {
    let mut house = House::new();
    house.watch("201");
    house.moved(&[5062, 5080]);
    house.run(secs(1));
    house.talks("201", &[talk(1, TalkState::Ringing)]);
    assert_eq!(house.last().flow, flow(5062));
}

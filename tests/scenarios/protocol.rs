//! Rules of the SIP RFCs as they show in calls.

use dozvon::sip::wire::{Message, Method, Name};

use crate::inside::SMALL;
use crate::outside::office;
use crate::sim::{Answer, Link, PhoneId, World, millis, secs};

fn pair(seed: u64) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.will(b, Answer::After(secs(1)));
    (world, a, b)
}

#[test]
fn an_invite_without_an_offer_gets_ours_in_the_answer() {
    let (mut world, a, b) = pair(60);
    world.phones[a.0].late_offer = true;
    world.dial(a, "201");
    world.run_for(secs(6));
    assert!(world.is_talking(a) && world.hears(a, b) && world.hears(b, a));
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn an_offer_of_video_gets_audio_and_the_video_refused() {
    let (mut world, a, b) = pair(61);
    world.phones[a.0].video = true;
    world.dial(a, "201");
    world.run_for(secs(4));
    assert!(world.is_talking(a) && world.hears(a, b));
    let answer = &world.call_of(a).unwrap().remote_sdp;
    assert!(answer.contains("m=video 0 "), "{answer}");
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn hold_and_resume_by_reinvite() {
    let (mut world, a, b) = pair(62);
    world.dial(a, "201");
    world.run_for(secs(3));
    world.act(a, |phone, now, index| phone.reinvite(now, index, "sendonly"));
    world.run_for(secs(1));
    assert!(world.call_of(a).unwrap().remote_sdp.contains("a=recvonly"));
    world.clear_ears();
    world.run_for(secs(10));
    let notes = [220, 262, 294, 330, 349, 392, 440, 523, 587];
    assert!(notes.iter().any(|hz| world.hears_hz(b, *hz)), "{} the held side hears no music", world.at());
    assert!(world.is_talking(b));
    world.run_for(secs(100)); // longer than the silence watch
    assert!(world.is_talking(a) && world.is_talking(b), "{} a held call was cut", world.at());
    world.act(a, |phone, now, index| phone.reinvite(now, index, "sendrecv"));
    world.run_for(secs(1));
    world.clear_ears();
    world.run_for(secs(4));
    assert!(world.hears(a, b) && world.hears(b, a));
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn calls_survive_bad_lines_on_both_sides() {
    for seed in 0..20 {
        let (mut world, a, b) = pair(seed);
        let mut rng = dozvon::base::Rng::from_seed(seed);
        world.links[a.0] = Link::bad(&mut rng);
        world.links[b.0] = Link::bad(&mut rng);
        world.dial(a, "201");
        assert!(
            world.run_until(secs(40), |world| world.is_talking(a) && world.is_talking(b)),
            "{} no talk",
            world.at()
        );
        world.run_for(secs(5));
        assert!(world.hears(a, b) && world.hears(b, a), "{} one side hears nothing", world.at());
        world.hang_up(b);
        world.assert_clean();
    }
}

#[test]
fn a_2xx_is_resent_until_its_ack_and_a_lost_ack_ends_the_call() {
    let (mut world, a, b) = pair(63);
    world.dial(a, "201");
    world.run_for(secs(3));
    assert!(world.is_talking(a));
    // from now on nothing of the caller passes: his side falls silent, the called keeps talking, and the exchange stays sane
    world.links[a.0].cut = true;
    world.run_for(secs(200));
    world.links[a.0].cut = false;
    world.hang_up(b);
    world.run_for(secs(40));
    world.hang_up(a); // he hears nothing: the BYE met the cut
    world.assert_clean();
}

#[test]
fn max_forwards_zero_is_483() {
    let (mut world, a, _) = pair(64);
    let invite = "INVITE sip:201@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.0:5060;branch=z9hG4bKmf;rport\r\nMax-Forwards: 0\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:201@10.0.0.1>\r\nCall-ID: mf\r\nCSeq: 1 INVITE\r\nContact: <sip:a@10.0.1.0>\r\nContent-Length: 0\r\n\r\n";
    world.throw(world.phones[a.0].sip, ([10, 0, 0, 1], 5060).into(), invite.as_bytes().to_vec());
    world.run_for(secs(1));
    let last = world.phones[a.0]
        .log
        .iter()
        .rev()
        .find_map(|m| if let Message::Response(r) = m { Some(r.status) } else { None });
    assert_eq!(last, Some(483));
    world.assert_clean();
}

#[test]
fn options_tell_what_we_do_and_requests_of_strangers_are_challenged_alike() {
    let mut world = World::new(65, SMALL);
    let phone = world.add_phone("stranger");
    let send = |world: &mut World, method: &str, n: u32| {
        let text = format!(
            "{method} sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.0:5060;branch=z9hG4bK{n};rport\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:200@10.0.0.1>\r\nCall-ID: c{n}\r\nCSeq: 1 {method}\r\nContact: <sip:a@10.0.1.0>\r\nContent-Length: 0\r\n\r\n"
        );
        world.throw(world.phones[phone.0].sip, ([10, 0, 0, 1], 5060).into(), text.into_bytes());
        world.run_for(millis(100));
        let status = world.phones[phone.0]
            .log
            .iter()
            .rev()
            .find_map(|m| if let Message::Response(r) = m { Some(r.clone()) } else { None });
        status.unwrap()
    };
    let options = send(&mut world, "OPTIONS", 1);
    assert_eq!(options.status, 200);
    assert!(options.headers.get(&Name::Allow).unwrap().contains("INVITE"));
    assert_eq!(send(&mut world, "SUBSCRIBE", 2).status, 401);
    assert_eq!(send(&mut world, "MESSAGE", 3).status, 401);
    assert_eq!(send(&mut world, "BYE", 4).status, 481);
    assert!(matches!(send(&mut world, "FLY", 5).status, 405 | 501));
    world.assert_clean();
}

#[test]
fn a_restart_keeps_the_registrations() {
    let mut world = World::new(66, &office());
    let phone = world.register("user201s0");
    let kept: Vec<dozvon::engine::StoredBinding> = world
        .records
        .iter()
        .filter_map(
            |record| if let dozvon::engine::Record::Binding(binding) = record { Some(binding.clone()) } else { None },
        )
        .collect();
    assert_eq!(kept.len(), 1);
    let mut second = World::new(67, &office());
    second.input(dozvon::engine::Input::Restore(kept));
    let (caller, called) = (second.register("rik33+user200s0"), second.add_phone("user201s0"));
    second.phones[called.0].sip = world.phones[phone.0].sip;
    second.phones[caller.0].sip = ([10, 0, 1, 99], 5060).into();
    second.phones[caller.0].rtp = ([10, 0, 1, 99], 4000).into();
    second.phones[caller.0].registered = false;
    second.act(caller, |phone, now, _| phone.register(now));
    second.run_for(secs(1));
    second.dial(caller, "201");
    second.run_for(secs(1));
    assert!(second.is_ringing(called));
    second.hang_up(caller);
    second.assert_clean();
}

#[test]
fn digits_in_info_reach_the_other_side_as_events() {
    let (mut world, a, b) = pair(68);
    world.dial(a, "201");
    world.run_for(secs(3));
    world.act(a, |phone, now, index| {
        phone.inside(now, index, Method::Info, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")
    });
    world.run_for(secs(1));
    let last = world.phones[a.0].log.iter().rev().find_map(|m| match m {
        Message::Response(r) if r.headers.cseq().unwrap().method == Method::Info => Some(r.status),
        _ => None,
    });
    assert_eq!(last, Some(200));
    assert_eq!(world.call_of(b).unwrap().keys, "5");
    world.hang_up(a);
    world.assert_clean();
}

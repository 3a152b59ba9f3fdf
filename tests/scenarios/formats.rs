//! What is agreed about sound on two legs of a call: Opus' parameters, SRTP on a trunk; and what goes on tape while a call moves.

use dozvon::office::Srtp;

use crate::inside::SMALL;
use crate::outside::office;
use crate::sim::{Answer, World, secs};
use crate::transfer::{four, phones};

/// The line of `a=fmtp` that is about Opus.
fn opus_line(sdp: &str) -> &str {
    let number = sdp.lines().find_map(|line| line.strip_prefix("a=rtpmap:")?.strip_suffix(" opus/48000/2"));
    let number = number.unwrap_or_else(|| panic!("no Opus in {sdp}"));
    let line = sdp.lines().find_map(|line| line.strip_prefix("a=fmtp:")?.strip_prefix(number)?.strip_prefix(' '));
    line.unwrap_or_default()
}

#[test]
fn what_one_side_asks_of_opus_the_other_is_told() {
    let mut world = World::new(930, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.phones[a.0].opus = Some("maxaveragebitrate=20000;usedtx=1");
    world.phones[b.0].opus = Some("maxplaybackrate=16000;useinbandfec=1");
    world.talk(a, "201", b);
    let offer = String::from_utf8(world.invites(b)[0].body.to_vec()).unwrap();
    assert_eq!(opus_line(&offer), "maxaveragebitrate=20000;usedtx=1");
    assert_eq!(opus_line(&world.call_of(a).unwrap().remote_sdp), "maxplaybackrate=16000;useinbandfec=1");
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn whose_opus_is_decoded_here_is_asked_for_repeats() {
    let mut world = World::new(931, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.phones[b.0].opus = Some("maxplaybackrate=16000");
    world.phones[b.0].codecs = Vec::new();
    world.talk(a, "201", b);
    let offer = String::from_utf8(world.invites(b)[0].body.to_vec()).unwrap();
    assert_eq!(opus_line(&offer), "useinbandfec=1");
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_trunk_speaks_srtp_as_its_setting_says() {
    for (srtp, profile, keys, plain_is_taken) in [
        (Srtp::Off, "RTP/AVP", false, true),
        (Srtp::Optional, "RTP/AVP", true, true),
        (Srtp::Required, "RTP/SAVP", true, false),
    ] {
        let mut world = World::shaped(932, &office(), |office| office.trunks[0].srtp = srtp);
        let carrier = world.carrier();
        let phone = world.register("rik33+user200s0");
        world.run_for(secs(1));
        world.will(carrier, Answer::After(secs(1)));
        world.dial(phone, "6001122");
        world.run_for(secs(5));
        let offer = String::from_utf8(world.invites(carrier)[0].body.to_vec()).unwrap();
        assert!(offer.lines().any(|line| line.starts_with("m=audio ") && line.contains(&format!(" {profile} "))));
        assert_eq!(offer.contains("a=crypto:"), keys, "{srtp:?}: {offer}");
        assert_eq!(world.is_talking(phone), plain_is_taken, "{srtp:?}: the carrier's phone has no keys");
        if plain_is_taken {
            world.hang_up(phone);
        }
        world.run_for(secs(40));
        world.call_in(carrier, "79211234567", "78126122981");
        let rings = world.run_until(secs(3), |world| world.is_ringing(phone));
        assert_eq!(rings, plain_is_taken, "{srtp:?}");
        assert!(rings || world.status(carrier) == 488, "{srtp:?}: {}", world.status(carrier));
        if rings {
            world.hang_up(carrier);
        }
        world.assert_clean();
    }
}

#[test]
fn a_recording_pauses_on_hold_and_ends_when_the_recorded_one_is_given_away() {
    let mut world = World::shaped(933, &four(), |office| office.extensions[0].record = true);
    let [a, b, c, _] = phones(&mut world);
    world.talk(a, "201", b);
    world.run_for(secs(3));
    let counts = |world: &World| world.taped.values().copied().collect::<Vec<[u32; 2]>>();
    assert!(matches!(counts(&world)[..], [[left, right]] if left > 5 && right > 5), "{:?}", world.taped);

    world.act(a, |phone, now, index| phone.hold(now, index));
    world.run_for(secs(2));
    let held = counts(&world);
    world.run_for(secs(10));
    assert_eq!(counts(&world), held, "a pause is not on the tape");
    world.act(a, |phone, now, index| phone.resume(now, index));
    world.run_for(secs(3));
    assert!(counts(&world)[0][0] > held[0][0] && counts(&world)[0][1] > held[0][1], "it goes on");

    // 200 gives 201 on to 202: neither of those two is recorded.
    world.act(a, |phone, now, index| phone.hold(now, index));
    world.run_for(secs(1));
    world.act(a, |phone, now, index| phone.refer(now, index, "202"));
    assert!(world.run_until(secs(5), |world| world.is_ringing(c)));
    world.answer(c);
    world.run_for(secs(3));
    assert!(world.is_talking(b) && world.is_talking(c), "{}", world.at());
    assert_eq!((world.recordings(), world.taped.len()), (0, 1), "{} what is left is nobody's to record", world.at());
    world.hang_up(b);
    world.run_for(secs(2));

    // 201 gives 200 on to 202: that talk is recorded too, by itself.
    world.talk(b, "200", a);
    world.run_for(secs(2));
    assert_eq!(world.recordings(), 1);
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    assert!(world.run_until(secs(5), |world| world.is_ringing(c)));
    world.answer(c);
    world.run_for(secs(3));
    assert_eq!((world.recordings(), world.taped.len()), (1, 3), "{}", world.at());
    world.hang_up(c);
    world.assert_clean();
}

//! What is heard: transcoding, keys, strangers, silence.

use crate::inside::SMALL;
use crate::sim::{Answer, PhoneId, World, secs};

fn talk(seed: u64, a_codecs: &[u8], b_codecs: &[u8]) -> (World, PhoneId, PhoneId) {
    let mut world = World::new(seed, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.phones[a.0].codecs = a_codecs.to_vec();
    world.phones[b.0].codecs = b_codecs.to_vec();
    world.will(b, Answer::After(secs(1)));
    world.dial(a, "201");
    world.run_for(secs(5));
    assert!(world.is_talking(a) && world.is_talking(b));
    (world, a, b)
}

#[test]
fn sides_without_a_common_format_hear_each_other() {
    let (mut world, a, b) = talk(80, &[8], &[0]);
    assert_eq!((world.call_of(a).unwrap().payload_type, world.call_of(b).unwrap().payload_type), (8, 0));
    assert!(world.hears(a, b) && world.hears(b, a));
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn sides_with_a_common_format_use_it() {
    let (mut world, a, b) = talk(81, &[8, 0], &[0]);
    assert_eq!((world.call_of(a).unwrap().payload_type, world.call_of(b).unwrap().payload_type), (0, 0));
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn keys_pressed_while_talking_reach_the_other_side_once() {
    let (mut world, a, b) = talk(82, &[8], &[8]);
    world.press(a, '4');
    world.run_for(secs(1));
    world.press(a, '2');
    world.run_for(secs(1));
    assert_eq!(world.call_of(b).unwrap().keys, "42");
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_strangers_sound_is_never_heard_and_nothing_is_sent_to_him() {
    let (mut world, a, b) = talk(83, &[8], &[8]);
    let stranger = world.add_phone("stranger");
    let towards = world.call_of(a).unwrap().sound_to.unwrap();
    world.clear_ears();
    for n in 0..200u16 {
        let mut packet = vec![0x80, 8];
        packet.extend(n.to_be_bytes());
        packet.extend((u32::from(n) * 160).to_be_bytes());
        packet.extend(7u32.to_be_bytes());
        packet.extend(crate::sim::tone(3000));
        world.throw(world.phones[stranger.0].rtp, towards, packet);
        world.run_for(std::time::Duration::from_millis(20));
    }
    assert!(!world.hears_hz(b, 3000) && !world.hears_hz(a, 3000), "{} a stranger is heard", world.at());
    assert!(world.hears(a, b) && world.hears(b, a));
    assert!(world.phones[stranger.0].log.is_empty());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn silence_both_ways_ends_the_call() {
    let (mut world, a, b) = talk(84, &[8], &[8]);
    for phone in [a, b] {
        world.act(phone, |phone, _, index| phone.calls[index].sends = false);
    }
    world.run_for(secs(55));
    assert!(world.is_talking(a));
    world.run_for(secs(15));
    assert!(!world.is_talking(a) && !world.is_talking(b));
    assert_eq!(world.rows()[0].cause, "no_sound");
    world.assert_clean();
}

#[test]
fn silence_one_way_does_not() {
    let (mut world, a, b) = talk(85, &[8], &[8]);
    world.act(b, |phone, _, index| phone.calls[index].sends = false);
    world.run_for(secs(180));
    assert!(world.is_talking(a) && world.is_talking(b));
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn sound_from_behind_nat_is_met_where_it_comes_from() {
    let mut world = World::new(86, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.phones[b.0].advertised = Some(([192, 168, 77, 7], 4000).into());
    world.will(b, Answer::After(secs(1)));
    world.dial(a, "201");
    world.run_for(secs(6));
    assert!(world.hears(a, b) && world.hears(b, a), "{} one way", world.at());
    world.hang_up(a);
    world.assert_clean();
}

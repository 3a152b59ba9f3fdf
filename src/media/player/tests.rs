use super::*;

/// Clips whose A-law bytes say which of them is heard, and where.
fn clip(level: i16, frames: usize) -> Arc<Clip> {
    Arc::new(Clip::from_narrow(&vec![level; frames * FRAME]))
}

fn player(clip: &Arc<Clip>, repeat: u32) -> Player {
    Player::new(Instant::ZERO, 1, Sound::Clip { clip: Arc::clone(clip), repeat }, false)
}

/// Payloads until the end, at most so many, each with its milliseconds.
fn play(player: &mut Player, codec: Codec, packet_ms: u32, most: usize) -> Vec<(Vec<u8>, u32)> {
    let mut packets = Vec::new();
    let mut room = [0; 1400];
    while packets.len() < most && !player.is_over() {
        match player.next_packet(codec, packet_ms, &mut room) {
            Played::Coded { length, ms } => packets.push((room[..length].to_vec(), ms)),
            other => panic!("{other:?}"),
        }
    }
    packets
}

#[test]
fn a_clip_is_repeated_without_a_gap_in_packets_of_any_length() {
    let clip = clip(1000, 5);
    let twice = [clip.alaw(), clip.alaw()].concat();
    for (packet_ms, lengths) in
        [(10, vec![10; 20]), (20, vec![20; 10]), (30, vec![30, 30, 30, 30, 30, 30, 20]), (60, vec![60, 60, 60, 20])]
    {
        let packets = play(&mut player(&clip, 2), Codec::Pcma, packet_ms, 100);
        assert_eq!(packets.iter().map(|packet| packet.1).collect::<Vec<_>>(), lengths);
        assert_eq!(packets.into_iter().flat_map(|packet| packet.0).collect::<Vec<_>>(), twice);
    }
}

#[test]
fn each_codec_hears_the_clip_as_it_was_coded_for_it() {
    let clip = clip(1000, 5);
    let all =
        |codec| play(&mut player(&clip, 1), codec, 20, 100).into_iter().map(|packet| packet.0).collect::<Vec<_>>();
    assert_eq!(all(Codec::G722).concat(), clip.g722());
    assert_eq!(all(Codec::Opus), (0..5).map(|frame| clip.opus(frame).to_vec()).collect::<Vec<_>>());
    let mut mulaw = clip.alaw().to_vec();
    transcode(Law::A, Law::Mu, &mut mulaw);
    assert_eq!(all(Codec::Pcmu).concat(), mulaw);
    let opus_of_60_ms = play(&mut player(&clip, 1), Codec::Opus, 60, 100);
    assert!(opus_of_60_ms.len() == 5 && opus_of_60_ms.iter().all(|packet| packet.1 == 20));
}

#[test]
fn a_codec_that_changes_on_the_way_goes_on_where_the_other_was() {
    let clip = clip(1000, 5);
    let mut player = player(&clip, 1);
    play(&mut player, Codec::Pcma, 30, 1);
    let mut room = [0; 1400];
    assert_eq!(player.next_packet(Codec::Opus, 20, &mut room), Played::Coded { length: clip.opus(1).len(), ms: 10 });
    assert_eq!(player.next_packet(Codec::G722, 60, &mut room), Played::Coded { length: 480, ms: 60 });
    assert_eq!(room[..480], clip.g722()[320..800]);
    assert!(player.is_over());
}

#[test]
fn music_goes_on_from_tune_to_tune_and_all_hear_the_same() {
    let tunes = vec![clip(1000, 5), clip(0, 0), clip(-4000, 15)];
    let round = [tunes[0].alaw(), tunes[2].alaw()].concat();
    let music = Arc::new(Music { tunes });
    let mut early = Player::new(Instant::ZERO, 1, Sound::Music(Arc::clone(&music)), false);
    let heard: Vec<u8> = play(&mut early, Codec::Pcma, 20, 25).into_iter().flat_map(|packet| packet.0).collect();
    assert_eq!(heard, [&round[..], &round[..800]].concat());
    let mut late = Player::new(Instant::from_micros(500_000), 2, Sound::Music(music), false);
    assert_eq!(play(&mut late, Codec::Pcma, 20, 7), play(&mut early, Codec::Pcma, 20, 7));

    let nothing = Arc::new(Music { tunes: vec![clip(0, 0)] });
    let mut silent = Player::new(Instant::ZERO, 3, Sound::Music(nothing), false);
    assert_eq!(silent.next_packet(Codec::Pcma, 20, &mut [0; 1400]), Played::Nothing);
    assert!(!silent.is_over());
}

#[test]
fn a_clip_may_play_for_ever_but_an_empty_one_ends_at_once() {
    let mut endless = player(&clip(1000, 1), 0);
    assert_eq!(play(&mut endless, Codec::G722, 20, 50).len(), 50);
    for repeat in [0, 5] {
        let mut empty = player(&clip(0, 0), repeat);
        assert_eq!(empty.next_packet(Codec::Pcma, 20, &mut [0; 1400]), Played::Nothing);
        assert!(empty.is_over());
    }
}

#[test]
fn clips_in_a_row_follow_one_another_without_a_gap_and_end_with_the_last() {
    let clips = [clip(0, 0), clip(1000, 2), clip(0, 0), clip(-4000, 1), clip(500, 3), clip(0, 0)];
    let all: Vec<u8> = clips.iter().flat_map(|clip| clip.alaw().to_vec()).collect();
    let player = || Player::new(Instant::ZERO, 1, Sound::Sequence(Arc::from(clips.clone())), true);
    for (packet_ms, lengths) in [(20, vec![20; 6]), (30, vec![30; 4]), (50, vec![50, 50, 20])] {
        let packets = play(&mut player(), Codec::Pcma, packet_ms, 100);
        assert_eq!(packets.iter().map(|packet| packet.1).collect::<Vec<_>>(), lengths);
        assert_eq!(packets.into_iter().flat_map(|packet| packet.0).collect::<Vec<_>>(), all);
    }
    let opus: Vec<_> = play(&mut player(), Codec::Opus, 20, 100).into_iter().map(|packet| packet.0).collect();
    let coded = clips.iter().flat_map(|clip| (0..clip.frames()).map(|frame| clip.opus(frame).to_vec()));
    assert_eq!(opus, coded.collect::<Vec<_>>());

    for nothing in [vec![], vec![clip(0, 0)]] {
        let mut silent = Player::new(Instant::ZERO, 2, Sound::Sequence(Arc::from(nothing)), false);
        assert!(silent.is_over());
        assert_eq!(silent.next_packet(Codec::Pcma, 20, &mut [0; 1400]), Played::Nothing);
    }
}

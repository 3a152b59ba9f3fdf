use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::base::Rng;
use crate::codec::detect::{dominant, level_dbm0};
use crate::codec::{Codec, Decoder, Law, Rate, g711};
use crate::io::scratch::Scratch;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sound").join(name)
}

/// A WAV of any make: `tag` is 1 for integers, 3 for floats, 6 and 7 for A-law and µ-law.
fn wav(tag: u16, bits: u16, rate: u32, channels: u16, sound: &[u8]) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + sound.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend([tag.to_le_bytes(), channels.to_le_bytes()].concat());
    bytes.extend([rate.to_le_bytes(), (rate * u32::from(frame)).to_le_bytes()].concat());
    bytes.extend([frame.to_le_bytes(), bits.to_le_bytes()].concat());
    bytes.extend(b"data");
    bytes.extend((sound.len() as u32).to_le_bytes());
    bytes.extend(sound);
    bytes
}

/// A sine at half of full scale, the same in every channel.
fn sine(hz: f64, rate: u32, channels: u16, seconds: f64) -> Vec<f64> {
    (0..(seconds * f64::from(rate)) as usize)
        .flat_map(|n| {
            let sample = 0.5 * (std::f64::consts::TAU * hz * n as f64 / f64::from(rate)).sin();
            std::iter::repeat_n(sample, usize::from(channels))
        })
        .collect()
}

fn pcm16(samples: &[f64]) -> Vec<u8> {
    samples.iter().flat_map(|sample| ((sample * 32767.0).round() as i16).to_le_bytes()).collect()
}

fn try_import(bytes: &[u8]) -> Result<Clip, ImportError> {
    import_bytes(bytes, &Limits::default(), &mut |_| {})
}

fn imported(bytes: &[u8]) -> Clip {
    try_import(bytes).unwrap()
}

fn said(bytes: &[u8]) -> String {
    try_import(bytes).unwrap_err().to_string()
}

/// What a caller by G.711 hears.
fn narrow(clip: &Clip) -> Vec<i16> {
    let mut samples = vec![0; clip.alaw().len()];
    g711::decode(Law::A, clip.alaw(), &mut samples);
    samples
}

/// What a caller by G.722 hears, at 16000 Hz.
fn wide(clip: &Clip) -> Vec<i16> {
    let (mut decoder, mut room) = (Decoder::new(Codec::G722, Rate::Wide), [0; 320]);
    let mut decode = |packet| {
        let made = decoder.decode(packet, &mut room);
        room[..made].to_vec()
    };
    clip.g722().chunks(160).flat_map(&mut decode).collect()
}

/// Length to a tolerance, the frequency throughout, and the loudness that all files have.
#[track_caller]
fn assert_tone(name: &str, clip: &Clip, hz: u16, seconds: f64, tolerance: f64) {
    let length = clip.duration().as_secs_f64();
    assert!((length - seconds).abs() <= tolerance + 0.02, "{name}: {length} s instead of {seconds}");
    let samples = narrow(clip);
    for (number, block) in samples[1200..samples.len() - 2400].chunks_exact(320).enumerate() {
        let heard = dominant(block).unwrap_or_else(|| panic!("{name}: block {number} holds no tone"));
        assert!(heard.abs_diff(hz) <= 8, "{name}: block {number}: {heard} Hz instead of {hz}");
        let level = level_dbm0(block);
        assert!((level + 16.5).abs() < 1.5, "{name}: block {number} has {level} dBm0");
    }
}

/// A file that ffmpeg makes of a sine of 440 Hz over two seconds.
fn made_by_ffmpeg(folder: &Scratch, name: &str, options: &str) -> Vec<u8> {
    let path = folder.path().join(name);
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i"]);
    command.arg("sine=frequency=440:duration=2:sample_rate=48000").args(options.split_whitespace()).arg(&path);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    fs::read(path).unwrap()
}

#[test]
fn files_of_every_kind_that_people_have_become_the_same_tone() {
    let folder = Scratch::new();
    let picture = "-f lavfi -i color=red:size=300x300:duration=1 -frames:v 1 -map 0:a -map 1:v -c:v mjpeg -disposition:v attached_pic";
    let pictured = format!("{picture} -metadata title=Приветствие -b:a 192k");
    for (name, options) in [
        ("cbr.mp3", "-b:a 128k"),
        ("vbr.mp3", "-ac 2 -q:a 4"),
        ("mono_low.mp3", "-ar 16000 -b:a 24k"),
        ("eight.mp3", "-ar 8000 -b:a 16k"),
        ("no_xing.mp3", "-write_xing 0 -id3v2_version 0 -b:a 64k"),
        ("pictured.mp3", &pictured),
        ("u8.wav", "-c:a pcm_u8 -ar 11025"),
        ("s16.wav", "-c:a pcm_s16le -ar 44100 -ac 2"),
        ("s24.wav", "-c:a pcm_s24le -ar 96000 -ac 2"),
        ("s32.wav", "-c:a pcm_s32le -ar 48000"),
        ("f32.wav", "-c:a pcm_f32le -ar 48000"),
        ("f64.wav", "-c:a pcm_f64le -ar 32000"),
        ("alaw.wav", "-c:a pcm_alaw -ar 8000"),
        ("mulaw.wav", "-c:a pcm_mulaw -ar 8000"),
        ("ima.wav", "-c:a adpcm_ima_wav -ar 22050"),
        ("ms.wav", "-c:a adpcm_ms -ar 22050"),
        ("gsm.wav", "-c:a libgsm_ms -ar 8000"),
        ("big.w64", "-c:a pcm_s16le -ar 44100"),
        ("v1.wma", "-c:a wmav1 -b:a 64k -ar 44100"),
        ("v2.wma", "-c:a wmav2 -b:a 96k -ar 44100 -ac 2"),
        ("v2_low.wma", "-c:a wmav2 -b:a 32k -ar 22050"),
        ("aac.m4a", "-c:a aac -b:a 96k -ac 2"),
        ("fast.m4a", "-c:a aac -b:a 32k -ar 22050 -movflags +faststart"),
        ("alac.m4a", "-c:a alac -ar 44100 -ac 2"),
        ("adts.aac", "-c:a aac -b:a 64k"),
        ("vorbis.ogg", "-c:a libvorbis -q:a 3 -ar 44100"),
        ("opus.ogg", "-c:a libopus -b:a 32k"),
        ("voice.opus", "-c:a libopus -b:a 12k -application voip"),
        ("flac.flac", "-c:a flac -ar 44100 -ac 2"),
        ("flac.ogg", "-c:a flac"),
    ] {
        let clip = try_import(&made_by_ffmpeg(&folder, name, options)).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_tone(name, &clip, 440, 2.0, 0.1);
    }
}

#[test]
fn high_efficiency_aac_is_played_with_its_upper_band() {
    let clip = import(&data("he_aac.m4a"), &Limits::default(), &mut |_| {}).unwrap();
    assert!((clip.duration().as_secs_f64() - 2.0).abs() < 0.2, "{:?}", clip.duration());
    // There is a tone of 9 kHz in it, or as near as band replication makes it: without that nothing would be there.
    let (mut decoder, mut room) = (Decoder::new(Codec::Opus, Rate::Full), [0; 960]);
    let mut upper = 0.0;
    for frame in 20..80 {
        decoder.decode(clip.opus(frame), &mut room);
        let turn = |n: usize| std::f64::consts::TAU * 9000.0 * n as f64 / 48000.0;
        let part =
            |wave: fn(f64) -> f64| room.iter().enumerate().map(|(n, s)| f64::from(*s) * wave(turn(n))).sum::<f64>();
        upper += part(f64::sin).hypot(part(f64::cos)) * 2.0 / 960.0 / 60.0;
    }
    assert!(upper > 50.0, "{upper}");
}

#[test]
fn wav_with_wrong_lengths_or_a_short_header_is_played_to_its_end() {
    let sound = pcm16(&sine(440.0, 8000, 1, 1.0));
    for (whole, data) in [(0, 16000), (u32::MAX, u32::MAX), (10, 16000), (16036, u32::MAX), (16036, 0x7FFF_F000)] {
        let mut file = wav(1, 16, 8000, 1, &sound);
        file[4..8].copy_from_slice(&u32::to_le_bytes(whole));
        file[40..44].copy_from_slice(&u32::to_le_bytes(data));
        assert_tone(&format!("{whole} {data}"), &imported(&file), 440, 1.0, 0.0);
    }
    let alaw = |sample: &f64| g711::encode_sample(Law::A, (sample * 32767.0) as i16);
    let alaw: Vec<u8> = sine(440.0, 8000, 1, 1.0).iter().map(alaw).collect();
    assert_tone("A-law without the bytes behind its header", &imported(&wav(6, 8, 8000, 1, &alaw)), 440, 1.0, 0.0);
}

#[test]
fn every_rate_and_number_of_channels_becomes_mono() {
    for (rate, channels) in [(4000, 1), (11025, 2), (16000, 1), (32000, 2), (44101, 1), (48000, 6), (192_000, 8)] {
        let clip = imported(&wav(1, 16, rate, channels, &pcm16(&sine(440.0, rate, channels, 0.8))));
        assert_tone(&format!("{rate} Hz, {channels} channels"), &clip, 440, 0.8, 0.0);
    }
}

#[test]
fn a_wide_band_telephone_hears_what_a_narrow_one_cannot_carry() {
    let clip = imported(&wav(1, 16, 48000, 1, &pcm16(&sine(6000.0, 48000, 1, 1.0))));
    let (narrow, wide) = (level_dbm0(&narrow(&clip)[800..7200]), level_dbm0(&wide(&clip)[1600..14400]));
    assert!(narrow < -50.0 && (-24.0..-14.0).contains(&wide), "narrow {narrow} dBm0, wide {wide} dBm0");
}

#[test]
fn silence_around_is_cut_off_and_what_is_inside_keeps_its_place() {
    let tone = sine(440.0, 44100, 1, 0.5);
    let silence = |seconds: f64| vec![0.0005; (44100.0 * seconds) as usize];
    let sound = [silence(3.0), tone.clone(), silence(1.0), tone, silence(5.0)].concat();
    let clip = imported(&wav(1, 16, 44100, 1, &pcm16(&sound)));
    assert!((clip.duration().as_secs_f64() - 2.25).abs() <= 0.02, "{:?}", clip.duration());
    let heard: Vec<bool> = narrow(&clip).chunks(80).map(|block| level_dbm0(block) > -30.0).collect();
    let begins: Vec<usize> = (1..heard.len()).filter(|at| heard[*at] && !heard[*at - 1]).collect();
    assert!(begins.len() == 2 && begins[0].abs_diff(5) <= 1 && begins[1].abs_diff(155) <= 1, "{begins:?}");
}

#[test]
fn soft_and_loud_files_are_equally_loud_and_nothing_is_clipped() {
    for gain in [0.06, 0.5, 2.0, 30.0] {
        let sound: Vec<u8> =
            sine(440.0, 48000, 1, 1.0).iter().flat_map(|sample| (*sample as f32 * gain).to_le_bytes()).collect();
        assert_tone(&format!("{gain} times"), &imported(&wav(3, 32, 48000, 1, &sound)), 440, 1.0, 0.0);
    }
    let mut clicks = vec![0.004; 48000];
    clicks.iter_mut().step_by(4800).for_each(|sample| *sample = 0.9);
    let peak = narrow(&imported(&wav(1, 16, 48000, 1, &pcm16(&clicks)))).iter().map(|s| s.unsigned_abs()).max();
    assert!(peak < Some(31_000), "a recording of clicks is not raised until they clip: {peak:?}");
}

#[test]
fn channels_that_cancel_each_other_are_silence_and_no_number_is_no_sound() {
    let opposite: Vec<f64> = sine(440.0, 8000, 1, 0.5).into_iter().flat_map(|sample| [sample, -sample]).collect();
    assert_eq!(said(&wav(1, 16, 8000, 2, &pcm16(&opposite))), "there is no sound in the file");
    let nonsense = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0].map(f32::to_le_bytes).concat();
    let tone: Vec<u8> = sine(440.0, 48000, 1, 1.0).iter().flat_map(|sample| (*sample as f32).to_le_bytes()).collect();
    imported(&wav(3, 32, 48000, 1, &[&nonsense[..], &tone].concat()));
    assert_eq!(said(&wav(3, 32, 48000, 1, &f32::NAN.to_le_bytes().repeat(4800))), "there is no sound in the file");
}

#[test]
fn the_content_tells_the_kind_and_not_the_name() {
    let folder = Scratch::new();
    let misnamed = folder.path().join("greeting.mp3");
    fs::write(&misnamed, made_by_ffmpeg(&folder, "opus.ogg", "-c:a libopus")).unwrap();
    assert_tone("ogg", &import(&misnamed, &Limits::default(), &mut |_| {}).unwrap(), 440, 2.0, 0.0);
    let mut pictured = b"ID3\x04\0\0\0\x7f\x7f\x7f".to_vec();
    pictured.resize(10 + 0x1F_FFFF, 0xFF);
    pictured.extend(made_by_ffmpeg(&folder, "tone.mp3", "-b:a 64k"));
    assert_tone("behind two megabytes of picture", &imported(&pictured), 440, 2.0, 0.1);
}

#[test]
fn files_that_are_not_played_are_refused_in_words() {
    let folder = Scratch::new();
    let unknown = "not an audio file we know; dozvon plays mp3, wav, wma, m4a, ogg and flac";
    let mut noise = vec![0; 100_000];
    let mut rng = Rng::from_seed(5);
    noise.fill_with(|| rng.u32() as u8);
    let photograph = [b"\xFF\xD8\xFF\xE0\0\x10JFIF", &noise[..]].concat();
    let program = fs::read("/proc/self/exe").unwrap();
    for file in [&b"<html>"[..], b"", &noise, &photograph, &program[..1 << 20], b"\xFF\xFB\x90"] {
        assert_eq!(said(file), unknown);
    }
    let film = "-f lavfi -i testsrc=duration=1:size=64x64 -map 1:v -c:v mpeg4";
    assert_eq!(said(&made_by_ffmpeg(&folder, "film.mp4", film)), "there is no sound in the file");
    let other = said(&made_by_ffmpeg(&folder, "g726.wav", "-c:a adpcm_g726 -ar 8000"));
    assert_eq!(other, "a wav file with a coding of sound that is not supported: adpcm_g726");

    let sound = vec![1; 7200];
    for (rate, channels) in [(3999, 1), (192_001, 1), (48000, 9), (8000, 200)] {
        let words = said(&wav(1, 16, rate, channels, &sound));
        let expected =
            format!("{rate} Hz with {channels} channels; at most 8 channels of 4000 to 192000 Hz are supported");
        assert_eq!(words, expected);
    }
    let nothing_a_second = said(&wav(1, 16, 0, 1, &sound));
    assert!(nothing_a_second.starts_with("the wav file is damaged"), "{nothing_a_second}");
    assert!(matches!(try_import(&wav(1, 16, 8000, 1, &[])), Err(ImportError::Empty)));
    assert!(matches!(try_import(&wav(1, 16, 8000, 1, &[0; 32000])), Err(ImportError::Empty)));
}

#[test]
fn limits_are_held_and_said() {
    let folder = Scratch::new();
    let told = &mut |_| {};
    let small = Limits { bytes: 1000, seconds: 60 };
    let error = import(&data("stereo_440.mp3"), &small, told).unwrap_err();
    assert_eq!(error.to_string(), "too large: 6606 bytes, at most 1000 bytes");
    let large = ImportError::TooLarge { bytes: 12_000_000, most: Limits::default().bytes };
    assert_eq!(large.to_string(), "too large: 12000000 bytes, at most 10 MB");

    let minute = Limits { seconds: 60, ..Limits::default() };
    let sixty = wav(7, 8, 8000, 1, &[0x20, 0xA0].repeat(60 * 4000));
    assert_eq!(import_bytes(&sixty, &minute, told).unwrap().duration().as_secs(), 60);
    let longer = wav(7, 8, 8000, 1, &[0x20, 0xA0].repeat(60 * 4000 + 800));
    assert_eq!(import_bytes(&longer, &minute, told).unwrap_err().to_string(), "too long: at most 1 minutes");
    let hour = made_by_ffmpeg(&folder, "hour.flac", "-f lavfi -i anullsrc=r=8000:cl=mono -map 1:a -t 3600 -c:a flac");
    assert_eq!(said(&hour), "too long: at most 30 minutes");

    assert!(matches!(import(Path::new("/"), &minute, told), Err(ImportError::Unreadable(_))));
    assert!(matches!(import(Path::new("/no/such/file.wav"), &minute, told), Err(ImportError::Unreadable(_))));
}

#[test]
fn a_file_that_is_shorter_than_it_says_is_refused() {
    let folder = Scratch::new();
    for (name, options) in [
        ("cut.mp3", "-b:a 64k"),
        ("cut.wav", "-c:a pcm_s16le"),
        ("cut_alaw.wav", "-c:a pcm_alaw -ar 8000"),
        ("cut.wma", "-c:a wmav2 -ar 44100"),
        ("cut.m4a", "-c:a aac"),
        ("cut_fast.m4a", "-c:a aac -movflags +faststart"),
        ("cut.flac", "-c:a flac"),
    ] {
        let mut file = made_by_ffmpeg(&folder, name, options);
        file.truncate(file.len() / 2);
        let words = said(&file);
        assert!(words.contains("file is damaged: "), "{name}: {words}");
    }
    // An Ogg file says nowhere how long it is.
    let mut file = made_by_ffmpeg(&folder, "cut.ogg", "-c:a libopus");
    file.truncate(file.len() / 2);
    assert!(imported(&file).duration().as_secs_f64() < 1.5);
}

#[test]
fn no_damage_ends_or_hangs_the_import() {
    let folder = Scratch::new();
    let mut rng = Rng::from_seed(11);
    let files = [
        made_by_ffmpeg(&folder, "a.mp3", "-b:a 32k"),
        made_by_ffmpeg(&folder, "a.m4a", "-c:a aac -b:a 32k"),
        made_by_ffmpeg(&folder, "a.wma", "-c:a wmav2 -b:a 32k -ar 22050"),
        made_by_ffmpeg(&folder, "a.ogg", "-c:a libvorbis"),
        made_by_ffmpeg(&folder, "a.flac", "-c:a flac -ar 16000"),
        made_by_ffmpeg(&folder, "a.wav", "-c:a adpcm_ima_wav -ar 8000"),
        made_by_ffmpeg(&folder, "float.wav", "-c:a pcm_f32le -ar 8000"),
        made_by_ffmpeg(&folder, "alac.m4a", "-c:a alac -ar 16000"),
        made_by_ffmpeg(&folder, "v1.wma", "-c:a wmav1 -b:a 32k -ar 22050"),
        made_by_ffmpeg(&folder, "a.opus", "-c:a libopus -b:a 12k"),
        std::fs::read(data("he_aac.m4a")).unwrap(),
    ];
    let limits = Limits { bytes: 1 << 20, seconds: 60 };
    for file in &files {
        for _ in 0..25 {
            let mut bytes = file.clone();
            for _ in 0..=rng.below(12) {
                let head_first = if rng.chance(1, 2) { 200 } else { bytes.len() as u64 };
                let at = rng.below(head_first.min(bytes.len() as u64)) as usize;
                bytes[at] = rng.u32() as u8;
            }
            match import_bytes(&bytes, &limits, &mut |_| {}) {
                Ok(clip) => assert!(clip.duration().as_secs() <= 60),
                Err(why) => assert!(!matches!(why, ImportError::Unreadable(_) | ImportError::TooHard), "{why}"),
            }
        }
    }
}

#[test]
fn progress_rises_to_the_end() {
    let folder = Scratch::new();
    let file = made_by_ffmpeg(&folder, "long.mp3", "-f lavfi -i sine=300:duration=30 -map 1:a -b:a 128k");
    let mut told = Vec::new();
    import_bytes(&file, &Limits::default(), &mut |progress| told.push(progress.percent)).unwrap();
    assert!(told.is_sorted() && told.len() > 5 && told.last() == Some(&100), "{told:?}");
}

#[test]
fn a_stored_clip_is_loaded_as_it_was_and_any_player_knows_its_files() {
    let folder = Scratch::new();
    let original = folder.path().join("приветствие.ogg");
    let clip = imported(&wav(1, 16, 48000, 1, &pcm16(&sine(440.0, 48000, 1, 2.5))));
    store(&clip, &original).unwrap();
    assert_eq!(load(&original).unwrap(), clip);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no draft is left");
    let [alaw, g722, opus] = kept_paths(&original);
    for (path, options) in [(&alaw, ""), (&g722, "-f g722"), (&opus, "")] {
        let heard = folder.path().join("heard.wav");
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-loglevel", "error", "-y"]).args(options.split_whitespace());
        let output = command.arg("-i").arg(path).arg(&heard).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_tone(&path.display().to_string(), &imported(&fs::read(heard).unwrap()), 440, 2.5, 0.01);
    }
    for path in [&alaw, &g722, &opus] {
        let whole = fs::read(path).unwrap();
        for damaged in [&whole[..whole.len() - 2], &whole[..40], &whole[1..], &[][..]] {
            fs::write(path, damaged).unwrap();
            assert!(matches!(load(&original), Err(ImportError::Damaged { .. })), "{}", path.display());
        }
        fs::remove_file(path).unwrap();
        assert!(matches!(load(&original), Err(ImportError::Unreadable(_))));
        fs::write(path, whole).unwrap();
    }
    assert_eq!(load(&original).unwrap(), clip);
}

#[test]
fn a_clip_without_sound_is_kept_too() {
    let folder = Scratch::new();
    let original = folder.path().join("nothing.wav");
    let clip = Clip::from_narrow(&[0; 100]);
    store(&clip, &original).unwrap();
    assert_eq!(load(&original).unwrap(), clip);
}

proptest! {
    #[test]
    fn no_head_of_a_file_is_too_odd_to_be_looked_at(
        begins in prop::sample::select(vec![&b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"[..], &b"RIFF\0\0\0\0WAVE"[..], &b"\x30\x26\xB2\x75"[..], &b""[..]]),
        middle in prop::collection::vec(any::<u8>(), 0..300),
        ends in prop::sample::select(vec![&b"data"[..], &b"\xA1\xDC\xAB\x8C\x47\xA9\xCF\x11\x8E\xE4\0\xC0\x0C\x20\x53\x65"[..], &b""[..]]),
        rest in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let bytes = [begins, &middle, ends, &rest].concat();
        let cut = whole::cut_off(&bytes, Limits::default().bytes);
        prop_assert!(cut.is_none_or(|kind| bytes.starts_with(b"RIFF") == (kind == "wav")));
        prop_assert!(!kind(&bytes).is_empty());
    }
}

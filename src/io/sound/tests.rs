use std::path::{Path, PathBuf};

use super::*;
use crate::base::Rng;
use crate::codec::detect::{dominant, level_dbm0};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sound").join(name)
}

/// A folder of its own for each test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dozvon-sound-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
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

fn imported(bytes: Vec<u8>) -> Clip {
    import_bytes(bytes, &Limits::default()).unwrap()
}

fn said(bytes: Vec<u8>) -> String {
    import_bytes(bytes, &Limits::default()).unwrap_err().to_string()
}

/// Length to a tolerance, the frequency throughout, half of full scale (−6 dB of +3.14 dBm0).
#[track_caller]
fn assert_tone(clip: &Clip, hz: u16, seconds: f64, tolerance: f64) {
    let length = clip.samples.len() as f64 / 8000.0;
    assert!((length - seconds).abs() <= tolerance, "{length} s instead of {seconds}");
    let middle = &clip.samples[800..clip.samples.len() - 1600];
    for (number, block) in middle.chunks_exact(320).enumerate() {
        let heard = dominant(block).unwrap_or_else(|| panic!("block {number} holds no tone"));
        assert!(heard.abs_diff(hz) <= 8, "block {number}: {heard} Hz instead of {hz}");
        let level = level_dbm0(block);
        // Coders at low rates don't keep the level.
        let slack = if tolerance < 0.001 { 0.3 } else { 2.0 };
        assert!((level + 2.88).abs() < slack, "block {number} has {level} dBm0");
    }
}

#[test]
fn wav_of_every_width_becomes_the_same_tone() {
    let sound = sine(440.0, 8000, 1, 1.0);
    let bytes8: Vec<u8> = sound.iter().map(|sample| (sample * 127.0 + 128.0).round() as u8).collect();
    let bytes24: Vec<u8> =
        sound.iter().flat_map(|sample| ((sample * 8_388_607.0) as i32).to_le_bytes()[..3].to_vec()).collect();
    let bytes32: Vec<u8> = sound.iter().flat_map(|sample| ((sample * 2_147_483_647.0) as i32).to_le_bytes()).collect();
    let floats: Vec<u8> = sound.iter().flat_map(|sample| (*sample as f32).to_le_bytes()).collect();
    let doubles: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let law =
        |law| sound.iter().map(|s| crate::codec::g711::encode_sample(law, (s * 32767.0) as i16)).collect::<Vec<_>>();
    let files = [
        wav(1, 8, 8000, 1, &bytes8),
        wav(1, 16, 8000, 1, &pcm16(&sound)),
        wav(1, 24, 8000, 1, &bytes24),
        wav(1, 32, 8000, 1, &bytes32),
        wav(3, 32, 8000, 1, &floats),
        wav(3, 64, 8000, 1, &doubles),
        wav(6, 8, 8000, 1, &law(crate::codec::Law::A)),
        wav(7, 8, 8000, 1, &law(crate::codec::Law::Mu)),
    ];
    for file in files {
        let clip = imported(file);
        assert_eq!(clip.samples.len(), 8000);
        assert_tone(&clip, 440, 1.0, 0.0);
    }
}

#[test]
fn eight_kilohertz_of_sixteen_bits_stay_as_they_are() {
    let samples: Vec<i16> = vec![0, 1, -1, 32767, -32768, 12345, -12345, 0];
    let sound: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert_eq!(imported(wav(1, 16, 8000, 1, &sound)).samples, samples);
}

#[test]
fn wav_with_wrong_lengths_is_played_to_its_end() {
    let sound = pcm16(&sine(440.0, 8000, 1, 1.0));
    for (whole, data) in [(0, 16000), (u32::MAX, u32::MAX), (10, 16000), (16036, u32::MAX)] {
        let mut file = wav(1, 16, 8000, 1, &sound);
        file[4..8].copy_from_slice(&u32::to_le_bytes(whole));
        file[40..44].copy_from_slice(&u32::to_le_bytes(data));
        assert_tone(&imported(file), 440, 1.0, 0.0005);
    }
}

#[test]
fn every_rate_and_number_of_channels_becomes_mono_of_eight_kilohertz() {
    for (rate, channels) in [
        (4000, 1),
        (11025, 2),
        (16000, 1),
        (22050, 1),
        (32000, 2),
        (44100, 2),
        (44101, 1),
        (48000, 6),
        (96000, 2),
        (192_000, 8),
    ] {
        let clip = imported(wav(1, 16, rate, channels, &pcm16(&sine(440.0, rate, channels, 0.8))));
        assert_tone(&clip, 440, 0.8, 0.0005);
    }
}

#[test]
fn what_a_telephone_cannot_carry_is_filtered_and_not_folded_back() {
    let clip = imported(wav(1, 16, 48000, 1, &pcm16(&sine(6000.0, 48000, 1, 1.0))));
    assert!(level_dbm0(&clip.samples[800..7200]) < -50.0, "{}", level_dbm0(&clip.samples[800..7200]));
    let clip = imported(wav(1, 16, 48000, 1, &pcm16(&sine(3300.0, 48000, 1, 1.0))));
    assert_tone(&clip, 3300, 1.0, 0.0005);
}

#[test]
fn sound_keeps_its_place_in_time() {
    // Silence but for a click after half a second: the resampler's delay is taken out.
    let mut sound = vec![0.0; 44100];
    sound[22050] = 0.9;
    let clip = imported(wav(1, 16, 44100, 1, &pcm16(&sound)));
    let loudest = (0..clip.samples.len()).max_by_key(|at| clip.samples[*at].unsigned_abs()).unwrap();
    assert!(loudest.abs_diff(4000) <= 1, "the click is at {loudest}");
}

#[test]
fn channels_are_averaged_and_nothing_is_clipped() {
    let opposite: Vec<f64> = sine(440.0, 8000, 1, 0.5).into_iter().flat_map(|sample| [sample, -sample]).collect();
    assert!(imported(wav(1, 16, 8000, 2, &pcm16(&opposite))).samples.iter().all(|sample| sample.abs() <= 1));

    let loud: Vec<u8> =
        sine(440.0, 48000, 1, 0.5).iter().flat_map(|sample| (*sample as f32 * 8.0).to_le_bytes()).collect();
    let clip = imported(wav(3, 32, 48000, 1, &loud));
    let peak = clip.samples.iter().map(|sample| sample.unsigned_abs()).max();
    assert!(peak >= Some(32000) && peak <= Some(32767), "{peak:?}");
    let full = clip.samples.iter().filter(|sample| sample.unsigned_abs() > 32700).count();
    assert!(full < clip.samples.len() / 10, "{full} of {} samples at full scale: clipped", clip.samples.len());

    let nonsense = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5].map(f32::to_le_bytes).concat();
    assert_eq!(imported(wav(3, 32, 8000, 1, &nonsense)).samples, [0, 0, 0, 16384]);
}

/// Three frames of 16 kHz: what the coder puts before and after, since it codes whole frames.
const MP3_FRAMES: f64 = 0.108;

#[test]
fn mp3_with_and_without_tags_is_played() {
    let clip = import(&data("stereo_440.mp3"), &Limits::default()).unwrap();
    assert_tone(&clip, 440, 1.5, MP3_FRAMES);
    let clip = import(&data("untagged_16k_800.mp3"), &Limits::default()).unwrap();
    assert_tone(&clip, 800, 1.5, MP3_FRAMES);
    let mut pictured = b"ID3\x04\0\0\0\x7f\x7f\x7f".to_vec();
    pictured.resize(10 + 0x1F_FFFF, 0xFF);
    pictured.extend(fs::read(data("stereo_440.mp3")).unwrap());
    assert_tone(&imported(pictured), 440, 1.5, MP3_FRAMES);
}

#[test]
fn ogg_vorbis_and_ogg_opus_are_played() {
    for (name, hz) in [
        ("vorbis_stereo_440.ogg", 440),
        ("vorbis_22k_600.ogg", 600),
        ("opus_1000.ogg", 1000),
        ("opus_stereo_700.ogg", 700),
        ("opus_quad_500.ogg", 500),
    ] {
        let clip = import(&data(name), &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_tone(&clip, hz, 1.5, 0.01);
    }
}

#[test]
fn the_content_tells_the_kind_and_not_the_name() {
    let folder = Folder::new("names");
    let misnamed = folder.0.join("greeting.mp3");
    fs::copy(data("opus_1000.ogg"), &misnamed).unwrap();
    assert_tone(&import(&misnamed, &Limits::default()).unwrap(), 1000, 1.5, 0.01);
}

#[test]
fn files_that_are_not_played_are_refused_in_words_that_name_what_is() {
    let plays = "dozvon plays wav, ogg and mp3";
    assert_eq!(said(b"<html>".to_vec()), format!("not an audio file we know; {plays}"));
    assert_eq!(said(Vec::new()), format!("not an audio file we know; {plays}"));
    assert_eq!(said(b"\0\0\0\x20ftypM4A \0\0\0\0".to_vec()), format!("m4a is not supported yet; {plays}"));
    let asf = [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9].to_vec();
    assert_eq!(said(asf), format!("wma is not supported yet; {plays}"));
    assert_eq!(said(b"fLaC\0\0\0\x22".to_vec()), format!("flac is not supported yet; {plays}"));
    assert_eq!(said(vec![0xFF, 0xF1, 0x50, 0x80, 0, 0]), format!("aac is not supported yet; {plays}"));
    let gsm = said(fs::read(data("gsm.wav")).unwrap());
    assert!(gsm.starts_with("a wav file with a coding of sound that is not supported"), "{gsm}");
}

#[test]
fn limits_are_held_and_said() {
    let small = Limits { bytes: 1000, seconds: 60 };
    let error = import(&data("stereo_440.mp3"), &small).unwrap_err();
    assert_eq!(error.to_string(), "too large: 6606 bytes, at most 1000 bytes");
    let large = ImportError::TooLarge { bytes: 12_000_000, most: Limits::default().bytes };
    assert_eq!(large.to_string(), "too large: 12000000 bytes, at most 10 MB");

    let minute = Limits { seconds: 60, ..Limits::default() };
    let sixty = wav(1, 16, 8000, 1, &vec![0; 60 * 16000]);
    assert_eq!(import_bytes(sixty, &minute).unwrap().samples.len(), 480_000);
    let longer = wav(1, 16, 8000, 1, &vec![0; 60 * 16000 + 2]);
    assert_eq!(import_bytes(longer, &minute).unwrap_err().to_string(), "too long: at most 1 minutes");

    for (rate, channels) in [(3999, 1), (192_001, 1), (48000, 9)] {
        let error = import_bytes(wav(1, 16, rate, channels, &vec![0; 7200]), &Limits::default()).unwrap_err();
        assert!(matches!(error, ImportError::Shape { .. }), "{rate} Hz, {channels} channels: {error}");
    }
    assert!(matches!(import_bytes(wav(1, 16, 8000, 1, &[]), &Limits::default()), Err(ImportError::Empty)));
    assert!(matches!(import(Path::new("/"), &Limits::default()), Err(ImportError::Unreadable(_))));
    assert!(matches!(import(Path::new("/no/such/file.wav"), &Limits::default()), Err(ImportError::Unreadable(_))));
}

#[test]
fn a_cut_off_file_plays_as_far_as_it_goes() {
    for name in ["stereo_440.mp3", "vorbis_stereo_440.ogg", "opus_1000.ogg"] {
        let mut bytes = fs::read(data(name)).unwrap();
        bytes.truncate(bytes.len() * 2 / 3);
        match import_bytes(bytes, &Limits::default()) {
            Ok(clip) => assert!(clip.samples.len() < 12_000, "{name}: {}", clip.samples.len()),
            // An Ogg file this short is one page, and half a page is nothing.
            Err(error) => assert!(matches!(error, ImportError::Damaged { .. } | ImportError::Empty), "{name}: {error}"),
        }
    }
    let mut bytes = wav(1, 16, 8000, 1, &pcm16(&sine(440.0, 8000, 1, 1.0)));
    bytes.truncate(8044);
    let length = imported(bytes).samples.len();
    assert!((3000..=4000).contains(&length), "{length} of 4000 samples");
}

#[test]
fn no_damage_ends_or_hangs_the_import() {
    let mut rng = Rng::from_seed(11);
    let names = ["stereo_440.mp3", "untagged_16k_800.mp3", "vorbis_22k_600.ogg", "opus_stereo_700.ogg", "gsm.wav"];
    let mut files: Vec<Vec<u8>> = names.iter().map(|name| fs::read(data(name)).unwrap()).collect();
    files.push(wav(1, 16, 44100, 2, &pcm16(&sine(440.0, 44100, 2, 0.05))));
    for file in &files {
        for _ in 0..60 {
            let mut bytes = file.clone();
            for _ in 0..=rng.below(12) {
                let head_first = if rng.chance(1, 2) { 120 } else { bytes.len() as u64 };
                let at = rng.below(head_first.min(bytes.len() as u64)) as usize;
                bytes[at] = rng.u32() as u8;
            }
            if let Ok(clip) = import_bytes(bytes, &Limits { bytes: 1 << 20, seconds: 60 }) {
                assert!(clip.samples.len() <= 60 * 8000);
            }
        }
    }
}

#[test]
fn a_file_that_makes_its_reader_panic_is_a_refused_file() {
    // symphonia 0.6.1 multiplies channels and width in 16 bits, which overflows and panics where that is checked.
    let mut file = wav(1, 16, 8000, 1, &[0; 320]);
    file[22..24].copy_from_slice(&[0xFF, 0xFF]);
    let error = import_bytes(file, &Limits::default()).unwrap_err();
    assert!(!matches!(error, ImportError::Unknown | ImportError::Empty), "{error}");
}

#[test]
fn a_stored_clip_is_loaded_as_it_was_and_nothing_else_is() {
    let folder = Folder::new("store");
    let original = folder.0.join("приветствие.ogg");
    let clip = Clip { samples: (-400..400).map(|n| n * 80).collect() };
    let path = clip_path(&original);
    assert_eq!(path.file_name().unwrap().to_str(), Some("приветствие.ogg.clip.wav"));
    store(&clip, &path).unwrap();
    assert_eq!(load(&path).unwrap(), clip);
    assert_eq!(import(&path, &Limits::default()).unwrap(), clip, "any player can read it");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "no draft is left");

    let whole = fs::read(&path).unwrap();
    for damaged in [&whole[..whole.len() - 2], &whole[..40], &whole[1..], &[][..]] {
        fs::write(&path, damaged).unwrap();
        assert!(matches!(load(&path), Err(ImportError::Damaged { .. })));
    }
    assert!(from_wav(&wav(1, 16, 16000, 1, &[0, 0])).is_none());
    assert!(from_wav(&wav(1, 16, 8000, 1, &[0, 0])).is_some());
}

use std::io::BufRead as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::*;
use crate::base::Instant;
use crate::codec::detect::{dominant, level_dbm0, level_of};
use crate::codec::testing::{Line, delay, fw_snr, speech};
use crate::codec::tone::ToneGenerator;
use crate::codec::{Codec, Law, Rate, g711};
use crate::io::scratch::Scratch;
use crate::media::tape::{Mark, Side, Tape};
use crate::rtp::Header;

const NOW: WallTime = WallTime(1_795_625_000_000); // 2026-11-25 16:43:20 UTC
const GIB: u64 = 1 << 30;

struct Desk {
    scratch: Scratch,
    store: Store,
    recorder: Recorder,
    free: Arc<AtomicU64>,
    told: Arc<Mutex<Vec<Told>>>,
    finished: Arc<Mutex<Vec<Finished>>>,
    /// How long messages were when their silence was told.
    silent: Arc<Mutex<Vec<Duration>>>,
}

impl Desk {
    fn new(format: RecordingFormat) -> Self {
        Self::on(Scratch::new(), format)
    }

    fn on(scratch: Scratch, format: RecordingFormat) -> Self {
        std::fs::create_dir_all(scratch.path().join("backups")).unwrap();
        let store = Store::open(scratch.path(), NOW).unwrap().store;
        let shelf = shelf(&scratch, &store);
        let (free, told) = (Arc::new(AtomicU64::new(100 * GIB)), Arc::new(Mutex::new(Vec::new())));
        let (finished, silent) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let quiet = Arc::clone(&silent);
        let (theirs, heard, done) = (Arc::clone(&free), Arc::clone(&told), Arc::clone(&finished));
        let mut recorder = Recorder::new(
            shelf,
            Box::new(move |_| Ok(theirs.load(Ordering::Relaxed))),
            Box::new(move |one| heard.lock().unwrap().push(one)),
            Box::new(move |one| match one {
                MessageEvent::Finished(one) => done.lock().unwrap().push(one),
                MessageEvent::Silent { spoken, .. } => quiet.lock().unwrap().push(spoken),
                MessageEvent::Recorded { .. } => {}
            }),
        );
        recorder.set(settings(format));
        Self { scratch, store, recorder, free, told, finished, silent }
    }

    /// Records a call from `from_ms` on for so many seconds, and leaves it going on.
    fn talk(&mut self, tape: &mut Tape, voices: &mut Voices, from_ms: u64, seconds: u64) {
        for n in 0..seconds * 50 {
            let now = ms(from_ms + n * 20);
            voices.say(tape, now);
            if let Some(block) = tape.take(now) {
                self.recorder.block(now, NOW, &block);
            }
            self.recorder.tick(now, NOW);
        }
    }

    fn end(&mut self, tape: &mut Tape, at_ms: u64) {
        tape.mark(ms(at_ms), Mark::End);
        self.recorder.block(ms(at_ms), NOW, &tape.take(ms(at_ms)).expect("the last block"));
    }

    fn rows(&self) -> Vec<RecordingRow> {
        self.store.flush().unwrap();
        Reader::open(self.scratch.path()).unwrap().recordings(None, 100, None).unwrap()
    }

    fn path(&self, row: &RecordingRow) -> PathBuf {
        self.scratch.path().join(&row.path)
    }

    fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// A finished recording in index and on disk.
    fn shelve(&self, id: u64, at: WallTime, bytes: u64) {
        let begin = Begin { at, ..begin(id) };
        let shelf = shelf(&self.scratch, &self.store);
        drop(shelf.open(&begin, &settings(RecordingFormat::Wav)).unwrap());
        shelf.ended(RecordingId(id), at, file::Contents { duration_ms: 1, bytes });
    }
}

fn shelf(scratch: &Scratch, store: &Store) -> shelf::Shelf {
    shelf::Shelf::new(scratch.path().to_owned(), store.clone(), Reader::open(scratch.path()).unwrap())
}

fn settings(format: RecordingFormat) -> Settings {
    Settings { format, timezone: "Europe/Moscow".to_owned(), ..Settings::default() }
}

fn begin(id: u64) -> Begin {
    let (caller, called) = ("+78121234567".to_owned(), "201".to_owned());
    Begin { recording: RecordingId(id), call: CallId(77), at: NOW, caller, called, kind: Kind::Call }
}

fn message(id: u64) -> Begin {
    let path = format!("{MESSAGES}/201_{id:x}.opus");
    Begin { kind: Kind::Message { path, silence: Duration::from_secs(5) }, ..begin(id) }
}

fn ms(ms: u64) -> Instant {
    Instant::from_micros(ms * 1000)
}

/// The left side says 400 Hz, and the right one another tone each second: 1000, 1100, 1200 …
struct Voices {
    left: ToneGenerator,
    right: ToneGenerator,
    sequence: u16,
    quiet_right: bool,
}

impl Voices {
    fn new() -> Self {
        let left = ToneGenerator::new([400, 0], &[]);
        Self { left, right: ToneGenerator::new([1000, 0], &[]), sequence: 0, quiet_right: false }
    }

    fn say(&mut self, tape: &mut Tape, now: Instant) {
        if self.sequence % 50 == 0 {
            self.right = ToneGenerator::new([1000 + self.sequence / 50 * 100, 0], &[]);
        }
        let timestamp = u32::from(self.sequence) * 160;
        for (side, voice) in [(Side::Left, &mut self.left), (Side::Right, &mut self.right)] {
            let (mut samples, mut payload) = ([0; 160], [0; 160]);
            voice.fill(&mut samples);
            g711::encode(Law::A, &samples, &mut payload);
            let header = Header { marker: false, payload_type: 8, sequence: self.sequence, timestamp, ssrc: 1 };
            if side == Side::Left || !self.quiet_right {
                tape.heard(now, side, Codec::Pcma, &header, &payload);
            }
        }
        self.sequence += 1;
    }
}

/// What ffmpeg hears in a file: left and right at 8000 Hz. It must not complain.
fn ffmpeg(path: &Path) -> [Vec<i16>; 2] {
    ffmpeg_at(Rate::Narrow, path)
}

fn ffmpeg_at(rate: Rate, path: &Path) -> [Vec<i16>; 2] {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(path);
    command.args(["-f", "s16le", "-ar", &rate.hz().to_string(), "-ac", "2", "-"]);
    let output = command.stdin(Stdio::null()).output().expect("ffmpeg is installed");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let sample = |bytes: &[u8]| i16::from_le_bytes([bytes[0], bytes[1]]);
    let channel = |from: usize| output.stdout[from..].chunks(4).map(sample).collect();
    [channel(0), channel(2)]
}

/// Checks that both sides said what they said, from the beginning to `seconds`.
fn assert_said([left, right]: &[Vec<i16>; 2], seconds: usize) {
    assert_eq!(left.len(), right.len());
    for second in 0..seconds {
        for at in [second * 8000 + 800, second * 8000 + 6400] {
            let (left, right) = (&left[at..at + 800], &right[at..at + 800]);
            let want = 1000 + second as u16 * 100;
            assert!(dominant(left).is_some_and(|hz| hz.abs_diff(400) < 8), "left {at}: {:?}", dominant(left));
            assert!(dominant(right).is_some_and(|hz| hz.abs_diff(want) < 8), "right {at}: {:?}", dominant(right));
            assert!(level_of(left, want) < level_of(right, want) - 20.0, "the right side is heard on the left");
            assert!((-13.0..-7.0).contains(&level_dbm0(left)), "{}", level_dbm0(left));
        }
    }
}

#[test]
fn a_call_is_heard_again_from_either_format_with_each_side_on_its_channel() {
    for format in RecordingFormat::ALL {
        let mut desk = Desk::new(format);
        let (mut tape, mut voices) = (Tape::new(RecordingId(0xabc)), Voices::new());
        desk.recorder.begin(ms(0), &begin(0xabc));
        desk.talk(&mut tape, &mut voices, 0, 6);
        let open = desk.rows().remove(0);
        assert_eq!((open.ended_at, open.bytes), (None, 0));
        desk.end(&mut tape, 6_000);
        let row = desk.rows().remove(0);
        assert_eq!((row.call, row.duration_ms, row.ended_at), (CallId(77), 6_000, Some(NOW)));
        let name = format!("recordings/2026/11/25/20261125-194320_78121234567_201_abc.{}", format.as_str());
        assert_eq!(row.path, name);
        let facts = desk.path(&row).metadata().unwrap();
        assert_eq!((facts.len(), facts.permissions().mode() & 0o777), (row.bytes, 0o600));
        let directory = desk.path(&row).parent().unwrap().metadata().unwrap();
        assert_eq!(directory.permissions().mode() & 0o777, 0o700);
        let sound = ffmpeg(&desk.path(&row));
        assert!(sound[0].len().abs_diff(48_000) <= 1, "{}", sound[0].len());
        assert_said(&sound, 6);
        assert_eq!(desk.told(), []);
    }
}

#[test]
fn what_each_side_said_is_what_ffmpeg_finds_on_its_channel() {
    for (codecs, format, floor) in [
        ([Codec::Pcma, Codec::Pcmu], RecordingFormat::Wav, 15.0),
        ([Codec::Pcma, Codec::G722], RecordingFormat::Opus, 10.0),
        ([Codec::Opus, Codec::G722], RecordingFormat::Opus, 10.0),
    ] {
        let mut desk = Desk::new(format);
        let mut tape = Tape::new(RecordingId(3));
        desk.recorder.begin(ms(0), &begin(3));
        // The right side says what the left one says a second and a half later.
        let voice =
            |rate: Rate, side: usize| speech(rate, 8_000)[rate.samples(1_500) * side..][..rate.samples(6_000)].to_vec();
        let packets = [0, 1].map(|side| {
            let line = Line::new(codecs[side], Rate::Wide);
            line.packets(&voice(line.from(), side), 0)
        });
        for n in 0..300u16 {
            let now = ms(20 * u64::from(n));
            for (side, place) in [(Side::Left, 0), (Side::Right, 1)] {
                let timestamp = u32::from(n) * codecs[place].clock_rate() / 50;
                let header = Header { marker: false, payload_type: 96, sequence: n, timestamp, ssrc: 1 };
                tape.heard(now, side, codecs[place], &header, &packets[place][usize::from(n)]);
            }
            if let Some(block) = tape.take(now) {
                desk.recorder.block(now, NOW, &block);
            }
        }
        desk.end(&mut tape, 6_000);
        let heard = ffmpeg_at(Rate::Wide, &desk.path(&desk.rows()[0]));
        for (side, heard) in heard.iter().enumerate() {
            let [own, other] = [side, 1 - side].map(|side| {
                let said = voice(Rate::Wide, side);
                let late = delay(Rate::Wide, &said, heard);
                fw_snr(Rate::Wide, &said[..heard.len() - late], &heard[late..])
            });
            let said = voice(Rate::Wide, side);
            let louder = level_dbm0(heard) - level_dbm0(&said);
            assert!(louder.abs() < 1.0, "{codecs:?} {format:?}, side {side}: {louder:.2} dB");
            assert!(own > floor && own > other + 5.0, "{codecs:?} {format:?}, side {side}: {own:.2} and {other:.2} dB");
        }
    }
}

#[test]
fn the_silence_at_the_end_of_a_message_is_told_and_left_out() {
    for sends in [true, false] {
        let mut desk = Desk::new(RecordingFormat::Opus);
        let (mut tape, mut voices) = (Tape::new(RecordingId(5)), Voices { quiet_right: true, ..Voices::new() });
        desk.recorder.begin(ms(0), &message(5));
        desk.talk(&mut tape, &mut voices, 0, 3);
        if sends {
            voices.left = ToneGenerator::new([0, 0], &[]);
            desk.talk(&mut tape, &mut voices, 3_000, 4);
            assert!(desk.silent.lock().unwrap().is_empty());
            desk.talk(&mut tape, &mut voices, 7_000, 3);
        } else {
            for now in (0..140).map(|n| ms(3_000 + n * 50)) {
                if let Some(block) = tape.take(now) {
                    desk.recorder.block(now, NOW, &block); // what waited when he fell silent
                }
                desk.recorder.tick(now, NOW);
            }
        }
        let spoken = desk.silent.lock().unwrap().clone();
        // What still waits to be put in order when nothing comes any more is not counted: half a second at most.
        assert!(spoken.len() == 1 && (2_400..=3_020).contains(&spoken[0].as_millis()), "{sends}: {spoken:?}");
        desk.end(&mut tape, 10_000);
        let length = desk.finished.lock().unwrap()[0].duration_ms;
        assert!((2_980..=3_400).contains(&length), "{sends}: {length}");
    }
}

#[test]
fn a_message_is_one_voice_without_a_row_and_its_end_is_told() {
    let mut desk = Desk::new(RecordingFormat::Wav);
    let (mut tape, mut voices) = (Tape::new(RecordingId(5)), Voices { quiet_right: true, ..Voices::new() });
    desk.recorder.begin(ms(0), &message(5));
    desk.talk(&mut tape, &mut voices, 0, 3);
    desk.end(&mut tape, 3_000);
    let file = desk.scratch.path().join(MESSAGES).join("201_5.opus");
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(
        *desk.finished.lock().unwrap(),
        [Finished { recording: RecordingId(5), duration_ms: 3_000, bytes: bytes.len() as u64 }]
    );
    assert_eq!(desk.rows(), []);
    let heard = packets(&bytes).expect("whole");
    assert_eq!(heard.len(), 151, "and a frame that the encoder held");
    assert!(bytes.len() < 3 * 3_500, "{} bytes", bytes.len());
    let [left, right] = ffmpeg(&file); // which plays mono on both
    assert!(left == right && dominant(&left[8_000..8_800]).is_some_and(|hz| hz.abs_diff(400) < 8));

    desk.free.store(0, Ordering::Relaxed);
    desk.recorder.begin(ms(10_000), &message(6));
    let told = desk.finished.lock().unwrap().pop();
    assert_eq!(told, Some(Finished { recording: RecordingId(6), duration_ms: 0, bytes: 0 }), "it never began");
    for nonsense in [&b""[..], b"OggS", &bytes[..40], &bytes[1..]] {
        assert!(packets(nonsense).is_none());
    }
    desk.recorder.tidy(ms(11_000), WallTime(i64::MAX / 2));
    assert!(file.exists(), "messages are not swept with calls");
}

#[test]
fn the_tags_tell_call_and_time() {
    let mut desk = Desk::new(RecordingFormat::Opus);
    desk.recorder.begin(ms(0), &begin(5));
    desk.end(&mut Tape::new(RecordingId(5)), 10);
    let bytes = std::fs::read(desk.path(&desk.rows()[0])).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("DATE=2026-11-25T19:43:20+03:00") && text.contains("CALL=77"), "{text}");
}

/// The process that is killed: records ten seconds, says so, and waits for its end.
#[test]
#[ignore = "is run by another test, in a process of its own"]
fn a_process_that_will_be_killed() {
    let directory = PathBuf::from(std::env::var("DOZVON_TEST_KILLED").expect("set by the other test"));
    let store = Store::open(&directory, NOW).unwrap().store;
    let reader = Reader::open(&directory).unwrap();
    let shelf = shelf::Shelf::new(directory, store.clone(), reader);
    let mut recorder = Recorder::new(shelf, Box::new(|_| Ok(100 * GIB)), Box::new(|_| {}), Box::new(|_| {}));
    let mut calls = Vec::new();
    for (id, format, quiet_right) in [
        (1, RecordingFormat::Opus, false),
        (2, RecordingFormat::Wav, false),
        (3, RecordingFormat::Opus, true),
        (4, RecordingFormat::Wav, true),
    ] {
        recorder.set(settings(format));
        recorder.begin(ms(0), &begin(id));
        calls.push((Tape::new(RecordingId(id)), Voices { quiet_right, ..Voices::new() }));
    }
    recorder.begin(ms(0), &message(5));
    calls.push((Tape::new(RecordingId(5)), Voices { quiet_right: true, ..Voices::new() }));
    for n in 0..500 {
        for (tape, voices) in &mut calls {
            voices.say(tape, ms(n * 20));
            if let Some(block) = tape.take(ms(n * 20)) {
                recorder.block(ms(n * 20), NOW, &block);
            }
        }
        recorder.tick(ms(n * 20), NOW);
    }
    store.flush().unwrap();
    println!("\nrecorded");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_process_that_is_killed_leaves_all_but_the_last_second() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path().join("backups")).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "io::recordings::tests::a_process_that_will_be_killed"])
        .env("DOZVON_TEST_KILLED", scratch.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "recorded"), "it ended too early");
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();

    let left = scratch.path().join(MESSAGES).join("201_5.opus");
    assert!(mend_message(&left).unwrap().0 >= 9_000, "a message is as safe as a call");
    let rows = Reader::open(scratch.path()).unwrap().recordings(None, 10, None).unwrap();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let [left, right] = ffmpeg(&scratch.path().join(&row.path));
        assert!(left.len() >= 9 * 8000, "{}: {} ms were left", row.path, left.len() / 8);
        if row.recording.0 <= 2 {
            assert_said(&[left, right], 9);
        }
    }
    let desk = Desk::on(scratch, RecordingFormat::Opus);
    let Desk { mut recorder, store, scratch, .. } = desk;
    recorder.tidy(ms(0), NOW);
    store.flush().unwrap();
    for row in Reader::open(scratch.path()).unwrap().recordings(None, 10, None).unwrap() {
        let sound = ffmpeg(&scratch.path().join(&row.path));
        assert!((9_000..=10_000).contains(&row.duration_ms), "{}", row.duration_ms);
        assert!(
            (sound[0].len() / 8).abs_diff(row.duration_ms as usize) <= 7,
            "{} and {}",
            sound[0].len() / 8,
            row.duration_ms
        );
        assert_eq!(row.ended_at, Some(WallTime(NOW.0 + row.duration_ms as i64)));
        assert_eq!(row.bytes, scratch.path().join(&row.path).metadata().unwrap().len());
    }
}

#[test]
fn a_file_cut_anywhere_is_mended_and_played() {
    for format in RecordingFormat::ALL {
        let mut desk = Desk::new(format);
        let (mut tape, mut voices) = (Tape::new(RecordingId(9)), Voices::new());
        desk.recorder.begin(ms(0), &begin(9));
        desk.talk(&mut tape, &mut voices, 0, 3);
        desk.end(&mut tape, 3_000);
        let path = desk.path(&desk.rows()[0]);
        let whole = std::fs::read(&path).unwrap();
        for cut in [whole.len() - 1, whole.len() - 300, whole.len() * 2 / 3, whole.len() / 2] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let contents = file::mend(&path, format).unwrap();
            let kept = contents.duration_ms as f64 / 3_000.0;
            assert!((kept - cut as f64 / whole.len() as f64).abs() < 0.12, "{format:?}: {kept}");
            let sound = ffmpeg(&path);
            assert!((sound[0].len() / 8).abs_diff(contents.duration_ms as usize) <= 7);
            assert_said(&sound, contents.duration_ms as usize / 1000);
        }
        for short in [0, 1, 20, 57] {
            std::fs::write(&path, &whole[..short]).unwrap();
            assert_eq!(file::mend(&path, format).unwrap().duration_ms, 0);
        }
        std::fs::write(&path, [0xff; 5_000]).unwrap();
        file::mend(&path, format).expect("nonsense is no panic");
    }
}

#[test]
fn a_recording_that_was_cut_before_its_first_sound_goes() {
    let desk = Desk::new(RecordingFormat::Opus);
    drop(shelf(&desk.scratch, &desk.store).open(&begin(3), &settings(RecordingFormat::Opus)).unwrap());
    let path = desk.path(&desk.rows()[0]);
    shelf(&desk.scratch, &desk.store).close_interrupted().unwrap();
    assert!(desk.rows().is_empty() && !path.exists());
}

#[test]
fn the_oldest_go_by_days() {
    let desk = Desk::new(RecordingFormat::Wav);
    let days = |days: i64| WallTime(NOW.0 - days * 24 * 3600 * 1000);
    for (id, age) in [(1, 31), (2, 29), (3, 30), (4, 0)] {
        desk.shelve(id, days(age), 100);
    }
    let old = desk.path(&desk.rows().into_iter().find(|row| row.recording == RecordingId(1)).unwrap());
    let keep = Settings { keep_days: Some(30), ..Settings::default() };
    shelf(&desk.scratch, &desk.store).enforce(&keep, 0, WallTime(NOW.0 + 1)).unwrap();
    assert_eq!(desk.rows().iter().map(|row| row.recording.0).collect::<Vec<_>>(), [4, 2]);
    assert!(!old.exists() && !old.parent().unwrap().exists(), "the file, and its day");
    assert!(desk.rows().iter().all(|row| desk.path(row).exists()));
}

#[test]
fn the_oldest_go_by_gigabytes_and_what_goes_on_stays() {
    let mut desk = Desk::new(RecordingFormat::Wav);
    for id in 1..=5 {
        desk.shelve(id, WallTime(NOW.0 - 10_000 + id as i64), 600_000_000);
    }
    desk.recorder.begin(ms(0), &Begin { at: WallTime(NOW.0 - 20_000), ..begin(9) });
    desk.recorder.set(Settings { keep_gigabytes: Some(2), keep_days: Some(0), ..settings(RecordingFormat::Wav) });
    let keep = Settings { keep_gigabytes: Some(2), ..Settings::default() };
    shelf(&desk.scratch, &desk.store).enforce(&keep, 0, NOW).unwrap();
    assert_eq!(desk.rows().iter().map(|row| row.recording.0).collect::<Vec<_>>(), [5, 4, 3, 9]);
    shelf(&desk.scratch, &desk.store).enforce(&keep, 300_000_000, NOW).unwrap();
    let kept: Vec<_> = desk.rows().iter().map(|row| row.recording.0).collect();
    assert_eq!(kept, [5, 4, 9], "what goes on takes its part");
    desk.recorder.tick(ms(100), NOW);
    assert_eq!(desk.rows().iter().map(|row| row.recording.0).collect::<Vec<_>>(), [9], "no days, and still it stays");
    assert!(desk.path(&desk.rows()[0]).exists());
}

#[test]
fn files_without_rows_and_rows_without_files_are_swept() {
    let desk = Desk::new(RecordingFormat::Wav);
    desk.shelve(1, NOW, 10);
    desk.shelve(2, WallTime(NOW.0 + 1), 10);
    let rows = desk.rows();
    std::fs::remove_file(desk.path(&rows[0])).unwrap();
    let orphan = desk.path(&rows[1]).with_file_name("somebody's.opus");
    std::fs::write(&orphan, b"x").unwrap();
    shelf(&desk.scratch, &desk.store).sweep(clock::wall()).unwrap();
    assert_eq!(desk.rows().iter().map(|row| row.recording.0).collect::<Vec<_>>(), [1]);
    assert!(orphan.exists(), "of today: it may be somebody's work");
    shelf(&desk.scratch, &desk.store).sweep(WallTime(clock::wall().0 + 25 * 3600 * 1000)).unwrap();
    assert!(!orphan.exists() && desk.path(&desk.rows()[0]).exists());
}

#[test]
fn the_last_gigabyte_is_never_taken_and_recording_comes_back() {
    let mut desk = Desk::new(RecordingFormat::Opus);
    desk.shelve(1, WallTime(NOW.0 - 1), 10);
    let (mut tape, mut voices) = (Tape::new(RecordingId(2)), Voices::new());
    desk.recorder.begin(ms(0), &begin(2));
    desk.talk(&mut tape, &mut voices, 0, 4);
    desk.free.store(GIB - 1, Ordering::Relaxed);
    desk.talk(&mut tape, &mut voices, 4_000, 4);
    assert_eq!(desk.told(), [Told::DiskLow { free_bytes: GIB - 1 }], "once");
    let rows = desk.rows();
    assert_eq!(rows.len(), 2, "what is finished stays");
    assert!(rows[0].ended_at.is_some() && (2_500..8_000).contains(&rows[0].duration_ms), "{}", rows[0].duration_ms);
    assert_said(&ffmpeg(&desk.path(&rows[0])), rows[0].duration_ms as usize / 1000);

    desk.recorder.begin(ms(10_000), &begin(3));
    desk.free.store(GIB + GIB / 2 - 1, Ordering::Relaxed);
    desk.recorder.tick(ms(14_000), NOW);
    desk.recorder.begin(ms(14_000), &begin(4));
    assert_eq!((desk.rows().len(), desk.told()), (2, vec![]), "not yet");
    desk.free.store(GIB + GIB / 2, Ordering::Relaxed);
    desk.recorder.tick(ms(18_000), NOW);
    desk.recorder.begin(ms(18_000), &begin(5));
    assert_eq!(desk.told(), [Told::DiskBack { free_bytes: GIB + GIB / 2 }]);
    assert_eq!(desk.rows().len(), 3);
}

#[test]
fn a_disk_that_refuses_ends_one_recording_and_not_the_others() {
    let mut desk = Desk::new(RecordingFormat::Wav);
    let (mut tape, mut voices) = (Tape::new(RecordingId(1)), Voices::new());
    desk.recorder.begin(ms(0), &begin(1));
    desk.recorder.begin(ms(0), &begin(2));
    desk.talk(&mut tape, &mut voices, 0, 2);
    desk.recorder.break_file(RecordingId(2));
    let (mut other, mut others) = (Tape::new(RecordingId(2)), Voices::new());
    desk.talk(&mut other, &mut others, 2_000, 2);
    let told = desk.told();
    assert!(matches!(&told[..], [Told::Failed { recording: RecordingId(2), .. }]), "{told:?}");
    desk.talk(&mut tape, &mut voices, 2_000, 1);
    desk.end(&mut tape, 3_000);
    let rows = desk.rows();
    assert!(rows.iter().all(|row| row.ended_at.is_some()));
    assert_eq!(rows.iter().map(|row| row.duration_ms).max(), Some(3_000));
    // And one that can't even begin: a file stands where the day's directory should be.
    std::fs::write(desk.scratch.path().join("recordings/2027"), b"").unwrap();
    desk.recorder.begin(ms(9_000), &Begin { at: WallTime(NOW.0 + 40 * 24 * 3600 * 1000), ..begin(3) });
    assert!(matches!(&desk.told()[..], [Told::Failed { recording: RecordingId(3), .. }]));
}

#[test]
fn names_hold_nothing_but_letters_digits_and_dashes() {
    let name = |caller: &str, called: &str| {
        let begin = Begin { caller: caller.to_owned(), called: called.to_owned(), ..begin(0x1f) };
        names::path(&begin, RecordingFormat::Opus, "Europe/Moscow").rsplit_once('/').unwrap().1.to_owned()
    };
    for (caller, called, want) in [
        ("+7 (812) 123-45-67", "*72#", "7812123-45-67_72"),
        ("", "../../etc/passwd", "unknown_etcpasswd"),
        ("Иван <script>", "a\0b\nc_d", "script_abcd"),
        ("-rf", "%2e%2e", "rf_2e2e"),
        (&"9".repeat(300), "..", &format!("{}_unknown", "9".repeat(32))),
    ] {
        assert_eq!(name(caller, called), format!("20261125-194320_{want}_1f.opus"));
    }
    let nowhere = names::path(&begin(1), RecordingFormat::Wav, "no/such zone");
    assert!(nowhere.starts_with("recordings/2026/11/25/20261125-164320_"), "{nowhere}");
}

#[test]
fn a_row_that_names_a_file_elsewhere_names_none() {
    let data = Path::new("/data");
    for path in ["/etc/passwd", "recordings/../office.db", "media/x", "", "recordings/./../x"] {
        assert_eq!(shelf::resolve(data, path), None, "{path}");
    }
    assert_eq!(shelf::resolve(data, "recordings/2026/x.opus"), Some("/data/recordings/2026/x.opus".into()));
}

#[test]
fn sound_that_is_missing_is_told_once_an_hour() {
    let mut desk = Desk::new(RecordingFormat::Opus);
    let mut tape = Tape::new(RecordingId(2));
    desk.recorder.begin(ms(0), &begin(2));
    let header = Header { marker: false, payload_type: 8, sequence: 0, timestamp: 0, ssrc: 0 };
    for n in 0..1_000 {
        tape.heard(ms(n * 20), Side::Left, Codec::Pcma, &header, &[0; 160]);
    }
    let late = tape.take(ms(20_000)).expect("what fitted");
    desk.recorder.block(ms(20_000), NOW, &late);
    desk.recorder.dropped(3);
    desk.recorder.tick(ms(20_100), NOW);
    assert_eq!(desk.told(), [Told::Lost { stretches: late.missed() + 3 }]);
    desk.recorder.dropped(5);
    desk.recorder.tick(ms(30_000), NOW);
    assert_eq!(desk.told(), [], "nobody is told each second");
    desk.recorder.tick(ms(4_000_000), NOW);
    assert_eq!(desk.told(), [Told::Lost { stretches: 2 }]);
    assert!(Told::Lost { stretches: 2 }.to_string().contains("2 times"));
}

#[test]
fn the_thread_records_and_its_close_puts_everything_on_the_disk() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path().join("backups")).unwrap();
    let store = Store::open(scratch.path(), NOW).unwrap().store;
    let handle = start(scratch.path(), store.clone(), |_| {}, |_| {}).unwrap();
    handle.set(settings(RecordingFormat::Opus));
    let (mut tape, mut voices) = (Tape::new(RecordingId(1)), Voices::new());
    handle.begin(begin(1));
    for n in 0..150 {
        voices.say(&mut tape, ms(n * 20));
        tape.take(ms(n * 20)).into_iter().for_each(|block| handle.block(block));
    }
    handle.block(tape.take(ms(9_000)).expect("the rest"));
    assert!(handle.close() && handle.dropped() == 0);
    store.flush().unwrap();
    let row = Reader::open(scratch.path()).unwrap().recordings(Some(CallId(77)), 9, None).unwrap().remove(0);
    assert!(row.duration_ms >= 2_980 && row.ended_at.is_some(), "{row:?}");
    assert_said(&ffmpeg(&scratch.path().join(&row.path)), 2);
    handle.begin(begin(2));
    assert!(handle.close(), "closed twice is closed");
}

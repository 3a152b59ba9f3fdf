use std::sync::mpsc::Receiver;

use super::*;
use crate::codec::detect::{dominant, level_dbm0};
use crate::codec::tone::ToneGenerator;
use crate::codec::{Codec, Law, g711};
use crate::io::recordings;
use crate::io::scratch::Scratch;
use crate::io::{clock, store};
use crate::media::tape::{Mark, Side, Tape};
use crate::rtp::Header;

const NOW: WallTime = WallTime(1_795_625_000_000); // 2026-11-25 16:43:20 UTC

/// A box whose telephones are tapes.
struct Desk {
    handle: Handle,
    recorder: RecorderHandle,
    voicemail: VoicemailHandle,
    events: Receiver<Event>,
    scratch: Scratch,
}

impl Desk {
    fn new() -> Self {
        let scratch = Scratch::new();
        let handle = Handle::open(scratch.path()).unwrap().handle;
        let (voicemail, events) = open(&handle);
        let finished = voicemail.clone();
        let end = move |one| {
            if let recordings::MessageEvent::Finished(one) = one {
                finished.finished(one);
            }
        };
        let recorder = recordings::start(scratch.path(), handle.store().clone(), |_| {}, end).unwrap();
        Self { handle, recorder, voicemail, events, scratch }
    }

    fn new_message(id: u64) -> NewMessage {
        NewMessage {
            recording: RecordingId(id),
            call: CallId(77),
            extension: "201".to_owned(),
            at: WallTime(NOW.0 + i64::try_from(id).unwrap()),
            caller: "79211234567".to_owned(),
            caller_name: "Пётр".to_owned(),
            silence: Duration::from_secs(5),
        }
    }

    /// 600 Hz for so long, and the end of the tape.
    fn say(&self, recording: u64, ms: u64) {
        self.say_without_end(recording, ms).into_iter().for_each(|block| self.recorder.block(block));
    }

    fn say_without_end(&self, recording: u64, ms: u64) -> Option<crate::media::tape::Block> {
        let mut tape = Tape::new(RecordingId(recording));
        let mut tone = ToneGenerator::new([600, 0], &[]);
        for n in 0..ms / 20 {
            let now = crate::base::Instant::from_micros(n * 20_000);
            let (mut sound, mut payload) = ([0; 160], [0; 160]);
            tone.fill(&mut sound);
            g711::encode(Law::A, &sound, &mut payload);
            let (sequence, timestamp) = (n as u16, n as u32 * 160);
            let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 1 };
            tape.heard(now, Side::Left, Codec::Pcma, &header, &payload);
            if let Some(block) = tape.take(now) {
                self.recorder.block(block);
            }
        }
        let end = crate::base::Instant::from_micros(ms * 1000);
        tape.mark(end, Mark::End);
        tape.take(end)
    }

    fn leave(&self, id: u64, ms: u64) {
        self.voicemail.begin(&self.recorder, Self::new_message(id));
        self.say(id, ms);
        self.voicemail.commit(RecordingId(id));
    }

    /// What is told next.
    fn event(&self) -> Event {
        self.events.recv_timeout(Duration::from_secs(20)).expect("something is told")
    }

    /// The mailbox of 201 as it is told next.
    fn mailbox(&self) -> Vec<Message> {
        match self.event() {
            Event::Mailbox { extension, messages } if extension == "201" => messages,
            other => panic!("{other:?}"),
        }
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.scratch.path().join(MESSAGES));
        entries
            .map_or(Vec::new(), |entries| entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect())
    }

    /// Waits until all orders are done.
    fn settle(&self) {
        let (done, settled) = channel();
        self.voicemail.send(move |_| done.send(()).expect("somebody waits"));
        settled.recv().unwrap();
    }
}

fn open(handle: &Handle) -> (VoicemailHandle, Receiver<Event>) {
    let (told, events) = channel();
    (start(handle, move |event| drop(told.send(event))).unwrap(), events)
}

/// The answer of an order.
fn answer<T: Send + 'static>(order: impl FnOnce(Box<dyn FnOnce(T) + Send>)) -> T {
    let (answer, inbox) = channel();
    order(Box::new(move |value| drop(answer.send(value))));
    inbox.recv_timeout(Duration::from_secs(20)).expect("an answer")
}

#[test]
fn a_message_is_kept_listed_played_marked_and_deleted() {
    let desk = Desk::new();
    desk.leave(5, 3_000);
    let messages = desk.mailbox();
    let Event::Arrived { message, path } = desk.event() else { panic!("nobody is told") };
    assert_eq!(messages, std::slice::from_ref(&message));
    assert_eq!(
        (message.id, message.seconds, message.heard, message.caller.as_str()),
        (MessageId(5), 3, false, "79211234567")
    );
    assert!(file(desk.scratch.path(), &path).is_some_and(|file| file.exists()));

    let clip = answer(|answer| desk.voicemail.load(MessageId(5), answer)).expect("it can be played");
    assert!(clip.duration().as_millis().abs_diff(3_000) <= 40, "{:?}", clip.duration());
    let heard: Vec<i16> = clip.alaw()[8_000..8_800].iter().map(|byte| g711::decode_sample(Law::A, *byte)).collect();
    assert!(dominant(&heard).is_some_and(|hz| hz.abs_diff(600) < 8) && level_dbm0(&heard) > -16.0);

    desk.leave(6, 2_000);
    assert_eq!(desk.mailbox().iter().map(|message| message.id.0).collect::<Vec<_>>(), [6, 5], "the newest first");
    assert!(matches!(desk.event(), Event::Arrived { .. }));
    assert!(answer(|answer| desk.voicemail.mark_heard(MessageId(5), true, answer)).unwrap());
    assert_eq!(desk.mailbox().iter().map(|message| message.heard).collect::<Vec<_>>(), [false, true]);
    assert!(answer(|answer| desk.voicemail.delete(MessageId(6), answer)).unwrap());
    assert_eq!(desk.mailbox().len(), 1);
    assert_eq!(desk.files(), ["201_5.opus"]);
    assert!(answer(|answer| desk.voicemail.load(MessageId(6), answer)).is_none());
    assert!(!answer(|answer| desk.voicemail.delete(MessageId(6), answer)).unwrap());
    assert!(!answer(|answer| desk.voicemail.mark_heard(MessageId(6), true, answer)).unwrap());
    desk.voicemail.list("200".to_owned());
    assert_eq!(desk.event(), Event::Mailbox { extension: "200".to_owned(), messages: vec![] });
}

#[test]
fn one_that_is_too_short_or_not_wanted_leaves_nothing() {
    let desk = Desk::new();
    desk.leave(1, 600);
    desk.voicemail.begin(&desk.recorder, Desk::new_message(2));
    desk.voicemail.discard(RecordingId(2)); // before its end
    desk.say(2, 3_000);
    desk.recorder.close();
    desk.settle();
    assert_eq!(desk.files(), [""; 0]);
    assert!(store::Reader::open(desk.scratch.path()).unwrap().unfinished_messages().unwrap().is_empty());
    assert!(desk.events.try_recv().is_err());
}

#[test]
fn one_that_the_end_of_the_process_cut_is_in_the_mailbox_and_files_of_nobody_are_gone() {
    let desk = Desk::new();
    desk.voicemail.begin(&desk.recorder, Desk::new_message(7));
    desk.voicemail.begin_draft(&desk.recorder, &Desk::new_message(8));
    let end = desk.say_without_end(7, 4_000); // which never comes
    desk.say(8, 2_000);
    desk.recorder.close();
    desk.settle();
    drop(end);
    assert_eq!(desk.files().len(), 2);
    desk.voicemail.close();

    let (again, events) = open(&desk.handle);
    assert!(matches!(events.recv().unwrap(), Event::Mailbox { messages, .. } if messages.len() == 1));
    assert!(matches!(events.recv().unwrap(), Event::Arrived { message, .. } if message.seconds >= 3));
    again.close();
    assert_eq!(desk.files(), ["201_7.opus"]);
}

#[test]
fn messages_go_when_they_are_too_old() {
    let desk = Desk::new();
    desk.settle(); // it has closed what the last process left open: what comes now is none of that
    let keep_days = i64::from(desk.handle.office().voicemail.keep_days);
    for (id, days) in [(1, keep_days + 1), (2, keep_days - 1)] {
        let at = WallTime(clock::wall().millis() - days * 24 * 3600 * 1000);
        let NewMessage { extension, caller, caller_name, .. } = Desk::new_message(id);
        let message = Message { id: MessageId(id), extension, at, caller, caller_name, seconds: 0, heard: false };
        desk.handle.store().begin_message(&message, &format!("{MESSAGES}/201_{id}.opus")).unwrap();
        desk.handle.store().end_message(MessageId(id), 1_000, 1).unwrap();
    }
    desk.voicemail.send(|shelf| shelf.enforce());
    assert_eq!(desk.mailbox().iter().map(|message| message.id.0).collect::<Vec<_>>(), [2]);
}

#[test]
fn what_an_employee_records_becomes_his_greeting_or_a_media_file_of_the_office() {
    let desk = Desk::new();
    let greeting = |desk: &Desk| desk.handle.office().extension("201").unwrap().voicemail_greeting.clone();
    desk.voicemail.begin_draft(&desk.recorder, &Desk::new_message(1));
    desk.say(1, 2_000);
    desk.voicemail.keep_as_greeting(RecordingId(1), "201".to_owned());
    let name = "Приветствие 201".to_owned();
    assert_eq!(desk.event(), Event::MediaKept { recording: RecordingId(1), name: name.clone() });
    assert_eq!(greeting(&desk), name);
    let office = desk.handle.office();
    assert!(office.media(&name).and_then(|media| media.clip.clone()).is_some_and(|clip| clip.frames() > 80));

    desk.voicemail.begin_draft(&desk.recorder, &Desk::new_message(2));
    desk.say(2, 2_000);
    desk.voicemail.keep_as_media(RecordingId(2), "Новая".to_owned(), "201".to_owned());
    assert_eq!(desk.event(), Event::MediaKept { recording: RecordingId(2), name: "Новая".to_owned() });
    desk.voicemail.remove_greeting("201".to_owned());
    desk.settle();
    assert_eq!(greeting(&desk), "");
    assert!(desk.handle.office().media(&name).is_none() && desk.handle.office().media("Новая").is_some());
    assert_eq!(desk.files(), [""; 0], "the office has a copy of its own");

    desk.voicemail.begin_draft(&desk.recorder, &Desk::new_message(3));
    desk.say(3, 0);
    desk.voicemail.keep_as_media(RecordingId(3), "Тишина".to_owned(), "201".to_owned());
    assert!(matches!(desk.event(), Event::MediaLost { recording: RecordingId(3), .. }));
}

#[test]
fn no_file_but_a_message_is_played_or_sent() {
    for path in ["tls/box.key", "recordings/2026/1.opus", "recordings/voicemail/../../tls/box.key", "/etc/passwd", ""] {
        assert_eq!(file(Path::new("/data"), path), None, "{path}");
    }
    assert_eq!(plain("../2*01"), "201");
}

//! What the recorder's thread does. Time comes in, so that tests can play it; free space is read by a function for the
//! same reason.

use std::collections::HashMap;

use super::file::{Contents, SoundFile};
use super::quiet::Quiet;
use super::shelf::Shelf;
use super::{Begin, Finished, Free, Kind, MessageEvent, RecordingFormat, Settings, Told};
use crate::base::{CallId, Duration, Instant, RecordingId, WallTime};
use crate::io::store::StoreError;
use crate::media::tape::{Block, Entry, FRAME_SAMPLES, Mark, Reel};

pub(super) struct Recorder {
    shelf: Shelf,
    free: Free,
    told: Box<dyn Fn(Told) + Send>,
    of_message: Box<dyn Fn(MessageEvent) + Send>,
    settings: Settings,
    active: HashMap<RecordingId, Active>,
    /// The disk is too full to record.
    low: bool,
    disk_looked: Option<Instant>,
    lost: Lost,
    next_look_after: Instant,
    next_enforcing: Instant,
    next_sweep: Instant,
}

/// Sound that never came to us.
#[derive(Default)]
struct Lost {
    /// Packets that tapes left out, and blocks that the queue did.
    packets: u64,
    blocks: u64,
    told: u64,
    next_telling: Instant,
}

/// A recording that goes on.
struct Active {
    call: CallId,
    kind: Kind,
    path: String,
    format: RecordingFormat,
    reel: Reel,
    file: SoundFile,
    /// Of a message.
    quiet: Option<Quiet>,
    /// When the tape last told something, by the tape's clock, and by ours.
    heard: Instant,
    came: Instant,
    flushed: Instant,
    synced: Instant,
}

impl Recorder {
    pub(super) fn new(
        shelf: Shelf,
        free: Free,
        told: Box<dyn Fn(Told) + Send>,
        of_message: Box<dyn Fn(MessageEvent) + Send>,
    ) -> Self {
        Self {
            shelf,
            free,
            told,
            of_message,
            settings: Settings::default(),
            active: HashMap::new(),
            low: false,
            disk_looked: None,
            lost: Lost::default(),
            next_look_after: Instant::ZERO,
            next_enforcing: Instant::ZERO,
            next_sweep: Instant::ZERO,
        }
    }

    /// What is to be done once, before the first recording. Retention waits for the settings.
    pub(super) fn tidy(&mut self, now: Instant, wall: WallTime) {
        report(self.shelf.close_interrupted());
        report(self.shelf.sweep(wall));
        self.next_sweep = now + SWEEP_EVERY;
        self.next_enforcing = now + SOON;
    }

    pub(super) fn set(&mut self, settings: Settings) {
        if settings != self.settings {
            self.settings = settings;
            self.next_enforcing = Instant::ZERO;
        }
    }

    pub(super) fn begin(&mut self, now: Instant, begin: &Begin) {
        self.look_at_disk(now);
        if self.low {
            tracing::info!(call = %begin.call, "not recorded: the disk is nearly full");
            return self.never_began(begin);
        }
        if self.active.contains_key(&begin.recording) {
            return;
        }
        match self.shelf.open(begin, &self.settings) {
            Ok((path, format, file)) => {
                let quiet = match begin.kind {
                    Kind::Message { silence, .. } => Some(Quiet::new(silence)),
                    Kind::Call => None,
                };
                let active = Active {
                    call: begin.call,
                    kind: begin.kind.clone(),
                    path,
                    format,
                    reel: Reel::new(),
                    file,
                    quiet,
                    heard: Instant::ZERO,
                    came: now,
                    flushed: now,
                    synced: now,
                };
                self.active.insert(begin.recording, active);
            }
            Err(error) => {
                self.never_began(begin);
                (self.told)(failed(begin.recording, begin.call, &error));
            }
        }
    }

    pub(super) fn block(&mut self, now: Instant, wall: WallTime, block: &Block) {
        self.lost.packets += block.missed();
        let Some(active) = self.active.get_mut(&block.recording) else { return };
        active.came = now;
        match active.take(block) {
            Ok(()) if block.is_last() => self.end(now, wall, block.recording),
            Ok(()) => {}
            Err(error) => self.fail(wall, block.recording, &error),
        }
    }

    /// So many blocks were dropped on their way here, since the start.
    pub(super) fn dropped(&mut self, blocks: u64) {
        self.lost.blocks = blocks;
    }

    /// Looks after files, the disk and what is kept. May be called as often as one likes.
    pub(super) fn tick(&mut self, now: Instant, wall: WallTime) {
        if now < self.next_look_after {
            return;
        }
        self.next_look_after = now + LOOK_AFTER_EVERY;
        let broken: Vec<_> = self
            .active
            .iter_mut()
            .filter_map(|(recording, active)| Some((*recording, active.look_after(now).err()?)))
            .collect();
        for (recording, error) in broken {
            self.fail(wall, recording, &error);
        }
        for (recording, active) in &mut self.active {
            if let Some(spoken) = active.falls_silent(now) {
                (self.of_message)(MessageEvent::Silent { call: active.call, recording: *recording, spoken });
            }
        }
        if self.low || !self.active.is_empty() {
            self.look_at_disk(now);
        }
        if self.low {
            self.end_all(wall);
        }
        self.tell_lost(now);
        if now >= self.next_enforcing {
            self.next_enforcing = now + ENFORCE_EVERY;
            let growing = self.active.values().filter(|active| active.kind == Kind::Call);
            let growing = growing.map(|active| active.file.bytes().unwrap_or(0)).sum();
            report(self.shelf.enforce(&self.settings, growing, wall));
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP_EVERY;
            report(self.shelf.sweep(wall));
        }
    }

    fn tell_lost(&mut self, now: Instant) {
        let stretches = self.lost.packets + self.lost.blocks - self.lost.told;
        if stretches > 0 && now >= self.lost.next_telling {
            self.lost.told += stretches;
            self.lost.next_telling = now + TELL_LOST_EVERY;
            (self.told)(Told::Lost { stretches });
        }
    }

    /// From now on the file of a recording can't be written.
    #[cfg(test)]
    pub(super) fn break_file(&mut self, recording: RecordingId) {
        if let Some(Active { file: SoundFile::Wav(wav), .. }) = self.active.get_mut(&recording) {
            wav.break_file();
        }
    }

    /// Ends everything.
    pub(super) fn close(mut self, wall: WallTime) {
        self.end_all(wall);
    }

    fn end_all(&mut self, wall: WallTime) {
        for (recording, active) in std::mem::take(&mut self.active) {
            self.finish(wall, recording, active);
        }
    }

    fn end(&mut self, now: Instant, wall: WallTime, recording: RecordingId) {
        if let Some(active) = self.active.remove(&recording) {
            self.finish(wall, recording, active);
            self.next_enforcing = self.next_enforcing.min(now + SOON);
        }
    }

    fn finish(&self, wall: WallTime, recording: RecordingId, active: Active) {
        let (call, kind, path, format) = (active.call, active.kind.clone(), active.path.clone(), active.format);
        match active.finish() {
            Ok(contents) => self.ended(wall, (call, recording), &kind, contents),
            Err(error) => {
                self.ended(wall, (call, recording), &kind, self.shelf.mend(&path, format));
                (self.told)(failed(recording, call, &error));
            }
        }
    }

    /// The disk refuses: what there is of this recording is kept, the others go on.
    fn fail(&mut self, wall: WallTime, recording: RecordingId, error: &std::io::Error) {
        let Some(active) = self.active.remove(&recording) else { return };
        let Active { call, kind, path, format, file, .. } = active;
        drop(file);
        self.ended(wall, (call, recording), &kind, self.shelf.mend(&path, format));
        (self.told)(failed(recording, call, error));
    }

    /// A call's recording has no row then.
    fn never_began(&self, begin: &Begin) {
        if matches!(begin.kind, Kind::Message { .. }) {
            let none = Finished { recording: begin.recording, duration_ms: 0, bytes: 0 };
            (self.of_message)(MessageEvent::Finished(none));
        }
    }

    /// Tells whom it concerns what a recording holds.
    fn ended(&self, wall: WallTime, (call, recording): (CallId, RecordingId), kind: &Kind, contents: Contents) {
        match kind {
            Kind::Call => {
                let duration_ms = contents.duration_ms;
                self.shelf.ended(recording, wall, contents);
                (self.of_message)(MessageEvent::Recorded { recording, call, duration_ms });
            }
            Kind::Message { .. } => {
                let Contents { duration_ms, bytes } = contents;
                (self.of_message)(MessageEvent::Finished(Finished { recording, duration_ms, bytes }));
            }
        }
    }

    fn look_at_disk(&mut self, now: Instant) {
        if self.disk_looked.is_some_and(|looked| now < looked + DISK_EVERY) {
            return;
        }
        self.disk_looked = Some(now);
        match (self.free)(self.shelf.data()) {
            Ok(free_bytes) if !self.low && free_bytes < FLOOR => {
                self.low = true;
                (self.told)(Told::DiskLow { free_bytes });
            }
            Ok(free_bytes) if self.low && free_bytes >= BACK => {
                self.low = false;
                (self.told)(Told::DiskBack { free_bytes });
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the free space of the disk can't be read"),
        }
    }
}

impl Active {
    fn take(&mut self, block: &Block) -> std::io::Result<()> {
        for entry in block.entries() {
            self.add(&entry)?;
        }
        Ok(())
    }

    fn add(&mut self, entry: &Entry<'_>) -> std::io::Result<()> {
        let (Entry::Packet { at, .. } | Entry::Mark { at, .. }) = *entry;
        self.heard = at;
        self.reel.add(entry);
        let mut frame = [0; FRAME_SAMPLES];
        while self.reel.next_frame(&mut frame) {
            match &mut self.quiet {
                None => self.file.add(&frame)?,
                Some(quiet) => quiet.hear(&frame).iter().try_for_each(|frame| self.file.add(frame))?,
            }
        }
        Ok(())
    }

    /// How long somebody spoke of whom nothing is heard any more.
    fn falls_silent(&mut self, now: Instant) -> Option<Duration> {
        let unheard = now.since(self.came).saturating_sub(UNHEARD);
        self.quiet.as_mut()?.over(unheard)
    }

    fn look_after(&mut self, now: Instant) -> std::io::Result<()> {
        if now >= self.flushed + FLUSH_EVERY {
            self.flushed = now;
            self.file.flush()?;
        }
        if now >= self.synced + SYNC_EVERY {
            self.synced = now;
            self.file.sync()?;
        }
        Ok(())
    }

    /// Ends where the tape was last heard, unless it has ended by itself.
    fn finish(mut self) -> std::io::Result<Contents> {
        self.add(&Entry::Mark { at: self.heard, mark: Mark::End })?;
        self.file.finish()
    }
}

fn failed(recording: RecordingId, call: CallId, error: &std::io::Error) -> Told {
    Told::Failed { recording, call, why: error.to_string() }
}

fn report(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::error!(%error, "the index of recordings does not answer");
    }
}

/// Under this much free space nothing is recorded: 1 GiB.
pub(super) const FLOOR: u64 = 1 << 30;
/// And from this much on again: 1.5 GiB.
pub(super) const BACK: u64 = 3 << 29;
/// How often the free space is read while something is recorded.
const DISK_EVERY: Duration = Duration::from_secs(3);
/// Blocks come more often than that while anything is heard, and the reel waits for late packets.
const UNHEARD: Duration = Duration::from_millis(700);
/// How often files are looked after.
const LOOK_AFTER_EVERY: Duration = Duration::from_millis(50);
/// The longest that sound waits for its page.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
/// How often the disk has to have what the kernel has.
const SYNC_EVERY: Duration = Duration::from_secs(5);
/// How often an admin hears of sound that is missing.
const TELL_LOST_EVERY: Duration = Duration::from_secs(3600);
/// How often the oldest are looked at.
const ENFORCE_EVERY: Duration = Duration::from_secs(3600);
/// After the start and after the end of a recording.
const SOON: Duration = Duration::from_secs(5);
/// How often files and rows are compared.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3600);

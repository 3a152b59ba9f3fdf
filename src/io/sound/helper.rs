//! The program that decodes sound files, as a process of its own: `helper.c` tells what it may do and how it is asked.
//! Files come from whoever may upload, and decoders are large and written in C: what breaks one breaks that process alone.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};

use flate2::read::GzDecoder;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::Signal;

use super::ImportError;

/// A file of sound in memory, and the program that reads it.
#[derive(Debug)]
pub(super) struct Helper {
    program: File,
    sound: File,
}

impl Helper {
    /// For one file, by its bytes.
    pub(super) fn new(sound: &[u8]) -> io::Result<Self> {
        Ok(Self { program: sealed(&unpacked()?)?, sound: sealed(sound)? })
    }

    /// Hands on all the file's sound, mono at [`RATE`], in blocks as they come; at full scale a sample is 1, and floating
    /// point files go beyond. `told` hears the percent of the file that was read. May be asked again.
    pub(super) fn decode(
        &self,
        most_seconds: u32,
        mut told: impl FnMut(u8),
        mut heard: impl FnMut(&[f32]),
    ) -> Result<(), ImportError> {
        let mut running = self.start(most_seconds)?;
        let mut report = Report::default();
        let mut block = Block::default();
        let (mut sound, mut words) = (running.0.stdout.take(), running.0.stderr.take());
        while sound.is_some() || words.is_some() {
            let (sound_ready, words_ready) = wait(sound.as_ref(), words.as_ref())?;
            if words_ready && !report.read(&mut words, &mut told)? {
                words = None;
            }
            if sound_ready && !block.read(&mut sound, &mut heard)? {
                sound = None;
            }
        }
        let status = running.0.wait()?;
        if status.success() { Ok(()) } else { Err(report.refusal(status, most_seconds)) }
    }

    fn start(&self, most_seconds: u32) -> io::Result<Running> {
        let program = format!("/proc/self/fd/{}", self.program.as_raw_fd());
        let mut sound = self.sound.try_clone()?;
        sound.seek(SeekFrom::Start(0))?;
        let mut command = Command::new(program);
        command.arg0("dozvon-media").arg(most_seconds.to_string()).env_clear().current_dir("/");
        command.stdin(Stdio::from(sound)).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Running(command.spawn()?))
    }
}

/// Our child, which doesn't outlive us caring for it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing to a child that was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What can be read now, or came to its end. The helper bounds its work by processor time and by the length of the sound; this
/// bounds how long it may say nothing.
fn wait(sound: Option<&impl AsFd>, words: Option<&impl AsFd>) -> Result<(bool, bool), ImportError> {
    let mut both = Vec::with_capacity(2);
    both.extend(sound.map(|sound| PollFd::new(sound.as_fd(), PollFlags::POLLIN)));
    both.extend(words.map(|words| PollFd::new(words.as_fd(), PollFlags::POLLIN)));
    match poll(&mut both, PollTimeout::from(PATIENCE_MS)) {
        Ok(0) => return Err(ImportError::TooHard),
        Err(nix::errno::Errno::EINTR) => return Ok((false, false)),
        Err(error) => return Err(io::Error::from(error).into()),
        Ok(_) => {}
    }
    let ready = |poll: &PollFd<'_>| poll.any().unwrap_or(true);
    let sound_ready = sound.is_some() && both.first().is_some_and(ready);
    Ok((sound_ready, words.is_some() && both.last().is_some_and(ready)))
}

/// Sound on its way out of the pipe.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    samples: Vec<f32>,
    /// Bytes of a sample that is not whole yet.
    waiting: usize,
}

impl Block {
    /// Returns whether more may come.
    fn read(&mut self, pipe: &mut Option<impl Read>, heard: &mut impl FnMut(&[f32])) -> io::Result<bool> {
        self.bytes.resize(PIPE_BYTES, 0);
        let (Some(pipe), Some(room)) = (pipe, self.bytes.get_mut(self.waiting..)) else { return Ok(false) };
        let got = pipe.read(room)?;
        let bytes = self.bytes.get(..self.waiting + got).unwrap_or_default();
        let whole = bytes.chunks_exact(SAMPLE_BYTES);
        let rest = whole.remainder().len();
        self.samples.clear();
        self.samples.extend(whole.filter_map(|bytes| bytes.first_chunk().map(|bytes| f32::from_ne_bytes(*bytes))));
        heard(&self.samples);
        let end = bytes.len();
        self.bytes.copy_within(end - rest..end, 0);
        self.waiting = rest;
        Ok(got > 0)
    }
}

/// What the helper says of the file.
#[derive(Default)]
struct Report {
    line: Vec<u8>,
    kind: Option<&'static str>,
    rate: u32,
    channels: u32,
    error: String,
}

impl Report {
    /// Returns whether more may come.
    fn read(&mut self, pipe: &mut Option<impl Read>, told: &mut impl FnMut(u8)) -> io::Result<bool> {
        let mut bytes = [0; LONGEST_LINE];
        let Some(pipe) = pipe else { return Ok(false) };
        let got = pipe.read(&mut bytes)?;
        for byte in bytes.iter().take(got) {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.hear(&String::from_utf8_lossy(&line), told);
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(*byte);
            }
        }
        Ok(got > 0)
    }

    fn hear(&mut self, line: &str, told: &mut impl FnMut(u8)) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "progress" => told(rest.parse().unwrap_or(0)),
            "error" => rest.clone_into(&mut self.error),
            "format" => {
                let mut words = rest.split(' ');
                self.kind = words.next().and_then(kind).or(self.kind);
                let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                (self.rate, self.channels) = (number(), number());
            }
            _ => {}
        }
    }

    /// By the list of exit statuses in `helper.c`.
    fn refusal(self, status: ExitStatus, most_seconds: u32) -> ImportError {
        let kind = self.kind.unwrap_or("sound");
        match status.code() {
            Some(2) => ImportError::Unknown,
            Some(3) => ImportError::Coding { kind, detail: self.error },
            Some(4) => ImportError::Damaged { kind, detail: self.error },
            Some(5) => ImportError::TooLong { most_seconds },
            Some(6) => ImportError::Empty,
            Some(7) => ImportError::Shape { rate: self.rate, channels: self.channels },
            Some(_) => io::Error::other(format!("the decoder could not work: {}", self.error)).into(),
            None if status.signal() == Some(Signal::SIGXCPU as i32) => ImportError::TooHard,
            None => ImportError::Damaged { kind, detail: "its decoder gave up".to_owned() },
        }
    }
}

/// As people call what FFmpeg names by its readers.
fn kind(name: &str) -> Option<&'static str> {
    match name {
        "wav" | "w64" => Some("wav"),
        "asf" => Some("wma"),
        "mp3" => Some("mp3"),
        "ogg" => Some("ogg"),
        "flac" => Some("flac"),
        "aac" => Some("aac"),
        name if name.starts_with("mov,") => Some("m4a"),
        _ => None,
    }
}

/// Bytes that nobody changes any more, as a file without a place.
fn sealed(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"dozvon-media", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    file.write_all(bytes)?;
    let all = SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(all))?;
    Ok(file)
}

fn unpacked() -> io::Result<Vec<u8>> {
    let mut program = Vec::new();
    GzDecoder::new(PACKED).take(MOST_PROGRAM_BYTES).read_to_end(&mut program)?;
    Ok(program)
}

/// Hz, of all that is decoded.
pub(super) const RATE: u32 = 48_000;
/// Made by scripts/media-helper.
static PACKED: &[u8] = include_bytes!(env!("DOZVON_MEDIA_HELPER"));
const MOST_PROGRAM_BYTES: u64 = 16 << 20;
/// What a pipe of Linux holds.
const PIPE_BYTES: usize = 64 << 10;
const SAMPLE_BYTES: usize = 4;
const LONGEST_LINE: usize = 256;
/// Without a sign of life; a damaged file may be searched through to its end, which takes a second.
const PATIENCE_MS: u16 = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of A-law as it is in a file.
    fn minute() -> Vec<u8> {
        let format = b"WAVEfmt \x10\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data";
        [b"RIFF\xff\xff\xff\xff", &format[..], &480_000_u32.to_le_bytes(), &[0x55, 0x20].repeat(240_000)].concat()
    }

    #[test]
    fn it_is_locked_up_before_it_reads() {
        let helper = Helper::new(&minute()).expect("memory");
        let mut running = helper.start(60).expect("starts");
        let sound = running.0.stdout.as_mut().expect("piped");
        sound.read_exact(&mut [0; 4]).expect("it decodes, and waits until the pipe is read");
        let about = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", running.0.id())).expect("it lives");
        let status = about("status");
        assert!(status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n"), "{status}");
        let limits = about("limits");
        for limit in ["Max cpu time", "Max file size", "Max processes", "Max open files", "Max address space"] {
            let line = limits.lines().find(|line| line.starts_with(limit)).expect("named");
            assert!(!line.contains("unlimited"), "{line}");
        }
        assert_eq!(about("environ"), "");
    }

    #[test]
    fn who_does_not_want_the_rest_leaves_no_process_behind() {
        let helper = Helper::new(&minute()).expect("memory");
        let running = helper.start(60).expect("starts");
        let place = format!("/proc/{}", running.0.id());
        drop(running);
        assert!(!std::path::Path::new(&place).exists());
    }

    #[test]
    fn all_sound_comes_whole_and_may_be_asked_for_again() {
        let helper = Helper::new(&minute()).expect("memory");
        for _ in 0..2 {
            let (mut samples, mut told) = (0, 0);
            helper.decode(60, |percent| told = percent, |sound| samples += sound.len()).expect("decodes");
            assert_eq!((samples, told), (60 * RATE as usize, 100));
        }
        let too_long = helper.decode(59, |_| {}, |_| {});
        assert!(matches!(too_long, Err(ImportError::TooLong { most_seconds: 59 })), "{too_long:?}");
    }

    #[test]
    fn what_was_sealed_cannot_be_changed() {
        let mut file = sealed(b"sound").expect("memory");
        assert!(file.write_all(b"more").is_err() && file.set_len(0).is_err());
    }
}

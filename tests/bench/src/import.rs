//! An uploaded file: what our import costs beside ffmpeg's decoding of the same file.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dozvon::io::sound;

use crate::process;

const SECONDS: u32 = 180;

/// A file of three minutes, stereo, 44.1 kHz and 128 kbit/s, as people upload them. It goes with its handle.
pub struct Tune(PathBuf);

/// CPU milliseconds for the whole file.
#[derive(Default, Clone, Copy)]
pub struct Import {
    pub import_ms: f64,
    /// With its start.
    pub ffmpeg_ms: f64,
}

impl Tune {
    /// `None` where there is no ffmpeg.
    pub fn make() -> io::Result<Option<Self>> {
        let tune = Self(std::env::temp_dir().join(format!("dozvon-bench-{}.mp3", std::process::id())));
        let source = format!("anoisesrc=color=pink:duration={SECONDS}:sample_rate=44100:seed=7");
        let mut command = ffmpeg();
        command.args(["-f", "lavfi", "-i", &source, "-ac", "2", "-b:a", "128k"]).arg(&tune.0);
        match command.status() {
            Ok(status) if status.success() => Ok(Some(tune)),
            Ok(status) => Err(io::Error::other(format!("ffmpeg: {status}"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes of it what is played (decoded twice by a process of its own, levelled, coded for every telephone), and decodes it by ffmpeg.
    pub fn measure(&self) -> io::Result<Import> {
        let cpu_ms = || process::own_cpu_ms() + process::children_cpu_ms();
        let before = cpu_ms();
        import(&self.0)?;
        let import_ms = cpu_ms() - before;
        let before = process::children_cpu_ms();
        let mut command = ffmpeg();
        let status =
            command.arg("-i").arg(&self.0).args(["-ac", "1", "-ar", "8000", "-f", "s16le", "/dev/null"]).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("ffmpeg: {status}")));
        }
        Ok(Import { import_ms, ffmpeg_ms: process::children_cpu_ms() - before })
    }
}

fn import(path: &Path) -> io::Result<()> {
    let clip = sound::import(path, &sound::Limits::default(), &mut |_| {}).map_err(io::Error::other)?;
    let seconds = clip.frames() / 50;
    if seconds.abs_diff(SECONDS as usize) > 1 {
        return Err(io::Error::other(format!("{seconds} s were imported, not {SECONDS}")));
    }
    Ok(())
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y", "-threads", "1"]).stdin(Stdio::null());
    command
}

impl Drop for Tune {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

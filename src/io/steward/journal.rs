//! The steward's own log: the kernel's, since there is no other before the data partition is there, and since it outlives the steward.
//! What worries shows up on the console; the rest waits there for [`Order::KernelLog`](crate::machine::Order::KernelLog).

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The way into the kernel's log.
#[derive(Debug)]
pub struct KernelLog(File);

impl KernelLog {
    /// Opens it.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(dev: &Path) -> io::Result<Self> {
        File::options().write(true).open(dev.join("kmsg")).map(Self)
    }
}

impl<'a> MakeWriter<'a> for KernelLog {
    type Writer = Record<'a>;

    fn make_writer(&'a self) -> Record<'a> {
        Record { log: &self.0, level: 6 }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Record<'a> {
        Record { log: &self.0, level: kernel_level(*about.level()) }
    }
}

/// One line.
#[derive(Debug)]
pub struct Record<'a> {
    log: &'a File,
    level: u8,
}

impl Write for Record<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // One write is one record, with its level before it.
        let record = [format!("<{}>", self.level).as_bytes(), line].concat();
        self.log.write_all(&record)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// syslog(3)'s number of a level.
pub(super) fn kernel_level(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

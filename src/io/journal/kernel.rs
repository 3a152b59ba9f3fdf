//! What the kernel has said, as lines of the journal. It comes in the spelling of /dev/kmsg or in that of dmesg.

use std::sync::Arc;

use super::{Level, Line, one_line};
use crate::base::WallTime;

/// Who says it.
pub const TARGET: &str = "kernel";

/// Reads the kernel's log, oldest first. It counts from power-on, which was at `started`.
pub fn read(text: &str, started: WallTime) -> Vec<Arc<Line>> {
    let mut lines: Vec<Arc<Line>> = Vec::new();
    for text in text.lines() {
        let Some((level, micros, text)) = line(text) else { continue };
        let at = WallTime(started.millis().saturating_add(micros / 1_000));
        let id = lines.len() as u64;
        lines.push(Arc::new(Line { id, at, level, target: TARGET.to_owned(), text: one_line(text) }));
    }
    lines
}

/// `6,339,5140900,-;text` or `<6>[    5.140900] text`, with or without its first part.
fn line(text: &str) -> Option<(Level, i64, &str)> {
    if let Some((head, text)) = text.split_once(';')
        && let Some((priority, micros)) = kmsg(head)
    {
        return Some((level(priority), micros, text));
    }
    let (priority, rest) = match text.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((priority, rest)) => (priority.parse().ok()?, rest),
        None => (6, text),
    };
    let (time, text) = rest.strip_prefix('[')?.split_once(']')?;
    let seconds: f64 = time.trim().parse().ok()?;
    Some((level(priority), (seconds * 1e6) as i64, text.trim_start()))
}

fn kmsg(head: &str) -> Option<(u32, i64)> {
    let mut words = head.split(',');
    let (priority, _, micros) = (words.next()?, words.next()?, words.next()?);
    Some((priority.parse().ok()?, micros.parse().ok()?))
}

/// The lower three bits of a priority are its severity: RFC 5424 §6.2.1.
fn level(priority: u32) -> Level {
    match priority & 7 {
        0..=3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_the_kernel_are_read() {
        let text = "6,339,5140900,-;NET: Registered PF_PACKET\n SUBSYSTEM=net\n<3>[    7.250000] ata1: failed\n\
                    [   12.5] usb 1-1: new device\nnonsense\n12,1,x,-;no\n4,340,6000000,c;split; here\n";
        let told: Vec<_> = read(text, WallTime(1_000_000)).iter().map(|l| (l.level, l.at.0, l.text.clone())).collect();
        let expected = [
            (Level::Info, 1_005_140, "NET: Registered PF_PACKET"),
            (Level::Error, 1_007_250, "ata1: failed"),
            (Level::Info, 1_012_500, "usb 1-1: new device"),
            (Level::Warn, 1_006_000, "split; here"),
        ];
        assert_eq!(told, expected.map(|(level, at, text)| (level, at, text.to_owned())));
    }
}

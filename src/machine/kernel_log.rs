//! What the kernel has said: records of `/dev/kmsg` (the kernel's Documentation/ABI/testing/dev-kmsg).

/// Reads one record, and gives its line as people know it, with its priority before it: `<6>[    1.234567] text`.
pub fn line(record: &[u8]) -> Option<String> {
    let record = String::from_utf8_lossy(record);
    let (head, text) = record.split_once(';')?;
    let mut words = head.split(',');
    let (priority, _, micros) = (words.next()?, words.next()?, words.next()?);
    let (priority, micros): (u32, u64) = (priority.parse().ok()?, micros.parse().ok()?);
    // What follows on further lines is for programs.
    let text: String = text.lines().next()?.chars().filter(|letter| !letter.is_control()).collect();
    Some(format!("<{priority}>[{:5}.{:06}] {text}", micros / 1_000_000, micros % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_becomes_a_line() {
        let record = b"6,339,5140900,-;NET: Registered\x1b protocol family 10\n SUBSYSTEM=net\n";
        assert_eq!(line(record).as_deref(), Some("<6>[    5.140900] NET: Registered protocol family 10"));
    }

    #[test]
    fn what_is_no_record_is_left() {
        for record in ["", "6,339;x", "6,339,x,-;text", "no semicolon"] {
            assert_eq!(line(record.as_bytes()), None, "{record}");
        }
    }
}

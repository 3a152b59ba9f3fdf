//! GRUB's environment block on the EFI partition: which slot starts, and whether another is on trial. Exactly 1024 bytes: a first line that
//! GRUB asks for, lines `name=value`, and `#` to the end. What matters lies in its first 512 bytes, which a disk writes whole or not at all.

use std::fmt;

/// Of the file, always: its clusters never change, so that it is written in place.
pub const LENGTH: usize = 1024;
/// Times that GRUB starts a slot on trial.
pub const TRIES: u8 = 3;

const HEAD: &str = "# GRUB Environment Block\n";

/// One of the two system slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Partition `slot-a`.
    A,
    /// Partition `slot-b`.
    B,
}

/// What GRUB goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Known to be good.
    pub slot: Slot,
    /// Started instead, while there are tries left.
    pub trial: Option<Slot>,
    /// Left, 0 to [`TRIES`].
    pub tries: u8,
    /// The one whose last trial came to nothing.
    pub failed: Option<Slot>,
}

impl Slot {
    /// `a` or `b`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "a" => Some(Self::A),
            "b" => Some(Self::B),
            _ => None,
        }
    }

    /// As the kernel's command line says it: `dozvon.slot=a`.
    pub fn of_command_line(line: &str) -> Option<Self> {
        line.split_whitespace().find_map(|word| Self::parse(word.strip_prefix("dozvon.slot=")?))
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The name of its partition.
    pub fn partition(self) -> &'static str {
        match self {
            Self::A => "slot-a",
            Self::B => "slot-b",
        }
    }

    /// `a` or `b`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.letter())
    }
}

impl Environment {
    /// This slot is good, and nothing else is going on.
    pub fn good(slot: Slot) -> Self {
        Self { slot, trial: None, tries: 0, failed: None }
    }

    /// Reads a block. What is no block of GRUB's, or names no slot, is as if the running slot were good: it runs, after all.
    pub fn parse(bytes: &[u8], running: Slot) -> Self {
        let text = bytes.get(..LENGTH.min(bytes.len())).and_then(|bytes| bytes.strip_prefix(HEAD.as_bytes()));
        let value = |name: &str| {
            text?
                .split(|byte| *byte == b'\n')
                .filter_map(|line| std::str::from_utf8(line).ok()?.strip_prefix(name)?.strip_prefix('='))
                .next_back()
        };
        let Some(slot) = value("slot").and_then(Slot::parse) else { return Self::good(running) };
        let trial = value("trial").and_then(Slot::parse).filter(|trial| *trial != slot);
        let tries =
            value("tries").and_then(|tries| tries.parse().ok()).filter(|tries| *tries <= TRIES && trial.is_some());
        let failed = value("failed").and_then(Slot::parse);
        Self { slot, trial, tries: tries.unwrap_or(0), failed }
    }

    /// The block.
    pub fn write(&self) -> [u8; LENGTH] {
        let letter = |slot: Option<Slot>| slot.map_or("", Slot::letter);
        let tries = self.trial.map_or_else(String::new, |_| self.tries.to_string());
        let text = format!(
            "{HEAD}slot={}\ntrial={}\ntries={tries}\nfailed={}\n",
            self.slot,
            letter(self.trial),
            letter(self.failed)
        );
        let mut block = [b'#'; LENGTH];
        for (place, byte) in block.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_slot() -> impl Strategy<Value = Slot> {
        prop_oneof![Just(Slot::A), Just(Slot::B)]
    }

    fn any_environment() -> impl Strategy<Value = Environment> {
        (any_slot(), any::<bool>(), 0..=TRIES, proptest::option::of(any_slot())).prop_map(
            |(slot, on_trial, tries, failed)| {
                let trial = on_trial.then(|| slot.other());
                Environment { slot, trial, tries: if on_trial { tries } else { 0 }, failed }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(environment in any_environment(), running in any_slot()) {
            let block = environment.write();
            prop_assert_eq!(block.len(), 1024);
            prop_assert_eq!(Environment::parse(&block, running), environment);
        }

        #[test]
        fn all_that_says_something_lies_in_one_sector(environment in any_environment()) {
            prop_assert!(environment.write().iter().skip(512).all(|byte| *byte == b'#'));
        }

        #[test]
        fn garbage_leaves_a_slot_that_runs(bytes in proptest::collection::vec(any::<u8>(), 0..2000), running in any_slot()) {
            prop_assert_eq!(Environment::parse(&bytes, running), Environment::good(running));
        }

        #[test]
        fn a_bent_block_names_no_more_than_there_is(environment in any_environment(), at in 0..1024_usize, byte: u8) {
            let mut block = environment.write();
            block[at] = byte;
            let read = Environment::parse(&block, Slot::A);
            prop_assert!(read.tries <= TRIES && read.trial != Some(read.slot));
        }
    }

    #[test]
    fn what_grub_itself_has_written_is_read() {
        let mut block = b"# GRUB Environment Block\n# WARNING: Do not edit this file by tools other than grub-editenv!!!\nslot=b\nboot=x\ntrial=a\ntries=2\nfailed=\n".to_vec();
        block.resize(LENGTH, b'#');
        let expected = Environment { slot: Slot::B, trial: Some(Slot::A), tries: 2, failed: None };
        assert_eq!(Environment::parse(&block, Slot::A), expected);
    }

    #[test]
    fn the_kernel_says_which_slot_runs() {
        assert_eq!(Slot::of_command_line("quiet root=PARTLABEL=slot-b dozvon.slot=b panic=5"), Some(Slot::B));
        assert_eq!(Slot::of_command_line("quiet"), None);
    }
}

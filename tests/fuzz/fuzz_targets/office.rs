//! Any text as an office file: the reader must not panic, what it takes must read back as itself from its own writing, and the
//! desk must never walk in circles.
#![no_main]

use std::sync::Arc;

use dozvon::base::{Rng, WallTime};
use dozvon::desk::{Executor, Facts, HangUpWhy, Step, check};
use dozvon::office::Office;
use dozvon::office::file::{self, Context};
use libfuzzer_sys::fuzz_target;

fn read(text: &str, current: &Office) -> Option<Office> {
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &check::findings };
    match file::read(text, current, context) {
        Ok(reading) => Some(reading.office),
        Err(problems) => {
            assert!(!problems.is_empty());
            None
        }
    }
}

fuzz_target!(|text: &str| {
    let Some(office) = read(text, &Office::default()) else { return };
    let written = file::write(&office, true);
    assert_eq!(read(&written, &Office::default()).as_ref(), Some(&office), "{written}");
    assert_eq!(read(&file::write(&office, false), &office).as_ref(), Some(&office));

    let office = Arc::new(office);
    for number in office.trunks.iter().flat_map(|trunk| trunk.all_numbers()) {
        let facts = Facts { number: number.to_owned(), caller: String::new() };
        if let Some((_, step)) = Executor::start(Arc::clone(&office), &facts, WallTime(0)) {
            assert_ne!(step, Step::HangUp { why: HangUpWhy::TooManySteps });
        }
    }
});

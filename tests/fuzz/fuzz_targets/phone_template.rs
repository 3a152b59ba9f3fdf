//! Any text as a template for telephones: it is taken or refused with its line, and never panics or works without end; what is taken
//! makes files for telephones of every shape.
#![no_main]

use dozvon::provision::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match check(text) {
        Ok(template) => assert!(template.files.iter().all(|file| !file.patterns().is_empty())),
        Err(error) => assert!(error.line >= 1 && error.line <= text.lines().count() + 2, "{error}"),
    }
});

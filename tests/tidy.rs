//! What a compiler can't see: who may use whom, no clock outside of io, no file too long to hold in mind, nothing dead.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room → the rooms that it may use. A new arrow is a commit of its own, with its reason.
const ARROWS: [(&str, &[&str]); 24] = [
    ("base", &[]),
    ("codec", &[]),
    // a=crypto names what SRTP does
    ("sdp", &["codec", "rtp"]),
    ("rtp", &["base", "codec"]),
    ("media", &["base", "codec", "sdp", "rtp"]),
    ("sip", &["base"]),
    // the nouns: a media file holds its clip, a trunk its transport
    ("office", &["base", "media", "sip", "desk"]),
    ("desk", &["base", "office"]),
    ("number", &["media", "office"]),
    ("group", &["base", "desk", "office"]),
    ("service", &["base"]),
    // phrases become clips
    ("speech", &["codec", "media", "office", "service"]),
    ("trust", &["base"]),
    // an update file is signed
    ("machine", &["base", "trust"]),
    // the office's midnight and its quiet hours are told by its time zone
    ("guard", &["base", "desk", "number", "office"]),
    // what telephones are told of the office; SIP plug-and-play is SIP
    ("provision", &["base", "office", "sip"]),
    // other exchanges' trunks speak SIP too, and their rules are of dialled numbers
    ("import", &["number", "office", "sip"]),
    ("registrar", &["base", "number", "office", "sip"]),
    ("lamp", &["base", "sip"]),
    (
        "call",
        &[
            "base",
            "codec",
            "desk",
            "group",
            "guard",
            "lamp",
            "media",
            "number",
            "office",
            "registrar",
            "sdp",
            "service",
            "sip",
            "speech",
            "trust",
        ],
    ),
    ("engine", &["base", "call", "codec", "guard", "lamp", "media", "number", "office", "registrar", "sip", "trust"]),
    (
        "io",
        &[
            "base",
            "call",
            "codec",
            "desk",
            "engine",
            "guard",
            "import",
            "lamp",
            "machine",
            "media",
            "number",
            "office",
            "provision",
            "registrar",
            "rtp",
            "sdp",
            "sip",
            // what is said in the office of the demonstration
            "speech",
            "trust",
        ],
    ),
    ("lib.rs", &[]),
    ("main.rs", &["io"]),
];

/// A file longer than this is two files.
const LONGEST: usize = 800;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(under: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(under) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned()
}

/// The code of a file without comments and without its tests at the end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    shipped.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.ends_with("tests.rs")
        || path.ends_with("testing.rs")
}

#[test]
fn every_room_uses_only_the_rooms_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut wrong = Vec::new();
    for path in files(&root().join("src"), &[".rs"]) {
        if is_test(&path) {
            continue;
        }
        let room = room_of(&path);
        let may = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is no room of this house"));
        let code = code(&path);
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + 7..];
            let named: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_room = allowed.contains_key(named.as_str());
            if is_room && named != room && !may.contains(&named.as_str()) {
                wrong.push(format!("{}: {room} → {named}", path.display()));
            }
        }
        assert!(!code.contains("use crate::{"), "{}: one room a use, so that arrows can be read", path.display());
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "arrows that the house does not have:\n{}", wrong.join("\n"));
}

#[test]
fn only_io_knows_time_chance_threads_and_files() {
    let words =
        ["Instant::now", "SystemTime::now", "thread::spawn", "std::fs", "OsRng", "getrandom", "tokio::", "std::env"];
    for path in files(&root().join("src"), &[".rs"]) {
        let room = room_of(&path);
        if room == "io" || room == "main.rs" || is_test(&path) {
            continue;
        }
        let code = code(&path);
        for word in words {
            assert!(!code.contains(word), "{} touches the world: {word}", path.display());
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    let homes = [
        ("rsip::", "sip"),
        ("tiny_http::", "io"),
        ("rusqlite::", "io"),
        ("ebur128::", "io"),
        ("use age::", "io"),
        ("tar::Archive", "io"),
        ("russh::", "io"),
        ("russh_sftp::", "io"),
        ("rusty_s3::", "io"),
        ("rtp_rs::", "rtp"),
        ("openidconnect::", "io"),
        ("ldap3::", "io"),
        ("x509_parser::", "office"),
    ];
    for path in files(&root().join("src"), &[".rs"]) {
        for (library, home) in homes {
            assert!(room_of(&path) == home || !code(&path).contains(library), "{} uses {library}", path.display());
        }
    }
}

#[test]
fn no_file_is_too_long_to_hold_in_mind() {
    for path in ["src", "tests", "web"].iter().flat_map(|dir| files(&root().join(dir), &[".rs", ".js", ".css"])) {
        if path.ends_with("web/lib/preact.js") {
            continue;
        }
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for path in files(&root().join("src"), &[".rs"]).into_iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//!"), "{} does not open with its purpose", path.display());
    }
}

#[test]
fn nothing_is_left_undone() {
    let words = ["TO\u{44}O", "FIX\u{4d}E", "unimplemented!(", "todo!("];
    for path in ["src", "web", "scripts", "config"].iter().flat_map(|dir| files(&root().join(dir), &[""])) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if path.ends_with("web/lib/preact.js") {
            continue;
        }
        for word in words {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

/// A fuzzer that nobody builds, or that is built on other libraries than the exchange, finds nothing.
#[test]
fn every_fuzz_target_is_built_and_looked_at_with_the_libraries_of_its_rooms() {
    let fuzz = root().join("tests/fuzz");
    let read = |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest = |path: PathBuf| read(path).parse::<toml::Table>().unwrap();
    let (own, theirs) = (manifest(root().join("Cargo.toml")), manifest(fuzz.join("Cargo.toml")));
    let bins: Vec<&str> = theirs["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap()).collect();
    let looked_at = read(root().join("tests/targets.rs"));
    for path in files(&fuzz.join("fuzz_targets"), &[".rs"]) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(bins.contains(&name), "tests/fuzz/Cargo.toml does not build {name}");
        assert!(looked_at.contains(&format!("mod {name};")), "tests/targets.rs does not look at {name}");
    }
    let rooms = read(fuzz.join("rooms.rs"));
    let rooms = rooms.lines().filter_map(|line| line.strip_prefix("#[path = \"../../")?.strip_suffix("/mod.rs\"]"));
    let code: String = rooms
        .flat_map(|room| files(&root().join(room), &[".rs"]))
        .filter(|path| !is_test(path))
        .map(|path| code(&path))
        .collect();
    for (library, wanted) in own["dependencies"].as_table().unwrap() {
        let path = format!("{}::", library.replace('-', "_"));
        let is_word =
            |at: usize| !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
        if code.match_indices(&path).any(|(at, _)| is_word(at)) {
            assert_eq!(theirs["dependencies"].get(library), Some(wanted), "{library} in tests/fuzz/Cargo.toml");
        }
    }
}

#[test]
fn the_books_name_every_room() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for (room, _) in ARROWS.iter().filter(|(room, _)| !room.ends_with(".rs")) {
        assert!(text.contains(&format!("{room}/")), "ARCHITECTURE.md does not know {room}/");
    }
}

//! Embeds the page: makes the libraries of web/lib when they are missing, lists the files of web/ with their bytes, packed where that
//! gains something, and names the whole by a hash of its content. The manual's pictures are of it when scripts/manual has made them.
//! Makes the program that decodes sound files, unless it is there, and tells the compiler where it lies; and likewise the
//! exchange's voice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use std::{env, fs};

#[path = "scripts/voice.rs"]
mod voice;
#[path = "scripts/web.rs"]
mod web;

/// What of web/ goes into the binary: everything with these endings but its tests and tools.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    (PICTURE, "image/webp"),
];
/// What has been packed already.
const PICTURE: &str = "webp";
/// What the API can be asked.
const DESCRIPTION: &str = "src/io/http/api/openapi.json";
/// An age that no build is older than.
const DAY: Duration = Duration::from_secs(24 * 3600);
const LEFT_OUT: &[&str] = &["node_modules", "test"];

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let web = root.join("web");
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=scripts/web-lib");
    println!("cargo::rerun-if-changed=scripts/web.rs");
    println!("cargo::rerun-if-changed=scripts/media-helper");
    println!("cargo::rerun-if-changed=src/io/sound/helper.c");
    println!("cargo::rerun-if-changed=scripts/voice");
    println!("cargo::rerun-if-changed=scripts/voice.rs");
    println!("cargo::rerun-if-changed=config/voice");
    println!("cargo::rerun-if-changed=target/manual");
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    // The places that the loader puts right are half a megabyte as a list, and some kilobytes as a map: musl has read it since 1.2.4.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    let out = PathBuf::from(variable("OUT_DIR"));
    let description = fs::read(root.join(DESCRIPTION)).unwrap_or_else(|error| fail(&format!("{DESCRIPTION}: {error}")));
    write(&out.join("openapi.json.gz"), &web::packed(&description));
    for library in ["lib/preact.js", "lib/qr.js"] {
        make_library(&root, &web.join(library));
    }
    println!(
        "cargo::rustc-env=DOZVON_MEDIA_HELPER={}",
        run(
            &root,
            "scripts/media-helper",
            "the program that decodes sound files could not be made: install musl-tools, make, xz-utils, nodejs and npm"
        )
    );
    let spoken = run(
        &root,
        "scripts/voice",
        "the exchange's voice could not be made: install festival, festvox-ru, festvox-us-slt-hts, sox and opus-tools",
    );
    let table = voice::pack(Path::new(&spoken), &out).unwrap_or_else(|error| fail(&format!("{spoken}: {error}")));
    write(&out.join("voice.rs"), table.as_bytes());

    let pictures = root.join("target/manual");
    // Cargo would take a directory that is not there for one that changes all the time, and one that came up during this build for one
    // that has changed since: the next build would make everything anew.
    if !pictures.exists() {
        fs::create_dir_all(&pictures)
            .and_then(|()| fs::File::open(&pictures)?.set_modified(SystemTime::UNIX_EPOCH + DAY))
            .unwrap_or_else(|error| fail(&format!("{}: {error}", pictures.display())));
    }
    let mut files = Vec::new();
    collect(&web, "", &mut files);
    collect(&pictures, "pictures/", &mut files);
    for language in ["ru", "en"] {
        let name = format!("pictures/{language}.js");
        if !files.iter().any(|(known, ..)| *known == name) {
            let none = out.join(format!("{language}-none.js"));
            write(&none, b"export default {};\n");
            files.push((name, none, TYPES[1].1));
        }
    }
    files.sort();
    embed(&files, &out);
}

/// Writes the table of the page's files, and beside it their bytes: packed, but for pictures.
fn embed(files: &[(String, PathBuf, &'static str)], out: &Path) {
    let mut hash = Fnv::new();
    let mut contents = Vec::new();
    for (name, path, content_type) in files {
        let bytes = fs::read(path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
        hash.add(name.as_bytes());
        hash.add(&bytes);
        contents.push((name.as_str(), *content_type, bytes));
    }
    let hash = format!("{:016x}", hash.0);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let scripts: BTreeMap<&str, String> = contents
        .iter()
        .filter(|(name, ..)| name.ends_with(".js"))
        .map(|(name, _, bytes)| (*name, text(bytes)))
        .collect();
    let mut list = String::new();
    for (number, (name, content_type, bytes)) in contents.iter().enumerate() {
        let bytes = match *name {
            "index.html" => {
                web::index(&text(bytes), &scripts).replace("/ui/HASH/", &format!("/ui/{hash}/")).into_bytes()
            }
            _ => bytes.clone(),
        };
        let (file, packed) = (out.join(format!("asset-{number}")), !name.ends_with(PICTURE));
        write(&file, &if packed { web::packed(&bytes) } else { bytes });
        let _ = writeln!(
            list,
            "    Asset {{ path: {name:?}, content_type: {content_type:?}, bytes: include_bytes!({:?}), packed: {packed} }},",
            file.display().to_string()
        );
    }
    let code = format!(
        "const HASH: &str = \"{hash}\";\n#[cfg(debug_assertions)]\nconst TYPES: &[(&str, &str)] = &{TYPES:?};\n#[cfg(any(test, not(debug_assertions)))]\nconst ASSETS: &[Asset] = &[\n{list}];\n"
    );
    write(&out.join("assets.rs"), code.as_bytes());
}

fn make_library(root: &Path, library: &Path) {
    if library.exists() {
        return;
    }
    let script = root.join("scripts/web-lib");
    let made = Command::new("sh").arg(&script).current_dir(root).output();
    match made {
        Ok(output) if output.status.success() && library.exists() => {}
        Ok(output) => fail(&format!(
            "the page's libraries could not be made: install Node.js with npm (apt-get install nodejs npm) and run scripts/web-lib. {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => fail(&format!("scripts/web-lib could not be started: {error}")),
    }
}

/// Runs a script that makes something, and returns the path that it prints at last. `missing` is for the person who lacks a tool.
fn run(root: &Path, script: &str, missing: &str) -> String {
    match Command::new("sh").arg(root.join(script)).current_dir(root).output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()
        }
        Ok(output) => fail(&format!(
            "{missing} with apt-get and run {script}. {}",
            String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ")
        )),
        Err(error) => fail(&format!("{script} could not be started: {error}")),
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
}

/// The files of a directory and those inside of it, with their names on the page: `under` stands before.
fn collect(directory: &Path, under: &str, files: &mut Vec<(String, PathBuf, &'static str)>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| fail(&format!("{}: {error}", directory.display())));
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                collect(&path, &format!("{under}{name}/"), files);
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if let Some((_, content_type)) = TYPES.iter().find(|(known, _)| *known == ending) {
            files.push((format!("{under}{name}"), path, content_type));
        }
    }
}

/// FNV-1a: a name for a content, no protection against anybody.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| fail(&format!("cargo did not set {name}")))
}

fn fail(why: &str) -> ! {
    println!("cargo::error={why}");
    std::process::exit(1);
}

//! Embeds the page: makes the libraries of web/lib when they are missing, lists the files of web/ with their bytes, and names the
//! whole by a hash of its content. The files are some tens of kilobytes on a LAN: compressing them would not be felt.
//! Makes the program that decodes sound files, unless it is there, and tells the compiler where it lies; and likewise the
//! exchange's voice.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[path = "scripts/voice.rs"]
mod voice;

/// What of web/ goes into the binary: everything with these endings but its tests and tools.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
];
const LEFT_OUT: &[&str] = &["node_modules", "test"];

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let web = root.join("web");
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=scripts/web-lib");
    println!("cargo::rerun-if-changed=scripts/media-helper");
    println!("cargo::rerun-if-changed=src/io/sound/helper.c");
    println!("cargo::rerun-if-changed=scripts/voice");
    println!("cargo::rerun-if-changed=scripts/voice.rs");
    println!("cargo::rerun-if-changed=config/voice");
    let out = PathBuf::from(variable("OUT_DIR"));
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
    write(&out.join("voice.rs"), &table);

    let mut files = Vec::new();
    collect(&web, &web, &mut files);
    files.sort();
    let mut hash = Fnv::new();
    let mut list = String::new();
    for (name, path, content_type) in &files {
        let bytes = fs::read(path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
        hash.add(name.as_bytes());
        hash.add(&bytes);
        let _ = writeln!(
            list,
            "    Asset {{ path: {name:?}, content_type: {content_type:?}, bytes: include_bytes!({:?}) }},",
            path.display().to_string()
        );
    }
    let code = format!("const HASH: &str = \"{:016x}\";\nconst ASSETS: &[Asset] = &[\n{list}];\n", hash.0);
    write(&out.join("assets.rs"), &code);
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

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
}

fn collect(web: &Path, directory: &Path, files: &mut Vec<(String, PathBuf, &'static str)>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| fail(&format!("{}: {error}", directory.display())));
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                collect(web, &path, files);
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if let Some((_, content_type)) = TYPES.iter().find(|(known, _)| *known == ending) {
            let relative = path.strip_prefix(web).unwrap_or(&path).to_string_lossy().into_owned();
            files.push((relative, path, content_type));
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

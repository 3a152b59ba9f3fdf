//! The page as it goes into the binary, for build.rs: every file as it is and packed, and an index that tells the browser of all
//! modules that the first screen imports, so that it fetches them at once and not one after another.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// gzip (RFC 1952), as small as it gets.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("a vector takes everything")
}

/// The index with a `modulepreload` for whatever its modules import, before the first of them. `scripts` are the page's modules
/// by their paths.
pub(crate) fn index(text: &str, scripts: &BTreeMap<&str, String>) -> String {
    let named: Vec<&str> = text.split('"').filter_map(|word| word.strip_prefix(ROOT)).collect();
    let mut found: Vec<String> = Vec::new();
    let mut next: VecDeque<String> = named.iter().map(|name| (*name).to_owned()).collect();
    while let Some(path) = next.pop_front() {
        let Some(script) = scripts.get(path.as_str()) else { continue };
        for import in imports(script) {
            let Some(import) = resolve(&path, import).filter(|import| scripts.contains_key(import.as_str())) else {
                continue;
            };
            if !found.contains(&import) && !named.contains(&import.as_str()) {
                found.push(import.clone());
                next.push_back(import);
            }
        }
    }
    let links: String =
        found.iter().map(|path| format!("<link rel=\"modulepreload\" href=\"{ROOT}{path}\">\n")).collect();
    match text.find("<script type=\"module\"") {
        Some(at) => format!("{}{links}{}", &text[..at], &text[at..]),
        None => text.to_owned(),
    }
}

/// What a module imports as it begins: `import … from "./x.js"`, `export … from`, `import "./x.js"`; not `import("./x.js")`.
fn imports(script: &str) -> impl Iterator<Item = &str> {
    let ends = ["from \"", "import \""].into_iter().flat_map(|word| script.split(word).skip(1));
    ends.filter_map(|rest| rest.split('"').next())
}

/// A relative import as a path of the page.
fn resolve(of: &str, import: &str) -> Option<String> {
    let mut parts: Vec<&str> = of.split('/').collect();
    parts.pop();
    import.starts_with('.').then_some(())?;
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// As the index names the page's files; the word is replaced by the hash of all of them.
const ROOT: &str = "/ui/HASH/";

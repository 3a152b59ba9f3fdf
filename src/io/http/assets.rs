//! The page's own files: inside the binary, or read from the disk in a debug build. Each build has its own path,
//! `/ui/<hash of all files>/…`, so that a browser keeps them for ever and a new version is there at once.

use std::borrow::Cow;

/// One file as build.rs embeds it.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    #[cfg_attr(debug_assertions, expect(dead_code, reason = "a debug build reads the disk"))]
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) content_type: &'static str,
    pub(super) bytes: Cow<'static, [u8]>,
    /// Never changes under this path.
    pub(super) forever: bool,
}

/// The page itself at `/`, its files under `/ui/…`.
pub(super) fn find(path: &str) -> Option<Found> {
    if path == "/" || path == "/index.html" {
        let (content_type, index) = read("index.html")?;
        let index = String::from_utf8_lossy(&index).replace("/ui/HASH/", &format!("/ui/{HASH}/"));
        return Some(Found { content_type, bytes: Cow::Owned(index.into_bytes()), forever: false });
    }
    let (hash, name) = path.strip_prefix("/ui/")?.split_once('/')?;
    let (content_type, bytes) = read(name)?;
    // A page that was open during an update asks with its old hash; it gets the new file, which it must not keep.
    Some(Found { content_type, bytes, forever: hash == HASH && !cfg!(debug_assertions) })
}

#[cfg(not(debug_assertions))]
fn read(name: &str) -> Option<(&'static str, Cow<'static, [u8]>)> {
    let asset = ASSETS.iter().find(|asset| asset.path == name)?;
    Some((asset.content_type, Cow::Borrowed(asset.bytes)))
}

/// From `web/` of the sources, or of another checkout: `DOZVON_WEB` names it. A file that came after the build is found as well.
#[cfg(debug_assertions)]
fn read(name: &str) -> Option<(&'static str, Cow<'static, [u8]>)> {
    let plain =
        |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part != "node_modules" && part != "test";
    if !name.split('/').all(plain) {
        return None;
    }
    let like =
        |asset: &&Asset| asset.path.rsplit_once('.').map(|path| path.1) == name.rsplit_once('.').map(|path| path.1);
    let content_type = ASSETS.iter().find(like)?.content_type;
    let web = std::env::var_os("DOZVON_WEB")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/web").into(), std::path::PathBuf::from);
    Some((content_type, Cow::Owned(std::fs::read(web.join(name)).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_its_files_by_the_hash_and_they_are_there() {
        let page = find("/").unwrap();
        let text = String::from_utf8(page.bytes.into_owned()).unwrap();
        let names: Vec<&str> = text.split('"').filter(|word| word.starts_with("/ui/")).collect();
        assert!(names.len() >= 2, "{text}");
        for name in names {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn nothing_outside_the_list_is_found() {
        for path in ["/ui/x/../../Cargo.toml", "/ui/x/package.json", "/ui/", "/ui/x", "/ui/x/test/number.test.js", "/x"]
        {
            assert!(find(path).is_none(), "{path}");
        }
    }
}

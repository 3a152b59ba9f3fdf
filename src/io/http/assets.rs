//! The page's own files: inside the binary, or read from the disk in a debug build. Each build has its own path,
//! `/ui/<hash of all files>/…`, so that a browser keeps them for ever and a new version is there at once.

use super::packed;
use super::reply::Reply;

/// One file as build.rs embeds it.
#[cfg(any(test, not(debug_assertions)))]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    /// Whether these are gzip: all but what gains nothing by it.
    packed: bool,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The page itself at `/`, its files under `/ui/…`. `packs`: gzip is taken; `known`: the entity tags that the browser has.
pub(super) fn find(path: &str, packs: bool, known: Option<&str>) -> Option<Reply> {
    let (name, forever) = match path {
        "/" | "/index.html" => ("index.html", false),
        // A page that was open during an update asks with its old hash; it gets the new file, which it must not keep.
        _ => path.strip_prefix("/ui/")?.split_once('/').map(|(hash, name)| (name, hash == HASH))?,
    };
    let forever = forever && !cfg!(debug_assertions);
    let cache = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    Some(unless_known(read(name, packs)?.with("cache-control", cache), known))
}

/// 304 when the browser has it: RFC 9110 §15.4.5.
fn unless_known(reply: Reply, known: Option<&str>) -> Reply {
    let tag = reply.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.as_str());
    if tag.is_some_and(|tag| known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag))) {
        return Reply { status: 304, content_type: "", body: Vec::new(), ..reply };
    }
    reply
}

#[cfg(not(debug_assertions))]
fn read(name: &str, packs: bool) -> Option<Reply> {
    Some(embedded(ASSETS.iter().find(|asset| asset.path == name)?, packs))
}

/// An entity tag names the bytes that are sent: RFC 9110 §8.8.3.3.
#[cfg(any(test, not(debug_assertions)))]
fn embedded(asset: &Asset, packs: bool) -> Reply {
    let reply = |bytes: Vec<u8>| Reply::text(asset.content_type, bytes).with("vary", "accept-encoding");
    if packs && asset.packed {
        let tag = format!("\"{HASH}-gzip\"");
        return reply(asset.bytes.to_vec()).with("content-encoding", "gzip").with("etag", tag);
    }
    // Whoever takes no gzip is no browser of today: a program that looks, once.
    let bytes = if asset.packed { packed::unpack(asset.bytes) } else { asset.bytes.to_vec() };
    reply(bytes).with("etag", format!("\"{HASH}\""))
}

/// From `web/` of the sources, or of another checkout: `DOZVON_WEB` names it; the manual's pictures from `target/manual`. A file that came
/// after the build is found as well.
#[cfg(debug_assertions)]
fn read(name: &str, packs: bool) -> Option<Reply> {
    let plain =
        |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part != "node_modules" && part != "test";
    if !name.split('/').all(plain) {
        return None;
    }
    let (_, ending) = name.rsplit_once('.')?;
    let (_, content_type) = TYPES.iter().find(|(known, _)| *known == ending)?;
    let here = |directory: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let path = match name.strip_prefix("pictures/") {
        Some(picture) => here("target/manual").join(picture),
        None => std::env::var_os("DOZVON_WEB").map_or_else(|| here("web"), Into::into).join(name),
    };
    let mut bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        // As the build does when there are no pictures.
        Err(_) if name.starts_with("pictures/") && ending == "js" => b"export default {};\n".to_vec(),
        Err(_) => return None,
    };
    if name == "index.html" {
        bytes = String::from_utf8_lossy(&bytes).replace("/ui/HASH/", &format!("/ui/{HASH}/")).into_bytes();
    }
    let reply = Reply::text(content_type, bytes);
    Some(if ending == "webp" { reply } else { packed::pack(reply, packs) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file's text.
    fn text(path: &str) -> String {
        let asset = ASSETS.iter().find(|asset| asset.path == path).unwrap_or_else(|| panic!("{path}"));
        assert!(asset.packed);
        String::from_utf8(packed::unpack(asset.bytes)).unwrap()
    }

    fn named(text: &str) -> Vec<&str> {
        text.split('"').filter(|word| word.starts_with("/ui/")).collect()
    }

    #[test]
    fn the_page_names_its_files_by_the_hash_and_they_are_there() {
        let text = String::from_utf8(find("/", false, None).unwrap().body).unwrap();
        assert!(named(&text).len() >= 2, "{text}");
        for name in named(&text) {
            assert!(find(name, false, None).is_some(), "{name}");
        }
    }

    #[test]
    fn the_embedded_page_names_every_module_that_its_first_screen_imports() {
        let index = text("index.html");
        let prefix = format!("/ui/{HASH}/");
        let names: Vec<&str> =
            named(&index).into_iter().filter_map(|name| name.strip_prefix(prefix.as_str())).collect();
        assert!(names.contains(&"app.js") && names.contains(&"lib/preact.js"), "{names:?}");
        for name in &names {
            for import in text(name).split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()) {
                let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                assert!(names.contains(&format!("{folder}{import}").as_str()), "{name} imports {import}");
            }
        }
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "each is named once");
    }

    #[test]
    fn the_packed_files_are_the_files_and_the_first_load_is_small() {
        let mut whole = 0;
        for asset in ASSETS.iter().filter(|asset| !asset.path.ends_with(".webp")) {
            let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web").join(asset.path);
            if asset.path != "index.html" && !asset.path.starts_with("pictures/") {
                assert!(embedded(asset, false).body == std::fs::read(source).unwrap(), "{}", asset.path);
            }
            whole += asset.bytes.len();
        }
        let index = ASSETS.iter().find(|asset| asset.path == "index.html").unwrap();
        let first: usize = named(&text("index.html"))
            .into_iter()
            .filter_map(|name| ASSETS.iter().find(|asset| name.ends_with(&format!("{HASH}/{}", asset.path))))
            .map(|asset| asset.bytes.len())
            .sum::<usize>()
            + index.bytes.len();
        println!("first load {first} bytes, all {whole}");
        assert!(first < FIRST_LOAD, "{first}");
    }

    #[test]
    fn a_browser_that_has_the_file_is_told_so() {
        let asset = ASSETS.iter().find(|asset| asset.path == "app.js").unwrap();
        let (plain, packed) = (embedded(asset, false), embedded(asset, true));
        let tag = |reply: &Reply| reply.headers.iter().find(|(name, _)| *name == "etag").unwrap().1.clone();
        assert_ne!(tag(&plain), tag(&packed), "other bytes, another tag");
        let known = format!("\"x\", {}", tag(&packed));
        assert_eq!(unless_known(plain, Some(&known)).status, 200);
        let unchanged = unless_known(packed.clone(), Some(&known));
        assert!(unchanged.status == 304 && unchanged.body.is_empty() && unchanged.headers == packed.headers);
        assert_eq!(unless_known(packed, None).status, 200);
    }

    #[test]
    fn the_manual_s_pictures_are_named_in_both_languages_though_none_may_be_made() {
        for language in ["ru", "en"] {
            let path = format!("pictures/{language}.js");
            assert!(text(&path).starts_with("export default {"), "{path}");
        }
        for picture in ASSETS.iter().filter(|asset| asset.path.ends_with(".webp")) {
            assert_eq!(picture.content_type, "image/webp");
            assert_eq!(embedded(picture, true), embedded(picture, false), "a picture is not packed again");
        }
    }

    #[test]
    fn nothing_outside_the_list_is_found() {
        for path in ["/ui/x/../../Cargo.toml", "/ui/x/package.json", "/ui/", "/ui/x", "/ui/x/test/number.test.js", "/x"]
        {
            assert!(find(path, false, None).is_none(), "{path}");
        }
    }

    /// What a browser fetches before it can show anything. Bytes.
    const FIRST_LOAD: usize = 100_000;
}

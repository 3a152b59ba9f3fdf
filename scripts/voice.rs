//! Part of build.rs: packs what scripts/voice has made into one file a language, with a table of what lies where.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The Rust text of the table, `const RU` and `const EN`; the bytes go beside it into `out`.
pub(crate) fn pack(made: &Path, out: &Path) -> std::io::Result<String> {
    let mut code = String::new();
    for (language, name) in [("ru", "RU"), ("en", "EN")] {
        let mut files =
            fs::read_dir(made.join(language))?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        files.sort(); // the table is searched by halves
        let (mut bytes, mut keys) = (Vec::new(), String::new());
        for file in files {
            let key = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let from = bytes.len();
            for packet in packets(&fs::read(&file)?).skip(HEADERS) {
                put_length(&mut bytes, packet.len());
                bytes.extend_from_slice(&packet);
            }
            let _ = writeln!(keys, "    ({key:?}, {from}, {}),", bytes.len());
        }
        let blob = out.join(format!("voice_{language}.bin"));
        fs::write(&blob, bytes)?;
        let _ = writeln!(
            code,
            "const {name}: Bank = Bank {{ bytes: include_bytes!({:?}), keys: &[\n{keys}] }};",
            blob.display().to_string()
        );
    }
    Ok(code)
}

/// Seven bits a byte, the lowest first; the top bit says that more follows.
fn put_length(bytes: &mut Vec<u8>, length: usize) {
    let (low, high) = ((length & 0x7f) as u8, length >> 7);
    if high == 0 {
        bytes.push(low);
    } else {
        bytes.push(low | 0x80);
        put_length(bytes, high);
    }
}

/// The packets of an Ogg file of one stream: RFC 3533 §6.
fn packets(file: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let (mut rest, mut packet, mut whole) = (file, Vec::new(), Vec::new());
    while let Some((head, after)) = rest.split_at_checked(27) {
        let segments = usize::from(head[26]);
        let (lengths, mut body) = after.split_at(segments);
        for length in lengths {
            let (piece, more) = body.split_at(usize::from(*length));
            packet.extend_from_slice(piece);
            body = more;
            if *length < 255 {
                whole.push(std::mem::take(&mut packet));
            }
        }
        rest = body;
    }
    whole.into_iter()
}

/// Of Opus, RFC 7845 §3: what it is, and comments.
const HEADERS: usize = 2;

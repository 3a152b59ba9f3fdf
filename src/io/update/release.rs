//! The vendor's side: an update file is made of a slot's image. Also what such a file says of itself.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use embedded_io_adapters::std::FromStd;

use crate::io::{clock, licence};
use crate::machine::update::{Contents, Release, UpdateError, UpdateReader, Version, measure};
use crate::trust::{KeyError, SecretKey};

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// The vendor's secret key.
    pub key: PathBuf,
    /// The slot's squashfs.
    pub slot: PathBuf,
    /// `1.4.2`.
    pub version: String,
    /// The update file.
    pub out: PathBuf,
    /// What machines it is for.
    pub product: String,
    /// Of the data.
    pub format: u32,
    /// Seconds since 1970; `None`: now.
    pub built: Option<u64>,
    /// What is new, in Russian.
    pub notes_ru: String,
    /// What is new, in English.
    pub notes_en: String,
}

/// Why nothing was made or shown.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A file.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// As the disk says.
        why: io::Error,
    },
    /// The key's file.
    #[error("{}: {why}", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: KeyError,
    },
    /// `--version`.
    #[error("--version {0:?}: numbers as 1.4.2, or 1.5.0-rc1")]
    Version(String),
    /// What no update file can be.
    #[error("{}: {why}", path.display())]
    Update {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: UpdateError,
    },
}

/// Makes an update file; what to print.
///
/// # Errors
/// See [`ReleaseError`]; there is no file then.
pub fn make(order: Order) -> Result<String, ReleaseError> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |why| ReleaseError::File { path, why }
    };
    let key = fs::read_to_string(&order.key).map_err(file(&order.key))?;
    let key = SecretKey::parse(&key).map_err(|why| ReleaseError::Key { path: order.key.clone(), why })?;
    let version = Version::parse(&order.version).ok_or(ReleaseError::Version(order.version))?;
    let slot = || File::open(&order.slot).map(BufReader::new).map_err(file(&order.slot));
    let of_slot = |why| ReleaseError::Update { path: order.slot.clone(), why };
    let (size, hashes) = measure(FromStd::new(slot()?)).map_err(of_slot)?;
    let now = u64::try_from(clock::wall().millis() / 1_000).unwrap_or(0);
    let release = Release { version, format: order.format, product: order.product, built: order.built.unwrap_or(now) };
    let contents = Contents { release, notes_ru: order.notes_ru, notes_en: order.notes_en };
    let header = contents.sign(size, &hashes, &key).map_err(of_slot)?;
    let out = File::create_new(&order.out).map_err(file(&order.out))?;
    let write = || {
        let mut out = BufWriter::new(&out);
        out.write_all(&header)?;
        io::copy(&mut io::Read::take(File::open(&order.slot)?, size), &mut out)?;
        out.flush()?;
        drop(out);
        File::open(&order.out)?.sync_all()
    };
    if let Err(why) = write() {
        let _ = fs::remove_file(&order.out);
        return Err(ReleaseError::File { path: order.out, why });
    }
    Ok(format!(
        "{}: version {}, {size} bytes of slot, {} blocks\n",
        order.out.display(),
        contents.release.version,
        hashes.len()
    ))
}

/// Proves an update file as a whole; what it brings.
///
/// # Errors
/// See [`ReleaseError`].
pub fn show(path: &Path) -> Result<String, ReleaseError> {
    let file = File::open(path).map_err(|why| ReleaseError::File { path: path.to_owned(), why })?;
    let of_file = |why| ReleaseError::Update { path: path.to_owned(), why };
    let mut reader =
        UpdateReader::open(FromStd::new(file), &licence::trusted_for_updates(std::path::Path::new("/etc")))
            .map_err(of_file)?;
    while reader.next_block().map_err(of_file)?.is_some() {}
    let header = reader.header();
    let Contents { release: Release { version, format, product, built }, notes_ru, notes_en } = &header.contents;
    let built = jiff::Timestamp::from_second(i64::try_from(*built).unwrap_or(0)).unwrap_or_default();
    Ok(format!(
        "version: {version}\nproduct: {product}\nformat of data: {format}\nbuilt: {built}\nsize: {}\nkey: {}\nnotes: {notes_en}\nзаметки: {notes_ru}\n\
         whole, and signed by a trusted key\n",
        header.size, header.key
    ))
}

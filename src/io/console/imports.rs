//! `dozvon import`: the office of another exchange. It becomes an office file, which is applied as any other.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Refusal, order, stored_office};
use crate::base::Rng;
use crate::import;
use crate::io::clock;
use crate::io::control::Request;
use crate::io::import::look;
use crate::io::store::database;
use crate::office::{Language, file};

/// What to print.
///
/// # Errors
/// When the file is no such backup, or what it holds can't be added.
pub fn import(data: &Path, from: &Path, dry_run: bool) -> Result<String, Refusal> {
    let folder = Folder::new().map_err(|why| Refusal::of(format!("a folder for a moment: {why}")))?;
    let path = folder.0.join("import.toml");
    if !database(data).exists() {
        // A new box gets its first office.
        order(data, Request::Apply { path: path.clone(), text: String::new(), dry_run: true })?;
    }
    let office = stored_office(data)?;
    let looked = look(from, &office.settings.timezone, &folder.0)
        .map_err(|why| Refusal::of(format!("{}: {why}", from.display())))?;
    let fitted = import::fit(&looked.found, &office, &looked.sounds);
    let text = file::write(&fitted.office, true);
    let (changes, warnings) = order(data, Request::Apply { path, text, dry_run })?;
    let mut said = format!("a backup of {}\n", looked.found.maker().name());
    if !fitted.replaced.is_empty() {
        let numbers = fitted.replaced.join(", ");
        let _ = writeln!(said, "giving way, as the box came with them and nobody has changed them: {numbers}");
    }
    for note in &fitted.notes {
        let _ = writeln!(said, "note: {}", note.say(Language::En));
    }
    for warning in warnings {
        let _ = writeln!(said, "warning: {warning}");
    }
    if changes.is_empty() {
        said.push_str("nothing to add\n");
    }
    for change in &changes {
        let _ = writeln!(said, "{change}");
    }
    if dry_run && !changes.is_empty() {
        said.push_str("(dry run: nothing was changed)\n");
    }
    Ok(said)
}

/// Where sounds are until the exchange has taken them; gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let token = Rng::from_entropy(clock::entropy()?).token(16);
        let path = std::env::temp_dir().join(format!("dozvon-import-{token}"));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

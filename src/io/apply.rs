//! `dozvon apply`: makes the box match an office file, all or nothing.

use std::path::Path;

use super::files::{NewMedia, Written};
use super::handle::{Handle, HandleError};
use super::import::Looked;
use super::sound::Progress;
use crate::desk;
use crate::guard;
use crate::import;
use crate::office::file::{self, Context, MediaImport, Reading};
use crate::office::{Office, changes};
use crate::provision;

/// What an apply did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// In words, a line a thing; empty when the box matched already.
    pub changes: Vec<String>,
    /// In words, with file and line.
    pub warnings: Vec<String>,
}

/// Why nothing was applied: a line a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Refused(pub Vec<String>);

impl From<HandleError> for Refused {
    fn from(error: HandleError) -> Self {
        Self(vec![error.to_string()])
    }
}

/// Applies the text of the office file that lies at `path`; media files are found beside it. With `dry_run` everything
/// is read and checked, and nothing changes. `told` hears how far long media files are.
///
/// # Errors
/// Everything that is wrong with the file, or what the disk says; nothing has changed then.
pub fn apply(
    handle: &Handle,
    path: &Path,
    text: &str,
    dry_run: bool,
    author: &str,
    told: &mut dyn FnMut(String),
) -> Result<Applied, Refused> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let folder = path.parent().unwrap_or(Path::new("."));
    let work = Work { name: &name, folder, reason: &format!("apply {name}"), author, dry_run };
    put(handle, &work, |_| text.to_owned(), told).map(|(applied, _)| applied)
}

/// Adds what another exchange's backup has to the office; sounds lie in `folder`. Returns the version that it made, if any.
///
/// # Errors
/// As those of [`apply`].
pub fn add(handle: &Handle, looked: &Looked, folder: &Path, author: &str) -> Result<Option<i64>, Refused> {
    let reason = format!("import from {}", looked.found.maker().word());
    let work = Work { name: "import", folder, reason: &reason, author, dry_run: false };
    let text = |current: &Office| file::write(&import::fit(&looked.found, current, &looked.sounds).office, true);
    put(handle, &work, text, &mut |_| {}).map(|(_, version)| version)
}

struct Work<'a> {
    /// Of the file, for what is said of it.
    name: &'a str,
    /// Where media files are.
    folder: &'a Path,
    reason: &'a str,
    author: &'a str,
    dry_run: bool,
}

fn put(
    handle: &Handle,
    work: &Work<'_>,
    text: impl FnOnce(&Office) -> String,
    told: &mut dyn FnMut(String),
) -> Result<(Applied, Option<i64>), Refused> {
    let Work { name, folder, .. } = *work;
    let mut applied = Applied::default();
    let mut written = Written::default();
    let version = handle.change(work.author, work.reason, |current| {
        let mut rng = handle.rng().fork();
        let exists = |file: &str| folder.join(file).is_file();
        let check = |office: &Office| {
            let mut findings = desk::check::findings(office);
            findings.extend(provision::findings(office));
            findings.extend(handle.plan_for(&office.settings).iter().flat_map(|plan| guard::findings(plan, office)));
            findings
        };
        let context = Context { rng: &mut rng, exists: &exists, check: &check };
        let reading = file::read(&text(current), current, context)
            .map_err(|problems| Refused(problems.iter().map(|problem| problem.in_file(name)).collect()))?;
        applied.warnings = reading.warnings.iter().map(|warning| warning.in_file(name)).collect();
        let (office, new_media) = take_media(reading, folder, told)?;
        applied.changes = changes::between(current, &office).iter().map(ToString::to_string).collect();
        if work.dry_run || office == *current {
            return Ok::<_, Refused>(None);
        }
        for media in &new_media {
            let wrote = media.write(handle.data(), &mut written);
            wrote.map_err(|why| Refused(vec![format!("media file {} can't be kept: {why}", media.stored)]))?;
        }
        Ok(Some(office))
    })?;
    written.keep();
    Ok((applied, version))
}

/// Reads and decodes the media files that are new, all of them before anything is written.
fn take_media(
    reading: Reading,
    folder: &Path,
    told: &mut dyn FnMut(String),
) -> Result<(Office, Vec<NewMedia>), Refused> {
    let mut office = reading.office;
    let (mut new, mut faults) = (Vec::new(), Vec::new());
    for MediaImport { name, path } in reading.imports {
        let file = folder.join(&path);
        let mut steps = is_long(&file).then(|| (1..=10_u8).map(|step| step * 10).peekable());
        let read = NewMedia::read(&file, &mut |Progress { percent }| {
            let passed =
                steps.as_mut().and_then(|steps| std::iter::from_fn(|| steps.next_if(|step| *step <= percent)).last());
            if let Some(percent) = passed {
                told(format!("media {name}: {percent} %"));
            }
        });
        match read {
            Ok(media) => {
                for place in office.media.iter_mut().filter(|place| place.name == name) {
                    place.file.clone_from(&media.stored);
                    place.clip = Some(media.clip.clone());
                }
                new.push(media);
            }
            Err(why) => faults.push(format!("media {name}: {path}: {why}")),
        }
    }
    if faults.is_empty() { Ok((office, new)) } else { Err(Refused(faults)) }
}

/// Whether somebody would wonder what takes so long: a megabyte of mp3 is a minute of sound, and read in a second.
fn is_long(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|about| about.len() >= LONG_BYTES)
}

const LONG_BYTES: u64 = 1 << 20;

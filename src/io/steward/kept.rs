//! `/data/machine.toml` on the disk and in memory.

use std::sync::{Mutex, PoisonError};

use super::{Outcome, Places};
use crate::io::files;
use crate::machine::{Settings, reason};

/// Longest file that is read.
const LONGEST: usize = 64 * 1024;

/// The box's own settings: what is in force for good.
pub(super) struct Kept {
    path: std::path::PathBuf,
    settings: Mutex<Settings>,
}

impl Kept {
    /// Reads them. A file that can't be understood is put aside, and all is as on a new box: one without network would be worse.
    pub(super) fn read(places: &Places) -> Self {
        let path = places.data.join("machine.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let settings = if text.len() > LONGEST { Err("too long".to_owned()) } else { Settings::parse(&text) };
        let settings = settings.unwrap_or_else(|error| {
            tracing::error!(error, "machine.toml can't be understood and is put aside: the box is as new");
            let _ = std::fs::rename(&path, path.with_extension("bad"));
            Settings::default()
        });
        Self { path, settings: Mutex::new(settings) }
    }

    /// As they are.
    pub(super) fn get(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes them, on the disk first.
    pub(super) fn change(&self, change: impl FnOnce(&mut Settings)) -> Outcome {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = settings.clone();
        change(&mut new);
        if new != *settings {
            files::replace(&self.path, new.write().as_bytes(), 0o600).map_err(|error| {
                reason(
                    format!("настройки прибора не записать на диск: {error}"),
                    format!("machine.toml can't be written: {error}"),
                )
            })?;
            *settings = new;
        }
        Ok(())
    }
}

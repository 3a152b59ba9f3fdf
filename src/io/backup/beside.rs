//! The good copy of the database beside it, kept by the thread of backups once a day: what a start takes whose database can't be read.

use super::super::files::free_bytes;
use super::super::handle::Handle;
use super::super::store::{StoreError, good_copy_at, good_copy_is_due, keep_good_copy};
use super::super::{clock, update};
use crate::base::Duration;
use crate::guard::Alarm;
use crate::io::clock::Stopwatch;

/// When the copy was last tried, and whether it is worth another try.
#[derive(Debug, Default)]
pub(super) struct Beside {
    tried: Option<Stopwatch>,
    is_damaged: bool,
}

impl Beside {
    /// Makes a copy when one is due.
    pub(super) fn look(&mut self, handle: &Handle) {
        let is_early = self.tried.as_ref().is_some_and(|tried| tried.elapsed() < TRY_EVERY);
        if self.is_damaged || is_early || !good_copy_is_due(handle.data(), clock::wall()) {
            return;
        }
        self.tried = Some(Stopwatch::start());
        // A version on trial writes no copy in place of one that the old version can read.
        if update::is_on_trial() {
            return;
        }
        let kept = free_bytes(handle.data())
            .map_err(|error| StoreError::Database(error.to_string()))
            .and_then(|free| keep_good_copy(handle.data(), free));
        match kept {
            Ok(true) => tracing::info!("the database is whole, and a good copy of it is kept"),
            Ok(false) => tracing::warn!("the disk has too little room for a good copy of the database"),
            Err(StoreError::Damaged(why)) => {
                self.is_damaged = true;
                tracing::error!(why, "the database is damaged: the next start takes its good copy");
                handle.raise(Alarm::DatabaseDamaged { copied: good_copy_at(handle.data()) });
            }
            Err(error) => tracing::error!(%error, "no good copy of the database is kept"),
        }
    }
}

/// How soon a copy is tried again that was not made.
const TRY_EVERY: Duration = Duration::from_secs(3600);

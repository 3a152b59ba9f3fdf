//! What calls with the city use up, and whose limits are lifted: asked and set by the API, kept on the disk, done by the engine.

use std::sync::mpsc::channel;

use super::handle::{Handle, Order};
use super::store::{AllowanceRow, StoreError};
use crate::base::{Duration, WallTime};
use crate::guard::limits::Usage;
use crate::io::clock;

/// The engine answers within milliseconds, or it does not run.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

impl Handle {
    /// What goes on and what today has used up; `None`: the exchange does not answer.
    pub(super) fn ask_usage(&self) -> Option<Usage> {
        let (answer, inbox) = channel();
        self.tell(Order::Usage(answer));
        inbox.recv_timeout(PATIENCE).ok()
    }

    /// Extensions whose limits are lifted now.
    pub(super) fn list_allowances(&self) -> Result<Vec<AllowanceRow>, StoreError> {
        self.store().allowances(clock::wall())
    }

    /// Lifts the limits of an extension for so long from now.
    pub(super) fn lift_limits(&self, extension: &str, span: Duration, by: &str) -> Result<AllowanceRow, StoreError> {
        let now = clock::wall();
        let row = AllowanceRow { extension: extension.to_owned(), until: now + span, by: by.to_owned() };
        self.store().allow(row.clone(), now)?;
        self.tell_allowance(extension, Some(row.until));
        Ok(row)
    }

    /// The limits of an extension hold again; false: they held.
    pub(super) fn restore_limits(&self, extension: &str) -> Result<bool, StoreError> {
        let were_lifted = self.store().disallow(extension, clock::wall())?;
        self.tell_allowance(extension, None);
        Ok(were_lifted)
    }

    fn tell_allowance(&self, extension: &str, until: Option<WallTime>) {
        self.tell(Order::Allow { extension: extension.to_owned(), until });
    }
}

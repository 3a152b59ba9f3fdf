//! Changes that could cut their maker off: they come back by themselves unless somebody who still can sign in confirms them. A pure
//! machine beside what decides which change is one; `handle` owns the thread that waits, and the database the marks, so that a
//! restart forgets none.

use crate::base::{Duration, Instant, WallTime};
use crate::io::accounts::Origin;
use crate::io::store::Probationer;
use crate::office::Office;

/// So long may a change wait for its confirmation.
pub const CONFIRM_TIME: Duration = Duration::from_secs(120);

/// Whether a change by `author` could cut him off: his own account or, for those from outside, what lets them in; or the networks that
/// are never banned. The console, telephones
/// and tokens have no account and are cut off by none of this.
pub fn is_risky(author: &str, old: &Office, new: &Office) -> bool {
    let other_networks = old.protection.trusted_networks != new.protection.trusted_networks;
    match Origin::of_name(author) {
        Origin::Local => {}
        Origin::Openid => return other_networks || old.openid != new.openid,
        Origin::Ldap => return other_networks || old.ldap != new.ldap,
    }
    let Some(before) = old.user(author) else { return false };
    let same_account =
        new.user(author).is_some_and(|after| after.role == before.role && after.disabled == before.disabled);
    !same_account || other_networks
}

/// What waits for a confirmation.
#[derive(Debug, Default)]
pub struct Probation(Vec<(i64, Instant)>);

impl Probation {
    /// A change waits from now on.
    pub fn begin(&mut self, now: Instant, version: i64) {
        self.0.push((version, now + CONFIRM_TIME));
    }

    /// What waited when the last process ended. A calendar that stands before the change is wrong, and the change overdue.
    pub fn restore(&mut self, now: Instant, wall: WallTime, stored: &[Probationer]) {
        for one in stored {
            let left = one.revert_at.millis().saturating_sub(wall.millis());
            let is_before = wall.millis() < one.made_at.millis();
            let left = if is_before { 0 } else { u64::try_from(left).unwrap_or(0) };
            self.0.push((one.version, now + Duration::from_millis(left).min(CONFIRM_TIME)));
        }
    }

    /// The change stays; false: it did not wait.
    pub fn confirm(&mut self, version: i64) -> bool {
        let before = self.0.len();
        self.0.retain(|(waiting, _)| *waiting != version);
        self.0.len() < before
    }

    /// The next one that must be taken back now, the newest first: the older ones are then found as they were left.
    pub fn take_due(&mut self, now: Instant) -> Option<i64> {
        let due = self.0.iter().filter(|(_, at)| *at <= now).map(|(version, _)| *version).max()?;
        self.confirm(due).then_some(due)
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::office::{Network, Role, User};

    const START: Instant = Instant::ZERO;

    #[test]
    fn what_nobody_confirms_is_due_after_its_time_and_what_is_confirmed_never() {
        let mut probation = Probation::default();
        probation.begin(START, 7);
        probation.begin(START + Duration::from_secs(10), 8);
        probation.begin(START + Duration::from_secs(20), 9);
        assert!(probation.confirm(8) && !probation.confirm(8));
        assert_eq!(probation.next(), Some(START + CONFIRM_TIME));
        assert_eq!(probation.take_due(START + (CONFIRM_TIME - Duration::from_millis(1))), None);
        let late = START + CONFIRM_TIME + Duration::from_secs(60);
        assert_eq!(probation.take_due(late), Some(9), "the newest first");
        assert_eq!(probation.take_due(late), Some(7));
        assert_eq!((probation.take_due(late), probation.next()), (None, None));
        assert!(!probation.confirm(7), "too late");
    }

    #[test]
    fn a_restart_takes_no_time_away_and_gives_none() {
        let made_at = WallTime(1_800_000_000_000);
        let stored = [Probationer { version: 3, made_at, revert_at: made_at + CONFIRM_TIME }];
        let next = |wall: WallTime| {
            let mut probation = Probation::default();
            probation.restore(START, wall, &stored);
            probation.next().map(|at| at.since(START).as_secs())
        };
        assert_eq!(next(made_at + Duration::from_secs(30)), Some(90));
        assert_eq!(next(made_at + Duration::from_secs(500)), Some(0), "overdue");
        assert_eq!(next(WallTime(0)), Some(0), "a calendar without sense");
    }

    #[test]
    fn a_change_is_risky_that_touches_its_makers_own_account_or_the_trusted_networks() {
        let mut office = Office::first_start(&mut Rng::from_seed(1), "$argon2id$one", false);
        office.users.push(User { login: "boss".to_owned(), ..office.users[0].clone() });
        let risky = |author: &str, change: &dyn Fn(&mut Office)| {
            let mut new = office.clone();
            change(&mut new);
            is_risky(author, &office, &new)
        };
        assert!(risky("admin", &|office| office.users[0].role = Role::Viewer));
        assert!(risky("admin", &|office| office.users[0].disabled = true));
        assert!(risky("admin", &|office| drop(office.users.remove(0))));
        assert!(risky("admin", &|office| office.users[0].login = "other".to_owned()));
        assert!(risky("admin", &|office| office.protection.trusted_networks.push(Network::ANY)));
        assert!(!risky("admin", &|office| office.users[1].role = Role::Viewer));
        assert!(!risky("admin", &|office| office.users[0].password_hash.push('x')), "he knows the new one");
        assert!(!risky("console", &|office| office.protection.trusted_networks.push(Network::ANY)));
        assert!(!risky("admin", &|office| office.settings.name.push('x')));
        assert!(risky("anna (OpenID)", &|office| office.openid.admin_values.push("staff".to_owned())));
        assert!(risky("anna (LDAP)", &|office| office.ldap.enabled = true));
        assert!(!risky("anna (LDAP)", &|office| office.openid.enabled = true));
        assert!(!risky("admin", &|office| office.openid.enabled = true), "he signs in without it");
    }
}

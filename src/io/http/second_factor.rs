//! The second factor: codes that change every 30 seconds (TOTP, RFC 6238 with the parameters that every authenticator knows: SHA-1,
//! six digits), and recovery codes for who has lost his telephone. A code opens once.

use argon2::password_hash::rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, Secret, TOTP};

use crate::base::{Rng, WallTime};
use crate::io::store::SecondFactor;

/// Digits of a code.
const DIGITS: usize = 6;
/// Seconds that a code lives.
const STEP: u64 = 30;
/// Codes of so many steps before and after are taken: telephones' clocks differ (RFC 6238 §5.2).
const SKEW: u64 = 1;
/// Bytes of a secret: RFC 4226 §4, R6.
const SECRET: usize = 20;
/// Recovery codes that are made.
const RECOVERY_CODES: usize = 10;

/// A new secret.
pub(super) fn new_secret() -> Vec<u8> {
    let mut secret = vec![0; SECRET];
    OsRng.fill_bytes(&mut secret);
    secret
}

/// The secret as people type it: base32.
pub(super) fn spelled(secret: &[u8]) -> String {
    Secret::Raw(secret.to_vec()).to_encoded().to_string()
}

/// What an authenticator scans: `otpauth://totp/…`, the key URI format.
pub(super) fn uri(secret: &[u8], office: &str, login: &str) -> String {
    let issuer = if office.trim().is_empty() { "Dozvon".to_owned() } else { format!("Dozvon {}", office.trim()) };
    let (issuer, account) = (encoded(&issuer), encoded(login));
    let secret = spelled(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )
}

/// The URI as a drawing; `None`: it is too long for one.
pub(super) fn drawn(uri: &str) -> Option<String> {
    let code = qrcode::QrCode::new(uri.as_bytes()).ok()?;
    Some(code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).build())
}

/// Recovery codes for people, and what is kept of them.
pub(super) fn recovery_codes(rng: &mut Rng) -> (Vec<String>, Vec<String>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| [(); 4].map(|()| rng.token(4)).join("-")).collect();
    let kept = codes.iter().map(|code| hashed(code)).collect();
    (codes, kept)
}

/// What is left of a factor when `code` opens; `None`: it does not.
pub(super) fn opened(factor: &SecondFactor, code: &str, at: WallTime) -> Option<SecondFactor> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    if let Some(step) = step_of(&factor.secret, &code, at).filter(|step| *step > factor.last_step) {
        return Some(SecondFactor { last_step: step, ..factor.clone() });
    }
    let hash = hashed(&code);
    let is_it = |kept: &&String| bool::from(kept.as_bytes().ct_eq(hash.as_bytes()));
    let used = factor.recovery.iter().find(is_it)?.clone();
    let recovery = factor.recovery.iter().filter(|kept| **kept != used).cloned().collect();
    Some(SecondFactor { recovery, ..factor.clone() })
}

/// The newest time step whose code this is, of those that count now.
pub(super) fn step_of(secret: &[u8], code: &str, at: WallTime) -> Option<u64> {
    if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let totp = TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP, secret.to_vec()).ok()?;
    let now = u64::try_from(at.millis()).unwrap_or(0) / 1_000 / STEP;
    let steps = now.saturating_sub(SKEW)..=now + SKEW;
    steps.rev().find(|step| bool::from(totp.generate(step * STEP).as_bytes().ct_eq(code.as_bytes())))
}

fn hashed(code: &str) -> String {
    let code: String = code.chars().filter(|letter| *letter != '-').collect();
    Sha256::digest(code.to_lowercase()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Percent-encoding of everything but RFC 3986's unreserved characters.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret of its SHA-1 examples.
    const RFC: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> WallTime {
        WallTime(seconds * 1_000)
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // Its examples have eight digits; six are their end: RFC 4226 §5.3.
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert!(step_of(RFC, code, at(seconds)).is_some(), "{code}");
        }
        assert_eq!(step_of(RFC, "287082", at(59 + 29)), Some(1), "a step late");
        assert_eq!(step_of(RFC, "287082", at(59 + 90)), None, "too late");
        assert!(step_of(RFC, "287083", at(59)).is_none() && step_of(RFC, "94287082", at(59)).is_none());
    }

    #[test]
    fn a_code_opens_once_and_so_does_a_recovery_code() {
        let (codes, recovery) = recovery_codes(&mut Rng::from_seed(5));
        let factor = SecondFactor { secret: RFC.to_vec(), last_step: 0, recovery };
        let after = opened(&factor, "287 082", at(59)).expect("right");
        assert_eq!(opened(&after, "287082", at(60)), None, "the same again");
        assert!(opened(&after, "wrong", at(60)).is_none());
        let spent = opened(&after, &codes[3].to_uppercase(), at(60)).expect("a recovery code");
        assert_eq!(spent.recovery.len(), RECOVERY_CODES - 1);
        assert_eq!(opened(&spent, &codes[3], at(60)), None);
        assert!(opened(&spent, &codes[4], at(60)).is_some());
    }

    #[test]
    fn an_authenticator_gets_a_uri_that_names_box_and_account() {
        let uri = uri(RFC, "ООО Ромашка", "anna@office");
        assert!(uri.starts_with("otpauth://totp/Dozvon%20%D0%9E"), "{uri}");
        assert!(uri.contains(":anna%40office?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Dozvon%20"), "{uri}");
        assert!(drawn(&uri).expect("short enough").contains("<svg"));
    }
}

//! The vendor's side: keys are made, licences are signed. Nothing of it touches a data directory.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::super::clock;
use crate::trust::{Amount, Day, Functions, Hardware, KeyError, Licence, LicenceError, SecretKey};

/// What a licence is to say.
#[derive(Clone, Debug)]
pub struct Order {
    /// The vendor's secret key.
    pub key: PathBuf,
    /// Unique.
    pub serial: String,
    /// Who may use it.
    pub owner: String,
    /// Its name in the price list.
    pub edition: String,
    /// The code that `dozvon license show` prints; `any`: every box.
    pub hardware: String,
    /// `2026-11-26`; `None`: today.
    pub starts: Option<String>,
    /// The last day, or `never`.
    pub expires: String,
    /// It works on for so many days.
    pub grace_days: u16,
    /// A number, or `unlimited`.
    pub extensions: String,
    /// A number, or `unlimited`.
    pub outside_calls: String,
    /// `recording`, …
    pub functions: Vec<String>,
    /// May be empty.
    pub support_mail: String,
    /// May be empty.
    pub support_phone: String,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
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
    /// An argument.
    #[error("--{name} {value:?}: {expected}")]
    Argument {
        /// Of the command line.
        name: &'static str,
        /// As given.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A value that no licence can hold.
    #[error("{0}: too long, empty, or with a control character")]
    Licence(LicenceError),
    /// No entropy.
    #[error("/dev/urandom: {0}")]
    Entropy(io::Error),
}

/// Makes a key pair: `NAME.key` (its owner's only) and `NAME.pub` in `folder`; what to print. Nothing is overwritten.
///
/// # Errors
/// See [`VendorError`].
pub fn keygen(name: &str, folder: &Path) -> Result<String, VendorError> {
    let seed = clock::entropy().map_err(VendorError::Entropy)?;
    let bad_name = || VendorError::Argument {
        name: "name",
        value: name.to_owned(),
        expected: "small letters, digits and `-`, at most 32",
    };
    let key = SecretKey::new(name, seed).ok_or_else(bad_name)?;
    let (secret, public) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.pub")));
    create(&secret, &key.text(), 0o600)?;
    create(&public, &key.public().text(), 0o644)?;
    Ok(format!(
        "{}: keep it in a safe\n{}: goes into config/keys of the builds that trust it\n",
        secret.display(),
        public.display()
    ))
}

/// Signs a licence; its text.
///
/// # Errors
/// See [`VendorError`].
pub fn issue(order: Order) -> Result<String, VendorError> {
    let text = fs::read_to_string(&order.key).map_err(|why| VendorError::File { path: order.key.clone(), why })?;
    let key = SecretKey::parse(&text).map_err(|why| VendorError::Key { path: order.key.clone(), why })?;
    let today = Day::of(clock::wall());
    let licence = Licence {
        serial: order.serial.trim().to_owned(),
        owner: order.owner.trim().to_owned(),
        edition: order.edition.trim().to_owned(),
        hardware: match order.hardware.as_str() {
            "any" => None,
            code => Some(argument(
                "hardware",
                code,
                Hardware::parse(code).ok(),
                "the code that `dozvon license show` prints, or any",
            )?),
        },
        issued: today,
        starts: match &order.starts {
            Some(day) => argument("starts", day, Day::parse(day), A_DAY)?,
            None => today,
        },
        expires: match order.expires.as_str() {
            "never" => None,
            day => Some(argument("expires", day, Day::parse(day), "a day as 2027-11-25, or never")?),
        },
        grace_days: order.grace_days,
        extensions: argument("extensions", &order.extensions, Amount::parse(&order.extensions), AN_AMOUNT)?,
        outside_calls: argument("outside-calls", &order.outside_calls, Amount::parse(&order.outside_calls), AN_AMOUNT)?,
        functions: {
            let mut names = order.functions.clone();
            names.sort();
            let text = names.join(" ");
            argument(
                "functions",
                &text,
                Functions::parse(&text),
                "provisioning,recording,transcoding, or some of them",
            )?
        },
        support_mail: order.support_mail.trim().to_owned(),
        support_phone: order.support_phone.trim().to_owned(),
    };
    licence.sign(&key).map_err(VendorError::Licence)
}

const A_DAY: &str = "a day as 2026-11-26";
const AN_AMOUNT: &str = "a number, or unlimited";

fn argument<T>(name: &'static str, value: &str, read: Option<T>, expected: &'static str) -> Result<T, VendorError> {
    read.ok_or_else(|| VendorError::Argument { name, value: value.to_owned(), expected })
}

fn create(path: &Path, text: &str, mode: u32) -> Result<(), VendorError> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|why| VendorError::File { path: path.to_owned(), why })
}

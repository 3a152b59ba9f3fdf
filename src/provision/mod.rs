//! Telephones that configure themselves: who a telephone is, what may be given to whom, and what its files say.
//!
//! `vendor` reads what telephones say of themselves. `ledger` keeps the telephones that were seen and judges each request for a
//! file. `template` holds what the files are made of, as data of `config/phones` or changed by an admin; `view` is what a
//! template sees of the office, `escape` writes its values so that none breaks the format. `book` is the phone book in
//! each vendor's own XML, `directory` the same to be searched, by the messages of `ldap`. Knows no socket, no clock and no disk: addresses, times and secrets come in as values.

pub mod book;
mod check;
pub mod dhcp;
pub mod directory;
mod escape;
pub mod ldap;
pub mod ledger;
mod mac;
pub mod pnp;
pub mod template;
pub mod tftp;
pub mod vendor;
mod view;

pub use check::{check, findings};
pub use mac::Mac;
pub use template::{Kind, Rendered, Template, TemplateError, Templates};
pub use view::{Site, Subject};

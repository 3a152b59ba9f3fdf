//! What a carrier's INVITE says: which of our numbers is called, and who calls. contract.md "Inbound"; RFC 3261
//! §8.1.1, RFC 3323, RFC 3325, RFC 5806, and draft-ietf-sip-privacy for Remote-Party-ID, which carriers still send.
//! Which trunk it came by is told by [`trunks`](super::trunks).

#[cfg(test)]
mod tests;

use crate::number::Plan;
use crate::office::{Office, Trunk};
use crate::sip::wire::{Host, Name, NameAddr, Request, Uri};

/// The called number is none of ours: 404, RFC 3261 §21.4.5.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{written:?} is none of our numbers")]
pub struct UnknownNumber {
    /// The Request-URI's user, as the carrier wrote it.
    pub written: String,
}

impl UnknownNumber {
    /// The response's status.
    pub const fn status(&self) -> u16 {
        404
    }
}

/// Who calls, by what the carrier vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Caller {
    /// E.164 digits where it is a number, else as the carrier wrote it; empty when it doesn't say. With
    /// [`hidden`](Self::hidden) it is for the record only, and goes to no phone.
    pub number: String,
    /// The display name; empty when there is none, when it only repeats the number, or when the caller hides.
    pub name: String,
    /// The caller does not want to be shown.
    pub hidden: bool,
}

/// Which of our numbers `request`, which came by `trunk`, calls: the Request-URI's user, else To's, else Diversion's, in
/// any form of writing; else the trunk's only number, if the Request-URI names nobody but ourselves (the login, or the
/// Contact that we registered). E.164 digits.
///
/// # Errors
/// It names a number that is none of ours, or the trunk has several and none is named.
pub fn called_number(office: &Office, plan: &Plan, trunk: &Trunk, request: &Request) -> Result<String, UnknownNumber> {
    let mut named = named_users(request);
    if let Some(number) = named.iter().find_map(|user| own_number(office, plan, user)) {
        return Ok(number);
    }
    if named.iter().any(|user| is_login(trunk, user)) {
        return Ok(trunk.number.clone());
    }
    let written = user_of(&request.uri).unwrap_or_default();
    if plan.to_e164(&written).is_none() && trunk.numbers.is_empty() {
        return Ok(trunk.number.clone());
    }
    let written = if written.is_empty() { named.pop().unwrap_or_default() } else { written };
    Err(UnknownNumber { written })
}

/// Whether `request` speaks of `trunk`: names its login or one of its numbers as the called one. Tells several accounts
/// at one address apart.
pub fn names_trunk(plan: &Plan, trunk: &Trunk, request: &Request) -> bool {
    named_users(request).iter().any(|user| {
        let number = plan.to_e164(user);
        let is_own = |own: &String| own == user || number.as_ref() == Some(own);
        is_login(trunk, user) || is_own(&trunk.number) || trunk.numbers.iter().any(is_own)
    })
}

/// Who calls: P-Asserted-Identity, else Remote-Party-ID, else From. Only a carrier's word is taken for it; a device's
/// caller is the device.
pub fn caller_identity(request: &Request, plan: &Plan) -> Caller {
    let headers = &request.headers;
    let asserted = first_with_user(headers.addresses(&Name::PAssertedIdentity).unwrap_or_default());
    let remote = first_with_user(headers.addresses(&Name::RemotePartyId).unwrap_or_default());
    let from = headers.from().ok();
    let hides = from.as_ref().is_some_and(is_anonymous)
        || remote.as_ref().is_some_and(remote_hides)
        || headers.all(&Name::Privacy).any(privacy_hides);
    let shown = from.as_ref().filter(|from| !is_anonymous(from));
    let speaker = asserted.as_ref().or(remote.as_ref()).or(shown);
    let written = speaker.and_then(|address| user_of(&address.uri)).unwrap_or_default();
    let number = plan.to_e164(&written).unwrap_or(written);
    let mut names = [speaker, shown].into_iter().flatten().map(|address| address.display.trim());
    let name = names.find(|name| !hides && is_name(name, &number, plan)).unwrap_or_default().to_owned();
    Caller { number, name, hidden: hides }
}

/// The users that a request says are called, in the order of contract.md: Request-URI, To, Diversions.
fn named_users(request: &Request) -> Vec<String> {
    let to = request.headers.to().ok().map(|to| to.uri);
    let diverted = request.headers.addresses(&Name::Diversion).unwrap_or_default();
    let uris = std::iter::once(request.uri.clone()).chain(to).chain(diverted.into_iter().map(|address| address.uri));
    uris.filter_map(|uri| user_of(&uri)).collect()
}

fn own_number(office: &Office, plan: &Plan, user: &str) -> Option<String> {
    let number = plan.to_e164(user).unwrap_or_else(|| user.to_owned());
    office.trunk_of(&number).map(|_| number)
}

/// The login, or its part before the domain where the carrier's logins have one.
fn is_login(trunk: &Trunk, user: &str) -> bool {
    let short = trunk.login.rsplit_once('@').map_or(trunk.login.as_str(), |(user, _)| user);
    !user.is_empty() && (user == trunk.login || user == short)
}

/// The user part without the parameters that RFC 3966 numbers carry inside it (`+7812…;phone-context=…`).
fn user_of(uri: &Uri) -> Option<String> {
    let user = uri.user.as_deref()?.split(';').next()?.trim();
    (!user.is_empty()).then(|| user.to_owned())
}

/// RFC 3325 §9.1: at most a SIP and a tel URI; both say the same.
fn first_with_user(addresses: Vec<NameAddr>) -> Option<NameAddr> {
    addresses.into_iter().find(|address| user_of(&address.uri).is_some())
}

/// RFC 3323 §4.1.1.3, and the words that gateways use instead.
fn is_anonymous(address: &NameAddr) -> bool {
    let user = user_of(&address.uri).unwrap_or_default().to_lowercase();
    let nowhere = matches!(&address.uri.host, Host::Name(host) if host == "anonymous.invalid");
    nowhere || matches!(user.as_str(), "anonymous" | "restricted" | "private" | "withheld")
}

/// RFC 3323 §4.2: `id;user;critical`; RFC 3325 §9.3.
fn privacy_hides(value: &str) -> bool {
    value.split([';', ',']).any(|word| matches!(word.trim().to_lowercase().as_str(), "id" | "user"))
}

fn remote_hides(address: &NameAddr) -> bool {
    address.params.get("privacy").is_some_and(|word| matches!(word.to_lowercase().as_str(), "full" | "uri"))
}

fn is_name(text: &str, number: &str, plan: &Plan) -> bool {
    !text.is_empty() && text != number && plan.to_e164(text).as_deref() != Some(number)
}

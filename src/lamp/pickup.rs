//! The names by which a ringing talk is picked up: dialog-info tells them, and a phone sends them back in the Replaces
//! (RFC 3891) of an INVITE. They name no dialog on the wire; the calls understand them by [`of_pickup_id`].

/// Call-ID, local-tag and remote-tag of a ringing talk at a number, as its watchers are told. `number` holds no `@`.
pub fn pickup_id(talk: u64, number: &str) -> (String, String, String) {
    (format!("{PREFIX}{number}-{talk}{SUFFIX}"), format!("l{talk}"), format!("r{talk}"))
}

/// The talk and the number of such a Call-ID with its two tags. Phones disagree about which of the tags is to be `to-tag`
/// and which `from-tag`, so they are taken in either order; some send none for one of them, so `0` stands for any
/// (RFC 3891 §3). `None` for a Replaces that means another dialog.
pub fn of_pickup_id<'a>(call_id: &'a str, one_tag: &str, other_tag: &str) -> Option<(u64, &'a str)> {
    let (number, talk) = call_id.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.rsplit_once('-')?;
    let talk: u64 = talk.parse().ok()?;
    let (told, local, remote) = pickup_id(talk, number);
    let fits = |tag: &str, own: &str| tag == own || tag == "0";
    let tags = fits(one_tag, &local) && fits(other_tag, &remote) || fits(one_tag, &remote) && fits(other_tag, &local);
    (tags && told == call_id).then_some((talk, number))
}

const PREFIX: &str = "pickup-";
const SUFFIX: &str = "@dozvon";

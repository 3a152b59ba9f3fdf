//! What nobody may read later is covered before a message is kept: digest answers, keys of sound, digits that are keyed.
//! Each letter becomes a star, so that lengths stay true and every tool still reads the message.

use std::ops::Range;

/// The message with its secrets covered. What is no UTF-8 is replaced.
pub(super) fn masked(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let secrets = secrets(&text, false);
    cover(text, &secrets)
}

/// Covers secrets where they stand, byte for byte, in what may be several messages or pieces of them: each line is taken for one of
/// a head and for one of a body, so that nothing hides behind a boundary that was not seen.
pub(in crate::io) fn cover_in_place(bytes: &mut [u8]) {
    // each byte a letter, so that places are the same in both
    let text: String = bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    for range in secrets(&text, true) {
        cover_all(bytes.get_mut(range).unwrap_or_default());
    }
}

/// Covers everything but white space and quotes.
pub(in crate::io) fn cover_all(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| !b"\" \t\r\n".contains(byte)).for_each(|byte| *byte = b'*');
}

/// Whether a line begins a message: RFC 3261 §7.1 and §7.2. The end of a body may stand before it on the same line.
pub(in crate::io) fn begins_message(line: &str) -> bool {
    let status = line.split("SIP/2.0 ").nth(1).and_then(|rest| rest.get(..3));
    line.ends_with(" SIP/2.0") || status.is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Where secrets stand. `everywhere`: whatever part of a message a line seems to be of.
fn secrets(text: &str, everywhere: bool) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let (mut at, mut in_head, mut last_name, mut is_digits) = (0, true, "", false);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        let place = at..at + content.len();
        at += line.len();
        if everywhere && begins_message(content) {
            (in_head, last_name, is_digits) = (true, "", false);
        }
        if in_head && content.is_empty() {
            in_head = false;
            continue;
        }
        if everywhere || !in_head {
            in_body(content, place.clone(), is_digits && !in_head, &mut secrets);
        }
        if !everywhere && !in_head {
            continue;
        }
        let is_folded = content.starts_with([' ', '\t']);
        if !is_folded {
            last_name = content.split_once(':').map_or("", |(name, _)| name.trim());
        }
        let is = |name: &str| last_name.eq_ignore_ascii_case(name);
        is_digits |= (is("Content-Type") || is("c")) && content.to_ascii_lowercase().contains("dtmf");
        let value = if is_folded { 0 } else { content.find(':').map_or(content.len(), |colon| colon + 1) };
        if PROOFS.iter().any(|name| is(name)) {
            proof(content, value, &place, is_folded, &mut secrets);
        }
        passwords(content, &place, &mut secrets);
    }
    secrets
}

/// Header fields that prove who somebody is: RFC 3261 §22, RFC 7616 §3.4 and §3.5.
const PROOFS: [&str; 3] = ["Authorization", "Proxy-Authorization", "Authentication-Info"];
/// Their parameters that a password could be guessed from. Everything else tells why a proof failed.
const GUESSABLE: [&str; 4] = ["response", "cnonce", "rspauth", "nextnonce"];

fn proof(content: &str, value: usize, place: &Range<usize>, is_folded: bool, secrets: &mut Vec<Range<usize>>) {
    let text = content.get(value..).unwrap_or_default();
    let scheme = text.trim_start().split([' ', '\t']).next().unwrap_or_default();
    if !is_folded && !scheme.eq_ignore_ascii_case("digest") && !scheme.contains('=') {
        // Basic, Bearer: all of it is the secret
        let skip = text.find(scheme).unwrap_or(0) + scheme.len();
        secrets.push(place.start + value + skip..place.end);
        return;
    }
    let lower = text.to_ascii_lowercase();
    for name in GUESSABLE {
        for (found, _) in lower.match_indices(name) {
            let before = lower.get(..found).and_then(|head| head.chars().next_back());
            let rest = lower.get(found + name.len()..).unwrap_or_default();
            let after = rest.trim_start();
            if before.is_some_and(|c| c.is_ascii_alphanumeric()) || !after.starts_with('=') {
                continue;
            }
            let from = found + name.len() + rest.len() - after.len() + 1;
            let value_text = lower.get(from..).unwrap_or_default();
            let length = match value_text.trim_start().strip_prefix('"') {
                Some(quoted) => value_text.len() - quoted.len() + quoted.find('"').unwrap_or(quoted.len()),
                None => value_text.find(',').unwrap_or(value_text.len()),
            };
            secrets.push(place.start + value + from..place.start + value + from + length);
        }
    }
}

/// `sip:user:password@host`: RFC 3261 §19.1.1 recommends against it, and some send it.
fn passwords(content: &str, place: &Range<usize>, secrets: &mut Vec<Range<usize>>) {
    let lower = content.to_ascii_lowercase();
    for scheme in ["sip:", "sips:"] {
        for (found, _) in lower.match_indices(scheme) {
            let from = found + scheme.len();
            let rest = lower.get(from..).unwrap_or_default();
            let end = rest.find(['@', '>', '<', ' ', '"', ',']).unwrap_or(rest.len());
            let user = rest.get(..end).unwrap_or_default();
            if let (Some(colon), true) = (user.find(':'), rest.get(end..).is_some_and(|rest| rest.starts_with('@'))) {
                secrets.push(place.start + from + colon + 1..place.start + from + end);
            }
        }
    }
}

/// A line of a body: RFC 4568 §9.1, RFC 4567, RFC 8839 §5.4, RFC 8866 §5.12; and what is keyed during a call (PINs).
fn in_body(content: &str, place: Range<usize>, is_digits: bool, secrets: &mut Vec<Range<usize>>) {
    let lower = content.to_ascii_lowercase();
    if is_digits {
        let from = match lower.split_once('=') {
            Some((name, _)) if name.trim() != "signal" => return,
            Some((name, _)) => name.len() + 1,
            None => 0,
        };
        secrets.push(place.start + from..place.end);
    } else if lower.starts_with("a=crypto:") {
        for (found, word) in lower.match_indices("inline:") {
            let rest = lower.get(found + word.len()..).unwrap_or_default();
            let end = rest.find([';', ' ']).unwrap_or(rest.len());
            secrets.push(place.start + found + word.len()..place.start + found + word.len() + end);
        }
    } else if let Some(prefix) = ["a=key-mgmt:", "a=ice-pwd:", "k="].into_iter().find(|p| lower.starts_with(p)) {
        secrets.push(place.start + prefix.len()..place.end);
    }
}

fn cover(text: String, secrets: &[Range<usize>]) -> String {
    if secrets.is_empty() {
        return text;
    }
    let is_secret = |at: usize| secrets.iter().any(|range| range.contains(&at));
    let star = |(at, letter): (usize, char)| if is_secret(at) && !"\" \t".contains(letter) { '*' } else { letter };
    text.char_indices().map(star).collect()
}

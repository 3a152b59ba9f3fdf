//! The documents that NOTIFY carries: dialog-info (RFC 4235), PIDF with RPID (RFC 3863, 4480), and the summary of a mailbox
//! (RFC 3842). Always the full state, so that a phone that missed one knows all by the next.
//!
//! Dialog-info has no word for a phone that is off, or is not to be disturbed. In the document of an idle number stands one
//! dialog that is `terminated`: phones light green by it, and some leave a lamp burning when the list is merely empty. To tell
//! an offline phone from that, there is nothing else that phones *show*: they ignore attributes that they don't know, take an
//! empty list for idle, and end of the subscription for a fault that they retry or give up. So a number that can't be
//! reached burns like a busy one (as on the exchanges with lamps of old), by a `confirmed` dialog that nobody can pick
//! up and whose remote party is called "Offline" or "Do not disturb". A forwarded number can be reached: it looks idle, and
//! says where its calls go in a note. PIDF has words for all that.

use std::fmt::Write as _;

use super::pickup::pickup_id;
use super::state::{Look, State, Talk, TalkState};
use crate::sip::wire::{Host, Uri};

/// An event package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Package {
    Dialog,
    Presence,
    Messages,
}

impl Package {
    pub(super) const ALL: [Self; 3] = [Self::Dialog, Self::Presence, Self::Messages];

    /// As in Event.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::Presence => "presence",
            Self::Messages => "message-summary",
        }
    }

    /// As in Content-Type.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::Presence => "application/pidf+xml",
            Self::Messages => "application/simple-message-summary",
        }
    }

    /// Event types compare with case: RFC 6665 §8.2.1; phones don't know.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|package| package.name().eq_ignore_ascii_case(name))
    }
}

/// What a document says beside the state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The thing's number.
    pub(super) number: &'a str,
    /// The URI that was subscribed to: `sip:user@host`.
    pub(super) entity: &'a str,
    /// Of dialog-info.
    pub(super) version: u32,
}

pub(super) fn document(package: Package, state: &State, frame: Frame<'_>) -> String {
    let mut out = String::with_capacity(512);
    // Writing to a String can't fail.
    let _ = match package {
        Package::Dialog => dialog_info(&mut out, state, frame),
        Package::Presence => pidf(&mut out, state, frame),
        Package::Messages => summary(&mut out, state, frame),
    };
    out
}

fn dialog_info(out: &mut String, state: &State, frame: Frame<'_>) -> std::fmt::Result {
    let (entity, version) = (Xml(frame.entity), frame.version);
    write!(
        out,
        "{XML}<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" state=\"full\" \
         entity=\"{entity}\">\r\n"
    )?;
    let look = state.look();
    match look {
        Look::Talks(talks) => {
            for (place, talk) in talks.iter().take(MOST_TALKS).enumerate() {
                dialog(out, frame, place, talk)?;
            }
        }
        Look::DoNotDisturb | Look::Offline => unreachable_dialog(out, frame, note(look))?,
        Look::Forwarded(_) | Look::Idle => {
            write!(out, "<dialog id=\"{}\"><state>terminated</state></dialog>\r\n", Xml(frame.number))?;
        }
    }
    if !matches!(look, Look::Talks(_) | Look::Idle) {
        write!(out, "<note xmlns=\"urn:ietf:params:xml:ns:pidf\">{}</note>\r\n", note_of(look))?;
    }
    out.write_str("</dialog-info>\r\n")
}

/// The first dialog has the number as its id, whichever it is: phones that mix up "full" and "partial" see one lamp go on and off.
fn dialog(out: &mut String, frame: Frame<'_>, place: usize, talk: &Talk) -> std::fmt::Result {
    write!(out, "<dialog id=\"{}", Xml(frame.number))?;
    if place > 0 {
        write!(out, "-{}", talk.id)?;
    }
    if talk.state == TalkState::Ringing {
        let (call_id, local, remote) = pickup_id(talk.id, frame.number);
        write!(out, "\" call-id=\"{}\" local-tag=\"{local}\" remote-tag=\"{remote}", Xml(&call_id))?;
    }
    let state = match talk.state {
        TalkState::Talking => "confirmed",
        TalkState::Ringing => "early",
        TalkState::Calling => "proceeding",
    };
    let direction = if talk.incoming { "recipient" } else { "initiator" };
    write!(out, "\" direction=\"{direction}\"><state>{state}</state>")?;
    if talk.held {
        // RFC 4235 §4.1.6.2 with RFC 3840: nothing is rendered.
        let entity = Xml(frame.entity);
        write!(
            out,
            "<local><target uri=\"{entity}\"><param pname=\"+sip.rendering\" pvalue=\"no\"/></target></local>"
        )?;
    }
    remote(out, &talk.remote_name, &uri_of(&talk.remote, frame.entity))?;
    out.write_str("</dialog>\r\n")
}

fn unreachable_dialog(out: &mut String, frame: Frame<'_>, name: &str) -> std::fmt::Result {
    write!(out, "<dialog id=\"{}\" direction=\"recipient\"><state>confirmed</state>", Xml(frame.number))?;
    remote(out, name, frame.entity)?;
    out.write_str("</dialog>\r\n")
}

fn remote(out: &mut String, name: &str, uri: &str) -> std::fmt::Result {
    let uri = Xml(uri);
    out.write_str("<remote><identity")?;
    if !name.is_empty() {
        write!(out, " display=\"{}\"", Xml(name))?;
    }
    write!(out, ">{uri}</identity><target uri=\"{uri}\"/></remote>")
}

/// RFC 3863 §4.1 orders the elements of a tuple, RFC 4479 §4 puts persons after tuples.
fn pidf(out: &mut String, state: &State, frame: Frame<'_>) -> std::fmt::Result {
    let (entity, number, look) = (Xml(frame.entity), Xml(frame.number), state.look());
    let basic = if look == Look::Offline { "closed" } else { "open" };
    write!(
        out,
        "{XML}<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" \
         xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"{entity}\">\r\n\
         <tuple id=\"t{number}\"><status><basic>{basic}</basic></status><contact>{entity}</contact>"
    )?;
    let note = note_of(look);
    if !note.is_empty() {
        write!(out, "<note>{note}</note>")?;
    }
    write!(out, "</tuple>\r\n<dm:person id=\"p{number}\">")?;
    if let Some(activity) = activity(look) {
        write!(out, "<rpid:activities><rpid:{activity}/></rpid:activities>")?;
    }
    if !note.is_empty() {
        write!(out, "<dm:note>{note}</dm:note>")?;
    }
    out.write_str("</dm:person>\r\n</presence>\r\n")
}

/// RFC 4480 §3.2. It has no word for "do not disturb".
fn activity(look: Look<'_>) -> Option<&'static str> {
    match look {
        Look::Talks(talks) if talks.iter().all(|talk| talk.state == TalkState::Ringing) => Some("busy"),
        Look::Talks(_) => Some("on-the-phone"),
        Look::DoNotDisturb => Some("busy"),
        Look::Offline => Some("away"),
        Look::Forwarded(_) | Look::Idle => None,
    }
}

/// For people; empty: there is nothing to say.
fn note(look: Look<'_>) -> &'static str {
    match look {
        Look::Talks(talks) if talks.iter().all(|talk| talk.state == TalkState::Ringing) => "Ringing",
        Look::Talks(talks) if talks.iter().all(|talk| talk.held) => "On hold",
        Look::Talks(_) => "On the phone",
        Look::DoNotDisturb => "Do not disturb",
        Look::Forwarded(_) => "Forwarded to",
        Look::Offline => "Offline",
        Look::Idle => "",
    }
}

/// The whole note, escaped.
fn note_of(look: Look<'_>) -> String {
    match look {
        Look::Forwarded(to) => format!("{} {}", note(look), Xml(to)),
        _ => note(look).to_owned(),
    }
}

/// RFC 3842 §5.2. The urgent ones are none, but some phones read no line without them.
fn summary(out: &mut String, state: &State, frame: Frame<'_>) -> std::fmt::Result {
    let (new, old) = state.mailbox;
    let waiting = if new > 0 { "yes" } else { "no" };
    let entity = frame.entity;
    write!(out, "Messages-Waiting: {waiting}\r\nMessage-Account: {entity}\r\nVoice-Message: {new}/{old} (0/0)\r\n")
}

/// `sip:number@` the host of the entity.
fn uri_of(number: &str, entity: &str) -> String {
    let host = entity.rsplit_once('@').map_or("dozvon.invalid", |(_, host)| host);
    let user = if number.is_empty() { "anonymous" } else { number };
    Uri::sip(Some(user), Host::Name(host.to_owned()), None).to_string()
}

/// A text inside of an element or of a quoted attribute. What XML 1.0 can't hold at all (§2.2) becomes a space, as do line ends,
/// which an attribute would not keep.
struct Xml<'a>(&'a str);

impl std::fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";
/// Talks that one document tells; a datagram holds no more.
const MOST_TALKS: usize = 8;

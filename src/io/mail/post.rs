//! One letter to the server: RFC 5321, with STARTTLS (RFC 3207), TLS from the first byte (RFC 8314 §3.3) or neither. `lettre` lives here.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message, SmtpTransport, Transport as _};

use crate::base::{Duration, WallTime};
use crate::codec::{Codec, Decoder, Law, Rate, g711};
use crate::io::out::{Outgoing, first_address};
use crate::io::store::LetterRow;
use crate::io::{recordings, voicemail};
use crate::office::{Authority, Mail, MailSecurity, Office};

/// Why a letter was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// For good: the server refuses this letter, or it can't be written.
    Refused(String),
    /// Another time it may be.
    Later(String),
}

/// Of the address that mail comes from: what we call ourselves, since a box in an office has no name of its own.
pub(super) fn domain(mail: &Mail) -> String {
    mail.from.parse::<Mailbox>().map_or_else(|_| "localhost".to_owned(), |from| from.email.domain().to_owned())
}

/// Sends one letter. Returns when the server has taken it.
pub(super) fn send(office: &Office, data: &Path, letter: &LetterRow, outgoing: Outgoing) -> Result<(), Failure> {
    let mail = &office.mail;
    if mail.server.is_empty() {
        return Err(Failure::Later("no mail server is set".to_owned()));
    }
    let from: Mailbox =
        mail.from.parse().map_err(|_| Failure::Later(format!("{:?} is no address to send from", mail.from)))?;
    let to: Address = letter.recipient.parse().map_err(|_| Failure::Refused("not an address".to_owned()))?;
    let message = write(from, to, data, letter).map_err(|error| Failure::Refused(error.to_string()))?;
    transport(office, data, outgoing)?.send(&message).map(drop).map_err(|error| judge(&error))
}

fn write(from: Mailbox, to: Address, data: &Path, letter: &LetterRow) -> Result<Message, lettre::error::Error> {
    let head = Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(&letter.subject)
        .date(calendar(letter.made_at))
        .message_id(Some(letter.message_id.clone()));
    let text = SinglePart::plain(letter.body.clone());
    match letter.attachment.as_deref().and_then(|path| sound(data, path)) {
        Some(wav) => {
            let kind = ContentType::parse("audio/wav").unwrap_or(ContentType::TEXT_PLAIN);
            head.multipart(
                MultiPart::mixed().singlepart(text).singlepart(Attachment::new(name(letter)).body(wav, kind)),
            )
        }
        // It was heard and deleted before the letter could go.
        None => head.singlepart(text),
    }
}

fn transport(office: &Office, data: &Path, outgoing: Outgoing) -> Result<SmtpTransport, Failure> {
    let mail = &office.mail;
    let usual = match mail.security {
        MailSecurity::Starttls => 587,
        MailSecurity::Tls => 465,
        MailSecurity::None => 25,
    };
    let port = if mail.port == 0 { usual } else { mail.port };
    let tls = match mail.security {
        MailSecurity::Starttls => Tls::Required(tls(office, data)?),
        MailSecurity::Tls => Tls::Wrapper(tls(office, data)?),
        MailSecurity::None => Tls::None,
    };
    // By its address, which was judged; the certificate must be that of the name all the same.
    let address = first_address(&mail.server, port, outgoing).map_err(|error| Failure::Later(error.to_string()))?;
    let mut transport = SmtpTransport::builder_dangerous(address.to_string())
        .port(port)
        .tls(tls)
        .hello_name(ClientId::Domain(domain(mail)))
        .timeout(Some(TIMEOUT));
    if !mail.login.is_empty() {
        transport = transport.credentials(Credentials::new(mail.login.clone(), mail.password.clone()));
    }
    Ok(transport.build())
}

/// The authorities of Mozilla's list, the office's own, and that of its mail server, if there is one; or any, when the admin wants so.
fn tls(office: &Office, data: &Path) -> Result<TlsParameters, Failure> {
    let own = data.join(OWN_AUTHORITY);
    let mut parameters = TlsParameters::builder(office.mail.server.clone());
    if office.mail.trust_any_certificate {
        parameters = parameters.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
    }
    for authority in office.authorities.iter().flat_map(Authority::certificates) {
        let certificate = Certificate::from_der(authority).map_err(|error| Failure::Later(error.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    if let Ok(pem) = std::fs::read(&own) {
        let certificate = Certificate::from_pem(&pem);
        parameters = parameters
            .add_root_certificate(certificate.map_err(|error| Failure::Later(format!("{}: {error}", own.display())))?);
    }
    parameters.build_rustls().map_err(|error| Failure::Later(error.to_string()))
}

/// A server's 5xx is meant for good, but not where it is about us and not about the letter.
fn judge(error: &lettre::transport::smtp::Error) -> Failure {
    let said = match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let about_us = error.status().is_some_and(|code| ABOUT_US.contains(&u16::from(code)));
    if error.is_permanent() && !about_us { Failure::Refused(said) } else { Failure::Later(said) }
}

/// A message as every mail program plays it: WAV, 8000 Hz; long ones in G.711, half as large. `None`: it is gone, or larger than
/// servers take.
fn sound(data: &Path, path: &str) -> Option<Vec<u8>> {
    let packets = recordings::packets(&std::fs::read(voicemail::file(data, path)?).ok()?)?;
    if packets.len() > LONGEST {
        return None;
    }
    let mut decoder = Decoder::new(Codec::Opus, Rate::Narrow);
    let mut samples = vec![0; packets.len() * FRAME];
    for (number, room) in samples.chunks_exact_mut(FRAME).enumerate() {
        decoder.decode(packets.get(number), room);
    }
    Some(if packets.len() <= LONGEST_LINEAR {
        wav(1, 16, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect())
    } else {
        wav(6, 8, samples.iter().map(|sample| g711::encode_sample(Law::A, *sample)).collect())
    })
}

/// RIFF with one channel of 8000 Hz.
fn wav(coding: u16, bits: u16, sound: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(sound.len()).unwrap_or(u32::MAX);
    let bytes = bits / 8;
    let mut wav = b"RIFF".to_vec();
    wav.extend((length.saturating_add(36)).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0");
    wav.extend(coding.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(8000_u32.to_le_bytes());
    wav.extend((8000 * u32::from(bytes)).to_le_bytes());
    wav.extend(bytes.to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    wav.extend(sound);
    wav
}

/// As the file of a letter is called: by its moment in UTC.
fn name(letter: &LetterRow) -> String {
    let at = jiff::Timestamp::from_millisecond(letter.made_at.millis()).unwrap_or_default();
    format!("{}.wav", at.strftime("%Y%m%d-%H%M%S"))
}

fn calendar(at: WallTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0))
}

/// The certificate of the office's own authority, in PEM, relative to the data directory.
const OWN_AUTHORITY: &str = "tls/mail-ca.pem";
/// For each answer. RFC 5321 §4.5.3.2 has up to ten minutes; who waits too little for the last 250 sends twice.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// Replies that are about our login and not about the letter: RFC 4954 §6, RFC 3207 §4, and a server that will not talk to us at all.
const ABOUT_US: [u16; 6] = [421, 521, 530, 534, 535, 538];
/// Samples of a packet.
const FRAME: usize = 160;
/// Five minutes, 4.8 MB. Packets of 20 ms.
const LONGEST_LINEAR: usize = 5 * 60 * 50;
/// A quarter of an hour, 7.2 MB. Packets of 20 ms.
const LONGEST: usize = 15 * 60 * 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wav_says_what_it_holds() {
        let bytes = wav(1, 16, vec![0; 320]);
        assert_eq!((bytes.len(), &bytes[..4], &bytes[8..16]), (364, &b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!(
            (&bytes[4..8], &bytes[28..32], &bytes[40..44]),
            (&356_u32.to_le_bytes()[..], &16000_u32.to_le_bytes()[..], &320_u32.to_le_bytes()[..])
        );
    }
}

//! The signalling of many phones over one UDP socket: they register, call each other, answer at once and hang up. Phone n has the
//! number 2000 + n; requests for it are told apart by the user of the Request-URI, which is its login.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use dozvon::codec::Codec;

use crate::digest;
use crate::speech;

/// A request is sent again after so long, so many times.
const RESEND: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 8;

pub struct Phones {
    socket: UdpSocket,
    us: SocketAddr,
    exchange: SocketAddr,
    /// Where each phone gets its sound, and the one codec that it speaks.
    lines: Vec<(u16, Codec)>,
    /// Where the exchange gets what a called phone says, by its login.
    offered: HashMap<String, SocketAddr>,
    /// Calls and requests made so far: unique ids.
    made: u32,
}

/// A call that is up, seen by the caller.
pub struct Call {
    id: String,
    from: String,
    to: String,
    target: String,
    /// Where the exchange gets the sound of the caller, and of the called.
    pub media: [SocketAddr; 2],
}

struct Message {
    first: String,
    fields: Vec<(String, String)>,
    body: String,
}

pub fn login(phone: usize) -> String {
    format!("bench{phone:03}")
}

pub fn password(phone: usize) -> String {
    format!("bench-password-{phone:03}")
}

pub fn number(phone: usize) -> String {
    format!("{}", 2000 + phone)
}

impl Phones {
    pub fn new(exchange: SocketAddr, lines: Vec<(u16, Codec)>) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let us = socket.local_addr()?;
        Ok(Self { socket, us, exchange, lines, offered: HashMap::new(), made: 0 })
    }

    /// One registration, both rounds. Sends again every `patience` until the first answer: the exchange may be starting.
    pub fn register(&mut self, phone: usize, patience: Duration) -> io::Result<()> {
        let (login, exchange) = (login(phone), self.exchange);
        let id = self.unique();
        let aor = format!("<sip:{login}@{exchange}>");
        let contact = format!("Contact: <sip:{login}@{}>\r\nExpires: 3600\r\n", self.us);
        let uri = format!("sip:{exchange}");
        let first = self.request("REGISTER", &uri, &id, 1, &aor, &aor, &contact, "");
        let challenge = self.ask(&first, &id, 1, patience)?;
        let proof = prove(&challenge, phone, "REGISTER", &uri)?;
        let second = self.request("REGISTER", &uri, &id, 2, &aor, &aor, &format!("{contact}{proof}"), "");
        expect(&self.ask(&second, &id, 2, RESEND)?, 200)
    }

    /// A call until it is up, with its challenge.
    pub fn call(&mut self, caller: usize, called: usize) -> io::Result<Call> {
        let (exchange, id) = (self.exchange, self.unique());
        let from = format!("<sip:{}@{exchange}>;tag={id}", login(caller));
        let to = format!("<sip:{}@{exchange}>", number(called));
        let uri = format!("sip:{}@{exchange}", number(called));
        let contact = format!("Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n", login(caller), self.us);
        let offer = description(self.lines[caller]);
        let first = self.request("INVITE", &uri, &id, 1, &from, &to, &contact, &offer);
        let challenge = self.ask(&first, &id, 1, RESEND)?;
        self.send(&acknowledge_refusal(&first, &challenge))?;
        let proof = prove(&challenge, caller, "INVITE", &uri)?;
        let second = self.request("INVITE", &uri, &id, 2, &from, &to, &format!("{contact}{proof}"), &offer);
        let answer = self.ask(&second, &id, 2, RESEND)?;
        expect(&answer, 200)?;
        let target = answer.uri_of("Contact");
        let to = answer.field("To").to_owned();
        let ack = self.request("ACK", &target, &id, 2, &from, &to, "", "");
        self.send(&ack)?;
        let there = self.offered.get(&login(called)).copied().ok_or_else(|| wrong("the called phone saw no offer"))?;
        Ok(Call { id, from, to, target, media: [media_of(&answer.body)?, there] })
    }

    pub fn hang_up(&mut self, call: &Call) -> io::Result<()> {
        let bye = self.request("BYE", &call.target, &call.id, 3, &call.from, &call.to, "", "");
        expect(&self.ask(&bye, &call.id, 3, RESEND)?, 200)
    }

    /// Answers what comes until then.
    pub fn wait_until(&mut self, due: Instant) -> io::Result<()> {
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if let Some(message) = self.receive(left)? {
                self.serve(&message)?;
            }
        }
        Ok(())
    }

    fn unique(&mut self) -> String {
        self.made += 1;
        format!("b{}x{}", self.us.port(), self.made)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn request(
        &self,
        method: &str,
        uri: &str,
        id: &str,
        number: u32,
        from: &str,
        to: &str,
        more: &str,
        body: &str,
    ) -> String {
        let from = if from.contains(";tag=") { from.to_owned() } else { format!("{from};tag={id}") };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{id}{method}{number};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {number} {method}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            self.us,
            body.len()
        )
    }

    fn send(&self, text: &str) -> io::Result<()> {
        self.socket.send_to(text.as_bytes(), self.exchange).map(|_| ())
    }

    fn receive(&self, patience: Duration) -> io::Result<Option<Message>> {
        self.socket.set_read_timeout(Some(patience.max(Duration::from_micros(100))))?;
        let mut buffer = [0; 4096];
        match self.socket.recv(&mut buffer) {
            Ok(length) => Ok(Message::read(&String::from_utf8_lossy(&buffer[..length]))),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(None),
            // Nobody listens there yet.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a request, answers what comes meanwhile, and gives its final response.
    fn ask(&mut self, text: &str, id: &str, number: u32, again: Duration) -> io::Result<Message> {
        let limit = Instant::now() + RESEND * ATTEMPTS;
        let mark = format!("{number} ");
        while Instant::now() < limit {
            self.send(text)?;
            let mut due = Instant::now() + again;
            while let Some(left) = due.checked_duration_since(Instant::now()) {
                let Some(message) = self.receive(left)? else { continue };
                let ours = message.status().is_some()
                    && message.field("Call-ID") == id
                    && message.field("CSeq").starts_with(&mark);
                match message.status() {
                    Some(status) if ours && status >= 200 => return Ok(message),
                    // It works on it: no need to ask again soon.
                    Some(_) if ours => due = limit,
                    Some(_) => {}
                    None => self.serve(&message)?,
                }
            }
        }
        Err(wrong(&format!("no answer to {}", text.lines().next().unwrap_or(""))))
    }

    /// A called phone: rings and answers at once.
    fn serve(&mut self, request: &Message) -> io::Result<()> {
        if request.first.starts_with("ACK ") {
            return Ok(());
        }
        if !request.first.starts_with("INVITE ") {
            return self.send(&request.response(200, "", ""));
        }
        let uri = request.first.split(' ').nth(1).unwrap_or("");
        let login = uri.trim_start_matches("sip:").split('@').next().unwrap_or("").to_owned();
        let phone =
            login.trim_start_matches("bench").parse::<usize>().ok().and_then(|phone| self.lines.get(phone)).copied();
        let line = phone.ok_or_else(|| wrong(&format!("a call for nobody: {}", request.first)))?;
        let contact = format!("Contact: <sip:{login}@{}>\r\nContent-Type: application/sdp\r\n", self.us);
        self.offered.insert(login, media_of(&request.body)?);
        self.send(&request.response(180, "", ""))?;
        self.send(&request.response(200, &contact, &description(line)))
    }
}

impl Message {
    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next()?.to_owned();
        let fields = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        Some(Self { first, fields: fields.collect(), body: body.to_owned() })
    }

    fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    fn uri_of(&self, name: &str) -> String {
        let value = self.field(name);
        value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value, |(uri, _)| uri).to_owned()
    }

    fn response(&self, status: u16, more: &str, body: &str) -> String {
        let tag =
            if self.field("To").contains(";tag=") { String::new() } else { format!(";tag=a{}", self.field("Call-ID")) };
        let vias: Vec<String> = self
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Via"))
            .map(|(_, via)| format!("Via: {via}\r\n"))
            .collect();
        format!(
            "SIP/2.0 {status} OK\r\n{}From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            vias.concat(),
            self.field("From"),
            self.field("To"),
            self.field("Call-ID"),
            self.field("CSeq"),
            body.len()
        )
    }
}

/// RFC 3261 §17.1.1.3: in the transaction of the INVITE.
fn acknowledge_refusal(invite: &str, refusal: &Message) -> String {
    let kept = ["Via:", "From:", "Call-ID:", "Max-Forwards:"];
    let mut lines = invite.split("\r\n");
    let first = lines.next().unwrap_or("").replacen("INVITE", "ACK", 1);
    let fields: Vec<&str> = lines.filter(|line| kept.iter().any(|name| line.starts_with(name))).collect();
    format!(
        "{first}\r\n{}\r\nTo: {}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
        fields.join("\r\n"),
        refusal.field("To")
    )
}

/// The header field that answers the challenge with MD5.
fn prove(challenge: &Message, phone: usize, method: &str, uri: &str) -> io::Result<String> {
    let (asked, given) = match challenge.status() {
        Some(401) => ("WWW-Authenticate", "Authorization"),
        Some(407) => ("Proxy-Authenticate", "Proxy-Authorization"),
        _ => return Err(wrong(&format!("no challenge to {method}: {}", challenge.first))),
    };
    let mut challenges = challenge.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(asked));
    let md5 = challenges.find(|(_, value)| !value.contains("SHA-")).ok_or_else(|| wrong("no challenge with MD5"))?;
    Ok(format!("{given}: {}\r\n", digest::authorization(&md5.1, &login(phone), &password(phone), method, uri)))
}

fn expect(message: &Message, status: u16) -> io::Result<()> {
    if message.status() == Some(status) {
        Ok(())
    } else {
        Err(wrong(&format!("{}: {}", message.field("CSeq"), message.first)))
    }
}

fn description((port, codec): (u16, Codec)) -> String {
    let (number, name, clock) = (speech::payload_type(codec), codec.rtp_name(), codec.clock_rate());
    let more = match codec {
        Codec::Opus => format!("/2\r\na=fmtp:{number} useinbandfec=1"),
        Codec::Pcma | Codec::Pcmu | Codec::G722 => String::new(),
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {number} 101\r\n\
         a=rtpmap:{number} {name}/{clock}{more}\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

fn media_of(description: &str) -> io::Result<SocketAddr> {
    let value = |start: &str| description.lines().find_map(|line| line.trim().strip_prefix(start)).map(str::to_owned);
    let host = value("c=IN IP4 ").ok_or_else(|| wrong("no address in the description"))?;
    let port = value("m=audio ").and_then(|media| media.split(' ').next().map(str::to_owned)).unwrap_or_default();
    format!("{host}:{port}").parse().map_err(|_| wrong(&format!("no address: {host}:{port}")))
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

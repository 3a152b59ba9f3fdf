//! Telephones of plain text on this machine, whom the box knows by the address that QEMU gives to it.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use dozvon::sip::wire::{Message, Name, Request, Response, parse};
use md5::{Digest, Md5};

use crate::qemu::{BOX, Box, HOST};

/// How long one waits for an answer before it asks again, as telephones do over UDP.
const PATIENCE: Duration = Duration::from_millis(500);

/// A telephone.
pub(crate) struct Telephone {
    sip: UdpSocket,
    rtp: UdpSocket,
    exchange: SocketAddr,
    login: String,
    password: String,
    written: u32,
}

/// A call in progress, from the side that called.
pub(crate) struct Talk {
    request: String,
    answer: Response,
}

impl Telephone {
    pub(crate) fn new(at: SocketAddr, login: &str, password: &str) -> Self {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (sip, rtp) = (bind(), bind());
        sip.set_read_timeout(Some(PATIENCE)).unwrap();
        rtp.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { sip, rtp, exchange: at, login: login.to_owned(), password: password.to_owned(), written: 0 }
    }

    /// The box has other ports since it got power again; the telephone has not.
    pub(crate) fn follow(&mut self, exchange: SocketAddr) {
        self.exchange = exchange;
    }

    fn us(&self) -> String {
        format!("{HOST}:{}", self.sip.local_addr().unwrap().port())
    }

    fn request(&mut self, method: &str, user: &str, call_id: &str, more: &str, body: &str) -> String {
        self.written += 1;
        let (us, n, login) = (self.us(), self.written, &self.login);
        let uri = uri_of(user);
        let to = if user.is_empty() { login } else { user };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let length = body.len();
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{login}{call_id}{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{login}@{BOX}>;tag={login}\r\nTo: <sip:{to}@{BOX}>\r\nCall-ID: {call_id}\r\n\
             CSeq: {n} {method}\r\nContact: <sip:{login}@{us}>\r\nExpires: 60\r\n{more}{kind}Content-Length: {length}\r\n\r\n{body}"
        )
    }

    /// Sends until a final answer to this very request comes; `None` when there is none in time.
    fn ask(&self, request: &str, limit: Duration) -> Option<Response> {
        let Ok(Message::Request(sent)) = parse(request.as_bytes()) else { panic!("our own request: {request}") };
        let cseq = sent.headers.cseq().unwrap().number;
        let end = Instant::now() + limit;
        let mut provisional = false;
        while Instant::now() < end {
            if !provisional {
                let _ = self.sip.send_to(request.as_bytes(), self.exchange);
            }
            let until = Instant::now() + PATIENCE;
            while let Some(message) = self.hear(until) {
                match message {
                    Message::Response(response) if response.headers.cseq().is_ok_and(|found| found.number == cseq) => {
                        if response.status >= 200 {
                            return Some(response);
                        }
                        provisional = true;
                    }
                    Message::Request(request) => self.polite(&request),
                    Message::Response(_) => {}
                }
            }
        }
        None
    }

    fn hear(&self, until: Instant) -> Option<Message> {
        let mut buffer = [0; 8192];
        while Instant::now() < until {
            match self.sip.recv(&mut buffer) {
                Ok(length) => {
                    if let Ok(message) = parse(&buffer[..length]) {
                        return Some(message);
                    }
                }
                Err(_) => return None,
            }
        }
        None
    }

    /// OPTIONS, NOTIFY and BYE are answered whatever else goes on.
    fn polite(&self, request: &Request) {
        if !matches!(request.method.as_str(), "ACK" | "INVITE") {
            let _ = self.sip.send_to(answer_to(request, "200 OK", "", "").as_bytes(), self.exchange);
        }
    }

    /// Asks, and answers the challenge.
    fn prove(&mut self, method: &str, user: &str, body: &str, limit: Duration) -> Option<(String, Response)> {
        let call_id = format!("{}-{}-{}", self.login, self.sip.local_addr().unwrap().port(), self.written);
        let request = self.request(method, user, &call_id, "", body);
        let challenge = self.ask(&request, limit)?;
        if method == "INVITE" {
            self.acknowledge(&request, &challenge);
        }
        if challenge.status != 401 {
            return Some((request, challenge));
        }
        let value = challenge.headers.get(&Name::WwwAuthenticate).unwrap();
        let nonce = value[value.find("nonce=\"").unwrap() + 7..].split('"').next().unwrap();
        let hex = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (login, uri) = (&self.login, uri_of(user));
        let secret = hex(format!("{login}:dozvon:{}", self.password));
        let proof = hex(format!("{secret}:{nonce}:00000001:c:auth:{}", hex(format!("{method}:{uri}"))));
        let more = format!(
            "Authorization: Digest username=\"{login}\", realm=\"dozvon\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{proof}\", cnonce=\"c\", qop=auth, nc=00000001, algorithm=MD5\r\n"
        );
        let request = self.request(method, user, &call_id, &more, body);
        let response = self.ask(&request, limit)?;
        Some((request, response))
    }

    /// Whether the box takes this telephone, asked once.
    pub(crate) fn registers_within(&mut self, limit: Duration) -> bool {
        self.prove("REGISTER", "", "", limit).is_some_and(|(_, response)| response.status == 200)
    }

    fn acknowledge(&self, request: &str, response: &Response) {
        let Ok(Message::Request(sent)) = parse(request.as_bytes()) else { panic!("our own request") };
        let (_, ack) = self.within(&sent, response, "ACK", sent.headers.cseq().unwrap().number);
        let _ = self.sip.send_to(ack.as_bytes(), self.exchange);
    }

    /// A request of the dialog that an INVITE opened: RFC 3261 §12.2.1.1.
    fn within(&self, sent: &Request, response: &Response, method: &str, number: u32) -> (u32, String) {
        let value = |name: &Name| sent.headers.get(name).unwrap_or_default().to_owned();
        let contact = response.headers.contacts().ok().and_then(|contacts| contacts.into_iter().next());
        let uri = contact.map_or_else(|| sent.uri.to_string(), |contact| contact.uri.to_string());
        let via = value(&Name::Via);
        let via = if response.status < 300 { via.replace("branch=", &format!("branch=z9hG4bK{method}")) } else { via };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n",
            value(&Name::From),
            response.headers.get(&Name::To).unwrap_or_default(),
            value(&Name::CallId),
        );
        (number, text)
    }

    fn description(&self) -> String {
        let port = self.rtp.local_addr().unwrap().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        )
    }

    /// Calls another telephone, which answers at once. `None`: no such call within the limit.
    pub(crate) fn call(&mut self, other: &Self, number: &str, limit: Duration) -> Option<(Talk, String)> {
        std::thread::scope(|scope| {
            let there = scope.spawn(|| other.answer(limit));
            let (request, answer) = self.prove("INVITE", number, &self.description(), limit)?;
            if answer.status != 200 {
                return None;
            }
            self.acknowledge(&request, &answer);
            let offered = there.join().unwrap()?;
            Some((Talk { request, answer }, offered))
        })
    }

    /// Answers the next INVITE; what the box offered.
    fn answer(&self, limit: Duration) -> Option<String> {
        let end = Instant::now() + limit;
        let mut offered = None;
        while Instant::now() < end {
            let Some(Message::Request(request)) = self.hear(Instant::now() + PATIENCE) else { continue };
            match request.method.as_str() {
                "INVITE" => {
                    let contact =
                        format!("Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n", self.login, self.us());
                    let text = answer_to(&request, "200 OK", &contact, &self.description());
                    let _ = self.sip.send_to(text.as_bytes(), self.exchange);
                    offered = Some(String::from_utf8_lossy(&request.body).into_owned());
                }
                "ACK" => return offered,
                _ => self.polite(&request),
            }
        }
        None
    }

    /// Hangs up, and waits for the box's word that it knows.
    pub(crate) fn hang_up(&self, talk: &Talk, limit: Duration) -> bool {
        let Ok(Message::Request(sent)) = parse(talk.request.as_bytes()) else { panic!("our own request") };
        let (_, bye) = self.within(&sent, &talk.answer, "BYE", sent.headers.cseq().unwrap().number + 1);
        self.ask(&bye, limit).is_some_and(|response| response.status == 200)
    }

    /// Answers what comes, for a moment: BYE, OPTIONS, NOTIFY.
    pub(crate) fn idle(&self, span: Duration) {
        let end = Instant::now() + span;
        while Instant::now() < end {
            if let Some(Message::Request(request)) = self.hear(end) {
                self.polite(&request);
            }
        }
    }

    /// Speaks until the other hears it: one direction of a call.
    pub(crate) fn is_heard_by(&self, other: &Self, own: &SocketAddr, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut buffer = [0; 2048];
        other.rtp.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mark = u32::from(self.rtp.local_addr().unwrap().port());
        let mut number = 0u16;
        while Instant::now() < end {
            let mut packet = vec![0x80, 8];
            packet.extend(number.to_be_bytes());
            packet.extend((u32::from(number) * 160).to_be_bytes());
            packet.extend([1, 2, 3, 4]);
            packet.extend(mark.to_be_bytes());
            packet.resize(172, 0xd5);
            number = number.wrapping_add(1);
            let _ = self.rtp.send_to(&packet, own);
            if let Ok(length) = other.rtp.recv(&mut buffer)
                && buffer[..length].get(12..16) == Some(&mark.to_be_bytes()[..])
            {
                return true;
            }
        }
        false
    }
}

impl Talk {
    /// The box's port for the caller's sound, reachable from here.
    pub(crate) fn sound(&self, here: &Box) -> SocketAddr {
        here.forward(port_of(&String::from_utf8_lossy(&self.answer.body)))
    }
}

/// The port for sound in a description.
pub(crate) fn port_of(description: &str) -> u16 {
    let port = description.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok());
    port.expect("a port for sound")
}

fn uri_of(user: &str) -> String {
    if user.is_empty() { format!("sip:{BOX}") } else { format!("sip:{user}@{BOX}") }
}

fn answer_to(request: &Request, status: &str, more: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for (name, value) in request.headers.iter() {
        match name {
            Name::To if !value.contains("tag=") => text += &format!("To: {value};tag=answer\r\n"),
            Name::To | Name::Via | Name::From | Name::CallId | Name::CSeq | Name::RecordRoute => {
                text += &format!("{}: {value}\r\n", name.as_str());
            }
            _ => {}
        }
    }
    text + more + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

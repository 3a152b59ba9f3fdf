//! A telephone of plain text on loopback, which counts each packet of its sound: what a call loses is told by numbers in the packets.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use dozvon::sip::wire::{Message, Name, Response, parse};
use md5::{Digest, Md5};

use crate::exchange::Exchange;

/// How long it waits for an answer before it asks again, as telephones do over UDP.
const PATIENCE: Duration = Duration::from_millis(500);
/// Packets of 20 ms.
const EVERY: Duration = Duration::from_millis(20);

/// A telephone.
pub(crate) struct RawPhone {
    sip: UdpSocket,
    rtp: UdpSocket,
    exchange: SocketAddr,
    login: &'static str,
    password: &'static str,
    written: u32,
}

/// One side of a call.
pub(crate) struct Talk {
    rtp: UdpSocket,
    to: SocketAddr,
}

/// What a side heard of the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) sent: usize,
    pub(crate) lost: usize,
    longest_gap: Duration,
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} lost, longest gap {:?}", self.lost, self.sent, self.longest_gap)
    }
}

impl RawPhone {
    pub(crate) fn new(exchange: &Exchange, (login, password): (&'static str, &'static str)) -> Self {
        let bind = || UdpSocket::bind("127.0.0.1:0").unwrap();
        let phone = Self { sip: bind(), rtp: bind(), exchange: exchange.sip, login, password, written: 0 };
        phone.sip.set_read_timeout(Some(PATIENCE)).unwrap();
        phone
    }

    fn request(&mut self, method: &str, user: &str, call_id: &str, more: &str, body: &str) -> String {
        self.written += 1;
        let (us, exchange, n, login) = (self.sip.local_addr().unwrap(), self.exchange, self.written, self.login);
        let uri = if user.is_empty() { format!("sip:{exchange}") } else { format!("sip:{user}@{exchange}") };
        let to = if user.is_empty() { login } else { user };
        let length = body.len();
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{login}{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{login}@{exchange}>;tag={login}\r\nTo: <sip:{to}@{exchange}>\r\nCall-ID: {call_id}\r\n\
             CSeq: {n} {method}\r\nContact: <sip:{login}@{us}>\r\nExpires: 600\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        )
    }

    /// Sends until an answer above 100 comes to this very request.
    fn ask(&self, request: &str) -> Response {
        let Ok(Message::Request(sent)) = parse(request.as_bytes()) else { panic!("our own request: {request}") };
        let cseq = sent.headers.cseq().unwrap().number;
        let mut buffer = [0; 8192];
        for _ in 0..40 {
            self.sip.send_to(request.as_bytes(), self.exchange).unwrap();
            let until = Instant::now() + PATIENCE;
            while Instant::now() < until {
                let Ok(length) = self.sip.recv(&mut buffer) else { break };
                if let Ok(Message::Response(response)) = parse(&buffer[..length])
                    && response.status > 100
                    && response.headers.cseq().unwrap().number == cseq
                {
                    return response;
                }
            }
        }
        panic!("no answer to {request}");
    }

    /// Asks, and answers the challenge.
    fn prove(&mut self, method: &str, user: &str, body: &str) -> (String, Response) {
        let call_id = format!("{}-{}-{}", self.login, self.sip.local_addr().unwrap().port(), self.written);
        let request = self.request(method, user, &call_id, "", body);
        let challenge = self.ask(&request);
        assert_eq!(challenge.status, 401, "{method} {user}");
        if method == "INVITE" {
            self.acknowledge(&request, &challenge);
        }
        let value = challenge.headers.get(&Name::WwwAuthenticate).unwrap();
        let start = value.find("nonce=\"").unwrap() + 7;
        let nonce = value[start..].split('"').next().unwrap();
        let hex = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (login, exchange) = (self.login, self.exchange);
        let uri = if user.is_empty() { format!("sip:{exchange}") } else { format!("sip:{user}@{exchange}") };
        let ha1 = hex(format!("{login}:dozvon:{}", self.password));
        let answer = hex(format!("{ha1}:{nonce}:00000001:c:auth:{}", hex(format!("{method}:{uri}"))));
        let more = format!(
            "Authorization: Digest username=\"{login}\", realm=\"dozvon\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{answer}\", cnonce=\"c\", qop=auth, nc=00000001, algorithm=MD5\r\n"
        );
        let request = self.request(method, user, &call_id, &more, body);
        let mut response = self.ask(&request);
        while response.status < 200 {
            response = self.ask(&request);
        }
        (request, response)
    }

    fn acknowledge(&self, request: &str, response: &Response) {
        let Ok(Message::Request(sent)) = parse(request.as_bytes()) else { panic!("our own request") };
        let value = |name: &Name| sent.headers.get(name).unwrap_or_default().to_owned();
        let uri = match response.headers.contacts().ok().and_then(|contacts| contacts.into_iter().next()) {
            Some(contact) => contact.uri.to_string(),
            None => sent.uri.to_string(),
        };
        let via = if response.status < 300 {
            value(&Name::Via).replace("branch=", "branch=z9hG4bKack")
        } else {
            value(&Name::Via)
        };
        let ack = format!(
            "ACK {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
            value(&Name::From),
            response.headers.get(&Name::To).unwrap_or_default(),
            value(&Name::CallId),
            sent.headers.cseq().unwrap().number,
        );
        self.sip.send_to(ack.as_bytes(), self.exchange).unwrap();
    }

    /// Registers; how long that took.
    pub(crate) fn register(&mut self) -> Duration {
        let began = Instant::now();
        let (_, response) = self.prove("REGISTER", "", "");
        assert_eq!(response.status, 200);
        began.elapsed()
    }

    fn description(&self) -> String {
        let port = self.rtp.local_addr().unwrap().port();
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        )
    }

    /// Calls another, who answers at once; how long it took until both may talk, and both sides.
    pub(crate) fn call(&mut self, other: &Self, number: &str) -> (Duration, Talk, Talk) {
        let began = Instant::now();
        let (answering, description) = (other.sip.try_clone().unwrap(), other.description());
        let exchange = self.exchange;
        let there = std::thread::spawn(move || answer(&answering, exchange, &description));
        let offer = self.description();
        let (request, response) = self.prove("INVITE", number, &offer);
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        self.acknowledge(&request, &response);
        let far = there.join().unwrap();
        let talk = |rtp: &UdpSocket, body: &str| Talk { rtp: rtp.try_clone().unwrap(), to: sound_of(body) };
        (began.elapsed(), talk(&self.rtp, &String::from_utf8_lossy(&response.body)), talk(&other.rtp, &far))
    }
}

/// Answers the next INVITE, again as often as it is asked; what the exchange offered.
fn answer(sip: &UdpSocket, exchange: SocketAddr, description: &str) -> String {
    let us = sip.local_addr().unwrap();
    let mut buffer = [0; 8192];
    let mut offered = None;
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        let Ok(length) = sip.recv(&mut buffer) else { continue };
        let Ok(Message::Request(request)) = parse(&buffer[..length]) else { continue };
        match request.method.as_str() {
            "INVITE" => {
                let mut text = "SIP/2.0 200 OK\r\n".to_owned();
                for (name, value) in request.headers.iter() {
                    match name {
                        Name::To => text += &format!("To: {value};tag=answer{}\r\n", us.port()),
                        Name::Via | Name::From | Name::CallId | Name::CSeq | Name::RecordRoute => {
                            text += &format!("{}: {value}\r\n", name.as_str());
                        }
                        _ => {}
                    }
                }
                text += &format!(
                    "Contact: <sip:phone@{us}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{description}",
                    description.len()
                );
                sip.send_to(text.as_bytes(), exchange).unwrap();
                offered = Some(String::from_utf8_lossy(&request.body).into_owned());
            }
            "ACK" => return offered.expect("an INVITE before its ACK"),
            _ => {}
        }
    }
    panic!("no call came");
}

fn sound_of(description: &str) -> SocketAddr {
    let port = description.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok());
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.expect("a port for sound"))
}

impl Talk {
    /// Both send a packet each 20 ms for so long, and hear one another: one's sound at the other, and back.
    pub(crate) fn exchange_sound(one: &Self, other: &Self, span: Duration) -> [Heard; 2] {
        std::thread::scope(|scope| {
            let [there, back] =
                [(one, other), (other, one)].map(|(from, to)| scope.spawn(move || from.speak_to(to, span)));
            [there.join().unwrap(), back.join().unwrap()]
        })
    }

    /// Sends, and reads what arrives at `to`.
    fn speak_to(&self, to: &Self, span: Duration) -> Heard {
        let count = span.as_millis() / EVERY.as_millis();
        let count = u32::try_from(count).unwrap();
        to.rtp.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let began = Instant::now();
                for n in 0..count {
                    let mut packet = vec![0x80, 8];
                    packet.extend(u16::try_from(n % 65_536).unwrap().to_be_bytes());
                    packet.extend((n * 160).to_be_bytes());
                    packet.extend([1, 2, 3, 4]);
                    packet.extend(n.to_be_bytes());
                    packet.resize(172, 0xd5);
                    let _ = self.rtp.send_to(&packet, self.to);
                    std::thread::sleep((began + EVERY * (n + 1)).saturating_duration_since(Instant::now()));
                }
            });
            let (mut seen, mut buffer) = (HashSet::new(), [0; 2048]);
            let (mut last, mut longest_gap) = (None, Duration::ZERO);
            let end = Instant::now() + span + Duration::from_millis(500);
            while Instant::now() < end && seen.len() < count as usize {
                let Ok(length) = to.rtp.recv(&mut buffer) else { continue };
                let Some(number) = buffer[..length].get(12..16) else { continue };
                seen.insert(u32::from_be_bytes(number.try_into().unwrap()));
                let now = Instant::now();
                longest_gap = longest_gap.max(last.map_or(Duration::ZERO, |last| now - last));
                last = Some(now);
            }
            let lost = (0..count).filter(|n| !seen.contains(n)).count();
            Heard { sent: count as usize, lost, longest_gap }
        })
    }
}

//! What a telephone speaks: DHCP, TFTP, HTTP, SIP. Written apart from the exchange's own, but for the codec of DHCP.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, OptionCode};
use dhcproto::{Decodable as _, Decoder, Encodable as _};
use md5::{Digest as _, Md5};
use socket2::{Domain, Protocol, Socket, Type};

use crate::exchange::BOX;

/// What a DHCP server gave.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) address: Ipv4Addr,
    pub(crate) server: Ipv4Addr,
    texts: BTreeMap<u8, Vec<u8>>,
}

impl Lease {
    pub(crate) fn text(&self, option: u8) -> String {
        let bytes = self.texts.get(&option).unwrap_or_else(|| panic!("no option {option}: {self:?}"));
        String::from_utf8(bytes.clone()).unwrap()
    }
}

fn card(mac: &str) -> [u8; 6] {
    let bytes: Vec<u8> = mac.split(':').map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// A client of `eth0` without an address: asks until somebody gives one.
pub(crate) fn lease(mac: &str, class: &str, limit: Duration) -> Option<Lease> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.bind_device(Some(b"eth0")).unwrap();
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], 68)).into()).unwrap();
    let socket: UdpSocket = socket.into();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut message = Message::default();
    message.set_chaddr(&card(mac)).set_flags(Flags::default().set_broadcast());
    let wanted = [1, 3, 6, 43, 66, 67, 114, 150, 159, 160].map(OptionCode::from).to_vec();
    message.opts_mut().insert(DhcpOption::ParameterRequestList(wanted));
    message.opts_mut().insert(DhcpOption::ClassIdentifier(class.as_bytes().to_vec()));
    let end = Instant::now() + limit;
    while Instant::now() < end {
        message.opts_mut().insert(DhcpOption::MessageType(MessageType::Discover));
        let Some(offer) = ask(&socket, &message, MessageType::Offer) else { continue };
        let mut request = message.clone();
        request.opts_mut().insert(DhcpOption::MessageType(MessageType::Request));
        request.opts_mut().insert(DhcpOption::RequestedIpAddress(offer.yiaddr()));
        request.opts_mut().insert(offer.opts().get(OptionCode::ServerIdentifier).unwrap().clone());
        let Some(ack) = ask(&socket, &request, MessageType::Ack) else { continue };
        let Some(DhcpOption::ServerIdentifier(server)) = ack.opts().get(OptionCode::ServerIdentifier) else { panic!() };
        let texts = ack.opts().iter().filter_map(|(code, option)| {
            let bytes = match option {
                DhcpOption::Unknown(unknown) => unknown.data().to_vec(),
                DhcpOption::TFTPServerName(bytes) | DhcpOption::BootfileName(bytes) => bytes.clone(),
                DhcpOption::VendorExtensions(bytes) => bytes.clone(),
                DhcpOption::CaptivePortal(text) => text.clone().into_bytes(),
                DhcpOption::TFTPServerAddress(address) => address.to_string().into_bytes(),
                _ => return None,
            };
            Some((u8::from(*code), bytes))
        });
        return Some(Lease { address: ack.yiaddr(), server: *server, texts: texts.collect() });
    }
    None
}

fn ask(socket: &UdpSocket, message: &Message, wanted: MessageType) -> Option<Message> {
    socket.send_to(&message.to_vec().unwrap(), ("255.255.255.255", 67)).unwrap();
    let mut buffer = [0; 2048];
    while let Ok(length) = socket.recv(&mut buffer) {
        let answer = Message::decode(&mut Decoder::new(&buffer[..length])).unwrap();
        if answer.xid() == message.xid() && answer.opts().msg_type() == Some(wanted) {
            return Some(answer);
        }
    }
    None
}

/// A file by TFTP with a larger block and its size; the error's code when it is refused.
pub(crate) fn tftp(file: &str) -> Result<String, u8> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = [b"\0\x01", file.as_bytes(), b"\0octet\0blksize\x001024\0tsize\x000\0"].concat();
    socket.send_to(&request, (BOX, 69)).unwrap();
    let (mut data, mut buffer) = (Vec::new(), [0; 2048]);
    let mut size = None;
    loop {
        let (length, from) = socket.recv_from(&mut buffer).unwrap_or_else(|error| panic!("TFTP {file}: {error}"));
        match &buffer[..length] {
            [0, 6, options @ ..] => {
                let words: Vec<&str> = std::str::from_utf8(options).unwrap().split('\0').collect();
                assert_eq!(words[..2], ["blksize", "1024"]);
                size = Some(words[3].parse::<usize>().unwrap());
                socket.send_to(&[0, 4, 0, 0], from).unwrap();
            }
            [0, 3, high, low, block @ ..] => {
                data.extend(block);
                socket.send_to(&[0, 4, *high, *low], from).unwrap();
                if block.len() < 1024 {
                    assert_eq!(size, Some(data.len()));
                    return Ok(String::from_utf8(data).unwrap());
                }
            }
            [0, 5, 0, code, ..] => return Err(*code),
            other => panic!("{other:?}"),
        }
    }
}

/// What curl brings as this telephone: the file, or the status.
pub(crate) fn http(agent: &str, url: &str) -> Result<String, u16> {
    let curl = ["-s", "-k", "--path-as-is", "--max-time", "20", "-w", "\n%{http_code}", "-A", agent, url];
    let output = Command::new("curl").args(curl).output().expect("curl");
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    match status.parse().unwrap() {
        200 => Ok(body.to_owned()),
        other => Err(other),
    }
}

/// A refusal to the last byte, without its date.
pub(crate) fn refusal(agent: &str, url: &str) -> String {
    let output =
        Command::new("curl").args(["-s", "-k", "-i", "--max-time", "20", "-A", agent, url]).output().expect("curl");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:")).collect::<Vec<_>>().join("\n")
}

/// What a telephone read in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Account {
    pub(crate) server: String,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) name: String,
}

/// SIP of a telephone, on port 5060 of its place.
pub(crate) struct Sip {
    socket: UdpSocket,
    address: Ipv4Addr,
    cseq: u32,
}

impl Sip {
    pub(crate) fn new(address: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind(("0.0.0.0", 5060)).unwrap();
        Self { socket, address, cseq: 0 }
    }

    /// What comes within a while.
    pub(crate) fn receive(&self, limit: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(limit)).unwrap();
        let mut buffer = [0; 4096];
        let (length, from) = self.socket.recv_from(&mut buffer).ok()?;
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if !text.starts_with("SIP/2.0") {
            let kept = |line: &&str| {
                ["via:", "from:", "to:", "call-id:", "cseq:"]
                    .iter()
                    .any(|name| line.to_ascii_lowercase().starts_with(name))
            };
            let fields: Vec<&str> = text.lines().filter(kept).collect();
            let answer = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", fields.join("\r\n"));
            self.socket.send_to(answer.as_bytes(), from).unwrap();
        }
        Some(text)
    }

    /// Waits for a NOTIFY that holds this.
    pub(crate) fn notified(&self, word: &str, limit: Duration) -> Option<String> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            match self.receive(Duration::from_millis(500)) {
                Some(text) if text.starts_with("NOTIFY") && text.contains(word) => return Some(text),
                _ => {}
            }
        }
        None
    }

    /// SIP plug-and-play: what the answer's body says.
    pub(crate) fn plug_and_play(&self, mac: &str, event: &str) -> String {
        let user = format!("MAC%3a{}", mac.replace(':', ""));
        let us = self.address;
        for attempt in 0..20 {
            let text = format!(
                "SUBSCRIBE sip:{user}@224.0.1.75 SIP/2.0\r\nVia: SIP/2.0/UDP {us}:5060;branch=z9hG4bKp{attempt};rport\r\n\
                 Max-Forwards: 20\r\nContact: <sip:{us}:5060>\r\nTo: <sip:{user}@224.0.1.75>\r\n\
                 From: <sip:{user}@224.0.1.75>;tag=p\r\nCall-ID: pnp-{us}-{attempt}\r\nCSeq: 1 SUBSCRIBE\r\nExpires: 0\r\n\
                 Event: ua-profile;profile-type=\"device\";{event}\r\nAccept: application/url\r\nContent-Length: 0\r\n\r\n"
            );
            self.socket.send_to(text.as_bytes(), ("224.0.1.75", 5060)).unwrap();
            if let Some(notify) = self.notified("application/url", Duration::from_secs(5)) {
                return notify.split("\r\n\r\n").nth(1).unwrap().to_owned();
            }
        }
        panic!("nobody answers plug-and-play");
    }

    /// REGISTER with digest: RFC 2617.
    pub(crate) fn register(&mut self, account: &Account) {
        let Account { server, login, password, .. } = account;
        let uri = format!("sip:{server}");
        let challenge = self.ask_register(account, "").expect("an answer to REGISTER");
        assert!(challenge.starts_with("SIP/2.0 401"), "{challenge}");
        let value = |name: &str| {
            let line =
                challenge.lines().find(|line| line.to_ascii_lowercase().starts_with("www-authenticate")).unwrap();
            let rest = line.split_once(&format!("{name}=\"")).unwrap().1;
            rest.split('"').next().unwrap().to_owned()
        };
        let md5 = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (realm, nonce) = (value("realm"), value("nonce"));
        let (first, second) = (md5(format!("{login}:{realm}:{password}")), md5(format!("REGISTER:{uri}")));
        let response = md5(format!("{first}:{nonce}:00000001:abcd:auth:{second}"));
        let header = format!(
            "Authorization: Digest username=\"{login}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", qop=auth, \
             nc=00000001, cnonce=\"abcd\", response=\"{response}\", algorithm=MD5\r\n"
        );
        let answer = self.ask_register(account, &header).expect("an answer to REGISTER");
        assert!(answer.starts_with("SIP/2.0 200"), "{login}: {answer}");
    }

    fn ask_register(&mut self, account: &Account, header: &str) -> Option<String> {
        let Account { server, login, .. } = account;
        self.cseq += 1;
        let (us, cseq) = (self.address, self.cseq);
        let text = format!(
            "REGISTER sip:{server} SIP/2.0\r\nVia: SIP/2.0/UDP {us}:5060;branch=z9hG4bKr{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{login}@{server}>;tag=r\r\nTo: <sip:{login}@{server}>\r\nCall-ID: reg-{us}\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <sip:{login}@{us}:5060>\r\nExpires: 600\r\n{header}Content-Length: 0\r\n\r\n"
        );
        for _ in 0..8 {
            self.socket.send_to(text.as_bytes(), (BOX, 5060)).unwrap();
            let end = Instant::now() + Duration::from_secs(2);
            while Instant::now() < end {
                let answer = self.receive(Duration::from_millis(500));
                if let Some(answer) = answer.filter(|text| text.contains(&format!("CSeq: {cseq} REGISTER"))) {
                    return Some(answer);
                }
            }
        }
        None
    }
}

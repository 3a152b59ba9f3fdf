//! A client that writes bytes and reads answers, without a library's good manners.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::description;
use crate::world::Served;

/// Nothing here takes so long; a test that waits longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    pub(crate) fn plain(world: &dyn Served) -> Self {
        Self::Plain(connect(world.at().http))
    }

    /// Trusts the box's own authority and nobody else.
    pub(crate) fn tls(world: &dyn Served) -> Self {
        Self::tls_as(world.at().https, &world.ca(), "127.0.0.1").unwrap()
    }

    pub(crate) fn tls_as(address: SocketAddr, ca: &Path, name: &str) -> io::Result<Self> {
        Self::tls_of(address, ca, name, &[&rustls::version::TLS13, &rustls::version::TLS12])
    }

    pub(crate) fn tls_of(
        address: SocketAddr,
        ca: &Path,
        name: &str,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), name.to_owned().try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(connection, connect(address));
        stream.flush()?;
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The box may have closed already; what it said is then still to be read.
        let _ = self.write_all(bytes.as_ref()).and_then(|()| self.flush());
    }

    /// The next answer; `None` when the connection was closed instead.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET")
    }

    /// HEAD has a length and no body.
    pub(crate) fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                Ok(_) | Err(_) if head.is_empty() => return None,
                Ok(_) => panic!("half a head: {}", String::from_utf8_lossy(&head)),
                Err(error) => panic!("{error} after {}", String::from_utf8_lossy(&head)),
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map(|length| length.parse().unwrap());
        if let Some(length) = length.filter(|_| method != "HEAD") {
            answer.body = vec![0; length];
            self.read_exact(&mut answer.body).unwrap();
        }
        Some(answer)
    }

    /// A body in chunks, whole: RFC 9112 §7.1.
    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut size = Vec::new();
            while !size.ends_with(b"\r\n") {
                let mut byte = [0];
                self.read_exact(&mut byte).expect("a chunk");
                size.push(byte[0]);
            }
            let size = usize::from_str_radix(String::from_utf8(size).unwrap().trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.read_exact(&mut chunk).expect("a whole chunk");
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    /// What is sent until the box closes; `None` when it stays open.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        let (mut rest, mut part) = (Vec::new(), [0; 1024]);
        loop {
            match self.read(&mut part) {
                Ok(0) => return Some(rest),
                Ok(length) => rest.extend_from_slice(&part[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
                Err(_) => return Some(rest),
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buf),
            Self::Tls(stream) => stream.read(buf),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Whoever asks: with a cookie, a token, or neither.
pub(crate) struct Caller<'a> {
    world: &'a dyn Served,
    wire: Option<Wire>,
    pub(crate) headers: Vec<(String, String)>,
}

impl<'a> Caller<'a> {
    pub(crate) fn nobody(world: &'a dyn Served) -> Self {
        Self { world, wire: None, headers: Vec::new() }
    }

    pub(crate) fn token(world: &'a dyn Served, token: &str) -> Self {
        Self::nobody(world).with("Authorization", &format!("Bearer {token}"))
    }

    /// Signs in and keeps cookie and CSRF token.
    pub(crate) fn signed_in(world: &'a dyn Served, login: &str, password: &str) -> Self {
        let mut caller = Self::nobody(world);
        let answer = caller.sign_in(login, password);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let csrf = answer.json()["csrf_token"].as_str().unwrap().to_owned();
        caller.with("Cookie", &cookie).with("X-CSRF-Token", &csrf)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(have, _)| have != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(have, _)| have != name);
        self
    }

    pub(crate) fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        self.ask("POST", "/api/v1/session", Some(serde_json::json!({ "login": login, "password": password })))
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    /// Asks on a kept connection and holds the answer against the description.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path, body);
        let wire = self.wire.get_or_insert_with(|| Wire::tls(self.world));
        wire.send(request);
        let mut answer = wire.answer_to(method).expect("an answer");
        if answer.header("transfer-encoding") == Some("chunked") && method != "HEAD" {
            answer.body = wire.chunks();
        }
        if answer.header("connection") == Some("close") {
            self.wire = None;
        }
        description::check(method, path, &answer);
        answer
    }

    /// Brings a file, on a connection of its own.
    pub(crate) fn bring(&self, method: &str, path: &str, file: &[u8]) -> Answer {
        let mut wire = self.announce(method, path, file.len());
        wire.send(file);
        let answer = wire.answer().expect("an answer");
        description::check(method, path, &answer);
        answer
    }

    /// Sends the head of a file that is so long.
    pub(crate) fn announce(&self, method: &str, path: &str, length: usize) -> Wire {
        let head = self.request(method, path, None);
        let head = head.trim_end();
        let mut wire = Wire::tls(self.world);
        wire.send(format!("{head}\r\nContent-Type: audio/mpeg\r\nContent-Length: {length}\r\n\r\n"));
        wire
    }

    /// A stream of its own for events; the head has been read.
    pub(crate) fn listen(&self, path: &str) -> (Answer, Wire) {
        let mut wire = Wire::tls(self.world);
        wire.send(self.request("GET", path, None));
        let answer = wire.answer().expect("an answer");
        (answer, wire)
    }

    fn request(&self, method: &str, path: &str, body: Option<Value>) -> String {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: box.local\r\n");
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        match body {
            None => request + "\r\n",
            Some(body) => {
                let body = body.to_string();
                format!("{request}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            }
        }
    }
}

/// PUT with what was read before.
pub(crate) fn put(admin: &mut Caller<'_>, path: &str, body: Value) -> Answer {
    let tag = admin.get(path).header("etag").unwrap().to_owned();
    put_as(admin, path, &tag, body)
}

/// PUT of something that had this tag.
pub(crate) fn put_as(admin: &mut Caller<'_>, path: &str, tag: &str, body: Value) -> Answer {
    admin.headers.push(("If-Match".to_owned(), tag.to_owned()));
    let answer = admin.ask("PUT", path, Some(body));
    admin.headers.retain(|(name, _)| name != "If-Match");
    answer
}

//! The gate: everything that touches the LAN. hyper and rustls on two listeners, with bounds on connections, sizes and
//! times; the page's files and the redirect to https are answered here, everything else by the handlers behind it.
//!
//! One thread with a runtime of its own, so that neither calls nor a slow disk meet the web. Limits and what meets them:
//! connections in all and an address (closed at once), TLS handshake 5 s (closed), head 10 s (408) and 16 kB (431), body
//! 30 s (closed) and 64 kB (413; files 10 MB, a few at a time), idle 60 s (closed), a reader that takes nothing for 20 s (closed), event streams in all
//! and an address (503 with Retry-After).

mod export;
mod file;
mod inner;
mod names;
mod places;
mod stream;
mod upload;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Duration, sleep, timeout};
use tokio_rustls::TlsAcceptor;

pub(super) use self::file::Stretch;
use self::inner::{Hop, Passed};
use self::names::Names;
use self::places::Places;
pub(super) use self::places::network_of;
use self::wire::{InFlight, Talk, Wire};
use super::api::events::Ticket;
use super::api::history_export::Order;
use super::api::{takes_file, update};
use super::reply::{Reply, problems};
use super::workers::{BODY, COME, EVENTS, EXPORT, FILE, Inner};
use super::{House, StartError, WebAddresses, WebConfig, assets, packed, words};
use crate::io::certificate::{Certificate, server_config};
use crate::office::Language;

/// Connections in all, and of one address (of one /64 in IPv6); a further one is closed at once.
const CONNECTIONS: usize = 512;
const CONNECTIONS_OF_ONE: usize = 64;
/// Event streams in all, and of one address.
const STREAMS: usize = 128;
const STREAMS_OF_ONE: usize = 24;
/// Files that come in at a time.
const UPLOADS: usize = 4;
/// Files of calls that are made at a time, in all and for one address; each has a thread.
const EXPORTS: usize = 4;
const EXPORTS_OF_ONE: usize = 2;
/// From the connection to the end of the TLS handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// After the last answer, what the client still sends is read and dropped for so long and so far: closing over unread
/// bytes would take the answer from him.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER: u64 = 16 * 1024 * 1024;
/// How often the certificate's term and the machine's addresses are looked at.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(300);

const SECURITY: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

const FILE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

struct Gate {
    house: House,
    hop: Hop,
    names: Names,
    https_port: u16,
    connections: Arc<Places>,
    streams: Arc<Places>,
    uploads: Semaphore,
    exports: Arc<Places>,
}

/// Which listener a connection came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Plain,
    Tls,
}

/// How a client has come.
#[derive(Clone, Copy, Debug)]
struct Way {
    peer: IpAddr,
    /// Our address that he has reached.
    local: IpAddr,
    door: Door,
}

/// Takes the ports and starts the gate's thread.
pub(super) fn start(
    config: WebConfig,
    house: House,
    certificate: Arc<Certificate>,
    inner: Inner,
) -> Result<WebAddresses, StartError> {
    let (plain, http) = bind(config.http)?;
    let (tls, https) = bind(config.https)?;
    let acceptor = acceptor(Arc::clone(&certificate))?;
    let gate = Arc::new(Gate {
        house,
        hop: Hop::new(inner),
        names: Names::new(&config.names),
        https_port: https.port(),
        connections: Places::new(CONNECTIONS, CONNECTIONS_OF_ONE),
        streams: Places::new(STREAMS, STREAMS_OF_ONE),
        uploads: Semaphore::new(UPLOADS),
        exports: Places::new(EXPORTS, EXPORTS_OF_ONE),
    });
    let (ready, started) = mpsc::channel();
    thread::Builder::new().name("web-gate".to_owned()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async move {
            let listeners = TcpListener::from_std(plain).and_then(|plain| Ok((plain, TcpListener::from_std(tls)?)));
            let (plain, tls) = match listeners {
                Ok(listeners) => listeners,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            tokio::join!(
                accept(Arc::clone(&gate), plain, None),
                accept(gate, tls, Some(acceptor)),
                look_after(certificate)
            );
        });
    })?;
    started.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
    Ok(WebAddresses { http, https })
}

fn bind(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), StartError> {
    let listen = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    listen().map_err(|source| StartError::Listen { address, source })
}

fn acceptor(certificate: Arc<Certificate>) -> Result<TlsAcceptor, StartError> {
    let mut config = server_config(certificate)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn look_after(certificate: Arc<Certificate>) {
    loop {
        sleep(CERTIFICATE_LOOK).await;
        let certificate = Arc::clone(&certificate);
        // It writes files; connections go on meanwhile.
        let _ = tokio::task::spawn_blocking(move || certificate.renew_if_due()).await;
    }
}

async fn accept(gate: Arc<Gate>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // No file descriptors, or a client that was gone already: never the end of the listener.
                tracing::warn!(%error, "web: accept");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let peer = peer.ip().to_canonical();
        let Some(place) = gate.connections.take(peer) else { continue };
        let (gate, tls) = (Arc::clone(&gate), tls.clone());
        tokio::spawn(async move {
            connection(gate, stream, peer, tls).await;
            drop(place);
        });
    }
}

async fn connection(gate: Arc<Gate>, stream: TcpStream, peer: IpAddr, tls: Option<TlsAcceptor>) {
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr().map_or(peer, |local| local.ip().to_canonical());
    let from = |door| Way { peer, local, door };
    match tls {
        None => serve(gate, stream, from(Door::Plain)).await,
        Some(tls) => match timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
            Ok(Ok(stream)) => serve(gate, stream, from(Door::Tls)).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "web: no TLS"),
            Err(_) => tracing::debug!(%peer, "web: the TLS handshake took too long"),
        },
    }
}

async fn serve<S>(gate: Arc<Gate>, stream: S, way: Way)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let talk = Arc::new(Talk::default());
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&talk)));
    let service = service_fn(|request| {
        let (gate, talk) = (Arc::clone(&gate), Arc::clone(&talk));
        async move { Ok::<_, Infallible>(gate.answer(request, &talk, way).await) }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(wire::HEAD * 2)
        .max_headers(128)
        .serve_connection(wire, service);
    match connection.without_shutdown().await {
        Ok(parts) => linger(parts.io.into_inner().into_stream()).await,
        Err(error) => tracing::debug!(peer = %way.peer, %error, "web: a connection ended"),
    }
}

async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let drain = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER), &mut tokio::io::sink()).await
    };
    let _ = timeout(LINGER_TIME, drain).await;
}

impl Gate {
    async fn answer(&self, request: Request<Incoming>, talk: &Arc<Talk>, way: Way) -> Response<Answer> {
        let Way { peer, local, door } = way;
        let in_flight = talk.answering();
        let language = self.language(request.headers(), request.uri().query());
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        if let Some(status) = talk.refusal(wire::is_stand_in(request.uri().path(), host)) {
            return last(refused(status).reply(language), in_flight);
        }
        // What the target itself says comes before Host: RFC 9112 §3.2.2.
        let named = request.uri().host().or(host).unwrap_or_default();
        if !is_for_machines(request.uri().path()) && !self.names.are(named, local) {
            return whole(problems::misdirected().reply(language), in_flight);
        }
        if door == Door::Plain && !answers_on_both(request.uri().path(), peer) {
            return whole(self.to_https(&request, host), in_flight);
        }
        if let Some(found) = file(&request) {
            return whole(found.unwrap_or_else(|problem| problem.reply(language)), in_flight);
        }
        self.pass_on(request, talk, way, language, in_flight).await
    }

    fn language(&self, headers: &HeaderMap, query: Option<&str>) -> Language {
        let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let asked = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")));
        words::choose(asked, accept, self.house.exchange.office().settings.language)
    }

    /// 308: method and body stay (RFC 9110 §15.4.9).
    fn to_https(&self, request: &Request<Incoming>, host: Option<&str>) -> Reply {
        let host = host.unwrap_or("localhost");
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let port = self.https_port;
        let location =
            if port == 443 { format!("https://{name}{target}") } else { format!("https://{name}:{port}{target}") };
        Reply { status: 308, ..Reply::empty() }.with("location", location)
    }

    async fn pass_on(
        &self,
        request: Request<Incoming>,
        talk: &Talk,
        way: Way,
        language: Language,
        in_flight: InFlight,
    ) -> Response<Answer> {
        let peer = way.peer;
        let (parts, body) = request.into_parts();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = parts.uri.authority().map(|authority| authority.as_str()).or(host).unwrap_or_default().to_owned();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        if !target.is_ascii() || !target.starts_with('/') || !inner::is_clean(&parts.headers) {
            return whole(problems::bad_request().reply(language), in_flight);
        }
        let method = parts.method;
        let mut passed = Passed { method, target, headers: parts.headers, body: None, upload: None, way, host };
        if let Some(longest) = takes_file(passed.method.as_str(), parts.uri.path()) {
            return self.take_in(passed, body, longest, language, in_flight).await;
        }
        passed.body = match read_body(body).await {
            Ok(body) => body,
            Err(()) => return last(problems::timeout().reply(language), in_flight),
        };
        let mut response = match self.hop.pass(&passed).await {
            Ok(answer) if answer.status < 500 || answer.status == 503 => {
                let word = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
                let ticket = word(EVENTS).and_then(Ticket::read);
                let stretch = word(FILE).and_then(Stretch::read);
                let order = word(EXPORT).and_then(Order::read);
                match (ticket, stretch, order) {
                    (Some(ticket), ..) => self.stream(ticket, talk, peer, in_flight),
                    (None, Some(stretch), _) => from_file(&self.house.data, stretch, answer, in_flight),
                    (None, None, Some(order)) => self.export(order, peer, language, answer, in_flight),
                    (None, None, None) => from_handler(answer, in_flight),
                }
            }
            Ok(answer) => {
                tracing::error!(status = answer.status, "web: a handler's answer is no answer");
                whole(problems::busy(1).reply(language), in_flight)
            }
            Err(error) => {
                tracing::warn!(%error, "web: no answer from the handlers");
                whole(problems::busy(1).reply(language), in_flight)
            }
        };
        if passed.body.is_none() {
            close(&mut response);
        }
        response
    }

    /// A file comes: the handlers are asked before it is let in, and again when it is there.
    async fn take_in(
        &self,
        mut passed: Passed,
        body: Incoming,
        longest: u64,
        language: Language,
        in_flight: InFlight,
    ) -> Response<Answer> {
        passed.upload = Some(String::new());
        passed.body = (body.size_hint().lower() <= longest).then(Bytes::new);
        match self.hop.pass(&passed).await {
            Ok(answer) if answer.headers.contains_key(COME) => {}
            Ok(answer) if answer.status < 500 || answer.status == 503 => {
                let mut response = from_handler(answer, in_flight);
                close(&mut response); // the file is not read
                return response;
            }
            _ => return last(problems::busy(1).reply(language), in_flight),
        }
        let Ok(_turn) = self.uploads.try_acquire() else {
            return last(problems::busy(10).reply(language), in_flight);
        };
        let target = passed.target.clone();
        let exchange = &self.house.exchange;
        let judge = |first: &[u8]| exchange.updates().judge_first(first, update::is_downgrade(&target));
        let judge = update::is_one(&target).then_some(&judge as upload::Judge<'_>);
        let arrived = match upload::receive(&self.house.data, body, judge).await {
            Ok(arrived) => arrived,
            Err(upload::UploadError::Refused(refused)) => {
                return last(update::problem(&refused).reply(language), in_flight);
            }
            Err(upload::UploadError::Cut) => return last(problems::timeout().reply(language), in_flight),
            Err(error) => {
                tracing::error!(%error, "web: a file can't be taken in");
                return last(problems::unavailable().reply(language), in_flight);
            }
        };
        passed.upload = Some(arrived.name.clone());
        match self.hop.pass(&passed).await {
            Ok(answer) if answer.status < 500 || answer.status == 503 => from_handler(answer, in_flight),
            _ => whole(problems::busy(1).reply(language), in_flight),
        }
    }

    fn export(
        &self,
        order: Order,
        peer: IpAddr,
        language: Language,
        answer: inner::Answer,
        in_flight: InFlight,
    ) -> Response<Answer> {
        let Some(place) = self.exports.take(peer) else {
            return whole(problems::busy(10).reply(language), in_flight);
        };
        with_body(Kind::Export(export::open(self.house.clone(), order, place)), &answer, in_flight)
    }

    fn stream(&self, ticket: Ticket, talk: &Talk, peer: IpAddr, in_flight: InFlight) -> Response<Answer> {
        let Some(place) = self.streams.take(peer) else {
            return whole(problems::busy(10).reply(ticket.language), in_flight);
        };
        talk.stream();
        let events = stream::open(self.house.clone(), ticket, place);
        let mut response = Response::new(Answer { kind: Kind::Events(events), _in_flight: in_flight });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        secure(headers);
        response
    }
}

/// Load balancers and phones name us as they were told to, and what they get is no browser's secret.
fn is_for_machines(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/provision/")
}

/// Phones that can't do TLS, health for a load balancer, and metrics for a neighbour on the same machine.
fn answers_on_both(path: &str, peer: IpAddr) -> bool {
    path == "/healthz" || path.starts_with("/provision/") || (path == "/metrics" && peer.is_loopback())
}

/// The page's own files.
fn file(request: &Request<Incoming>) -> Option<Result<Reply, super::reply::Problem>> {
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let packs = packed::is_taken(header(header::ACCEPT_ENCODING));
    let found = assets::find(request.uri().path(), packs, header(header::IF_NONE_MATCH))?;
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Some(Err(problems::method("GET, HEAD")));
    }
    Some(Ok(found))
}

/// The whole body; `None` when it is over the limit, `Err` when it did not come.
async fn read_body(body: Incoming) -> Result<Option<Bytes>, ()> {
    if body.size_hint().lower() > BODY as u64 {
        return Ok(None);
    }
    match Limited::new(body, BODY).collect().await {
        Ok(body) => Ok(Some(body.to_bytes())),
        Err(_) => Err(()),
    }
}

fn refused(status: u16) -> super::reply::Problem {
    match status {
        405 => problems::method("GET, HEAD, POST, PUT, DELETE"),
        408 => problems::timeout(),
        411 => problems::length_required(),
        417 => problems::expectation(),
        431 => problems::head_too_large(),
        _ => problems::bad_request(),
    }
}

/// What of a handler's head goes to the client.
static RETURNED: [HeaderName; 15] = [
    header::ACCEPT_RANGES,
    header::ALLOW,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
    header::SET_COOKIE,
    header::VARY,
    header::WWW_AUTHENTICATE,
    HeaderName::from_static("dozvon-version"),
    HeaderName::from_static("dozvon-confirm-by"),
];

fn from_handler(answer: inner::Answer, in_flight: InFlight) -> Response<Answer> {
    let body = Kind::Whole(Full::new(answer.body.clone()));
    with_body(body, &answer, in_flight)
}

/// The file's bytes never pass through the handlers: a slow client would keep one of them.
fn from_file(data: &Path, stretch: Stretch, answer: inner::Answer, in_flight: InFlight) -> Response<Answer> {
    let mut response = with_body(Kind::File(stretch.open(data)), &answer, in_flight);
    // What somebody uploaded is never a page of ours.
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY));
    response
}

fn with_body(kind: Kind, answer: &inner::Answer, in_flight: InFlight) -> Response<Answer> {
    let mut response = Response::new(Answer { kind, _in_flight: in_flight });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    for name in &RETURNED {
        for value in answer.headers.get_all(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    secure(response.headers_mut());
    response
}

fn whole(reply: Reply, in_flight: InFlight) -> Response<Answer> {
    let mut response = Response::new(Answer { kind: Kind::Whole(Full::from(reply.body)), _in_flight: in_flight });
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    if !reply.content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(*name, value);
        }
    }
    secure(headers);
    response
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// An answer after which the connection closes, as something is unread.
fn last(reply: Reply, in_flight: InFlight) -> Response<Answer> {
    let mut response = whole(reply, in_flight);
    close(&mut response);
    response
}

fn close(response: &mut Response<Answer>) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// An answer's body; while it lives, no idle time runs.
struct Answer {
    kind: Kind,
    _in_flight: InFlight,
}

enum Kind {
    Whole(Full<Bytes>),
    Events(stream::Events),
    File(file::Bytes),
    Export(export::Pieces),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.kind {
            Kind::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Kind::Events(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Kind::Export(body) => body.poll_piece(cx).map(|piece| piece.map(|piece| piece.map(Frame::data))),
            Kind::File(body) => body.poll_piece(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Events(_) | Kind::Export(_) => false,
            Kind::File(body) => body.left() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(body) => body.size_hint(),
            Kind::Events(_) | Kind::Export(_) => SizeHint::default(),
            Kind::File(body) => SizeHint::with_exact(body.left()),
        }
    }
}

//! The handlers' threads: `tiny_http` on a private socket that only the gate talks to.
//!
//! The socket is an abstract Unix socket: it has no place on the disk and dies with the process. Its name is random, but
//! any process of this machine could read it from the kernel's table and connect, so each request carries a key that the
//! gate and the handlers drew at the start; one without it is dropped unanswered. A panic in a handler becomes a 503. If
//! the listener ever dies (`tiny_http` gives up when file descriptors run out), a new one takes its place.

use std::io::{self, Read as _};
use std::net::IpAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use subtle::ConstantTimeEq as _;

use super::ask::{Ask, Query, Way};
use super::reply::{Reply, problems};
use super::sessions::random_word;
use super::{House, api, packed, provision, words};
use crate::office::Language;

/// Threads that run handlers. Two may be hashing and two waiting for that; the others stay free.
const WORKERS: usize = 8;
/// The longest body that a handler gets. Bytes.
pub(super) const BODY: usize = 64 * 1024;

/// Headers between gate and handlers. The gate writes its inner requests anew, so a client can't bring them.
pub(super) const KEY: &str = "x-gate-key";
pub(super) const PEER: &str = "x-gate-peer";
/// Our address that the client came to, `tls` or `plain`, and the method as the client sent it.
pub(super) const WAY: &str = "x-gate-way";
pub(super) const TOO_LARGE: &str = "x-gate-too-large";
/// The first request on a connection: whether anybody is there.
pub(super) const GREETING: &str = "x-gate-greeting";
/// As what the client called us: a name of ours, with the port if there is one.
pub(super) const HOST: &str = "x-gate-host";
/// On a request that brings a file: empty while the file waits at the gate, then where it lies, relative to the data directory.
pub(super) const UPLOAD: &str = "x-gate-upload";
/// On an answer to the first of the two: let the file come.
pub(super) const COME: &str = "x-gate-come";
/// On an answer: let the event stream begin.
pub(super) const EVENTS: &str = "x-gate-events";
/// On an answer without a body: let a file be made and sent. See [`Export`](super::api::Export).
pub(super) const EXPORT: &str = "x-gate-export";
/// On an answer without a body: let a stretch of this file be the body. See [`Stretch`](super::gate::Stretch).
pub(super) const FILE: &str = "x-gate-file";

/// How the gate reaches the handlers.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    /// Without its leading NUL; changes when the listener had to be replaced.
    name: Arc<RwLock<String>>,
    pub(super) key: Arc<str>,
}

impl Inner {
    /// The socket's path as tokio takes it: abstract names begin with a NUL.
    pub(super) fn path(&self) -> String {
        format!("\0{}", self.name.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts the threads.
pub(super) fn start(house: House) -> io::Result<Inner> {
    let (name, server) = listen()?;
    let inner = Inner { name: Arc::new(RwLock::new(name)), key: random_word().into() };
    let ours = inner.clone();
    thread::Builder::new().name("web".to_owned()).spawn(move || supervise(&house, &ours, server))?;
    Ok(inner)
}

fn supervise(house: &House, inner: &Inner, mut server: Arc<tiny_http::Server>) {
    loop {
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                let server = &server;
                let spawned = thread::Builder::new()
                    .name("web-worker".to_owned())
                    .spawn_scoped(scope, move || work(house, inner, server));
                if let Err(error) = spawned {
                    tracing::error!(%error, "web: a worker could not start");
                }
            }
        });
        // Only a dead listener brings us here. Its `Drop` panics on a socket without a path, so it is never dropped.
        std::mem::forget(server);
        server = relisten(inner);
    }
}

fn relisten(inner: &Inner) -> Arc<tiny_http::Server> {
    loop {
        match listen() {
            Ok((name, server)) => {
                tracing::warn!("web: the inner listener was replaced");
                *inner.name.write().unwrap_or_else(PoisonError::into_inner) = name;
                return server;
            }
            Err(error) => {
                tracing::error!(%error, "web: no inner listener");
                thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

fn listen() -> io::Result<(String, Arc<tiny_http::Server>)> {
    let name = format!("dozvon-web-{}", random_word());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
    Ok((name, Arc::new(server)))
}

fn work(house: &House, inner: &Inner, server: &tiny_http::Server) {
    loop {
        match server.recv() {
            Ok(request) => serve(house, inner, request),
            Err(_) => {
                server.unblock(); // the next worker learns it too
                return;
            }
        }
    }
}

fn serve(house: &House, inner: &Inner, mut request: tiny_http::Request) {
    let is_greeting = request.headers().iter().any(|header| header.field.equiv(GREETING));
    let Some(ask) = read(house, inner, &mut request) else {
        if is_greeting {
            let _ = request.respond(tiny_http::Response::empty(204));
        } else {
            drop(request.into_writer());
        }
        return;
    };
    let language = ask.language;
    let packs = packed::is_taken(ask.header("accept-encoding"));
    let answer = if provision::is_for(&ask) { provision::answer } else { api::answer };
    let reply = catch_unwind(AssertUnwindSafe(|| answer(house, ask))).unwrap_or_else(|_| {
        tracing::error!(path = request.url(), "web: a handler failed");
        problems::busy(1).reply(language)
    });
    if let Err(error) = request.respond(response(packed::pack(reply, packs))) {
        tracing::debug!(%error, "web: the gate went away");
    }
}

fn read(house: &House, inner: &Inner, request: &mut tiny_http::Request) -> Option<Ask> {
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|header| (header.field.as_str().as_str().to_ascii_lowercase(), header.value.as_str().to_owned()))
        .collect();
    let header = |name: &str| headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    if !bool::from(header(KEY)?.as_bytes().ct_eq(inner.key.as_bytes())) {
        return None;
    }
    let peer: IpAddr = header(PEER)?.parse().ok()?;
    let way = way(header(WAY)?)?;
    let too_large = header(TOO_LARGE).is_some();
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    // A query that can't be decoded is asked under a path that nobody has; its 404 comes after the 401, as it should.
    let (path, query) = match Query::parse(query) {
        Some(query) => (path.to_owned(), query),
        None => (format!("{path}?"), Query::default()),
    };
    let office = house.exchange.office().settings.language;
    let language = language(&query, header("accept-language"), office);
    let method = request.method().to_string();
    let mut body = Vec::new();
    request.as_reader().take(BODY as u64).read_to_end(&mut body).ok()?;
    Some(Ask { method, path, query, headers, body, too_large, peer, way, language })
}

/// Reads what the gate wrote.
fn way(text: &str) -> Option<Way> {
    let mut words = text.split(' ');
    let (local, door, method) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    Some(Way { local, secure: door == "tls", head: method == "HEAD" })
}

fn language(query: &Query, accept: Option<&str>, office: Language) -> Language {
    words::choose(query.get("lang"), accept, office)
}

fn response(reply: Reply) -> tiny_http::Response<io::Cursor<Vec<u8>>> {
    let mut response = tiny_http::Response::from_data(reply.body).with_status_code(reply.status);
    if !reply.content_type.is_empty() {
        add(&mut response, "content-type", reply.content_type);
    }
    for (name, value) in &reply.headers {
        add(&mut response, name, value);
    }
    response
}

fn add(response: &mut tiny_http::Response<io::Cursor<Vec<u8>>>, name: &str, value: &str) {
    if let Ok(header) = tiny_http::Header::from_bytes(name.as_bytes(), value.as_bytes()) {
        response.add_header(header);
    }
}

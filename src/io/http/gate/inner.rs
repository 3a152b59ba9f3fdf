//! The hop to the handlers: a request of our own making over the private socket, its whole answer back.
//!
//! Connections are opened one at a time, each proved by a greeting before it is used: `tiny_http` counts a thread as free
//! until it has woken up, so that two connections that come together can be given to one thread, and the second would wait
//! for ever.

use std::sync::{Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::time::{Duration, timeout};

use super::super::workers::{GREETING, HOST, Inner, KEY, PEER, TOO_LARGE, UPLOAD, WAY};
use super::{Door, Way};

/// Requests with the handlers at a time; further ones wait, then get 503 with Retry-After.
const AT_ONCE: usize = 16;
/// So long does a request wait for its turn.
const TURN_TIME: Duration = Duration::from_secs(5);
/// A handler that takes longer is given up.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// The longest answer of a handler. Bytes.
const ANSWER: usize = 16 * 1024 * 1024;
/// What handlers may see of a client's head. Everything else ends at the gate.
static FORWARDED: [HeaderName; 9] = [
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::RANGE,
    HeaderName::from_static("last-event-id"),
];
static OWN_FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static("x-csrf-token"),
    HeaderName::from_static("x-background"),
    HeaderName::from_static("dozvon-passphrase"),
];

/// Connections to the handlers, used again and again.
#[derive(Debug)]
pub(super) struct Hop {
    inner: Inner,
    idle: Mutex<Vec<Sender>>,
    opening: tokio::sync::Mutex<()>,
    turns: Semaphore,
}

type Sender = SendRequest<Full<Bytes>>;

/// What a handler answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer; the client gets 503 with Retry-After.
#[derive(Debug, thiserror::Error)]
pub(super) enum HopError {
    #[error("too many requests at a time")]
    Busy,
    #[error("the handler took too long")]
    Slow,
    #[error("{0}")]
    Lost(String),
}

/// A request as the gate has judged it.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) method: hyper::Method,
    /// Path and query, visible ASCII.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    /// `None`: over the limit and left out.
    pub(super) body: Option<Bytes>,
    /// Of a file that comes: empty before, then where it lies.
    pub(super) upload: Option<String>,
    pub(super) way: Way,
    /// As what we were called, and are.
    pub(super) host: String,
}

impl Hop {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner, idle: Mutex::default(), opening: tokio::sync::Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }

    /// Brings a request to the handlers and its answer back.
    pub(super) async fn pass(&self, passed: &Passed) -> Result<Answer, HopError> {
        let turn = timeout(TURN_TIME, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| HopError::Busy)?.map_err(|_| HopError::Busy)?;
        timeout(ANSWER_TIME, self.exchange(passed)).await.map_err(|_| HopError::Slow)?
    }

    async fn exchange(&self, passed: &Passed) -> Result<Answer, HopError> {
        let mut sender = self.sender().await?;
        let response = sender.send_request(self.request(passed)?).await.map_err(lost)?;
        let answer = read(response).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(answer)
    }

    async fn sender(&self) -> Result<Sender, HopError> {
        if let Some(sender) = self.idle() {
            return Ok(sender);
        }
        let _alone = self.opening.lock().await;
        match self.idle() {
            Some(sender) => Ok(sender), // given back while we waited
            None => timeout(TURN_TIME, self.connect()).await.map_err(|_| HopError::Busy)?,
        }
    }

    fn idle(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        let ready = idle.iter().position(SendRequest::is_ready)?;
        Some(idle.swap_remove(ready))
    }

    async fn connect(&self) -> Result<Sender, HopError> {
        let stream = UnixStream::connect(self.inner.path()).await.map_err(lost)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(lost)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "web: an inner connection ended");
            }
        });
        sender.ready().await.map_err(lost)?;
        let greeting = Request::get("/").header(header::HOST, "handlers").header(KEY, &*self.inner.key);
        let greeting = greeting.header(GREETING, "1").body(Full::default()).map_err(lost)?;
        read(sender.send_request(greeting).await.map_err(lost)?).await?;
        Ok(sender)
    }

    fn request(&self, passed: &Passed) -> Result<Request<Full<Bytes>>, HopError> {
        // HEAD goes as GET: hyper leaves the body out towards the client and keeps its length.
        let method = if passed.method == hyper::Method::HEAD { hyper::Method::GET } else { passed.method.clone() };
        let mut request = Request::builder()
            .method(method)
            .uri(&passed.target)
            .header(header::HOST, "handlers")
            .header(KEY, &*self.inner.key)
            .header(PEER, passed.way.peer.to_string())
            .header(WAY, way(passed));
        for name in FORWARDED.iter().chain(&OWN_FORWARDED) {
            if let Some(value) = passed.headers.get(name) {
                request = request.header(name, value);
            }
        }
        // For the list of sessions only; one that is no plain text is left out.
        if let Some(agent) = passed.headers.get(header::USER_AGENT).filter(|agent| agent.to_str().is_ok()) {
            request = request.header(header::USER_AGENT, agent);
        }
        if !passed.host.is_empty() {
            request = request.header(HOST, &passed.host);
        }
        if passed.body.is_none() {
            request = request.header(TOO_LARGE, "1");
        }
        if let Some(upload) = &passed.upload {
            request = request.header(UPLOAD, upload);
        }
        let body = passed.body.clone().unwrap_or_default();
        request.body(Full::new(body)).map_err(lost)
    }
}

/// How the client has come, for the handlers.
fn way(passed: &Passed) -> String {
    let door = if passed.way.door == Door::Tls { "tls" } else { "plain" };
    format!("{} {door} {}", passed.way.local, passed.method)
}

/// Whether all that would be forwarded is visible ASCII; `tiny_http` closes the connection over anything else.
pub(super) fn is_clean(headers: &HeaderMap) -> bool {
    let names = FORWARDED.iter().chain(&OWN_FORWARDED);
    names.filter_map(|name| headers.get(name)).all(|value| value.to_str().is_ok())
}

async fn read(response: Response<Incoming>) -> Result<Answer, HopError> {
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER).collect().await.map_err(|error| HopError::Lost(error.to_string()))?;
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_bytes() })
}

fn lost(error: impl std::fmt::Display) -> HopError {
    HopError::Lost(error.to_string())
}

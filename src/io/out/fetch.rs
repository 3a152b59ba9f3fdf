//! One HTTP request and its answer (RFC 9112), over TLS or, where the address says so, without. No redirect is followed: an answer
//! from elsewhere is no answer.

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::dial::{ANSWER_TIME, connect, converse, secure};
use super::{OutError, Outgoing, Trust};
use crate::base::Duration;

/// The longest answer. Bytes.
const ANSWER: usize = 1024 * 1024;

/// How long a question may take, and how long its answer may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From the first look-up of the name to the answer's last byte.
    pub time: Duration,
    /// Of the answer's body.
    pub bytes: usize,
}

/// [`fetch`] of what is larger than a few words.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_within(
    request: Request<Vec<u8>>,
    trust: &Trust,
    outgoing: Outgoing,
    bounds: Bounds,
) -> Result<Response<Vec<u8>>, OutError> {
    converse(bounds.time, exchange(request, trust, outgoing, bounds.bytes))?
}

/// Asks, and waits for the whole answer.
///
/// # Errors
/// When nobody was heard, or the answer is too long; a status of refusal is an answer.
pub fn fetch(request: Request<Vec<u8>>, trust: &Trust, outgoing: Outgoing) -> Result<Response<Vec<u8>>, OutError> {
    converse(ANSWER_TIME, exchange(request, trust, outgoing, ANSWER))?
}

async fn exchange(
    request: Request<Vec<u8>>,
    trust: &Trust,
    outgoing: Outgoing,
    longest: usize,
) -> Result<Response<Vec<u8>>, OutError> {
    let uri = request.uri().clone();
    let no_address = || OutError::Address(uri.to_string());
    let host = uri.host().ok_or_else(no_address)?;
    let request = in_origin_form(request).ok_or_else(no_address)?;
    match uri.scheme_str() {
        Some("https") => {
            let stream = connect(host, uri.port_u16().unwrap_or(443), outgoing).await?;
            talk(secure(stream, host, trust).await?, request, longest).await
        }
        Some("http") => talk(connect(host, uri.port_u16().unwrap_or(80), outgoing).await?, request, longest).await,
        _ => Err(no_address()),
    }
}

/// What a server wants to read: the path, and in Host whom it is for (RFC 9112 §3.2.1).
fn in_origin_form(request: Request<Vec<u8>>) -> Option<Request<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    parts.headers.insert(HOST, HeaderValue::from_str(authority.as_str()).ok()?);
    parts.headers.entry(USER_AGENT).or_insert(HeaderValue::from_static("dozvon"));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse::<Uri>().ok()?;
    Some(Request::from_parts(parts, Full::from(body)))
}

async fn talk<S>(stream: S, request: Request<Full<Bytes>>, longest: usize) -> Result<Response<Vec<u8>>, OutError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let (parts, body) = sender.send_request(request).await.map_err(lost)?.into_parts();
        let body = Limited::new(body, longest).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { OutError::TooLong } else { OutError::Lost(error.to_string()) }
        })?;
        Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
    };
    let answer = answer.await;
    connection.abort();
    answer
}

fn lost(error: hyper::Error) -> OutError {
    OutError::Lost(error.to_string())
}

#[cfg(test)]
mod tests;

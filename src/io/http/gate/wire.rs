//! The bytes between a client and hyper: reads each head strictly before hyper sees it, frames bodies, and bounds times.
//!
//! hyper forgives some framing that RFC 9112 §6.3 calls an attack (Transfer-Encoding beside Content-Length, a doubled
//! Content-Length), and drops the traces, so it is judged here, on the raw head. What is refused reaches hyper as a
//! harmless request of our own with the verdict in [`Talk`]; the answer then keeps its order among pipelined ones, and
//! nothing after it is read. Chunked requests are not taken: 411 (RFC 9110 §15.5.12).

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Duration, Instant, Sleep, sleep_until};

use super::super::api::LONGEST_FILE;

/// The longest head. Bytes; longer is 431.
pub(super) const HEAD: usize = 16 * 1024;
/// Header fields in a head; more is 431.
const FIELDS: usize = 100;
/// From the first byte of a head to its last; longer is 408.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(10);
/// From the end of a head to the end of its body, and a second more for so many of its bytes; longer is the end of the connection.
const BODY_TIME: Duration = Duration::from_secs(30);
const SLOWEST: u64 = 64 * 1024;
/// Between requests.
const IDLE_TIME: Duration = Duration::from_secs(60);
/// A client that takes nothing for this long is gone.
const WRITE_TIME: Duration = Duration::from_secs(20);

/// What hyper gets in place of a head that was refused.
const REFUSED: &[u8] = b"GET /refused HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// What the wire and the service of one connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The status with which the head was refused; 0: none was.
    refusal: AtomicU16,
    /// Requests whose answer is not finished: no idle time runs meanwhile.
    in_flight: AtomicUsize,
    /// The answer has no end of its own: it ends when the client closes.
    streaming: AtomicBool,
    /// The wire waits for one of these to change.
    reader: Mutex<Option<Waker>>,
}

/// Lives as long as a request's answer.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Talk>);

impl Talk {
    /// The verdict on the request that hyper has just handed out, if it is the refused one. `is_stand_in`: it looks like it.
    pub(super) fn refusal(&self, is_stand_in: bool) -> Option<u16> {
        let status = self.refusal.load(Ordering::Acquire);
        (status != 0 && is_stand_in).then_some(status)
    }

    /// The answer is a stream.
    pub(super) fn stream(&self) {
        self.streaming.store(true, Ordering::Release);
        self.wake();
    }

    fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) > 0
    }

    fn wake(&self) {
        let waker = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
    }

    /// Counts the answer that begins; the wire has counted its request.
    pub(super) fn answering(self: &Arc<Self>) -> InFlight {
        InFlight(Arc::clone(self))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.0.wake();
    }
}

/// Whether a request is the stand-in for a refused one: by its path and its host, which no honest client has.
pub(super) fn is_stand_in(path: &str, host: Option<&str>) -> bool {
    path == "/refused" && host == Some("refused")
}

/// One connection's bytes.
pub(super) struct Wire<S> {
    stream: S,
    talk: Arc<Talk>,
    /// Read and not yet given to hyper.
    kept: Vec<u8>,
    /// How much of `kept` hyper may have.
    passed: usize,
    state: State,
    alarm: Option<(Alarm, Pin<Box<Sleep>>)>,
    write_alarm: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for a whole head.
    Head,
    /// So many bytes of a body are still to come.
    Body(u64),
    /// hyper gets no more.
    Closed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alarm {
    Idle,
    Head,
    Body,
}

impl<S: AsyncRead + Unpin> Wire<S> {
    pub(super) fn new(stream: S, talk: Arc<Talk>) -> Self {
        let mut wire =
            Self { stream, talk, kept: Vec::new(), passed: 0, state: State::Head, alarm: None, write_alarm: None };
        // The first head has its time from the start: whoever connects wants something.
        wire.arm(Alarm::Head, HEAD_TIME);
        wire
    }

    /// The stream itself, for a lingering close.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    fn arm(&mut self, alarm: Alarm, span: Duration) {
        let at = Instant::now() + span;
        match &mut self.alarm {
            Some((armed, sleep)) => {
                *armed = alarm;
                sleep.as_mut().reset(at);
            }
            none => *none = Some((alarm, Box::pin(sleep_until(at)))),
        }
    }

    fn is_armed(&self, alarm: Alarm) -> bool {
        self.alarm.as_ref().is_some_and(|(armed, _)| *armed == alarm)
    }

    /// Looks at what is kept; passes a whole head or a part of a body on, or refuses.
    fn judge(&mut self) {
        match self.state {
            State::Closed => {}
            State::Body(left) => {
                let part = self.kept.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.passed = part;
                let left = left - part as u64;
                self.state = if left == 0 { State::Head } else { State::Body(left) };
                if left == 0 {
                    self.alarm = None;
                }
            }
            State::Head => self.judge_head(),
        }
    }

    fn judge_head(&mut self) {
        let blank = self.kept.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.kept.drain(..blank); // RFC 9112 §2.2: empty lines before a request
        match find_end(&self.kept) {
            End::At(end) if end > HEAD => self.refuse(431),
            End::At(end) => match body_length(self.kept.get(..end).unwrap_or_default()) {
                Ok(length) => {
                    self.passed = end;
                    self.state = if length == 0 { State::Head } else { State::Body(length) };
                    self.talk.in_flight.fetch_add(1, Ordering::AcqRel);
                    if length == 0 { self.alarm = None } else { self.arm(Alarm::Body, body_time(length)) }
                }
                Err(status) => self.refuse(status),
            },
            End::Bare => self.refuse(400),
            End::None if self.kept.len() > HEAD => self.refuse(431),
            End::None => {}
        }
    }

    fn refuse(&mut self, status: u16) {
        self.talk.refusal.store(status, Ordering::Release);
        self.talk.in_flight.fetch_add(1, Ordering::AcqRel);
        self.kept.clear();
        self.kept.extend_from_slice(REFUSED);
        self.passed = REFUSED.len();
        self.state = State::Closed;
        self.alarm = None;
    }

    /// Time is up: says so where a request had begun, else closes.
    fn expire(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Head if !self.kept.is_empty() => self.refuse(408),
            Alarm::Head | Alarm::Idle | Alarm::Body => self.state = State::Closed,
        }
        self.alarm = None;
    }

    /// Arms what the state asks for; returns the alarm that has gone off.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Option<Alarm> {
        if self.state == State::Head {
            match (self.talk.is_busy(), self.kept.is_empty()) {
                (true, _) => self.alarm = None,
                (false, false) if !self.is_armed(Alarm::Head) => self.arm(Alarm::Head, HEAD_TIME),
                (false, true) if self.alarm.is_none() => self.arm(Alarm::Idle, IDLE_TIME),
                _ => {}
            }
        }
        let (alarm, sleep) = self.alarm.as_mut()?;
        sleep.as_mut().poll(cx).is_ready().then_some(*alarm)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        loop {
            if wire.passed == 0 && !wire.kept.is_empty() {
                wire.judge();
            }
            if wire.passed > 0 {
                let part = wire.passed.min(buf.remaining());
                buf.put_slice(wire.kept.get(..part).unwrap_or_default());
                wire.kept.drain(..part);
                wire.passed -= part;
                return Poll::Ready(Ok(()));
            }
            if wire.state == State::Closed {
                // A client may close its side and still listen; it has its answer before hyper learns of the end.
                wire.talk.wait(cx);
                let answer_first = wire.talk.is_busy() && !wire.talk.streaming.load(Ordering::Acquire);
                return if answer_first { Poll::Pending } else { Poll::Ready(Ok(())) };
            }
            let mut space = [0; 4 * 1024];
            let mut fresh = ReadBuf::new(&mut space);
            match Pin::new(&mut wire.stream).poll_read(cx, &mut fresh) {
                Poll::Ready(Ok(())) if fresh.filled().is_empty() => wire.state = State::Closed,
                Poll::Ready(Ok(())) => wire.kept.extend_from_slice(fresh.filled()),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    wire.talk.wait(cx);
                    match wire.poll_alarm(cx) {
                        Some(alarm) => wire.expire(alarm),
                        None => return Poll::Pending,
                    }
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Turns a write that makes no progress into an error after a while.
    fn watch<T>(&mut self, cx: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.write_alarm = None;
            return progress;
        }
        let alarm = self.write_alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_TIME)));
        ready!(alarm.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, progress)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, progress)
    }
}

/// Where a head ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Behind its empty line.
    At(usize),
    /// With a bare line feed: two readers could see two different ends.
    Bare,
    /// Not yet.
    None,
}

fn find_end(bytes: &[u8]) -> End {
    let mut before = [0; 3];
    for (index, byte) in bytes.iter().enumerate() {
        match (before, byte) {
            ([b'\r', b'\n', b'\r'], b'\n') => return End::At(index + 1),
            ([_, _, last], b'\n') if last != b'\r' => return End::Bare,
            _ => {}
        }
        before = [before[1], before[2], *byte];
    }
    End::None
}

/// What is announced as longer than any upload gets no more time for that.
fn body_time(length: u64) -> Duration {
    BODY_TIME + Duration::from_secs(length.min(LONGEST_FILE) / SLOWEST)
}

/// The length of the body that follows this head; else the status of its refusal.
fn body_length(head: &[u8]) -> Result<u64, u16> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(431),
        Ok(httparse::Status::Partial) | Err(_) => return Err(400),
    }
    if matches!(request.method, Some("CONNECT" | "TRACE")) {
        return Err(405);
    }
    let all = |name: &str| -> Vec<&[u8]> {
        request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value).collect()
    };
    one_host(&all("host"))?;
    if [all("authorization"), all("cookie"), all("x-csrf-token")].iter().any(|values| values.len() > 1) {
        return Err(400);
    }
    if all("expect").iter().any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return Err(417);
    }
    match (all("content-length").as_slice(), all("transfer-encoding").as_slice()) {
        ([], []) => Ok(0),
        ([length], []) => whole_number(length).ok_or(400),
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") && request.version == Some(1) => Err(411),
        _ => Err(400),
    }
}

/// RFC 9112 §3.2: exactly one, also with HTTP/1.0, which nobody speaks to us without it.
fn one_host(values: &[&[u8]]) -> Result<(), u16> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(byte);
    match values {
        [host] if !host.is_empty() && host.len() <= 255 && host.iter().all(fits) => Ok(()),
        _ => Err(400),
    }
}

/// Digits only: no sign, no list, no space inside.
fn whole_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;

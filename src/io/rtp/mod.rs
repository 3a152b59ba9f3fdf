//! The media thread: the bound port pool, packets between sockets and [`media::Plane`](crate::media::Plane), commands in,
//! events out. Decides nothing about calls.
//!
//! One thread serves all endpoints. Each has a socket of its own for RTP and for RTCP, so the kernel tells packets apart
//! and a port that is in no call refuses them. A thread that is busy handles packets once a millisecond, those of many
//! calls at one wakeup; one that is not waits for each.

mod links;
mod ports;
mod sockets;
mod thread;
mod token;

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::base::Rng;
use crate::io::clock::Clock;
use crate::media::tape::Block;
use crate::media::{Command, Event};

/// How the media thread is set up.
#[derive(Debug, Clone)]
pub struct RtpConfig {
    /// The ports for RTP and RTCP in pairs: RTP on even ones, RTCP on the next.
    pub ports: RangeInclusive<u16>,
    /// The engine's time base.
    pub clock: Clock,
    /// For SSRCs and ports.
    pub rng: Rng,
}

/// Starts the media thread, which at once announces its first ports. `events` and `blocks`, which takes what
/// was recorded, are called on that thread and must not block.
///
/// # Errors
/// When no pair of the range can be bound, or the kernel gives no thread or descriptor.
pub fn start(
    config: RtpConfig,
    events: impl Fn(Event) + Send + 'static,
    blocks: impl Fn(Block) + Send + 'static,
) -> io::Result<MediaHandle> {
    sockets::raise_descriptor_limit();
    let (sender, commands) = channel();
    let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?);
    let thread = thread::MediaThread::new(config, commands, Arc::clone(&wake), Box::new(events), Box::new(blocks))?;
    let thread = std::thread::Builder::new().name("media".into()).spawn(move || thread.run())?;
    Ok(MediaHandle { orders: Some(sender), wake, thread: Some(thread) })
}

/// The way to the media thread. Dropping it ends the thread and closes all sockets.
#[derive(Debug)]
pub struct MediaHandle {
    orders: Option<Sender<Command>>,
    wake: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
}

impl MediaHandle {
    /// Hands over an order. It is dropped when the thread has ended.
    pub fn send(&self, command: Command) {
        if self.orders.as_ref().is_some_and(|orders| orders.send(command).is_ok()) {
            self.wake();
        }
    }

    /// Ends the thread and waits for it. What dropping does too.
    pub fn stop(self) {}

    fn wake(&self) {
        // It fails only when 2^64 wakeups are pending; then the thread wakes anyway.
        let _ = self.wake.write(1);
    }
}

impl Drop for MediaHandle {
    fn drop(&mut self) {
        self.orders = None; // the thread ends when nobody can send orders any more
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic in there has been logged
        }
    }
}

#[cfg(test)]
mod tests;

//! Event streams: one small task each, fed from the board's ring; a slow listener only fills its own short queue.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, timeout_at};

use super::super::House;
use super::super::api::events::{Ticket, frame, missed};
use super::places::Place;

/// A comment goes out when nothing else did, so that both sides know the other is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Then the listener comes back by itself and is judged anew: a token may have gone.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// Events that are read from the ring at once.
const BATCH: usize = 64;
/// Batches that may wait for a slow listener.
const QUEUE: usize = 4;
/// How soon a listener comes back (`retry`). Milliseconds.
const RETRY_MS: u32 = 1_000;

/// The body of an event stream.
#[derive(Debug)]
pub(super) struct Events(mpsc::Receiver<Bytes>);

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Starts the task. `place` is given back when the stream ends.
pub(super) fn open(house: House, ticket: Ticket, place: Place) -> Events {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        // The listener going away is how most streams end.
        let _ = run(&house, ticket, &sender).await;
        drop(place);
    });
    Events(receiver)
}

/// The listener is gone, or its right to listen is.
struct Ended;

async fn run(house: &House, ticket: Ticket, sender: &mpsc::Sender<Bytes>) -> Result<(), Ended> {
    let mut news = house.board.subscribe();
    let mut after = ticket.after.unwrap_or(*news.borrow_and_update());
    send(sender, format!("retry: {RETRY_MS}\n: welcome\n\n")).await?;
    let ends_at = Instant::now() + LIFE;
    let mut look_at = Instant::now() + KEEP_ALIVE;
    loop {
        news.borrow_and_update();
        let text = catch_up(house, ticket, &mut after);
        let caught_up = text.is_empty();
        if !caught_up {
            send(sender, text).await?;
        }
        if Instant::now() >= look_at {
            look_at = Instant::now() + KEEP_ALIVE;
            if look_at >= ends_at || !may_listen(house, ticket) {
                return Err(Ended);
            }
            send(sender, ": still here\n\n".to_owned()).await?;
        }
        if caught_up {
            tokio::select! {
                () = sender.closed() => return Err(Ended),
                _ = timeout_at(look_at, news.changed()) => {}
            }
        }
    }
}

fn may_listen(house: &House, ticket: Ticket) -> bool {
    let Some(key) = ticket.session else { return true };
    house.sessions.is_alive(key, &house.exchange.office(), house.clock.now())
}

/// The next batch as text; `after` moves with it.
fn catch_up(house: &House, ticket: Ticket, after: &mut u64) -> String {
    let office = house.exchange.office();
    let caught = house.board.since(*after, BATCH);
    let mut text = String::new();
    if caught.missed {
        // From here on: the events that are left would only repeat what the lists say.
        *after = *house.board.subscribe().borrow();
        return missed(*after);
    }
    for (id, event) in &caught.events {
        text.push_str(&frame(*id, event, ticket.language, &office.settings.timezone));
        *after = *id;
    }
    text
}

async fn send(sender: &mpsc::Sender<Bytes>, text: String) -> Result<(), Ended> {
    sender.send(Bytes::from(text)).await.map_err(|_| Ended)
}

//! A file that is made while it is sent, on a thread of its own; a slow client only makes that thread wait.

use std::io;
use std::task::{Context, Poll};

use hyper::body::Bytes as Piece;
use tokio::sync::mpsc;

use super::super::House;
use super::super::api::Export;
use super::places::Place;

/// Pieces that wait for a slow client.
const QUEUE: usize = 4;

/// The body. Without its last word it is no whole file, and the connection breaks.
#[derive(Debug)]
pub(super) struct Pieces {
    inbox: mpsc::Receiver<Said>,
    is_over: bool,
}

#[derive(Debug)]
enum Said {
    Piece(Vec<u8>),
    End,
}

impl Pieces {
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Piece>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        self.inbox.poll_recv(cx).map(|said| match said {
            Some(Said::Piece(piece)) => Some(Ok(piece.into())),
            Some(Said::End) => {
                self.is_over = true;
                None
            }
            None => {
                self.is_over = true;
                Some(Err(io::ErrorKind::UnexpectedEof.into()))
            }
        })
    }
}

/// Starts the thread. `place` is given back when it ends.
pub(super) fn open(house: House, order: Export, place: Place) -> Pieces {
    let (sender, inbox) = mpsc::channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        let say = |said| sender.blocking_send(said).map_err(|_| io::ErrorKind::BrokenPipe.into());
        let made = order.run(&house, &mut |piece| say(Said::Piece(piece)));
        match made.and_then(|()| say(Said::End)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                tracing::debug!("web: nobody waits for the file")
            }
            Err(error) => tracing::warn!(%error, "web: a file that is made while it is sent is not whole"),
        }
        drop(place);
    });
    Pieces { inbox, is_over: false }
}

//! Whether the box's own page answers where it did before the update, as a browser on the box would see it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hyper::Request;

use crate::io::out::{Outgoing, Trust, fetch};

/// Whether health and page are there.
pub(super) fn answers(https: SocketAddr) -> bool {
    answers_with(https, "/healthz", "\"status\":\"ok\"") && answers_with(https, "/", "<html")
}

fn answers_with(https: SocketAddr, path: &str, word: &str) -> bool {
    let Ok(request) = Request::get(format!("https://{}{path}", reachable(https))).body(Vec::new()) else {
        return false;
    };
    // On this machine's own port nobody else can answer, and an uploaded certificate is for names that are not known here.
    match fetch(request, &Trust::any(), Outgoing::of(true)) {
        Ok(answer) if answer.status() == 200 && String::from_utf8_lossy(answer.body()).contains(word) => true,
        Ok(answer) => {
            tracing::warn!(status = answer.status().as_u16(), path, "the page answers something else");
            false
        }
        Err(error) => {
            tracing::warn!(%error, path, "the page does not answer");
            false
        }
    }
}

/// Where a listener is reached from the same machine.
pub(super) fn reachable(mut at: SocketAddr) -> SocketAddr {
    if at.ip().is_unspecified() {
        at.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    at
}

//! `/provision/SECRET/FILE`: what telephones fetch. Judged by the ledger (`provision::ledger`); every refusal is the one 404.

use super::House;
use super::ask::{Ask, decode};
use super::gate::Stretch;
use super::reply::{Problem, Reply, problems};
use super::workers::FILE;
use crate::io::clock;
use crate::io::phones::{Served, neighbours};
use crate::provision::ledger::{How, Request};

/// Telephones' files are under it.
const ROOT: &str = "/provision/";

/// Whether a request is a telephone's.
pub(super) fn is_for(ask: &Ask) -> bool {
    ask.path.starts_with(ROOT)
}

/// Answers one request; never fails.
pub(super) fn answer(house: &House, ask: Ask) -> Reply {
    let language = ask.language;
    file(house, &ask).unwrap_or_else(|problem| problem.reply(language))
}

fn file(house: &House, ask: &Ask) -> Result<Reply, Problem> {
    let path = ask.path.strip_prefix(ROOT).unwrap_or_default();
    let (secret, file) = path.split_once('/').ok_or_else(problems::not_found)?;
    // what can't be decoded is judged as it stands: no telephone asks for it, and who does is counted
    let file = decode(file).unwrap_or_else(|| file.to_owned());
    let is_upload = ask.method == "PUT";
    if !matches!(ask.method.as_str(), "GET" | "PUT") {
        return Err(problems::not_found());
    }
    let request = Request {
        secret,
        file: &file,
        address: ask.peer.to_canonical(),
        neighbour: neighbours::of(ask.peer),
        agent: ask.header("user-agent").unwrap_or_default(),
        secure: ask.way.secure,
        how: How::Http,
        head: ask.way.head,
        at: clock::wall(),
    };
    let phones = house.exchange.phones();
    if is_upload {
        // Polycoms bring their logs; they are taken and dropped
        let is_log = phones.with(|ledger| ledger.takes_log(&request));
        return if is_log { Ok(Reply { status: 201, ..Reply::empty() }) } else { Err(problems::not_found()) };
    }
    let served = phones.answer(&house.exchange.office(), &request, ask.way.local);
    match served.ok_or_else(problems::not_found)? {
        Served::Made { content_type, body } => Ok(Reply::text(content_type, body)),
        Served::Authority => {
            let pem = house.certificate.authority().map_err(|_| problems::unavailable())?;
            Ok(Reply::text("application/x-pem-file", pem))
        }
        Served::Stored { path } => {
            let length = std::fs::metadata(house.data.join(&path)).map_err(|_| problems::not_found())?.len();
            let stretch = Stretch { path, from: 0, length };
            Ok(Reply::text("application/octet-stream", Vec::new()).with(FILE, stretch.write()))
        }
    }
}

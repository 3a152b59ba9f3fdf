//! `history/{id}/ladder`: what was signalled for a call, as a ladder between its parties, and as a capture file.

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::{Visit, calls};
use crate::base::CallId;
use crate::io::signalling::{Message, Party, pcap};
use crate::office::Language;

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let (_, messages) = messages(visit)?;
    let ladder = Ladder::of(&messages, visit.language());
    let items = messages.iter().map(|message| ladder.item(visit, message));
    Ok(Reply::json(&json!({
        "parties": ladder.names(),
        "messages": items.collect::<Vec<_>>(),
        "kept_days": visit.office.recordings.signalling_days,
    })))
}

pub(super) fn capture(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let (call, messages) = messages(visit)?;
    Ok(Reply::text("application/vnd.tcpdump.pcap", pcap(&messages))
        .with("content-disposition", format!("attachment; filename=\"call-{call}.pcap\"")))
}

/// The messages of a call that the history has; none when they are too old.
fn messages(visit: &Visit<'_>) -> Result<(CallId, Vec<Message>), Problem> {
    visit.ask.query.only(&[])?;
    let call = calls::id(visit.value()).ok_or_else(problems::not_found)?;
    let exchange = &visit.house.exchange;
    exchange.row(call)?.ok_or_else(problems::not_found)?;
    Ok((call, exchange.signalling(call)?))
}

/// Who stands where: the caller first, then the exchange, then whoever else came.
struct Ladder<'a> {
    /// By Call-ID, in the order of their first message.
    others: Vec<(&'a str, String)>,
    exchange: &'static str,
}

impl<'a> Ladder<'a> {
    fn of(messages: &'a [Message], language: Language) -> Self {
        let mut legs: Vec<&Message> = Vec::new();
        for message in messages {
            if !legs.iter().any(|leg| leg.call_id == message.call_id) {
                legs.push(message);
            }
        }
        let plain: Vec<String> = legs.iter().map(|leg| name(&leg.party, language)).collect();
        let detailed = |index: usize, leg: &Message| {
            let name = plain.get(index).cloned().unwrap_or_default();
            let is_alone = plain.iter().filter(|other| **other == name).count() < 2;
            if is_alone { name } else { format!("{name} ({})", leg.party.device) }
        };
        let mut others: Vec<(&str, String)> = Vec::new();
        for (index, leg) in legs.iter().enumerate() {
            let mut name = detailed(index, leg);
            if others.iter().any(|(_, taken)| *taken == name) {
                // the same telephone, called again
                name = format!("{name} · {}", index + 1);
            }
            others.push((leg.call_id.as_str(), name));
        }
        let exchange = if language == Language::Ru { "станция" } else { "the exchange" };
        Self { others, exchange }
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.others.iter().map(|(_, name)| name.as_str()).collect();
        if !names.is_empty() {
            names.insert(1, self.exchange);
        }
        names
    }

    fn item(&self, visit: &Visit<'_>, message: &Message) -> Value {
        let other = self.others.iter().find(|(call_id, _)| *call_id == message.call_id);
        let other = other.map_or("", |(_, name)| name.as_str());
        let (from, to) = if message.sent { (self.exchange, other) } else { (other, self.exchange) };
        json!({
            "at": visit.time(message.at),
            "from": from,
            "to": to,
            "first_line": message.text.lines().next().unwrap_or_default(),
            "text": message.text,
            "transport": message.transport,
            "address": message.peer.to_string(),
        })
    }
}

fn name(party: &Party, language: Language) -> String {
    let ru = language == Language::Ru;
    match (&party.trunk, party.who.as_str()) {
        (Some(trunk), _) if ru => format!("оператор «{trunk}»"),
        (Some(trunk), _) => format!("carrier “{trunk}”"),
        (None, "") if ru => "телефон".to_owned(),
        (None, "") => "phone".to_owned(),
        (None, who) if ru => format!("телефон {who}"),
        (None, who) => format!("phone {who}"),
    }
}
